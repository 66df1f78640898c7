// Functions of two numbers as a point or as logarithms: atan2, hypot, logaddexp and their backward. float32 is computed in double
// and rounded once (simd/wide.h). Launches forward: binary; backward: broadcast over three operands.
#include "kernels/kernels.h"
#include "simd/math.h"
#include "simd/operands.h"
#include "simd/wide.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr double kPi = 3.141592653589793;

/** The angle of (x, y): atan of the smaller over the larger of |x| and |y|, mirrored into its octant. */
inline VecD atan2Wide(VecD y, VecD x) {
  const VecD a = abs(y), b = abs(x);
  const VecL steep = a > b;
  const VecD small = steep ? b : a, large = steep ? a : b;
  VecD t = small / large;
  t = large == 0.0 ? VecD{} : (small == __builtin_inf()) ? VecD{} + 1.0 : t;
  VecD r = atanWide(t);
  r = steep ? kPi / 2 - r : r;
  r = negative(x) ? kPi - r : r;
  r = flip(r, negative(y));
  return (x != x) | (y != y) ? x + y : r;
}
struct Atan2F {
  VecF operator()(VecF y, VecF x) const { return inDouble([](VecD a, VecD b) { return atan2Wide(a, b); }, y, x); }
  double operator()(double y, double x) const { return __builtin_atan2(y, x); }
};
template <class T> void atan2(Launch& l) noexcept { binary<T, T>(l, Atan2F{}); }

inline double slope(double b, double a) { return a * a + b * b == 0 ? 0 : b / (a * a + b * b); }
inline VecF slope(VecF b, VecF a) {
  return inDouble([](VecD v, VecD u) { return u * u + v * v == 0.0 ? VecD{} : v / (u * u + v * v); }, b, a);
}
/** da = g·b/(a²+b²) of atan2(a, b), 0 at the origin; db is the negative of the same with a and b exchanged. */
struct Atan2BackwardF {
  template <class T> T operator()(T a, T b, T g) const { return g * slope(b, a); }
};
template <class T> void atan2Backward(Launch& l) noexcept { broadcast<3, T, T>(l, 0, Atan2BackwardF{}); }

struct HypotF {
  VecF operator()(VecF x, VecF y) const {
    const VecF r = inDouble([](VecD a, VecD b) { return sqrt(a * a + b * b); }, x, y);
    const VecF inf = splat(__builtin_inff());
    return (abs(x) == inf) | (abs(y) == inf) ? inf : r;
  }
  double operator()(double x, double y) const { return __builtin_hypot(x, y); }
};
template <class T> void hypot(Launch& l) noexcept { binary<T, T>(l, HypotF{}); }

/** dx = g·x/r, r the result. Operands: x, r, g. */
struct HypotBackwardF {
  template <class T> T operator()(T x, T r, T g) const { return g * (x / r); }
};
template <class T> void hypotBackward(Launch& l) noexcept { broadcast<3, T, T>(l, 0, HypotBackwardF{}); }

/** ln(e^a + e^b) = m + ln(1 + e^-|a-b|), m the larger. Below 2^-14 the logarithm is its series: 1 + d would drop digits of d. */
inline VecD logaddexpWide(VecD a, VecD b) {
  const VecD m = a > b ? a : b;
  const VecD d = exp2Wide(abs(a - b) * -1.4426950408889634);
  const VecD series = d * (1.0 - d * (0.5 - d * (1.0 / 3)));
  const VecD r = m + (d < 6.103515625e-05 ? series : log2Wide(1.0 + d) * 0.6931471805599453);
  return a == b ? a + (abs(a) == __builtin_inf() ? VecD{} : VecD{} + 0.6931471805599453) : r;
}
struct LogaddexpF {
  VecF operator()(VecF a, VecF b) const { return inDouble([](VecD x, VecD y) { return logaddexpWide(x, y); }, a, b); }
  double operator()(double a, double b) const {
    if (a == b && __builtin_isinf(a)) return a;
    return (a > b ? a : b) + __builtin_log1p(__builtin_exp(-__builtin_fabs(a - b)));
  }
};
template <class T> void logaddexp(Launch& l) noexcept { binary<T, T>(l, LogaddexpF{}); }

/** da = g/(1 + e^(b-a)). Operands: a, b, g. */
struct LogaddexpBackwardF {
  template <class T> T operator()(T a, T b, T g) const { return g / (like(a, 1) + exp(b - a)); }
};
template <class T> void logaddexpBackward(Launch& l) noexcept { broadcast<3, T, T>(l, 0, LogaddexpBackwardF{}); }

}  // namespace

GLOROT_FAMILY(plane, FLOATS(atan2), FLOATS(atan2Backward), FLOATS(hypot), FLOATS(hypotBackward), FLOATS(logaddexp),
              FLOATS(logaddexpBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
