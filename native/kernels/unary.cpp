// Functions of one number, each with its derivative: name(x) and nameBackward(saved, dy), where `saved` is the input x or, where the
// formula says y, the result. Contiguous; outputs may be their inputs.
#include "kernels/within.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// The kernels bear the names of the functions they apply: overloads, where a declaration alone would hide them.
using GLOROT_ISA::cos, GLOROT_ISA::cosh, GLOROT_ISA::exp, GLOROT_ISA::sin, GLOROT_ISA::sinh, GLOROT_ISA::sqrt, GLOROT_ISA::trunc;

#define FUNCTION(name, expression) FUNCTION_OF(name, 0, expression)
#define DERIVATIVE(name, expression) DERIVATIVE_OF(name, 0, expression)

FUNCTION(exp, exp(x))
DERIVATIVE(exp, dy * x)  // y
FUNCTION(exp2, exp2(x))
DERIVATIVE(exp2, dy * x * C(0.69314718055994530942))  // y
FUNCTION(expm1, expm1(x))
DERIVATIVE(expm1, dy * (x + C(1)))  // y
FUNCTION(log, log(x))
DERIVATIVE(log, dy / x)
FUNCTION(log2, log2(x))
DERIVATIVE(log2, dy / (x * C(0.69314718055994530942)))
FUNCTION(log10, log10(x))
DERIVATIVE(log10, dy / (x * C(2.30258509299404568402)))
FUNCTION(log1p, log1p(x))
DERIVATIVE(log1p, dy / (x + C(1)))
FUNCTION(sqrt, sqrt(x))
DERIVATIVE(sqrt, dy / (x + x))  // y
FUNCTION(rsqrt, C(1) / sqrt(x))
DERIVATIVE(rsqrt, C(-0.5) * dy * (x * x * x))  // y
FUNCTION(square, x * x)
DERIVATIVE(square, dy * (x + x))
FUNCTION(reciprocal, C(1) / x)
DERIVATIVE(reciprocal, -dy * (x * x))  // y
FUNCTION(neg, -x)
FUNCTION(abs, abs(x))
DERIVATIVE(abs, dy * select(x > C(0), C(1), select(x < C(0), C(-1), C(0))))
FUNCTION(sign, select(x > C(0), C(1), select(x < C(0), C(-1), C(0))))

FUNCTION(sin, sin(x))
DERIVATIVE(sin, dy * cos(x))
FUNCTION(cos, cos(x))
DERIVATIVE(cos, -dy * sin(x))
FUNCTION(tan, tan(x))
DERIVATIVE(tan, dy * (C(1) + x * x))  // y
FUNCTION(asin, asin(x))
DERIVATIVE(asin, dy / sqrt(C(1) - x * x))
FUNCTION(acos, acos(x))
DERIVATIVE(acos, -dy / sqrt(C(1) - x * x))
FUNCTION(atan, atan(x))
DERIVATIVE(atan, dy / (x * x + C(1)))
FUNCTION(sinh, sinh(x))
DERIVATIVE(sinh, dy * cosh(x))
FUNCTION(cosh, cosh(x))
DERIVATIVE(cosh, dy * sinh(x))
FUNCTION_KERNEL(tanh, 0) DERIVATIVE_KERNEL(tanh, 0)
FUNCTION(asinh, asinh(x))
DERIVATIVE(asinh, dy / sqrt(x * x + C(1)))
FUNCTION(acosh, acosh(x))
DERIVATIVE(acosh, dy / sqrt(x * x - C(1)))
FUNCTION(atanh, atanh(x))
DERIVATIVE(atanh, dy / (C(1) - x * x))

FUNCTION(erf, erf(x))
DERIVATIVE(erf, dy * (C(1.12837916709551257390) * exp(-(x * x))))
FUNCTION(erfc, erfc(x))
DERIVATIVE(erfc, dy * (C(-1.12837916709551257390) * exp(-(x * x))))
FUNCTION(erfinv, erfinv(x))
DERIVATIVE(erfinv, dy * (C(0.88622692545275801365) * exp(x * x)))  // y
FUNCTION_KERNEL(sigmoid, 0) DERIVATIVE_KERNEL(sigmoid, 0)

FUNCTION(floor, floor(x))
FUNCTION(ceil, ceil(x))
FUNCTION(round, rint(x))
FUNCTION(trunc, trunc(x))
FUNCTION(frac, x - trunc(x))

/** int32 versions of what keeps integers. buffers: x, out. sizes: n. */
template <class F>
__attribute__((flatten)) void applyInt(Launch& l, F f) noexcept {
  const int64_t n = l.size(0);
  const int32_t* x = l.in<int32_t>(0, n);
  int32_t* y = l.out<int32_t>(1, n);
  if (!l.ok()) return;
  const auto lanes = [&](int64_t i, size_t bytes) {
    VecI v{};
    std::memcpy(&v, x + i, bytes);
    v = f(v);
    std::memcpy(y + i, &v, bytes);
  };
  int64_t i = 0;
  for (; i + kLanesF <= n; i += kLanesF) lanes(i, sizeof(VecI));
  if (i < n) lanes(i, sizeof(int32_t) * static_cast<size_t>(n - i));
}
struct NegInt {
  VecI operator()(VecI x) const { return minusBits(VecI{}, x); }
};
struct AbsInt {
  VecI operator()(VecI x) const { return x < VecI{} ? minusBits(VecI{}, x) : x; }
};
struct SignInt {
  VecI operator()(VecI x) const { return (x < VecI{}) - (x > VecI{}); }
};
template <> void neg<int32_t>(Launch& l) noexcept { applyInt(l, NegInt{}); }
template <> void abs<int32_t>(Launch& l) noexcept { applyInt(l, AbsInt{}); }
template <> void sign<int32_t>(Launch& l) noexcept { applyInt(l, SignInt{}); }

/** Questions about a float: bool results. buffers: x, out (bytes). sizes: n. */
template <class T, class F>
void ask(Launch& l, F f) noexcept {
  const int64_t n = l.size(0);
  const T* x = l.in<T>(0, n);
  uint8_t* y = l.out<uint8_t>(1, n);
  if (!l.ok()) return;
  for (int64_t i = 0; i < n; i++) y[i] = f(x[i]) ? 1 : 0;
}
struct IsNan {
  template <class T> bool operator()(T x) const { return x != x; }
};
struct IsInf {
  template <class T> bool operator()(T x) const { return x - x != x - x && x == x; }
};
struct IsFinite {
  template <class T> bool operator()(T x) const { return x - x == x - x; }
};
template <class T> void isnan(Launch& l) noexcept { ask<T>(l, IsNan{}); }
template <class T> void isinf(Launch& l) noexcept { ask<T>(l, IsInf{}); }
template <class T> void isfinite(Launch& l) noexcept { ask<T>(l, IsFinite{}); }

}  // namespace

#define BOTH(name) FLOATS(name), FLOATS(name##Backward)
GLOROT_FAMILY(unary, BOTH(exp), BOTH(exp2), BOTH(expm1), BOTH(log), BOTH(log2), BOTH(log10), BOTH(log1p), BOTH(sqrt),
              BOTH(rsqrt), BOTH(square), BOTH(reciprocal), NUMBERS(neg), NUMBERS(abs), FLOATS(absBackward), NUMBERS(sign),
              BOTH(sin), BOTH(cos), BOTH(tan), BOTH(asin), BOTH(acos), BOTH(atan), BOTH(sinh), BOTH(cosh), BOTH(tanh),
              BOTH(asinh), BOTH(acosh), BOTH(atanh), BOTH(erf), BOTH(erfc), BOTH(erfinv), BOTH(sigmoid), FLOATS(floor),
              FLOATS(ceil), FLOATS(round), FLOATS(trunc), FLOATS(frac), FLOATS(isnan), FLOATS(isinf), FLOATS(isfinite))

}  // namespace GLOROT_ISA
}  // namespace glorot
