// One row times a matrix that lies by rows, too large for the caches: out[j] = sum over k of x[k]·B[k][j]. Tiles would visit a few
// lines of every row of B and come back for the next ones; here rows are read from end to end, some of them side by side.
#pragma once
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** out[j] (+)= x[0]·b[0][j] + … + x[R-1]·b[R-1][j] for j < n, in that order, from 0 where `first`. */
template <class T, int R>
inline void addRows(int64_t n, const T* x, int64_t strideX, const T* b, int64_t ld, T* out, bool first) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  V factor[R];
#pragma GCC unroll 8
  for (int i = 0; i < R; i++) factor[i] = splat(x[i * strideX]);
  int64_t j = 0;
  for (; j + L <= n; j += L) {
    V sum = first ? V{} : load(out + j);
#pragma GCC unroll 8
    for (int i = 0; i < R; i++) sum = fma(factor[i], load(b + i * ld + j), sum);
    store(out + j, sum);
  }
  if (j < n) {
    V sum = first ? V{} : loadPartial(out + j, n - j);
#pragma GCC unroll 8
    for (int i = 0; i < R; i++) sum = fma(factor[i], loadPartial(b + i * ld + j, n - j), sum);
    storePartial(out + j, sum, n - j);
  }
}

template <class T>
void rowsSum(int64_t n, int64_t K, const T* x, int64_t strideX, const T* b, int64_t ld, T* out) {
  int64_t k = 0;
  for (; k + 4 <= K; k += 4) addRows<T, 4>(n, x + k * strideX, strideX, b + k * ld, ld, out, k == 0);
  for (; k < K; k++) addRows<T, 1>(n, x + k * strideX, strideX, b + k * ld, ld, out, k == 0);
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
