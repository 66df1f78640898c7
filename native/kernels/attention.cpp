// Scaled dot-product attention. The scores are never there as a whole: a tile of them is made, used and forgotten, and backward makes it
// again from the logarithm of each row's sum. Dao et al. 2022, arXiv:2205.14135; Milakov, Gimelshein 2018, arXiv:1805.02867
#include "kernels/kernels.h"
#include "kernels/attention/tile.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

void noMemory(Launch& l) { l.fail(ErrorKind::kLaunch, "no memory for a tile of attention"); }

inline float logOf(float x) { return log(splat(x))[0]; }
inline double logOf(double x) { return log(x); }
inline float expOf(float x) { return exp(splat(x))[0]; }
inline double expOf(double x) { return exp(x); }

/** A row's largest score so far, and its sum of exp(score - that). */
template <class T> struct RowSum {
  T m, s;
};

/** s = exp(s - m) of a row, m growing to its largest: the factor of what was summed before is returned. A row whose scores are all -inf
 *  has no largest one: it counts from 0, and its weights are 0. */
template <class T> inline T takeRow(T* s, int64_t columns, RowSum<T>& sum) {
  Pack<T> top = fillPack(sum.m), total = fillPack(T(0));
  eachTilePack<T>(columns, [&](int64_t c, int64_t w) { top = max(top, firstLanes(loadPack(s + c, w), w, top)); });
  const T largest = foldLanes(Larger{}, top), from = largest == Limits<T>::lowest ? T(0) : largest;
  const Pack<T> m = fillPack(from);
  eachTilePack<T>(columns, [&](int64_t c, int64_t w) {
    const Pack<T> p = exp(loadPack(s + c, w) - m);
    storePack(s + c, p, w);
    total = total + firstLanes(p, w, fillPack(T(0)));
  });
  const T before = sum.s == T(0) ? T(0) : expOf(sum.m - from);
  sum = {largest, sum.s * before + foldLanes(Sum{}, total)};
  return before;
}

template <class T> inline void scaleRow(T* x, int64_t n, T by) {
  eachTilePack<T>(n, [&](int64_t c, int64_t w) { storePack(x + c, loadPack(x + c, w) * fillPack(by), w); });
}

/** Rows i … of a head's O and lse. */
template <class T> bool forwardRows(const Attention<T>& a, const Head<T>& h, int64_t i, T* O, T* lse) {
  const int64_t rows = a.L - i < kQueries ? a.L - i : kQueries, seen = keysSeen(a, i + rows);
  T* const s = static_cast<T*>(scratch(kTileSlot, sizeof(T) * kQueries * kKeys));
  if (!s) return false;
  RowSum<T> sums[kQueries];
  for (auto& sum : sums) sum = {Limits<T>::lowest, 0};
  for (int64_t j = 0; j < seen; j += kKeys) {
    const ScoreTile t{i, rows, j, seen - j < kKeys ? seen - j : kKeys};
    if (!scores(a, h, t, s)) return false;
    eachTileRow(t, [&](int64_t r) {
      const T before = takeRow(s + r * t.columns, t.columns, sums[r]);
      if (j > 0 && before != T(1)) scaleRow(O + r * a.o.row, a.D, before);
    });
    if (h.noise) dropWeights(a, h, t, s, s);
    Gemm<T> g{rows, a.D, t.columns, s, t.columns, 1, h.V + j * a.v.row, a.v.row, 1, O, a.o.row};
    g.beta = j > 0 ? T(1) : T(0);
    if (!gemm(g)) return false;
  }
  for (int64_t r = 0; r < rows; r++) {
    const auto [m, s] = sums[r];
    // No key at all: zeros, as in PyTorch.
    if (seen == 0) __builtin_memset(O + r * a.o.row, 0, static_cast<size_t>(a.D) * sizeof(T));
    else scaleRow(O + r * a.o.row, a.D, s == T(0) ? T(0) : 1 / s);
    lse[r] = s == T(0) ? Limits<T>::highest : m + logOf(s);
  }
  return true;
}

/**
 * O = softmax(scale·Q·Kᵀ + mask)·V, with dropout of the weights. Rows that see no key are 0.
 * buffers: Q, K, V, O, lse [N, heads, L], mask if any, noise (bool) if any. sizes, floats: see readAttention.
 */
template <class T> void attention(Launch& l) noexcept {
  Attention<T> a{};
  if (!readAttention(l, a)) return;
  T* O = l.out<T>(3, spanOfHeads(a.N, a.heads, a.L, a.D, a.o));
  T* lse = l.out<T>(4, times(times(a.N, a.heads), a.L));
  if (!readOperands(l, a, 5)) return;
  const int64_t blocks = (a.L + kQueries - 1) / kQueries, each = a.L < kQueries ? a.L : kQueries;
  bool ok = true;
  parallel(times(times(a.N, a.heads), blocks), headGrain(a, each), [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t i = u % blocks * kQueries, head = u / blocks, n = head / a.heads, h = head % a.heads;
      T* o = O + n * a.o.batch + h * a.o.head + i * a.o.row;
      if (!forwardRows(a, Head<T>(a, n, h), i, o, lse + head * a.L + i)) __atomic_store_n(&ok, false, __ATOMIC_RELAXED);
    }
  });
  if (!ok) noMemory(l);
}

/** Of one head: dO, O, lse; dQ, dK, dV, which lie as Q, K, V do in their own layouts. */
template <class T> struct HeadSlopes {
  const T *dO, *O, *lse;
  T *dQ, *dK, *dV;
};
struct SlopeLayouts {
  Layout o, q, k, v;  // of dO, dQ, dK, dV
};

/** delta = Σ dO·O of a row. */
template <class T> inline T rowProduct(const T* x, const T* y, int64_t n) {
  Pack<T> total = fillPack(T(0));
  eachTilePack<T>(n, [&](int64_t c, int64_t w) { total = total + loadPack(x + c, w) * loadPack(y + c, w); });
  return foldLanes(Sum{}, total);
}

/**
 * One tile's part: P = exp(S - lse); dV += (P·noise)ᵀ·dO; dP = dO·Vᵀ·noise; dS = P·(dP - delta); dQ += scale·dS·K; dK += scale·dSᵀ·Q.
 */
template <class T> bool backwardTile(const Attention<T>& a, const SlopeLayouts& at, const Head<T>& h, const HeadSlopes<T>& g, const ScoreTile& t,
                                     const T* delta, T* p, T* s) {
  if (!scores(a, h, t, p)) return false;
  eachTileRow(t, [&](int64_t r) {
    T* row = p + r * t.columns;
    const Pack<T> lse = fillPack(g.lse[t.i + r]);
    eachTilePack<T>(t.columns, [&](int64_t c, int64_t w) { storePack(row + c, exp(loadPack(row + c, w) - lse), w); });
  });
  const T* dO = g.dO + t.i * at.o.row;
  const T* weights = p;
  if (h.noise) dropWeights(a, h, t, p, s), weights = s;
  Gemm<T> values{t.columns, a.D, t.rows, weights, 1, t.columns, dO, at.o.row, 1, g.dV + t.j * at.v.row, at.v.row};
  values.beta = 1;
  Gemm<T> slopes{t.rows, t.columns, a.D, dO, at.o.row, 1, h.V + t.j * a.v.row, 1, a.v.row, s, t.columns};
  if (!gemm(values) || !gemm(slopes)) return false;
  if (h.noise) dropWeights(a, h, t, s, s);
  eachTileRow(t, [&](int64_t r) {
    T* row = s + r * t.columns;
    const T* weight = p + r * t.columns;
    const Pack<T> d = fillPack(delta[r]);
    eachTilePack<T>(t.columns, [&](int64_t c, int64_t w) { storePack(row + c, loadPack(weight + c, w) * (loadPack(row + c, w) - d), w); });
  });
  Gemm<T> queries{t.rows, a.E, t.columns, s, t.columns, 1, h.K + t.j * a.k.row, a.k.row, 1, g.dQ + t.i * at.q.row, at.q.row};
  queries.alpha = a.scale, queries.beta = t.j > 0 ? T(1) : T(0);
  Gemm<T> keys{t.columns, a.E, t.rows, s, 1, t.columns, h.Q + t.i * a.q.row, a.q.row, 1, g.dK + t.j * at.k.row, at.k.row};
  keys.alpha = a.scale, keys.beta = 1;
  return gemm(queries) && gemm(keys);
}

template <class T> bool backwardHead(const Attention<T>& a, const SlopeLayouts& at, const Head<T>& h, const HeadSlopes<T>& g) {
  T* const p = static_cast<T*>(scratch(kTileSlot, sizeof(T) * 2 * kQueries * kKeys));
  if (!p) return false;
  T delta[kQueries];
  for (int64_t i = 0; i < a.L; i += kQueries) {
    const int64_t rows = a.L - i < kQueries ? a.L - i : kQueries, seen = keysSeen(a, i + rows);
    for (int64_t r = 0; r < rows; r++) delta[r] = rowProduct(g.dO + (i + r) * at.o.row, g.O + (i + r) * a.o.row, a.D);
    for (int64_t r = 0; seen == 0 && r < rows; r++) __builtin_memset(g.dQ + (i + r) * at.q.row, 0, static_cast<size_t>(a.E) * sizeof(T));
    for (int64_t j = 0; j < seen; j += kKeys)
      if (!backwardTile(a, at, h, g, {i, rows, j, seen - j < kKeys ? seen - j : kKeys}, delta, p, p + kQueries * kKeys)) return false;
  }
  return true;
}

template <class T> void zeroRows(T* x, int64_t rows, int64_t columns, int64_t row) {
  for (int64_t r = 0; r < rows; r++) __builtin_memset(x + r * row, 0, static_cast<size_t>(columns) * sizeof(T));
}

/**
 * dQ, dK and dV.  buffers: Q, K, V, O, lse, dO, dQ, dK, dV, mask if any, noise if any. sizes: as above, then batch, head and row strides
 * of dO, dQ, dK, dV. floats: as above.
 */
template <class T> void attentionBackward(Launch& l) noexcept {
  Attention<T> a{};
  if (!readAttention(l, a)) return;
  const SlopeLayouts at{readLayout(l, 25), readLayout(l, 28), readLayout(l, 31), readLayout(l, 34)};
  if (!l.ok()) return;
  const int64_t shared = a.heads / a.group;
  const T* O = l.in<T>(3, spanOfHeads(a.N, a.heads, a.L, a.D, a.o));
  const T* lse = l.in<T>(4, times(times(a.N, a.heads), a.L));
  const T* dO = l.in<T>(5, spanOfHeads(a.N, a.heads, a.L, a.D, at.o));
  T* dQ = l.out<T>(6, spanOfHeads(a.N, a.heads, a.L, a.E, at.q));
  T* dK = l.out<T>(7, spanOfHeads(a.N, shared, a.S, a.E, at.k));
  T* dV = l.out<T>(8, spanOfHeads(a.N, shared, a.S, a.D, at.v));
  if (!readOperands(l, a, 9)) return;
  bool ok = true;
  // Heads that share keys and values add to the same gradients, in order.
  parallel(times(a.N, shared), headGrain(a, times(a.L, a.group)), [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t n = u / shared, k = u % shared;
      T* const slopeK = dK + n * at.k.batch + k * at.k.head;
      T* const slopeV = dV + n * at.v.batch + k * at.v.head;
      zeroRows(slopeK, a.S, a.E, at.k.row), zeroRows(slopeV, a.S, a.D, at.v.row);
      for (int64_t h = k * a.group; h < (k + 1) * a.group; h++) {
        const HeadSlopes<T> g{dO + n * at.o.batch + h * at.o.head, O + n * a.o.batch + h * a.o.head, lse + (n * a.heads + h) * a.L,
                              dQ + n * at.q.batch + h * at.q.head, slopeK, slopeV};
        if (!backwardHead(a, at, Head<T>(a, n, h), g)) __atomic_store_n(&ok, false, __ATOMIC_RELAXED);
      }
    }
  });
  if (!ok) noMemory(l);
}

}  // namespace

GLOROT_FAMILY(attention, FLOATS(attention), FLOATS(attentionBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
