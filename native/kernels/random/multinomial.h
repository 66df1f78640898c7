// Indices drawn with given weights.
#pragma once
#include "kernels/random/engine.h"
#include "pool.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** False, and a failed launch, unless the weights are finite, none below 0, and `least` of them above. */
template <class T> bool checkWeights(Launch& l, const T* w, int64_t n, int64_t least) {
  int64_t positive = 0;
  for (int64_t i = 0; i < n; i++) {
    const T v = w[i];
    if (!(v >= 0 && v - v == 0)) return l.fail(ErrorKind::kValue, "the weight %g is negative or not finite", static_cast<double>(v));
    if (v > 0) positive++;
  }
  return positive >= least ||
         l.fail(ErrorKind::kValue, "%g weights are above 0, %g are needed", static_cast<double>(positive), static_cast<double>(least));
}

/** k indices, each the first whose running sum of weights reaches a fresh u of 53 bits. */
template <class T> void drawAgain(Stream& g, const T* w, int64_t n, int64_t k, T* sums, int32_t* y) {
  T total = 0;
  for (int64_t i = 0; i < n; i++) sums[i] = total += w[i];
  for (int64_t i = 0; i < n; i++) sums[i] /= total;
  sums[n - 1] = 1;
  draw(g, k, 2, [&](int64_t at, int64_t m, const uint32_t* words) {
    for (int64_t i = 0; i < m; i++) {
      const double u = unit53(words + 2 * i);
      int64_t left = 0, right = n;
      while (left < right) {
        const int64_t middle = left + (right - left) / 2;
        if (static_cast<double>(sums[middle]) < u) left = middle + 1;
        else right = middle;
      }
      y[at + i] = static_cast<int32_t>(left < n ? left : n - 1);
    }
  });
}

/** Sinks the root of heap[0 … n) to its place: largest key on top, the lower index first among equals. */
template <class T> void sink(int32_t* heap, int64_t n, int64_t at, const T* key) {
  const auto before = [key](int32_t a, int32_t b) { return key[a] > key[b] || (key[a] == key[b] && a < b); };
  const int32_t moving = heap[at];
  for (int64_t child; (child = 2 * at + 1) < n; at = child) {
    if (child + 1 < n && before(heap[child + 1], heap[child])) child++;
    if (!before(heap[child], moving)) break;
    heap[at] = heap[child];
  }
  heap[at] = moving;
}

/** k different indices, those of the largest w/q, q exponential (Efraimidis and Spirakis 2006). */
template <class T> void drawOnce(const T* key, int64_t n, int64_t k, int32_t* heap, int32_t* y) {
  for (int64_t i = 0; i < n; i++) heap[i] = static_cast<int32_t>(i);
  for (int64_t i = n / 2; i-- > 0;) sink(heap, n, i, key);
  for (int64_t i = 0; i < k; i++) {
    y[i] = heap[0];
    heap[0] = heap[n - 1 - i];
    sink(heap, n - 1 - i, 0, key);
  }
}

/** k indices into each row of weights; one without replacement is drawn like several.
 *  buffers: state, weights [rows, n], y (int32 [rows, k]).  sizes: rows, n, k, replacement 0|1. */
template <class T> void multinomial(Launch& l) noexcept {
  const int64_t rows = l.size(0), n = l.size(1), k = l.size(2);
  const bool again = l.choice(3, 2) && k > 1;
  const T* w = l.in<T>(1, times(rows, n));
  int32_t* y = l.out<int32_t>(2, times(rows, k));
  Stream g;
  if (!g.open(l) || !l.ok() || rows == 0 || k == 0) return;
  if (n == 0 || n >= INT32_MAX || (!again && k > n)) {
    l.fail(ErrorKind::kValue, "%g indices cannot be drawn from %g", static_cast<double>(k), static_cast<double>(n));
    return;
  }
  for (int64_t r = 0; r < rows; r++)
    if (!checkWeights(l, w + r * n, n, again ? 1 : k)) return;
  // Without replacement the keys of all rows are drawn before any index is.
  T* keys = static_cast<T*>(scratch(0, static_cast<size_t>(again ? n : rows * n) * sizeof(T)));
  int32_t* heap = static_cast<int32_t*>(scratch(1, static_cast<size_t>(n) * sizeof(int32_t)));
  if (!keys || !heap) {
    l.fail(ErrorKind::kLaunch, "no memory for %g weights", static_cast<double>(n));
    return;
  }
  if (again) {
    for (int64_t r = 0; r < rows; r++) drawAgain(g, w + r * n, n, k, keys, y + r * k);
  } else {
    draw(g, rows * n, 2, [&](int64_t at, int64_t m, const uint32_t* words) {
      for (int64_t i = 0; i < m; i++) keys[at + i] = w[at + i] / static_cast<T>(-__builtin_log1p(-unit53(words + 2 * i)));
    });
    for (int64_t r = 0; r < rows; r++) drawOnce(keys + r * n, n, k, heap, y + r * k);
  }
  g.close();
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
