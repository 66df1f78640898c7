// A panel of columns, of one image or the end of one and the beginning of others, on its way to a product.
#pragma once
#include <type_traits>

#include "kernels/conv/convolution.h"
#include "kernels/gemm.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

template <class T> struct Panel {
  static constexpr int64_t kWidth = 64, kLength = kWidth + 16;  // places, and how far apart rows are
  struct Part { T* out; int64_t at, width; };  // where the places of an image go to, and which columns they are
  const Convolution<T>& c;
  T* const columns;  // [R, kLength]
  T* const mixed;    // [K, kWidth]: results for several images
  const T *weight = nullptr, *bias = nullptr;
  Part parts[kWidth];
  int count = 0;
  int64_t width = 0;

  /** Elements of memory that a panel needs. */
  static int64_t size(const Convolution<T>& c) { return plus(times(c.R, kLength), times(c.K, kWidth)); }
  Panel(const Convolution<T>& convolution, T* memory) : c(convolution), columns(memory), mixed(memory + c.R * kLength) {}

  /** Places for which there is room. */
  int64_t left() const { return kWidth - width; }

  /** Adds n places, whose results go to out: where their columns belong, in rows kLength apart. A vector may be written whole. */
  T* add(T* out, int64_t n) {
    T* const to = columns + width;
    parts[count++] = {out, width, n};
    width += n;
    return to;
  }

  /** Computes what was added. False where there is no memory. */
  bool multiply() {
    if (width == 0) return true;
    const int64_t P = c.w.places;
    T* const to = count == 1 ? parts[0].out : mixed;
    const int64_t ld = count == 1 ? P : kWidth;
    for (int64_t k = 0; bias && k < c.K; k++) fillRun(to + k * ld, bias[k], width);
    Gemm<T> g{c.K, width, c.R, weight, c.R, 1, columns, kLength, 1, to, ld};
    g.beta = bias ? 1 : 0;
    g.near = true;
    if (!gemm(g)) return false;
    for (int i = 0; count > 1 && i < count; i++)
      for (int64_t k = 0; k < c.K; k++) copyRun(parts[i].out + k * P, mixed + k * kWidth + parts[i].at, parts[i].width);
    count = 0;
    width = 0;
    return true;
  }
};

/** The sums of a tile before its first product. Its result is far away, and is wanted at once in the end. */
template <int MR, int NV, class T>
__attribute__((always_inline)) inline void startTile(typename VecOf<T>::type (&sum)[MR][NV], const T* out, int64_t ld) {
#pragma GCC unroll 8
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) {
      sum[i][j] = typename VecOf<T>::type{};
      __builtin_prefetch(out + i * ld + j * VecOf<T>::lanes, 1);
    }
}
/** out[i] = sum[i] + bias[i] */
template <int MR, int NV, class T>
__attribute__((always_inline)) inline void endTile(const typename VecOf<T>::type (&sum)[MR][NV], const T* bias, T* out, int64_t ld) {
#pragma GCC unroll 8
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) store(out + i * ld + j * VecOf<T>::lanes, bias ? sum[i][j] + splat(bias[i]) : sum[i][j]);
}

/** f(height, k) for tiles that cover K rows, the height a constant: four of them do for any number, 8 rows are 4 and 4. */
template <int most, class F> void eachHeight(int64_t K, const F& f) {
  for (int64_t k = 0; k < K;) {
    const int64_t left = K - k;
    if (left > 8 || left == most) f(std::integral_constant<int, most>{}, k), k += most;
    else if (left >= 4) f(std::integral_constant<int, 4>{}, k), k += 4;
    else if (left >= 2) f(std::integral_constant<int, 2>{}, k), k += 2;
    else f(std::integral_constant<int, 1>{}, k), k++;
  }
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
