// Gradient clipping over many tensors (torch/nn/utils/clip_grad.py). The coefficient stays in memory, so that a recorded step
// clips by the norm of its own gradients.
#pragma once
#include "kernels/optim/sweep.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** (sum |x|^p)^(1/p), for p = inf max |x|; in an order that depends on n alone. */
template <class T> T normOf(int64_t n, const T* x, double p) {
  if (p == 1) return fold<T>(Sum{}, n, [x](int64_t i, int64_t m) { return abs(loadPack(x + i, m)); }, true);
  if (p == __builtin_inf())
    return n == 0 ? T{0} : fold<T>(Largest{}, n, [x](int64_t i, int64_t m) { return abs(loadPack(x + i, m)); }, true);
  const T sum = fold<T>(Sum{}, n, [x, p](int64_t i, int64_t m) {
    const Pack<T> v = loadPack(x + i, m);
    return p == 2 ? v * v : eachLane(v, [p](double e) { return power(__builtin_fabs(e), p); });
  }, true);
  const double s = static_cast<double>(sum);
  return static_cast<T>(p == 2 ? root(s) : power(s, 1 / p));
}

/** norms[at + k] = ‖x_k‖_p.  buffers: norms, x_0 ….  sizes: count, at, elements of each x.  floats: p > 0. */
template <class T> void norms(Launch& l) noexcept {
  const int count = l.choice(0, kMaxBuffers);
  const int64_t at = l.size(1);
  const double p = l.num(0);
  T* y = l.out<T>(0, plus(at, count));
  const T* x[kMaxBuffers];
  int64_t n[kMaxBuffers];
  for (int k = 0; k < count; k++) n[k] = l.size(2 + k), x[k] = l.in<T>(1 + k, n[k]);
  if (!l.ok()) return;
  for (int k = 0; k < count; k++) y[at + k] = normOf(n[k], x[k], p);
}

/** total = ‖norms‖_p; coefficient = min(1, most / (total + 1e-6)); nan stays nan.
 *  buffers: norms, total, coefficient.  sizes: n, refuse (1: a total that is not finite is an error).  floats: p > 0, most. */
template <class T> void totalNorm(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const bool refuse = l.choice(1, 2);
  const double p = l.num(0), most = l.num(1);
  const T* x = l.in<T>(0, n);
  T* total = l.out<T>(1, 1);
  T* coefficient = l.out<T>(2, 1);
  if (!l.ok()) return;
  const T sum = normOf(n, x, p);
  if (refuse && !(sum - sum == 0)) {
    l.fail(ErrorKind::kValue, "the total norm of order %g of the gradients is %g, so they cannot be clipped", p, static_cast<double>(sum));
    return;
  }
  *total = sum;
  const T c = static_cast<T>(most) / (sum + static_cast<T>(1e-6));
  *coefficient = c > 1 ? T{1} : c;
}

/** x_k = f(x_k), pack by pack.  sizes: count, elements of each x; the x are the buffers from `at` on. */
template <class T, class F> void inPlace(Launch& l, int at, F f) {
  const int count = l.choice(0, kMaxBuffers);
  T* x[kMaxBuffers];
  int64_t n[kMaxBuffers];
  for (int k = 0; k < count; k++) n[k] = l.size(1 + k), x[k] = l.out<T>(at + k, n[k]);
  if (!l.ok()) return;
  eachRange(count, n, [&](int k, int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i += kPack<T>) {
      const int64_t m = end - i < kPack<T> ? end - i : kPack<T>;
      storePack(x[k] + i, f(loadPack(x[k] + i, m)), m);
    }
  });
}

/** x_k *= coefficient.  buffers: coefficient (1 element), x_0 ….  sizes: count, elements of each x. */
template <class T> void scaleAll(Launch& l) noexcept {
  const T* coefficient = l.in<T>(0, 1);
  if (!l.ok()) return;
  const T c = *coefficient;
  inPlace<T>(l, 1, [c](Pack<T> v) { return v * fillPack(c); });
}

/** x_k = min(max(x_k, -most), most), nan stays nan.  buffers: x_0 ….  sizes: count, elements of each x.  floats: most. */
template <class T> void clampAll(Launch& l) noexcept {
  const double most = l.num(0);
  inPlace<T>(l, 0, [most](Pack<T> v) {
    const Pack<T> high = fillPack(static_cast<T>(most));
    return select(v > high, high, select(v < -high, -high, v));
  });
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
