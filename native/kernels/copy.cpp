// Moving data: fills, strided copies, conversions between dtypes.
#include "kernels/kernels.h"
#include "simd/double.h"
#include "simd/operands.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** y[i] = value, i < n: in vectors, which the compiler does not make of it. */
template <class T> void repeat(int64_t n, T value, T* y) {
  typedef T V __attribute__((vector_size(GLOROT_VECTOR_BYTES)));
  constexpr int64_t L = sizeof(V) / sizeof(T);
  const V v = value - V{};
  int64_t i = 0;
  for (; i + L <= n; i += L) std::memcpy(y + i, &v, sizeof v);
  for (; i < n; i++) y[i] = value;
}

/** x[i] = value. buffers: x (contiguous). sizes: n. floats: value. */
template <class T>
void fill(Launch& l) noexcept {
  const int64_t n = l.size(0);
  T* x = l.out<T>(0, n);
  const double v = l.num(0);
  if (!l.ok()) return;
  const T value = static_cast<T>(v);
  parallel(n, kGrain, [&](int64_t begin, int64_t end) { repeat(end - begin, value, x + begin); });
}

struct Strided {
  int ndim = 0;
  int64_t shape[kMaxDims], from[kMaxDims], to[kMaxDims];
  int64_t n = 1;
};

/** Copies x to y, element by element over one shape, both with strides. They must not overlap, but for an exact alias.
 *  buffers: x, y. sizes: ndim, shape, strides x, strides y. */
template <class T>
void copy(Launch& l) noexcept {
  const int ndim = l.choice(0, kMaxDims + 1);
  int64_t shape[kMaxDims], from[kMaxDims], to[kMaxDims];
  l.read(1, ndim, shape);
  l.read(1 + ndim, ndim, from);
  l.read(1 + 2 * ndim, ndim, to);
  if (!l.ok()) return;
  const T* x = l.in<T>(0, Launch::span(ndim, shape, from));
  T* y = l.out<T>(1, Launch::span(ndim, shape, to));
  if (!l.ok()) return;
  for (int d = 0; d < ndim; d++)
    if (shape[d] > 1 && to[d] == 0) return (void)l.fail(ErrorKind::kLaunch, "elements of the result share memory");
  Strided s;
  for (int d = 0; d < ndim; d++) {
    s.n = times(s.n, shape[d]);
    if (shape[d] == 1) continue;
    const int k = s.ndim;
    if (k > 0 && s.from[k - 1] == times(shape[d], from[d]) && s.to[k - 1] == times(shape[d], to[d])) {
      s.shape[k - 1] = times(s.shape[k - 1], shape[d]), s.from[k - 1] = from[d], s.to[k - 1] = to[d];
    } else {
      s.shape[k] = shape[d], s.from[k] = from[d], s.to[k] = to[d];
      s.ndim++;
    }
  }
  if (s.n == 0) return;
  if (s.ndim == 0) s.ndim = 1, s.shape[0] = 1, s.from[0] = s.to[0] = 1;
  const int last = s.ndim - 1;
  const int64_t inner = s.shape[last], sx = s.from[last], sy = s.to[last], rows = s.n / inner;
  const auto line = [&](const T* a, T* b, int64_t n) {
    if (sx == 1 && sy == 1) std::memmove(b, a, static_cast<size_t>(n) * sizeof(T));
    else if (sx == 0 && sy == 1) repeat(n, *a, b);
    else
      for (int64_t i = 0; i < n; i++) b[i * sy] = a[i * sx];
  };
  if (rows == 1) {
    parallel(inner, kGrain, [&](int64_t begin, int64_t end) { line(x + begin * sx, y + begin * sy, end - begin); });
    return;
  }
  parallel(rows, inner > kGrain ? 1 : kGrain / inner, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      int64_t rest = r, offX = 0, offY = 0;
      for (int d = last - 1; d >= 0; d--) {
        const int64_t i = rest % s.shape[d];
        rest /= s.shape[d];
        offX += i * s.from[d], offY += i * s.to[d];
      }
      line(x + offX, y + offY, inner);
    }
  });
}

// --- conversions: kLanesF elements at once, by way of vectors of 32 bits, or of two of doubles ----------------------------
struct Doubles {
  VecD low, high;
};
typedef int32_t HalfI __attribute__((vector_size(GLOROT_VECTOR_BYTES / 2)));

template <class V, class T> inline V read(const T* x) {
  V v;
  std::memcpy(&v, x, sizeof v);
  return v;
}
inline VecF take(const float* x) { return load(x); }
inline VecI take(const int32_t* x) { return read<VecI>(x); }
inline VecI take(const uint8_t* x) { return widen(x); }
inline Doubles take(const double* x) { return {read<VecD>(x), read<VecD>(x + kLanesF / 2)}; }

inline Doubles wide(VecF x) { return {lower(x), upper(x)}; }
inline Doubles wide(VecI x) {
  HalfI half[2];
  std::memcpy(half, &x, sizeof x);
  return {__builtin_convertvector(half[0], VecD), __builtin_convertvector(half[1], VecD)};
}
inline Doubles wide(Doubles x) { return x; }
inline VecF single(VecF x) { return x; }
inline VecF single(VecI x) { return __builtin_convertvector(x, VecF); }
inline VecF single(Doubles x) { return join(x.low, x.high); }
/** Towards zero. What is outside int32 has no value there (C++ leaves it undefined): it becomes INT32_MIN, as by x86's own
 *  instruction. */
inline HalfI truncated(VecD x) {
  const VecL fits = (x > splat(-2147483649.0)) & (x < splat(2147483648.0));
  return __builtin_convertvector(fits ? x : splat(-2147483648.0), HalfI);
}
inline VecI whole(VecF x) {
  return toInt(select((x >= splat(-2147483648.0f)) & (x < splat(2147483648.0f)), x, splat(-2147483648.0f)));
}
inline VecI whole(VecI x) { return x; }
inline VecI whole(Doubles x) {
  const HalfI half[2] = {truncated(x.low), truncated(x.high)};
  return read<VecI>(half);
}
inline VecI truth(VecF x) { return x != splat(0.0f); }
inline VecI truth(VecI x) { return x != splati(0); }
inline VecI truth(Doubles x) {
  const HalfI half[2] = {__builtin_convertvector(x.low != splat(0.0), HalfI), __builtin_convertvector(x.high != splat(0.0), HalfI)};
  return read<VecI>(half);
}

template <class V> inline void deliver(float* y, V v) { store(y, single(v)); }
template <class V> inline void deliver(double* y, V v) {
  const Doubles d = wide(v);
  std::memcpy(y, &d, sizeof d);
}
template <class V> inline void deliver(int32_t* y, V v) {
  const VecI i = whole(v);
  std::memcpy(y, &i, sizeof i);
}
template <class V> inline void deliver(uint8_t* y, V v) { put(y, truth(v)); }

template <class T, class R> __attribute__((noinline, flatten)) void convertRun(int64_t n, const T* x, R* y) {
  int64_t i = 0;
  for (; i + kLanesF <= n; i += kLanesF) deliver(y + i, take(x + i));
  if (i == n) return;
  T from[kLanesF] = {};
  R to[kLanesF];
  std::memcpy(from, x + i, static_cast<size_t>(n - i) * sizeof(T));
  deliver(to, take(from));
  std::memcpy(y + i, to, static_cast<size_t>(n - i) * sizeof(R));
}
template <class T, class R> void convert(Launch& l, int64_t n) noexcept {
  const T* x = l.in<T>(0, n);
  R* y = l.out<R>(1, n);
  if (!l.ok()) return;
  parallel(n, kGrain, [&](int64_t begin, int64_t end) { convertRun(end - begin, x + begin, y + begin); });
}

/** x in another dtype: towards zero for int32, != 0 for bool. buffers: x, out. sizes: n, dtype of out. */
template <class T> void cast(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const int to = l.choice(1, kDTypes);
  if (!l.ok()) return;
  if (to == kFloat32) convert<T, float>(l, n);
  else if (to == kFloat64) convert<T, double>(l, n);
  else if (to == kInt32) convert<T, int32_t>(l, n);
  else convert<T, uint8_t>(l, n);
}

}  // namespace

GLOROT_FAMILY(copy, ANY(fill), ANY(copy), ANY(cast))

}  // namespace GLOROT_ISA
}  // namespace glorot
