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
  if (f.bias) sum += f.bias[column];
  return f.relu && sum < T(0) ? T(0) : sum;
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

/** out[r·outStride] for r < n; `columnStep` 1 where r counts columns of C (for the bias), 0 where it counts rows. */
template <class T>
void dots(int64_t n, int64_t K, const T* rows, int64_t ld, const T* x, T* out, int64_t outStride, int columnStep,
          const Finish<T>& finish) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  constexpr int U = L >= 8 ? 1 : 8 / L;  // running vectors a row, so that there are at least 8
  int64_t r = 0;
  for (; r + L <= n; r += L) {
    const T* p = rows + r * ld;
    V sum[U][L];
#pragma GCC unroll 4
    for (int u = 0; u < U; u++)
#pragma GCC unroll 16
      for (int i = 0; i < L; i++) sum[u][i] = V{};
    int64_t k = 0;
    for (; k + U * L <= K; k += U * L)
#pragma GCC unroll 4
      for (int u = 0; u < U; u++) {
        const V y = load(x + k + u * L);
#pragma GCC unroll 16
        for (int i = 0; i < L; i++) sum[u][i] = fma(load(p + i * ld + k + u * L), y, sum[u][i]);
      }
    for (; k < K; k += L) {
      const int64_t rest = K - k;
      const V y = rest >= L ? load(x + k) : loadPartial(x + k, rest);
#pragma GCC unroll 16
      for (int i = 0; i < L; i++)
        sum[0][i] = fma(rest >= L ? load(p + i * ld + k) : loadPartial(p + i * ld + k, rest), y, sum[0][i]);
    }
#pragma GCC unroll 4
    for (int u = 1; u < U; u++)
#pragma GCC unroll 16
      for (int i = 0; i < L; i++) sum[0][i] = sum[0][i] + sum[u][i];
    const V totals = sumLanes(sum[0]);
#pragma GCC unroll 16
    for (int i = 0; i < L; i++) {
      T* c = out + (r + i) * outStride;
      *c = finishOne(totals[i], c, (r + i) * columnStep, finish);
    }
  }
  for (; r < n; r++) {
    T* c = out + r * outStride;
    *c = finishOne(dot(K, rows + r * ld, x), c, r * columnStep, finish);
  }
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
