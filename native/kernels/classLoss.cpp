// Losses of scores x[N, C, D] and a class per sample that need no softmax: the negative log likelihood and the multi-class margin.
#include "kernels/classes.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** y = -w_t x_t per sample, 0 for ignored ones. mean: sum y / sum w_t.
 *  buffers: x [N, C, D], t int32 [N, D], y [N, D] or 1, total [1] (sum w_t, for backward), w [C] where there is one.
 *  sizes: N, C, D, reduction, has w.  floats: ignored class. */
template <class T> void nllLoss(Launch& l) noexcept {
  Classes c;
  if (!readClasses(l, c)) return;
  const double ignored = l.num(0);
  const T* x = l.in<T>(0, c.scores());
  const int32_t* t = l.in<int32_t>(1, c.samples());
  T* y = l.out<T>(2, c.reduction == kNone ? c.samples() : 1);
  T* weights = l.out<T>(3, 1);
  const T* w = l.choice(4, 2) ? l.in<T>(4, c.C) : nullptr;
  if (!l.ok() || !checkTargets(l, t, c.samples(), c.C, ignored)) return;
  const Total total = sumBlocks(c, [&](const Block& k, Total& sum) {
    for (int64_t i = 0; i < k.n; i++) {
      const int32_t cls = classOf(t, k.k + i);
      const bool counts = isClass(cls, c.C) && static_cast<double>(cls) != ignored;
      const T by = !counts ? T(0) : w ? w[cls] : T(1);
      const T loss = counts ? -by * x[c.D == 1 ? k.x + i * c.C + cls : k.x + cls * c.D + i] : T(0);
      if (c.reduction == kNone) y[k.k + i] = loss;
      sum.loss += static_cast<double>(loss), sum.weight += static_cast<double>(by);
    }
  });
  weights[0] = static_cast<T>(total.weight);
  if (c.reduction != kNone) y[0] = static_cast<T>(c.reduction == kMean ? total.loss / total.weight : total.loss);
}

/** dx_c = -w_t dy [c = t]; mean divides dy by the total.
 *  buffers: t, total, dy [N, D] or 1, dx, w.  sizes and floats as forward. */
template <class T> void nllLossBackward(Launch& l) noexcept {
  Classes c;
  if (!readClasses(l, c)) return;
  const double ignored = l.num(0);
  const int32_t* t = l.in<int32_t>(0, c.samples());
  const T* total = l.in<T>(1, 1);
  const T* dy = l.in<T>(2, c.reduction == kNone ? c.samples() : 1);
  T* dx = l.out<T>(3, c.scores());
  const T* w = l.choice(4, 2) ? l.in<T>(4, c.C) : nullptr;
  if (!l.ok() || !checkTargets(l, t, c.samples(), c.C, ignored)) return;
  eachBlock(c, [&](const Block& k) {
    const int64_t rows = c.D == 1 ? 1 : c.C, width = c.D == 1 ? k.n * c.C : k.n;
    for (int64_t r = 0; r < rows; r++) std::memset(dx + k.x + r * c.D, 0, static_cast<size_t>(width) * sizeof(T));
    for (int64_t i = 0; i < k.n; i++) {
      const int32_t cls = classOf(t, k.k + i);
      if (!isClass(cls, c.C) || static_cast<double>(cls) == ignored) continue;
      const T g = c.reduction == kNone ? dy[k.k + i] : c.reduction == kMean ? dy[0] / total[0] : dy[0];
      dx[c.D == 1 ? k.x + i * c.C + cls : k.x + cls * c.D + i] = -(w ? w[cls] : T(1)) * g;
    }
  });
}

/** What class r of a sample exceeds its margin by, 0 where it does not. */
template <class T> inline T excess(const T* row, int64_t r, int32_t cls, T margin) {
  const T z = margin - row[cls] + row[r];
  return r == cls || z <= 0 ? T(0) : z;
}

/** y = w_t/C sum over c != t of max(0, margin - x_t + x_c)^p per sample.  mean: over N.
 *  buffers: x [N, C], t int32 [N], y [N] or 1, w [C] where there is one.  sizes: N, C, 1, reduction, has w, p (1, 2).
 *  floats: margin. */
template <class T> void multiMarginLoss(Launch& l) noexcept {
  Classes c;
  if (!readClasses(l, c)) return;
  const T margin = static_cast<T>(l.num(0));
  const int64_t p = l.size(5);
  const T* x = l.in<T>(0, c.scores());
  const int32_t* t = l.in<int32_t>(1, c.samples());
  T* y = l.out<T>(2, c.reduction == kNone ? c.samples() : 1);
  const T* w = l.choice(4, 2) ? l.in<T>(3, c.C) : nullptr;
  if (c.D != 1 || (p != 1 && p != 2)) l.fail(ErrorKind::kLaunch, "D is 1 and p 1 or 2, not %g and %g", static_cast<double>(c.D), static_cast<double>(p));
  if (!l.ok() || !checkTargets(l, t, c.samples(), c.C, __builtin_nan(""))) return;
  const Total total = sumBlocks(c, [&](const Block& k, Total& sum) {
    for (int64_t i = 0; i < k.n; i++) {
      const int32_t cls = classOf(t, k.k + i);
      const T* row = x + k.x + i * c.C;
      T loss = 0;
      for (int64_t r = 0; r < c.C && isClass(cls, c.C); r++) {
        const T z = excess(row, r, cls, margin);
        loss += p == 1 ? z : z * z;
      }
      if (isClass(cls, c.C)) loss *= (w ? w[cls] : T(1)) / static_cast<T>(c.C);
      if (c.reduction == kNone) y[k.k + i] = loss;
      sum.loss += static_cast<double>(loss);
    }
  });
  if (c.reduction != kNone) y[0] = static_cast<T>(c.reduction == kMean ? total.loss / static_cast<double>(c.N) : total.loss);
}

/** buffers: x, t, dy [N] or 1, dx, w.  sizes and floats as forward. */
template <class T> void multiMarginLossBackward(Launch& l) noexcept {
  Classes c;
  if (!readClasses(l, c)) return;
  const T margin = static_cast<T>(l.num(0));
  const int64_t p = l.size(5);
  const T* x = l.in<T>(0, c.scores());
  const int32_t* t = l.in<int32_t>(1, c.samples());
  const T* dy = l.in<T>(2, c.reduction == kNone ? c.samples() : 1);
  T* dx = l.out<T>(3, c.scores());
  const T* w = l.choice(4, 2) ? l.in<T>(4, c.C) : nullptr;
  if (c.D != 1 || (p != 1 && p != 2)) l.fail(ErrorKind::kLaunch, "D is 1 and p 1 or 2, not %g and %g", static_cast<double>(c.D), static_cast<double>(p));
  if (!l.ok() || !checkTargets(l, t, c.samples(), c.C, __builtin_nan(""))) return;
  eachBlock(c, [&](const Block& k) {
    for (int64_t i = 0; i < k.n; i++) {
      const int32_t cls = classOf(t, k.k + i);
      const int64_t at = k.x + i * c.C;
      const bool valid = isClass(cls, c.C);
      T g = c.reduction == kNone ? dy[k.k + i] : c.reduction == kMean ? dy[0] / static_cast<T>(c.N) : dy[0];
      if (valid) g *= (w ? w[cls] : T(1)) / static_cast<T>(c.C);
      T others = 0;
      for (int64_t r = 0; r < c.C; r++) {
        const T z = valid ? excess(x + at, r, cls, margin) : T(0);
        const T slope = z > 0 ? (p == 1 ? g : 2 * g * z) : T(0);
        dx[at + r] = slope;
        others += slope;
      }
      if (valid) dx[at + cls] = -others;
    }
  });
}

}  // namespace

GLOROT_FAMILY(classLoss, FLOATS(nllLoss), FLOATS(nllLossBackward), FLOATS(multiMarginLoss), FLOATS(multiMarginLossBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
