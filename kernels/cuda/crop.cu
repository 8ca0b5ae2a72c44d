// One square of each picture to one tensor: cut, turned, made smaller, coloured, normalised. A thread a pixel.
//
// kernels/reference.py says the same in float64. Means are taken in whole numbers, places are computed in
// double (a float knows a place in a large picture too roughly), and colours in float. No barriers, so that a
// loop may run the threads one after the other.

typedef unsigned char u8;

enum Layout { I420 = 1, NV12 = 2, BGR24 = 3 };

// Where a picture's pixels lie; PIXELS of structs.py.
struct Pixels {
  const u8 *y, *u, *v;     // addresses that this device can read; of BGR24 the first alone
  int rows, columns;       // of luma; even where chroma has one value for 2 x 2 of it
  int y_stride, c_stride;  // bytes from one row to the next
  int layout;
};

// What to make of it; CROP of structs.py.
struct Crop {
  Pixels pixels;
  int halvings;      // means are taken over 2^halvings x 2^halvings pixels, then sampled bilinearly
  int fits;          // upright, all of it in the square, its edges between pixels there: it ends sharply
  double matrix[6];  // 2 x 3: from an output pixel's index to that of a mean
};

static_assert(sizeof(Pixels) == PIXELS_BYTES && sizeof(Crop) == CROP_BYTES, "as NumPy lays them out");

struct Rgb {
  float r, g, b;
};

// Sums of whole numbers: no overflow in pictures of fewer than 2^26 pixels.
__device__ static inline float mean(const u8 *p, int stride, int step, int block) {
  unsigned sum = 0;
  for (int row = 0; row < block; ++row, p += stride)
    for (int column = 0; column < block; ++column) sum += __ldg(p + column * step);
  return (float)sum / ((float)block * (float)block);
}

__device__ static inline float to_byte(float value) { return fminf(fmaxf(value, 0.f), 255.f); }

// BT.601 in limited range, as kernels/pictures/colour.py has it.
__device__ static inline Rgb rgb_of(float y, float u, float v) {
  const double kr = 0.299, kb = 0.114, kg = 1 - kr - kb, luma = 255. / 219, chroma = 2 * 255. / 224;
  y = (y - 16.f) * (float)luma, u -= 128.f, v -= 128.f;
  return {to_byte(y + (float)(chroma * (1 - kr)) * v),
          to_byte(y - (float)(chroma * (1 - kb) * kb / kg) * u - (float)(chroma * (1 - kr) * kr / kg) * v),
          to_byte(y + (float)(chroma * (1 - kb)) * u)};
}

// The mean at this row and column; `outside` beyond the edges.
__device__ static inline Rgb mean_at(const Crop &crop, int row, int column, float outside) {
  const Pixels &pixels = crop.pixels;
  const int times = crop.halvings, block = 1 << times;
  if (row < 0 || column < 0 || row >= pixels.rows >> times || column >= pixels.columns >> times)
    return {outside, outside, outside};
  const u8 *y = pixels.y + (long long)(row << times) * pixels.y_stride;
  if (pixels.layout == BGR24) {
    y += 3 * (column << times);
    return {mean(y + 2, pixels.y_stride, 3, block), mean(y + 1, pixels.y_stride, 3, block),
            mean(y, pixels.y_stride, 3, block)};
  }
  const int step = pixels.layout == NV12 ? 2 : 1, chroma_block = times ? block / 2 : 1;
  const long long chroma = (long long)((row << times) / 2) * pixels.c_stride + (column << times) / 2 * step;
  const float luma = mean(y + (column << times), pixels.y_stride, 1, block);
  return rgb_of(times ? luma : fmaxf(luma, 16.f),  // nothing is blacker than black
                mean(pixels.u + chroma, pixels.c_stride, step, chroma_block),
                mean(pixels.v + chroma, pixels.c_stride, step, chroma_block));
}

__device__ static inline Rgb between(const Rgb &one, const Rgb &other, float share) {
  return {one.r + (other.r - one.r) * share, one.g + (other.g - one.g) * share,
          one.b + (other.b - one.b) * share};
}

__device__ static inline double within(double value, double low, double high) {
  return fmin(fmax(value, low), high);
}

__device__ static inline Rgb sampled(const Crop &crop, int i, int j, float outside) {
  const int rows = crop.pixels.rows >> crop.halvings, columns = crop.pixels.columns >> crop.halvings;
  const double *m = crop.matrix;
  double x = m[0] * i + m[1] * j + m[2], y = m[3] * i + m[4] * j + m[5];
  if (crop.fits) {
    if (!(x > -0.5 && x < columns - 0.5 && y > -0.5 && y < rows - 0.5)) return {outside, outside, outside};
    x = within(x, 0, columns - 1), y = within(y, 0, rows - 1);
  }
  x = within(x, -1, columns), y = within(y, -1, rows);
  const int left = (int)floor(x), top = (int)floor(y);
  const float across = (float)(x - left), down = (float)(y - top);
  const Rgb upper = between(mean_at(crop, top, left, outside), mean_at(crop, top, left + 1, outside), across);
  const Rgb lower =
      between(mean_at(crop, top + 1, left, outside), mean_at(crop, top + 1, left + 1, outside), across);
  return between(upper, lower, down);
}

// NHWC, three floats a pixel.
extern "C" __global__ void crop_f32(const Crop *crops, float *out, int size, float outside, float factor,
                                    float low) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, j = blockIdx.y * blockDim.y + threadIdx.y;
  if (i >= size || j >= size) return;
  const Rgb rgb = sampled(crops[blockIdx.z], i, j, outside);
  float *at = out + 3 * ((long long)blockIdx.z * size * size + (long long)j * size + i);
  at[0] = rgb.r * factor + low;
  at[1] = rgb.g * factor + low;
  at[2] = rgb.b * factor + low;
}
