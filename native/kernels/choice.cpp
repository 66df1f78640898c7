// Three operands: choosing (where, clamp), mixing (lerp), and products added to a tensor. Broadcasting launches: see broadcast in
// simd/operands.h.
#include "kernels/kernels.h"
#include "simd/operands.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// --- where: out = c ? x : y ------------------------------------------------------------------------------------------------
template <class T>
void choose(int64_t n, const uint8_t* c, int64_t sc, const T* x, int64_t sx, const T* y, int64_t sy, T* out) {
  for (int64_t i = 0; i < n; i++) out[i] = c[i * sc] ? x[i * sx] : y[i * sy];
}
inline void choose(int64_t n, const uint8_t* c, int64_t sc, const float* x, int64_t sx, const float* y, int64_t sy, float* out) {
  uint8_t chosen[kBlock];
  float first[kBlock], second[kBlock];
  for (int64_t i = 0; i < n; i += kBlock) {
    const int64_t m = n - i < kBlock ? n - i : kBlock;
    const uint8_t* b = beside(c, sc, i, m, chosen);
    const float* p = beside(x, sx, i, m, first);
    const float* q = beside(y, sy, i, m, second);
    int64_t j = 0;
    for (; j + kLanesF <= m; j += kLanesF) store(out + i + j, select(widen(b + j) != VecI{}, load(p + j), load(q + j)));
    for (; j < m; j++) out[i + j] = b[j] ? p[j] : q[j];
  }
}
/** buffers: c (bool), x, y, out (contiguous; may be x or y of the same layout). sizes: see readOperands. */
template <class T> void where(Launch& l) noexcept {
  Operands<3> o;
  if (!readOperands(l, 0, o)) return;
  const uint8_t* c = l.in<uint8_t>(0, o.span[0]);
  const T* x = l.in<T>(1, o.span[1]);
  const T* y = l.in<T>(2, o.span[2]);
  T* out = l.out<T>(3, o.n);
  if (!l.ok()) return;
  const int last = o.ndim - 1;
  eachRun(o, [&](const int64_t* at, int64_t to, int64_t n) {
    choose(n, c + at[0], o.step[0][last], x + at[1], o.step[1][last], y + at[2], o.step[2][last], out + to);
  });
}

// --- clamp -----------------------------------------------------------------------------------------------------------------
template <class T, class F> void each(int64_t n, F f, const T* x, T* y) {
  parallel(n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) y[i] = f(x[i]);
  });
}
template <class F> void each(int64_t n, F f, const float* x, float* y) { map(n, f, x, y); }

/** min(max(x, low), high); nan stays, of x and of a bound. buffers: x, out. sizes: n. floats: low, high; for int32 whole numbers
 *  or ±inf. */
template <class T> void clamp(Launch& l) noexcept {
  const int64_t n = l.size(0);
  double low = l.num(0), high = l.num(1);
  const T* x = l.in<T>(0, n);
  T* y = l.out<T>(1, n);
  if (!l.ok()) return;
  if (static_cast<T>(0.5) == T{0}) {
    if (low != low || high != high) return (void)l.fail(ErrorKind::kValue, "a bound of whole numbers is nan");
    const auto fit = [](double v) { return v < -2147483648.0 ? -2147483648.0 : v > 2147483647.0 ? 2147483647.0 : v; };
    low = fit(low), high = fit(high);
  }
  const T lowest = static_cast<T>(low), highest = static_cast<T>(high);
  each(n, [=](auto v) {
    const auto a = decltype(v){} + lowest, b = decltype(v){} + highest;
    const auto w = (v < a) | (a != a) ? a : v;
    return (w > b) | (b != b) ? b : w;
  }, x, y);
}
/** dx = g where low <= x <= high, else 0. buffers: x, g, dx. sizes: n. floats: low, high. */
template <class T> void clampBackward(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const T low = static_cast<T>(l.num(0)), high = static_cast<T>(l.num(1));
  const T* x = l.in<T>(0, n);
  const T* g = l.in<T>(1, n);
  T* dx = l.out<T>(2, n);
  if (!l.ok()) return;
  map(n, [=](auto v, auto dy) { return (v >= like(v, low)) & (v <= like(v, high)) ? dy : decltype(v){}; }, x, g, dx);
}

// --- lerp: x + w·(y - x), from w = 1/2 on counted from y, so that w = 1 gives y itself ----------------------------------------
struct LerpF {
  template <class T> T operator()(T x, T y, T w) const {
    return abs(w) < like(w, 0.5) ? x + w * (y - x) : y - (y - x) * (like(w, 1) - w);
  }
};
/** Operands: x, y, w. */
template <class T> void lerp(Launch& l) noexcept { broadcast<3, T, T>(l, 0, LerpF{}); }
/** Operands: x, y. floats: w. */
template <class T> void lerpNumber(Launch& l) noexcept {
  const double w = l.num(0);
  if (l.ok()) broadcast<2, T, T>(l, 0, [w](auto x, auto y) { return LerpF{}(x, y, like(x, w)); });
}

/** x + value·a·b. Operands: x, a, b. floats: value. */
template <class T> void addcmul(Launch& l) noexcept {
  const double value = l.num(0);
  if (l.ok()) broadcast<3, T, T>(l, 0, [value](auto x, auto a, auto b) { return x + like(x, value) * a * b; });
}
/** x + value·a/b. Operands: x, a, b. floats: value. */
template <class T> void addcdiv(Launch& l) noexcept {
  const double value = l.num(0);
  if (l.ok()) broadcast<3, T, T>(l, 0, [value](auto x, auto a, auto b) { return x + like(x, value) * a / b; });
}

}  // namespace

GLOROT_FAMILY(choice, ANY(where), NUMBERS(clamp), FLOATS(clampBackward), FLOATS(lerp), FLOATS(lerpNumber), FLOATS(addcmul),
              FLOATS(addcdiv))

}  // namespace GLOROT_ISA
}  // namespace glorot
