// One plane under one window: sums over what its taps see. Convolutions of a channel by itself, and averages, are too little work for
// each element to pay for a matrix of columns: taps are read from the padded plane.
#pragma once
#include "kernels/conv/window.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** out[p] = bias + sum over taps t of w[t·step]·plane[p + offsets[t]], in that order.  plane: padded; out: [places]. */
template <class T>
__attribute__((noinline)) void tapsProduct(const Window& w, const T* plane, const int64_t* offsets, const T* weight, int64_t step, T bias,
                                           T* out) {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  for (int64_t z = 0; z < w.out[0]; z++)
    for (int64_t y = 0; y < w.out[1]; y++, out += w.out[2]) {
      const T* const row = plane + z * w.stride[0] * w.slice + y * w.stride[1] * w.row;
      for (int64_t x = 0; x < w.out[2]; x += 2 * L) {
        V sum[2] = {splat(bias), splat(bias)};
        const bool both = w.out[2] - x > L;
        for (int64_t t = 0; t < w.taps; t++) {
          const V factor = splat(weight[t * step]);
          const T* const from = row + offsets[t] + x;
          sum[0] = fma(factor, load(from), sum[0]);
          if (both) sum[1] = fma(factor, load(from + L), sum[1]);
        }
        for (int64_t i = 0, n = w.out[2] - x; i < 2 && n > 0; i++, n -= L)
          if (n >= L) store(out + x + i * L, sum[i]);
          else storePartial(out + x + i * L, sum[i], n);
      }
    }
}

/** The way back: plane[p + offsets[t]] += w[t·step]·grad[p]. */
template <class T>
__attribute__((noinline)) void tapsScatter(const Window& w, const T* grad, const int64_t* offsets, const T* weight, int64_t step, T* plane) {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  for (int64_t z = 0; z < w.out[0]; z++)
    for (int64_t y = 0; y < w.out[1]; y++, grad += w.out[2]) {
      T* const row = plane + z * w.stride[0] * w.slice + y * w.stride[1] * w.row;
      for (int64_t x = 0; x < w.out[2]; x += L) {
        const int64_t n = w.out[2] - x;
        const V g = n >= L ? load(grad + x) : loadPartial(grad + x, n);
        for (int64_t t = 0; t < w.taps; t++) {
          T* const to = row + offsets[t] + x;
          store(to, fma(splat(weight[t * step]), g, load(to)));
        }
      }
    }
}

/** sums[t] += grad[p]·plane[p + offsets[t]] over places p, lane by lane.  sums: [taps] vectors. */
template <class T>
__attribute__((noinline)) void tapsDot(const Window& w, const T* grad, const int64_t* offsets, const T* plane, T* sums) {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  for (int64_t z = 0; z < w.out[0]; z++)
    for (int64_t y = 0; y < w.out[1]; y++, grad += w.out[2]) {
      const T* const row = plane + z * w.stride[0] * w.slice + y * w.stride[1] * w.row;
      for (int64_t x = 0; x < w.out[2]; x += 2 * L) {
        const int64_t n = w.out[2] - x;
        const V g = n >= L ? load(grad + x) : loadPartial(grad + x, n);
        const V h = n >= 2 * L ? load(grad + x + L) : n > L ? loadPartial(grad + x + L, n - L) : V{};
        for (int64_t t = 0; t < w.taps; t++) {
          const T* const from = row + offsets[t] + x;
          V sum = fma(g, load(from), load(sums + t * L));
          if (n > L) sum = fma(h, load(from + L), sum);
          store(sums + t * L, sum);
        }
      }
    }
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
