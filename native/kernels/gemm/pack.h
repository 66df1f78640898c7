// Copies of pieces of the operands in the order in which tiles read them.
#pragma once
#include "simd/transpose.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** dst[k][0…width) = b[k][0…columns), zeros after them, for k < K. columns <= width, a multiple of the lanes. */
template <class T>
inline void packPanel(int64_t K, int64_t columns, const T* b, int64_t rowB, int64_t colB, T* dst, int64_t width) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  if (colB == 1) {
    for (int64_t k = 0; k < K; k++, b += rowB, dst += width) {
      int64_t j = 0;
      for (; j + L <= columns; j += L) store(dst + j, load(b + j));
      if (j < columns) store(dst + j, loadPartial(b + j, columns - j));
    }
  } else if (rowB == 1) {
    for (int64_t j = 0; j < columns; j += L) {
      const int64_t n = columns - j < L ? columns - j : L;
      for (int64_t k = 0; k < K; k += L) {
        const int64_t depth = K - k < L ? K - k : L;
        const T* from = b + j * colB + k;
        V v[L];
        if (n == L && depth == L)
#pragma GCC unroll 16
          for (int i = 0; i < L; i++) v[i] = load(from + i * colB);
        else
#pragma GCC unroll 16
          for (int i = 0; i < L; i++)
            v[i] = i >= n ? V{} : depth == L ? load(from + i * colB) : loadPartial(from + i * colB, depth);
        transpose(v);
        T* to = dst + k * width + j;
#pragma GCC unroll 16
        for (int i = 0; i < L; i++)
          if (i < depth) store(to + i * width, v[i]);
      }
    }
  } else {
    for (int64_t k = 0; k < K; k++)
      for (int64_t j = 0; j < width; j++) dst[k * width + j] = j < columns ? b[k * rowB + j * colB] : T(0);
  }
}

/** dst[k][row] = a[row][k] for k < K: the rows of a tile, interleaved. */
template <class T, int rows>
inline void packTile(int64_t K, const T* a, int64_t rowA, int64_t colA, T* dst) {
  constexpr int L = VecOf<T>::lanes;
  if (rowA == 1) {
    for (int64_t k = 0; k < K; k++, a += colA, dst += rows) {
      int i = 0;
      for (; i + L <= rows; i += L) store(dst + i, load(a + i));
      if (i < rows) storePartial(dst + i, loadPartial(a + i, rows - i), rows - i);
    }
  } else {
    for (int64_t k = 0; k < K; k++, a += colA, dst += rows)
#pragma GCC unroll 8
      for (int i = 0; i < rows; i++) dst[i] = a[i * rowA];
  }
}

template <class T>
inline void packRows(int64_t K, int rows, const T* a, int64_t rowA, int64_t colA, T* dst) {
  switch (rows) {
    case 1: return packTile<T, 1>(K, a, rowA, colA, dst);
    case 2: return packTile<T, 2>(K, a, rowA, colA, dst);
    case 3: return packTile<T, 3>(K, a, rowA, colA, dst);
    case 4: return packTile<T, 4>(K, a, rowA, colA, dst);
    case 5: return packTile<T, 5>(K, a, rowA, colA, dst);
    case 6: return packTile<T, 6>(K, a, rowA, colA, dst);
    case 7: return packTile<T, 7>(K, a, rowA, colA, dst);
    default: return packTile<T, 8>(K, a, rowA, colA, dst);
  }
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
