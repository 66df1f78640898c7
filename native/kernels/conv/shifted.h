// Padded planes as the columns of a kernel see them: for each its own copy, row below row with no edges between. From there every
// tap reads places side by side, whatever its row, so that taps below each other share a copy (3 x 3: a third of the columns).
#pragma once
#include "kernels/conv/window.h"
#include "kernels/gemm/tile.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int64_t kShiftedBytes = 256 << 10;  // of copies at once: they stay in L2

/** Which rows of places are copied at once, and where taps find them. */
struct Shifted {
  static constexpr int64_t kNone = 0;
  int64_t rows = kNone;  // of places at once
  int64_t copies, ld = 0;  // of all planes for each column of the kernel, and how far apart they are
  Window across;         // the window of one row that is copied

  /** Rows are kNone where columns by themselves are as good. `size`: bytes of an element, `tile`: places that are computed at once. */
  Shifted(const Window& w, int64_t planes, int64_t size, int64_t tile)
      : copies(planes * w.kernel[2]), across(w) {
    if (planes == 0 || w.high[0] != 1 || w.stride[1] != 1 || w.kernel[1] == 1) return;
    const int64_t below = (w.kernel[1] - 1) * w.dilation[1], kept = kShiftedBytes / size / copies;
    const int64_t most = kept / w.out[2] - below;
    // Rows that two copies have in common are copied twice.
    if (most < w.out[1] && most < 2 * below) return;
    const int64_t times = (w.out[1] + most - 1) / most, some = (w.out[1] + times - 1) / times;
    if (some * w.out[2] < tile) return;
    rows = some;
    ld = ((rows + below) * w.out[2] + 2 * kLanesF - 1) / kLanesF * kLanesF;
    across.kernel[1] = 1;
    across.out[1] = w.high[1];
  }

  int64_t size() const { return times(copies, ld); }

  /** Where each tap of each plane finds place 0 of the copy: offsets[plane][tap]. */
  void find(const Window& w, int64_t planes, int64_t* offsets) const {
    for (int64_t c = 0; c < planes; c++)
      for (int64_t y = 0; y < w.kernel[1]; y++)
        for (int64_t x = 0; x < w.kernel[2]; x++) *offsets++ = (c * w.kernel[2] + x) * ld + y * w.dilation[1] * w.out[2];
  }

  /** Copies what places of rows [y0, y1) see. to: [planes, kernel columns, ld]. */
  template <class T> void copy(const Window& w, int64_t planes, const T* image, int64_t y0, int64_t y1, T* to) const {
    const int64_t first = y0 * w.out[2], end = (y1 + (w.kernel[1] - 1) * w.dilation[1]) * w.out[2];
    for (int64_t p = first; p < end;) {
      Run runs[kMostRuns];
      const int64_t start = p;
      const int count = cutRuns<T>(across, p, end, runs);
      gatherRows(across, planes, image, runs, count, to + start - first, ld);
    }
  }
};

/** MR rows of a product, kTileVectors vectors wide: out[i][p] = bias[i] + sum over r of weight[i][r]·copies[offsets[r] + p]. */
template <class T, int MR>
void shiftedTile(int64_t R, const T* weight, const T* copies, const int64_t* offsets, const T* bias, T* out, int64_t ld) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes, NV = kTileVectors;
  V sum[MR][NV];
#pragma GCC unroll 8
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) {
      sum[i][j] = V{};
      // The result is far away, and is wanted at once in the end.
      __builtin_prefetch(out + i * ld + j * L, 1);
    }
  for (int64_t r = 0; r < R; r++) step<T, MR, NV, false>(sum, weight + r, R, copies + offsets[r], L);
#pragma GCC unroll 8
  for (int i = 0; i < MR; i++)
#pragma GCC unroll 4
    for (int j = 0; j < NV; j++) store(out + i * ld + j * L, bias ? sum[i][j] + splat(bias[i]) : sum[i][j]);
}

/** All K rows of as many whole tiles as n places hold; the places that are done. */
template <class T>
int64_t shiftedProduct(int64_t K, int64_t R, int64_t n, const T* weight, const T* copies, const int64_t* offsets, const T* bias, T* out,
                       int64_t ld) {
  constexpr int64_t kWidth = kTileVectors * VecOf<T>::lanes;
  constexpr int kMost = kTileRows[kTileVectors];
  int64_t p = 0;
  for (; p + kWidth <= n; p += kWidth) {
    for (int64_t k = 0, rows; k < K; k += rows) {
      // Four heights do for any number: 8 rows are 4 and 4.
      const int64_t left = K - k;
      rows = left > 8 || left == kMost ? kMost : left >= 4 ? 4 : left >= 2 ? 2 : 1;
      const auto tile = rows == kMost ? shiftedTile<T, kMost> : rows == 4 ? shiftedTile<T, 4> : rows == 2 ? shiftedTile<T, 2> : shiftedTile<T, 1>;
      tile(R, weight + k * R, copies + p, offsets, bias ? bias + k : nullptr, out + k * ld + p, ld);
    }
  }
  return p;
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
