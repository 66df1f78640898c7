// One plane under one window: sums over what its taps see. Convolutions of a channel by itself, and averages, are too little work for
// each element to pay for a matrix of columns: taps are read from the padded plane.
#pragma once
#include "kernels/conv/window.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** 3 x 3 taps side by side, the kernel of most convolutions of single channels: what rows of places share is read once for four. */
inline bool isSquare3(const Window& w) {
  return w.taps == 9 && w.kernel[1] == 3 && w.kernel[2] == 3 && w.stride[1] == 1 && w.stride[2] == 1 && w.dilation[1] == 1 &&
         w.dilation[2] == 1 && w.out[0] == 1;
}

/** tapsProduct for isSquare3, of at least kRows rows of a vector. The last rows and vectors of a plane may overlap those before. */
constexpr int64_t kRows = 4;
template <class T> void square3Product(const Window& w, const T* plane, const T* weight, T bias, T* out) {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  V factor[9];
#pragma GCC unroll 9
  for (int t = 0; t < 9; t++) factor[t] = splat(weight[t]);
  for (int64_t y0 = 0; y0 < w.out[1]; y0 += kRows) {
    const int64_t y = lesser(y0, w.out[1] - kRows);
    for (int64_t x0 = 0; x0 < w.out[2]; x0 += L) {
      const int64_t x = lesser(x0, w.out[2] - L);
      V sum[kRows];
#pragma GCC unroll 4
      for (int r = 0; r < kRows; r++) sum[r] = splat(bias);
#pragma GCC unroll 6
      for (int i = 0; i < kRows + 2; i++)
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++) {
          const V seen = load(plane + (y + i) * w.row + x + j);
#pragma GCC unroll 4
          for (int r = 0; r < kRows; r++)
            if (i - r >= 0 && i - r < 3) sum[r] = fma(factor[(i - r) * 3 + j], seen, sum[r]);
        }
#pragma GCC unroll 4
      for (int r = 0; r < kRows; r++) store(out + (y + r) * w.out[2] + x, sum[r]);
    }
  }
}

/** out[p] = bias + sum over taps t of w[t]·plane[p + offsets[t]], in that order.  plane: padded; out: [places]. No weights: 1 each. */
template <class T>
__attribute__((noinline)) void tapsProduct(const Window& w, const T* plane, const int64_t* offsets, const T* weight, T bias, T* out) {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  if constexpr (kTuned<T>)
    if (weight && isSquare3(w) && w.out[1] >= kRows && w.out[2] >= L) return square3Product(w, plane, weight, bias, out);
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

/**
 * The way back: plane[p + offsets[t]] += w[t]·grad[p]. No weights: 1 each. A tap goes over the whole plane before the next one does:
 * taps side by side would write to, and read from, elements whose last write is still under way, at some 15 cycles each (28 x 28,
 * 3 x 3: 19 ms against 2 for 2048 planes).
 */
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

/** `taps` taps of tapsDot. What lies behind a row is left out: a gradient of 0 times that would be nan where it is. */
template <int taps, class T> void someDots(const Window& w, const T* grad, const int64_t* offsets, const T* plane, T* sums) {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  V sum[taps];
#pragma GCC unroll 9
  for (int t = 0; t < taps; t++) sum[t] = load(sums + t * L);
  eachPlaceRow(w, [&](int64_t p, int64_t row) {
    for (int64_t x = 0; x < w.out[2]; x += L) {
      const int64_t n = lesser(L, w.out[2] - x);
      const V g = loadFirst(grad + p + x, n);
#pragma GCC unroll 9
      for (int t = 0; t < taps; t++) sum[t] = fma(g, loadFirst(plane + row + offsets[t] + x, n), sum[t]);
    }
  });
#pragma GCC unroll 9
  for (int t = 0; t < taps; t++) store(sums + t * L, sum[t]);
}

/** tapsDot for isSquare3: down a column of vectors, each row of the plane is read once, and each gradient meets three of them. */
template <class T> void square3Dots(const Window& w, const T* grad, const T* plane, T* sums) {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  V sum[9];
#pragma GCC unroll 9
  for (int t = 0; t < 9; t++) sum[t] = load(sums + t * L);
  for (int64_t x = 0; x < w.out[2]; x += L) {
    const int64_t n = lesser(L, w.out[2] - x);
    V g[3]{};  // of the rows y, y - 1, y - 2
    for (int64_t y = 0; y < w.out[1] + 2; y++) {
      g[2] = g[1], g[1] = g[0];
      if (y < w.out[1]) g[0] = loadFirst(grad + y * w.out[2] + x, n);
      V seen[3];
#pragma GCC unroll 3
      for (int j = 0; j < 3; j++) seen[j] = loadFirst(plane + y * w.row + x + j, n);
#pragma GCC unroll 3
      for (int i = 0; i < 3; i++) {
        if (y < i || y - i >= w.out[1]) continue;
#pragma GCC unroll 3
        for (int j = 0; j < 3; j++) sum[i * 3 + j] = fma(g[i], seen[j], sum[i * 3 + j]);
      }
    }
  }
#pragma GCC unroll 9
  for (int t = 0; t < 9; t++) store(sums + t * L, sum[t]);
}

/** sums[t] += grad[p]·plane[p + offsets[t]] over places p, lane by lane.  sums: [taps] vectors. */
template <class T>
__attribute__((noinline)) void tapsDot(const Window& w, const T* grad, const int64_t* offsets, const T* plane, T* sums) {
  if constexpr (kTuned<T>)
    if (isSquare3(w)) return square3Dots(w, grad, plane, sums);
  for (int64_t t = 0, some; t < w.taps; t += some) {
    const int64_t left = w.taps - t;
    some = left >= 8 ? 8 : 1;
    (some == 8 ? someDots<8, T> : someDots<1, T>)(w, grad, offsets + t, plane, sums + t * VecOf<T>::lanes);
  }
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
