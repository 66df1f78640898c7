// A convolution's output: from its planes in place, from shifted copies of them, panel by panel of columns, or tap by tap.
#pragma once
#include "kernels/conv/inPlace.h"
#include "kernels/conv/shifted.h"
#include "kernels/conv/taps.h"
#include "kernels/kernels.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** out of x [N, G, C, in], weight [G, K, C, kernel] and, unless null, bias [G, K]; see convolution. */
template <class T> void convolve(Launch& l, const Convolution<T>& c, const T* x, const T* weight, const T* bias, T* out) {
  if constexpr (kInPlace<T>)
    if (isInPlace(c)) return inPlaceConvolve(l, c, x, weight, bias, out);
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
      else columns = room<T>(kPanelSlot, Panel<T>::size(c));
      if (!image || !columns) return memory.lacking();
    }
    Panel<T> panel(c, columns);
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
          Run runs[kMostRuns];
          const int64_t start = p;
          const int count = cutRuns<T>(c.w, p, lesser(P, p + panel.left()), runs);
          gatherRows(c.w, c.C, image, runs, count, panel.add(to + start, p - start), Panel<T>::kLength);
          if (panel.left() == 0 && !panel.multiply()) return memory.lacking();
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
