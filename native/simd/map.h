// Loops over elements: f(x…) applied to whole vectors and, by partial loads, to the tail with the same formula. float runs on
// VecF; double runs element by element (it serves gradient checks, and its functions are the C library's). Long arrays are
// shared among threads. Outputs may be the same memory as inputs.
#pragma once
#include "pool.h"
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {

// Elements a thread must have to be worth waking: about 10 us of a memory-bound loop, 4 us of exp.
constexpr int64_t kGrain = 16384;

inline VecF loadFirst(const float* p, int64_t n) { return __builtin_expect(n >= kLanesF, 1) ? load(p) : loadPartial(p, n); }

/** Results this long leave the caches before they are read: their lines need not be read in to be written. On an EPYC 9004 with
 *  32 MB of L3, relu of 1e7 elements takes 2.3 ms so and 4.1 with plain stores, its backward 3.6 and 5.6. */
constexpr int64_t kFar = int64_t{1} << 23;
inline bool isFar(int64_t n, const void* y) { return n >= kFar && reinterpret_cast<uintptr_t>(y) % GLOROT_VECTOR_BYTES == 0; }

// Formulas are often long polynomials. So that each is in the binary once, these loops are not inlined into both branches of
// `parallel`, and the tail is a turn of the loop.
/** y[i] = f(x[i]…) for i < n. `far`: of the whole array that y is a part of, see isFar. */
template <class F, class... P>
__attribute__((noinline, flatten)) void mapInto(int64_t n, bool far, F f, float* y, const P*... x) {
  for (int64_t i = 0; i < n; i += kLanesF) {
    const VecF v = f(loadFirst(x + i, n - i)...);
    if (__builtin_expect(n - i < kLanesF, 0)) storePartial(y + i, v, n - i);
    else if (far) stream(y + i, v);
    else store(y + i, v);
  }
  if (far) streamed();
}
template <class F, class... P>
__attribute__((noinline)) void mapInto(int64_t n, bool, F f, double* y, const P*... x) {
  for (int64_t i = 0; i < n; i++) y[i] = f(x[i]...);
}

/** The same, shared among threads: map(n, f, x, y), map(n, f, a, b, y), map(n, f, a, b, c, y). */
template <class F, class T> inline void map(int64_t n, F f, const T* x, T* y) {
  const bool far = isFar(n, y);
  parallel(n, kGrain, [&](int64_t at, int64_t end) { mapInto(end - at, far, f, y + at, x + at); });
}
template <class F, class T> inline void map(int64_t n, F f, const T* a, const T* b, T* y) {
  const bool far = isFar(n, y);
  parallel(n, kGrain, [&](int64_t at, int64_t end) { mapInto(end - at, far, f, y + at, a + at, b + at); });
}
template <class F, class T> inline void map(int64_t n, F f, const T* a, const T* b, const T* c, T* y) {
  const bool far = isFar(n, y);
  parallel(n, kGrain, [&](int64_t at, int64_t end) { mapInto(end - at, far, f, y + at, a + at, b + at, c + at); });
}

}  // namespace GLOROT_ISA
}  // namespace glorot
