// The same elements elsewhere: mirrored, cut to a triangle, or continued past the edges (padding) with its backward.
#include "kernels/kernels.h"
#include "simd/map.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** Shape of a contiguous tensor, its strides and extent. */
struct Grid {
  int ndim;
  int64_t shape[kMaxDims], stride[kMaxDims], n = 1;
  void measure() {
    for (int d = ndim - 1; d >= 0; d--) stride[d] = n, n = times(n, shape[d]);
  }
};

/** y[i, j …] = x[i or S0-1-i, j or S1-1-j …].  buffers: x, y.  sizes: ndim, shape…, 1 for each dimension that is mirrored… */
template <class T> void flip(Launch& l) noexcept {
  Grid g;
  g.ndim = l.choice(0, kMaxDims + 1);
  l.read(1, g.ndim, g.shape);
  int mirrored[kMaxDims];
  for (int d = 0; d < g.ndim; d++) mirrored[d] = l.choice(1 + g.ndim + d, 2);
  g.measure();
  const T* x = l.in<T>(0, g.n);
  T* y = l.out<T>(1, g.n);
  if (!l.ok() || g.n == 0) return;
  const int last = g.ndim - 1;
  const int64_t inner = g.ndim == 0 ? 1 : g.shape[last];
  parallel(g.n / inner, inner > kGrain ? 1 : kGrain / inner, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      int64_t rest = r, at = 0;
      for (int d = last - 1; d >= 0; d--) {
        const int64_t i = rest % g.shape[d];
        rest /= g.shape[d];
        at += (mirrored[d] ? g.shape[d] - 1 - i : i) * g.stride[d];
      }
      T* to = y + r * inner;
      if (g.ndim == 0 || !mirrored[last]) std::memcpy(to, x + at, static_cast<size_t>(inner) * sizeof(T));
      else
        for (int64_t i = 0; i < inner; i++) to[i] = x[at + inner - 1 - i];
    }
  });
}

/** Of each matrix the part on and below (or above) diagonal k, zeros elsewhere: column - row <= k (or >= k).
 *  buffers: x [batch, M, N], y (may be x).  sizes: batch, M, N, 1 for the upper part.  floats: k. */
template <class T> void triangle(Launch& l) noexcept {
  const int64_t batch = l.size(0), M = l.size(1), N = l.size(2);
  const bool upper = l.choice(3, 2) == 1;
  const double diagonal = l.num(0);
  const int64_t n = times(times(batch, M), N);
  const T* x = l.in<T>(0, n);
  T* y = l.out<T>(1, n);
  if (!l.ok() || n == 0) return;
  if (!(diagonal == __builtin_floor(diagonal))) return (void)l.fail(ErrorKind::kValue, "diagonal %g is not a whole number", diagonal);
  parallel(batch * M, N > kGrain ? 1 : kGrain / N, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      // The first column past the diagonal, or the first on it.
      const double edge = static_cast<double>(r % M) + diagonal + (upper ? 0 : 1);
      const int64_t cut = edge <= 0 ? 0 : edge >= static_cast<double>(N) ? N : static_cast<int64_t>(edge);
      const int64_t from = upper ? cut : 0, to = upper ? N : cut;
      for (int64_t i = 0; i < from; i++) y[r * N + i] = T{0};
      if (to > from) std::memmove(y + r * N + from, x + r * N + from, static_cast<size_t>(to - from) * sizeof(T));
      for (int64_t i = to; i < N; i++) y[r * N + i] = T{0};
    }
  });
}

// --- padding ----------------------------------------------------------------------------------------------------------------
enum Mode { kReflect, kReplicate, kCircular, kModes };

struct Padding {
  Mode mode;
  Grid in, out;
  int64_t before[kMaxDims];

  /** Where coordinate i of the padded dimension d comes from. */
  int64_t source(int d, int64_t i) const {
    const int64_t n = in.shape[d], at = i - before[d];
    if (at >= 0 && at < n) return at;
    if (mode == kReplicate) return at < 0 ? 0 : n - 1;
    if (mode == kCircular) return at < 0 ? at + n : at - n;
    return at < 0 ? -at : 2 * (n - 1) - at;
  }
  /** The row of the input (all dimensions but the last) that row r of the output comes from, as an offset. */
  int64_t row(int64_t r) const {
    int64_t at = 0;
    for (int d = in.ndim - 2; d >= 0; d--) at += source(d, r % out.shape[d]) * in.stride[d], r /= out.shape[d];
    return at;
  }
};

/** sizes: mode (0 reflect, 1 replicate, 2 circular), ndim >= 1, shape of x…, elements before…, elements after… */
bool readPadding(Launch& l, Padding& p) {
  p.mode = static_cast<Mode>(l.choice(0, kModes));
  p.in.ndim = p.out.ndim = l.choice(1, kMaxDims + 1);
  const int ndim = p.in.ndim;
  int64_t after[kMaxDims];
  l.read(2, ndim, p.in.shape);
  l.read(2 + ndim, ndim, p.before);
  l.read(2 + 2 * ndim, ndim, after);
  if (!l.ok()) return false;
  if (ndim == 0) return l.fail(ErrorKind::kLaunch, "a scalar has no edges");
  for (int d = 0; d < ndim; d++) {
    const int64_t n = p.in.shape[d], most = p.before[d] > after[d] ? p.before[d] : after[d];
    if (most > 0 && (p.mode == kReflect ? most >= n : p.mode == kCircular ? most > n : n == 0))
      return l.fail(ErrorKind::kValue, "%g elements cannot be continued by %g", static_cast<double>(n), static_cast<double>(most));
    p.out.shape[d] = plus(n, plus(p.before[d], after[d]));
  }
  p.in.measure(), p.out.measure();
  return true;
}

/** y continues x past its edges: mirrored without the edge itself, by the edge's value, or from the other side.
 *  buffers: x, y.  sizes: see readPadding. */
template <class T> void pad(Launch& l) noexcept {
  Padding p;
  if (!readPadding(l, p)) return;
  const T* x = l.in<T>(0, p.in.n);
  T* y = l.out<T>(1, p.out.n);
  if (!l.ok() || p.out.n == 0) return;
  const int last = p.in.ndim - 1;
  const int64_t width = p.out.shape[last], n = p.in.shape[last], before = p.before[last];
  parallel(p.out.n / width, width > kGrain ? 1 : kGrain / width, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      const T* from = x + p.row(r);
      T* to = y + r * width;
      for (int64_t i = 0; i < before; i++) to[i] = from[p.source(last, i)];
      std::memcpy(to + before, from, static_cast<size_t>(n) * sizeof(T));
      for (int64_t i = before + n; i < width; i++) to[i] = from[p.source(last, i)];
    }
  });
}

/** dx[i] = the sum of dy over the places that show x[i].  buffers: dy, dx.  sizes: see readPadding. */
template <class T> void padBackward(Launch& l) noexcept {
  Padding p;
  if (!readPadding(l, p)) return;
  const T* dy = l.in<T>(0, p.out.n);
  T* dx = l.out<T>(1, p.in.n);
  if (!l.ok()) return;
  if (p.in.n > 0) std::memset(dx, 0, static_cast<size_t>(p.in.n) * sizeof(T));
  if (p.out.n == 0) return;
  const int last = p.in.ndim - 1;
  const int64_t width = p.out.shape[last], n = p.in.shape[last], before = p.before[last], rows = p.out.n / width;
  const auto add = [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; r++) {
      const T* from = dy + r * width;
      T* to = dx + p.row(r);
      for (int64_t i = 0; i < n; i++) to[i] += from[before + i];
      for (int64_t i = 0; i < before; i++) to[p.source(last, i)] += from[i];
      for (int64_t i = before + n; i < width; i++) to[p.source(last, i)] += from[i];
    }
  };
  // Rows of different first coordinates meet nowhere if that dimension is not padded.
  if (p.in.ndim == 1 || p.out.shape[0] != p.in.shape[0]) return add(0, rows);
  const int64_t batch = p.out.shape[0], each = rows / batch;
  parallel(batch, each * width > kGrain ? 1 : kGrain / (each * width), [&](int64_t begin, int64_t end) { add(begin * each, end * each); });
}

}  // namespace

GLOROT_FAMILY(rearrange, ANY(flip), ANY(triangle), ANY(pad), FLOATS(padBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
