// Normalisation of the channels of x[N, C, S] over N and S. Ioffe, Szegedy 2015, arXiv:1502.03167.
//
// A channel is read, normalised and written before the next one, as long as it stays in the caches: memory is read once. Sums are
// taken around the mean of a channel's first values, which costs no pass and at most log2 N bits where those stray from the rest.
#include "kernels/normalise/line.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

enum : int { kWeight = 1, kBias = 2, kRunning = 4, kCounter = 8, kCumulative = 16, kEval = 32 };
enum : int { kDx = 64, kDw = 128, kDb = 256 };

struct Channels {
  int64_t N, C, S;
  int flags;
  int64_t count() const { return N * S; }
  int64_t n() const { return N * S * C; }
};

/** sizes 0-3: N, C, S, flags. */
bool readChannels(Launch& l, Channels& c, int flags) {
  c = {l.size(0), l.size(1), l.size(2), l.choice(3, flags)};
  if (!l.ok()) return false;
  if (times(times(c.N, c.S), c.C) > int64_t{1} << 53)
    return l.fail(ErrorKind::kLaunch, "sizes %g x %g and more are no extent", static_cast<double>(c.N), static_cast<double>(c.C));
  return true;
}

// --- columns: S is 1, channels lie beside each other ----------------------------------------------------------------------
constexpr int64_t kStrip = 512;  // the most columns handled together: whole rows are read faster than pieces of them

/** Two sums for each of up to kStrip columns. */
template <class T> struct Strip {
  T first[kStrip], second[kStrip];
};

/** f(row, i, m, a, b) adds to the sums of n columns what each of B rows has. */
template <class T, int B, class F>
__attribute__((noinline, flatten)) void addRows(int64_t row, int64_t n, Strip<T>& s, F f) {
  eachPack<T>(n, [&](int64_t i, int64_t m) {
    Pack<T> a = loadPack(s.first + i, m), b = loadPack(s.second + i, m);
#pragma GCC unroll 4
    for (int q = 0; q < B; q++) f(row + q, i, m, a, b);
    storePack(s.first + i, a, m), storePack(s.second + i, b, m);
  });
}

/** scaleLine and scaleLineBack with numbers for each column. */
template <class T>
__attribute__((noinline, flatten)) void scaleRow(int64_t n, const T* x, const T* mean, const T* a, const T* b, T* y) {
  eachPack<T>(n, [&](int64_t i, int64_t m) {
    storePack(y + i, fma(loadPack(x + i, m) - loadPack(mean + i, m), loadPack(a + i, m), loadPack(b + i, m)), m);
  });
}
template <class T>
__attribute__((noinline, flatten)) void scaleRowBack(int64_t n, const T* x, const T* dy, const T* mean, const T* shift, const T* slope, const T* a, T* dx) {
  eachPack<T>(n, [&](int64_t i, int64_t m) {
    const Pack<T> d = loadPack(x + i, m) - loadPack(mean + i, m), g = loadPack(dy + i, m) - loadPack(shift + i, m);
    storePack(dx + i, (g - d * loadPack(slope + i, m)) * loadPack(a + i, m), m);
  });
}
/** The means of a few rows, by column. */
template <class T>
__attribute__((noinline, flatten)) void meanOfRows(int64_t rows, int64_t stride, int64_t n, const T* x, T* mean) {
  const Pack<T> share = fillPack(T(1) / static_cast<T>(rows));
  eachPack<T>(n, [&](int64_t i, int64_t m) {
    Pack<T> sum{};
    for (int64_t r = 0; r < rows; r++) sum = sum + loadPack(x + r * stride + i, m);
    storePack(mean + i, sum * share, m);
  });
}
/** to += from. */
template <class T>
__attribute__((noinline, flatten)) void addRow(int64_t n, const T* from, T* to) {
  eachPack<T>(n, [&](int64_t i, int64_t m) { storePack(to + i, loadPack(to + i, m) + loadPack(from + i, m), m); });
}

/** The sums of what f(row, i, m, a, b) adds down n columns, in runs of rows whose sums are added up. */
template <class T, class F>
inline void sumColumns(int64_t N, int64_t n, Strip<T>& s, F f) {
  constexpr int64_t kRun = 64;
  constexpr int kRows = 4;
  for (int64_t i = 0; i < n; i++) s.first[i] = s.second[i] = 0;
  Strip<T> run;
  for (int64_t r = 0; r < N;) {
    const int64_t end = N - r < kRun ? N : r + kRun;
    for (int64_t i = 0; i < n; i++) run.first[i] = run.second[i] = 0;
    for (; r + kRows <= end; r += kRows) addRows<T, kRows>(r, n, run, f);
    for (; r < end; r++) addRows<T, 1>(r, n, run, f);
    addRow(n, run.first, s.first), addRow(n, run.second, s.second);
  }
}

// --- one channel -----------------------------------------------------------------------------------------------------------
/** y = (x - mean) a + b of a channel. */
template <class T> struct Scale {
  T mean, a, b;
};

template <class T> struct Forward {
  Channels c;
  double eps, momentum;
  const T *x, *w, *b;
  T *y, *stats, *runningMean, *runningVar;

  /** Notes what is known of channel ch and gives what it is scaled by. */
  Scale<T> scaleOf(int64_t ch, double mean, double variance) const {
    const double scale = inverseDeviation(variance, eps);
    stats[2 * ch] = static_cast<T>(mean), stats[2 * ch + 1] = static_cast<T>(scale);
    if (runningMean && !(c.flags & kEval)) {
      const double n = static_cast<double>(c.count()), keep = 1 - momentum;
      runningMean[ch] = static_cast<T>(keep * static_cast<double>(runningMean[ch]) + momentum * mean);
      runningVar[ch] = static_cast<T>(keep * static_cast<double>(runningVar[ch]) + momentum * (variance * n / (n - 1)));
    }
    return {static_cast<T>(mean), static_cast<T>(scale * (w ? static_cast<double>(w[ch]) : 1)), b ? b[ch] : T(0)};
  }
  Scale<T> scaleOf(int64_t ch, const Moments& m) const { return scaleOf(ch, m.mean, m.variance); }
  Scale<T> scaleByRunning(int64_t ch) const {
    return scaleOf(ch, static_cast<double>(runningMean[ch]), static_cast<double>(runningVar[ch]));
  }

  void channel(int64_t ch) const {
    const int64_t S = c.S, step = c.C * S;
    const T* from = x + ch * S;
    Scale<T> k;
    if (c.flags & kEval) k = scaleByRunning(ch);
    else {
      const T around = meanOfLine(from, S);
      Tally<T> t;
      for (int64_t n = 0; n < c.N; n++) addSpread(t, from + n * step, S, around);
      t.flush();
      k = scaleOf(ch, momentsFrom(static_cast<double>(around), t.first, t.second, c.count()));
    }
    for (int64_t n = 0; n < c.N; n++) scaleLine(S, from + n * step, k.mean, k.a, k.b, y + ch * S + n * step);
  }

  void strip(int64_t ch, int64_t n) const {
    const int64_t C = c.C, head = c.N < 16 ? c.N : 16;
    const T* from = x + ch;
    Strip<T> s;
    T mean[kStrip], a[kStrip], b[kStrip];
    if (!(c.flags & kEval)) {
      meanOfRows(head, C, n, from, mean);
      sumColumns<T>(c.N, n, s, [&](int64_t r, int64_t i, int64_t m, Pack<T>& first, Pack<T>& second) {
        const Pack<T> u = loadPack(from + r * C + i, m) - loadPack(mean + i, m);
        first = first + u, second = fma(u, u, second);
      });
    }
    for (int64_t i = 0; i < n; i++) {
      const Scale<T> k = c.flags & kEval ? scaleByRunning(ch + i)
                                         : scaleOf(ch + i, momentsFrom(static_cast<double>(mean[i]), static_cast<double>(s.first[i]),
                                                                       static_cast<double>(s.second[i]), c.N));
      mean[i] = k.mean, a[i] = k.a, b[i] = k.b;
    }
    for (int64_t r = 0; r < c.N; r++) scaleRow(n, from + r * C, mean, a, b, y + ch + r * C);
  }
};

/** Calls channel(ch) for every channel or, where channels lie beside each other, strip(ch, n) for n of them. Columns know nothing
 *  of each other, so how many make a strip changes no bit and may depend on the threads. */
template <class K>
inline void eachChannel(const Channels& c, const K& k) {
  const bool beside = c.S == 1;
  int64_t width = 1;
  if (beside) {
    width = (c.C / numThreads() + 15) / 16 * 16;
    width = width > kStrip ? kStrip : width < 16 ? 16 : width;
  }
  const int64_t cost = times(c.count(), width) + 1, items = (c.C + width - 1) / width;
  parallel(items, cost >= kGrain ? 1 : kGrain / cost, [&](int64_t begin, int64_t end) {
    for (int64_t j = begin; j < end; j++) {
      if (beside) k.strip(j * width, c.C - j * width < width ? c.C - j * width : width);
      else k.channel(j);
    }
  });
}

/** y = (x - mean) w / sqrt(variance + eps) + b by channel. The running values move by momentum towards those of the batch, its
 *  variance that of a sample; kCumulative: momentum is 1/counter, the counter having grown by 1. kEval: by the running values.
 *  buffers: x, y [N, C, S], stats [C, 2] (mean and 1/deviation), weight?, bias? [C], running mean and variance? [C], counter?
 *  (int32 [1]).  sizes: N, C, S, flags.  floats: eps, momentum. */
template <class T> void batchNorm(Launch& l) noexcept {
  Forward<T> f{};
  if (!readChannels(l, f.c, 64)) return;
  f.eps = l.num(0), f.momentum = l.num(1);
  const int64_t C = f.c.C;
  const int flags = f.c.flags;
  f.x = l.in<T>(0, f.c.n()), f.y = l.out<T>(1, f.c.n()), f.stats = l.out<T>(2, times(C, 2));
  int next = 3;
  if (flags & kWeight) f.w = l.in<T>(next++, C);
  if (flags & kBias) f.b = l.in<T>(next++, C);
  if (flags & kRunning) f.runningMean = l.out<T>(next++, C), f.runningVar = l.out<T>(next++, C);
  int32_t* counter = flags & kCounter ? l.out<int32_t>(next, 1) : nullptr;
  if (!l.ok()) return;
  if ((flags & kEval && !(flags & kRunning)) || (flags & kCumulative && !counter)) {
    l.fail(ErrorKind::kLaunch, "flags %g lack the running values", flags);
    return;
  }
  if (counter && !(flags & kEval)) {
    const int32_t batches = *counter < INT32_MAX ? *counter + 1 : *counter;
    *counter = batches;
    if (flags & kCumulative) f.momentum = 1 / static_cast<double>(batches);
  }
  if (f.c.count() == 0) {
    // A batch of nothing teaches nothing.
    for (int64_t i = 0; i < 2 * C; i++) f.stats[i] = 0;
    return;
  }
  eachChannel(f.c, f);
}

template <class T> struct Backward {
  Channels c;
  const T *x, *dy, *stats, *w;
  T *dx, *dw, *db;

  /** What dx is made of: (dy - shift - (x - mean) slope) a. */
  struct Terms {
    T mean, shift, slope, a;
  };
  Terms termsOf(int64_t ch, double sum, double cross) const {
    const double scale = static_cast<double>(stats[2 * ch + 1]), n = static_cast<double>(c.count());
    if (dw) dw[ch] = static_cast<T>(cross * scale);
    if (db) db[ch] = static_cast<T>(sum);
    const T a = static_cast<T>(scale * (w ? static_cast<double>(w[ch]) : 1));
    if (c.flags & kEval) return {stats[2 * ch], 0, 0, a};
    return {stats[2 * ch], static_cast<T>(sum / n), static_cast<T>(cross * scale * scale / n), a};
  }

  void channel(int64_t ch) const {
    const int64_t S = c.S, step = c.C * S;
    const T *from = x + ch * S, *grad = dy + ch * S;
    Tally<T> t;
    for (int64_t n = 0; n < c.N; n++) addCross(t, from + n * step, grad + n * step, S, stats[2 * ch]);
    t.flush();
    const Terms k = termsOf(ch, t.first, t.second);
    if (!dx) return;
    for (int64_t n = 0; n < c.N; n++)
      scaleLineBack(S, from + n * step, grad + n * step, k.mean, T(1), k.shift, k.slope, k.a, dx + ch * S + n * step);
  }

  void strip(int64_t ch, int64_t n) const {
    const int64_t C = c.C;
    const T *from = x + ch, *grad = dy + ch;
    Strip<T> s;
    T mean[kStrip], shift[kStrip], slope[kStrip], a[kStrip];
    for (int64_t i = 0; i < n; i++) mean[i] = stats[2 * (ch + i)];
    sumColumns<T>(c.N, n, s, [&](int64_t r, int64_t i, int64_t m, Pack<T>& first, Pack<T>& second) {
      const Pack<T> u = loadPack(grad + r * C + i, m);
      first = first + u, second = fma(u, loadPack(from + r * C + i, m) - loadPack(mean + i, m), second);
    });
    for (int64_t i = 0; i < n; i++) {
      const Terms k = termsOf(ch + i, static_cast<double>(s.first[i]), static_cast<double>(s.second[i]));
      shift[i] = k.shift, slope[i] = k.slope, a[i] = k.a;
    }
    if (!dx) return;
    for (int64_t r = 0; r < c.N; r++) scaleRowBack(n, from + r * C, grad + r * C, mean, shift, slope, a, dx + ch + r * C);
  }
};

/** The gradients of batchNorm: with x̂ = (x - mean)/deviation, dw = Σ dy·x̂, db = Σ dy and
 *  dx = (dy - mean(dy) - x̂ mean(dy·x̂)) w / deviation; kEval: dx = dy·w / deviation.
 *  buffers: x, dy, stats, weight?, then dx?, dw?, db? as the flags say.  sizes: N, C, S, flags. */
template <class T> void batchNormBackward(Launch& l) noexcept {
  Backward<T> k{};
  if (!readChannels(l, k.c, 512)) return;
  const int64_t C = k.c.C;
  const int flags = k.c.flags;
  k.x = l.in<T>(0, k.c.n()), k.dy = l.in<T>(1, k.c.n()), k.stats = l.in<T>(2, times(C, 2));
  int next = 3;
  if (flags & kWeight) k.w = l.in<T>(next++, C);
  if (flags & kDx) k.dx = l.out<T>(next++, k.c.n());
  if (flags & kDw) k.dw = l.out<T>(next++, C);
  if (flags & kDb) k.db = l.out<T>(next, C);
  if (!l.ok()) return;
  eachChannel(k.c, k);
}

}  // namespace

GLOROT_FAMILY(batchNorm, FLOATS(batchNorm), FLOATS(batchNormBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
