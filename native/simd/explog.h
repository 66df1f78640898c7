// exp, log and log1p over packs: floats by polynomials (Cephes expf.c and logf.c, S. Moshier), within 2 ulp over the whole range
// and right at 0, infinities, nan and denormals; doubles are the C library's.
#pragma once
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {

inline double exp(double x) { return __builtin_exp(x); }
inline double log(double x) { return __builtin_log(x); }
inline double log1p(double x) { return __builtin_log1p(x); }

/** x = n log 2 + r with |r| <= log(2)/2 */
struct Reduced {
  VecF n, r;
};
inline Reduced reduceExp(VecF x) {
  const VecF n = rint(x * splat(1.44269504f));
  return {n, fma(n, splat(2.12194440e-4f), fma(n, splat(-0.693359375f), x))};
}
/** (exp(r) - 1 - r) / r^2 for |r| <= log(2)/2 */
inline VecF expTail(VecF r) {
  VecF p = splat(1.9875691500e-4f);
  p = fma(p, r, splat(1.3981999507e-3f));
  p = fma(p, r, splat(8.3334519073e-3f));
  p = fma(p, r, splat(4.1665795894e-2f));
  p = fma(p, r, splat(1.6666665459e-1f));
  return fma(p, r, splat(5.0000001201e-1f));
}

inline VecF exp(VecF x) {
  // Past these ends exp is 0 or infinity in float32; the order of the operands lets nan through.
  const auto [n, r] = reduceExp(min(splat(89.0f), max(splat(-104.0f), x)));
  return scale(fma(fma(expTail(r), r, splat(1.0f)), r, splat(1.0f)), n);
}

/** log(2^e (1 + z)) for z in [sqrt(1/2) - 1, sqrt(2) - 1] */
inline VecF logReduced(VecF e, VecF z) {
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
  const VecF y = fma(zz, splat(-0.5f), fma(e, splat(-2.12194440e-4f), p * zz * z)) + z;
  return fma(e, splat(0.693359375f), y);
}

/** The result y of a logarithm of x, but what it is at 0, below it, at infinity and nan. */
inline VecF logEnds(VecF x, VecF y) {
  y = select(x == splat(__builtin_inff()), x, y);
  y = select(x == VecF{}, splat(-__builtin_inff()), y);
  return select(~(x >= VecF{}), splat(__builtin_nanf("")), y);
}

constexpr int32_t kSqrtHalf = 0x3f3504f3;  // its bits: a mantissa counted from there lands in [sqrt(1/2), sqrt(2))

inline VecF log(VecF x) {
  const VecI tiny = x < splat(1.17549435e-38f);
  const VecF scaled = select(tiny, x * splat(8388608.0f), x);
  const VecI bits = minusBits(asInt(scaled), splati(kSqrtHalf));
  const VecF e = toFloat((bits >> 23) - (tiny & splati(23)));
  return logEnds(x, logReduced(e, asFloat((bits & splati(0x007fffff)) + splati(kSqrtHalf)) - splat(1.0f)));
}

/** log(1 + x): with 2^e the power nearest to 1 + x, its z = x/2^e + (1/2^e - 1) loses nothing that 1 + x would. N. Juffa,
 *  https://stackoverflow.com/a/39822314 */
inline VecF log1p(VecF x) {
  const VecF u = x + splat(1.0f);
  const VecI e = minusBits(asInt(u), splati(kSqrtHalf)) & splati(static_cast<int32_t>(0xff800000));
  // x/2^e and 4/2^e: 1/2^128 is no normal float.
  const VecF part = asFloat(minusBits(asInt(x), e)), four = asFloat(minusBits(splati(0x40800000), e));
  return logEnds(u, logReduced(toFloat(e >> 23), part + fma(splat(0.25f), four, splat(-1.0f))));
}

/** log(1 + x) for x in [0, 1] or nan: halving 1 + x is all the reduction it needs. */
inline VecF log1pUnit(VecF x) {
  const VecI big = x > splat(0.41421356f);
  return logReduced(select(big, splat(1.0f), VecF{}), select(big, (x - splat(1.0f)) * splat(0.5f), x));
}
inline double log1pUnit(double x) { return __builtin_log1p(x); }

/** log(1 + exp(x)) = max(x, 0) + log(1 + exp(-|x|)), without overflow. */
template <class V> inline V softplusOf(V x) { return max(like(x, 0), x) + log1pUnit(exp(-abs(x))); }

}  // namespace GLOROT_ISA
}  // namespace glorot
