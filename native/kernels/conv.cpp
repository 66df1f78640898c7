// Convolutions as matrix products whose matrix of columns is never stored: a panel of it is gathered from a padded image, multiplied
// and forgotten (Chetlur et al. 2014, arXiv:1410.0759). A transposed convolution is the gradient of one by its input.
//
// Letters: N images, G groups, C input and K output channels of a group, R = C·taps rows of a group's columns, P places.
#include "kernels/conv/taps.h"
#include "kernels/conv/window.h"
#include "kernels/gemm.h"
#include "kernels/kernels.h"
#include "pool.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int64_t kWork = 1 << 19;  // products worth a range of their own
constexpr int64_t kDepthwise = 2;  // output channels of a group of one input channel that go without columns
constexpr int64_t kDepthwiseGroups = 16;  // groups that go over the images together, which reads them from end to end
constexpr int64_t kWidth = 64, kLength = kWidth + 16;  // places of a panel, and how far apart its rows are
constexpr int64_t kBlockRows = 96;  // rows of columns whose gradient is computed at once: with a panel's width, in L1
// Rows of columns, and places of them, that meet the gradient at once to become that of the weights: a third of L2.
constexpr int64_t kWeightRows = 160, kBlockPlaces = 512;

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

/** A panel of columns, of one image or the end of one and the beginning of others, on its way to a product. */
template <class T> struct Panel {
  struct Part { T* out; int64_t at, width; };  // where the places of an image go to, and which columns they are
  const Convolution<T>& c;
  T* columns;  // [R, kLength]
  T* mixed;    // [K, kWidth]: results for several images
  const T *weight, *bias;
  Part parts[kWidth];
  int count;
  int64_t width;

  /** Adds the places of a padded image as far as they fit, from p on, which moves on. out: [K, P]. */
  void add(const T* image, int64_t& p, T* out) {
    Run runs[kMostRuns];
    const int64_t start = p;
    const int some = cutRuns<T>(c.w, p, lesser(c.w.places, p + kWidth - width), runs);
    gatherRows(c.w, c.C, image, runs, some, columns + width, kLength);
    parts[count++] = {out + start, width, p - start};
    width += p - start;
  }

  /** Computes what was added. False where there is no memory. */
  bool multiply() {
    if (width == 0) return true;
    const int64_t P = c.w.places;
    T* const to = count == 1 ? parts[0].out : mixed;
    const int64_t ld = count == 1 ? P : kWidth;
    for (int64_t k = 0; bias && k < c.K; k++) fillRun(to + k * ld, bias[k], width);
    Gemm<T> g{c.K, width, c.R, weight, c.R, 1, columns, kLength, 1, to, ld};
    g.beta = bias ? 1 : 0;
    g.near = true;
    if (!gemm(g)) return false;
    for (int i = 0; count > 1 && i < count; i++)
      for (int64_t k = 0; k < c.K; k++) copyRun(parts[i].out + k * P, mixed + k * kWidth + parts[i].at, parts[i].width);
    count = 0;
    width = 0;
    return true;
  }
};

/** out of x [N, G, C, in], weight [G, K, C, kernel] and, unless null, bias [G, K]; see convolution. */
template <class T> void convolve(Launch& l, const Convolution<T>& c, const T* x, const T* weight, const T* bias, T* out) {
  const int64_t P = c.w.places;
  Memory memory;
  parallel(c.N * c.G, grainOf(c.work(), c.N * c.G), [&](int64_t begin, int64_t end) {
    T *image = nullptr, *columns = nullptr;
    const int64_t* offsets = nullptr;
    if (!c.pointwise) {
      image = clearImage<T>(c.w, c.C);
      if (c.depthwise) offsets = tapsAnd(c.w, 0, columns);
      else columns = room<T>(kPanelSlot, plus(times(c.R, kLength), times(c.K, kWidth)));
      if (!image || !columns) return memory.lacking();
    }
    Panel<T> panel{c, columns, columns + c.R * kLength, weight, bias, {}, 0, 0};
    for (int64_t i = begin; i < end; i++) {
      const int64_t g = i % c.G;
      const T* const in = x + i * c.C * c.w.plane;
      const T* const W = weight + g * c.K * c.R;
      const T* const b = bias ? bias + g * c.K : nullptr;
      T* const to = out + i * c.K * P;
      if (c.pointwise) {
        for (int64_t k = 0; b && k < c.K; k++) fillRun(to + k * P, b[k], P);
        Gemm<T> product{c.K, P, c.C, W, c.C, 1, in, P, 1, to, P};
        product.beta = b ? 1 : 0;
        if (!gemm(product)) return memory.lacking();
        continue;
      }
      for (int64_t j = 0; j < c.C; j++) padPlane(c.w, in + j * c.w.plane, image + j * c.w.size);
      if (!c.depthwise) {
        panel.weight = W, panel.bias = b;
        for (int64_t p = 0; p < P;) {
          panel.add(image, p, to);
          // Groups have weights of their own: no panel is shared between them.
          const bool last = p == P && (c.G > 1 || i + 1 == end);
          if ((panel.width == kWidth || last) && !panel.multiply()) return memory.lacking();
        }
        continue;
      }
      for (int64_t k = 0; k < c.K; k++) tapsProduct(c.w, image, offsets, W + k * c.w.taps, b ? b[k] : T(0), to + k * P);
    }
  });
  memory.report(l);
}

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
  if (c.pointwise || times(c.K, c.w.plane) > times(kGathers * c.C, c.w.places)) return false;
  back = c;
  back.C = c.K, back.K = c.C;
  for (int d = 0; d < 3; d++) {
    back.w.in[d] = c.w.out[d], back.w.out[d] = c.w.in[d];
    back.w.pad[d] = (c.w.kernel[d] - 1) * c.w.dilation[d] - c.w.pad[d];
    if (c.w.stride[d] != 1 || back.w.pad[d] < 0) return false;
  }
  measure(back.w);
  back.R = back.C * c.w.taps;
  back.depthwise = back.C == 1 && back.K <= kDepthwise;
  return true;
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
    const int count = cutRuns<T>(c.w, p, lesser(P, p + kWidth), runs);
    Gemm<T> g{M, p - start, c.K, weight + c0 * c.w.taps, 1, c.R, grad + start, P, 1, rows, kWidth};
    g.near = true;
    if (!gemm(g)) return false;
    scatterRows(c.w, c1 - c0, rows, kWidth, runs, count, image);
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
      else rows = room<T>(kPanelSlot, times(times(block, c.w.taps), kWidth));
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

/** dW of groups [g0, g1) whose channels are few: lanes are summed at the end. */
template <class T> bool depthwiseWeights(const Convolution<T>& c, int64_t g0, int64_t g1, const T* x, const T* grad, T* dw) {
  constexpr int64_t L = VecOf<T>::lanes;
  const int64_t P = c.w.places, each = c.K * c.w.taps;  // sums of a group
  T* sums = nullptr;
  T* const image = clearImage<T>(c.w, 1);
  const int64_t* const offsets = tapsAnd(c.w, times(times(g1 - g0, each), L), sums);
  if (!image || !offsets) return false;
  fillRun(sums, T(0), (g1 - g0) * each * L);
  for (int64_t n = 0; n < c.N; n++)
    for (int64_t g = g0; g < g1; g++) {
      const int64_t of = n * c.G + g;
      padPlane(c.w, x + of * c.w.plane, image);
      for (int64_t k = 0; k < c.K; k++)
        tapsDot(c.w, grad + (of * c.K + k) * P, offsets, image, sums + ((g - g0) * each + k * c.w.taps) * L);
    }
  for (int64_t r = 0; r < (g1 - g0) * each; r++) dw[g0 * each + r] = reduceAdd(load(sums + r * L));
  return true;
}

/** dW of channels [c0, c1) of a group, over all images. Places of several small images meet at once. */
template <class T>
bool columnsWeights(const Convolution<T>& c, int64_t g, int64_t c0, int64_t c1, const T* x, const T* grad, T* dw) {
  constexpr int64_t L = VecOf<T>::lanes;
  const int64_t P = c.w.places, planes = c1 - c0, rows = planes * c.w.taps, ld = (rows + L - 1) / L * L;
  const int64_t some = P >= kBlockPlaces / 2 ? 1 : lesser(c.N, kBlockPlaces / P), most = some > 1 ? some * P : lesser(P, kBlockPlaces);
  T* const image = c.pointwise ? nullptr : clearImage<T>(c.w, planes);
  int64_t* const offsets = room<int64_t>(kWeightSlot, ld);
  T* const panel = room<T>(kPanelSlot, times(most, plus(ld, c.K)));
  if ((!c.pointwise && !image) || !offsets || !panel) return false;
  T* const beside = panel + most * ld;  // gradients of the same places
  for (int64_t r = 0; r < ld; r++) offsets[r] = 0;
  for (int64_t j = 0; j < planes; j++)
    eachTap(c.w, [&](int64_t t, int64_t offset) { offsets[j * c.w.taps + t] = j * c.w.size + offset; });
  bool first = true;
  for (int64_t n = 0; n < c.N; n += some)
    for (int64_t p = 0, length; p < P; p += length) {
      length = some > 1 ? lesser(some, c.N - n) * P : lesser(most, P - p);
      Gemm<T> product{c.K, rows, length, beside, most, 1, panel, ld, 1, dw + g * c.K * c.R + c0 * c.w.taps, c.R};
      product.near = true;
      for (int64_t i = 0; i < some && n + i < c.N; i++) {
        const int64_t of = (n + i) * c.G + g;
        const T* const in = x + (of * c.C + c0) * c.w.plane;
        const T* const from = grad + of * c.K * P;
        if (some == 1) product.A = from + p, product.rowA = P;
        else
          for (int64_t k = 0; k < c.K; k++) copyRun(beside + k * most + i * P, from + k * P, P);
        if (c.pointwise) {
          product.rowB = 1, product.colB = most;
          if (some == 1) product.B = in + p, product.colB = P;
          else
            for (int64_t j = 0; j < rows; j++) copyRun(panel + j * most + i * P, in + j * P, P);
          continue;
        }
        if (p == 0)
          for (int64_t j = 0; j < planes; j++) padPlane(c.w, in + j * c.w.plane, image + j * c.w.size);
        for (int64_t at = p, end = some > 1 ? P : p + length; at < end;) {
          Run runs[kMostRuns];
          const int64_t start = at;
          const int count = cutRuns<T>(c.w, at, end, runs);
          gatherColumns(image, offsets, ld, runs, count, panel + (i * P + start - p) * ld);
        }
      }
      product.beta = first ? 0 : 1;
      first = false;
      if (!gemm(product)) return false;
    }
  return true;
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
      if (!columnsWeights(c, g, c0, lesser(c.C, c0 + block), x, grad, dw)) return memory.lacking();
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
