// Many inner products with one vector: out[r] = finish(sum over k of rows[r][k]·x[k]). The way for a matrix that lies along k and
// meets one vector only: every element is read once, as a whole vector.
#pragma once
#include "kernels/gemm/tile.h"
#include "simd/transpose.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

template <class T> inline T finishOne(T sum, T* c, int64_t column, const Finish<T>& f) {
  if (f.alpha != T(1)) sum *= f.alpha;
  if (f.beta != T(0)) sum = fma(f.beta, *c, sum);
  return f.bias ? sum + f.bias[column] : sum;
}

/** Sum of a[k]·b[k], k < K, in four running vectors. */
template <class T> inline T dot(int64_t K, const T* a, const T* b) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  V s0{}, s1{}, s2{}, s3{};
  int64_t k = 0;
  for (; k + 4 * L <= K; k += 4 * L) {
    s0 = fma(load(a + k), load(b + k), s0);
    s1 = fma(load(a + k + L), load(b + k + L), s1);
    s2 = fma(load(a + k + 2 * L), load(b + k + 2 * L), s2);
    s3 = fma(load(a + k + 3 * L), load(b + k + 3 * L), s3);
  }
  for (; k + L <= K; k += L) s0 = fma(load(a + k), load(b + k), s0);
  if (k < K) s1 = fma(loadPartial(a + k, K - k), loadPartial(b + k, K - k), s1);
  return reduceAdd((s0 + s1) + (s2 + s3));
}

/** Sums of the products of `count` <= lanes rows with x, one a lane. Rows are taken by four, so that few streams are read at
 *  once; past the last row, the last one again. */
template <class T> inline typename VecOf<T>::type rowSums(int count, int64_t K, const T* rows, int64_t ld, const T* x) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes, G = L < 4 ? L : 4, U = 8 / G;
  V sums[L]{};
  if (K < L && count == L) {
    const V y = loadPartial(x, K);
#pragma GCC unroll 16
    for (int i = 0; i < L; i++) sums[i] = loadPartial(rows + i * ld, K) * y;
    return sumLanes(sums);
  }
  for (int g = 0; g < count; g += G) {
    const T* p[G];
#pragma GCC unroll 4
    for (int i = 0; i < G; i++) p[i] = rows + (g + i < count ? g + i : count - 1) * ld;
    V sum[U][G]{};
    int64_t k = 0;
    for (; k + U * L <= K; k += U * L)
#pragma GCC unroll 4
      for (int u = 0; u < U; u++) {
        const V y = load(x + k + u * L);
#pragma GCC unroll 4
        for (int i = 0; i < G; i++) sum[u][i] = fma(load(p[i] + k + u * L), y, sum[u][i]);
      }
    for (; k + L <= K; k += L) {
      const V y = load(x + k);
#pragma GCC unroll 4
      for (int i = 0; i < G; i++) sum[0][i] = fma(load(p[i] + k), y, sum[0][i]);
    }
    if (k < K) {
      const V y = loadPartial(x + k, K - k);
#pragma GCC unroll 4
      for (int i = 0; i < G; i++) sum[0][i] = fma(loadPartial(p[i] + k, K - k), y, sum[0][i]);
    }
#pragma GCC unroll 4
    for (int i = 0; i < G; i++) {
      V total = sum[0][i];
#pragma GCC unroll 4
      for (int u = 1; u < U; u++) total = total + sum[u][i];
      sums[g + i] = total;
    }
  }
  return sumLanes(sums);
}

/** out[r·outStride] for r < n; the bias is one for each r where `biasStep` is 1, one for all where it is 0. */
template <class T>
void dots(int64_t n, int64_t K, const T* rows, int64_t ld, const T* x, T* out, int64_t outStride, int biasStep,
          const Finish<T>& finish) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  for (int64_t r = 0; r < n; r += L) {
    const int count = n - r < L ? static_cast<int>(n - r) : L;
    T* c = out + r * outStride;
    if (count == 1) {
      *c = finishOne(dot(K, rows + r * ld, x), c, r * biasStep, finish);
      return;
    }
    V sum = rowSums(count, K, rows + r * ld, ld, x);
    const auto at = [&](const T* p) { return count == L ? load(p) : loadPartial(p, count); };
    if (finish.alpha != T(1)) sum = sum * splat(finish.alpha);
    if (finish.beta != T(0)) {
      V old{};
      for (int i = 0; i < count; i++) old[i] = c[i * outStride];
      sum = fma(splat(finish.beta), old, sum);
    }
    if (finish.bias) sum = sum + (biasStep ? at(finish.bias + r) : splat(*finish.bias));
    if (outStride != 1)
      for (int i = 0; i < count; i++) c[i * outStride] = sum[i];
    else if (count == L) store(c, sum);
    else storePartial(c, sum, count);
  }
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
