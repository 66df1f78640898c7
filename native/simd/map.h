// Loops over elements: f(x…) applied to whole vectors and, by partial loads, to the tail with the same formula. float runs on
// VecF; double runs element by element (it serves gradient checks, and its functions are the C library's). Long arrays are
// shared among threads. Outputs may be the same memory as inputs.
#pragma once
#include "pool.h"
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// Elements a thread must have to be worth waking: about 10 us of a memory-bound loop, 4 us of exp.
constexpr int64_t kGrain = 16384;

template <class F>
inline void mapRange(int64_t begin, int64_t end, F& f, const float* x, float* y) {
  int64_t i = begin;
  for (; i + kLanesF <= end; i += kLanesF) store(y + i, f(load(x + i)));
  if (i < end) storePartial(y + i, f(loadPartial(x + i, end - i)), end - i);
}
template <class F>
inline void mapRange(int64_t begin, int64_t end, F& f, const float* a, const float* b, float* y) {
  int64_t i = begin;
  for (; i + kLanesF <= end; i += kLanesF) store(y + i, f(load(a + i), load(b + i)));
  if (i < end) storePartial(y + i, f(loadPartial(a + i, end - i), loadPartial(b + i, end - i)), end - i);
}
template <class F>
inline void mapRange(int64_t begin, int64_t end, F& f, const float* a, const float* b, const float* c, float* y) {
  int64_t i = begin;
  for (; i + kLanesF <= end; i += kLanesF) store(y + i, f(load(a + i), load(b + i), load(c + i)));
  if (i < end) {
    const int64_t n = end - i;
    storePartial(y + i, f(loadPartial(a + i, n), loadPartial(b + i, n), loadPartial(c + i, n)), n);
  }
}
template <class F>
inline void mapRange(int64_t begin, int64_t end, F& f, const double* x, double* y) {
  for (int64_t i = begin; i < end; i++) y[i] = f(x[i]);
}
template <class F>
inline void mapRange(int64_t begin, int64_t end, F& f, const double* a, const double* b, double* y) {
  for (int64_t i = begin; i < end; i++) y[i] = f(a[i], b[i]);
}
template <class F>
inline void mapRange(int64_t begin, int64_t end, F& f, const double* a, const double* b, const double* c, double* y) {
  for (int64_t i = begin; i < end; i++) y[i] = f(a[i], b[i], c[i]);
}

/** y[i] = f(x[i]…) for i < n: map(n, f, x, y), map(n, f, a, b, y), map(n, f, a, b, c, y). */
template <class F, class... P>
inline void map(int64_t n, F f, P... p) {
  parallel(n, kGrain, [&](int64_t begin, int64_t end) { mapRange(begin, end, f, p...); });
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
