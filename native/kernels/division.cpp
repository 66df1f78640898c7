// Division with a whole quotient: fmod and trunc follow the dividend's sign (C), remainder and floor the divisor's (Python).
// All are exact in float32 while |x/y| < 2^28: in double the product of quotient and divisor then has no rounding. Launches:
// binary; whole numbers refuse a divisor of 0.
#include "kernels/kernels.h"
#include "simd/math.h"
#include "simd/operands.h"
#include "simd/wide.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** x - k·y for the largest whole k that leaves it of x's sign. */
inline VecD fmodWide(VecD x, VecD y) {
  const VecD a = abs(x), b = abs(y), q = a / b;
  VecD k = whole(q);
  k = k > q ? k - 1.0 : k;
  VecD r = b == __builtin_inf() ? a : a - k * b;
  r = r < 0.0 ? r + b : r;
  r = r >= b ? r - b : r;
  return flip(r, negative(x));
}
inline VecF fmodOf(VecF x, VecF y) {
  if (!any(~(abs(x / y) < splat(268435456.0f)))) return inDouble([](VecD a, VecD b) { return fmodWide(a, b); }, x, y);
  VecF r;
  for (int i = 0; i < kLanesF; i++) r[i] = __builtin_fmodf(x[i], y[i]);
  return r;
}
inline double fmodOf(double x, double y) { return __builtin_fmod(x, y); }
/** INT32_MIN / -1 wraps around. */
inline int32_t fmodOf(int32_t x, int32_t y) { return y == -1 ? 0 : x % y; }
inline int32_t quotientOf(int32_t x, int32_t y) { return y == -1 ? static_cast<int32_t>(0u - static_cast<uint32_t>(x)) : x / y; }

struct FmodF {
  template <class T> T operator()(T x, T y) const { return fmodOf(x, y); }
};
struct RemainderF {
  template <class T> T operator()(T x, T y) const {
    const T r = fmodOf(x, y);
    return (r != T{}) & ((r < T{}) != (y < T{})) ? r + y : r;
  }
};
struct TruncDivideF {
  template <class T> T operator()(T x, T y) const { return trunc(x / y); }
  int32_t operator()(int32_t x, int32_t y) const { return quotientOf(x, y); }
};
/** floor(x/y) of the exact quotient, as Python's x // y: (x - remainder)/y is whole up to rounding, and is rounded there. */
struct FloorDivideF {
  template <class T> T operator()(T x, T y) const {
    const T r = fmodOf(x, y);
    T q = (x - r) / y;
    q = (r != T{}) & ((y < T{}) != (r < T{})) ? q - like(q, 1) : q;
    T f = floor(q);
    f = q - f > like(q, 0.5) ? f + like(f, 1) : f;
    f = q == T{} ? copysign(T{}, x / y) : f;
    return y == T{} ? x / y : f;
  }
  int32_t operator()(int32_t x, int32_t y) const {
    const int32_t r = fmodOf(x, y);
    return quotientOf(x, y) - (r != 0 && (r < 0) != (y < 0) ? 1 : 0);
  }
};

bool refuse(Launch& l) { return l.fail(ErrorKind::kValue, "a whole number is divided by 0"); }

/** Fails the launch if a divisor is 0. */
bool divisible(Launch& l) {
  bool zero = false;
  if (l.nBuffers == 2) {
    const int64_t n = l.size(0);
    const int side = l.choice(1, 2);
    const double c = l.num(0);
    const int32_t* x = l.in<int32_t>(0, n);
    l.out<int32_t>(1, n);
    if (!l.ok()) return false;
    for (int64_t i = 0; i < n && !zero; i++) zero = side == 0 ? c > -1 && c < 1 : x[i] == 0;
    return !zero || refuse(l);
  }
  Operands<2> o;
  if (!readOperands(l, 0, o)) return false;
  const int32_t* y = l.in<int32_t>(1, o.span[1]);
  l.out<int32_t>(2, o.n);
  if (!l.ok()) return false;
  int found = 0;
  eachRun(o, [&](const int64_t* offset, int64_t, int64_t n) {
    int any = 0;
    for (int64_t i = 0; i < n; i++) any |= y[offset[1] + i * o.step[1][o.ndim - 1]] == 0;
    if (any) __atomic_store_n(&found, 1, __ATOMIC_RELAXED);
  });
  return !found || refuse(l);
}

/** Whole numbers whose divisor another thread may clear meanwhile: they are looked at once more where they are used. */
template <class F> struct Guarded {
  F f;
  int32_t operator()(int32_t x, int32_t y) const { return y == 0 ? 0 : f(x, y); }
};
template <class T, class F> struct Division {
  static void run(Launch& l, F f) { binary<T, T>(l, f); }
};
template <class F> struct Division<int32_t, F> {
  static void run(Launch& l, F f) {
    if (divisible(l)) binary<int32_t, int32_t>(l, Guarded<F>{f});
  }
};

template <class T> void fmod(Launch& l) noexcept { Division<T, FmodF>::run(l, FmodF{}); }
template <class T> void remainder(Launch& l) noexcept { Division<T, RemainderF>::run(l, RemainderF{}); }
template <class T> void truncDivide(Launch& l) noexcept { Division<T, TruncDivideF>::run(l, TruncDivideF{}); }
template <class T> void floorDivide(Launch& l) noexcept { Division<T, FloorDivideF>::run(l, FloorDivideF{}); }

}  // namespace

GLOROT_FAMILY(division, NUMBERS(fmod), NUMBERS(remainder), NUMBERS(truncDivide), NUMBERS(floorDivide))

}  // namespace GLOROT_ISA
}  // namespace glorot
