// Losses of a prediction x and a target t, element by element, with their reduction in the same pass. A loss is its value and
// its slope in x; reduction is none (one result an element), mean or sum (one result).
#include "kernels/kernels.h"
#include "simd/fold.h"
#include "simd/math.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

enum Reduction { kNone, kMean, kSum, kReductions };

/** x, t, and the two weights that some losses take; each n elements, weights null where absent. */
template <class T> struct Operands {
  const T *x, *t, *weight, *posWeight;
};

template <class V> inline V signOf(V v) { return v > like(v, 0) ? like(v, 1) : v < like(v, 0) ? like(v, -1) : v; }

/** (x - t)^2 */
struct Squared {
  template <class V> V value(V x, V t, V) const { return (x - t) * (x - t); }
  template <class V> V slope(V x, V t, V) const { return like(x, 2) * (x - t); }
};
/** |x - t| */
struct Absolute {
  template <class V> V value(V x, V t, V) const { return abs(x - t); }
  template <class V> V slope(V x, V t, V) const { return signOf(x - t); }
};
/** d^2 / (2 beta) for |d| < beta, else |d| - beta / 2 */
struct SmoothAbsolute {
  double beta;
  template <class V> V value(V x, V t, V) const {
    const V d = x - t, size = abs(d), b = like(x, beta);
    return size < b ? like(x, 0.5) * d * d / b : size - like(x, 0.5) * b;
  }
  template <class V> V slope(V x, V t, V) const {
    const V d = x - t, b = like(x, beta);
    return abs(d) < b ? d / b : signOf(d);
  }
};
/** d^2 / 2 for |d| < delta, else delta (|d| - delta / 2) */
struct Huber {
  double delta;
  template <class V> V value(V x, V t, V) const {
    const V d = x - t, size = abs(d), b = like(x, delta);
    return size < b ? like(x, 0.5) * d * d : b * (size - like(x, 0.5) * b);
  }
  template <class V> V slope(V x, V t, V) const {
    const V d = x - t, b = like(x, delta);
    return abs(d) < b ? d : b * signOf(d);
  }
};
/** -(t log x + (1 - t) log(1 - x)), each logarithm at least -100; x in [0, 1] */
struct CrossEntropy {
  template <class V> V value(V x, V t, V) const {
    const V least = like(x, -100);
    return -(t * max(log(x), least) + (like(x, 1) - t) * max(log1p(-x), least));
  }
  template <class V> V slope(V x, V t, V) const { return (x - t) / max((like(x, 1) - x) * x, like(x, 1e-12)); }
};
/** The same of sigmoid(x), with p for the weight of t: (1 - t) x + (1 + (p - 1) t) log(1 + exp(-x)) */
struct CrossEntropyOfLogits {
  template <class V> V value(V x, V t, V p) const {
    const V one = like(x, 1);
    return (one - t) * x + (one + (p - one) * t) * softplusOf(-x);
  }
  template <class V> V slope(V x, V t, V p) const { return (p * t + like(x, 1) - t) * sigmoid(x) - p * t; }
};
/** log(1 + exp(-t x)) */
struct SoftMargin {
  template <class V> V value(V x, V t, V) const { return softplusOf(-t * x); }
  template <class V> V slope(V x, V t, V) const { return -t * sigmoid(-t * x); }
};
/** t (log t - x), or exp(t) (t - x) where the target is a logarithm */
struct Divergence {
  bool logTarget;
  template <class V> V value(V x, V t, V) const {
    if (logTarget) return exp(t) * (t - x);
    return (t == like(t, 0) ? like(t, 0) : t * log(t)) - t * x;
  }
  template <class V> V slope(V, V t, V) const { return logTarget ? -exp(t) : -t; }
};
/** x where t is 1, max(0, margin - x) where t is -1 */
struct Hinge {
  double margin;
  template <class V> V value(V x, V t, V) const {
    const V zero = like(x, 0), gap = like(x, margin) - x;
    return (t == like(t, -1) ? zero : x) + (t == like(t, 1) ? zero : gap > zero ? gap : zero);
  }
  template <class V> V slope(V x, V t, V) const {
    const V zero = like(x, 0), one = like(x, 1);
    return (t == like(t, -1) ? zero : one) - (t == like(t, 1) ? zero : like(x, margin) - x >= zero ? one : zero);
  }
};

/** to[i] = weighted value of element begin + i, i < n. Not inlined: one copy of each formula serves every reduction. */
template <class T, class L>
__attribute__((noinline)) void values(const L& loss, const Operands<T>& in, int64_t begin, int64_t n, T* to) {
  const Pack<T> one = fillPack(T(1));
  for (int64_t i = 0; i < n; i += kPack<T>) {
    const int64_t k = begin + i, m = n - i < kPack<T> ? n - i : kPack<T>;
    Pack<T> v = loss.value(loadPack(in.x + k, m), loadPack(in.t + k, m), in.posWeight ? loadPack(in.posWeight + k, m) : one);
    if (in.weight) v = v * loadPack(in.weight + k, m);
    storePack(to + i, v, m);
  }
}

/** dx[i] = dy * slope; dy is one number (`step` 0) or one an element. */
template <class T, class L>
__attribute__((noinline)) void slopes(const L& loss, const Operands<T>& in, int64_t begin, int64_t n, const T* dy, bool step, T scale, T* dx) {
  const Pack<T> one = fillPack(T(1)), by = fillPack(scale);
  for (int64_t i = 0; i < n; i += kPack<T>) {
    const int64_t k = begin + i, m = n - i < kPack<T> ? n - i : kPack<T>;
    Pack<T> v = loss.slope(loadPack(in.x + k, m), loadPack(in.t + k, m), in.posWeight ? loadPack(in.posWeight + k, m) : one);
    if (in.weight) v = v * loadPack(in.weight + k, m);
    storePack(dx + k, v * (step ? loadPack(dy + k, m) : by), m);
  }
}

/** sizes: n, reduction, weights (1: weight, 2: posWeight, 3: both, in this order after the other buffers). */
template <class T> bool readOperands(Launch& l, Operands<T>& in, int64_t& n, int& reduction, int after) {
  n = l.size(0);
  reduction = l.choice(1, kReductions);
  const int weights = l.choice(2, 4);
  in = {l.in<T>(0, n), l.in<T>(1, n), nullptr, nullptr};
  if (weights & 1) in.weight = l.in<T>(after++, n);
  if (weights & 2) in.posWeight = l.in<T>(after, n);
  return l.ok();
}

/** buffers: x, t, y (n, or 1 where reduced), weights.  sizes: n, reduction, weights. */
template <class T, class L> void forward(Launch& l, const L& loss) {
  Operands<T> in;
  int64_t n;
  int reduction;
  if (!readOperands(l, in, n, reduction, 3)) return;
  T* y = l.out<T>(2, reduction == kNone ? n : 1);
  if (!l.ok()) return;
  if (reduction == kNone) {
    parallel(n, kGrain, [&](int64_t begin, int64_t end) { values(loss, in, begin, end - begin, y + begin); });
    return;
  }
  auto run = [&](int64_t begin, int64_t end) {
    alignas(64) T v[kRun<T>];
    values(loss, in, begin, end - begin, v);
    Elements<T> all{v};
    return foldRun<T>(Sum{}, 0, end - begin, all);
  };
  const T total = foldLanes(Sum{}, foldRunsShared<T>(Sum{}, n, runOf<T>(run)));
  y[0] = reduction == kMean ? total / static_cast<T>(n) : total;
}

/** buffers: x, t, dy (n, or 1 where reduced), dx, weights.  sizes: n, reduction, weights. */
template <class T, class L> void backward(Launch& l, const L& loss) {
  Operands<T> in;
  int64_t n;
  int reduction;
  if (!readOperands(l, in, n, reduction, 4)) return;
  const T* dy = l.in<T>(2, reduction == kNone ? n : 1);
  T* dx = l.out<T>(3, n);
  if (!l.ok()) return;
  const T scale = reduction == kNone ? T(1) : reduction == kMean ? dy[0] / static_cast<T>(n) : dy[0];
  parallel(n, kGrain, [&](int64_t begin, int64_t end) {
    slopes(loss, in, begin, end - begin, dy, reduction == kNone, scale, dx);
  });
}

#define LOSS(name, ...)                                                                       \
  template <class T> void name(Launch& l) noexcept { forward<T>(l, __VA_ARGS__); }            \
  template <class T> void name##Backward(Launch& l) noexcept { backward<T>(l, __VA_ARGS__); }

LOSS(mseLoss, Squared{})
LOSS(l1Loss, Absolute{})
/** floats: beta */
LOSS(smoothL1Loss, SmoothAbsolute{l.num(0)})
/** floats: delta */
LOSS(huberLoss, Huber{l.num(0)})
LOSS(binaryCrossEntropyWithLogits, CrossEntropyOfLogits{})
LOSS(softMarginLoss, SoftMargin{})
/** floats: 1 where the target is a logarithm */
LOSS(klDiv, Divergence{l.num(0) != 0})
/** floats: margin */
LOSS(hingeEmbeddingLoss, Hinge{l.num(0)})

/** Refuses x outside [0, 1], nan among it. */
template <class T> void binaryCrossEntropy(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const T* x = l.in<T>(0, n);
  if (!l.ok()) return;
  int outside = 0;
  parallel(n, kGrain, [&](int64_t begin, int64_t end) {
    int found = 0;
    for (int64_t i = begin; i < end; i++) found |= !(x[i] >= 0 && x[i] <= 1);
    if (found) __atomic_store_n(&outside, 1, __ATOMIC_RELAXED);
  });
  for (int64_t i = 0; outside && i < n; i++)
    if (!(x[i] >= 0 && x[i] <= 1)) {
      l.fail(ErrorKind::kValue, "input %g is outside [0, 1]; for logits use binaryCrossEntropyWithLogits", static_cast<double>(x[i]));
      return;
    }
  forward<T>(l, CrossEntropy{});
}
template <class T> void binaryCrossEntropyBackward(Launch& l) noexcept { backward<T>(l, CrossEntropy{}); }

}  // namespace

#define BOTH(name) FLOATS(name), FLOATS(name##Backward)

GLOROT_FAMILY(loss, BOTH(mseLoss), BOTH(l1Loss), BOTH(smoothL1Loss), BOTH(huberLoss), BOTH(binaryCrossEntropy),
              BOTH(binaryCrossEntropyWithLogits), BOTH(softMarginLoss), BOTH(klDiv), BOTH(hingeEmbeddingLoss))

}  // namespace GLOROT_ISA
}  // namespace glorot
