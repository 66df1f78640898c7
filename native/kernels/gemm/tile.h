// The register tile: MR rows by NV vectors of C, summed over k without leaving registers. Every product of the general path is
// made of these. Rows of A are read by broadcast, so any strides do; rows of B are read as vectors.
#pragma once
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// Registers allow 24 sums beside a row of B where there are 32 of them, 12 where there are 16. On AVX-512 the 6 x 4 shape
// measures 1.00-1.04x OpenBLAS from 128x256x512 to 2048^3, 8x3 0.92-0.99x, 12x2 0.93x (Zen 4).
#if defined(__AVX512F__) || defined(__aarch64__)
constexpr int kTileVectors = 4;
constexpr int kTileRows[] = {0, 8, 8, 8, 6};
#else
constexpr int kTileVectors = 2;
constexpr int kTileRows[] = {0, 8, 6};
#endif
constexpr int kMaxTileRows = 8;

// With masked loads the last vector of a row of B may be partial in memory; without, such columns are packed first.
#if defined(__AVX512F__)
constexpr bool kMasks = true;
#else
constexpr bool kMasks = false;
#endif

/** What happens to the sums on their way to C. */
template <class T> struct Finish {
  T alpha, beta;
  const T* bias;  // of the tile's first column
  bool relu;
};

/** One tile. `last`: columns of C in the last vector, 1…lanes. With kMasks, b needs only those; else whole vectors. */
template <class T, int MR, int NV>
void tile(int64_t K, const T* a, int64_t rowA, int64_t colA, const T* b, int64_t rowB, T* c, int64_t ldc, int64_t last,
          const Finish<T>& finish) noexcept {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  V sum[MR][NV];
#pragma GCC unroll 8
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) sum[i][j] = V{};

  for (int64_t k = 0; k < K; k++, a += colA, b += rowB) {
    V row[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV - 1; j++) row[j] = load(b + j * L);
    row[NV - 1] = kMasks ? loadPartial(b + (NV - 1) * L, last) : load(b + (NV - 1) * L);
#pragma GCC unroll 8
    for (int i = 0; i < MR; i++) {
      const V x = splat(a[i * rowA]);
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) sum[i][j] = fma(x, row[j], sum[i][j]);
    }
  }

  const bool whole = last == L;
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
      for (int j = 0; j < NV; j++) sum[i][j] = fma(beta, at(c + i * ldc, j), sum[i][j]);
  }
  if (finish.bias) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) {
      const V bias = at(finish.bias, j);
#pragma GCC unroll 8
      for (int i = 0; i < MR; i++) sum[i][j] = sum[i][j] + bias;
    }
  }
  if (finish.relu) {
#pragma GCC unroll 8
    for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
      for (int j = 0; j < NV; j++) sum[i][j] = sum[i][j] < V{} ? V{} : sum[i][j];
  }
#pragma GCC unroll 8
  for (int i = 0; i < MR; i++) {
#pragma GCC unroll 4
    for (int j = 0; j < NV - 1; j++) store(c + i * ldc + j * L, sum[i][j]);
    if (whole) store(c + i * ldc + (NV - 1) * L, sum[i][NV - 1]);
    else storePartial(c + i * ldc + (NV - 1) * L, sum[i][NV - 1], last);
  }
}

template <class T>
using TileFn = void (*)(int64_t, const T*, int64_t, int64_t, const T*, int64_t, T*, int64_t, int64_t, const Finish<T>&) noexcept;

#define TILES8(NV) \
  {nullptr, tile<T, 1, NV>, tile<T, 2, NV>, tile<T, 3, NV>, tile<T, 4, NV>, tile<T, 5, NV>, tile<T, 6, NV>, tile<T, 7, NV>, tile<T, 8, NV>}
#define TILES6(NV) \
  {nullptr, tile<T, 1, NV>, tile<T, 2, NV>, tile<T, 3, NV>, tile<T, 4, NV>, tile<T, 5, NV>, tile<T, 6, NV>, nullptr, nullptr}
template <class T> inline TileFn<T> tileOf(int vectors, int rows) {
  static constexpr TileFn<T> tiles[kTileVectors + 1][kMaxTileRows + 1] = {
      {},
      TILES8(1),
#if defined(__AVX512F__) || defined(__aarch64__)
      TILES8(2),
      TILES8(3),
      TILES6(4),
#else
      TILES6(2),
#endif
  };
  return tiles[vectors][rows];
}
#undef TILES8
#undef TILES6

/** Rows cut into tiles of nearly the same height: tile t of `count` starts at row(t). */
struct RowTiles {
  int64_t count, height, extra;
  RowTiles(int64_t rows, int vectors) {
    const int most = kTileRows[vectors];
    count = (rows + most - 1) / most;
    height = count ? rows / count : 0;
    extra = count ? rows % count : 0;
  }
  int rows(int64_t t) const { return static_cast<int>(height + (t < extra)); }
};

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
