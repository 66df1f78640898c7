// Activations, each with its derivative. Contiguous; outputs may be their inputs. Formulas and derivatives at kinks are PyTorch's
// (aten/src/ATen/native/cpu/Activation.cpp). buffers: x, out, and for backward x, dy, dx. sizes: n. floats: the constants, in the
// order of the functor's fields.
#include "kernels/kernels.h"
#include "simd/map.h"
#include "simd/math.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr double kInvSqrt2 = 0.70710678118654752440, kInvSqrt2Pi = 0.39894228040143267794, kSqrt2OverPi = 0.79788456080286535588;

#define C(constant) like(x, constant)

/** A functor with up to three constants, read from the launch. */
template <class T, class F>
void forwardOf(Launch& l, F f) noexcept {
  const int64_t n = l.size(0);
  const T* x = l.in<T>(0, n);
  T* y = l.out<T>(1, n);
  for (int i = 0; i < F::constants; i++) f.c[i] = l.num(i);
  if (l.ok()) map(n, f, x, y);
}
template <class T, class F>
void backwardOf(Launch& l, F f) noexcept {
  const int64_t n = l.size(0);
  const T* x = l.in<T>(0, n);
  const T* dy = l.in<T>(1, n);
  T* dx = l.out<T>(2, n);
  for (int i = 0; i < F::constants; i++) f.c[i] = l.num(i);
  if (l.ok()) map(n, f, x, dy, dx);
}

/** `body` computes from x (and dy); c[i] are the constants. */
#define ACTIVATION(name, count, body, derivative)                                          \
  struct name##F {                                                                         \
    static constexpr int constants = count;                                                \
    double c[count + 1];                                                                   \
    template <class V> V operator()(V x) const { return body; }                            \
  };                                                                                       \
  struct name##B {                                                                         \
    static constexpr int constants = count;                                                \
    double c[count + 1];                                                                   \
    template <class V> V operator()(V x, V dy) const { return derivative; }                \
  };                                                                                       \
  template <class T> void name(Launch& l) noexcept { forwardOf<T>(l, name##F{}); }         \
  template <class T> void name##Backward(Launch& l) noexcept { backwardOf<T>(l, name##B{}); }

/** x for positive and nan, else 0; its backward is given the result. */
ACTIVATION(relu, 0, select(x <= C(0), C(0), x), select(x <= C(0), C(0), dy))
/** c: slope */
ACTIVATION(leakyRelu, 1, select(x > C(0), x, x * C(c[0])), select(x > C(0), dy, dy * C(c[0])))
/** c: alpha, scale, inputScale: scale·x right of 0, scale·alpha·(exp(inputScale·x) - 1) left of it. elu, celu and selu are it. */
ACTIVATION(elu, 3, select(x > C(0), x * C(c[1]), expm1(x * C(c[2])) * C(c[0] * c[1])),
           select(x > C(0), dy * C(c[1]), dy * (C(c[0] * c[1] * c[2]) * exp(x * C(c[2])))))

template <class V> inline V gaussianCdf(V x) { return C(0.5) * (C(1) + erf(x * C(kInvSqrt2))); }
/** x·Φ(x). Hendrycks & Gimpel 2016, arXiv:1606.08415 */
ACTIVATION(gelu, 0, x * gaussianCdf(x), dy * (gaussianCdf(x) + x * (C(kInvSqrt2Pi) * exp(C(-0.5) * x * x))))

template <class V> inline V geluInner(V x) { return C(kSqrt2OverPi) * (x + C(0.044715) * x * x * x); }
template <class V> inline V geluTanhSlope(V x) {
  const V t = tanh(geluInner(x));
  return C(0.5) * (C(1) + t) + C(0.5) * x * (C(1) - t * t) * (C(kSqrt2OverPi) * (C(1) + C(3 * 0.044715) * x * x));
}
/** Its approximation by tanh. */
ACTIVATION(geluTanh, 0, C(0.5) * x * (C(1) + tanh(geluInner(x))), dy * geluTanhSlope(x))

template <class V> inline V siluSlope(V x) {
  const V s = sigmoid(x);
  return s * (C(1) + x * (C(1) - s));
}
/** x·sigmoid(x) */
ACTIVATION(silu, 0, x / (C(1) + exp(-x)), dy * siluSlope(x))

template <class V> inline V mishSlope(V x) {
  const V t = tanh(softplus(x)), s = sigmoid(x);
  return t + x * s * (C(1) - t * t);
}
/** x·tanh(softplus(x)). Misra 2019, arXiv:1908.08681 */
ACTIVATION(mish, 0, x * tanh(softplus(x)), dy * mishSlope(x))

/** c: beta, threshold: log(1 + exp(beta·x))/beta, x itself where beta·x is above the threshold. */
ACTIVATION(softplus, 2, select(x * C(c[0]) > C(c[1]), x, log1p(exp(x * C(c[0]))) / C(c[0])),
           select(x * C(c[0]) > C(c[1]), dy, dy * sigmoid(x * C(c[0]))))
/** x - x in its slope makes nan of infinities, as PyTorch's composed formula does. */
ACTIVATION(softsign, 0, x / (C(1) + abs(x)), dy / ((C(1) + abs(x)) * (C(1) + abs(x))) + (x - x))
/** log sigmoid(x) = min(x, 0) - log1p(exp(-|x|)) */
ACTIVATION(logSigmoid, 0, select(x < C(0), x, select(x != x, x, C(0))) - log1p(exp(-abs(x))), dy * sigmoid(-x))
ACTIVATION(tanhshrink, 0, x - tanh(x), dy * (tanh(x) * tanh(x)))
/** c: least, most; nan stays */
ACTIVATION(hardtanh, 2, select(x < C(c[0]), C(c[0]), select(x > C(c[1]), C(c[1]), x)),
           select((x > C(c[0])) & (x < C(c[1])), dy, C(0)))
template <class V> inline V relu6Of(V x) { return select(x < C(0), C(0), select(x > C(6), C(6), x)); }
/** relu6(x + 3)/6 */
ACTIVATION(hardsigmoid, 0, relu6Of(x + C(3)) / C(6), select((x > C(-3)) & (x < C(3)), dy / C(6), C(0)))
/** x·relu6(x + 3)/6 */
ACTIVATION(hardswish, 0, x * relu6Of(x + C(3)) / C(6),
           select(x <= C(-3), C(0), select(x >= C(3), dy, dy * (x / C(3) + C(0.5)))))
/** c: lambda */
ACTIVATION(hardshrink, 1, select((x >= C(-c[0])) & (x <= C(c[0])), C(0), x), select((x > C(c[0])) | (x < C(-c[0])), dy, C(0)))
ACTIVATION(softshrink, 1, select(x > C(c[0]), x - C(c[0]), select(x < C(-c[0]), x + C(c[0]), x * C(0))),
           select((x > C(c[0])) | (x < C(-c[0])), dy, C(0)))
/** c: threshold, value */
ACTIVATION(threshold, 2, select(x <= C(c[0]), C(c[1]), x), select(x <= C(c[0]), C(0), dy))

struct Gate {
  template <class V> V operator()(V a, V b) const { return a * sigmoid(b); }
};
struct GateFirst {
  template <class V> V operator()(V, V b, V g) const { return g * sigmoid(b); }
};
struct GateSecond {
  template <class V> V operator()(V a, V b, V g) const {
    const V s = sigmoid(b);
    return g * a * s * (like(s, 1) - s);
  }
};
/** glu(a, b) = a·sigmoid(b) for the halves of a dimension. buffers: x [outer, 2, half], out [outer, half]. sizes: outer, half. */
template <class T>
void glu(Launch& l) noexcept {
  const int64_t outer = l.size(0), half = l.size(1), n = times(outer, half);
  const T* x = l.in<T>(0, times(n, 2));
  T* y = l.out<T>(1, n);
  if (!l.ok() || n == 0) return;
  Gate f;
  parallel(outer, half > kGrain ? 1 : kGrain / half, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; o++) mapRange(0, half, f, x + 2 * o * half, x + (2 * o + 1) * half, y + o * half);
  });
}
/** da = dy·s, db = dy·a·s·(1-s), s = sigmoid(b). buffers: x, dy, dx. sizes: outer, half. */
template <class T>
void gluBackward(Launch& l) noexcept {
  const int64_t outer = l.size(0), half = l.size(1), n = times(outer, half);
  const T* x = l.in<T>(0, times(n, 2));
  const T* dy = l.in<T>(1, n);
  T* dx = l.out<T>(2, times(n, 2));
  if (!l.ok() || n == 0) return;
  GateFirst first;
  GateSecond second;
  parallel(outer, half > kGrain ? 1 : kGrain / half, [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; o++) {
      const T *a = x + 2 * o * half, *b = a + half, *g = dy + o * half;
      mapRange(0, half, first, a, b, g, dx + 2 * o * half);
      mapRange(0, half, second, a, b, g, dx + (2 * o + 1) * half);
    }
  });
}

/** x right of 0, w[c]·x left of it. buffers: x [outer, channels, inner], w [channels], out. sizes: outer, channels, inner. */
template <class T>
void prelu(Launch& l) noexcept {
  const int64_t outer = l.size(0), channels = l.size(1), inner = l.size(2), n = times(times(outer, channels), inner);
  const T* x = l.in<T>(0, n);
  const T* w = l.in<T>(1, channels);
  T* y = l.out<T>(2, n);
  if (!l.ok() || n == 0) return;
  for (int64_t r = 0; r < outer * channels; r++) {
    const T slope = w[r % channels];
    for (int64_t i = r * inner; i < (r + 1) * inner; i++) y[i] = x[i] > T{0} ? x[i] : slope * x[i];
  }
}
/** dx = dy or w·dy, dw[c] = sum of dy·x left of 0. buffers: x, w, dy, dx, dw. sizes: outer, channels, inner. */
template <class T>
void preluBackward(Launch& l) noexcept {
  const int64_t outer = l.size(0), channels = l.size(1), inner = l.size(2), n = times(times(outer, channels), inner);
  const T* x = l.in<T>(0, n);
  const T* w = l.in<T>(1, channels);
  const T* dy = l.in<T>(2, n);
  T* dx = l.out<T>(3, n);
  T* dw = l.out<T>(4, channels);
  if (!l.ok()) return;
  for (int64_t c = 0; c < channels; c++) {
    double sum = 0;
    for (int64_t o = 0; o < (n == 0 ? 0 : outer); o++) {
      const int64_t at = (o * channels + c) * inner;
      for (int64_t i = at; i < at + inner; i++) {
        const bool right = x[i] > T{0};
        if (!right) sum += static_cast<double>(dy[i]) * static_cast<double>(x[i]);
        dx[i] = right ? dy[i] : w[c] * dy[i];
      }
    }
    dw[c] = static_cast<T>(sum);
  }
}

}  // namespace

#define BOTH(name) FLOATS(name), FLOATS(name##Backward)
GLOROT_FAMILY(activation, BOTH(relu), BOTH(leakyRelu), BOTH(elu), BOTH(gelu), BOTH(geluTanh), BOTH(silu), BOTH(mish), BOTH(softplus),
              BOTH(softsign), BOTH(logSigmoid), BOTH(tanhshrink), BOTH(hardtanh), BOTH(hardsigmoid), BOTH(hardswish),
              BOTH(hardshrink), BOTH(softshrink), BOTH(threshold), BOTH(glu), BOTH(prelu))

}  // namespace GLOROT_ISA
}  // namespace glorot
