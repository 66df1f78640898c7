// General matrix product, for every family that multiplies matrices. Defined in gemm.cpp, once per ISA.
#pragma once
#include <cstdint>

namespace glorot {

/**
 * C = then(alpha·A·B + beta·C + bias).  A: [M, K], B: [K, N], each with any strides (0 broadcasts); C: [M, N], its rows ldc
 * apart and not overlapping A, B or `by`. beta = 0 does not read C; alpha = 0 reads neither A nor B, as in BLAS.
 */
template <class T> struct Gemm {
  int64_t M, N, K;
  const T* A;
  int64_t rowA, colA;
  const T* B;
  int64_t rowB, colB;
  T* C;
  int64_t ldc;
  T alpha = 1, beta = 0;
  const T* bias = nullptr;  // one for each column, or none
  void (*then)(T* c, const T* by, int64_t n) = nullptr;  // done to finished elements while they are in the cache, or nothing
  const T* by = nullptr;  // what `then` meets them with, laid out as C, or nothing
  bool near = false;  // B by rows lies in a near cache already: it is read in place
};

namespace GLOROT_ISA {

/** Every element is summed in the order of k, in lanes where B is read along k and, of 8 rows or more on AVX-512, in a last column
 *  that stands alone behind whole vectors; whatever the thread count. False where there is no memory for panels: C is then
 *  unspecified. May be called inside `parallel`; uses scratch slots 2 and 3. */
bool gemm(const Gemm<float>& g) noexcept;
bool gemm(const Gemm<double>& g) noexcept;

}  // namespace GLOROT_ISA
}  // namespace glorot
