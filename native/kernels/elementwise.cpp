// Two operands with broadcasting: arithmetic, comparisons, logic and their backward passes. Shapes are given with the strides
// of both operands (0 along a broadcast dimension); dimensions that lie in memory as one are joined before the loop.
#include "kernels/kernels.h"
#include "simd/map.h"


namespace glorot {
namespace GLOROT_ISA {
namespace {

/** Two strided operands over one shape, with the fewest dimensions that describe them. */
struct Pair {
  int ndim = 0;
  int64_t shape[kMaxDims], a[kMaxDims], b[kMaxDims];
  int64_t n = 1;
};

/** sizes: at: ndim, shape…, strides of a…, strides of b… */
bool readPair(Launch& l, int at, Pair& p, int64_t& spanA, int64_t& spanB) {
  const int ndim = l.choice(at, kMaxDims + 1);
  int64_t shape[kMaxDims], a[kMaxDims], b[kMaxDims];
  l.read(at + 1, ndim, shape);
  l.read(at + 1 + ndim, ndim, a);
  l.read(at + 1 + 2 * ndim, ndim, b);
  if (!l.ok()) return false;
  spanA = Launch::span(ndim, shape, a);
  spanB = Launch::span(ndim, shape, b);
  for (int d = 0; d < ndim; d++) {
    p.n = times(p.n, shape[d]);
    if (shape[d] == 1) continue;
    const int k = p.ndim;
    if (k > 0 && p.a[k - 1] == times(shape[d], a[d]) && p.b[k - 1] == times(shape[d], b[d])) {
      p.shape[k - 1] = times(p.shape[k - 1], shape[d]), p.a[k - 1] = a[d], p.b[k - 1] = b[d];
    } else {
      p.shape[k] = shape[d], p.a[k] = a[d], p.b[k] = b[d];
      p.ndim++;
    }
  }
  if (p.ndim == 0) p.ndim = 1, p.shape[0] = 1, p.a[0] = p.b[0] = 0;
  return true;
}

/** One row, y[i] = f(a[i*sa], b[i*sb]), element by element: other dtypes, other strides, results that are not of the operands' type. */
template <class F, class T, class R>
__attribute__((noinline)) void row(F f, int64_t n, const T* a, int64_t sa, const T* b, int64_t sb, R* y) {
  for (int64_t i = 0; i < n; i++) y[i] = f(a[i * sa], b[i * sb]);
}
/** One row of floats: by vectors where each operand is contiguous or one repeated element. */
template <class F>
__attribute__((noinline)) void row(F f, int64_t n, const float* a, int64_t sa, const float* b, int64_t sb, float* y) {
  int64_t i = 0;
  if (sa == 1 && sb == 1) {
    for (; i + kLanesF <= n; i += kLanesF) store(y + i, f(load(a + i), load(b + i)));
    if (i < n) storePartial(y + i, f(loadPartial(a + i, n - i), loadPartial(b + i, n - i)), n - i);
  } else if (sa == 1 && sb == 0) {
    const VecF c = splat(*b);
    for (; i + kLanesF <= n; i += kLanesF) store(y + i, f(load(a + i), c));
    if (i < n) storePartial(y + i, f(loadPartial(a + i, n - i), c), n - i);
  } else if (sa == 0 && sb == 1) {
    const VecF c = splat(*a);
    for (; i + kLanesF <= n; i += kLanesF) store(y + i, f(c, load(b + i)));
    if (i < n) storePartial(y + i, f(c, loadPartial(b + i, n - i)), n - i);
  } else {
    for (; i < n; i++) y[i] = f(a[i * sa], b[i * sb]);
  }
}

/** One operand is a constant. buffers: x, out. sizes: n, side (0: f(x, c), 1: f(c, x)). floats: c. */
template <class T, class R, class F>
void withScalar(Launch& l, F f) noexcept {
  const int64_t n = l.size(0);
  const int side = l.choice(1, 2);
  const double value = l.num(0);
  const T* x = l.in<T>(0, n);
  R* y = l.out<R>(1, n);
  if (!l.ok()) return;
  // Integers reach here as whole numbers within int32: the caller promotes otherwise.
  if (static_cast<T>(0.5) == T{0} && !(value >= -2147483648.0 && value <= 2147483647.0)) {
    l.fail(ErrorKind::kValue, "the number %g does not fit int32", value);
    return;
  }
  const T c = static_cast<T>(value);
  parallel(n, kGrain, [&](int64_t begin, int64_t end) {
    if (side == 0) row(f, end - begin, x + begin, 1, &c, 0, y + begin);
    else row(f, end - begin, &c, 0, x + begin, 1, y + begin);
  });
}

/** With two buffers, see withScalar. With three, buffers: a, b, out (contiguous; may be a or b where that has the same layout).
 *  sizes: ndim, shape, strides a, strides b. */
template <class T, class R, class F>
void binary(Launch& l, F f) noexcept {
  if (l.nBuffers == 2) return withScalar<T, R>(l, f);
  Pair p;
  int64_t spanA, spanB;
  if (!readPair(l, 0, p, spanA, spanB)) return;
  const T* a = l.in<T>(0, spanA);
  const T* b = l.in<T>(1, spanB);
  R* y = l.out<R>(2, p.n);
  if (!l.ok() || p.n == 0) return;
  const int last = p.ndim - 1;
  const int64_t inner = p.shape[last], rows = p.n / inner;
  if (rows == 1) {
    parallel(inner, kGrain, [&](int64_t begin, int64_t end) {
      row(f, end - begin, a + begin * p.a[last], p.a[last], b + begin * p.b[last], p.b[last], y + begin);
    });
    return;
  }
  const int64_t grain = inner > kGrain ? 1 : kGrain / inner;
  parallel(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      int64_t rest = r, offA = 0, offB = 0;
      for (int d = last - 1; d >= 0; d--) {
        const int64_t i = rest % p.shape[d];
        rest /= p.shape[d];
        offA += i * p.a[d], offB += i * p.b[d];
      }
      row(f, inner, a + offA, p.a[last], b + offB, p.b[last], y + r * inner);
    }
  });
}

// int32 wraps around; C++ leaves the overflow of a signed number undefined.
template <class T> T sumOf(T a, T b) { return a + b; }
template <class T> T differenceOf(T a, T b) { return a - b; }
template <class T> T productOf(T a, T b) { return a * b; }
inline int32_t sumOf(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
inline int32_t differenceOf(int32_t a, int32_t b) { return (int32_t)((uint32_t)a - (uint32_t)b); }
inline int32_t productOf(int32_t a, int32_t b) { return (int32_t)((uint32_t)a * (uint32_t)b); }

#define BINARY(name, expression)                                \
  struct name##F {                                              \
    template <class T> T operator()(T a, T b) const { return (T)(expression); } \
  };                                                            \
  template <class T> void name(Launch& l) noexcept { binary<T, T>(l, name##F{}); }

#define COMPARE(name, expression)                               \
  struct name##F {                                              \
    template <class T> uint8_t operator()(T a, T b) const { return (expression) ? 1 : 0; } \
  };                                                            \
  template <class T> void name(Launch& l) noexcept { binary<T, uint8_t>(l, name##F{}); }

BINARY(add, sumOf(a, b))
BINARY(sub, differenceOf(a, b))
BINARY(mul, productOf(a, b))
BINARY(div, a / b)
// nan wins over any number, as in PyTorch.
BINARY(maximum, a != a ? a : b != b ? b : a > b ? a : b)
BINARY(minimum, a != a ? a : b != b ? b : a < b ? a : b)
COMPARE(eq, a == b)
COMPARE(ne, a != b)
COMPARE(lt, a < b)
COMPARE(le, a <= b)
COMPARE(gt, a > b)
COMPARE(ge, a >= b)

}  // namespace

GLOROT_FAMILY(elementwise, NUMBERS(add), NUMBERS(sub), NUMBERS(mul), FLOATS(div), NUMBERS(maximum), NUMBERS(minimum),
              ANY(eq), ANY(ne), ANY(lt), ANY(le), ANY(gt), ANY(ge))

}  // namespace GLOROT_ISA
}  // namespace glorot
