// From a batch's tensors to each row's boxes; only those go back to the host.
//
//   *_candidates ─▶ any order ─▶ rank ─▶ best first ─▶ overlaps ─▶ masks ─▶ sweep ─▶ leaders ─▶ *_found
//                                 │ ▲
//               (CenterNet alone) ▼ │
//                                 tops
//
// A row has room for CAPACITY candidates and BOXES boxes. Of one with more nothing is kept, and `kept` says
// so: who has more is decoded on the host. The arithmetic is that of kernels/pictures/nms.py, in double, so
// that what just overlaps there does here. No barriers, so that a loop may run one thread after the other.

struct Candidate {
  double box[4];  // left, top, right, bottom, in any unit
  double score;   // what they are ranked by
  int place;      // among the model's, which comes first of equal scores
  int label;
};

static_assert(sizeof(Candidate) == CANDIDATE_BYTES, "as NumPy lays it out");

typedef unsigned long long Mask;

enum { WORDS = CAPACITY / 64 };  // of a mask that has a bit for each candidate

__device__ static inline int held(int count) { return count <= CAPACITY ? count : 0; }

__device__ static inline double probability(double logit) {
  return 1 / (1 + exp(-fmin(fmax(logit, -80.), 80.)));
}

__device__ static inline void append(Candidate *pool, int *counts, int row, const Candidate &candidate) {
  const int at = atomicAdd(counts + row, 1);
  if (at < CAPACITY) pool[row * CAPACITY + at] = candidate;
}

__device__ static inline double area(double width, double height) {
  return fmax(width, 0.) * fmax(height, 0.);
}

__device__ static inline bool overlap(const Candidate &one, const Candidate &other, double least) {
  const double *a = one.box, *b = other.box;
  const double shared = area(fmin(a[2], b[2]) - fmax(a[0], b[0]), fmin(a[3], b[3]) - fmax(a[1], b[1]));
  const double all = area(a[2] - a[0], a[3] - a[1]) + area(b[2] - b[0], b[3] - b[1]) - shared;
  return one.label == other.label && (all > 0 ? shared / all : 0.) >= least;
}

// A thread for each of a row's candidates: how many are better is where it comes.
extern "C" __global__ void rank(const int *counts, const Candidate *pool, Candidate *ranked) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y, count = held(counts[row]);
  if (i >= count) return;
  pool += row * CAPACITY;
  int better = 0;
  for (int j = 0; j < count; ++j)
    better +=
        pool[j].score > pool[i].score || (pool[j].score == pool[i].score && pool[j].place < pool[i].place);
  ranked[row * CAPACITY + better] = pool[i];
}

// A thread for each of a row's candidates and each word of its mask: itself, and which worse ones overlap it.
extern "C" __global__ void overlaps(const int *counts, const Candidate *ranked, double least, Mask *masks) {
  const int word = threadIdx.x, i = blockIdx.y * blockDim.y + threadIdx.y, row = blockIdx.z;
  const int count = held(counts[row]), end = min(64 * word + 64, count);
  if (i >= count) return;
  ranked += row * CAPACITY;
  Mask mask = 0;
  for (int j = max(i, 64 * word); j < end; ++j)
    if (j == i || overlap(ranked[i], ranked[j], least)) mask |= 1ull << j % 64;
  masks[(row * CAPACITY + i) * WORDS + word] = mask;
}

// A thread for each row: the best candidate that is left leads a box, and takes what overlaps it.
extern "C" __global__ void sweep(const int *counts, int rows, Mask *masks, int *leaders, int *kept) {
  const int row = blockIdx.x * blockDim.x + threadIdx.x;
  if (row >= rows) return;
  const int count = held(counts[row]);
  int found = 0;
  Mask taken[WORDS] = {};
#pragma unroll
  for (int word = 0; word < WORDS; ++word)
    for (int i = 64 * word; i < min(64 * word + 64, count); ++i) {
      if (taken[word] >> i % 64 & 1) continue;
      Mask *members = masks + (row * CAPACITY + i) * WORDS;
#pragma unroll
      for (int other = 0; other < WORDS; ++other) {
        members[other] &= ~taken[other];
        taken[other] |= members[other];
      }
      if (found < BOXES) leaders[row * BOXES + found] = i;
      ++found;
    }
  kept[row] = counts[row] <= CAPACITY && found <= BOXES ? found : -1;
}

// A thread for each box that was kept: its corners, score and label.
extern "C" __global__ void things_found(const Candidate *ranked, const int *leaders, const int *kept,
                                        float *out) {
  const int box = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (box >= kept[row]) return;
  const Candidate &leader = ranked[row * CAPACITY + leaders[row * BOXES + box]];
  float *at = out + (row * BOXES + box) * 6;
  for (int k = 0; k < 4; ++k) at[k] = (float)leader.box[k];
  at[4] = (float)leader.score, at[5] = (float)leader.label;
}

// BlazeFace: a box's corners and key points in 0..1, of the 16 numbers of an anchor.
__device__ static inline double face_value(const float *numbers, const double *center, double size, int k) {
  const double middle = center[k % 2] + numbers[k < 4 ? k % 2 : k] / size;
  return k < 4 ? (k < 2 ? middle - numbers[2 + k] / size / 2 : middle + numbers[k] / size / 2) : middle;
}

// A thread for each anchor.
extern "C" __global__ void face_candidates(const float *logits, const float *numbers, const double *centers,
                                           int anchors, double size, float least, int *counts,
                                           Candidate *pool) {
  const int anchor = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (anchor >= anchors) return;
  const long long at = (long long)row * anchors + anchor;
  if (!(logits[at] >= least)) return;
  Candidate candidate = {{}, probability(logits[at]), anchor, 0};
  for (int k = 0; k < 4; ++k) candidate.box[k] = face_value(numbers + 16 * at, centers + 2 * anchor, size, k);
  append(pool, counts, row, candidate);
}

// A thread for each value of each face: the mean of its members', weighted by score; then the leader's score.
extern "C" __global__ void faces_found(const Candidate *ranked, const Mask *masks, const int *leaders,
                                       const int *kept, const float *numbers, const double *centers,
                                       int anchors, double size, float *out) {
  const int k = threadIdx.x, box = blockIdx.y * blockDim.y + threadIdx.y, row = blockIdx.z;
  if (box >= kept[row]) return;
  ranked += row * CAPACITY, numbers += (long long)row * anchors * 16;
  const int leader = leaders[row * BOXES + box];
  const Mask *members = masks + (row * CAPACITY + leader) * WORDS;
  double sum = 0, weights = 0;
  for (int i = leader; i < CAPACITY; ++i) {
    if (!(members[i / 64] >> i % 64 & 1)) continue;
    const int anchor = ranked[i].place;
    sum += ranked[i].score * face_value(numbers + 16 * anchor, centers + 2 * anchor, size, k);
    weights += ranked[i].score;
  }
  float *at = out + (row * BOXES + box) * 14;
  at[k] = (float)(sum / weights);
  if (!k) at[12] = (float)ranked[leader].score, at[13] = 0;
}

// SCRFD: corners and five points in input pixels, of an anchor (x, y, stride), its distances and offsets.
__device__ static inline double scrfd_value(const float *distances, const float *offsets,
                                            const double *anchor, int k) {
  const double apart = (k < 4 ? distances[k] : offsets[k - 4]) * anchor[2];
  return k < 2 ? anchor[k] - apart : anchor[k % 2] + apart;
}

// A thread for each anchor. To InsightFace a box holds its last pixel: areas and overlaps are a pixel wider.
extern "C" __global__ void scrfd_candidates(const float *scores, const float *distances, const float *offsets,
                                            const double *grid, int anchors, float least, int *counts,
                                            Candidate *pool) {
  const int anchor = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (anchor >= anchors) return;
  const long long at = (long long)row * anchors + anchor;
  if (!(scores[at] >= least)) return;
  Candidate candidate = {{}, scores[at], anchor, 0};
  for (int k = 0; k < 4; ++k)
    candidate.box[k] = scrfd_value(distances + 4 * at, offsets + 10 * at, grid + 3 * anchor, k) + (k > 1);
  append(pool, counts, row, candidate);
}

// A thread for each value of each face that was kept; then its score.
extern "C" __global__ void scrfd_found(const Candidate *ranked, const int *leaders, const int *kept,
                                       const float *distances, const float *offsets, const double *grid,
                                       int anchors, float *out) {
  const int k = threadIdx.x, box = blockIdx.y * blockDim.y + threadIdx.y, row = blockIdx.z;
  if (box >= kept[row]) return;
  const Candidate &leader = ranked[row * CAPACITY + leaders[row * BOXES + box]];
  const long long at = (long long)row * anchors + leader.place;
  float *found = out + (row * BOXES + box) * 16;
  found[k] = (float)scrfd_value(distances + 4 * at, offsets + 10 * at, grid + 3 * leader.place, k);
  if (!k) found[14] = (float)leader.score, found[15] = 0;
}

// YOLOv8: a thread for each point; `output` [rows, 4 + classes, points]: centres, sizes, scores.
extern "C" __global__ void yolo_candidates(const float *output, int classes, int points, float least,
                                           int *counts, Candidate *pool) {
  const int point = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (point >= points) return;
  const float *at = output + (long long)row * (4 + classes) * points + point;
  float best = least;
  int label = -1;
  for (int k = 0; k < classes; ++k) {
    const float score = at[(long long)(4 + k) * points];
    if (score > best) best = score, label = k;
  }
  if (label < 0) return;
  const double x = at[0], y = at[points], width = at[2 * points], height = at[3 * points];
  append(pool, counts, row,
         {{x - width / 2, y - height / 2, x + width / 2, y + height / 2}, best, point, label});
}

// CenterNet: a thread for each place; `logits` [rows, height, width, classes], `highest` of each place,
// `sides` [rows, height, width, 4]: how far it is to the box's. A candidate is a local maximum, 3 x 3, of its
// class.
extern "C" __global__ void center_candidates(const float *logits, const float *highest, const float *sides,
                                             int height, int width, int classes, int stride, float least,
                                             int *counts, Candidate *pool) {
  const int place = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (place >= height * width) return;
  const long long first = (long long)row * height * width;
  if (!(highest[first + place] >= least)) return;
  const int line = place / width, column = place % width;
  const float *side = sides + (first + place) * 4;
  for (int label = 0; label < classes; ++label) {
    const float logit = logits[(first + place) * classes + label];
    if (!(logit >= least)) continue;
    bool peak = true;
    for (int down = max(line - 1, 0); down <= min(line + 1, height - 1); ++down)
      for (int across = max(column - 1, 0); across <= min(column + 1, width - 1); ++across)
        peak &= logit >= logits[(first + down * width + across) * classes + label];
    const double x = column * stride, y = line * stride;
    if (peak)
      append(pool, counts, row,
             {{x - side[0], y - side[1], x + side[2], y + side[3]}, logit, place * classes + label, label});
  }
}

// A thread for each of a row's `most` best: of which thing it is a top. Of those of its class at whose middle
// it lies, within `same` of their size, the largest; the better of equally large ones.
extern "C" __global__ void center_owners(const int *counts, const Candidate *ranked, int most, int width,
                                         int classes, int stride, double same, int *owners) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  const int count = min(held(counts[row]), most);
  if (i >= count) return;
  ranked += row * CAPACITY;
  const int place = ranked[i].place / classes;
  double largest = 0;
  int owner = -1;
  for (int j = 0; j < count; ++j) {
    const Candidate &other = ranked[j];
    if (other.label != ranked[i].label) continue;
    const int middle = other.place / classes;
    const double across = other.box[2] - other.box[0], down = other.box[3] - other.box[1];
    const bool close = abs(place % width - middle % width) * stride <= same * across &&
                       abs(place / width - middle / width) * stride <= same * down;
    if ((close || j == i) && (owner < 0 || across * down > largest)) owner = j, largest = across * down;
  }
  owners[row * CAPACITY + i] = owner;
}

// A thread for each of a row's `most` best: what is its own becomes a candidate again, as sure as its best
// top.
extern "C" __global__ void center_tops(const int *counts, const Candidate *ranked, int most,
                                       const int *owners, int *own_counts, Candidate *own) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x, row = blockIdx.y;
  if (!i && counts[row] > CAPACITY) own_counts[row] = counts[row];
  const int count = min(held(counts[row]), most);
  if (i >= count) return;
  ranked += row * CAPACITY, owners += row * CAPACITY;
  if (owners[i] != i) return;
  double best = ranked[i].score;
  for (int j = 0; j < count; ++j)
    if (owners[j] == i) best = fmax(best, ranked[j].score);
  Candidate candidate = ranked[i];
  candidate.score = probability(best), candidate.place = i;
  append(own, own_counts, row, candidate);
}
