// Rarer functions of a float, computed in double on the halves of a vector: what a formula loses there no float32 shows, so short
// polynomials give half an ulp (native/test/math.cpp asserts 1). The polynomials without a source are least-maximum fits to the
// function that their comment names, off by less than 2e-9 of it. Arguments are what float32 holds: squares do not overflow.
#pragma once
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {

typedef float HalfF __attribute__((vector_size(GLOROT_VECTOR_BYTES / 2)));
/** The lower and upper lanes as doubles, and back. */
inline VecD lower(VecF x) {
  HalfF h;
  std::memcpy(&h, &x, sizeof h);
  return __builtin_convertvector(h, VecD);
}
inline VecD upper(VecF x) {
  HalfF h;
  std::memcpy(&h, reinterpret_cast<const char*>(&x) + sizeof h, sizeof h);
  return __builtin_convertvector(h, VecD);
}
inline VecF join(VecD low, VecD high) {
  const HalfF h[2] = {__builtin_convertvector(low, HalfF), __builtin_convertvector(high, HalfF)};
  VecF x;
  std::memcpy(&x, h, sizeof x);
  return x;
}
inline VecD absD(VecD x) { return (VecD)((VecL)x & (INT64_MAX - VecL{})); }
inline VecD copysignD(VecD magnitude, VecD sign) {
  return (VecD)(((VecL)magnitude & (INT64_MAX - VecL{})) | ((VecL)sign & (INT64_MIN - VecL{})));
}

/** f of each lane; f is a function of VecD. One body for both halves and all callers, as these functions are long. */
template <class F>
__attribute__((noinline)) VecF wide(VecF x, F f) {
  VecD part[2] = {lower(x), upper(x)};
  for (VecD& v : part) v = f(v);
  return join(part[0], part[1]);
}
/** f of each lane by the C library, for arguments that are all but never met. */
template <class F>
__attribute__((noinline)) VecF lanewise(VecF x, F f) {
  VecF y{};
  for (int i = 0; i < kLanesF; i++) y[i] = static_cast<float>(f(static_cast<double>(x[i])));
  return y;
}

/** The polynomial with these coefficients, highest first. */
template <class... C>
inline VecD polynomial(VecD x, double first, C... rest) {
  VecD p = splat(first);
  ((p = fma(p, x, splat(rest))), ...);
  return p;
}

constexpr double kRound = 6755399441055744.0;  // 3*2^51: adding it leaves a whole number in the low bits

inline VecD expD(VecD x) {
  x = min(splat(120.0), max(splat(-120.0), x));
  const VecD n = x * splat(1.4426950408889634) + splat(kRound);
  const VecD r = x - (n - splat(kRound)) * splat(0.69314718055994531);
  const VecD p = polynomial(r, 1.0 / 40320, 1.0 / 5040, 1.0 / 720, 1.0 / 120, 1.0 / 24, 1.0 / 6, 0.5, 1.0, 1.0);
  return (VecD)((VecL)p + ((VecL)n << 52));
}

/** 2 artanh((m - 1)/(m + 1)) for the mantissa m in [sqrt(1/2), sqrt(2)), and the exponent. */
inline VecD logD(VecD x) {
  typedef uint64_t VecUL __attribute__((vector_size(GLOROT_VECTOR_BYTES)));
  constexpr uint64_t kSqrtHalfD = 0x3fe6a09e667f3bcd, kBias = 1024;
  const VecUL bits = (VecUL)x - kSqrtHalfD + (kBias << 52);
  // The exponent by its place in the mantissa of 2^52: there is no vector conversion from 64-bit integers before AVX-512.
  const VecD e = (VecD)((bits >> 52) | 0x4330000000000000) - splat(4503599627370496.0 + kBias);
  const VecD m = (VecD)((bits & 0x000fffffffffffff) + kSqrtHalfD);
  const VecD s = (m - splat(1.0)) / (m + splat(1.0)), z = s * s;
  const VecD p = polynomial(z, 2.0 / 11, 2.0 / 9, 2.0 / 7, 2.0 / 5, 2.0 / 3, 2.0);
  VecD y = e * splat(0.69314718055994531) + s * p;
  y = select(x == splat(__builtin_inf()), x, y);
  y = select(x == VecD{}, splat(-__builtin_inf()), y);
  return select(x >= VecD{}, y, splat(__builtin_nan("")));
}

/** Cephes atan.c's reduction to |z| <= tan(pi/8); atan(sqrt z)/sqrt z. */
inline VecD atanD(VecD x) {
  const VecD a = absD(x), one = splat(1.0);
  const VecL far = a > splat(2.414213562373095), middle = a > splat(0.41421356237309503);
  const VecD z = select(far, -one, select(middle, a - one, a)) / select(far, a, select(middle, a + one, one));
  const VecD start = select(far, splat(1.5707963267948966), select(middle, splat(0.78539816339744831), VecD{}));
  const VecD p = polynomial(z * z, 0.047164805755604963, -0.084609979804590787, 0.11041437271917872, -0.1428167499358576,
                            0.1999988740213886, -0.33333332150969363, 0.99999999997970186);
  return copysignD(start + z * p, x);
}

/** sin and cos of x with |x| <= kMostTurned: x less its quarter turns, by Taylor's series to r^11 and r^10. */
struct Turned {
  VecD sin, cos;
  VecL quarters;  // their parity in bit 0, half turns in bit 1
};
constexpr float kMostTurned = 1e6f;
inline Turned turned(VecD x) {
  const VecD shifted = x * splat(0.63661977236758134) + splat(kRound), n = shifted - splat(kRound);
  const VecD r = x - n * splat(1.5707963267341256) - n * splat(6.0771005065061922e-11), z = r * r;  // the first has 33 bits
  return {r * polynomial(z, -1.0 / 39916800, 1.0 / 362880, -1.0 / 5040, 1.0 / 120, -1.0 / 6, 1.0),
          polynomial(z, -1.0 / 3628800, 1.0 / 40320, -1.0 / 720, 1.0 / 24, -0.5, 1.0), (VecL)shifted};
}
inline VecD sinTurned(const Turned& t, int64_t quarters) {
  const VecL q = t.quarters + quarters;
  const VecD y = select((q & 1) != 0, t.cos, t.sin);
  return (VecD)((VecL)y ^ ((q & 2) << 62));
}

/** exp(a^2) erfc(a) for a >= 0, in (a - 3)/(a + 3); fitted up to 10.1, where erfc(a) leaves float32. */
inline VecD erfcD(VecD x) {
  const VecD a = min(splat(11.0), absD(x)), u = (a - splat(3.0)) / (a + splat(3.0));
  const VecD p = polynomial(u, 5.5863921618688539e-5, 2.8758068388861886e-5, -0.00059462609312111895, 0.00071578626008948245,
                            0.0042689190549455806, -0.024394238070350947, 0.07166585590702718, -0.15011578170201381,
                            0.24560379805976761, -0.32623356382424075, 0.17900115126020181);
  const VecD y = expD(-a * a) * p;
  return select(x < VecD{}, splat(2.0) - y, y);
}

/** erfinv(y)/y in w = -log(1 - y^2): to 5, and in sqrt(w) beyond, as M. Giles does (GPU Computing Gems, 2011). */
inline VecD erfinvD(VecD y) {
  const VecD w = -logD((splat(1.0) - y) * (splat(1.0) + y));
  const VecD near = polynomial(w - splat(2.5), 1.3285936590688226e-10, 4.3703086304982794e-10, -1.1023219925501917e-8,
                               1.645723439142303e-8, 4.796988845150172e-7, -3.4260121837143912e-6, -4.9987598356171409e-6,
                               0.00021826355753013871, -0.0012527048768116177, -0.0041773246362309573, 0.24664027578562643,
                               1.5014093516925136);
  const VecD far = polynomial(sqrt(w) - splat(3.0), -2.8222885040436605e-5, 0.00015970817207272467, -0.00027976613397678662,
                              -0.00011893438263177812, 0.0014765850292909389, -0.0035675451527293085, 0.0056872950666915691,
                              -0.0076427048495341521, 0.0094453420513912206, 1.0016752352479435, 2.8329768008814673);
  return y * select(w == splat(__builtin_inf()), w, select(w < splat(5.0), near, far));
}

inline VecD sinhD(VecD x) {
  const VecD z = x * x, e = expD(absD(x));
  const VecD small = x * polynomial(z, 1.0 / 362880, 1.0 / 5040, 1.0 / 120, 1.0 / 6, 1.0);
  return select(absD(x) < splat(0.5), small, copysignD(splat(0.5) * (e - splat(1.0) / e), x));
}
inline VecD coshD(VecD x) {
  const VecD e = expD(x);
  return splat(0.5) * (e + splat(1.0) / e);
}
/** log(a + sqrt(a^2 + 1)), whose argument near 0 is 1 and some lost digits: x - x^3/6 there. */
inline VecD asinhD(VecD x) {
  const VecD a = absD(x), y = logD(a + sqrt(a * a + splat(1.0)));
  return select(a < splat(1e-4), x - x * x * x * splat(1.0 / 6), copysignD(y, x));
}
inline VecD acoshD(VecD x) { return logD(select(x >= splat(1.0), x + sqrt(x * x - splat(1.0)), splat(-1.0))); }
inline VecD atanhD(VecD x) {
  const VecD y = splat(0.5) * logD((splat(1.0) + x) / (splat(1.0) - x));
  return select(absD(x) < splat(1e-4), x + x * x * x * splat(1.0 / 3), y);
}
inline VecD asinD(VecD x) { return atanD(x / sqrt((splat(1.0) - x) * (splat(1.0) + x))); }
inline VecD acosD(VecD x) { return splat(2.0) * atanD(sqrt((splat(1.0) - x) / (splat(1.0) + x))); }
inline VecD tanD(VecD x) {
  const Turned t = turned(x);
  const VecL odd = (t.quarters & 1) != 0;
  return select(odd, -t.cos, t.sin) / select(odd, t.sin, t.cos);
}

}  // namespace GLOROT_ISA
}  // namespace glorot
