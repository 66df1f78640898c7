// Normalisation of contiguous rows to mean 0 and variance 1, or to a root mean square of 1: layer norm (Ba et al. 2016,
// arXiv:1607.06450), RMS norm (Zhang, Sennrich 2019, arXiv:1910.07467), group norm (Wu, He 2018, arXiv:1803.08494) and, a group a
// channel, instance norm.
//
// A row has C channels of S elements side by side; rows take the weights of G groups in turn: element j of row r has weight
// (r mod G)·C + j / S. Layer norm has G = 1 and S = 1.
#include "kernels/normalise/line.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

enum : int { kWeight = 1, kBias = 2, kRms = 4, kDx = 8, kDw = 16, kDb = 32 };

struct Rows {
  int64_t rows, groups, C, S;
  int flags;
  int64_t R() const { return C * S; }
  int64_t n() const { return rows * R(); }
  int64_t width() const { return groups * C; }
};

/** sizes 0-4: rows, groups, C, S, flags. */
bool readRows(Launch& l, Rows& r, int flags) {
  r = {l.size(0), l.size(1), l.size(2), l.size(3), l.choice(4, flags)};
  const int64_t limit = int64_t{1} << 53;
  if (!l.ok()) return false;
  if (times(r.rows, times(r.C, r.S)) > limit || times(r.groups, r.C) > limit || r.groups == 0)
    return l.fail(ErrorKind::kLaunch, "sizes %g x %g and more are no extent", static_cast<double>(r.rows), static_cast<double>(r.C));
  return true;
}

/** What forward reads and writes. */
template <class T> struct Forward {
  const T *x, *w, *b;
  T *y, *stats;
  double eps;
  bool rms;

  /** Notes mean and variance of a row; the factor of its elements. */
  T scaleOf(int64_t row, const Moments& m) const {
    const T scale = static_cast<T>(inverseDeviation(m.variance, eps));
    stats[2 * row] = static_cast<T>(m.mean), stats[2 * row + 1] = scale;
    return scale;
  }
  Moments moments(double around, double first, double second, int64_t R) const {
    return rms ? Moments{0, second / static_cast<double>(R)} : momentsFrom(around, first, second, R);
  }
};

// Rows up to this long are read again from the first cache, several at once; longer ones come from memory faster one by one.
constexpr int64_t kShort = 512;
#if defined(__AVX2__) || defined(__aarch64__)
template <class T> constexpr int kAtOnce = sizeof(T) == 4 ? 4 : 1;
#else
template <class T> constexpr int kAtOnce = 1;  // small before fast, as for doubles
#endif

/** B rows whose weights, from g on, lie beside their elements. */
template <class T, int B>
__attribute__((noinline, flatten)) void shortRows(int64_t R, const Forward<T>& k, int64_t row, int64_t g) {
  const T* x = k.x + row * R;
  Pack<T> sum[B], square[B], mean[B], scale[B];
#pragma GCC unroll 4
  for (int q = 0; q < B; q++) sum[q] = square[q] = Pack<T>{};
  if (!k.rms)
    eachPack<T>(R, [&](int64_t i, int64_t n) {
#pragma GCC unroll 4
      for (int q = 0; q < B; q++) sum[q] = sum[q] + loadPack(x + q * R + i, n);
    });
  T around[B];
#pragma GCC unroll 4
  for (int q = 0; q < B; q++) {
    around[q] = foldLanes(Sum{}, sum[q]) / static_cast<T>(R);
    mean[q] = fillPack(around[q]), sum[q] = Pack<T>{};
  }
  eachPack<T>(R, [&](int64_t i, int64_t n) {
#pragma GCC unroll 4
    for (int q = 0; q < B; q++) {
      Pack<T> d = loadPack(x + q * R + i, n) - mean[q];
      if (n < kPack<T>) d = firstLanes(d, n, Pack<T>{});
      sum[q] = sum[q] + d, square[q] = fma(d, d, square[q]);
    }
  });
#pragma GCC unroll 4
  for (int q = 0; q < B; q++) {
    const Moments m = k.moments(static_cast<double>(around[q]), static_cast<double>(foldLanes(Sum{}, sum[q])), static_cast<double>(foldLanes(Sum{}, square[q])), R);
    scale[q] = fillPack(k.scaleOf(row + q, m)), mean[q] = fillPack(static_cast<T>(m.mean));
  }
  T* y = k.y + row * R;
  eachPack<T>(R, [&](int64_t i, int64_t n) {
    const Pack<T> w = k.w ? loadPack(k.w + g + i, n) : fillPack(T(1)), b = k.b ? loadPack(k.b + g + i, n) : Pack<T>{};
#pragma GCC unroll 4
    for (int q = 0; q < B; q++) storePack(y + q * R + i, fma((loadPack(x + q * R + i, n) - mean[q]) * scale[q], w, b), n);
  });
}

/** y = (x - mean) scale·w + b, with weights beside the elements. */
template <class T>
__attribute__((noinline, flatten)) void weighLine(int64_t n, const T* x, T mean, T scale, const T* w, const T* b, T* y) {
  const Pack<T> mv = fillPack(mean), sv = fillPack(scale);
  eachPack<T>(n, [&](int64_t i, int64_t m) {
    const Pack<T> by = w ? loadPack(w + i, m) : fillPack(T(1)), plus = b ? loadPack(b + i, m) : Pack<T>{};
    storePack(y + i, fma((loadPack(x + i, m) - mv) * sv, by, plus), m);
  });
}

/** One row of any length. */
template <class T>
__attribute__((noinline)) void longRow(const Rows& r, const Forward<T>& k, int64_t row, int64_t g) {
  const int64_t R = r.R();
  const T* x = k.x + row * R;
  const T around = k.rms ? T(0) : meanOfLine(x, R);
  Tally<T> t;
  addSpread(t, x, R, around);
  t.flush();
  const T scale = k.scaleOf(row, k.moments(static_cast<double>(around), t.first, t.second, R)), mean = k.stats[2 * row];
  T* y = k.y + row * R;
  if (r.S == 1 && (k.w || k.b)) return weighLine(R, x, mean, scale, k.w ? k.w + g : nullptr, k.b ? k.b + g : nullptr, y);
  // Without a weight the whole row is one channel.
  const int64_t n = k.w || k.b ? r.S : R;
  for (int64_t c = 0; n > 0 && c * n < R; c++)
    scaleLine(n, x + c * n, mean, k.w ? scale * k.w[g + c] : scale, k.b ? k.b[g + c] : T(0), y + c * n);
}

/** y = (x - mean) w / sqrt(variance + eps) + b; with kRms the mean is taken for 0.
 *  buffers: x, y [rows, C, S], stats [rows, 2] (mean and 1/deviation), weight?, bias? [groups, C].
 *  sizes: rows, groups, C, S, flags.  floats: eps. */
template <class T> void rowNorm(Launch& l) noexcept {
  Rows r;
  if (!readRows(l, r, 8)) return;
  Forward<T> k{l.in<T>(0, r.n()), nullptr, nullptr, l.out<T>(1, r.n()), l.out<T>(2, times(r.rows, 2)), l.num(0), (r.flags & kRms) != 0};
  int next = 3;
  if (r.flags & kWeight) k.w = l.in<T>(next++, r.width());
  if (r.flags & kBias) k.b = l.in<T>(next, r.width());
  if (!l.ok()) return;
  const int64_t R = r.R();
  const bool isShort = R <= kShort && (r.S == 1 || !(k.w || k.b)), together = isShort && (r.groups == 1 || !(k.w || k.b));
  parallel(r.rows, R >= kGrain ? 1 : kGrain / (R + 1), [&](int64_t begin, int64_t end) {
    int64_t row = begin;
    if (together)
      for (; row + kAtOnce<T> <= end; row += kAtOnce<T>) shortRows<T, kAtOnce<T>>(R, k, row, 0);
    for (; row < end; row++) {
      const int64_t g = row % r.groups * r.C;
      if (isShort) shortRows<T, 1>(R, k, row, g);
      else longRow(r, k, row, g);
    }
  });
}

/** What backward reads and writes, dw and db of one share of the rows. */
template <class T> struct Back {
  const T *x, *dy, *stats, *w;
  T *dx, *dw, *db;
};

/** dx of one row from the means of dy·w and of dy·w·x̂. */
template <class T> __attribute__((noinline, flatten)) void backLine(int64_t R, const Back<T>& k, int64_t row, const T* w, double sumG, double sumGx, bool rms) {
  const double n = static_cast<double>(R), scale = static_cast<double>(k.stats[2 * row + 1]);
  const T a = k.stats[2 * row + 1], shift = static_cast<T>(rms ? 0 : sumG / n), slope = static_cast<T>(sumGx * scale * scale / n);
  const T *x = k.x + row * R, *dy = k.dy + row * R;
  T* dx = k.dx + row * R;
  if (!w) return scaleLineBack(R, x, dy, k.stats[2 * row], T(1), shift, slope, a, dx);
  const Pack<T> m = fillPack(k.stats[2 * row]), c = fillPack(shift), s = fillPack(slope), by = fillPack(a);
  eachPack<T>(R, [=](int64_t i, int64_t count) {
    storePack(dx + i, (fma(loadPack(dy + i, count), loadPack(w + i, count), -c) - (loadPack(x + i, count) - m) * s) * by, count);
  });
}

/** B rows whose weights, from g on, lie beside their elements: the sums along them and down the columns in one pass over x and dy. */
template <class T, int B>
__attribute__((noinline, flatten)) void backRows(int64_t R, const Back<T>& k, int64_t row, int64_t g, bool rms) {
  const T *x = k.x + row * R, *dy = k.dy + row * R, *w = k.w ? k.w + g : nullptr;
  T *dw = k.dw ? k.dw + g : nullptr, *db = k.db ? k.db + g : nullptr;
  Pack<T> sum[B], cross[B], mean[B], scale[B];
#pragma GCC unroll 4
  for (int q = 0; q < B; q++) {
    sum[q] = cross[q] = Pack<T>{};
    mean[q] = fillPack(k.stats[2 * (row + q)]), scale[q] = fillPack(k.stats[2 * (row + q) + 1]);
  }
  eachPack<T>(R, [&](int64_t i, int64_t n) {
    const Pack<T> by = w ? loadPack(w + i, n) : fillPack(T(1));
    Pack<T> weight = dw ? loadPack(dw + i, n) : Pack<T>{}, bias = db ? loadPack(db + i, n) : Pack<T>{};
#pragma GCC unroll 4
    for (int q = 0; q < B; q++) {
      const Pack<T> d = loadPack(dy + q * R + i, n), t = loadPack(x + q * R + i, n) - mean[q], e = d * by;
      sum[q] = sum[q] + e, cross[q] = fma(e, t, cross[q]);  // e is 0 past n
      weight = fma(d, t * scale[q], weight), bias = d + bias;
    }
    if (dw) storePack(dw + i, weight, n);
    if (db) storePack(db + i, bias, n);
  });
  for (int q = 0; k.dx && q < B; q++)
    backLine(R, k, row + q, w, static_cast<double>(foldLanes(Sum{}, sum[q])), static_cast<double>(foldLanes(Sum{}, cross[q])), rms);
}

/** One row of channels of S elements. */
template <class T>
__attribute__((noinline)) void backChannels(const Rows& r, const Back<T>& k, int64_t row) {
  const int64_t R = r.R(), g = row % r.groups * r.C;
  const T *x = k.x + row * R, *dy = k.dy + row * R, mean = k.stats[2 * row], scale = k.stats[2 * row + 1];
  double sumG = 0, sumGx = 0;
  for (int64_t c = 0; c < r.C; c++) {
    Tally<T> t;
    addCross(t, x + c * r.S, dy + c * r.S, r.S, mean);
    t.flush();
    const double w = k.w ? static_cast<double>(k.w[g + c]) : 1;
    sumG += w * t.first, sumGx += w * t.second;
    if (k.dw) k.dw[g + c] += static_cast<T>(t.second * static_cast<double>(scale));
    if (k.db) k.db[g + c] += static_cast<T>(t.first);
  }
  if (!k.dx) return;
  const double n = static_cast<double>(R), s = static_cast<double>(scale);
  const T shift = static_cast<T>(r.flags & kRms ? 0 : sumG / n), slope = static_cast<T>(sumGx * s * s / n);
  for (int64_t c = 0; c < r.C; c++)
    scaleLineBack(r.S, x + c * r.S, dy + c * r.S, mean, k.w ? k.w[g + c] : T(1), shift, slope, scale, k.dx + row * R + c * r.S);
}

/** to = Σ over shares of their rows, which lie 2·width apart. */
template <class T>
__attribute__((noinline, flatten)) void addShares(int64_t shares, int64_t width, const T* from, T* to) {
  if (!to) return;
  eachPack<T>(width, [&](int64_t i, int64_t n) {
    Pack<T> sum = loadPack(from + i, n);
    for (int64_t s = 1; s < shares; s++) sum = sum + loadPack(from + s * 2 * width + i, n);
    storePack(to + i, sum, n);
  });
}

/** The gradients of rowNorm: with x̂ = (x - mean)/deviation and g = dy·w,
 *  dx = (g - mean(g) - x̂ mean(g·x̂)) / deviation, dw = Σ dy·x̂, db = Σ dy.
 *  buffers: x, dy, stats, weight?, then dx?, dw?, db? as the flags say.  sizes: rows, groups, C, S, flags. */
template <class T> void rowNormBackward(Launch& l) noexcept {
  Rows r;
  if (!readRows(l, r, 64)) return;
  Back<T> all{l.in<T>(0, r.n()), l.in<T>(1, r.n()), l.in<T>(2, times(r.rows, 2)), nullptr, nullptr, nullptr, nullptr};
  int next = 3;
  if (r.flags & kWeight) all.w = l.in<T>(next++, r.width());
  if (r.flags & kDx) all.dx = l.out<T>(next++, r.n());
  if (r.flags & kDw) all.dw = l.out<T>(next++, r.width());
  if (r.flags & kDb) all.db = l.out<T>(next, r.width());
  if (!l.ok()) return;
  // Shares of the rows add to rows of sums of their own, which are added up in order: by their number alone, never by the threads.
  constexpr int64_t kShares = 16;
  const int64_t R = r.R(), width = r.width(), least = kGrain / (R + 1) + 1;
  int64_t share = r.rows / kShares + 1;
  if (share < least) share = least;
  const int64_t shares = (r.rows + share - 1) / share;
  T* sums = shares > 1 && (all.dw || all.db) ? static_cast<T*>(scratch(0, static_cast<size_t>(times(shares, times(width, 2))) * sizeof(T))) : nullptr;
  if (shares > 1 && (all.dw || all.db) && !sums) {
    l.fail(ErrorKind::kLaunch, "there is no memory for %g sums", static_cast<double>(shares * width * 2));
    return;
  }
  const bool rms = r.flags & kRms, weighed = all.w || all.dw || all.db;
  const bool beside = r.S == 1 || !weighed, together = R <= kShort && (r.groups == 1 || !weighed);
  if (shares == 0) {
    for (int64_t j = 0; j < width; j++) {
      if (all.dw) all.dw[j] = 0;
      if (all.db) all.db[j] = 0;
    }
    return;
  }
  parallel(shares, 1, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; s++) {
      Back<T> k = all;
      if (sums && k.dw) k.dw = sums + s * 2 * width;
      if (sums && k.db) k.db = sums + (s * 2 + 1) * width;
      if (k.dw) std::memset(k.dw, 0, static_cast<size_t>(width) * sizeof(T));
      if (k.db) std::memset(k.db, 0, static_cast<size_t>(width) * sizeof(T));
      int64_t row = s * share;
      const int64_t last = r.rows - row < share ? r.rows : row + share;
      if (!beside) {
        for (; row < last; row++) backChannels(r, k, row);
        continue;
      }
      if (together)
        for (; row + kAtOnce<T> <= last; row += kAtOnce<T>) backRows<T, kAtOnce<T>>(R, k, row, 0, rms);
      for (; row < last; row++) backRows<T, 1>(R, k, row, row % r.groups * r.C, rms);
    }
  });
  if (!sums) return;
  addShares(shares, width, sums, all.dw);
  addShares(shares, width, sums + width, all.db);
}

}  // namespace

GLOROT_FAMILY(rowNorm, FLOATS(rowNorm), FLOATS(rowNormBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
