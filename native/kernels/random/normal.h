// Normal numbers in blocks of 16, as PyTorch's vector code makes them (aten/src/ATen/native/cpu/DistributionTemplates.h and
// avx_mathfun.h): the Cephes polynomials with fused steps, in this order, give every bit of it on every ISA.
#pragma once
#include "kernels/random/engine.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** a*b + c with one rounding, on v2 too. */
inline VecF fused(VecF a, VecF b, VecF c) {
#if defined(__SSE4_2__) && !defined(__FMA__)
  for (int i = 0; i < kLanesF; i++) c[i] = __builtin_fmaf(a[i], b[i], c[i]);
  return c;
#else
  return fma(a, b, c);
#endif
}
inline VecF fused(VecF a, float b, VecF c) { return fused(a, splat(b), c); }
inline VecF fused(VecF a, VecF b, float c) { return fused(a, b, splat(c)); }

/** log x for normal x > 0. */
inline VecF blockLog(VecF x) {
  const VecI bits = asInt(x);
  VecF e = toFloat((bits >> 23) - splati(126));
  VecF m = asFloat((bits & splati(0x007fffff)) | splati(0x3f000000));  // in [0.5, 1)
  const VecI low = m < splat(0.707106781186547524f);
  e -= asFloat(asInt(splat(1.0f)) & low);
  m = (m - splat(1.0f)) + asFloat(asInt(m) & low);
  const VecF z = m * m;
  const float p[] = {-1.1514610310e-1f, 1.1676998740e-1f,  -1.2420140846e-1f, 1.4249322787e-1f,
                     -1.6668057665e-1f, 2.0000714765e-1f, -2.4999993993e-1f, 3.3333331174e-1f};
  VecF y = splat(7.0376836292e-2f);
  for (float c : p) y = fused(y, m, c);
  y = fused(y * m, z, e * splat(-2.12194440e-4f));
  y = fused(z, -0.5f, y);
  return fused(e, 0.693359375f, m + y);
}

/** sin x and cos x for x >= 0. */
inline void blockSinCos(VecF x, VecF& sine, VecF& cosine) {
  const VecI j = (toInt(x * splat(1.27323954473516f)) + splati(1)) & splati(~1);
  const VecF turns = toFloat(j);
  x = fused(turns, -0.78515625f, x);
  x = fused(turns, -2.4187564849853515625e-4f, x);
  x = fused(turns, -3.77489497744594108e-8f, x);
  const VecF z = x * x;
  VecF c = splat(2.443315711809948e-5f);
  c = fused(c, z, -1.388731625493765e-3f);
  c = fused(c, z, 4.166664568298827e-2f) * z;
  c = fused(c, z, -(z * splat(0.5f))) + splat(1.0f);
  VecF s = splat(-1.9515295891e-4f);
  s = fused(s, z, 8.3321608736e-3f);
  s = fused(s, z, -1.6666654611e-1f) * z;
  s = fused(s, x, x);
  const VecI swap = (j & splati(2)) != VecI{};
  sine = asFloat(asInt(select(swap, c, s)) ^ (j << 29 & splati(INT32_MIN)));
  cosine = asFloat(asInt(select(swap, s, c)) ^ ((j + splati(2)) << 29 & splati(INT32_MIN)));
}

/** Blocks of 16 numbers in [0, 1), in place: with u = 1 - x[j], v = 2 pi x[j+8], r = sqrt(-2 log u),
 *  x[j] = r cos v std + mean, x[j+8] = r sin v std + mean, j < 8. At most kDraws numbers. */
__attribute__((noinline)) void normalBlocks(float* x, int64_t blocks, float mean, float std) {
  // The halves of all blocks side by side, so that a vector may span several blocks or part of one.
  float u[kDraws / 2 + kLanesF], v[kDraws / 2 + kLanesF];
  for (int64_t b = 0; b < blocks; b++) {
    std::memcpy(u + 8 * b, x + 16 * b, 8 * sizeof(float));
    std::memcpy(v + 8 * b, x + 16 * b + 8, 8 * sizeof(float));
  }
  std::memset(u + 8 * blocks, 0, sizeof(VecF));
  std::memset(v + 8 * blocks, 0, sizeof(VecF));
  const VecF scale = splat(std), shift = splat(mean);
  for (int64_t i = 0; i < 8 * blocks; i += kLanesF) {
    const VecF radius = sqrt(splat(-2.0f) * blockLog(splat(1.0f) - load(u + i)));
    VecF sine, cosine;
    blockSinCos(splat(6.283185307179586f) * load(v + i), sine, cosine);
    store(u + i, fused(radius * cosine, scale, shift));
    store(v + i, fused(radius * sine, scale, shift));
  }
  for (int64_t b = 0; b < blocks; b++) {
    std::memcpy(x + 16 * b, u + 8 * b, 8 * sizeof(float));
    std::memcpy(x + 16 * b + 8, v + 8 * b, 8 * sizeof(float));
  }
}
__attribute__((noinline)) void normalBlocks(double* x, int64_t blocks, double mean, double std) {
  for (int64_t b = 0; b < blocks; b++, x += 16)
    for (int j = 0; j < 8; j++) {
      const double radius = __builtin_sqrt(-2.0 * __builtin_log(1.0 - x[j]));
      const double theta = 2.0 * 3.14159265358979323846 * x[j + 8];
      x[j] = radius * __builtin_cos(theta) * std + mean;
      x[j + 8] = radius * __builtin_sin(theta) * std + mean;
    }
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
