// Cross entropy of scores x[N, C, D] with softmax inside: p_c = exp(x_c - m) / s, m = max x, s = sum exp(x_c - m). The target is a
// class per sample or a distribution over the classes. Forward leaves m and log s of every sample for backward, which is then
// one exponential per score.
#include "kernels/classes.h"
#include "simd/softmax.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** Per sample of a block: m, log s, and sums over the classes that a loss asks for. */
template <class T> struct Softmaxes {
  alignas(64) T m[kBlock], logs[kBlock], a[kBlock], b[kBlock];
};

inline void shortRows(const Classes& c, const float* x, int64_t n, Softmaxes<float>& s) {
  VecF t[kShortRow];
  for (int64_t i = 0; i < n; i += kLanesF) {
    toColumns(x + i * c.C, n - i < kLanesF ? n - i : kLanesF, c.C, t);
    const SoftmaxOfRow<VecF> of = softmaxOfColumns(false, t, c.C);
    store(s.m + i, of.m), store(s.logs + i, of.s);
  }
}
template <class T> inline void shortRows(const Classes&, const T*, int64_t, Softmaxes<T>&) {}

/** m and log s of a block's samples. */
template <class T>
__attribute__((noinline)) void softmaxBlock(const Classes& c, const T* x, const Block& k, Softmaxes<T>& s) {
  constexpr int W = kPack<T>;
  if (W > 1 && c.D == 1 && c.C <= kShortRow) {
    shortRows(c, x + k.x, k.n, s);
  } else if (c.D == 1) {
    for (int64_t i = 0; i < k.n; i++) {
      const SoftmaxOfRow<T> of = softmaxOfRow<T>(x + k.x + i * c.C, c.C, nullptr);
      s.m[i] = of.m, s.logs[i] = of.s;
    }
  } else {
    for (int64_t i = 0; i < k.n; i += kTilePacks * W) {
      const int64_t at = k.x + i, n = k.n - i < kTilePacks * W ? k.n - i : kTilePacks * W;
      const Columns<T> columns{x + at, c.C, c.D, n, c.scores() - at};
      const auto m = foldColumns<T, kTilePacks>(Larger{}, columns, Same{});
      storeRow(s.m + i, n, m);
      storeRow(s.logs + i, n, sumOfPowers(columns, m));
    }
  }
  for (int64_t i = k.n; i < kBlock; i++) s.logs[i] = 1;
  for (int64_t i = 0; i < k.n; i += W) storePack(s.logs + i, log(loadPack(s.logs + i)));
}

/** a = sum of q_c, b = sum of q_c (x_c - m) over the classes; q(r, …) is pack or class r's weight of a sample. */
template <class T, class Q>
inline void sumOverClasses(const Classes& c, const T* x, const Block& k, Softmaxes<T>& s, Q q) {
  for (int64_t i = 0; i < k.n; i++) s.a[i] = s.b[i] = 0;
  for (int64_t i = 0; i < k.n; i++)
    for (int64_t r = 0; r < c.C; r++) {
      const int64_t at = c.D == 1 ? k.x + i * c.C + r : k.x + r * c.D + i;
      const T w = q(at, r);
      s.a[i] += w, s.b[i] += w * (x[at] - s.m[i]);
    }
}

template <class T> inline T weightOf(const T* w, int64_t c) { return w ? w[c] : T(1); }

/** What both losses read after their buffers: weights w[C] where there are any. sizes: N, C, D, reduction, has w. */
template <class T> const T* readWeights(Launch& l, const Classes& c, int at) {
  return l.choice(4, 2) ? l.in<T>(at, c.C) : nullptr;
}

/** Writes what a block's samples lose, or adds it to the total, and keeps m and log s for backward. */
template <class T>
inline void finish(const Classes& c, const Block& k, const Softmaxes<T>& s, const T* loss, const T* weight, T* y, T* kept, Total& total) {
  for (int64_t i = 0; i < k.n; i++) {
    kept[2 * (k.k + i)] = s.m[i], kept[2 * (k.k + i) + 1] = s.logs[i];
    if (c.reduction == kNone) y[k.k + i] = loss[i];
    else total.loss += static_cast<double>(loss[i]), total.weight += static_cast<double>(weight[i]);
  }
}

/** y = (1 - e) w_t L_t + e/C sum_c w_c L_c per sample, L_c = log s - (x_c - m), t its class, e the label smoothing; 0 for
 *  ignored samples. mean: sum y / sum w_t.
 *  buffers: x [N, C, D], t int32 [N, D], y [N, D] or 1, kept [2*N*D + 1] for backward, w [C] where there is one.
 *  sizes: N, C, D, reduction, has w.  floats: ignored class, e. */
template <class T> void crossEntropy(Launch& l) noexcept {
  Classes c;
  if (!readClasses(l, c)) return;
  const double ignored = l.num(0), e = l.num(1);
  const T* x = l.in<T>(0, c.scores());
  const int32_t* t = l.in<int32_t>(1, c.samples());
  T* y = l.out<T>(2, c.reduction == kNone ? c.samples() : 1);
  T* kept = l.out<T>(3, plus(times(2, c.samples()), 1));
  const T* w = readWeights<T>(l, c, 4);
  if (!l.ok() || !checkTargets(l, t, c.samples(), c.C, ignored)) return;
  const T hard = static_cast<T>(1 - e), soft = static_cast<T>(e / static_cast<double>(c.C));
  const Total total = sumBlocks(c, [&](const Block& k, Total& sum) {
    Softmaxes<T> s;
    T loss[kBlock], weight[kBlock];
    softmaxBlock(c, x, k, s);
    if (e != 0) sumOverClasses(c, x, k, s, [&](int64_t, int64_t r) { return weightOf(w, r); });
    for (int64_t i = 0; i < k.n; i++) {
      const int32_t cls = classOf(t, k.k + i);
      loss[i] = weight[i] = 0;
      if (!isClass(cls, c.C) || static_cast<double>(cls) == ignored) continue;
      const T score = x[c.D == 1 ? k.x + i * c.C + cls : k.x + cls * c.D + i];
      weight[i] = weightOf(w, cls);
      loss[i] = weight[i] * hard * (s.logs[i] - (score - s.m[i]));
      if (e != 0) loss[i] += soft * (s.a[i] * s.logs[i] - s.b[i]);
    }
    finish(c, k, s, loss, weight, y, kept, sum);
  });
  kept[2 * c.samples()] = static_cast<T>(total.weight);
  if (c.reduction != kNone) y[0] = static_cast<T>(c.reduction == kMean ? total.loss / total.weight : total.loss);
}

/** dx_c of sample i of a block = g[i] (a[i] p_c - q_c), where q(at, c, i) is the target's share of class c. */
template <class T, class Q>
inline void slopesOfBlock(const Classes& c, const T* x, const Block& k, const T* kept, const T* g, const T* a, T* dx, Q q) {
  constexpr int W = kPack<T>;
  if (c.D == 1) {
    for (int64_t i = 0; i < k.n; i++) {
      const Pack<T> m = fillPack(kept[2 * (k.k + i)]), logs = fillPack(kept[2 * (k.k + i) + 1]);
      const Pack<T> scale = fillPack(g[i]), total = fillPack(a[i]);
      for (int64_t r = 0; r < c.C; r += W) {
        const int64_t n = c.C - r < W ? c.C - r : W, at = k.x + i * c.C + r;
        storePack(dx + at, scale * (total * exp(loadPack(x + at, n) - m - logs) - q.row(at, r, n)), n);
      }
    }
    return;
  }
  alignas(64) T m[kBlock], logs[kBlock];
  for (int64_t i = 0; i < k.n; i++) m[i] = kept[2 * (k.k + i)], logs[i] = kept[2 * (k.k + i) + 1];
  for (int64_t r = 0; r < c.C; r++)
    for (int64_t i = 0; i < k.n; i += W) {
      const int64_t n = k.n - i < W ? k.n - i : W, at = k.x + r * c.D + i;
      const Pack<T> p = exp(loadPack(x + at, n) - loadPack(m + i, n) - loadPack(logs + i, n));
      storePack(dx + at, loadPack(g + i, n) * (loadPack(a + i, n) * p - q.column(at, r, n)), n);
    }
}

/** The part of the target that is the same for every sample: e/C w_c. */
template <class T> struct Smoothing {
  const T* w;
  T soft;
  Pack<T> row(int64_t, int64_t r, int64_t n) const { return w ? fillPack(soft) * loadPack(w + r, n) : fillPack(soft); }
  Pack<T> column(int64_t, int64_t r, int64_t) const { return fillPack(soft * weightOf(w, r)); }
};

/** dx_c = dy (A p_c - (1 - e) w_t [c = t] - e/C w_c), A = (1 - e) w_t + e/C sum w; mean divides dy by the weights of the samples.
 *  buffers: x, t, kept (of forward), dy [N, D] or 1, dx, w.  sizes and floats as forward. */
template <class T> void crossEntropyBackward(Launch& l) noexcept {
  Classes c;
  if (!readClasses(l, c)) return;
  const double ignored = l.num(0), e = l.num(1);
  const T* x = l.in<T>(0, c.scores());
  const int32_t* t = l.in<int32_t>(1, c.samples());
  const T* kept = l.in<T>(2, plus(times(2, c.samples()), 1));
  const T* dy = l.in<T>(3, c.reduction == kNone ? c.samples() : 1);
  T* dx = l.out<T>(4, c.scores());
  const T* w = readWeights<T>(l, c, 5);
  if (!l.ok() || !checkTargets(l, t, c.samples(), c.C, ignored)) return;
  const T hard = static_cast<T>(1 - e), soft = static_cast<T>(e / static_cast<double>(c.C));
  T weights = 0;
  for (int64_t r = 0; e != 0 && r < c.C; r++) weights += weightOf(w, r);
  eachBlock(c, [&](const Block& k) {
    alignas(64) T g[kBlock] = {}, a[kBlock] = {};
    int32_t cls[kBlock];
    for (int64_t i = 0; i < k.n; i++) {
      cls[i] = classOf(t, k.k + i);
      if (!isClass(cls[i], c.C) || static_cast<double>(cls[i]) == ignored) {
        cls[i] = -1;
        continue;
      }
      g[i] = c.reduction == kNone ? dy[k.k + i] : c.reduction == kMean ? dy[0] / kept[2 * c.samples()] : dy[0];
      a[i] = hard * weightOf(w, cls[i]) + soft * weights;
    }
    slopesOfBlock(c, x, k, kept, g, a, dx, Smoothing<T>{w, soft});
    for (int64_t i = 0; i < k.n; i++)
      if (cls[i] >= 0) dx[c.D == 1 ? k.x + i * c.C + cls[i] : k.x + cls[i] * c.D + i] -= g[i] * hard * weightOf(w, cls[i]);
  });
}

/** The target in shares: q_c = (1 - e) w_t [c = t] + e/C w_c, 0 for ignored samples. Then dx_c = dy (p_c sum q - q_c).
 *  buffers: t, q [N, C, D], w.  sizes and floats as forward. */
template <class T> void crossEntropyTarget(Launch& l) noexcept {
  Classes c;
  if (!readClasses(l, c)) return;
  const double ignored = l.num(0), e = l.num(1);
  const int32_t* t = l.in<int32_t>(0, c.samples());
  T* q = l.out<T>(1, c.scores());
  const T* w = readWeights<T>(l, c, 2);
  if (!l.ok() || !checkTargets(l, t, c.samples(), c.C, ignored)) return;
  const T hard = static_cast<T>(1 - e), soft = static_cast<T>(e / static_cast<double>(c.C));
  eachBlock(c, [&](const Block& k) {
    for (int64_t i = 0; i < k.n; i++) {
      const int32_t cls = classOf(t, k.k + i);
      const bool counts = isClass(cls, c.C) && static_cast<double>(cls) != ignored;
      for (int64_t r = 0; r < c.C; r++)
        q[c.D == 1 ? k.x + i * c.C + r : k.x + r * c.D + i] = counts ? (soft + (r == cls ? hard : T(0))) * weightOf(w, r) : T(0);
    }
  });
}

/** The target's share of class c: w_c ((1 - e) q_c + e/C). */
template <class T> struct Shares {
  const T *q, *w;
  T hard, soft;
  T operator()(int64_t at, int64_t r) const { return weightOf(w, r) * (hard * q[at] + soft); }
  Pack<T> share(int64_t at, int64_t n) const { return fillPack(hard) * loadPack(q + at, n) + fillPack(soft); }
  Pack<T> row(int64_t at, int64_t r, int64_t n) const { return w ? loadPack(w + r, n) * share(at, n) : share(at, n); }
  Pack<T> column(int64_t at, int64_t r, int64_t n) const { return fillPack(weightOf(w, r)) * share(at, n); }
};

/** y = sum_c w_c q'_c L_c per sample, q' = (1 - e) q + e/C.  mean: sum y / (N D).
 *  buffers: x, q [N, C, D], y [N, D] or 1, kept [2*N*D + 1], w.  sizes: N, C, D, reduction, has w.  floats: e. */
template <class T> void crossEntropyOfShares(Launch& l) noexcept {
  Classes c;
  if (!readClasses(l, c)) return;
  const double e = l.num(0);
  const T* x = l.in<T>(0, c.scores());
  const T* q = l.in<T>(1, c.scores());
  T* y = l.out<T>(2, c.reduction == kNone ? c.samples() : 1);
  T* kept = l.out<T>(3, plus(times(2, c.samples()), 1));
  const T* w = readWeights<T>(l, c, 4);
  if (!l.ok()) return;
  const Shares<T> shares{q, w, static_cast<T>(1 - e), static_cast<T>(e / static_cast<double>(c.C))};
  const Total total = sumBlocks(c, [&](const Block& k, Total& sum) {
    Softmaxes<T> s;
    T loss[kBlock], weight[kBlock];
    softmaxBlock(c, x, k, s);
    sumOverClasses(c, x, k, s, shares);
    for (int64_t i = 0; i < k.n; i++) loss[i] = s.a[i] * s.logs[i] - s.b[i], weight[i] = 1;
    finish(c, k, s, loss, weight, y, kept, sum);
  });
  kept[2 * c.samples()] = static_cast<T>(c.samples());
  if (c.reduction != kNone) y[0] = static_cast<T>(c.reduction == kMean ? total.loss / static_cast<double>(c.samples()) : total.loss);
}

/** dx_c = dy (p_c sum_j w_j q'_j - w_c q'_c).
 *  buffers: x, q, kept (of forward), dy [N, D] or 1, dx, w.  sizes and floats as forward. */
template <class T> void crossEntropyOfSharesBackward(Launch& l) noexcept {
  Classes c;
  if (!readClasses(l, c)) return;
  const double e = l.num(0);
  const T* x = l.in<T>(0, c.scores());
  const T* q = l.in<T>(1, c.scores());
  const T* kept = l.in<T>(2, plus(times(2, c.samples()), 1));
  const T* dy = l.in<T>(3, c.reduction == kNone ? c.samples() : 1);
  T* dx = l.out<T>(4, c.scores());
  const T* w = readWeights<T>(l, c, 5);
  if (!l.ok()) return;
  const Shares<T> shares{q, w, static_cast<T>(1 - e), static_cast<T>(e / static_cast<double>(c.C))};
  eachBlock(c, [&](const Block& k) {
    alignas(64) T g[kBlock] = {}, a[kBlock] = {};
    for (int64_t i = 0; i < k.n; i++) {
      g[i] = c.reduction == kNone ? dy[k.k + i] : c.reduction == kMean ? dy[0] / static_cast<T>(c.samples()) : dy[0];
      for (int64_t r = 0; r < c.C; r++) a[i] += shares(c.D == 1 ? k.x + i * c.C + r : k.x + r * c.D + i, r);
    }
    slopesOfBlock(c, x, k, kept, g, a, dx, shares);
  });
}

}  // namespace

GLOROT_FAMILY(crossEntropy, FLOATS(crossEntropy), FLOATS(crossEntropyBackward), FLOATS(crossEntropyTarget), FLOATS(crossEntropyOfShares),
              FLOATS(crossEntropyOfSharesBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
