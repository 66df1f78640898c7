// The way back from a reduction: values of y[outer, inner] spread over x[outer, R, inner], and plain loops over strips of columns.
#pragma once
#include "simd/fold.h"

namespace glorot {
namespace GLOROT_ISA {

// Columns handled together by loops that keep a number per column.
constexpr int64_t kStrip = 64;

/** Calls strip(offset in [outer, R, inner], offset in [outer, inner], n) for strips of n <= kStrip columns that cover all. */
template <class F>
inline void eachStrip(const Axis& a, F strip) {
  const int64_t strips = (a.inner + kStrip - 1) / kStrip, cost = a.R * (a.inner < kStrip ? a.inner : kStrip) + 1;
  parallel(a.outer * strips, cost >= kGrain ? 1 : kGrain / cost, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; k++) {
      const int64_t o = k / strips, j = k % strips * kStrip;
      strip(o * a.R * a.inner + j, o * a.inner + j, a.inner - j < kStrip ? a.inner - j : kStrip);
    }
  });
}

/** n elements: dx = f(x, s, g), where s and g are one value each (step 0) or lie beside x (step 1). */
template <class T, class F>
inline void spreadRow(int64_t n, const T* x, const T* s, const T* g, bool step, T* dx, F& f) {
  constexpr int W = kPack<T>;
  const Pack<T> s0 = fillPack(s[0]), g0 = fillPack(g[0]);
  for (int64_t i = 0; i < n; i += W) {
    const int64_t m = n - i < W ? n - i : W;
    const Pack<T> v = loadPack(x + i, m);
    storePack(dx + i, step ? f(v, loadPack(s + i, m), loadPack(g + i, m)) : f(v, s0, g0), m);
  }
}

/** dx[o, r, i] = f(x[o, r, i], s[o, i], g[o, i]). dx may be x. */
template <class T, class F>
inline void spread(const Axis& a, const T* x, const T* s, const T* g, T* dx, F f) {
  if (a.inner == 1) {
    if (a.R > kChunk && a.outer < 16) {
      for (int64_t o = 0; o < a.outer; o++)
        parallel(a.R, kGrain, [&](int64_t begin, int64_t end) {
          spreadRow(end - begin, x + o * a.R + begin, s + o, g + o, false, dx + o * a.R + begin, f);
        });
      return;
    }
    eachRow(a, [&](int64_t o, bool) { if (a.R > 0) spreadRow(a.R, x + o * a.R, s + o, g + o, false, dx + o * a.R, f); });
    return;
  }
  if (a.n() == 0) return;
  parallel(a.outer * a.R, a.inner >= kGrain ? 1 : kGrain / a.inner, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; k++) {
      const int64_t o = k / a.R;
      spreadRow(a.inner, x + k * a.inner, s + o * a.inner, g + o * a.inner, true, dx + k * a.inner, f);
    }
  });
}

/** The elements that `chosen(x, y)` picks share dy: dx = f(x, dy / number of them), 0 elsewhere; where none is, 0/0. */
template <class T, class C, class F>
inline void shareAmong(const Axis& a, const T* x, const T* y, const T* dy, T* dx, C chosen, F f) {
  const Pack<T> one = fillPack(T(1)), zero = fillPack(T(0));
  if (a.inner == 1) {
    eachRow(a, [&](int64_t o, bool) {
      const T* row = x + o * a.R;
      const Pack<T> s = fillPack(y[o]);
      const T count = fold<T>(Sum{}, a.R, [&](int64_t i, int64_t n) { return chosen(loadPack(row + i, n), s) ? one : zero; });
      const T share = dy[o] / count;
      const auto give = [&](Pack<T> v, Pack<T> sv, Pack<T> g) { return chosen(v, sv) ? f(v, g) : zero; };
      if (a.R > 0) spreadRow(a.R, row, y + o, &share, false, dx + o * a.R, give);
    });
    return;
  }
  eachTile(a, x, [&](const Columns<T>& c, int64_t at, auto packs) {
    constexpr int P = decltype(packs)::value;
    const Tile<T, P> s = loadRow<T, P>({y + at, 1, 0, c.n, a.kept() - at}, 0);
    const Tile<T, P> g = loadRow<T, P>({dy + at, 1, 0, c.n, a.kept() - at}, 0);
    const Tile<T, P> count = foldColumns<T, P>(Sum{}, c, [&](Pack<T> v, int p) { return chosen(v, s.v[p]) ? one : zero; });
    for (int64_t r = 0; r < c.R; r++) {
      Tile<T, P> t = loadRow<T, P>(c, r);
      for (int p = 0; p < P; p++) t.v[p] = chosen(t.v[p], s.v[p]) ? f(t.v[p], g.v[p] / count.v[p]) : zero;
      storeRow(dx + (c.x - x) + r * c.stride, c.n, t);
    }
  });
}

}  // namespace GLOROT_ISA
}  // namespace glorot
