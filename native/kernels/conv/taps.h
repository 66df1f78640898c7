// One plane under one window: sums over what its taps see. Convolutions of a channel by itself, and averages, are too little work for
// each element to pay for a matrix of columns: taps are read from the padded plane.
#pragma once
#include "kernels/conv/window.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** out[p] = bias + sum over taps t of w[t]·plane[p + offsets[t]], in that order.  plane: padded; out: [places]. No weights: 1 each. */
template <class T>
__attribute__((noinline)) void tapsProduct(const Window& w, const T* plane, const int64_t* offsets, const T* weight, T bias, T* out) {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  for (int64_t z = 0; z < w.out[0]; z++)
    for (int64_t y = 0; y < w.out[1]; y++, out += w.out[2]) {
      const T* const row = plane + z * w.stride[0] * w.slice + y * w.stride[1] * w.row;
      for (int64_t x = 0; x < w.out[2]; x += 2 * L) {
        V sum[2] = {splat(bias), splat(bias)};
        const bool both = w.out[2] - x > L;
        for (int64_t t = 0; t < w.taps; t++) {
          const V factor = splat(weight ? weight[t] : T(1));
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

/** f(row of places, where it is in the padded plane). */
template <class F> inline void eachPlaceRow(const Window& w, const F& f) {
  int64_t p = 0;
  for (int64_t z = 0; z < w.out[0]; z++)
    for (int64_t y = 0; y < w.out[1]; y++, p += w.out[2]) f(p, z * w.stride[0] * w.slice + y * w.stride[1] * w.row);
}

// Below, a tap goes over the whole plane before the next one does: taps side by side would write to, and read from, elements whose
// last write is still under way, at some 15 cycles each (28 x 28, 3 x 3: 19 ms against 2 for 2048 planes).

/** The way back: plane[p + offsets[t]] += w[t]·grad[p]. No weights: 1 each. */
template <class T>
__attribute__((noinline)) void tapsScatter(const Window& w, const T* grad, const int64_t* offsets, const T* weight, T* plane) {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  for (int64_t t = 0; t < w.taps; t++) {
    const V factor = splat(weight ? weight[t] : T(1));
    eachPlaceRow(w, [&](int64_t p, int64_t row) {
      T* const to = plane + row + offsets[t];
      const T* const from = grad + p;
      int64_t x = 0;
      for (; x + L <= w.out[2]; x += L) store(to + x, fma(factor, load(from + x), load(to + x)));
      if (x < w.out[2]) store(to + x, fma(factor, loadPartial(from + x, w.out[2] - x), load(to + x)));
    });
  }
}

/** sums[t] += grad[p]·plane[p + offsets[t]] over places p, lane by lane.  sums: [taps] vectors. */
template <class T>
__attribute__((noinline)) void tapsDot(const Window& w, const T* grad, const int64_t* offsets, const T* plane, T* sums) {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  for (int64_t t = 0; t < w.taps; t++, sums += L) {
    V sum = load(sums), rest{};
    eachPlaceRow(w, [&](int64_t p, int64_t row) {
      const T* const from = plane + row + offsets[t];
      const T* const g = grad + p;
      int64_t x = 0;
      for (; x + L <= w.out[2]; x += L) sum = fma(load(g + x), load(from + x), sum);
      if (x < w.out[2]) rest = fma(loadPartial(g + x, w.out[2] - x), load(from + x), rest);
    });
    store(sums, sum + rest);
  }
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
