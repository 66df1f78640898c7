// A convolution's output: panel by panel of its columns, or from shifted copies, or tap by tap.
#pragma once
#include "kernels/conv/convolution.h"
#include "kernels/conv/shifted.h"
#include "kernels/conv/taps.h"
#include "kernels/gemm.h"
#include "kernels/kernels.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int64_t kWidth = 64, kLength = kWidth + 16;  // places of a panel, and how far apart its rows are

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

  /** Adds the places [p, end) of a padded image as far as they fit; p moves on. out: [K, P]. */
  void add(const T* image, int64_t& p, int64_t end, T* out) {
    Run runs[kMostRuns];
    const int64_t start = p;
    const int some = cutRuns<T>(c.w, p, lesser(end, p + kWidth - width), runs);
    gatherRows(c.w, c.C, image, runs, some, columns + width, kLength);
    added(out + start, p - start);
  }
  /** The same of n places whose columns are copied already: rows `offsets` on from `copies`. How many fit. out: of the first place. */
  int64_t add(const T* copies, const int64_t* offsets, int64_t n, T* out) {
    n = lesser(n, kWidth - width);
    T* to = columns + width;
    for (int64_t r = 0; r < c.R; r++, to += kLength) copyRun(to, copies + offsets[r], n);
    added(out, n);
    return n;
  }
  void added(T* out, int64_t n) {
    parts[count++] = {out, width, n};
    width += n;
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

template <class T> Shifted shiftedOf(const Convolution<T>& c) {
  return {c.w, c.C, sizeof(T), kTileVectors * VecOf<T>::lanes};
}

/** convolve from shifted copies. */
template <class T>
void shiftedConvolve(Launch& l, const Convolution<T>& c, const Shifted& shifted, const T* x, const T* weight, const T* bias, T* out) {
  const int64_t P = c.w.places, wide = c.w.out[2];
  Memory memory;
  parallel(c.N * c.G, grainOf(c.work(), c.N * c.G), [&](int64_t begin, int64_t end) {
    Shifted s = shifted;
    s.parts = room<Part>(kImageSlot, s.mostParts());
    int64_t* const offsets = room<int64_t>(kOffsetSlot, c.R);
    T* const copies = room<T>(kPanelSlot, plus(s.size(), plus(times(c.R, kLength), times(c.K, kWidth))));
    if (!s.parts || !offsets || !copies) return memory.lacking();
    s.find(c.C, offsets);
    T* const columns = copies + s.size();
    Panel<T> panel{c, columns, columns + c.R * kLength, weight, bias, {}, 0, 0};
    for (int64_t i = begin; i < end; i++) {
      const int64_t g = i % c.G;
      panel.weight = weight + g * c.K * c.R, panel.bias = bias ? bias + g * c.K : nullptr;
      for (int64_t y = 0; y < c.w.out[1]; y += s.rows) {
        const int64_t until = lesser(c.w.out[1], y + s.rows), n = (until - y) * wide;
        T* const to = out + i * c.K * P + y * wide;
        s.plan(y, until);
        s.copy(c.C, x + i * c.C * c.w.plane + y * c.w.in[2], copies);
        int64_t p = shiftedProduct(c.K, c.R, n, panel.weight, copies, offsets, panel.bias, to, P);
        while (p < n) {
          p += panel.add(copies + p, offsets, n - p, to + p);
          if (panel.width == kWidth && !panel.multiply()) return memory.lacking();
        }
      }
      // Groups have weights of their own: no panel is shared between them.
      if ((c.G > 1 || i + 1 == end) && !panel.multiply()) return memory.lacking();
    }
  });
  memory.report(l);
}

/** out of x [N, G, C, in], weight [G, K, C, kernel] and, unless null, bias [G, K]; see convolution. */
template <class T> void convolve(Launch& l, const Convolution<T>& c, const T* x, const T* weight, const T* bias, T* out) {
  if constexpr (kTuned<T>)
    if (const Shifted shifted = shiftedOf(c); !c.depthwise && shifted.rows != Shifted::kNone)
      return shiftedConvolve(l, c, shifted, x, weight, bias, out);
  const int64_t P = c.w.places;
  Memory memory;
  parallel(c.N * c.G, grainOf(c.work(), c.N * c.G), [&](int64_t begin, int64_t end) {
    T *image = nullptr, *columns = nullptr;
    int64_t* offsets = nullptr;
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
          panel.add(image, p, P, to);
          if (panel.width == kWidth && !panel.multiply()) return memory.lacking();
        }
        if ((c.G > 1 || i + 1 == end) && !panel.multiply()) return memory.lacking();
        continue;
      }
      for (int64_t k = 0; k < c.K; k++) tapsProduct(c.w, image, offsets, W + k * c.w.taps, b ? b[k] : T(0), to + k * P);
    }
  });
  memory.report(l);
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
