// x^y and its backward. float32 is computed in double and rounded once (simd/wide.h): within 1 ulp over the whole range.
// Special values follow C's pow: x^0 = 1^y = 1 even of nan, (-1)^±inf = 1, a negative x has no power that is not whole.
#include "kernels/kernels.h"
#include "simd/operands.h"
#include "simd/wide.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

inline VecD powWide(VecD x, VecD y) {
  const VecD a = abs(x);
  VecD r = exp2Wide(y * log2Wide(a));
  // Whole and odd, of floats: from 2^24 on every float is even.
  const VecD near = abs(y) < 16777216.0 ? y : VecD{}, half = near * 0.5;
  const VecL isWhole = whole(near) == near, odd = isWhole & (whole(half) != half);
  r = flip(r, odd & negative(x));
  r = (x < 0.0) & (a < __builtin_inf()) & ~isWhole ? VecD{} + __builtin_nan("") : r;
  const VecL one = (x == 1.0) | (y == 0.0) | ((a == 1.0) & (abs(y) == __builtin_inf()));
  return one ? VecD{} + 1.0 : r;
}

/** Wraps around; a negative power of a whole number is 0, but of 1 and -1. */
inline int32_t wholePower(int32_t x, int32_t y) {
  if (y < 0) return x == 1 ? 1 : x == -1 ? (y & 1 ? -1 : 1) : 0;
  uint32_t r = 1, base = static_cast<uint32_t>(x);
  for (; y; y >>= 1, base *= base)
    if (y & 1) r *= base;
  return static_cast<int32_t>(r);
}

struct PowF {
  VecF operator()(VecF x, VecF y) const { return inDouble([](VecD a, VecD b) { return powWide(a, b); }, x, y); }
  double operator()(double x, double y) const { return __builtin_pow(x, y); }
  int32_t operator()(int32_t x, int32_t y) const { return wholePower(x, y); }
};
/** The same, one copy for what follows: other arithmetic hides the call. */
template <class T> __attribute__((noinline)) T powCalled(T x, T y) { return PowF{}(x, y); }

/** out = x^y; a binary launch. */
template <class T> void pow(Launch& l) noexcept { binary<T, T>(l, PowF{}); }

// --- a constant exponent: those with a formula of their own are exact to their few roundings -----------------------------
template <class F> void withExponent(double e, F run) {
  if (e == 0.0) run([](auto x) { return like(x, 1); });
  else if (e == 1.0) run([](auto x) { return x; });
  else if (e == 2.0) run([](auto x) { return x * x; });
  else if (e == 3.0) run([](auto x) { return x * x * x; });
  else if (e == 0.5) run([](auto x) { return sqrt(x); });
  else if (e == -0.5) run([](auto x) { return like(x, 1) / sqrt(x); });
  else if (e == -1.0) run([](auto x) { return like(x, 1) / x; });
  else if (e == -2.0) run([](auto x) { return like(x, 1) / (x * x); });
  else run([e](auto x) { return powCalled(x, like(x, e)); });
}

/** out = x^e. buffers: x, out. sizes: n. floats: e. */
template <class T> void powNumber(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const double e = l.num(0);
  const T* x = l.in<T>(0, n);
  T* y = l.out<T>(1, n);
  if (l.ok()) withExponent(e, [&](auto f) { map(n, f, x, y); });
}

/** dx = g·e·x^(e-1), 0 for e = 0. buffers: x, g, dx. sizes: n. floats: e. */
template <class T> void powNumberBackward(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const double e = l.num(0);
  const T* x = l.in<T>(0, n);
  const T* g = l.in<T>(1, n);
  T* dx = l.out<T>(2, n);
  if (!l.ok()) return;
  if (e == 0.0) map(n, [](auto v, auto) { return like(v, 0); }, x, g, dx);
  else withExponent(e - 1, [&](auto f) { map(n, [=](auto v, auto dy) { return dy * (like(v, e) * f(v)); }, x, g, dx); });
}

// --- both are tensors -----------------------------------------------------------------------------------------------------
inline double naturalLog(double x) { return __builtin_log(x); }
inline VecF naturalLog(VecF x) {
  return inDouble([](VecD a, VecD) { return a < 0.0 ? VecD{} + __builtin_nan("") : log2Wide(a) * 0.6931471805599453; }, x, x);
}

/** dx = g·y·x^(y-1), 0 where y = 0. */
struct PowBaseF {
  template <class T> T operator()(T x, T y, T g) const {
    return y == T{} ? T{} : g * (y * powCalled(x, y - like(y, 1)));
  }
};
/** dy = g·x^y·ln x, 0 where x = 0 and y >= 0. */
struct PowExponentF {
  template <class T> T operator()(T x, T y, T g) const {
    return (x == T{}) & (y >= T{}) ? T{} : g * (powCalled(x, y) * naturalLog(x));
  }
};
/** buffers: x, y, g, out. sizes: 0 for dx or 1 for dy, then as broadcast. */
template <class T> void powBackward(Launch& l) noexcept {
  const int which = l.choice(0, 2);
  if (!l.ok()) return;
  if (which == 0) broadcast<3, T, T>(l, 1, PowBaseF{});
  else broadcast<3, T, T>(l, 1, PowExponentF{});
}

}  // namespace

GLOROT_FAMILY(power, NUMBERS(pow), FLOATS(powNumber), FLOATS(powNumberBackward), FLOATS(powBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
