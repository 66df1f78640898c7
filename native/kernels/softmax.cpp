// softmax, its logarithm and logsumexp along one dimension of a contiguous tensor x[outer, R, inner]. The largest element is
// taken off first, so nothing overflows. A row of -inf alone, or with +inf or nan in it, has no softmax: nan, as in PyTorch; nan
// need not be looked for, since the sum of the exponentials carries it.
#include "kernels/kernels.h"
#include "simd/softmax.h"
#include "simd/spread.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// Both functions share these loops, `log` being asked in each turn: two versions of them made the binary larger by 50 kB.

/** One contiguous row. y may be x. */
template <class T> inline void softmaxRow(bool log, const T* x, int64_t R, T* y) {
  const SoftmaxOfRow<T> of = softmaxOfRow(x, R, log ? nullptr : y);
  const Pack<T> m = fillPack(of.m), last = fillPack(log ? logOf(of.s) : 1 / of.s);
  for (int64_t i = 0; i < R; i += kPack<T>) {
    const int64_t n = R - i < kPack<T> ? R - i : kPack<T>;
    storePack(y + i, log ? loadPack(x + i, n) - m - last : loadPack(y + i, n) * last, n);
  }
}

/** n <= lanes short rows. y may be x. */
inline void softmaxShortRows(bool log, const float* x, int64_t n, int64_t R, float* y) {
  VecF t[kShortRow];
  toColumns(x, n, R, t);
  const SoftmaxOfRow<VecF> of = softmaxOfColumns(!log, t, R);
  const VecF last = log ? GLOROT_ISA::log(of.s) : splat(1.0f) / of.s;
  for (int64_t r = 0; r < R; r++) t[r] = log ? t[r] - of.m - last : t[r] * last;
  fromColumns(t, n, R, y);
}

/** A tile of columns of x, y likewise. */
template <class T, int P> inline void softmaxTile(bool log, const Columns<T>& c, T* y) {
  const Tile<T, P> m = foldColumns<T, P>(Larger{}, c, Same{});
  const Tile<T, P> s = foldRows<T, P>(Sum{}, c.R, [&](int64_t r) {
    Tile<T, P> t = loadRow<T, P>(c, r);
    for (int p = 0; p < P; p++) t.v[p] = exp(t.v[p] - m.v[p]);
    if (!log) storeRow(y + r * c.stride, c.n, t);
    return t;
  });
  Tile<T, P> last;
  for (int p = 0; p < P; p++) last.v[p] = log ? GLOROT_ISA::log(s.v[p]) : fillPack(T(1)) / s.v[p];
  // Reads of y stay within this tile's columns: its neighbours are being written.
  const Columns<T> done{log ? c.x : y, c.R, c.stride, c.n, log ? c.room : 0};
  for (int64_t r = 0; r < c.R; r++) {
    Tile<T, P> t = loadRow<T, P>(done, r);
    for (int p = 0; p < P; p++) t.v[p] = log ? t.v[p] - m.v[p] - last.v[p] : t.v[p] * last.v[p];
    storeRow(y + r * c.stride, c.n, t);
  }
}

template <class T> void normalise(bool log, Launch& l) {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  T* y = l.out<T>(1, a.n());
  if (!l.ok() || a.n() == 0) return;
  if constexpr (kPack<T> > 1)
    if (a.inner == 1 && a.R <= kShortRow && a.R > 0) {
      const int64_t groups = (a.outer + kPack<T> - 1) / kPack<T>;
      return parallel(groups, kGrain / (kPack<T> * kShortRow), [&](int64_t begin, int64_t end) {
        for (int64_t o = begin * kPack<T>; o < end * kPack<T> && o < a.outer; o += kPack<T>)
          softmaxShortRows(log, x + o * a.R, a.outer - o < kPack<T> ? a.outer - o : kPack<T>, a.R, y + o * a.R);
      });
    }
  if (a.inner == 1) return eachRow(a, [&](int64_t o, bool) { softmaxRow(log, x + o * a.R, a.R, y + o * a.R); });
  eachTile(a, x, [&](const Columns<T>& c, int64_t, auto packs) {
    softmaxTile<T, decltype(packs)::value>(log, c, y + (c.x - x));
  });
}

/** y = exp(x - m) / sum exp(x - m), m = max x.  buffers: x, y.  sizes: outer, R, inner. */
template <class T> void softmax(Launch& l) noexcept { normalise<T>(false, l); }
/** y = x - m - log sum exp(x - m).  buffers: x, y.  sizes: outer, R, inner. */
template <class T> void logSoftmax(Launch& l) noexcept { normalise<T>(true, l); }

/** softmax: dx = y (dy - sum y dy); logSoftmax: dx = dy - exp(y) sum dy.
 *  buffers: y, dy, dx (may be dy).  sizes: outer, R, inner. */
template <class T> void normaliseBackward(bool log, Launch& l) {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* y = l.in<T>(0, a.n());
  const T* dy = l.in<T>(1, a.n());
  T* dx = l.out<T>(2, a.n());
  if (!l.ok() || a.n() == 0) return;
  if (a.inner == 1) {
    eachRow(a, [&](int64_t o, bool) {
      const T *yo = y + o * a.R, *go = dy + o * a.R;
      const T s = fold<T>(Sum{}, a.R, [=](int64_t i, int64_t n) {
        return log ? loadPack(go + i, n) : loadPack(go + i, n) * loadPack(yo + i, n);
      });
      for (int64_t i = 0; i < a.R; i += kPack<T>) {
        const int64_t n = a.R - i < kPack<T> ? a.R - i : kPack<T>;
        const Pack<T> v = loadPack(yo + i, n), g = loadPack(go + i, n), total = fillPack(s);
        storePack(dx + o * a.R + i, log ? g - exp(v) * total : v * (g - total), n);
      }
    });
    return;
  }
  eachTile(a, y, [&](const Columns<T>& c, int64_t, auto packs) {
    constexpr int P = decltype(packs)::value;
    // dx may be dy, whose other columns are being overwritten: room 0 keeps reads within the tile.
    const Columns<T> grads{dy + (c.x - y), c.R, c.stride, c.n, 0};
    const Tile<T, P> s = foldRows<T, P>(Sum{}, c.R, [&](int64_t r) {
      Tile<T, P> g = loadRow<T, P>(grads, r);
      if (log) return g;
      const Tile<T, P> v = loadRow<T, P>(c, r);
      for (int p = 0; p < P; p++) g.v[p] = g.v[p] * v.v[p];
      return g;
    });
    for (int64_t r = 0; r < c.R; r++) {
      const Tile<T, P> v = loadRow<T, P>(c, r);
      Tile<T, P> g = loadRow<T, P>(grads, r);
      for (int p = 0; p < P; p++) g.v[p] = log ? g.v[p] - exp(v.v[p]) * s.v[p] : v.v[p] * (g.v[p] - s.v[p]);
      storeRow(dx + (c.x - y) + r * c.stride, c.n, g);
    }
  });
}
template <class T> void softmaxBackward(Launch& l) noexcept { normaliseBackward<T>(false, l); }
template <class T> void logSoftmaxBackward(Launch& l) noexcept { normaliseBackward<T>(true, l); }

/** 0 for an infinite largest element: taking it off would give inf - inf. */
template <class V> inline V finite(V m) { return m - m == like(m, 0) ? m : like(m, 0); }

/** y = m + log sum exp(x - m).  buffers: x, y [outer, inner].  sizes: outer, R, inner. */
template <class T> void logsumexp(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  T* y = l.out<T>(1, a.kept());
  if (!l.ok()) return;
  if (a.inner == 1) {
    eachRow(a, [&](int64_t o, bool shared) {
      const T* row = x + o * a.R;
      const T m = finite(fold<T>(Larger{}, a.R, Elements<T>{row}, shared));
      const auto power = [row, m](int64_t i, int64_t n) { return exp(loadPack(row + i, n) - fillPack(m)); };
      y[o] = m + logOf(fold<T>(Sum{}, a.R, power, shared));
    });
    return;
  }
  eachTile(a, x, [&](const Columns<T>& c, int64_t at, auto packs) {
    constexpr int P = decltype(packs)::value;
    Tile<T, P> m = foldColumns<T, P>(Larger{}, c, Same{});
    for (int p = 0; p < P; p++) m.v[p] = finite(m.v[p]);
    Tile<T, P> s = sumOfPowers(c, m);
    for (int p = 0; p < P; p++) s.v[p] = m.v[p] + log(s.v[p]);
    storeRow(y + at, c.n, s);
  });
}

/** dx = dy exp(x - y).  buffers: x, y [outer, inner], dy [outer, inner], dx.  sizes: outer, R, inner. */
template <class T> void logsumexpBackward(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  const T* y = l.in<T>(1, a.kept());
  const T* dy = l.in<T>(2, a.kept());
  T* dx = l.out<T>(3, a.n());
  if (!l.ok() || a.n() == 0) return;
  spread(a, x, y, dy, dx, [](auto v, auto s, auto g) { return g * exp(v - s); });
}

}  // namespace

GLOROT_FAMILY(softmax, FLOATS(softmax), FLOATS(logSoftmax), FLOATS(softmaxBackward), FLOATS(logSoftmaxBackward),
              FLOATS(logsumexp), FLOATS(logsumexpBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
