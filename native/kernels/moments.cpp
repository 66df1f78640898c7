// Variance and standard deviation along one dimension of a contiguous tensor x[outer, R, inner]: the mean first, then the sum of
// squared distances from it, so that values far from zero lose nothing (the two-pass formula; Chan, Golub, LeVeque 1983).
#include "kernels/kernels.h"
#include "simd/spread.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

template <class T> inline T meanOfRow(const T* row, int64_t R, bool shared) {
  return fold<T>(Sum{}, R, Elements<T>{row}, shared) / static_cast<T>(R);
}
template <class T, int P> inline Tile<T, P> meanOfColumns(const Columns<T>& c) {
  Tile<T, P> m = foldColumns<T, P>(Sum{}, c, Same{});
  for (int p = 0; p < P; p++) m.v[p] = m.v[p] / fillPack(static_cast<T>(c.R));
  return m;
}

/** y = sum (x - mean)^2 / max(0, R - correction), or its square root.
 *  buffers: x, y [outer, inner].  sizes: outer, R, inner.  floats: correction. */
template <class T> void spreadAround(Launch& l, bool root) {
  Axis a;
  if (!readAxis(l, a)) return;
  const double free = static_cast<double>(a.R) - l.num(0);
  const T* x = l.in<T>(0, a.n());
  T* y = l.out<T>(1, a.kept());
  if (!l.ok()) return;
  const T by = static_cast<T>(free > 0 ? free : 0);
  if (a.inner == 1) {
    eachRow(a, [&](int64_t o, bool shared) {
      const T* row = x + o * a.R;
      const Pack<T> m = fillPack(meanOfRow(row, a.R, shared));
      const auto square = [&](int64_t i, int64_t n) {
        const Pack<T> d = loadPack(row + i, n) - m;
        return d * d;
      };
      const T s = fold<T>(Sum{}, a.R, square, shared) / by;
      y[o] = root ? sqrt(s) : s;
    });
    return;
  }
  eachTile(a, x, [&](const Columns<T>& c, int64_t at, auto packs) {
    constexpr int P = decltype(packs)::value;
    const Tile<T, P> m = meanOfColumns<T, P>(c);
    Tile<T, P> s = foldColumns<T, P>(Sum{}, c, [&](Pack<T> v, int p) { return (v - m.v[p]) * (v - m.v[p]); });
    for (int p = 0; p < P; p++) s.v[p] = root ? sqrt(s.v[p] / fillPack(by)) : s.v[p] / fillPack(by);
    storeRow(y + at, c.n, s);
  });
}

template <class T> void var(Launch& l) noexcept { spreadAround<T>(l, false); }
template <class T> void std(Launch& l) noexcept { spreadAround<T>(l, true); }

/** dx = dy 2 (x - mean) / free, or where there is a y, the root of the variance, dx = dy (x - mean) / (free y), 0 where y is 0. */
template <class T> void deviate(const Axis& a, const T* x, const T* y, const T* dy, T free, T* dx) {
  const auto scale = [=](int64_t k) { return !y ? 2 * dy[k] / free : y[k] == 0 ? T(0) : dy[k] / (free * y[k]); };
  if (a.inner == 1) {
    eachRow(a, [&](int64_t o, bool) {
      if (a.R == 0) return;
      const T m = meanOfRow(x + o * a.R, a.R, false), s = scale(o);
      const auto f = [](Pack<T> v, Pack<T> mean, Pack<T> by) { return (v - mean) * by; };
      spreadRow(a.R, x + o * a.R, &m, &s, false, dx + o * a.R, f);
    });
    return;
  }
  eachTile(a, x, [&](const Columns<T>& c, int64_t at, auto packs) {
    constexpr int P = decltype(packs)::value;
    const Tile<T, P> m = meanOfColumns<T, P>(c);
    T by[P * kPack<T>] = {};
    for (int64_t i = 0; i < c.n; i++) by[i] = scale(at + i);
    for (int64_t r = 0; r < c.R; r++) {
      Tile<T, P> t = loadRow<T, P>(c, r);
      for (int p = 0; p < P; p++) t.v[p] = (t.v[p] - m.v[p]) * loadPack(by + p * kPack<T>);
      storeRow(dx + (c.x - x) + r * c.stride, c.n, t);
    }
  });
}

/** dx = dy * 2 (x - mean) / (R - correction).
 *  buffers: x, dy [outer, inner], dx.  sizes: outer, R, inner.  floats: correction. */
template <class T> void varBackward(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const T by = static_cast<T>(static_cast<double>(a.R) - l.num(0));
  const T* x = l.in<T>(0, a.n());
  const T* dy = l.in<T>(1, a.kept());
  T* dx = l.out<T>(2, a.n());
  if (!l.ok() || a.n() == 0) return;
  deviate<T>(a, x, nullptr, dy, by, dx);
}

/** dx = dy (x - mean) / ((R - correction) y), 0 where y is 0.
 *  buffers: x, y [outer, inner], dy [outer, inner], dx.  sizes: outer, R, inner.  floats: correction. */
template <class T> void stdBackward(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const T by = static_cast<T>(static_cast<double>(a.R) - l.num(0));
  const T* x = l.in<T>(0, a.n());
  const T* y = l.in<T>(1, a.kept());
  const T* dy = l.in<T>(2, a.kept());
  T* dx = l.out<T>(3, a.n());
  if (!l.ok() || a.n() == 0) return;
  deviate(a, x, y, dy, by, dx);
}

}  // namespace

GLOROT_FAMILY(moments, FLOATS(var), FLOATS(std), FLOATS(varBackward), FLOATS(stdBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
