// The register tile: MR rows by NV vectors of C, summed over k without leaving registers. Every product of the general path is
// made of these. Rows of A are read by broadcast, so any strides do; rows of B are read as vectors.
#pragma once
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// Registers allow 24 sums beside a row of B where there are 32 of them, 12 where there are 16. On AVX-512 the 6 x 4 shape
// measures 1.00-1.04x OpenBLAS from 128x256x512 to 2048^3, 8x3 0.92-0.99x, 12x2 0.93x (Zen 4). NEON needs registers for the
// elements of A too: 6 x 4 would spill.
#if defined(__AVX512F__)
constexpr int kTileVectors = 4;
constexpr int kTileRows[] = {0, 8, 8, 8, 6};
#elif defined(__aarch64__)
constexpr int kTileVectors = 4;
constexpr int kTileRows[] = {0, 8, 8, 6, 5};
#else
constexpr int kTileVectors = 2;
constexpr int kTileRows[] = {0, 8, 6};
#endif
constexpr int kMaxTileRows = 8;

/** What happens to the sums on their way to C. */
template <class T> struct Finish {
  T alpha, beta;
  const T* bias;  // of the first column, or none
};

/** Tiles of one height below each other. `last`: columns of C in the last vector, 1…lanes. */
template <class T> struct Strip {
  int64_t count, K;
  const T* a;
  int64_t rowA, colA, stepA;  // stepA: from a tile's first row to the next tile's
  const T* b;
  int64_t rowB;
  T* c;
  int64_t ldc;
  int64_t last;
  Finish<T> finish;
};

template <class T, int MR, int NV>
__attribute__((always_inline)) inline void finishTile(typename VecOf<T>::type (&sum)[MR][NV], T* c, const Strip<T>& s) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  const int64_t last = s.last;
  const bool whole = last == L;
  const Finish<T>& finish = s.finish;
  const auto at = [&](const T* p, int j) { return j < NV - 1 || whole ? load(p + j * L) : loadPartial(p + j * L, last); };
  if (finish.alpha != T(1)) {
    const V alpha = splat(finish.alpha);
#pragma GCC unroll 8
    for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) sum[i][j] = sum[i][j] * alpha;
  }
  if (finish.beta != T(0)) {
    const V beta = splat(finish.beta);
#pragma GCC unroll 8
    for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) sum[i][j] = fma(beta, at(c + i * s.ldc, j), sum[i][j]);
  }
  if (finish.bias) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) {
      const V bias = at(finish.bias, j);
#pragma GCC unroll 8
      for (int i = 0; i < MR; i++) sum[i][j] = sum[i][j] + bias;
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < MR; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < NV - 1; j++) store(c + i * s.ldc + j * L, sum[i][j]);
    if (whole) store(c + i * s.ldc + (NV - 1) * L, sum[i][NV - 1]);
    else storePartial(c + i * s.ldc + (NV - 1) * L, sum[i][NV - 1], last);
  }
}

/** One k of a tile. */
template <class T, int MR, int NV, bool partial>
__attribute__((always_inline)) inline void step(typename VecOf<T>::type (&sum)[MR][NV], const T* a, int64_t rowA, const T* b,
                                                int64_t last) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  V row[NV];
#pragma GCC unroll 4
  for (int j = 0; j < NV - 1; j++) row[j] = load(b + j * L);
  row[NV - 1] = partial ? loadFirst(b + (NV - 1) * L, last) : load(b + (NV - 1) * L);
#pragma GCC unroll 8
  for (int i = 0; i < MR; i++) {
    const V x = splat(a[i * rowA]);
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) sum[i][j] = fma(x, row[j], sum[i][j]);
  }
}

/** Sums in the order of k. With `partial` the last vector of a row of B is read only as far as C goes, else whole. */
template <class T, int MR, int NV, bool partial> void strip(const Strip<T>& s) noexcept {
  using V = typename VecOf<T>::type;
  const int64_t rowA = s.rowA, colA = s.colA, rowB = s.rowB, last = s.last;
  for (int64_t t = 0; t < s.count; t++) {
    const T* a = s.a + t * s.stepA;
    const T* b = s.b;
    V sum[MR][NV];
#pragma GCC unroll 8
    for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) sum[i][j] = V{};
    for (int64_t k = 0; k < s.K; k++, a += colA, b += rowB) step<T, MR, NV, partial>(sum, a, rowA, b, last);
    finishTile<T, MR, NV>(sum, s.c + t * MR * s.ldc, s);
  }
}

/** The same for a C so small that one sum for each vector would leave the units waiting: four, of k modulo 4. */
template <class T, int MR, int NV> void thinStrip(const Strip<T>& s) noexcept {
  using V = typename VecOf<T>::type;
  const int64_t rowA = s.rowA, colA = s.colA, rowB = s.rowB, last = s.last;
  const T* a = s.a;
  const T* b = s.b;
  V sum[4][MR][NV]{};
  int64_t k = 0;
  for (; k + 4 <= s.K; k += 4)
#pragma GCC unroll 4
    for (int u = 0; u < 4; u++, a += colA, b += rowB) step<T, MR, NV, true>(sum[u], a, rowA, b, last);
  for (; k < s.K; k++, a += colA, b += rowB) step<T, MR, NV, true>(sum[0], a, rowA, b, last);
#pragma GCC unroll 3
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 3
    for (int j = 0; j < NV; j++) sum[0][i][j] = (sum[0][i][j] + sum[1][i][j]) + (sum[2][i][j] + sum[3][i][j]);
  finishTile<T, MR, NV>(sum[0], s.c, s);
}

template <class T> using StripFn = void (*)(const Strip<T>&) noexcept;

#define STRIPS6(NV, partial)                                                                                             \
  nullptr, strip<T, 1, NV, partial>, strip<T, 2, NV, partial>, strip<T, 3, NV, partial>, strip<T, 4, NV, partial>,         \
      strip<T, 5, NV, partial>, strip<T, 6, NV, partial>
#define STRIPS8(NV, partial) STRIPS6(NV, partial), strip<T, 7, NV, partial>, strip<T, 8, NV, partial>
/** The strip for tiles of `rows` by `vectors`; `partial`: rows of B end with the last column of C, inside a vector. */
template <class T> inline StripFn<T> stripOf(int vectors, int rows, bool partial) {
#if defined(__AVX512F__)
  // A masked load costs what a whole one does.
  static constexpr StripFn<T> strips[][kMaxTileRows + 1] = {
      {STRIPS8(1, true)}, {STRIPS8(2, true)}, {STRIPS8(3, true)}, {STRIPS6(4, true)}};
  (void)partial;
  return strips[vectors - 1][rows];
#elif defined(__aarch64__)
  static constexpr StripFn<T> strips[2][4][kMaxTileRows + 1] = {
      {{STRIPS8(1, false)}, {STRIPS8(2, false)}, {STRIPS8(3, false)}, {STRIPS6(4, false)}},
      {{STRIPS8(1, true)}, {STRIPS8(2, true)}, {STRIPS8(3, true)}, {STRIPS6(4, true)}}};
  return strips[partial][vectors - 1][rows];
#else
  static constexpr StripFn<T> strips[2][2][kMaxTileRows + 1] = {{{STRIPS8(1, false)}, {STRIPS6(2, false)}},
                                                                {{STRIPS8(1, true)}, {STRIPS6(2, true)}}};
  return strips[partial][vectors - 1][rows];
#endif
}
#undef STRIPS8
#undef STRIPS6

/** The thin strip, where rows·vectors <= 3; else none. */
template <class T> inline StripFn<T> thinStripOf(int vectors, int64_t rows) {
  if (vectors == 1 && rows == 1) return thinStrip<T, 1, 1>;
  if (vectors == 1 && rows == 2) return thinStrip<T, 2, 1>;
  if (vectors == 1 && rows == 3) return thinStrip<T, 3, 1>;
  if (vectors == 2 && rows == 1) return thinStrip<T, 1, 2>;
#if defined(__AVX512F__) || defined(__aarch64__)
  if (vectors == 3 && rows == 1) return thinStrip<T, 1, 3>;
#endif
  return nullptr;
}

/** Rows cut into tiles: as many of the full height as there are, and no tile much lower than half of it. */
struct RowTiles {
  struct { int64_t count; int rows; } part[3];
  RowTiles(int64_t rows, int vectors) {
    const int most = kTileRows[vectors];
    int64_t full = most == 8 ? rows / 8 : most == 6 ? rows / 6 : rows / most;
    int rest = static_cast<int>(rows - full * most);
    int extra = 0;
    if (full > 0 && rest > 0 && rest < most / 2) full--, rest += most, extra = rest / 2, rest -= extra;
    part[0] = {full, most};
    part[1] = {rest > 0, rest};
    part[2] = {extra > 0, extra};
  }
};

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
