// A window that slides over up to three dimensions: what convolutions, poolings and unfold share. A plane is first copied to where
// it has its edges, its columns sorted by their remainder modulo the stride: then what one tap of the window sees from neighbouring
// places of a row lies side by side, whatever stride, padding and dilation are, and no loop has edges to mind.
#pragma once
#include "launch.h"
#include "pool.h"
#include "simd/transpose.h"

namespace glorot {
namespace GLOROT_ISA {

/** Whether T and its vectors are those that most work is done with: all others go without the ways that only make it faster. */
#if defined(__FMA__) || defined(__aarch64__)
template <class T> constexpr bool kTuned = sizeof(T) == 4;
#else
template <class T> constexpr bool kTuned = false;
#endif

/** Dimensions are depth, height, width; those that are absent are 1. */
struct Window {
  int64_t in[3], out[3], kernel[3], stride[3], pad[3], dilation[3];
  int64_t plane, places, taps;  // elements of an input plane, of an output plane, of the kernel
  // The padded plane: [high[0]][high[1]][stride[2]][width], of `size` elements.
  int64_t high[2], width, row, slice, size;

  int64_t offset(int64_t z, int64_t y, int64_t x) const {
    const int64_t at = x * dilation[2];
    return z * dilation[0] * slice + y * dilation[1] * row + at % stride[2] * width + at / stride[2];
  }
};

/** Fills in what follows from the geometry. */
inline void measure(Window& w) {
  w.plane = w.places = w.taps = 1;
  for (int d = 0; d < 3; d++)
    w.plane = times(w.plane, w.in[d]), w.places = times(w.places, w.out[d]), w.taps = times(w.taps, w.kernel[d]);
  const auto reach = [&](int d) { return plus(times(w.kernel[d] - 1, w.dilation[d]), 1); };
  for (int d = 0; d < 2; d++) w.high[d] = w.out[d] == 0 ? 0 : plus(times(w.out[d] - 1, w.stride[d]), reach(d));
  w.width = w.out[2] == 0 ? 0 : plus(w.out[2], (reach(2) - 1) / w.stride[2]);
  w.row = times(w.width, w.stride[2]);
  w.slice = times(w.row, w.high[1]);
  w.size = times(w.slice, w.high[0]);
}

constexpr int64_t kMostElements = INT32_MAX - 64;  // of a plane, so that places in it are int32

/** Sizes at…: in, out, kernel, stride, padding in front, dilation, three each. What a window reaches behind the input is padding. */
inline bool readWindow(Launch& l, int at, Window& w) {
  int64_t* const lists[] = {w.in, w.out, w.kernel, w.stride, w.pad, w.dilation};
  for (int i = 0; i < 6; i++) l.read(at + 3 * i, 3, lists[i]);
  if (!l.ok()) return false;
  for (int d = 0; d < 3; d++)
    if (w.kernel[d] < 1 || w.stride[d] < 1 || w.dilation[d] < 1)
      return l.fail(ErrorKind::kLaunch, "kernel, stride and dilation start at 1");
  measure(w);
  if (w.size > kMostElements || w.plane > kMostElements || w.places > kMostElements || w.taps > kMostElements)
    return l.fail(ErrorKind::kLaunch, "a plane of %g elements is too large", static_cast<double>(w.size));
  return true;
}

/** to[0…n) = from[0…n), n at least `bytes` in all: from both ends, which may overlap. */
template <int bytes> inline void copyEnds(void* to, const void* from, int64_t n) {
  unsigned char a[bytes], b[bytes];
  std::memcpy(a, from, bytes);
  std::memcpy(b, static_cast<const unsigned char*>(from) + n - bytes, bytes);
  std::memcpy(to, a, bytes);
  std::memcpy(static_cast<unsigned char*>(to) + n - bytes, b, bytes);
}

/** to[0…n) = from[0…n). Neither end is passed. Without masks: a masked store takes several times as long (Zen 4). */
template <class T> inline void copyRun(T* to, const T* from, int64_t n) {
  constexpr int64_t L = VecOf<T>::lanes;
  for (; n >= L; n -= L, to += L, from += L) store(to, load(from));
  const int64_t bytes = n * static_cast<int64_t>(sizeof(T));
  if (bytes >= 32) copyEnds<32>(to, from, bytes);
  else if (bytes >= 16) copyEnds<16>(to, from, bytes);
  else if (bytes >= 8) copyEnds<8>(to, from, bytes);
  else if (bytes > 0) *to = *from;
}

template <class T> inline void fillRun(T* to, T value, int64_t n) {
  constexpr int64_t L = VecOf<T>::lanes;
  const auto v = splat(value);
  for (; n >= L; n -= L, to += L) store(to, v);
  if (n > 0) storePartial(to, v, n);
}

inline int64_t ceilOver(int64_t a, int64_t b) { return a <= 0 ? 0 : (a + b - 1) / b; }
inline int64_t lesser(int64_t a, int64_t b) { return a < b ? a : b; }

/** Columns [first, last) of the padded row of remainder f that the input has; column q is the input's q·stride + f - pad. */
struct Columns {
  int64_t first, last;
  Columns(const Window& w, int64_t f) {
    first = lesser(ceilOver(w.pad[2] - f, w.stride[2]), w.width);
    last = lesser(ceilOver(w.in[2] + w.pad[2] - f, w.stride[2]), w.width);
    if (last < first) last = first;
  }
  int64_t count() const { return last - first; }
};

/** Rows (z, y) of the padded plane that the input has: f(padded row, input row). */
template <class F> inline void eachRow(const Window& w, const F& f) {
  for (int64_t z = 0; z < w.in[0] && z + w.pad[0] < w.high[0]; z++)
    for (int64_t y = 0; y < w.in[1] && y + w.pad[1] < w.high[1]; y++)
      f((z + w.pad[0]) * w.slice + (y + w.pad[1]) * w.row, (z * w.in[1] + y) * w.in[2]);
}

constexpr int64_t kAheadBytes = 4096;
/** Copies a plane into its place in the padded one, whose edges are `edge` and stay so. */
template <class T> void padPlane(const Window& w, const T* x, T* to, T edge = 0) {
  constexpr int64_t L = VecOf<T>::lanes, kLine = 64 / sizeof(T), kAhead = kAheadBytes / sizeof(T);
  const int64_t s = w.stride[2];
  if constexpr (kTuned<T>) {
    const Columns ends[2] = {Columns(w, 0), Columns(w, s - 1)};
    if (s <= 2 && ends[0].count() <= L && ends[1].count() <= L) {
      const auto filled = splat(edge);
      const auto lanesOf = [](int64_t n) { return static_cast<uint16_t>((1u << n) - 1); };
      const auto put = [&](int64_t f, int64_t padded, int64_t row) {
        const int64_t n = ends[f].count(), last = n > 0 ? 2 * n - 1 : 0;
        const T* const in = x + row + ends[f].first * s + f - w.pad[2];
        __builtin_prefetch(in + kAhead);
        // What is stored behind a row lies on edges, on rows that follow, or past the planes, where a vector is to spare.
        store(to + padded + f * w.width + ends[f].first,
              s == 1 ? loadLanes(filled, in, lanesOf(n))
                     : evens(loadLanes(filled, in, lanesOf(lesser(last, L))), loadLanes(filled, in + L, lanesOf(last > L ? last - L : 0))));
      };
      return eachRow(w, [&](int64_t padded, int64_t row) {
        put(0, padded, row);
        if (s == 2) put(1, padded, row);
      });
    }
  }
  for (int64_t f = 0; f < s; f++) {
    const Columns c(w, f);
    eachRow(w, [&](int64_t padded, int64_t row) {
      T* const out = to + padded + f * w.width;
      const T* const in = x + row + f - w.pad[2];
      if (s == 1) {
        for (int64_t q = 0; q < w.in[2]; q += kLine) __builtin_prefetch(in + kAhead + q);
        return copyRun(out + c.first, in + c.first, c.count());
      }
      int64_t q = c.first;
      if (s == 2)
        // The last element read is one before that of column q + L.
        for (; q + L < c.last; q += L) store(out + q, evens(load(in + 2 * q), load(in + 2 * q + L)));
      for (; q < c.last; q++) out[q] = in[q * s];
    });
  }
}

/** The way back: a plane out of the padded one, `more` added; what no window reaches is `more`. */
template <class T> void unpadPlane(const Window& w, const T* from, T more, T* x) {
  constexpr int64_t L = VecOf<T>::lanes;
  const int64_t s = w.stride[2];
  const bool two = kTuned<T> && s == 2;
  // The remainders of a row lie in it by turns, that of its first element leads.
  const int64_t lead = two ? w.pad[2] & 1 : 0;
  const Columns a(w, lead), b(w, 1 - lead);
  const int64_t reached = two ? a.count() + b.count() : s == 1 ? a.count() : 0;
  const bool all = w.in[0] + w.pad[0] <= w.high[0] && w.in[1] + w.pad[1] <= w.high[1] && reached == w.in[2];
  if (!all) fillRun(x, more, w.plane);
  eachRow(w, [&](int64_t padded, int64_t row) {
    const T *const even = from + padded + lead * w.width + a.first, *const odd = from + padded + (1 - lead) * w.width + b.first;
    T* const out = x + row;
    for (int64_t i = 0; i < reached; i += L) {
      const auto v = (two ? zipLow(load(even + i / 2), load(odd + i / 2)) : load(even + i)) + splat(more);
      if (i + L <= reached) store(out + i, v);
      else storePartial(out + i, v, reached - i);
    }
    for (int64_t f = 0; reached == 0 && f < s; f++) {
      const Columns c(w, f);
      for (int64_t q = c.first; q < c.last; q++) out[q * s + f - w.pad[2]] += from[padded + f * w.width + q];
    }
  });
}

/** f(tap, where it is in the padded plane from the place of its window). */
template <class F> inline void eachTap(const Window& w, const F& f) {
  int64_t t = 0;
  for (int64_t z = 0; z < w.kernel[0]; z++)
    for (int64_t y = 0; y < w.kernel[1]; y++)
      for (int64_t x = 0; x < w.kernel[2]; x++, t++) f(t, w.offset(z, y, x));
}

/** Where each tap of each plane is, and zeros up to n. */
inline void tapOffsets(const Window& w, int64_t planes, int64_t n, int64_t* offsets) {
  int64_t r = 0;
  for (int64_t c = 0; c < planes; c++) eachTap(w, [&](int64_t, int64_t offset) { offsets[r++] = c * w.size + offset; });
  while (r < n) offsets[r++] = 0;
}

/** Places side by side: n, from `from` on in the padded plane, `to` on in the list of places. */
struct Run {
  int32_t from, to, n;
};
constexpr int kMostRuns = 128;

/** The places [p, end) as runs of `most` at most, as many as fit; `p` moves on to the first that is left. */
template <class T> inline int cutRuns(const Window& w, int64_t& p, int64_t end, Run* runs, int64_t most = VecOf<T>::lanes) {
  const int64_t start = p, wide = w.out[2];
  int64_t x = p % wide, y = p / wide % w.out[1], z = p / wide / w.out[1];
  int count = 0;
  while (p < end && count < kMostRuns) {
    const int64_t n = lesser(lesser(wide - x, most), end - p);
    runs[count++] = {static_cast<int32_t>(z * w.stride[0] * w.slice + y * w.stride[1] * w.row + x), static_cast<int32_t>(p - start),
                     static_cast<int32_t>(n)};
    p += n;
    x += n;
    if (x == wide) {
      x = 0;
      if (++y == w.out[1]) y = 0, z++;
    }
  }
  return count;
}

/** `rows` rows of columns at once, ld apart: to[r][run] = from[r][run]. */
template <int rows, class T> inline void gatherSome(const T* const* from, const Run* runs, int count, T* to, int64_t ld) {
  for (int i = 0; i < count; i++)
#pragma GCC unroll 4
    for (int r = 0; r < rows; r++) store(to + r * ld + runs[i].to, load(from[r] + runs[i].from));
}

/** What each tap of planes [0, planes) sees from the places of the runs: rows of the matrix of columns, ld apart, which is a
 *  vector more than they need: the last run of a row is written whole. `image`: padded planes, with a vector to spare. */
template <class T>
__attribute__((noinline)) void gatherRows(const Window& w, int64_t planes, const T* image, const Run* runs, int count, T* to, int64_t ld) {
  constexpr int kRows = 4;
  const T* from[kRows];
  int some = 0;
  for (int64_t c = 0; c < planes; c++, image += w.size)
    eachTap(w, [&](int64_t, int64_t offset) {
      from[some++] = image + offset;
      if (some < kRows) return;
      gatherSome<kRows>(from, runs, count, to, ld);
      to += kRows * ld;
      some = 0;
    });
  for (int r = 0; r < some; r++, to += ld) gatherSome<1>(from + r, runs, count, to, ld);
}

/** The same with the columns as rows, ld apart, a multiple of a vector: row p holds what place p sees by each of `offsets`. */
template <class T>
__attribute__((noinline)) void gatherColumns(const T* image, const int64_t* offsets, int64_t ld, const Run* runs, int count, T* to) {
  using V = typename VecOf<T>::type;
  constexpr int L = VecOf<T>::lanes;
  for (int64_t r = 0; r < ld; r += L)
    for (int i = 0; i < count; i++) {
      V v[L];
#pragma GCC unroll 16
      for (int j = 0; j < L; j++) v[j] = load(image + offsets[r + j] + runs[i].from);
      transpose(v);
      T* const out = to + runs[i].to * ld + r;
#pragma GCC unroll 16
      for (int j = 0; j < L; j++)
        if (j < runs[i].n) store(out + j * ld, v[j]);
    }
}

/** The way back: adds rows of columns to where they come from. */
template <class T>
void scatterRows(const Window& w, int64_t planes, const T* rows, int64_t ld, const Run* runs, int count, T* image) {
  for (int64_t c = 0; c < planes; c++, image += w.size)
    eachTap(w, [&](int64_t, int64_t offset) {
      T* const to = image + offset;
      for (int i = 0; i < count; i++) {
        T* const out = to + runs[i].from;
        const bool whole = runs[i].n == VecOf<T>::lanes;
        store(out, load(out) + (whole ? load(rows + runs[i].to) : loadPartial(rows + runs[i].to, runs[i].n)));
      }
      rows += ld;
    });
}

// --- memory of a range -----------------------------------------------------------------------------------------------

constexpr int kImageSlot = 0, kPanelSlot = 1, kWeightSlot = 4, kOffsetSlot = 5;  // between them those of gemm

/** Memory for n elements and a vector more. */
template <class T> T* room(int slot, int64_t n) {
  const int64_t bytes = plus(times(n, sizeof(T)), GLOROT_VECTOR_BYTES);
  return bytes > (int64_t{1} << 40) ? nullptr : static_cast<T*>(scratch(slot, static_cast<size_t>(bytes)));
}
/** Padded planes that are `edge` all over. */
template <class T> T* clearImage(const Window& w, int64_t planes, T edge = 0) {
  const int64_t n = times(planes, w.size);
  T* const image = room<T>(kImageSlot, n);
  if (image) fillRun(image, edge, n + VecOf<T>::lanes);
  return image;
}
/** Offsets of the taps, and behind them n elements and a vector more. */
template <class T> int64_t* tapsAnd(const Window& w, int64_t n, T*& rest) {
  constexpr int64_t kLine = 64 / sizeof(int64_t);
  const int64_t lines = (w.taps + kLine - 1) / kLine * kLine;
  int64_t* const offsets = room<int64_t>(kPanelSlot, plus(lines, n));
  if (!offsets) return nullptr;
  eachTap(w, [&](int64_t t, int64_t offset) { offsets[t] = offset; });
  rest = reinterpret_cast<T*>(offsets + lines);
  return offsets;
}

/** Whether all ranges had memory. */
struct Memory {
  bool enough = true;
  void lacking() { __atomic_store_n(&enough, false, __ATOMIC_RELAXED); }
  void report(Launch& l) {
    if (!enough) l.fail(ErrorKind::kLaunch, "no memory for a padded plane");
  }
};

}  // namespace GLOROT_ISA
}  // namespace glorot
