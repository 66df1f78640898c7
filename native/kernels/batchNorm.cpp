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
constexpr int64_t kStrip = 4 * 16;  // columns handled together, on every ISA

/** Two sums for each of up to kStrip columns. */
template <class T> struct Strip {
  T first[kStrip], second[kStrip];
};

/** Adds f(row, i, n, u, v) of `rows` rows to the sums of P packs of columns, which are in registers meanwhile. */
template <class T, int P, class F>
__attribute__((noinline, flatten)) void addRows(int64_t rows, int64_t n, T* first, T* second, F f) {
  constexpr int W = kPack<T>;
  Pack<T> a[P] = {}, b[P] = {}, u, v;
  for (int64_t r = 0; r < rows; r++)
#pragma GCC unroll 4
    for (int p = 0; p < P; p++) f(r, p * W, n < W ? n : W, u, v), a[p] = a[p] + u, b[p] = b[p] + v;
  for (int p = 0; p < P; p++) {
    const int64_t m = n < W ? n : W;
    storePack(first + p * W, loadPack(first + p * W, m) + a[p], m);
    storePack(second + p * W, loadPack(second + p * W, m) + b[p], m);
  }
}

/** The sums of f(r, i, n, u, v) down n columns, in runs of rows whose sums are added up. */
template <class T, class F>
inline void sumColumns(int64_t N, int64_t n, Strip<T>& s, F f) {
  constexpr int W = kPack<T>;
  constexpr int64_t kRun = 64;
  for (int64_t i = 0; i < n; i++) s.first[i] = s.second[i] = 0;
  for (int64_t r = 0; r < N; r += kRun) {
    const int64_t rows = N - r < kRun ? N - r : kRun;
    int64_t i = 0;
    const auto term = [&](int64_t row, int64_t at, int64_t m, Pack<T>& u, Pack<T>& v) { f(r + row, i + at, m, u, v); };
    for (; i + 4 * W <= n; i += 4 * W) addRows<T, 4>(rows, 4 * W, s.first + i, s.second + i, term);
    for (; i < n; i += W) addRows<T, 1>(rows, n - i, s.first + i, s.second + i, term);
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
      for (int64_t i = 0; i < n; i++) mean[i] = 0;
      for (int64_t r = 0; r < head; r++)
        for (int64_t i = 0; i < n; i++) mean[i] += from[r * C + i] / static_cast<T>(head);
      sumColumns<T>(c.N, n, s, [&](int64_t r, int64_t i, int64_t m, Pack<T>& u, Pack<T>& v) {
        u = loadPack(from + r * C + i, m) - loadPack(mean + i, m);
        v = u * u;
      });
    }
    for (int64_t i = 0; i < n; i++) {
      const Scale<T> k = c.flags & kEval ? scaleByRunning(ch + i)
                                         : scaleOf(ch + i, momentsFrom(static_cast<double>(mean[i]), static_cast<double>(s.first[i]),
                                                                       static_cast<double>(s.second[i]), c.N));
      mean[i] = k.mean, a[i] = k.a, b[i] = k.b;
    }
    for (int64_t r = 0; r < c.N; r++)
      eachPack<T>(n, [&](int64_t i, int64_t m) {
        storePack(y + ch + r * C + i, fma(loadPack(from + r * C + i, m) - loadPack(mean + i, m), loadPack(a + i, m), loadPack(b + i, m)), m);
      });
  }
};

/** Calls channel(ch) for every channel or, where channels lie beside each other, strip(ch, n) for n of them. */
template <class K>
inline void eachChannel(const Channels& c, const K& k) {
  const bool beside = c.S == 1;
  const int64_t width = beside ? kStrip : 1, cost = c.count() * width + 1, items = (c.C + width - 1) / width;
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
    sumColumns<T>(c.N, n, s, [&](int64_t r, int64_t i, int64_t m, Pack<T>& u, Pack<T>& v) {
      u = loadPack(grad + r * C + i, m);
      v = u * (loadPack(from + r * C + i, m) - loadPack(mean + i, m));
    });
    for (int64_t i = 0; i < n; i++) {
      const Terms k = termsOf(ch + i, static_cast<double>(s.first[i]), static_cast<double>(s.second[i]));
      shift[i] = k.shift, slope[i] = k.slope, a[i] = k.a;
    }
    if (!dx) return;
    for (int64_t r = 0; r < c.N; r++)
      eachPack<T>(n, [&](int64_t i, int64_t m) {
        const Pack<T> d = loadPack(from + r * C + i, m) - loadPack(mean + i, m), g = loadPack(grad + r * C + i, m) - loadPack(shift + i, m);
        storePack(dx + ch + r * C + i, (g - d * loadPack(slope + i, m)) * loadPack(a + i, m), m);
      });
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
