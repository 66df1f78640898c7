// Squares of lanes: transposing lanes x lanes blocks held in registers, and summing the lanes of as many vectors at once. Both
// are log2(lanes) rounds of zipping vector i with vector i + lanes/2.
#pragma once
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {

// zipLow(a, b) = a0 b0 a1 b1 …, of the lower halves; zipHigh the same of the upper halves.
#if GLOROT_VECTOR_BYTES == 64
inline VecF zipLow(VecF a, VecF b) {
  return __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23);
}
inline VecF zipHigh(VecF a, VecF b) {
  return __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31);
}
inline VecD zipLow(VecD a, VecD b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
inline VecD zipHigh(VecD a, VecD b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
#elif GLOROT_VECTOR_BYTES == 32
inline VecF zipLow(VecF a, VecF b) { return __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11); }
inline VecF zipHigh(VecF a, VecF b) { return __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15); }
inline VecD zipLow(VecD a, VecD b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
inline VecD zipHigh(VecD a, VecD b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
#else
inline VecF zipLow(VecF a, VecF b) { return __builtin_shufflevector(a, b, 0, 4, 1, 5); }
inline VecF zipHigh(VecF a, VecF b) { return __builtin_shufflevector(a, b, 2, 6, 3, 7); }
inline VecD zipLow(VecD a, VecD b) { return __builtin_shufflevector(a, b, 0, 2); }
inline VecD zipHigh(VecD a, VecD b) { return __builtin_shufflevector(a, b, 1, 3); }
#endif

/** Elements 0, 2, 4 … of a and b behind each other. */
#if GLOROT_VECTOR_BYTES == 64
inline VecF evens(VecF a, VecF b) {
  return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, 24, 26, 28, 30);
}
inline VecD evens(VecD a, VecD b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14); }
#elif GLOROT_VECTOR_BYTES == 32
inline VecF evens(VecF a, VecF b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6, 8, 10, 12, 14); }
inline VecD evens(VecD a, VecD b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6); }
#else
inline VecF evens(VecF a, VecF b) { return __builtin_shufflevector(a, b, 0, 2, 4, 6); }
inline VecD evens(VecD a, VecD b) { return __builtin_shufflevector(a, b, 0, 2); }
#endif

/** v[i][j] becomes v[j][i]. */
template <class V> __attribute__((always_inline)) inline void transpose(V (&v)[lanes<V>()]) {
  constexpr int L = lanes<V>();
#pragma GCC unroll 4
  for (int round = 1; round < L; round *= 2) {
    V w[L];
#pragma GCC unroll 8
    for (int i = 0; i < L / 2; i++) w[2 * i] = zipLow(v[i], v[i + L / 2]), w[2 * i + 1] = zipHigh(v[i], v[i + L / 2]);
#pragma GCC unroll 16
    for (int i = 0; i < L; i++) v[i] = w[i];
  }
}

/** Lane i of the result is the sum of the lanes of v[i], in a fixed tree order; v is overwritten. */
template <class V> __attribute__((always_inline)) inline V sumLanes(V (&v)[lanes<V>()]) {
  constexpr int L = lanes<V>();
#pragma GCC unroll 4
  for (int h = L / 2; h > 0; h /= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < h; i++) v[i] = zipLow(v[i], v[i + h]) + zipHigh(v[i], v[i + h]);
  }
  return v[0];
}

}  // namespace GLOROT_ISA
}  // namespace glorot
