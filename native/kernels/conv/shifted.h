// Planes as the columns of a kernel see them: for each its own copy, row below row with no edges between. From there every tap reads
// places side by side, whatever its row, so that taps below each other share a copy (3 x 3: a third of the columns).
#pragma once
#include "kernels/conv/panel.h"
#include "kernels/gemm/tile.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int64_t kShiftedBytes = 256 << 10;  // of copies at once: they stay in L2

/** Some lanes of a vector of a copy: those of the vector `from` elements on in a plane. */
struct Part {
  int32_t from;
  uint16_t lanes;
  bool last;  // of its vector
};

/** Which rows of places are copied at once, from where, and where taps find them. */
struct Shifted {
  static constexpr int64_t kNone = 0, kUnknown = INT64_MIN;
  const Window& w;
  int64_t rows = kNone;  // of places at once
  int64_t below = 0;     // rows that the last of them sees below itself
  int64_t copies, ld = 0;  // of all planes for each column of the kernel, and how far apart they are
  Part* parts = nullptr;   // of copies of one plane, vector after vector
  int64_t vectors = 0, known = kUnknown;  // of each copy; which rows the parts are for

  /** Rows are kNone where columns by themselves are as good. `size`: bytes of an element, `tile`: places that are computed at once. */
  Shifted(const Window& window, int64_t planes, int64_t size, int64_t tile) : w(window), copies(planes * window.kernel[2]) {
    if (planes == 0 || w.plane == 0 || w.high[0] != 1 || w.stride[1] != 1 || w.stride[2] != 1 || w.kernel[1] == 1) return;
    // A window may leave out most of a row: those that it does see lie further apart in the plane than in its copy.
    if (times(w.high[1], w.in[2]) > kMostElements) return;
    below = (w.kernel[1] - 1) * w.dilation[1];
    const int64_t kept = kShiftedBytes / size / copies, most = kept / w.out[2] - below;
    // Rows that two copies have in common are copied twice.
    if (most < w.out[1] && most < 2 * below) return;
    const int64_t chunks = (w.out[1] + most - 1) / most, some = (w.out[1] + chunks - 1) / chunks;
    if (some * w.out[2] < tile) return;
    rows = some;
    ld = ((rows + below) * w.out[2] + 2 * kLanesF - 1) / kLanesF * kLanesF;
  }

  int64_t size() const { return times(copies, ld); }

  /** How many parts there are at most: a row adds to each vector that it lies in, and a vector may have none. */
  int64_t mostParts() const { return times(w.kernel[2], plus(ld, times(rows + below, w.out[2] / kLanesF + 2))); }

  /** Where each tap of each plane finds place 0 of the copy: offsets[plane][tap]. */
  void find(int64_t planes, int64_t* offsets) const {
    for (int64_t c = 0; c < planes; c++)
      for (int64_t y = 0; y < w.kernel[1]; y++)
        for (int64_t x = 0; x < w.kernel[2]; x++) *offsets++ = (c * w.kernel[2] + x) * ld + y * w.dilation[1] * w.out[2];
  }

  /** Finds the parts for places of rows [y0, y1), counted from row y0 of the plane. */
  void plan(int64_t y0, int64_t y1) {
    const int64_t top = y0 - w.pad[1], high = y1 - y0 + below, wide = w.out[2], L = kLanesF;
    // Rows with no edge above or below them have the same parts anywhere.
    const int64_t wanted = w.pad[0] == 0 && top >= 0 && top + high <= w.in[1] ? -high : y0;
    if (wanted == known) return;
    known = wanted;
    vectors = (high * wide + L - 1) / L;
    Part* part = parts;
    for (int64_t x = 0; x < w.kernel[2]; x++) {
      const int64_t right = x * w.dilation[2] - w.pad[2], first = right < 0 ? -right : 0, end = lesser(wide, w.in[2] - right);
      int64_t row = 0;  // the first that is in the vector
      for (int64_t at = 0; at < vectors * L; at += L) {
        const Part* const start = part;
        for (int64_t r = row, p = row * wide - at; r < high && p < L; r++, p += wide) {
          if (p + wide <= L) row = r + 1;
          const int64_t y = top + r, begin = p + first < 0 ? 0 : p + first, stop = lesser(p + end, L);
          if (w.pad[0] > 0 || y < 0 || y >= w.in[1] || begin >= stop) continue;
          const int32_t from = static_cast<int32_t>((y - y0) * w.in[2] + right - p);
          const uint16_t lanes = static_cast<uint16_t>((1 << stop) - (1 << begin));
          // Rows as wide as those of the plane are one part.
          if (part > start && part[-1].from == from) part[-1].lanes |= lanes;
          else *part++ = {from, lanes, false};
        }
        if (part == start) *part++ = {0, 0, false};
        part[-1].last = true;
      }
    }
  }

  /** Copies what was planned of `planes` planes, from row y0 of the first of them on. to: [planes, kernel columns, ld]. */
  template <class T> void copy(int64_t planes, const T* x, T* to) const {
    constexpr int kPlanes = 4;
    int64_t c = 0;
    for (; c + kPlanes <= planes; c += kPlanes) copySome<kPlanes>(x + c * w.plane, to + c * w.kernel[2] * ld);
    for (; c < planes; c++) copySome<1>(x + c * w.plane, to + c * w.kernel[2] * ld);
  }

  template <int planes, class T> __attribute__((noinline)) void copySome(const T* x, T* to) const {
    using V = typename VecOf<T>::type;
    const int64_t plane = w.plane, next = w.kernel[2] * ld;
    const Part* part = parts;
    for (int64_t column = 0; column < w.kernel[2]; column++, to += ld)
      for (int64_t i = 0; i < vectors; i++) {
        V seen[planes]{};
        bool last;
        do {
          const Part p = *part++;
#pragma GCC unroll 4
          for (int j = 0; j < planes; j++) {
            seen[j] = loadLanes(seen[j], x + j * plane + p.from, p.lanes);
            // Only the first column meets planes that are still far away.
            if (column == 0) __builtin_prefetch(x + (j + planes) * plane + p.from);
          }
          last = p.last;
        } while (!last);
#pragma GCC unroll 4
        for (int j = 0; j < planes; j++) store(to + j * next + i * VecOf<T>::lanes, seen[j]);
      }
  }
};

/** MR rows of a product, kTileVectors vectors wide: out[i][p] = bias[i] + sum over r of weight[i][r]·copies[offsets[r] + p]. */
template <class T, int MR>
void shiftedTile(int64_t R, const T* weight, const T* copies, const int64_t* offsets, const T* bias, T* out, int64_t ld) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes, NV = kTileVectors;
  V sum[MR][NV];
  startTile(sum, out, ld);
  for (int64_t r = 0; r < R; r++) step<T, MR, NV, false>(sum, weight + r, R, copies + offsets[r], L);
  endTile(sum, bias, out, ld);
}

/** All K rows of as many whole tiles as n places hold; the places that are done. */
template <class T>
int64_t shiftedProduct(const Convolution<T>& c, int64_t n, const T* weight, const T* copies, const int64_t* offsets, const T* bias, T* out) {
  constexpr int64_t kWidth = kTileVectors * VecOf<T>::lanes;
  int64_t p = 0;
  for (; p + kWidth <= n; p += kWidth)
    eachHeight<kTileRows[kTileVectors]>(c.K, [&](auto height, int64_t k) {
      shiftedTile<T, decltype(height)::value>(c.R, weight + k * c.R, copies + p, offsets, bias ? bias + k : nullptr,
                                              out + k * c.w.places + p, c.w.places);
    });
  return p;
}

template <class T> Shifted shiftedOf(const Convolution<T>& c) {
  return {c.w, c.C, sizeof(T), kTileVectors * VecOf<T>::lanes};
}

/** convolve from shifted copies. */
template <class T>
void shiftedConvolve(Launch& l, const Convolution<T>& c, const Shifted& shifted, const T* x, const T* weight, const T* bias, T* out) {
  const int64_t P = c.w.places, wide = c.w.out[2];
  Memory memory;
  parallel(c.N * c.G, grainOf(c.work(), c.N * c.G), [&](int64_t begin, int64_t end) {
    Shifted s = shifted;
    s.parts = room<Part>(kImageSlot, s.mostParts());
    int64_t* const offsets = room<int64_t>(kOffsetSlot, c.R);
    T* const copies = room<T>(kPanelSlot, plus(s.size(), Panel<T>::size(c)));
    if (!s.parts || !offsets || !copies) return memory.lacking();
    s.find(c.C, offsets);
    Panel<T> panel(c, copies + s.size());
    for (int64_t i = begin; i < end; i++) {
      const int64_t g = i % c.G;
      panel.weight = weight + g * c.K * c.R, panel.bias = bias ? bias + g * c.K : nullptr;
      for (int64_t y = 0; y < c.w.out[1]; y += s.rows) {
        const int64_t until = lesser(c.w.out[1], y + s.rows), n = (until - y) * wide;
        T* const to = out + i * c.K * P + y * wide;
        s.plan(y, until);
        s.copy(c.C, x + i * c.C * c.w.plane + y * c.w.in[2], copies);
        for (int64_t p = shiftedProduct(c, n, panel.weight, copies, offsets, panel.bias, to); p < n;) {
          const int64_t some = lesser(n - p, panel.left());
          T* row = panel.add(to + p, some);
          for (int64_t r = 0; r < c.R; r++, row += Panel<T>::kLength) copyRun(row, copies + offsets[r] + p, some);
          p += some;
          if (panel.left() == 0 && !panel.multiply()) return memory.lacking();
        }
      }
      // Groups have weights of their own: no panel is shared between them.
      if ((c.G > 1 || i + 1 == end) && !panel.multiply()) return memory.lacking();
    }
  });
  memory.report(l);
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
