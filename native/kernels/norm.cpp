// Norms along one dimension of a contiguous tensor x[outer, R, inner], and their backward.
#include "kernels/kernels.h"
#include "kernels/reducing.h"
#include "simd/math.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** y = (sum |x|^p)^(1/p); p = 0 counts what is not zero, p = ±inf is the extremum of |x|.
 *  buffers: x, y [outer, inner].  sizes: outer, R, inner.  floats: p. */
template <class T> void norm(Launch& l) noexcept {
  const double p = l.num(0);
  if (!l.ok()) return;
  if (p != p) {
    l.fail(ErrorKind::kValue, "p is nan");
    return;
  }
  if (p == 2) return reduceWith<T>(l, Sum{}, [](auto v) { return v * v; }, [](auto s) { return eachLane(s, [](double v) { return __builtin_sqrt(v); }); });
  if (p - p != 0) {
    // The smallest magnitude is the largest negative one.
    const double sign = p > 0 ? 1 : -1;
    const auto signedMagnitude = [sign](auto v) { return abs(v) * like(v, sign); };
    return reduceWith<T>(l, Largest{}, signedMagnitude, [sign](auto s) { return s * like(s, sign); });
  }
  const auto power = [p](auto v) {
    if (p == 1) return abs(v);
    if (p == 0) return v != like(v, 0) ? like(v, 1) : like(v, 0);
    return eachLane(v, [p](double x) { return __builtin_pow(__builtin_fabs(x), p); });
  };
  reduceWith<T>(l, Sum{}, power, [p](auto s) { return p == 0 || p == 1 ? s : eachLane(s, [p](double x) { return __builtin_pow(x, 1 / p); }); });
}

/** dx = dy * sign(x) * (|x| / y)^(p-1), zero where y is 0; for p = ±inf the extreme elements share dy.
 *  PyTorch: torch/csrc/autograd/FunctionsManual.cpp, norm_backward.
 *  buffers: x, y [outer, inner], dy [outer, inner], dx.  sizes: outer, R, inner.  floats: p. */
template <class T> void normBackward(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const double p = l.num(0);
  const T* x = l.in<T>(0, a.n());
  const T* y = l.in<T>(1, a.kept());
  const T* dy = l.in<T>(2, a.kept());
  T* dx = l.out<T>(3, a.n());
  if (!l.ok() || a.n() == 0) return;
  const auto signOf = [](auto v) { return v > like(v, 0) ? like(v, 1) : v < like(v, 0) ? like(v, -1) : v; };
  if (p == 2) return spread(a, x, y, dy, dx, [](auto v, auto s, auto g) { return s == like(s, 0) ? like(s, 0) : g * (v / s); });
  if (p - p != 0) {
    const auto extreme = [](auto v, auto s) { return (abs(v) == s) | ((v != v) & (s != s)); };
    return shareAmong(a, x, y, dy, dx, extreme, [&](auto v, auto g) { return signOf(v) * g; });
  }
  spread(a, x, y, dy, dx, [&](auto v, auto s, auto g) {
    if (p == 0) return like(v, 0);
    if (p == 1) return signOf(v) * g;
    auto out = v;
    for (int i = 0; i < lanesOf(v); i++) {
      const double xi = lane(v, i), si = lane(s, i);
      const double slope = si == 0 || (xi == 0 && p < 2) ? 0 : __builtin_copysign(__builtin_pow(__builtin_fabs(xi) / si, p - 1), xi);
      setLane(out, i, slope * lane(g, i));
    }
    return out;
  });
}

}  // namespace

GLOROT_FAMILY(norm, FLOATS(norm), FLOATS(normBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
