// The sources of kernels/cuda for g++: what they take from CUDA, and a loop in place of a GPU's threads.
#include <algorithm>
#include <cmath>
#include <cstddef>
#include <utility>

#define __global__
#define __device__
using std::abs;
using std::max;
using std::min;

static thread_local struct {  // each of the host's threads may launch
  unsigned x, y, z;
} blockIdx, threadIdx, blockDim, gridDim;

struct alignas(16) int4 {
  int x, y, z, w;
};

static inline unsigned char __ldg(const unsigned char *at) { return *at; }

static inline int atomicAdd(int *at, int value) { return (*at += value) - value; }

#include "crop.cu"
#include "decode.cu"
#include "stage.cu"

// As cudaLaunchKernel: `arguments` are addresses of the kernel's.
template <class... Arguments, size_t... At>
static void run(void (*kernel)(Arguments...), const unsigned *blocks, const unsigned *block, void **arguments,
                std::index_sequence<At...>) {
  gridDim = {blocks[0], blocks[1], blocks[2]}, blockDim = {block[0], block[1], block[2]};
  for (blockIdx.z = 0; blockIdx.z < blocks[2]; ++blockIdx.z)
    for (blockIdx.y = 0; blockIdx.y < blocks[1]; ++blockIdx.y)
      for (blockIdx.x = 0; blockIdx.x < blocks[0]; ++blockIdx.x)
        for (threadIdx.z = 0; threadIdx.z < block[2]; ++threadIdx.z)
          for (threadIdx.y = 0; threadIdx.y < block[1]; ++threadIdx.y)
            for (threadIdx.x = 0; threadIdx.x < block[0]; ++threadIdx.x)
              kernel(*(Arguments *)arguments[At]...);
}

template <class... Arguments>
static void launch(void (*kernel)(Arguments...), const unsigned *blocks, const unsigned *block,
                   void **arguments) {
  run(kernel, blocks, block, arguments, std::index_sequence_for<Arguments...>());
}

#define LAUNCH(kernel)                                                                               \
  extern "C" void launch_##kernel(const unsigned *blocks, const unsigned *block, void **arguments) { \
    launch(kernel, blocks, block, arguments);                                                        \
  }
LAUNCH(crop_f32)
LAUNCH(rank)
LAUNCH(overlaps)
LAUNCH(sweep)
LAUNCH(things_found)
LAUNCH(face_candidates)
LAUNCH(faces_found)
LAUNCH(scrfd_candidates)
LAUNCH(scrfd_found)
LAUNCH(yolo_candidates)
LAUNCH(center_candidates)
LAUNCH(center_owners)
LAUNCH(center_tops)
LAUNCH(stage)
