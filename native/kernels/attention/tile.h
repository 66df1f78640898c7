// What the passes of attention share: where heads lie, the scores of a tile, and loops over its rows.
#pragma once
#include "kernels/gemm.h"
#include "launch.h"
#include "pool.h"
#include "simd/explog.h"
#include "simd/fold.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// A tile of scores, 64 KB, and the queries, keys and values it comes from stay in L2.
constexpr int64_t kQueries = 64, kKeys = 256;
constexpr int kTileSlot = 0, kRowsSlot = 1;  // of scratch; gemm has the others

/** From a batch to the next, a head, a row; elements of a row follow each other. */
struct Layout {
  int64_t batch, head, row;
};

/**
 * softmax(scale·Q·Kᵀ + mask)·V for N batches of heads; `group` heads share their keys and values.
 * Q: [L, E], K: [S, E], V: [S, D], O: [L, D] of each head; mask: [L, S], any of its strides may be 0; noise: [N, heads, L, S], 1 where
 * dropout keeps a weight, which is then `keep` times itself; lse: [N, heads, L], the logarithm of each row's sum.
 */
template <class T> struct Attention {
  int64_t N, heads, group, L, S, E, D;
  bool causal;
  Layout q, k, v, o, m;
  const T *Q, *K, *V, *mask;
  const uint8_t* noise;
  T scale, keep;
};

/** One head of one batch. */
template <class T> struct Head {
  const T *Q, *K, *V, *mask;
  const uint8_t* noise;
  Head(const Attention<T>& a, int64_t n, int64_t h)
      : Q(a.Q + n * a.q.batch + h * a.q.head), K(a.K + n * a.k.batch + h / a.group * a.k.head), V(a.V + n * a.v.batch + h / a.group * a.v.head),
        mask(a.mask ? a.mask + n * a.m.batch + h * a.m.head : nullptr), noise(a.noise ? a.noise + (n * a.heads + h) * a.L * a.S : nullptr) {}
};

/** Queries i … i+rows-1 against keys j … j+columns-1; rows of the tile follow each other. */
struct ScoreTile {
  int64_t i, rows, j, columns;
};

template <class F> inline void eachTileRow(const ScoreTile& t, F f) {
  for (int64_t r = 0; r < t.rows; r++) f(r);
}
/** Calls f(column, lanes) for packs of a row. */
template <class T, class F> inline void eachTilePack(int64_t columns, F f) {
  for (int64_t c = 0; c < columns; c += kPack<T>) f(c, columns - c < kPack<T> ? columns - c : int64_t{kPack<T>});
}

/** s = scale·Q·Kᵀ + mask, -inf for keys after the query where causal. */
template <class T> bool scores(const Attention<T>& a, const Head<T>& h, const ScoreTile& t, T* s) {
  Gemm<T> g{t.rows, t.columns, a.E, h.Q + t.i * a.q.row, a.q.row, 1, h.K + t.j * a.k.row, 1, a.k.row, s, t.columns};
  g.alpha = a.scale;
  if (!gemm(g)) return false;
  eachTileRow(t, [&](int64_t r) {
    T* row = s + r * t.columns;
    if (h.mask) {
      const T* m = h.mask + (t.i + r) * a.m.row + t.j;
      eachTilePack<T>(t.columns, [&](int64_t c, int64_t w) { storePack(row + c, loadPack(row + c, w) + loadPack(m + c, w), w); });
    }
    if (a.causal)
      for (int64_t c = t.i + r + 1 > t.j ? t.i + r + 1 - t.j : 0; c < t.columns; c++) row[c] = Limits<T>::lowest;
  });
  return true;
}

/** p = p·noise·keep. */
template <class T> void dropWeights(const Attention<T>& a, const Head<T>& h, const ScoreTile& t, const T* p, T* to) {
  eachTileRow(t, [&](int64_t r) {
    const uint8_t* kept = h.noise + (t.i + r) * a.S + t.j;
    for (int64_t c = 0; c < t.columns; c++) to[r * t.columns + c] = p[r * t.columns + c] * (kept[c] ? a.keep : T(0));
  });
}

/** Keys that any query before `end` sees. */
template <class T> inline int64_t keysSeen(const Attention<T>& a, int64_t end) { return a.causal && end < a.S ? end : a.S; }

/** The last number that a head's elements reach, of N batches and `heads` heads of `rows` rows of `columns`. */
inline int64_t spanOfHeads(int64_t N, int64_t heads, int64_t rows, int64_t columns, const Layout& x) {
  const int64_t shape[] = {N, heads, rows, columns}, strides[] = {x.batch, x.head, x.row, 1};
  return Launch::span(4, shape, strides);
}
inline Layout readLayout(Launch& l, int at) { return {l.size(at), l.size(at + 1), l.size(at + 2)}; }

/** sizes: N, heads, group, L, S, E, D, causal, mask, noise, then batch, head and row strides of Q, K, V, O, mask. floats: scale, keep.
 *  Reads all but the buffers. */
template <class T> bool readAttention(Launch& l, Attention<T>& a) {
  a.N = l.size(0), a.heads = l.size(1), a.group = l.size(2), a.L = l.size(3), a.S = l.size(4), a.E = l.size(5), a.D = l.size(6);
  a.causal = l.choice(7, 2) == 1;
  a.q = readLayout(l, 10), a.k = readLayout(l, 13), a.v = readLayout(l, 16), a.o = readLayout(l, 19), a.m = readLayout(l, 22);
  a.scale = static_cast<T>(l.num(0)), a.keep = static_cast<T>(l.num(1));
  if (!l.ok()) return false;
  if (a.group < 1 || a.heads % a.group != 0)
    return l.fail(ErrorKind::kLaunch, "%g heads are not whole groups of %g", static_cast<double>(a.heads), static_cast<double>(a.group));
  // Strides of 0 let loops be longer than any memory.
  if (times(times(times(a.N, a.heads), times(plus(a.L, 1), plus(a.S, 1))), plus(plus(a.E, a.D), 1)) > int64_t{1} << 52)
    return l.fail(ErrorKind::kLaunch, "%g scores of %g products are too many", static_cast<double>(times(a.L, a.S)), static_cast<double>(plus(a.E, a.D)));
  return true;
}

/** Buffers 0 to 2: Q, K, V; from `at` on the mask and the noise, where there are any. */
template <class T> bool readOperands(Launch& l, Attention<T>& a, int at) {
  const int masked = l.choice(8, 2), noisy = l.choice(9, 2);
  if (!l.ok()) return false;
  const int64_t shared = a.heads / a.group;
  a.Q = l.in<T>(0, spanOfHeads(a.N, a.heads, a.L, a.E, a.q));
  a.K = l.in<T>(1, spanOfHeads(a.N, shared, a.S, a.E, a.k));
  a.V = l.in<T>(2, spanOfHeads(a.N, shared, a.S, a.D, a.v));
  if (masked) a.mask = l.in<T>(at, spanOfHeads(a.N, a.heads, a.L, a.S, a.m));
  if (noisy) a.noise = l.in<uint8_t>(at + masked, times(times(a.N, a.heads), times(a.L, a.S)));
  return l.ok();
}

/** Heads, or parts of them, worth a range of their own. */
template <class T> inline int64_t headGrain(const Attention<T>& a, int64_t queries) {
  constexpr int64_t kWork = 1 << 19;
  const int64_t work = times(times(queries, a.S), plus(plus(a.E, a.D), 16));
  return work > 0 && work < kWork ? kWork / work : 1;
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
