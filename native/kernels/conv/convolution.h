// The sizes of a convolution, and how its work is cut.
#pragma once
#include "kernels/conv/window.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int64_t kWork = 1 << 19;  // products worth a range of their own
constexpr int64_t kDepthwise = 2;  // output channels of a group of one input channel that go without columns

template <class T> struct Convolution {
  int64_t N, G, C, K, R;
  Window w;
  bool pointwise, depthwise;  // 1 x 1 in place; few output channels for each input channel

  /** sizes: N, G, C, K, the window (readWindow). */
  bool readSizes(Launch& l) {
    N = l.size(0), G = l.size(1), C = l.size(2), K = l.size(3);
    if (!readWindow(l, 4, w)) return false;
    R = times(C, w.taps);
    depthwise = C == 1 && K <= kDepthwise;
    pointwise = !depthwise && w.taps == 1;
    for (int d = 0; d < 3; d++) pointwise &= w.in[d] == w.out[d] && w.stride[d] == 1 && w.pad[d] == 0;
    return l.ok();
  }
  int64_t inputs() const { return times(times(N, times(G, C)), w.plane); }
  int64_t outputs() const { return times(times(N, times(G, K)), w.places); }
  int64_t weights() const { return times(times(G, K), R); }
  int64_t work() const { return plus(times(times(K, R), w.places), 1); }
};

/** Input channels whose columns are about `rows` rows, so that all blocks are about the same size. */
template <class T> int64_t blockOf(const Convolution<T>& c, int64_t rows) {
  const int64_t most = rows / c.w.taps > 0 ? rows / c.w.taps : 1, blocks = (c.C + most - 1) / most;
  return (c.C + blocks - 1) / blocks;
}

int64_t grainOf(int64_t work) { return work >= kWork ? 1 : kWork / work; }
/** The same for n images: an eighth of them share a range, and so panels, if that leaves several ranges. */
int64_t grainOf(int64_t work, int64_t n) {
  const int64_t least = grainOf(work);
  return least > n / 8 ? least : n / 8 < 16 ? n / 8 : 16;
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
