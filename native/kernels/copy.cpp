// Moving data: fills, strided copies, conversions between dtypes.
#include "kernels/kernels.h"
#include "simd/map.h"

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

template <class T, class R>
void convert(Launch& l, int64_t n) noexcept {
  const T* x = l.in<T>(0, n);
  R* y = l.out<R>(1, n);
  if (!l.ok()) return;
  parallel(n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) y[i] = static_cast<R>(x[i]);
  });
}
/** A double or float outside int32 has no value there (C++ leaves it undefined): it becomes INT32_MIN, as the CPU's own instruction. */
template <class T>
void truncate(Launch& l, int64_t n) noexcept {
  const T* x = l.in<T>(0, n);
  int32_t* y = l.out<int32_t>(1, n);
  if (!l.ok()) return;
  parallel(n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const double v = static_cast<double>(x[i]);
      y[i] = v > -2147483649.0 && v < 2147483648.0 ? static_cast<int32_t>(v) : INT32_MIN;
    }
  });
}
template <class T>
void truth(Launch& l, int64_t n) noexcept {
  const T* x = l.in<T>(0, n);
  uint8_t* y = l.out<uint8_t>(1, n);
  if (!l.ok()) return;
  parallel(n, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) y[i] = x[i] != T{0};
  });
}

/** x in another dtype: towards zero for int32, != 0 for bool. buffers: x, out. sizes: n, dtype of out. */
template <class T>
void cast(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const int to = l.choice(1, kDTypes);
  if (!l.ok()) return;
  constexpr bool floating = static_cast<T>(0.5) != T{0};
  if (to == kFloat32) convert<T, float>(l, n);
  else if (to == kFloat64) convert<T, double>(l, n);
  else if (to == kBool) truth<T>(l, n);
  else if (floating) truncate<T>(l, n);
  else convert<T, int32_t>(l, n);
}

}  // namespace

GLOROT_FAMILY(copy, ANY(fill), ANY(copy), ANY(cast))

}  // namespace GLOROT_ISA
}  // namespace glorot
