// The functions that unary operations and activations are made of, beside those of explog.h. Hot ones are polynomials over VecF,
// within 2 ulp over the whole range (native/test/math.cpp); rare ones take each lane through the C library in double. The double
// overloads are the C library's.
#pragma once
#include "simd/explog.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** F of each lane, in double: half an ulp, at the speed of the C library. */
template <class F>
__attribute__((noinline)) VecF lanewise(VecF x, F f) {
  VecF y{};
  for (int i = 0; i < kLanesF; i++) y[i] = static_cast<float>(f(static_cast<double>(x[i])));
  return y;
}
#define GLOROT_LANEWISE(name)                                      \
  inline double name(double x) { return __builtin_##name(x); }     \
  struct name##Of {                                                \
    double operator()(double x) const { return __builtin_##name(x); } \
  };                                                               \
  inline VecF name(VecF x) { return lanewise(x, name##Of{}); }
GLOROT_LANEWISE(exp2)
GLOROT_LANEWISE(log2)
GLOROT_LANEWISE(log10)
GLOROT_LANEWISE(tan)
GLOROT_LANEWISE(asin)
GLOROT_LANEWISE(acos)
GLOROT_LANEWISE(atan)
GLOROT_LANEWISE(sinh)
GLOROT_LANEWISE(cosh)
GLOROT_LANEWISE(asinh)
GLOROT_LANEWISE(acosh)
GLOROT_LANEWISE(atanh)
GLOROT_LANEWISE(erfc)

/** Whether any lane of a mask is set. */
inline bool any(VecI mask) {
  int32_t all = 0;
  for (int i = 0; i < kLanesF; i++) all |= mask[i];
  return all != 0;
}

inline double expm1(double x) { return __builtin_expm1(x); }
/** exp(x) - 1 = 2^n (exp(r) - 1) + (2^n - 1), with the n and r of exp: nothing cancels near 0. */
inline VecF expm1(VecF x) {
  const VecF c = min(splat(80.0f), max(splat(-30.0f), x));
  const VecF n = rint(c * splat(1.44269504f));
  const VecF r = fma(n, splat(2.12194440e-4f), fma(n, splat(-0.693359375f), c));
  VecF p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  const VecF s = asFloat((toInt(n) + splati(127)) << 23);
  const VecF y = fma(s, fma(p * r, r, r), s - splat(1.0f));
  return select(x == VecF{}, x, select(x > splat(80.0f), exp(x), y));
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
/** 1/(1 + e) or e/(1 + e), e = exp(-|x|): nothing overflows and the far left keeps its digits. What 1 + e rounds off is given back by
 *  the derivative, without which the result can be 2.001 ulp off. */
inline VecF sigmoid(VecF x) {
  const VecF one = splat(1.0f), e = exp(-abs(x)), d = one + e, lost = e - (d - one);
  const VecI left = x < VecF{};
  const VecF y = select(left, e, one) / d;
  return fma(-y * lost, select(left, one - y, y), y);
}

inline double softplus(double x) { return (x > 0 ? x : 0) + __builtin_log1p(__builtin_exp(-__builtin_fabs(x))); }
/** log(1 + exp(x)) = max(x, 0) + log1p(exp(-|x|)) */
inline VecF softplus(VecF x) { return max(VecF{}, x) + log1p(exp(-abs(x))); }

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

struct SinOf {
  double operator()(double x) const { return __builtin_sin(x); }
};
struct CosOf {
  double operator()(double x) const { return __builtin_cos(x); }
};

/** sin(x + quarters * pi/2) for |x| up to 10^4: Cody-Waite reduction to [-pi/4, pi/4], then Cephes' polynomials. */
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
inline double sin(double x) { return __builtin_sin(x); }
inline double cos(double x) { return __builtin_cos(x); }
#if defined(__FMA__) || defined(__aarch64__)
inline VecF sin(VecF x) {
  if (__builtin_expect(any(~(abs(x) < splat(1e4f))), 0)) return lanewise(x, SinOf{});
  return select(x == VecF{}, x, sinReduced(x, 0));
}
inline VecF cos(VecF x) {
  if (__builtin_expect(any(~(abs(x) < splat(1e4f))), 0)) return lanewise(x, CosOf{});
  return sinReduced(x, 1);
}
#else  // the reduction needs the fused product
inline VecF sin(VecF x) { return lanewise(x, SinOf{}); }
inline VecF cos(VecF x) { return lanewise(x, CosOf{}); }
#endif

/** The x with erf(x) = y: M. Giles' approximation (GPU Computing Gems, 2011), then two Newton steps in double. */
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
    const double excess = x < 0 ? (1.0 + y) - __builtin_erfc(-x) : __builtin_erfc(x) - (1.0 - y);
    x += (x < 0 ? excess : excess) * 0.88622692545275801365 * __builtin_exp(x * x);
  }
  return x;
}
struct ErfinvOf {
  double operator()(double x) const { return erfinv(x); }
};
inline VecF erfinv(VecF x) { return lanewise(x, ErfinvOf{}); }

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

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
