// Convolutions as matrix products whose matrix of columns is never stored: a panel of it is gathered from a padded image, multiplied
// and forgotten (Chetlur et al. 2014, arXiv:1410.0759). A transposed convolution is the gradient of one by its input.
//
// Letters: N images, G groups, C input and K output channels of a group, R = C·taps rows of a group's columns, P places.
#include "kernels/conv/output.h"
#include "kernels/conv/weights.h"
#include "kernels/kernels.h"
#include "pool.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int64_t kDepthwiseGroups = 16;  // groups that go over the images together, which reads them from end to end
constexpr int64_t kBlockRows = 96;  // rows of columns whose gradient is computed at once: with a panel's width, in L1

/**
 * out[n, g, k, p] = bias[g, k] + sum over c, t of w[g, k, c, t]·x[n, g, c, what tap t sees from p].
 * x: [N, G, C, in], w: [G, K, C, kernel], bias: [G, K], out: [N, G, K, out].
 * buffers: x, w, out, bias if any. sizes: N, G, C, K, window, 1 if there is a bias.
 */
template <class T> void convolution(Launch& l) noexcept {
  Convolution<T> c;
  if (!c.readSizes(l)) return;
  const int hasBias = l.choice(22, 2);
  const T* x = l.in<T>(0, c.inputs());
  const T* weight = l.in<T>(1, c.weights());
  T* out = l.out<T>(2, c.outputs());
  const T* bias = hasBias ? l.in<T>(3, times(c.G, c.K)) : nullptr;
  if (l.ok() && c.outputs() > 0) convolve(l, c, x, weight, bias, out);
}

/**
 * With a stride of 1 the way back is a convolution too: of the output, its taps in reverse, from K to C channels. False where it is
 * none, or where one would gather many columns for few.
 */
template <class T> bool reversed(const Convolution<T>& c, Convolution<T>& back) {
  constexpr int64_t kGathers = 2;  // columns gathered in the time that one is added back
  constexpr int64_t kFewRows = 6;  // of a tile, with fewer of which loads take longer than products
  if (c.pointwise || c.w.places == 0) return false;
  back = c;
  back.C = c.K, back.K = c.C;
  for (int d = 0; d < 3; d++) {
    back.w.in[d] = c.w.out[d], back.w.out[d] = c.w.in[d];
    back.w.pad[d] = (c.w.kernel[d] - 1) * c.w.dilation[d] - c.w.pad[d];
    if (c.w.stride[d] != 1 || back.w.pad[d] < 0) return false;
  }
  measure(back.w);
  if (back.w.size > kMostElements) return false;
  back.R = back.C * c.w.taps;
  back.depthwise = back.C == 1 && back.K <= kDepthwise;
  if constexpr (kInPlace<T>)
    if (isInPlace(back) && c.C >= kFewRows) return true;
  const int64_t copied = kTuned<T> && shiftedOf(back).rows != Shifted::kNone ? c.w.kernel[1] : 1;
  return times(c.K, c.w.plane) / copied <= times(kGathers * c.C, c.w.places);
}

/** to[g, c, k, t] = weight[g, k, c, taps-1-t]. */
template <class T> void turnWeights(const Convolution<T>& c, const T* weight, T* to) {
  const int64_t taps = c.w.taps;
  for (int64_t g = 0; g < c.G; g++)
    for (int64_t j = 0; j < c.C; j++)
      for (int64_t k = 0; k < c.K; k++) {
        const T* const from = weight + ((g * c.K + k) * c.C + j) * taps;
        for (int64_t t = 0; t < taps; t++) *to++ = from[taps - 1 - t];
      }
}

/** The gradient of channels [c0, c1) of one image of a group, by the output's. False where there is no memory. */
template <class T>
bool columnsBack(const Convolution<T>& c, int64_t c0, int64_t c1, const T* grad, const T* weight, T* rows, T* image) {
  const int64_t P = c.w.places, M = (c1 - c0) * c.w.taps;
  for (int64_t p = 0; p < P;) {
    const int64_t start = p;
    Run runs[kMostRuns];
    const int count = cutRuns<T>(c.w, p, lesser(P, p + Panel<T>::kWidth), runs);
    Gemm<T> g{M, p - start, c.K, weight + c0 * c.w.taps, 1, c.R, grad + start, P, 1, rows, Panel<T>::kWidth};
    g.near = true;
    if (!gemm(g)) return false;
    scatterRows(c.w, c1 - c0, rows, Panel<T>::kWidth, runs, count, image);
  }
  return true;
}

/**
 * dx[n, g, c, i] = bias[g, c] + sum over k, t and places p from which tap t sees i of w[g, k, c, t]·dout[n, g, k, p].
 * dout: [N, G, K, out], w: [G, K, C, kernel], bias: [G, C], dx: [N, G, C, in]. With a bias: a transposed convolution.
 * buffers: dout, w, dx, bias if any. sizes: as of convolution.
 */
template <class T> void convolutionInput(Launch& l) noexcept {
  Convolution<T> c;
  if (!c.readSizes(l)) return;
  const int hasBias = l.choice(22, 2);
  const T* grad = l.in<T>(0, c.outputs());
  const T* weight = l.in<T>(1, c.weights());
  T* dx = l.out<T>(2, c.inputs());
  const T* bias = hasBias ? l.in<T>(3, times(c.G, c.C)) : nullptr;
  if (!l.ok() || c.inputs() == 0) return;
  const int64_t P = c.w.places;
  if (c.outputs() == 0) {
    for (int64_t i = 0; i < c.N * c.G * c.C; i++) fillRun(dx + i * c.w.plane, bias ? bias[i % (c.G * c.C)] : T(0), c.w.plane);
    return;
  }
  Convolution<T> back;
  if (reversed(c, back)) {
    T* const turned = room<T>(kWeightSlot, c.weights());
    if (!turned) return Memory{false}.report(l);
    turnWeights(c, weight, turned);
    return convolve(l, back, grad, turned, bias, dx);
  }
  const int64_t block = blockOf(c, kBlockRows), blocks = (c.C + block - 1) / block;
  Memory memory;
  parallel(times(c.N * c.G, blocks), grainOf(c.work() / blocks + 1), [&](int64_t begin, int64_t end) {
    T *image = nullptr, *rows = nullptr;
    const int64_t* offsets = nullptr;
    if (!c.pointwise) {
      image = room<T>(kImageSlot, times(block, c.w.size));
      if (c.depthwise) offsets = tapsAnd(c.w, 0, rows);
      else rows = room<T>(kPanelSlot, times(times(block, c.w.taps), Panel<T>::kWidth));
      if (!image || !rows) return memory.lacking();
    }
    for (int64_t i = begin; i < end; i++) {
      const int64_t of = i / blocks, g = of % c.G, c0 = i % blocks * block, c1 = lesser(c.C, c0 + block);
      const T* const from = grad + of * c.K * P;
      const T* const W = weight + g * c.K * c.R;
      T* const to = dx + (of * c.C + c0) * c.w.plane;
      if (c.pointwise) {
        for (int64_t j = c0; j < c1; j++) fillRun(to + (j - c0) * P, bias ? bias[g * c.C + j] : T(0), P);
        Gemm<T> product{c1 - c0, P, c.K, W + c0, 1, c.C, from, P, 1, to, P};
        product.beta = bias ? 1 : 0;
        if (!gemm(product)) return memory.lacking();
        continue;
      }
      fillRun(image, T(0), (c1 - c0) * c.w.size + VecOf<T>::lanes);
      if (c.depthwise)
        for (int64_t k = 0; k < c.K; k++) tapsScatter(c.w, from + k * P, offsets, W + k * c.w.taps, image);
      else if (!columnsBack(c, c0, c1, from, W, rows, image)) return memory.lacking();
      for (int64_t j = c0; j < c1; j++)
        unpadPlane(c.w, image + (j - c0) * c.w.size, bias ? bias[g * c.C + j] : T(0), to + (j - c0) * c.w.plane);
    }
  });
  memory.report(l);
}

/**
 * dW[g, k, c, t] = sum over n, p of dout[n, g, k, p]·x[n, g, c, what tap t sees from p].
 * x: [N, G, C, in], dout: [N, G, K, out], dW: [G, K, C, kernel].
 * buffers: x, dout, dW. sizes: N, G, C, K, window.
 */
template <class T> void convolutionWeight(Launch& l) noexcept {
  Convolution<T> c;
  if (!c.readSizes(l)) return;
  const T* x = l.in<T>(0, c.inputs());
  const T* grad = l.in<T>(1, c.outputs());
  T* dw = l.out<T>(2, c.weights());
  if (!l.ok() || c.weights() == 0) return;
  if (c.outputs() == 0 || c.inputs() == 0) return fillRun(dw, T(0), c.weights());
  Memory memory;
  if (c.depthwise) {
    parallel(c.G, kDepthwiseGroups, [&](int64_t begin, int64_t end) {
      for (int64_t g = begin; g < end; g += kDepthwiseGroups)
        if (!depthwiseWeights(c, g, lesser(end, g + kDepthwiseGroups), x, grad, dw)) return memory.lacking();
    });
    return memory.report(l);
  }
  const int64_t block = blockOf(c, kWeightRows), blocks = (c.C + block - 1) / block;
  parallel(times(c.G, blocks), grainOf(times(c.work() / blocks + 1, c.N)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t g = i / blocks, c0 = i % blocks * block;
      auto weights = columnsWeights<T>;
      if constexpr (kTuned<T>)
        if (byPlaces(c)) weights = placesWeights<T>;
      if (!weights(c, g, c0, lesser(c.C, c0 + block), x, grad, dw)) return memory.lacking();
    }
  });
  memory.report(l);
}

/**
 * out[c] = sum over n, p of x[n, c, p]: the gradient of a bias.  x: [N, C, P], out: [C].
 * buffers: x, out. sizes: N, C, P.
 */
template <class T> void channelSums(Launch& l) noexcept {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  const int64_t N = l.size(0), C = l.size(1), P = l.size(2);
  if (!l.ok()) return;
  const T* x = l.in<T>(0, times(times(N, C), P));
  T* out = l.out<T>(1, C);
  if (!l.ok()) return;
  parallel(C, grainOf(times(N, P) + 1), [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; c++) {
      V sum[4]{};
      for (int64_t n = 0; P > 0 && n < N; n++) {
        const T* from = x + (n * C + c) * P;
        int64_t p = 0;
        for (; p + 4 * L <= P; p += 4 * L)
#pragma GCC unroll 4
          for (int u = 0; u < 4; u++) sum[u] = sum[u] + load(from + p + u * L);
        for (; p + L <= P; p += L) sum[0] = sum[0] + load(from + p);
        if (p < P) sum[1] = sum[1] + loadPartial(from + p, P - p);
      }
      out[c] = reduceAdd((sum[0] + sum[1]) + (sum[2] + sum[3]));
    }
  });
}

}  // namespace

GLOROT_FAMILY(conv, FLOATS(convolution), FLOATS(convolutionInput), FLOATS(convolutionWeight), FLOATS(channelSums))

}  // namespace GLOROT_ISA
}  // namespace glorot
