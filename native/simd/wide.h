// Float functions of two arguments computed in double: a vector of floats as two vectors of doubles. What is left of the error is
// the one rounding back to float, and nothing overflows on the way. log2, exp2 and atan are accurate to about 1e-11, relative.
#pragma once
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {

typedef float HalfF __attribute__((vector_size(GLOROT_VECTOR_BYTES / 2)));
typedef uint64_t VecUL __attribute__((vector_size(GLOROT_VECTOR_BYTES)));

/** f(a[i], b[i]) in double, rounded to float once. */
template <class F> inline VecF inDouble(F f, VecF a, VecF b) {
  HalfF x[2], y[2], r[2];
  std::memcpy(x, &a, sizeof a);
  std::memcpy(y, &b, sizeof b);
  for (int h = 0; h < 2; h++)
    r[h] = __builtin_convertvector(f(__builtin_convertvector(x[h], VecD), __builtin_convertvector(y[h], VecD)), HalfF);
  VecF v;
  std::memcpy(&v, r, sizeof v);
  return v;
}

inline VecD abs(VecD x) { return (VecD)((VecL)x & (INT64_MAX - VecL{})); }
/** Lanes whose sign bit is set, -0 among them. */
inline VecL negative(VecD x) { return (VecL)x < VecL{}; }
inline VecD flip(VecD x, VecL mask) { return (VecD)((VecL)x ^ (mask & (INT64_MIN - VecL{}))); }

// Adding 1.5·2^52 leaves a whole number in the low bits of the sum, rounded to nearest even.
constexpr double kWhole = 6755399441055744.0;
/** The nearest whole number, |x| < 2^51. */
inline VecD whole(VecD x) { return (x + kWhole) - kWhole; }

/** log2 x, x >= 0 of float range: x = 2^e·m, m in [1/√2, √2], log2 m = 2/ln 2·atanh(s), s = (m-1)/(m+1), |s| < 0.172. */
inline VecD log2Wide(VecD x) {
  const VecL bits = (VecL)x;
  VecD m = (VecD)((bits & 0xfffffffffffff) | 0x3ff0000000000000);
  // The exponent field as a double: put it into the low bits of 2^52 and take 2^52 and the bias off again.
  VecD e = (VecD)((VecL)((VecUL)bits >> 52) | 0x4330000000000000) - (4503599627370496.0 + 1023);
  const VecL high = m > 1.4142135623730951;
  m = high ? m * 0.5 : m;
  e = high ? e + 1.0 : e;
  const VecD s = (m - 1.0) / (m + 1.0), z = s * s;
  VecD p = z * (1.0 / 13) + 1.0 / 11;
  p = p * z + 1.0 / 9, p = p * z + 1.0 / 7, p = p * z + 1.0 / 5, p = p * z + 1.0 / 3, p = p * z + 1.0;
  VecD r = e + s * 2.8853900817779268 * p;
  r = x == VecD{} ? VecD{} - __builtin_inf() : r;
  return (x == __builtin_inf()) | (x != x) ? x : r;
}

/** 2^x as floats see it: 0 below -200, inf above 200. x = k + f, |f| <= 1/2, Taylor series of 2^f. */
inline VecD exp2Wide(VecD x) {
  VecD t = x < -200.0 ? VecD{} - 200.0 : x;
  t = t > 200.0 ? VecD{} + 200.0 : t;
  const VecD k = t + kWhole;
  const VecD f = (t - (k - kWhole)) * 0.6931471805599453;
  VecD p = f * (1.0 / 40320) + 1.0 / 5040;
  p = p * f + 1.0 / 720, p = p * f + 1.0 / 120, p = p * f + 1.0 / 24, p = p * f + 1.0 / 6, p = p * f + 0.5, p = p * f + 1.0, p = p * f + 1.0;
  const VecD r = (VecD)((VecL)p + (VecL)((VecUL)k << 52));
  return x != x ? x : r;
}

/** atan x, 0 <= x <= 1: above tan(π/8) by atan x = π/4 + atan((x-1)/(x+1)), then Taylor's series. */
inline VecD atanWide(VecD x) {
  const VecL high = x > 0.4142135623730950;
  const VecD t = high ? (x - 1.0) / (x + 1.0) : x, z = t * t;
  VecD p = z * (-1.0 / 23) + 1.0 / 21;
  p = p * z - 1.0 / 19, p = p * z + 1.0 / 17, p = p * z - 1.0 / 15, p = p * z + 1.0 / 13, p = p * z - 1.0 / 11;
  p = p * z + 1.0 / 9, p = p * z - 1.0 / 7, p = p * z + 1.0 / 5, p = p * z - 1.0 / 3, p = p * z + 1.0;
  return high ? t * p + 0.7853981633974483 : t * p;
}

}  // namespace GLOROT_ISA
}  // namespace glorot
