// Pieces of the host's memory to a device's, all of a batch in one launch: each byte crosses the bus once.
// Sixteen bytes a thread, the next ones as many further on as there are threads along x.

struct Piece {
  const int4 *from;  // both at multiples of 16
  int4 *to;
  long long words;  // of 16 bytes
};

static_assert(sizeof(Piece) == PIECE_BYTES, "as NumPy lays it out");

extern "C" __global__ void stage(const Piece *pieces) {
  const Piece piece = pieces[blockIdx.y];
  const long long threads = (long long)gridDim.x * blockDim.x;
  for (long long at = (long long)blockIdx.x * blockDim.x + threadIdx.x; at < piece.words; at += threads)
    piece.to[at] = piece.from[at];
}
