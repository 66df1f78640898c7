// Activations, each with its derivative. Contiguous; outputs may be their inputs. Formulas and derivatives at kinks are PyTorch's
// (aten/src/ATen/native/cpu/Activation.cpp). buffers: x, out, and for backward x, dy, dx. sizes: n. floats: the constants, in the
// order of the functor's fields.
#include "kernels/within.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr double kInvSqrt2 = 0.70710678118654752440, kInvSqrt2Pi = 0.39894228040143267794, kSqrt2OverPi = 0.79788456080286535588;

/** A function of x and its derivative times dy; c[i] are the constants. */
#define ACTIVATION(name, count, body, derivative) FUNCTION_OF(name, count, body) DERIVATIVE_OF(name, count, derivative)

FUNCTION_KERNEL(relu, 0) DERIVATIVE_KERNEL(relu, 0)
/** c: slope */
ACTIVATION(leakyRelu, 1, select(x > C(0), x, x * C(c[0])), select(x > C(0), dy, dy * C(c[0])))
/** c: alpha, scale, inputScale: scale·x right of 0, scale·alpha·(exp(inputScale·x) - 1) left of it. elu, celu and selu are it. */
ACTIVATION(elu, 3, select(x > C(0), x * C(c[1]), expm1(x * C(c[2])) * C(c[0] * c[1])),
           select(x > C(0), dy * C(c[1]), dy * (C(c[0] * c[1] * c[2]) * exp(x * C(c[2])))))

/** The normal distribution function and density. */
template <class V> struct Normal {
  V below, density;
};
inline Normal<double> normal(double x) {
  return {0.5 * __builtin_erfc(-x * kInvSqrt2), kInvSqrt2Pi * __builtin_exp(-0.5 * x * x)};
}
/** Mills' ratio by a least-maximum polynomial in 1/(1 + 0.3|x|), off by 6e-8 of it up to 14, times the density: no digits are lost left
 *  of 0, and both cost one exp. */
inline Normal<VecF> normal(VecF x) {
  const VecF t = splat(1.0f) / fma(splat(0.3f), abs(x), splat(1.0f)), e = exp(splat(-0.5f) * x * x);
  VecF p = splat(0.038378403104858982f);
  p = fma(p, t, splat(-0.16916663393893557f));
  p = fma(p, t, splat(0.22866109377183149f));
  p = fma(p, t, splat(-0.076507553894246549f));
  p = fma(p, t, splat(0.14253620735204164f));
  p = fma(p, t, splat(0.094683259309020385f));
  p = fma(p, t, splat(0.12192040242712447f));
  p = fma(p, t, splat(0.11948768153401619f));
  p = fma(p, t, splat(7.1692521434184891e-6f)) * e;
  return {select(x > VecF{}, splat(1.0f) - p, p), splat(static_cast<float>(kInvSqrt2Pi)) * e};
}
template <class V> inline V geluSlope(V x) {
  const Normal<V> n = normal(x);
  return n.below + x * n.density;
}
/** x·Φ(x). Hendrycks & Gimpel 2016, arXiv:1606.08415 */
ACTIVATION(gelu, 0, x * normal(x).below, dy * geluSlope(x))

/** sigmoid(x), whose results under 1e-38 need not be right. */
template <class V> inline V logistic(V x) { return C(1) / (C(1) + exp(-x)); }

/** Twice the inner function: (1 + tanh(u))/2 is sigmoid(2u). */
template <class V> inline V geluInner(V x) { return C(2 * kSqrt2OverPi) * (x + C(0.044715) * x * x * x); }
template <class V> inline V geluTanhSlope(V x) {
  const V s = logistic(geluInner(x));
  return s * (C(1) + (C(1) - s) * (x * (C(2 * kSqrt2OverPi) * (C(1) + C(3 * 0.044715) * x * x))));
}
/** gelu's approximation x·(1 + tanh(sqrt(2/pi)·(x + 0.044715·x^3)))/2 */
ACTIVATION(geluTanh, 0, x / (C(1) + exp(-geluInner(x))), dy * geluTanhSlope(x))

template <class V> inline V siluSlope(V x) {
  const V s = logistic(x);
  return s * (C(1) + x * (C(1) - s));
}
/** x·sigmoid(x) */
ACTIVATION(silu, 0, x / (C(1) + exp(-x)), dy * siluSlope(x))

/** tanh(softplus(x)) = n/(n + 2), n = e(e + 2), e = exp(x); 1 from x = 20 on, where e^4 does not overflow yet. */
template <class V> inline V mishOf(V x) {
  const V e = exp(min(C(20), x)), n = e * (e + C(2));
  return x * (n / (n + C(2)));
}
/** t + x·sigmoid(x)·(1 - t^2) over one denominator; nan at infinities, as in PyTorch. */
template <class V> inline V mishSlope(V x) {
  const V most = min(C(20), x), e = exp(most), n = e * (e + C(2)), d = n + C(2);
  return (n * d + C(4) * e * (e + C(1)) * most) / (d * d) + (x - x);
}
/** x·tanh(softplus(x)). Misra 2019, arXiv:1908.08681 */
ACTIVATION(mish, 0, mishOf(x), dy * mishSlope(x))

/** c: beta, threshold: log(1 + exp(beta·x))/beta, x itself where beta·x is above the threshold. */
ACTIVATION(softplus, 2, select(x * C(c[0]) > C(c[1]), x, softplusOf(x * C(c[0])) * C(1 / c[0])),
           select(x * C(c[0]) > C(c[1]), dy, dy * logistic(x * C(c[0]))))
/** x - x in its slope makes nan of infinities, as PyTorch's composed formula does. */
ACTIVATION(softsign, 0, x / (C(1) + abs(x)), dy / ((C(1) + abs(x)) * (C(1) + abs(x))) + (x - x))
/** log sigmoid(x) */
ACTIVATION(logSigmoid, 0, -softplusOf(-x), dy * logistic(-x))
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

}  // namespace

#define BOTH(name) FLOATS(name), FLOATS(name##Backward)
GLOROT_FAMILY(activation, BOTH(relu), BOTH(leakyRelu), BOTH(elu), BOTH(gelu), BOTH(geluTanh), BOTH(silu), BOTH(mish), BOTH(softplus),
              BOTH(softsign), BOTH(logSigmoid), BOTH(tanhshrink), BOTH(hardtanh), BOTH(hardsigmoid), BOTH(hardswish),
              BOTH(hardshrink), BOTH(softshrink), BOTH(threshold))

}  // namespace GLOROT_ISA
}  // namespace glorot
