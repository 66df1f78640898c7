// The largest and smallest along one dimension of a contiguous tensor x[outer, R, inner], their places, and the ways back.
// nan comes before any number; of equals the first counts, as in PyTorch. R is at least 1 where there is anything to fill.
#include "kernels/kernels.h"
#include "simd/spread.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

inline bool readFilled(Launch& l, Axis& a) {
  if (!readAxis(l, a)) return false;
  return a.R > 0 || a.kept() == 0 || l.fail(ErrorKind::kLaunch, "nothing to take the extremum of");
}

/** y = extremum of x.  buffers: x, y [outer, inner].  sizes: outer, R, inner. */
template <class T, class Op> void extremum(Launch& l, Op op) {
  Axis a;
  if (!readFilled(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  T* y = l.out<T>(1, a.kept());
  if (!l.ok()) return;
  if (a.inner == 1) {
    eachRow(a, [&](int64_t o, bool shared) {
      y[o] = fold<T>(op, a.R, Elements<T>{x + o * a.R}, shared);
    });
    return;
  }
  eachTile(a, x, [&](const Columns<T>& c, int64_t at, auto packs) {
    storeRow(y + at, c.n, foldColumns<T, decltype(packs)::value>(op, c, Same{}));
  });
}

inline VecI alike(VecF x, VecF y) { return (x == y) | ((x != x) & (y != y)); }
template <class T> inline bool alike(T x, T y) { return x == y || (x != x && y != y); }

/** A place beside each lane of a pack. */
template <class T> struct Places { using type = int32_t; };
template <> struct Places<float> { using type = VecI; };
inline int32_t placeOf(VecI v, int64_t lane) { return v[lane]; }
inline int32_t placeOf(int32_t v, int64_t) { return v; }

/** The extremum's first place, and its value where `values` is not null. */
template <class T, class Op> __attribute__((noinline)) void place(Launch& l, Op op, int placesAt) {
  Axis a;
  if (!readFilled(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  T* values = placesAt == 2 ? l.out<T>(1, a.kept()) : nullptr;
  int32_t* places = l.out<int32_t>(placesAt, a.kept());
  if (a.R > INT32_MAX) l.fail(ErrorKind::kValue, "%g elements are more than int32 can index", static_cast<double>(a.R));
  if (!l.ok()) return;
  if (a.inner == 1) {
    eachRow(a, [&](int64_t o, bool shared) {
      const T* row = x + o * a.R;
      const T best = fold<T>(op, a.R, Elements<T>{row}, shared);
      int64_t r = 0;
      if (best == best)
        while (r < a.R - 1 && row[r] != best) r++;
      else
        while (r < a.R - 1 && row[r] == row[r]) r++;
      places[o] = static_cast<int32_t>(r);
      if (values) values[o] = best;
    });
    return;
  }
  using Index = typename Places<T>::type;
  eachTile(a, x, [&](const Columns<T>& c, int64_t at, auto packs) {
    constexpr int P = decltype(packs)::value;
    Tile<T, P> best = loadRow<T, P>(c, 0);
    Index first[P];
    for (int p = 0; p < P; p++) first[p] = Index{};
    for (int64_t r = 1; r < c.R; r++) {
      const Tile<T, P> row = loadRow<T, P>(c, r);
      const Index here = static_cast<int32_t>(r) - Index{};
      for (int p = 0; p < P; p++) {
        // A later element wins only if it changes the extremum.
        const Pack<T> v = op(best.v[p], row.v[p]);
        first[p] = alike(v, best.v[p]) ? first[p] : here;
        best.v[p] = v;
      }
    }
    if (values) storeRow(values + at, c.n, best);
    for (int64_t i = 0; i < c.n; i++) places[at + i] = placeOf(first[i / kPack<T>], i % kPack<T>);
  });
}

template <class T> void amax(Launch& l) noexcept { extremum<T>(l, Largest{}); }
template <class T> void amin(Launch& l) noexcept { extremum<T>(l, Smallest{}); }
/** buffers: x, indices (int32). */
template <class T> void argmax(Launch& l) noexcept { place<T>(l, Largest{}, 1); }
template <class T> void argmin(Launch& l) noexcept { place<T>(l, Smallest{}, 1); }
/** buffers: x, values, indices (int32). */
template <class T> void max(Launch& l) noexcept { place<T>(l, Largest{}, 2); }
template <class T> void min(Launch& l) noexcept { place<T>(l, Smallest{}, 2); }

/** dx = dy shared evenly by the elements equal to y (nan is equal to nan), 0 elsewhere; of amax, amin, and max and min of a
 *  whole tensor.  buffers: x, y [outer, inner], dy [outer, inner], dx.  sizes: outer, R, inner. */
template <class T> void extremumBackward(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  const T* y = l.in<T>(1, a.kept());
  const T* dy = l.in<T>(2, a.kept());
  T* dx = l.out<T>(3, a.n());
  if (!l.ok() || a.n() == 0) return;
  shareAmong(a, x, y, dy, dx, [](auto v, auto s) { return (v == s) | ((v != v) & (s != s)); }, [](auto, auto g) { return g; });
}

/** Refuses an index outside [0, R). */
inline bool checkIndex(Launch& l, const int32_t* index, int64_t n, int64_t R) {
  for (int64_t k = 0; k < n; k++)
    if (const int32_t r = index[k]; r < 0 || r >= R)
      return l.fail(ErrorKind::kIndex, "index %g is out of range for size %g", r, static_cast<double>(R));
  return true;
}
/** Index k, read once: the buffer is shared with JavaScript, which may have changed it since the check. -1 if it has. */
inline int64_t indexAt(const int32_t* index, int64_t k, int64_t R) {
  const int32_t r = __atomic_load_n(index + k, __ATOMIC_RELAXED);
  return r >= 0 && r < R ? r : -1;
}

/** y[o, k, i] = x[o, index[o, k, i], i]: K of R elements.
 *  buffers: x [outer, R, inner], index (int32), y, both [outer, K, inner].  sizes: outer, R, inner, K. */
template <class T> void pick(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const int64_t K = l.size(3), picked = times(a.kept(), K);
  const T* x = l.in<T>(0, a.n());
  const int32_t* index = l.in<int32_t>(1, picked);
  T* y = l.out<T>(2, picked);
  if (!l.ok() || !checkIndex(l, index, picked, a.R)) return;
  for (int64_t k = 0; k < picked; k++) {
    const int64_t r = indexAt(index, k, a.R);
    y[k] = r < 0 ? T(0) : x[(k / (K * a.inner) * a.R + r) * a.inner + k % a.inner];
  }
}

/** dx[o, index[o, k, i], i] = the sum of dy[o, k, i] over k, 0 where no index points: the way back from picking K of R elements
 *  (max and min along a dimension, sort, topk).
 *  buffers: dy [outer, K, inner], index (int32, like dy), dx [outer, R, inner].  sizes: outer, R, inner, K. */
template <class T> void pickBackward(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const int64_t K = l.size(3), picked = times(a.kept(), K);
  const T* dy = l.in<T>(0, picked);
  const int32_t* index = l.in<int32_t>(1, picked);
  T* dx = l.out<T>(2, a.n());
  if (!l.ok() || !checkIndex(l, index, picked, a.R)) return;
  eachStrip(a, [&](int64_t at, int64_t kept, int64_t n) {
    const bool whole = n == a.inner;
    for (int64_t r = 0; r < (whole ? 1 : a.R); r++) std::memset(dx + at + r * a.inner, 0, static_cast<size_t>(whole ? a.R * n : n) * sizeof(T));
    const int64_t o = kept / a.inner, j = kept % a.inner;
    for (int64_t k = 0; k < K; k++)
      for (int64_t i = 0; i < n; i++) {
        const int64_t from = (o * K + k) * a.inner + j + i;
        const int64_t r = indexAt(index, from, a.R);
        if (r >= 0) dx[at + r * a.inner + i] += dy[from];
      }
  });
}

}  // namespace

GLOROT_FAMILY(extremum, ANY(amax), ANY(amin), ANY(argmax), ANY(argmin), ANY(max), ANY(min), FLOATS(extremumBackward),
              FLOATS(pick), FLOATS(pickBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
