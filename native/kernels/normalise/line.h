// What normalisations do to a line, n values that lie side by side: two sums at once, and y = f(x).
#pragma once
#include "kernels/kernels.h"
#include "simd/fold.h"

namespace glorot {
namespace GLOROT_ISA {

/** Two running sums: lanes of T for a while, then doubles, so that the error does not grow with the count. */
template <class T> struct Tally {
  static constexpr int64_t kHeld = 256 * kPack<T>;
  Pack<T> a{}, b{};
  int64_t held = 0;
  double first = 0, second = 0;

  void flush() {
    first += static_cast<double>(foldLanes(Sum{}, a));
    second += static_cast<double>(foldLanes(Sum{}, b));
    a = b = Pack<T>{};
    held = 0;
  }
};

/** f(i, m, a, b) adds to both sums what elements i … i+m-1 have; lanes past m do not count. */
template <class T, class F>
__attribute__((noinline, flatten)) void addLine(Tally<T>& to, int64_t n, F f) {
  constexpr int W = kPack<T>;
  const Pack<T> none{};
  for (int64_t at = 0; at < n;) {
    const int64_t end = n - at < Tally<T>::kHeld ? n : at + Tally<T>::kHeld;
    Pack<T> a[4] = {to.a, none, none, none}, b[4] = {to.b, none, none, none};
    to.held += end - at;
    for (; at + 4 * W <= end; at += 4 * W)
#pragma GCC unroll 4
      for (int k = 0; k < 4; k++) f(at + k * W, W, a[k], b[k]);
    for (; at + W <= end; at += W) f(at, W, a[0], b[0]);
    if (at < end) {
      Pack<T> u = none, v = none;
      f(at, end - at, u, v);
      a[1] = a[1] + firstLanes(u, end - at, none), b[1] = b[1] + firstLanes(v, end - at, none);
      at = end;
    }
    to.a = (a[0] + a[1]) + (a[2] + a[3]), to.b = (b[0] + b[1]) + (b[2] + b[3]);
    if (to.held >= Tally<T>::kHeld) to.flush();
  }
}

/** Adds x - around and its square. */
template <class T> inline void addSpread(Tally<T>& to, const T* x, int64_t n, T around) {
  const Pack<T> m = fillPack(around);
  addLine(to, n, [=](int64_t i, int64_t count, Pack<T>& a, Pack<T>& b) {
    const Pack<T> u = loadPack(x + i, count) - m;
    a = a + u, b = fma(u, u, b);
  });
}
/** Adds dy and dy (x - mean). */
template <class T> inline void addCross(Tally<T>& to, const T* x, const T* dy, int64_t n, T mean) {
  const Pack<T> m = fillPack(mean);
  addLine(to, n, [=](int64_t i, int64_t count, Pack<T>& a, Pack<T>& b) {
    const Pack<T> u = loadPack(dy + i, count);
    a = a + u, b = fma(u, loadPack(x + i, count) - m, b);
  });
}

template <class T> inline T meanOfLine(const T* x, int64_t n) { return fold<T>(Sum{}, n, Elements<T>{x}) / static_cast<T>(n); }

/** Mean and variance (of the population) of n values from the sums of x - around and of its squares. */
struct Moments {
  double mean, variance;
};
inline Moments momentsFrom(double around, double first, double second, int64_t n) {
  const double d = first / static_cast<double>(n), v = second / static_cast<double>(n) - d * d;
  return {around + d, v < 0 ? 0 : v};  // nan stays nan
}
inline double inverseDeviation(double variance, double eps) { return 1 / __builtin_sqrt(variance + eps); }

/** f(i, m) for packs that cover n elements: whole ones, then the rest. */
template <class T, class F>
__attribute__((always_inline)) inline void eachPack(int64_t n, F f) {
  constexpr int W = kPack<T>;
  int64_t i = 0;
  for (; i + W <= n; i += W) f(i, int64_t{W});
  if (i < n) f(i, n - i);
}

/** y = (x - mean) a + b. */
template <class T>
__attribute__((noinline, flatten)) void scaleLine(int64_t n, const T* x, T mean, T a, T b, T* y) {
  const Pack<T> m = fillPack(mean), by = fillPack(a), plus = fillPack(b);
  eachPack<T>(n, [=](int64_t i, int64_t count) { storePack(y + i, fma(loadPack(x + i, count) - m, by, plus), count); });
}
/** dx = (dy·w - shift - (x - mean) slope) a. */
template <class T>
__attribute__((noinline, flatten)) void scaleLineBack(int64_t n, const T* x, const T* dy, T mean, T w, T shift, T slope, T a, T* dx) {
  const Pack<T> m = fillPack(mean), weight = fillPack(w), c = fillPack(shift), k = fillPack(slope), by = fillPack(a);
  eachPack<T>(n, [=](int64_t i, int64_t count) {
    storePack(dx + i, (fma(loadPack(dy + i, count), weight, -c) - (loadPack(x + i, count) - m) * k) * by, count);
  });
}

}  // namespace GLOROT_ISA
}  // namespace glorot
