// Sums down the columns of a matrix: the gradient of a bias.
#pragma once
#include "pool.h"
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {

/** One vector of columns; n of its lanes are real. Four running sums: rows by their index modulo 4. */
template <class T> inline void columnSum(int64_t rows, const T* x, int64_t ld, T* out, int64_t n) {
  using V = typename VecOf<T>::type;
  const bool whole = n == VecOf<T>::lanes;
  const auto at = [&](const T* p) { return whole ? load(p) : loadPartial(p, n); };
  V s[4]{};
  int64_t i = 0;
  for (; i + 4 <= rows; i += 4, x += 4 * ld)
#pragma GCC unroll 4
    for (int u = 0; u < 4; u++) s[u] = s[u] + at(x + u * ld);
  for (; i < rows; i++, x += ld) s[0] = s[0] + at(x);
  const V sum = (s[0] + s[1]) + (s[2] + s[3]);
  if (whole) store(out, sum);
  else storePartial(out, sum, n);
}

/** out[j] = sum over i of x[i][j].  x: [M, N]; out: [N]. */
template <class T> inline void columnSums(int64_t M, int64_t N, const T* x, T* out) {
  constexpr int64_t L = VecOf<T>::lanes, kElements = 1 << 16;
  const int64_t vectors = (N + L - 1) / L;
  const int64_t grain = M >= kElements / L ? 1 : kElements / L / (M + 1) + 1;
  parallel(vectors, grain, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin * L; j < end * L && j < N; j += L) columnSum(M, x + j, N, out + j, N - j < L ? N - j : L);
  });
}

}  // namespace GLOROT_ISA
}  // namespace glorot
