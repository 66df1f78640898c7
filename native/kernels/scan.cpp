// Running sums and products along one dimension of a contiguous tensor x[outer, R, inner]. Floats run in double, as in PyTorch.
#include "kernels/kernels.h"
#include "simd/spread.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** y[r] = x[0] + … + x[r], or from the other end. An int32 sum that does not fit is an error.
 *  buffers: x, y (may be x).  sizes: outer, R, inner, reverse (0, 1). */
template <class T, class A, bool kWhole> void runningSum(Launch& l) {
  Axis a;
  if (!readAxis(l, a)) return;
  const bool reverse = l.choice(3, 2) == 1;
  const T* x = l.in<T>(0, a.n());
  T* y = l.out<T>(1, a.n());
  if (!l.ok() || a.n() == 0) return;
  int past = 0;
  eachStrip(a, [&](int64_t at, int64_t, int64_t n) {
    A run[kStrip] = {};
    bool fits = true;
    const auto step = [&](A& sum, int64_t i) {
      sum += static_cast<A>(x[i]);
      y[i] = static_cast<T>(sum);
      if (kWhole) fits &= sum == static_cast<A>(y[i]);
    };
    A alone = 0;  // in a register
    for (int64_t k = 0; k < a.R; k++) {
      const int64_t row = at + (reverse ? a.R - 1 - k : k) * a.inner;
      if (n == 1) step(alone, row);
      else
        for (int64_t i = 0; i < n; i++) step(run[i], row + i);
    }
    if (!fits) __atomic_store_n(&past, 1, __ATOMIC_RELAXED);
  });
  if (past) l.fail(ErrorKind::kValue, "a running sum does not fit int32; convert to float64 first");
}
template <class T> void cumsum(Launch& l) noexcept { runningSum<T, double, false>(l); }
template <> void cumsum<int32_t>(Launch& l) noexcept { runningSum<int32_t, int64_t, true>(l); }

/** y[r] = x[0] * … * x[r].  buffers: x, y (may be x).  sizes: outer, R, inner. */
template <class T> void cumprod(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  T* y = l.out<T>(1, a.n());
  if (!l.ok() || a.n() == 0) return;
  eachStrip(a, [&](int64_t at, int64_t, int64_t n) {
    double run[kStrip];
    for (int64_t i = 0; i < n; i++) run[i] = 1;
    for (int64_t r = 0, row = at; r < a.R; r++, row += a.inner)
      for (int64_t i = 0; i < n; i++) run[i] *= static_cast<double>(x[row + i]), y[row + i] = static_cast<T>(run[i]);
  });
}

/** dx[r] = y[r-1] * s[r], s[r] = dy[r] + x[r+1] s[r+1]: the products that hold x[r], summed without dividing by it, so zeros
 *  are right.  buffers: x, y (cumprod of x), dy, dx (may be dy).  sizes: outer, R, inner. */
template <class T> void cumprodBackward(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  const T* y = l.in<T>(1, a.n());
  const T* dy = l.in<T>(2, a.n());
  T* dx = l.out<T>(3, a.n());
  if (!l.ok() || a.n() == 0) return;
  eachStrip(a, [&](int64_t at, int64_t, int64_t n) {
    double s[kStrip] = {};
    for (int64_t r = a.R - 1; r >= 0; r--) {
      const int64_t row = at + r * a.inner;
      for (int64_t i = 0; i < n; i++) {
        const double next = r + 1 < a.R ? static_cast<double>(x[row + a.inner + i]) * s[i] : 0;
        s[i] = static_cast<double>(dy[row + i]) + next;
        dx[row + i] = static_cast<T>(r > 0 ? static_cast<double>(y[row - a.inner + i]) * s[i] : s[i]);
      }
    }
  });
}

}  // namespace

GLOROT_FAMILY(scan, NUMBERS(cumsum), FLOATS(cumprod), FLOATS(cumprodBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
