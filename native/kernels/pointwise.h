// What functions of one number share: reading a launch, and the loop. A kernel is its formula and a pointer to the loop over it.
#pragma once
#include "kernels/kernels.h"
#include "simd/map.h"

namespace glorot {
namespace GLOROT_ISA {

constexpr int kMostConstants = 3;

/** y = f(x), and dx = f'(saved)·dy, over n elements; c are the constants. */
template <class T> using ForwardRun = void (*)(int64_t n, bool far, const double* c, const T* x, T* y);
template <class T> using BackwardRun = void (*)(int64_t n, bool far, const double* c, const T* saved, const T* dy, T* dx);

/** buffers: x, out (may be x). sizes: n. floats: the constants. */
template <class T>
__attribute__((noinline)) void forward(Launch& l, int constants, ForwardRun<T> run) noexcept {
  const int64_t n = l.size(0);
  const T* x = l.in<T>(0, n);
  T* y = l.out<T>(1, n);
  double c[kMostConstants];
  for (int i = 0; i < constants; i++) c[i] = l.num(i);
  if (!l.ok()) return;
  const bool far = isFar(n, y);
  parallel(n, kGrain, [&](int64_t begin, int64_t end) { run(end - begin, far, c, x + begin, y + begin); });
}
/** buffers: saved, dy, dx (may be either). sizes: n; then, if at all, 1: dy is one number for all elements, as below a mean.
 *  floats: the constants. */
template <class T>
__attribute__((noinline)) void backward(Launch& l, int constants, BackwardRun<T> run) noexcept {
  const int64_t n = l.size(0);
  const bool one = l.nSizes > 1 && l.choice(1, 2) == 1;
  const T* saved = l.in<T>(0, n);
  const T* dy = l.in<T>(1, one ? 1 : n);
  T* dx = l.out<T>(2, n);
  double c[kMostConstants];
  for (int i = 0; i < constants; i++) c[i] = l.num(i);
  if (!l.ok()) return;
  const bool far = isFar(n, dx);
  parallel(n, kGrain, [&](int64_t begin, int64_t end) {
    if (!one) return run(end - begin, far, c, saved + begin, dy + begin, dx + begin);
    // The loop of each formula reads as many as there are: here they stay in the first cache.
    constexpr int64_t kSame = 1024;
    T same[kSame];
    for (T& s : same) s = *dy;
    for (int64_t at = begin; at < end; at += kSame) run(end - at < kSame ? end - at : kSame, far, c, saved + at, same, dx + at);
  });
}

/** A constant in the type of x. */
#define C(constant) like(x, constant)

/** nameF: `expression` of x and constants c[0] … c[count-1]. */
#define FORMULA_OF(name, count, expression)                                                               \
  struct name##F {                                                                                        \
    double c[count + 1];                                                                                  \
    template <class V> V operator()(V x) const { return expression; }                                     \
  };
/** nameB: `expression` of x, which is what was saved, of dy and the constants. */
#define SLOPE_OF(name, count, expression)                                                                 \
  struct name##B {                                                                                        \
    double c[count + 1];                                                                                  \
    template <class V> V operator()(V x, V dy) const { return expression; }                               \
  };

/** The kernel `name`, of the formula nameF. */
#define FUNCTION_KERNEL(name, count)                                                                      \
  template <class T> void name(Launch& l) noexcept {                                                      \
    forward<T>(l, count, [](int64_t n, bool far, const double* c, const T* x, T* y) {                     \
      name##F f;                                                                                          \
      for (int i = 0; i < count; i++) f.c[i] = c[i];                                                      \
      mapInto(n, far, f, y, x);                                                                           \
    });                                                                                                   \
  }
/** The kernel `nameBackward`, of the formula nameB. */
#define DERIVATIVE_KERNEL(name, count)                                                                    \
  template <class T> void name##Backward(Launch& l) noexcept {                                            \
    backward<T>(l, count, [](int64_t n, bool far, const double* c, const T* x, const T* dy, T* dx) {      \
      name##B f;                                                                                          \
      for (int i = 0; i < count; i++) f.c[i] = c[i];                                                      \
      mapInto(n, far, f, dx, x, dy);                                                                      \
    });                                                                                                   \
  }
#define FUNCTION_OF(name, count, expression) FORMULA_OF(name, count, expression) FUNCTION_KERNEL(name, count)
#define DERIVATIVE_OF(name, count, expression) SLOPE_OF(name, count, expression) DERIVATIVE_KERNEL(name, count)

}  // namespace GLOROT_ISA
}  // namespace glorot
