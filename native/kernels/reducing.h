// Folding one dimension of a contiguous tensor, between a formula before and one after.
#pragma once
#include "kernels/kernels.h"
#include "simd/spread.h"

namespace glorot {
namespace GLOROT_ISA {

/** y[o, i] = finish(op over r of f(x[o, r, i])).  buffers: x [outer, R, inner], y [outer, inner].  sizes: outer, R, inner. */
template <class T, class Op, class F, class G>
void reduceWith(Launch& l, Op op, F f, G finish) {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  T* y = l.out<T>(1, a.kept());
  if (!l.ok()) return;
  if (a.inner == 1) {
    eachRow(a, [&](int64_t o, bool shared) {
      const T* row = x + o * a.R;
      const auto at = [&](int64_t i, int64_t n) { return f(loadPack(row + i, n)); };
      y[o] = finish(fold<T>(op, a.R, at, shared));
    });
    return;
  }
  eachTile(a, x, [&](const Columns<T>& c, int64_t at, auto packs) {
    constexpr int P = decltype(packs)::value;
    Tile<T, P> t = foldColumns<T, P>(op, c, [&](Pack<T> v, int) { return f(v); });
    for (int p = 0; p < P; p++) t.v[p] = finish(t.v[p]);
    storeRow(y + at, c.n, t);
  });
}

}  // namespace GLOROT_ISA
}  // namespace glorot
