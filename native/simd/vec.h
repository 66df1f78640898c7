// The vector vocabulary that kernels are written in: compiler vector types (GCC, clang, clang-cl) of the ISA's width, and the
// few operations the operators + - * / < == ? : do not cover. Included once per ISA; everything is in an unnamed namespace, so
// no ISA can lend code to another.
#pragma once
#include <cstdint>
#include <cstring>

#if defined(__SSE4_2__)
#include <immintrin.h>
#elif defined(__aarch64__)
#include <arm_neon.h>
#endif

#define GLOROT_CONCAT_(a, b) a##b
#define GLOROT_CONCAT(a, b) GLOROT_CONCAT_(a, b)

#if defined(__AVX512F__)
#define GLOROT_VECTOR_BYTES 64
#elif defined(__AVX2__)
#define GLOROT_VECTOR_BYTES 32
#else
#define GLOROT_VECTOR_BYTES 16
#endif

namespace glorot {
namespace GLOROT_ISA {

typedef float VecF __attribute__((vector_size(GLOROT_VECTOR_BYTES)));
typedef double VecD __attribute__((vector_size(GLOROT_VECTOR_BYTES)));
typedef int32_t VecI __attribute__((vector_size(GLOROT_VECTOR_BYTES)));
typedef uint32_t VecU __attribute__((vector_size(GLOROT_VECTOR_BYTES)));
typedef int64_t VecL __attribute__((vector_size(GLOROT_VECTOR_BYTES)));

constexpr int kLanesF = GLOROT_VECTOR_BYTES / 4;
constexpr int kLanesD = GLOROT_VECTOR_BYTES / 8;

template <class T> struct VecOf;
template <> struct VecOf<float> { using type = VecF; static constexpr int lanes = kLanesF; };
template <> struct VecOf<double> { using type = VecD; static constexpr int lanes = kLanesD; };

/** Lanes of V. */
template <class V> constexpr int lanes() { return static_cast<int>(sizeof(V) / sizeof(V{}[0])); }

inline VecF splat(float x) { return x - VecF{}; }
inline VecD splat(double x) { return x - VecD{}; }
inline VecI splati(int32_t x) { return x - VecI{}; }

template <class T> inline typename VecOf<T>::type load(const T* p) {
  typename VecOf<T>::type v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class T> inline void store(T* p, typename VecOf<T>::type v) { std::memcpy(p, &v, sizeof v); }

/** Stores past the caches, to p aligned to a vector; `streamed` makes what this thread stored so visible to others. */
inline void stream(float* p, VecF v) {
#if defined(__AVX512F__)
  _mm512_stream_ps(p, (__m512)v);
#elif defined(__AVX2__)
  _mm256_stream_ps(p, (__m256)v);
#elif defined(__SSE4_2__)
  _mm_stream_ps(p, (__m128)v);
#else
  store(p, v);
#endif
}
inline void streamed() {
#if defined(__SSE4_2__)
  _mm_sfence();
#endif
}

/** The first n (0 < n < lanes) elements, zeros after them; never reads past them. */
inline VecF loadPartial(const float* p, int64_t n) {
#if defined(__AVX512F__)
  return (VecF)_mm512_maskz_loadu_ps((__mmask16)((1u << n) - 1), p);
#elif defined(__AVX2__)
  return (VecF)_mm256_maskload_ps(p, (__m256i)(VecI{0, 1, 2, 3, 4, 5, 6, 7} < splati(static_cast<int32_t>(n))));
#else
  return n == 1 ? VecF{p[0]} : n == 2 ? VecF{p[0], p[1]} : VecF{p[0], p[1], p[2]};
#endif
}
inline VecD loadPartial(const double* p, int64_t n) {
#if defined(__AVX512F__)
  return (VecD)_mm512_maskz_loadu_pd((__mmask8)((1u << n) - 1), p);
#elif defined(__AVX2__)
  return (VecD)_mm256_maskload_pd(p, (__m256i)(VecL{0, 1, 2, 3} < n - VecL{}));
#else
  (void)n;
  return VecD{p[0]};
#endif
}
/** v with some lanes of the vector at p, bit i for lane i; reads no others. */
inline VecF loadLanes(VecF v, const float* p, uint16_t lanes) {
#if defined(__AVX512F__)
  return (VecF)_mm512_mask_loadu_ps((__m512)v, lanes, p);
#elif defined(__AVX2__)
  const VecI bit = {1, 2, 4, 8, 16, 32, 64, 128}, mask = (splati(lanes) & bit) != 0;
  return mask ? (VecF)_mm256_maskload_ps(p, (__m256i)mask) : v;
#else
  for (int i = 0; i < kLanesF; i++)
    if (lanes >> i & 1) v[i] = p[i];
  return v;
#endif
}
#if defined(__AVX2__)
constexpr bool kMaskedLoads = true;  // loadPartial of all lanes is right
#else
constexpr bool kMaskedLoads = false;
#endif
/** The first n elements, 0 < n <= lanes, zeros after them. */
template <class T> inline typename VecOf<T>::type loadFirst(const T* p, int64_t n) {
  return kMaskedLoads || n < VecOf<T>::lanes ? loadPartial(p, n) : load(p);
}

#if !defined(__AVX512F__)
/** The lowest n lanes, by halves: a masked store is slow on many AVX2 machines. */
template <class V, class T> inline void storeLanes(T* p, V v, int64_t n) {
#if defined(__AVX2__)
  typedef T Half __attribute__((vector_size(16)));
  constexpr int64_t kHalf = 16 / sizeof(T);
  Half low, high;
  std::memcpy(&low, &v, 16);
  std::memcpy(&high, reinterpret_cast<const char*>(&v) + 16, 16);
  if (n >= kHalf) std::memcpy(p, &low, 16), p += kHalf, low = high, n -= kHalf;
#else
  V low = v;
#endif
  if (n >= 1) p[0] = low[0];
  if constexpr (sizeof(T) == 4) {
    if (n >= 2) p[1] = low[1];
    if (n >= 3) p[2] = low[2];
  }
}
#endif
inline void storePartial(float* p, VecF v, int64_t n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_ps(p, (__mmask16)((1u << n) - 1), (__m512)v);
#else
  storeLanes(p, v, n);
#endif
}
inline void storePartial(double* p, VecD v, int64_t n) {
#if defined(__AVX512F__)
  _mm512_mask_storeu_pd(p, (__mmask8)((1u << n) - 1), (__m512d)v);
#else
  storeLanes(p, v, n);
#endif
}

/** a*b + c, with one rounding where the ISA has it (all but v2). */
inline VecF fma(VecF a, VecF b, VecF c) {
#if defined(__AVX512F__)
  return (VecF)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c);
#elif defined(__FMA__)
  return (VecF)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c);
#elif defined(__aarch64__)
  return (VecF)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b);
#else
  return a * b + c;
#endif
}
inline VecD fma(VecD a, VecD b, VecD c) {
#if defined(__AVX512F__)
  return (VecD)_mm512_fmadd_pd((__m512d)a, (__m512d)b, (__m512d)c);
#elif defined(__FMA__)
  return (VecD)_mm256_fmadd_pd((__m256d)a, (__m256d)b, (__m256d)c);
#elif defined(__aarch64__)
  return (VecD)vfmaq_f64((float64x2_t)c, (float64x2_t)a, (float64x2_t)b);
#else
  return a * b + c;
#endif
}
inline float fma(float a, float b, float c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fmaf(a, b, c);
#else
  return a * b + c;
#endif
}
inline double fma(double a, double b, double c) {
#if defined(__FMA__) || defined(__aarch64__)
  return __builtin_fma(a, b, c);
#else
  return a * b + c;
#endif
}

inline VecF sqrt(VecF x) {
#if defined(__AVX512F__)
  return (VecF)_mm512_sqrt_ps((__m512)x);
#elif defined(__AVX2__)
  return (VecF)_mm256_sqrt_ps((__m256)x);
#elif defined(__SSE4_2__)
  return (VecF)_mm_sqrt_ps((__m128)x);
#else
  return (VecF)vsqrtq_f32((float32x4_t)x);
#endif
}
inline VecD sqrt(VecD x) {
#if defined(__AVX512F__)
  return (VecD)_mm512_sqrt_pd((__m512d)x);
#elif defined(__AVX2__)
  return (VecD)_mm256_sqrt_pd((__m256d)x);
#elif defined(__SSE4_2__)
  return (VecD)_mm_sqrt_pd((__m128d)x);
#else
  return (VecD)vsqrtq_f64((float64x2_t)x);
#endif
}
inline double sqrt(double x) { return __builtin_sqrt(x); }

/** To the nearest whole number, halves to even. */
inline VecF rint(VecF x) {
#if defined(__AVX512F__)
  return (VecF)_mm512_roundscale_ps((__m512)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif defined(__AVX2__)
  return (VecF)_mm256_round_ps((__m256)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif defined(__SSE4_2__)
  return (VecF)_mm_round_ps((__m128)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
  return (VecF)vrndnq_f32((float32x4_t)x);
#endif
}
inline double rint(double x) { return __builtin_rint(x); }

/** p * 2^n for whole n in [-151, 128], rounded once on AVX-512 and at most twice elsewhere. */
inline VecF scale(VecF p, VecF n) {
#if defined(__AVX512F__)
  return (VecF)_mm512_scalef_ps((__m512)p, (__m512)n);
#else
  // In two factors, as 2^128 and 2^-150 are no float32.
  const VecI whole = __builtin_convertvector(n, VecI), half = whole >> 1, bias = splati(127);
  return p * (VecF)((half + bias) << 23) * (VecF)((whole - half + bias) << 23);
#endif
}

inline VecI asInt(VecF x) { return (VecI)x; }
inline VecF asFloat(VecI x) { return (VecF)x; }
/** a - b of bit patterns: wraps where signed subtraction may not. */
inline VecI minusBits(VecI a, VecI b) { return (VecI)((VecU)a - (VecU)b); }
inline VecI toInt(VecF x) { return __builtin_convertvector(x, VecI); }
inline VecF toFloat(VecI x) { return __builtin_convertvector(x, VecF); }
inline VecF abs(VecF x) { return asFloat(asInt(x) & splati(0x7fffffff)); }
inline double abs(double x) { return __builtin_fabs(x); }
inline VecF copysign(VecF magnitude, VecF sign) {
  return asFloat((asInt(magnitude) & splati(0x7fffffff)) | (asInt(sign) & splati(INT32_MIN)));
}
inline double copysign(double magnitude, double sign) { return __builtin_copysign(magnitude, sign); }

/** mask ? a : b, lane by lane; masks are what comparisons of vectors give. */
inline VecF select(VecI mask, VecF a, VecF b) { return mask ? a : b; }
inline VecD select(VecL mask, VecD a, VecD b) { return mask ? a : b; }
inline double select(bool mask, double a, double b) { return mask ? a : b; }
inline float select(bool mask, float a, float b) { return mask ? a : b; }

/** Whether any lane of a mask is set. */
inline bool any(VecI mask) {
#if defined(__AVX512F__)
  return _mm512_test_epi32_mask((__m512i)mask, (__m512i)mask) != 0;
#elif defined(__AVX2__)
  return _mm256_movemask_ps((__m256)mask) != 0;
#elif defined(__SSE4_2__)
  return _mm_movemask_ps((__m128)mask) != 0;
#else
  return vmaxvq_u32((uint32x4_t)mask) != 0;
#endif
}

/** IEEE-less minimum and maximum: the second operand where one is nan. On x86 that is one instruction, which compilers do not find. */
inline VecF min(VecF a, VecF b) {
#if defined(__AVX512F__)
  return (VecF)_mm512_min_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (VecF)_mm256_min_ps((__m256)a, (__m256)b);
#elif defined(__SSE4_2__)
  return (VecF)_mm_min_ps((__m128)a, (__m128)b);
#else
  return a < b ? a : b;
#endif
}
inline VecF max(VecF a, VecF b) {
#if defined(__AVX512F__)
  return (VecF)_mm512_max_ps((__m512)a, (__m512)b);
#elif defined(__AVX2__)
  return (VecF)_mm256_max_ps((__m256)a, (__m256)b);
#elif defined(__SSE4_2__)
  return (VecF)_mm_max_ps((__m128)a, (__m128)b);
#else
  return a > b ? a : b;
#endif
}
inline VecD min(VecD a, VecD b) { return a < b ? a : b; }
inline VecD max(VecD a, VecD b) { return a > b ? a : b; }
inline double min(double a, double b) { return a < b ? a : b; }
inline double max(double a, double b) { return a > b ? a : b; }

/** Sum of the lanes, in a fixed tree order: halves onto each other. */
inline float reduceAdd(VecF v) {
#if GLOROT_VECTOR_BYTES == 64
  const auto v8 = __builtin_shufflevector(v, v, 0, 1, 2, 3, 4, 5, 6, 7) + __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15);
  const auto v4 = __builtin_shufflevector(v8, v8, 0, 1, 2, 3) + __builtin_shufflevector(v8, v8, 4, 5, 6, 7);
#elif GLOROT_VECTOR_BYTES == 32
  const auto v4 = __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
#else
  const auto v4 = v;
#endif
  const auto v2 = v4 + __builtin_shufflevector(v4, v4, 2, 3, 2, 3);
  return v2[0] + v2[1];
}
inline double reduceAdd(VecD v) {
#if GLOROT_VECTOR_BYTES == 64
  const auto v4 = __builtin_shufflevector(v, v, 0, 1, 2, 3) + __builtin_shufflevector(v, v, 4, 5, 6, 7);
  const auto v2 = __builtin_shufflevector(v4, v4, 0, 1) + __builtin_shufflevector(v4, v4, 2, 3);
#elif GLOROT_VECTOR_BYTES == 32
  const auto v2 = __builtin_shufflevector(v, v, 0, 1) + __builtin_shufflevector(v, v, 2, 3);
#else
  const auto v2 = v;
#endif
  return v2[0] + v2[1];
}

/** The constant c in the type of x: splat for a vector, itself for a double. */
inline VecF like(VecF, double c) { return splat(static_cast<float>(c)); }
inline VecD like(VecD, double c) { return splat(c); }
inline float like(float, double c) { return static_cast<float>(c); }
inline double like(double, double c) { return c; }

}  // namespace GLOROT_ISA
}  // namespace glorot
