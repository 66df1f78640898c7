// The gradient of weights, place after place: what a tap sees there, times the gradients of all output channels. Taps read the padded
// plane, so that no columns are gathered; gradients are turned around, a few hundred places at a time.
#pragma once
#include "kernels/conv/window.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// Registers hold the sums of kTaps taps by 2 vectors of output channels, and what they are summed from.
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kTaps = 9, kFewTaps = 4;
#else
constexpr int kTaps = 6, kFewTaps = 2;
#endif
constexpr int64_t kTurnedBytes = 16 << 10;  // of turned gradients: they stay in L1

/** to[p][k] = grad[k][p] for `places` places and K channels, P apart: room for a multiple of a vector of both, which ends undefined. */
template <class T>
__attribute__((noinline)) void turnGradients(int64_t places, int64_t K, const T* grad, int64_t P, T* to, int64_t width) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  for (int64_t k = 0; k < K; k += L)
    for (int64_t p = 0; p < places; p += L) {
      const int64_t n = lesser(L, places - p);
      const T* from = grad + k * P + p;
      V v[L];
#pragma GCC unroll 16
      for (int i = 0; i < L; i++) {
        v[i] = loadFirst(from, n);
        if (k + i + 1 < K) from += P;
      }
      transpose(v);
#pragma GCC unroll 16
      for (int i = 0; i < L; i++) store(to + (p + i) * width + k, v[i]);
    }
}

/** sums[i][k] += sum over places of image[offsets[i] + from]·grads[to][k], for MR taps and NV vectors of k. */
template <class T, int MR, int NV>
void placesTile(const Run* runs, int count, const T* image, const int64_t* offsets, const T* grads, int64_t width, T* sums) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  const T* seen[MR];
  V sum[MR][NV];
#pragma GCC unroll 9
  for (int i = 0; i < MR; i++) {
    seen[i] = image + offsets[i];
#pragma GCC unroll 2
    for (int j = 0; j < NV; j++) sum[i][j] = V{};
  }
  for (int r = 0; r < count; r++) {
    const T* g = grads + runs[r].to * width;
    for (int64_t at = runs[r].from, end = at + runs[r].n; at < end; at++, g += width) {
      V gradient[NV];
#pragma GCC unroll 2
      for (int j = 0; j < NV; j++) gradient[j] = load(g + j * L);
#pragma GCC unroll 9
      for (int i = 0; i < MR; i++) {
        const V x = splat(seen[i][at]);
#pragma GCC unroll 2
        for (int j = 0; j < NV; j++) sum[i][j] = fma(x, gradient[j], sum[i][j]);
      }
    }
  }
#pragma GCC unroll 9
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 2
    for (int j = 0; j < NV; j++) store(sums + i * width + j * L, load(sums + i * width + j * L) + sum[i][j]);
}

/** All taps by `width` output channels, one or two vectors. Offsets and sums have room for kFewTaps - 1 taps more. */
template <class T>
void placesProduct(const Run* runs, int count, const T* image, int64_t taps, const int64_t* offsets, const T* grads, int64_t width, T* sums) {
  const bool two = width > VecOf<T>::lanes;
  for (int64_t r = 0; r < taps;) {
    const bool many = taps - r >= kTaps;
    const auto tile = many ? (two ? placesTile<T, kTaps, 2> : placesTile<T, kTaps, 1>)
                           : (two ? placesTile<T, kFewTaps, 2> : placesTile<T, kFewTaps, 1>);
    tile(runs, count, image, offsets + r, grads, width, sums + r * width);
    r += many ? kTaps : kFewTaps;
  }
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
