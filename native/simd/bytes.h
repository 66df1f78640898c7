// Bools beside vectors: a byte a lane. Compilers take the lanes one by one where these name an instruction.
#pragma once
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {

typedef uint8_t Bytes __attribute__((vector_size(kLanesF)));

/** kLanesF bytes as integers. */
inline VecI widen(const uint8_t* x) {
  Bytes b;
  std::memcpy(&b, x, sizeof b);
#if defined(__SSE4_2__) && !defined(__AVX2__)
  int32_t four;
  std::memcpy(&four, &b, sizeof four);
  return (VecI)_mm_cvtepu8_epi32(_mm_cvtsi32_si128(four));
#else
  return __builtin_convertvector(b, VecI);
#endif
}

/** A comparison's lanes as bytes 0 and 1. */
inline Bytes truths(VecI mask) {
#if defined(__SSE4_2__) && !defined(__AVX512F__)
#if defined(__AVX2__)
  const __m128i low = _mm256_castsi256_si128((__m256i)mask), high = _mm256_extracti128_si256((__m256i)mask, 1);
#else
  const __m128i low = (__m128i)mask, high = low;
#endif
  const __m128i words = _mm_packs_epi32(low, high), bytes = _mm_and_si128(_mm_packs_epi16(words, words), _mm_set1_epi8(1));
  Bytes v;
  std::memcpy(&v, &bytes, sizeof v);
  return v;
#else
  return __builtin_convertvector(mask & splati(1), Bytes);
#endif
}

}  // namespace GLOROT_ISA
}  // namespace glorot
