// Pooling: the largest element or the average of what a window sees, plane by plane.  x: [M, in], out: [M, out]; M planes, P places.
#include "kernels/conv/average.h"
#include "kernels/conv/taps.h"
#include "kernels/conv/window.h"
#include "kernels/kernels.h"
#include "pool.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int64_t kWork = 1 << 16;  // elements seen that are worth a range of their own

int64_t grainOf(int64_t work) { return work >= kWork ? 1 : kWork / (work + 1) + 1; }

/** The first place of the input that the window of output o sees along d. */
inline int64_t firstSeen(const Window& w, int d, int64_t o) {
  const int64_t start = o * w.stride[d] - w.pad[d];
  return start >= 0 ? start : start + (-start + w.dilation[d] - 1) / w.dilation[d] * w.dilation[d];
}

// What a row of results is made from: where its first window begins in the padded plane and, of the input, the index of what the first
// tap sees of x = 0 were there no edge, and of the first element that is there.
template <class T> struct Row {
  const T* plane;
  int32_t base, first;
};

/** Largest elements and where they are. nan is larger than any number; of equals, the first counts (ATen/native/cpu/MaxPoolKernel.cpp).
 *  offsets, deltas: [taps], where a tap is in the padded plane and in the input; starts: [width], firstSeen along the row. */
inline void maxRow(const Window& w, const Row<float>& row, const int64_t* offsets, const int32_t* deltas, const int32_t* starts, float* out,
                   int32_t* index) {
  VecI lane{};
  for (int i = 0; i < kLanesF; i++) lane[i] = static_cast<int32_t>(i * w.stride[2]);
  for (int64_t x = 0; x < w.out[2]; x += kLanesF) {
    const int64_t n = lesser(w.out[2] - x, kLanesF);
    VecI start{};
    std::memcpy(&start, starts + x, static_cast<size_t>(n) * sizeof(int32_t));
    const VecI at = lane + splati(row.base + static_cast<int32_t>(x * w.stride[2]));
    VecF best = splat(-__builtin_inff());
    VecI where = start + splati(row.first);
    for (int64_t t = 0; t < w.taps; t++) {
      const VecF v = load(row.plane + offsets[t] + x);
      const VecI larger = (v > best) | (v != v);
      best = larger ? v : best;
      where = larger ? at + splati(deltas[t]) : where;
    }
    if (n == kLanesF) store(out + x, best);
    else storePartial(out + x, best, n);
    std::memcpy(index + x, &where, static_cast<size_t>(n) * sizeof(int32_t));
  }
}
inline void maxRow(const Window& w, const Row<double>& row, const int64_t* offsets, const int32_t* deltas, const int32_t* starts, double* out,
                   int32_t* index) {
  for (int64_t x = 0; x < w.out[2]; x++) {
    double best = -__builtin_inf();
    int32_t where = starts[x] + row.first;
    for (int64_t t = 0; t < w.taps; t++) {
      const double v = row.plane[offsets[t] + x];
      if (v > best || v != v) best = v, where = row.base + static_cast<int32_t>(x * w.stride[2]) + deltas[t];
    }
    out[x] = best;
    index[x] = where;
  }
}

/**
 * The largest element that each window sees, and its index within its plane. Padding is -inf.
 * buffers: x, out, index (int32, as out). sizes: M, window.
 */
template <class T> void maxPool(Launch& l) noexcept {
  Window w;
  const int64_t M = l.size(0);
  if (!readWindow(l, 1, w)) return;
  const T* x = l.in<T>(0, times(M, w.plane));
  T* out = l.out<T>(1, times(M, w.places));
  int32_t* index = l.out<int32_t>(2, times(M, w.places));
  if (!l.ok()) return;
  if (M == 0 || w.places == 0) return;
  constexpr T least = static_cast<T>(-__builtin_inf());
  Memory memory;
  parallel(M, grainOf(times(w.places, w.taps)), [&](int64_t begin, int64_t end) {
    T* const image = clearImage<T>(w, 1, least);
    int32_t* deltas;
    const int64_t* const offsets = tapsAnd(w, plus(w.taps, w.out[2]), deltas);
    if (!image || !offsets) return memory.lacking();
    int32_t* const starts = deltas + w.taps;
    for (int64_t i = 0; i < w.out[2]; i++) starts[i] = static_cast<int32_t>(firstSeen(w, 2, i));
    for (int64_t t = 0; t < w.taps; t++) {
      const int64_t kx = t % w.kernel[2], ky = t / w.kernel[2] % w.kernel[1], kz = t / w.kernel[2] / w.kernel[1];
      deltas[t] = static_cast<int32_t>((kz * w.dilation[0] * w.in[1] + ky * w.dilation[1]) * w.in[2] + kx * w.dilation[2]);
    }
    for (int64_t m = begin; m < end; m++) {
      padPlane(w, x + m * w.plane, image, least);
      for (int64_t r = 0; r < w.out[0] * w.out[1]; r++) {
        const int64_t z = r / w.out[1], y = r % w.out[1];
        const int64_t base = ((z * w.stride[0] - w.pad[0]) * w.in[1] + y * w.stride[1] - w.pad[1]) * w.in[2] - w.pad[2];
        const int64_t first = (firstSeen(w, 0, z) * w.in[1] + firstSeen(w, 1, y)) * w.in[2];
        const Row<T> row{image + z * w.stride[0] * w.slice + y * w.stride[1] * w.row, static_cast<int32_t>(base), static_cast<int32_t>(first)};
        const int64_t to = m * w.places + r * w.out[2];
        maxRow(w, row, offsets, deltas, starts, out + to, index + to);
      }
    }
  });
  memory.report(l);
}

/**
 * dx[m, index[m, p]] += dout[m, p], else 0; with `last`, = dout[m, p] of the last p there: what undoes a pooling.
 * buffers: dout [M, P], index [M, P] (int32), dx [M, plane]. sizes: M, P, plane, last.
 */
template <class T> void maxPoolBackward(Launch& l) noexcept {
  const int64_t M = l.size(0), P = l.size(1), plane = l.size(2);
  const bool last = l.choice(3, 2) == 1;
  const T* grad = l.in<T>(0, times(M, P));
  const int32_t* index = l.in<int32_t>(1, times(M, P));
  T* dx = l.out<T>(2, times(M, plane));
  if (!l.ok()) return;
  for (int64_t i = 0; i < M * P; i++) {
    const int32_t at = index[i];
    if (at >= 0 && at < plane) continue;
    l.fail(ErrorKind::kIndex, "index %g is out of range for a plane of %g elements", at, static_cast<double>(plane));
    return;
  }
  parallel(M, grainOf(plus(P, plane)), [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; m++) {
      T* const to = dx + m * plane;
      fillRun(to, T(0), plane);
      for (int64_t p = 0; p < P; p++) {
        const int64_t at = index[m * P + p];
        if (at >= 0 && at < plane) to[at] = last ? grad[m * P + p] : to[at] + grad[m * P + p];
      }
    }
  });
}

/**
 * The average of what each window sees.
 * buffers: x, out. sizes, floats: readAverage.
 */
template <class T> void avgPool(Launch& l) noexcept {
  Window w;
  int64_t M;
  Divisor divisor;
  if (!readAverage(l, M, w, divisor)) return;
  const T* x = l.in<T>(0, times(M, w.plane));
  T* out = l.out<T>(1, times(M, w.places));
  if (!l.ok() || M == 0 || w.places == 0) return;
  Memory memory;
  parallel(M, grainOf(times(w.places, w.taps)), [&](int64_t begin, int64_t end) {
    const bool wide = isWide(w);
    T* const image = wide ? room<T>(kImageSlot, 0) : clearImage<T>(w, 1);
    T* unused;
    const int64_t* const offsets = tapsAnd(w, 0, unused);
    if (!image || !offsets) return memory.lacking();
    for (int64_t m = begin; m < end; m++) {
      if (wide) {
        wideSums(w, x + m * w.plane, out + m * w.places);
      } else {
        padPlane(w, x + m * w.plane, image);
        tapsProduct(w, image, offsets, static_cast<const T*>(nullptr), T(0), out + m * w.places);
      }
      divisor.apply(w, out + m * w.places, out + m * w.places);
    }
  });
  memory.report(l);
}

/**
 * dx: each element of dout, divided, goes to all that its window sees.
 * buffers: dout, dx. sizes, floats: readAverage.
 */
template <class T> void avgPoolBackward(Launch& l) noexcept {
  Window w;
  int64_t M;
  Divisor divisor;
  if (!readAverage(l, M, w, divisor)) return;
  const T* grad = l.in<T>(0, times(M, w.places));
  T* dx = l.out<T>(1, times(M, w.plane));
  if (!l.ok() || M == 0) return;
  Memory memory;
  parallel(M, grainOf(times(w.places, w.taps)), [&](int64_t begin, int64_t end) {
    const bool wide = isWide(w);
    T* const image = room<T>(kImageSlot, wide ? 0 : w.size);
    T* divided;
    const int64_t* const offsets = tapsAnd(w, w.places, divided);
    if (!image || !offsets) return memory.lacking();
    for (int64_t m = begin; m < end; m++) {
      divisor.apply(w, grad + m * w.places, divided);
      if (wide) {
        wideScatter(w, divided, dx + m * w.plane);
        continue;
      }
      fillRun(image, T(0), w.size + VecOf<T>::lanes);
      tapsScatter(w, divided, offsets, static_cast<const T*>(nullptr), image);
      unpadPlane(w, image, T(0), dx + m * w.plane);
    }
  });
  memory.report(l);
}

/**
 * The largest element of each of out[d] parts of about the same size along each dimension, and its index within its plane.
 * buffers: x [M, in], out [M, out], index (int32, as out). sizes: M, in, out, three each.
 */
template <class T> void adaptiveMaxPool(Launch& l) noexcept {
  int64_t in[3], out[3];
  const int64_t M = l.size(0);
  l.read(1, 3, in);
  l.read(4, 3, out);
  if (!l.ok()) return;
  const int64_t plane = times(times(in[0], in[1]), in[2]), P = times(times(out[0], out[1]), out[2]);
  const T* x = l.in<T>(0, times(M, plane));
  T* y = l.out<T>(1, times(M, P));
  int32_t* index = l.out<int32_t>(2, times(M, P));
  if (!l.ok() || M == 0 || P == 0) return;
  if (plane == 0 || plane > INT32_MAX) {
    l.fail(ErrorKind::kLaunch, "a plane of %g elements cannot be pooled", static_cast<double>(plane));
    return;
  }
  parallel(M, grainOf(plus(plane, P)), [&](int64_t begin, int64_t end) {
    for (int64_t i = begin * P; i < end * P; i++) {
      const int64_t p = i % P, at[3] = {p / out[2] / out[1], p / out[2] % out[1], p % out[2]};
      const T* const from = x + i / P * plane;
      int64_t first[3], last[3];
      for (int d = 0; d < 3; d++) first[d] = at[d] * in[d] / out[d], last[d] = ((at[d] + 1) * in[d] + out[d] - 1) / out[d];
      int64_t where = (first[0] * in[1] + first[1]) * in[2] + first[2];
      T best = from[where];
      for (int64_t a = first[0]; a < last[0]; a++)
        for (int64_t b = first[1]; b < last[1]; b++)
          for (int64_t c = first[2]; c < last[2]; c++) {
            const int64_t k = (a * in[1] + b) * in[2] + c;
            if (from[k] > best || from[k] != from[k]) best = from[k], where = k;
          }
      y[i] = best;
      index[i] = static_cast<int32_t>(where);
    }
  });
}

/**
 * out[m, t, p] = what tap t sees from place p of plane m, 0 where that is padding.
 * buffers: x [M, in], out [M, taps, P]. sizes: M, window.
 */
template <class T> void unfold(Launch& l) noexcept {
  Window w;
  const int64_t M = l.size(0);
  if (!readWindow(l, 1, w)) return;
  const T* x = l.in<T>(0, times(M, w.plane));
  T* out = l.out<T>(1, times(times(M, w.taps), w.places));
  if (!l.ok() || M == 0 || w.places == 0) return;
  Memory memory;
  parallel(M, grainOf(times(w.places, w.taps)), [&](int64_t begin, int64_t end) {
    T* const image = clearImage<T>(w, 1);
    if (!image) return memory.lacking();
    for (int64_t m = begin; m < end; m++) {
      padPlane(w, x + m * w.plane, image);
      for (int64_t p = 0; p < w.places;) {
        T* const to = out + m * w.taps * w.places + p;
        Run runs[kMostRuns];
        const int count = cutRuns<T>(w, p, w.places, runs);
        eachTap(w, [&](int64_t t, int64_t offset) {
          for (int i = 0; i < count; i++) copyRun(to + t * w.places + runs[i].to, image + offset + runs[i].from, runs[i].n);
        });
      }
    }
  });
  memory.report(l);
}

/**
 * The way back: x[m, i] = sum of columns[m, t, p] over all from which tap t sees i.
 * buffers: columns [M, taps, P], x [M, in]. sizes: M, window.
 */
template <class T> void fold(Launch& l) noexcept {
  Window w;
  const int64_t M = l.size(0);
  if (!readWindow(l, 1, w)) return;
  const T* columns = l.in<T>(0, times(times(M, w.taps), w.places));
  T* x = l.out<T>(1, times(M, w.plane));
  if (!l.ok() || M == 0) return;
  Memory memory;
  parallel(M, grainOf(times(w.places, w.taps)), [&](int64_t begin, int64_t end) {
    for (int64_t m = begin; m < end; m++) {
      T* const image = clearImage<T>(w, 1);
      if (!image) return memory.lacking();
      for (int64_t p = 0; p < w.places;) {
        const T* const from = columns + m * w.taps * w.places + p;
        Run runs[kMostRuns];
        const int count = cutRuns<T>(w, p, w.places, runs);
        scatterRows(w, 1, from, w.places, runs, count, image);
      }
      unpadPlane(w, image, T(0), x + m * w.plane);
    }
  });
  memory.report(l);
}

}  // namespace

GLOROT_FAMILY(pooling, FLOATS(maxPool), FLOATS(maxPoolBackward), FLOATS(adaptiveMaxPool), FLOATS(avgPool), FLOATS(avgPoolBackward),
              FLOATS(unfold), FLOATS(fold))

}  // namespace GLOROT_ISA
}  // namespace glorot
