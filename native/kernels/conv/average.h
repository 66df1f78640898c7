// Averages of what windows see: what they are divided by, and windows that are met one by one.
#pragma once
#include "kernels/conv/window.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** What sums are divided by: elements of a window, with or without the padding that it reaches (ATen/native/cpu/AvgPoolKernel.cpp). */
struct Divisor {
  bool padding;
  double given;
  int64_t along(const Window& w, int d, int64_t o) const {
    if (given != 0) return 1;
    const int64_t start = o * w.stride[d] - w.pad[d], end = start + w.kernel[d];
    const int64_t n = padding ? lesser(end, w.in[d] + w.pad[d]) - start : lesser(end, w.in[d]) - (start > 0 ? start : 0);
    return n > 0 ? n : 1;
  }
  /** to[p] = from[p] / the divisor of p. */
  template <class T> void apply(const Window& w, const T* from, T* to) const {
    for (int64_t z = 0; z < w.out[0]; z++)
      for (int64_t y = 0; y < w.out[1]; y++) {
        const double rows = given != 0 ? given : static_cast<double>(along(w, 0, z) * along(w, 1, y));
        for (int64_t x = 0; x < w.out[2]; x++, from++, to++) *to = *from / static_cast<T>(rows * static_cast<double>(along(w, 2, x)));
      }
  }
};

/** Whether windows lie apart and are wider than there are in a row: each is met by itself then, row by row, and no plane is padded. */
inline bool isWide(const Window& w) {
  for (int d = 0; d < 3; d++)
    if (w.dilation[d] != 1 || (w.stride[d] < w.kernel[d] && w.out[d] > 1)) return false;
  return w.kernel[2] > w.out[2];
}

/** f(first element, how many) for each row of the input that place p sees. */
template <class F> inline void eachSeenRow(const Window& w, int64_t p, const F& f) {
  const int64_t at[3] = {p / w.out[2] / w.out[1], p / w.out[2] % w.out[1], p % w.out[2]};
  int64_t first[3], last[3];
  for (int d = 0; d < 3; d++) {
    const int64_t start = at[d] * w.stride[d] - w.pad[d];
    first[d] = start > 0 ? start : 0, last[d] = lesser(start + w.kernel[d], w.in[d]);
  }
  for (int64_t z = first[0]; z < last[0]; z++)
    for (int64_t y = first[1]; y < last[1]; y++) f((z * w.in[1] + y) * w.in[2] + first[2], last[2] - first[2]);
}

/** out[p] = sum of what place p of one plane sees. */
template <class T> __attribute__((noinline)) void wideSums(const Window& w, const T* x, T* out) {
  constexpr int64_t L = VecOf<T>::lanes;
  for (int64_t p = 0; p < w.places; p++) {
    typename VecOf<T>::type sum{};
    eachSeenRow(w, p, [&](int64_t at, int64_t n) {
      for (int64_t i = 0; i < n; i += L) sum = sum + loadFirst(x + at + i, lesser(n - i, L));
    });
    out[p] = reduceAdd(sum);
  }
}
/** The way back: dx = the gradients of the places that see an element. */
template <class T> __attribute__((noinline)) void wideScatter(const Window& w, const T* grad, T* dx) {
  constexpr int64_t L = VecOf<T>::lanes;
  fillRun(dx, T(0), w.plane);
  for (int64_t p = 0; p < w.places; p++)
    eachSeenRow(w, p, [&](int64_t at, int64_t n) {
      int64_t i = 0;
      for (; i + L <= n; i += L) store(dx + at + i, load(dx + at + i) + splat(grad[p]));
      if (i < n) storePartial(dx + at + i, loadPartial(dx + at + i, n - i) + splat(grad[p]), n - i);
    });
}

/** sizes: M, window, 1 if padding counts. floats: the divisor, 0 for the elements of the window. */
inline bool readAverage(Launch& l, int64_t& M, Window& w, Divisor& divisor) {
  M = l.size(0);
  if (!readWindow(l, 1, w)) return false;
  divisor = {l.choice(19, 2) == 1, l.num(0)};
  return l.ok();
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
