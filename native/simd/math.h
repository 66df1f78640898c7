// The functions that unary operations and activations are made of, beside those of explog.h. Hot ones are polynomials over VecF,
// within 2 ulp over the whole range (native/test/math.cpp); rarer ones go through doubles (double.h). The double overloads are the
// C library's.
#pragma once
#include "simd/explog.h"
#include "simd/double.h"

namespace glorot {
namespace GLOROT_ISA {

/** name(double) by the C library, name(VecF) by `expression` of a VecD x. */
#define GLOROT_WIDE(name, expression)                              \
  inline double name(double x) { return __builtin_##name(x); }     \
  struct name##Wide {                                              \
    VecD operator()(VecD x) const { return expression; }           \
  };                                                               \
  inline VecF name(VecF x) { return wide(x, name##Wide{}); }
GLOROT_WIDE(log2, logD(x) * splat(1.4426950408889634))
GLOROT_WIDE(log10, logD(x) * splat(0.43429448190325183))
GLOROT_WIDE(asin, asinD(x))
GLOROT_WIDE(acos, acosD(x))
GLOROT_WIDE(atan, atanD(x))
GLOROT_WIDE(sinh, sinhD(x))
GLOROT_WIDE(cosh, coshD(x))
GLOROT_WIDE(asinh, asinhD(x))
GLOROT_WIDE(acosh, acoshD(x))
GLOROT_WIDE(atanh, atanhD(x))
GLOROT_WIDE(erfc, erfcD(x))

/** The same for functions with a period: `most` is the largest |x| that `expression` takes, beyond it lanes go one by one. */
#define GLOROT_PERIODIC(name, most, expression)                                          \
  inline double name(double x) { return __builtin_##name(x); }                           \
  struct name##Far {                                                                     \
    double operator()(double x) const { return __builtin_##name(x); }                    \
  };                                                                                     \
  inline VecF name(VecF x) {                                                             \
    if (__builtin_expect(any(~(abs(x) <= splat(most))), 0)) return lanewise(x, name##Far{}); \
    return expression;                                                                   \
  }
struct TanWide {
  VecD operator()(VecD x) const { return tanD(x); }
};
GLOROT_PERIODIC(tan, kMostTurned, wide(x, TanWide{}))

#if defined(__FMA__) || defined(__aarch64__)
/** sin(x + quarters * pi/2) for |x| up to 10^4: Cody-Waite reduction to [-pi/4, pi/4], then Cephes' polynomials (sinf.c). */
inline VecF sinReduced(VecF x, int quarters) {
  const VecF n = rint(x * splat(0.636619772f));
  VecF r = fma(n, splat(-1.57079601e+00f), x);
  r = fma(n, splat(-3.13916473e-07f), r);
  r = fma(n, splat(-5.39030253e-15f), r);
  const VecI q = toInt(n) + splati(quarters);
  const VecF z = r * r;
  VecF s = fma(splat(-1.9515295891e-4f), z, splat(8.3321608736e-3f));
  s = fma(fma(s, z, splat(-1.6666654611e-1f)) * z, r, r);
  VecF c = fma(splat(2.443315711809948e-5f), z, splat(-1.388731625493765e-3f));
  c = fma(c, z, splat(4.166664568298827e-2f));
  c = fma(c * z, z, fma(splat(-0.5f), z, splat(1.0f)));
  const VecF y = select((q & splati(1)) != splati(0), c, s);
  return asFloat(asInt(y) ^ ((q & splati(2)) << 30));
}
GLOROT_PERIODIC(sin, 1e4f, sinReduced(x, 0))
GLOROT_PERIODIC(cos, 1e4f, sinReduced(x, 1))
#else  // that reduction needs the fused product
struct SinWide {
  VecD operator()(VecD x) const { return sinTurned(turned(x), 0); }
};
struct CosWide {
  VecD operator()(VecD x) const { return sinTurned(turned(x), 1); }
};
GLOROT_PERIODIC(sin, kMostTurned, wide(x, SinWide{}))
GLOROT_PERIODIC(cos, kMostTurned, wide(x, CosWide{}))
#endif

inline double exp2(double x) { return __builtin_exp2(x); }
/** The whole part goes to the exponent, exactly. */
inline VecF exp2(VecF x) {
  const VecF c = min(splat(128.5f), max(splat(-150.5f), x)), n = rint(c), r = (c - n) * splat(0.69314718f);
  return scale(fma(fma(expTail(r), r, splat(1.0f)), r, splat(1.0f)), n);
}

inline double expm1(double x) { return __builtin_expm1(x); }
/** exp(x) - 1 = 2^n (exp(r) - 1) + (2^n - 1): nothing cancels near 0. Computed as twice its half, for n = 128. */
inline VecF expm1(VecF x) {
  const auto [n, r] = reduceExp(min(splat(89.0f), max(splat(-30.0f), x)));
  const VecF half = asFloat((toInt(n) + splati(126)) << 23);
  return splat(2.0f) * fma(half, fma(expTail(r) * r, r, r), half - splat(0.5f));
}

inline double tanh(double x) { return __builtin_tanh(x); }
/** Cephes tanhf.c: a polynomial below 0.625, 1 - 2/(exp(2|x|) + 1) above. */
inline VecF tanh(VecF x) {
  const VecF a = abs(x), z = x * x;
  VecF p = splat(-5.70498872745e-3f);
  p = fma(p, z, splat(2.06390887954e-2f));
  p = fma(p, z, splat(-5.37397155531e-2f));
  p = fma(p, z, splat(1.33314422036e-1f));
  p = fma(p, z, splat(-3.33332819422e-1f));
  const VecF small = fma(p * z, x, x);
  const VecF large = copysign(splat(1.0f) - splat(2.0f) / (exp(a + a) + splat(1.0f)), x);
  return select(a < splat(0.625f), small, select(x != x, x, large));
}

inline double sigmoid(double x) {
  const double e = __builtin_exp(-__builtin_fabs(x));
  return (x < 0 ? e : 1.0) / (1.0 + e);
}
/** y = 1/(1 + e) or e·y, e = exp(-|x|): nothing overflows and the far left keeps its digits. A Newton step gives back what 1 + e rounds
 *  off: its residual 1 - y - y·e has no rounding to speak of. */
inline VecF sigmoid(VecF x) {
  const VecF one = splat(1.0f), e = exp(-abs(x)), y = one / (one + e), z = fma(y, fma(-y, e, one - y), y);
  return select(x < VecF{}, e * z, z);
}

inline double erf(double x) { return __builtin_erf(x); }
/** N. Juffa's minimax approximations: about 1 ulp. https://stackoverflow.com/a/35148199 */
inline VecF erf(VecF x) {
  const VecF t = abs(x), s = x * x, c = min(splat(4.0f), t);
  VecF r = fma(splat(-1.72853470e-5f), c, splat(3.83197126e-4f));
  const VecF u = fma(splat(-3.88396438e-3f), c, splat(2.42546219e-2f));
  r = fma(r, c * c, u);
  r = fma(r, c, splat(-1.06777877e-1f));
  r = fma(r, c, splat(-6.34846687e-1f));
  r = fma(r, c, splat(-1.28717512e-1f));
  r = fma(r, c, -c);
  const VecF large = copysign(splat(1.0f) - exp(r), x);
  VecF q = splat(-5.96761703e-4f);
  q = fma(q, s, splat(4.99119423e-3f));
  q = fma(q, s, splat(-2.67681349e-2f));
  q = fma(q, s, splat(1.12819925e-1f));
  q = fma(q, s, splat(-3.76125336e-1f));
  q = fma(q, s, splat(1.28379166e-1f));
  return select(t > splat(0.921875f), large, fma(q, x, x));
}

/** The x with erf(x) = y: Giles' approximation in float32, then two Newton steps. */
inline double erfinv(double y) {
  if (!(y > -1.0 && y < 1.0)) return y == 1.0 ? __builtin_inf() : y == -1.0 ? -__builtin_inf() : __builtin_nan("");
  const double w = -__builtin_log((1.0 - y) * (1.0 + y));
  double x;
  if (w < 5.0) {
    const double v = w - 2.5;
    x = 2.81022636e-08, x = 3.43273939e-07 + x * v, x = -3.5233877e-06 + x * v, x = -4.39150654e-06 + x * v;
    x = 0.00021858087 + x * v, x = -0.00125372503 + x * v, x = -0.00417768164 + x * v, x = 0.246640727 + x * v;
    x = 1.50140941 + x * v;
  } else {
    const double v = __builtin_sqrt(w) - 3.0;
    x = -0.000200214257, x = 0.000100950558 + x * v, x = 0.00134934322 + x * v, x = -0.00367342844 + x * v;
    x = 0.00573950773 + x * v, x = -0.0076224613 + x * v, x = 0.00943887047 + x * v, x = 1.00167406 + x * v;
    x = 2.83297682 + x * v;
  }
  x *= y;
  for (int i = 0; i < 2; i++) {
    // erfc keeps the digits that erf loses near 1.
    const double missing = x < 0 ? (1.0 + y) - __builtin_erfc(-x) : __builtin_erfc(x) - (1.0 - y);
    x += missing * 0.88622692545275801365 * __builtin_exp(x * x);
  }
  return x;
}
struct ErfinvWide {
  VecD operator()(VecD x) const { return erfinvD(x); }
};
inline VecF erfinv(VecF x) { return wide(x, ErfinvWide{}); }

inline double floor(double x) { return __builtin_floor(x); }
inline double ceil(double x) { return __builtin_ceil(x); }
inline double trunc(double x) { return __builtin_trunc(x); }
/** Beyond 2^23 every float is whole; rint gives back x itself there, also infinities and nan. */
inline VecF floor(VecF x) {
  const VecF r = rint(x);
  return copysign(r - select(r > x, splat(1.0f), VecF{}), x);
}
inline VecF ceil(VecF x) {
  const VecF r = rint(x);
  return copysign(r + select(r < x, splat(1.0f), VecF{}), x);
}
inline VecF trunc(VecF x) {
  const VecF a = abs(x), r = rint(a);
  return copysign(r - select(r > a, splat(1.0f), VecF{}), x);
}

}  // namespace GLOROT_ISA
}  // namespace glorot
