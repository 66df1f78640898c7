// exp, log and log1p over packs: floats by polynomials (Cephes expf.c and logf.c, S. Moshier), within 2 ulp over the whole range
// and right at 0, infinities, nan and denormals; doubles are the C library's.
#pragma once
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

inline double exp(double x) { return __builtin_exp(x); }
inline double log(double x) { return __builtin_log(x); }
inline double log1p(double x) { return __builtin_log1p(x); }

inline VecF exp(VecF x) {
  // Past these ends exp is 0 or infinity in float32; the order of the operands lets nan through.
  x = min(splat(89.0f), max(splat(-104.0f), x));
  const VecF n = rint(x * splat(1.44269504f));
  const VecF r = fma(n, splat(2.12194440e-4f), fma(n, splat(-0.693359375f), x));
  VecF p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  p = fma(p, r, splat(5.0000001201e-1f));
  p = fma(fma(p, r, splat(1.0f)), r, splat(1.0f));
  // 2^n in two factors, as 2^128 and 2^-150 are no float32.
  const VecI whole = toInt(n), half = whole >> 1, bias = splati(127);
  return p * asFloat((half + bias) << 23) * asFloat((whole - half + bias) << 23);
}

inline VecF log(VecF x) {
  const VecI tiny = x < splat(1.17549435e-38f);
  const VecF scaled = select(tiny, x * splat(8388608.0f), x);
  const VecI bits = asInt(scaled) - splati(0x3f3504f3);  // of sqrt(1/2): the mantissa lands in [sqrt(1/2), sqrt(2))
  const VecF e = toFloat((bits >> 23) - (tiny & splati(23)));
  const VecF z = asFloat((bits & splati(0x007fffff)) + splati(0x3f3504f3)) - splat(1.0f);
  VecF p = splat(7.0376836292e-2f);
  p = fma(p, z, splat(-1.1514610310e-1f));
  p = fma(p, z, splat(1.1676998740e-1f));
  p = fma(p, z, splat(-1.2420140846e-1f));
  p = fma(p, z, splat(1.4249322787e-1f));
  p = fma(p, z, splat(-1.6668057665e-1f));
  p = fma(p, z, splat(2.0000714765e-1f));
  p = fma(p, z, splat(-2.4999993993e-1f));
  p = fma(p, z, splat(3.3333331174e-1f));
  const VecF zz = z * z;
  VecF y = fma(e, splat(-2.12194440e-4f), p * zz * z);
  y = fma(zz, splat(-0.5f), y) + z;
  y = fma(e, splat(0.693359375f), y);
  y = select(x == splat(__builtin_inff()), x, y);
  y = select(x == VecF{}, splat(-__builtin_inff()), y);
  return select((x < VecF{}) | (x != x), splat(__builtin_nanf("")), y);
}

/** log(1 + x): the rounding of 1 + x is made good by its derivative. */
inline VecF log1p(VecF x) {
  const VecF w = x + splat(1.0f);
  const VecF y = log(w) + (x - (w - splat(1.0f))) / w;
  return select((w == VecF{}) | (w == splat(__builtin_inff())), log(w), y);
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
