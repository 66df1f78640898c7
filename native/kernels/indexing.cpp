// Elements by index. An index buffer is checked whole before anything is written, and each value again where it is used: another
// thread may change it meanwhile. What is added to one place is added in the order of the indices.
#include "kernels/kernels.h"
#include "simd/operands.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

bool outOfRange(Launch& l, int64_t index, int64_t size) {
  return l.fail(ErrorKind::kIndex, "index %g is out of range for a dimension of size %g", static_cast<double>(index),
                static_cast<double>(size));
}

/** Whether n indices are in [least, size): by vectors first, then one by one to name the first that is not. */
bool inRange(Launch& l, const int32_t* index, int64_t n, int64_t least, int64_t size) {
  int64_t j = 0;
  if (size > 0 && size <= INT32_MAX) {
    const VecI first = splati(static_cast<int32_t>(least)), last = splati(static_cast<int32_t>(size - 1));
    VecI bad{};
    for (; j + kLanesF <= n; j += kLanesF) {
      VecI v;
      std::memcpy(&v, index + j, sizeof v);
      bad |= (v < first) | (v > last);
    }
    for (int i = 0; i < kLanesF; i++)
      if (bad[i]) j = 0;
  }
  for (; j < n; j++)
    if (const int32_t v = index[j]; v < least || v >= size) return outOfRange(l, v, size);
  return true;
}

/** Several indices at once: place j is index0[j], index1[j] … of dimensions of sizes S0, S1 … as one number. */
struct Places {
  int k;
  int64_t count, total = 1;
  int64_t size[kMaxDims];
  const int32_t* index[kMaxDims];

  /** Of one dimension alone. */
  static int64_t within(int64_t v, int64_t size) {
    if (v < 0) v += size;
    return v >= 0 && v < size ? v : 0;
  }
  int64_t operator()(int64_t j) const {
    int64_t at = 0;
    for (int d = 0; d < k; d++) at = at * size[d] + within(index[d][j], size[d]);
    return at;
  }
};

/** A tensor of rows: [outer, places, inner]. sizes: outer, inner, count, 1 if negative indices count from the end, k, S0 …
 *  The indices are the buffers from `first` on. */
struct Rows {
  int64_t outer, inner;
  Places places;
};

bool readRows(Launch& l, int first, Rows& r) {
  r.outer = l.size(0), r.inner = l.size(1);
  Places& p = r.places;
  p.count = l.size(2);
  const int negative = l.choice(3, 2);
  p.k = l.choice(4, kMaxDims + 1);
  for (int d = 0; d < p.k; d++) {
    p.size[d] = l.size(5 + d);
    p.total = times(p.total, p.size[d]);
    p.index[d] = l.in<int32_t>(first + d, p.count);
  }
  if (!l.ok()) return false;
  for (int d = 0; d < p.k; d++)
    if (!inRange(l, p.index[d], p.count, negative ? -p.size[d] : 0, p.size[d])) return false;
  return true;
}

/** y[o, j, i] = x[o, place j, i].  buffers: x, y, indices (int32 [count])…  sizes: see Rows. */
template <class T> void index(Launch& l) noexcept {
  Rows r;
  if (!readRows(l, 2, r)) return;
  const int64_t count = r.places.count, inner = r.inner;
  const T* x = l.in<T>(0, times(times(r.outer, r.places.total), inner));
  T* y = l.out<T>(1, times(times(r.outer, count), inner));
  if (!l.ok() || inner == 0 || count == 0) return;
  const int32_t* const single = r.places.k == 1 && inner == 1 ? r.places.index[0] : nullptr;
  const int64_t total = r.places.total;
  parallel(r.outer * count, inner > kGrain ? 1 : kGrain / inner, [&](int64_t begin, int64_t end) {
    int64_t o = begin / count, j = begin % count;
    for (int64_t row = begin; row < end; o++, j = 0) {
      const int64_t run = count - j < end - row ? count - j : end - row;
      const T* const from = x + o * total * inner;
      T* const to = y + row * inner;
      if (single) {
        for (int64_t i = 0; i < run; i++) to[i] = from[Places::within(single[j + i], total)];
      } else {
        for (int64_t i = 0; i < run; i++)
          std::memcpy(to + i * inner, from + r.places(j + i) * inner, static_cast<size_t>(inner) * sizeof(T));
      }
      row += run;
    }
  });
}

template <class T> inline void addRow(int64_t n, const T* x, T by, T* y) {
  for (int64_t i = 0; i < n; i++) y[i] = static_cast<T>(y[i] + by * x[i]);
}
inline void addRow(int64_t n, const int32_t* x, int32_t by, int32_t* y) {
  for (int64_t i = 0; i < n; i++)
    y[i] = static_cast<int32_t>(static_cast<uint32_t>(y[i]) + static_cast<uint32_t>(by) * static_cast<uint32_t>(x[i]));
}
inline void addRow(int64_t n, const uint8_t* x, uint8_t by, uint8_t* y) {
  for (int64_t i = 0; i < n; i++) y[i] |= by & x[i];
}
inline void addRow(int64_t n, const float* x, float by, float* y) {
  int64_t i = 0;
  for (; i + kLanesF <= n; i += kLanesF) store(y + i, load(y + i) + splat(by) * load(x + i));
  for (; i < n; i++) y[i] += by * x[i];
}

/** y[o, place j, i] = x[o, j, i], the last of equal places; or += by·x.  buffers: x, y (written in part), indices…  sizes: see
 *  Rows, then 1 to add.  floats: by. */
template <class T> void indexWrite(Launch& l) noexcept {
  Rows r;
  if (!readRows(l, 2, r)) return;
  const bool add = l.choice(5 + r.places.k, 2) == 1;
  const double factor = l.num(0);
  const int64_t count = r.places.count, inner = r.inner, total = r.places.total;
  const T* x = l.in<T>(0, times(times(r.outer, count), inner));
  T* y = l.out<T>(1, times(times(r.outer, total), inner));
  if (!l.ok() || inner == 0 || count == 0) return;
  if (static_cast<T>(0.5) == T{0} && !(factor >= -2147483648.0 && factor <= 2147483647.0)) {
    l.fail(ErrorKind::kValue, "the number %g does not fit int32", factor);
    return;
  }
  const T by = static_cast<T>(factor);
  // Columns are shared out, never places: each thread adds to its own in the order of the indices.
  constexpr int64_t kColumns = 256;
  const int64_t strips = (inner + kColumns - 1) / kColumns, cost = times(count, inner < kColumns ? inner : kColumns);
  parallel(times(r.outer, strips), cost >= kGrain ? 1 : kGrain / cost, [&](int64_t begin, int64_t end) {
    for (int64_t u = begin; u < end; u++) {
      const int64_t o = u / strips, c = u % strips * kColumns, n = inner - c < kColumns ? inner - c : kColumns;
      for (int64_t j = 0; j < count; j++) {
        const T* from = x + (o * count + j) * inner + c;
        T* to = y + (o * total + r.places(j)) * inner + c;
        if (add) addRow(n, from, by, to);
        else std::memcpy(to, from, static_cast<size_t>(n) * sizeof(T));
      }
    }
  });
}

// --- one index an element -------------------------------------------------------------------------------------------------
/** Extent of a view whose dimension of `size` elements, `step` apart, is reached by index: `span` is that of its other dimensions. */
int64_t reach(int64_t span, int64_t size, int64_t step) {
  return span == 0 || size == 0 ? 0 : plus(span, times(size - 1, step));
}

/** y[…, i, …] = x[…, index[…, i, …], …], over the shape of the index.
 *  buffers: x (strided), index (int32), y.  sizes: size and stride of the dimension, then as Operands<1>: the index's shape, the
 *  strides of x with 0 for the dimension. */
template <class T> void gather(Launch& l) noexcept {
  const int64_t size = l.size(0), stride = l.size(1);
  Operands<1> o;
  if (!readOperands(l, 2, o)) return;
  const T* x = l.in<T>(0, reach(o.span[0], size, stride));
  const int32_t* index = l.in<int32_t>(1, o.n);
  T* y = l.out<T>(2, o.n);
  if (!l.ok() || !inRange(l, index, o.n, 0, size) || o.n == 0) return;
  const int64_t step = o.step[0][o.ndim - 1];
  eachRun(o, [&](const int64_t* offset, int64_t to, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
      const int64_t v = index[to + i];
      y[to + i] = x[offset[0] + i * step + (v >= 0 && v < size ? v : 0) * stride];
    }
  });
}

template <class T> struct Multiply {
  static T of(T a, T b) { return static_cast<T>(a * b); }
};
template <> struct Multiply<int32_t> {
  static int32_t of(int32_t a, int32_t b) { return static_cast<int32_t>(static_cast<uint32_t>(a) * static_cast<uint32_t>(b)); }
};

/** y[…, index[…, i, …], …] = x[…, i, …], or += or *=, in row-major order of the index, which gives the shape.
 *  buffers: x (strided), index (int32), y (strided, written in part).  sizes: size and stride of the dimension of y, 0 to set,
 *  1 to add, 2 to multiply, then as Operands<2>: the index's shape, strides of x, strides of y with 0 for the dimension. */
template <class T> void scatter(Launch& l) noexcept {
  const int64_t size = l.size(0), stride = l.size(1);
  const int mode = l.choice(2, 3);
  Operands<2> o;
  if (!readOperands(l, 3, o)) return;
  const T* x = l.in<T>(0, o.span[0]);
  const int32_t* index = l.in<int32_t>(1, o.n);
  T* y = l.out<T>(2, reach(o.span[1], size, stride));
  if (!l.ok() || !inRange(l, index, o.n, 0, size) || o.n == 0) return;
  const int64_t stepX = o.step[0][o.ndim - 1], stepY = o.step[1][o.ndim - 1];
  const auto run = [&](const int64_t* offset, int64_t at, int64_t n) {
    for (int64_t i = 0; i < n; i++) {
      const int64_t v = index[at + i];
      const T value = x[offset[0] + i * stepX];
      T* to = y + offset[1] + i * stepY + (v >= 0 && v < size ? v : 0) * stride;
      if (mode == 0) *to = value;
      else if (mode == 1) addRow(1, &value, static_cast<T>(1), to);
      else *to = Multiply<T>::of(*to, value);
    }
  };
  eachRun(o, run, INT64_MAX);
}

// --- which elements are not 0 ---------------------------------------------------------------------------------------------
/** buffers: x, count (int32 [1]).  sizes: n. */
template <class T> void countNonzero(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const T* x = l.in<T>(0, n);
  int32_t* count = l.out<int32_t>(1, 1);
  if (!l.ok()) return;
  if (n > INT32_MAX) return (void)l.fail(ErrorKind::kValue, "%g elements are more than an int32 index reaches", static_cast<double>(n));
  int32_t found = 0;
  for (int64_t i = 0; i < n; i++) found += x[i] != T{0};
  *count = found;
}

/** Row j of the result is the index of the j-th element that is not 0.  buffers: x, y (int32 [count, ndim]).  sizes: count, ndim,
 *  shape…  Fails if there are not exactly `count`; all of y is written else. */
template <class T> void nonzero(Launch& l) noexcept {
  const int64_t count = l.size(0);
  const int ndim = l.choice(1, kMaxDims + 1);
  int64_t shape[kMaxDims], n = 1;
  l.read(2, ndim, shape);
  for (int d = 0; d < ndim; d++) n = times(n, shape[d]);
  const T* x = l.in<T>(0, n);
  int32_t* y = l.out<int32_t>(1, times(count, ndim));
  if (!l.ok()) return;
  int64_t found = 0;
  for (int64_t i = 0; i < n; i++) {
    if (x[i] == T{0}) continue;
    if (found++ >= count) continue;
    int64_t rest = i;
    for (int d = ndim - 1; d >= 0; d--) y[(found - 1) * ndim + d] = static_cast<int32_t>(rest % shape[d]), rest /= shape[d];
  }
  for (int64_t i = found * ndim; i < count * ndim; i++) y[i] = 0;
  if (found != count) l.fail(ErrorKind::kLaunch, "%g elements are not 0, expected %g", static_cast<double>(found), static_cast<double>(count));
}

/** y[i, c] = 1 where c = index[i], else 0.  buffers: index (int32 [n]), y [n, C].  sizes: n, C. */
template <class T> void oneHot(Launch& l) noexcept {
  const int64_t n = l.size(0), C = l.size(1);
  const int32_t* index = l.in<int32_t>(0, n);
  T* y = l.out<T>(1, times(n, C));
  if (!l.ok() || !inRange(l, index, n, 0, C)) return;
  if (n > 0 && C > 0) std::memset(y, 0, static_cast<size_t>(n * C) * sizeof(T));
  for (int64_t i = 0; i < n; i++)
    if (const int64_t c = index[i]; c >= 0 && c < C) y[i * C + c] = T{1};
}

}  // namespace

GLOROT_FAMILY(indexing, ANY(index), ANY(indexWrite), ANY(gather), ANY(scatter), ANY(countNonzero), ANY(nonzero), ANY(oneHot))

}  // namespace GLOROT_ISA
}  // namespace glorot
