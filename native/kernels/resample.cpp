// Sums of weighted elements along one dimension, from a table: what interpolation and adaptive averages are, and their backward too.
#include "kernels/kernels.h"
#include "pool.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int64_t kWork = 1 << 15;

/** y[i] for i < n where inner = 1: vectors of one element would take four times as long. */
template <class T>
__attribute__((noinline)) void resampleLine(int64_t n, int64_t R, int64_t taps, const T* x, const int32_t* index, const T* weight, T* y) {
  for (int64_t i = 0; i < n; i++, index += taps, weight += taps) {
    T sum{};
    for (int64_t t = 0; t < taps; t++) {
      const int32_t at = index[t];
      if (at < 0) break;
      if (at < R) sum = fma(weight[t], x[at], sum);
    }
    y[i] = sum;
  }
}

/**
 * y[o, i, :] = sum over t of weight[i, t]·x[o, index[i, t], :], up to the first index below 0.
 * x: [outer, R, inner], index (int32), weight: [S, taps], y: [outer, S, inner].
 * buffers: x, index, weight, y. sizes: outer, R, inner, S, taps.
 */
template <class T> void resample(Launch& l) noexcept {
  using V = typename VecOf<T>::type;
  constexpr int64_t L = VecOf<T>::lanes;
  const int64_t outer = l.size(0), R = l.size(1), inner = l.size(2), S = l.size(3), taps = l.size(4);
  const T* x = l.in<T>(0, times(times(outer, R), inner));
  const int32_t* index = l.in<int32_t>(1, times(S, taps));
  const T* weight = l.in<T>(2, times(S, taps));
  T* y = l.out<T>(3, times(times(outer, S), inner));
  if (!l.ok()) return;
  for (int64_t i = 0; i < S * taps; i++)
    if (index[i] >= R) {
      l.fail(ErrorKind::kIndex, "index %g is out of range for %g elements", index[i], static_cast<double>(R));
      return;
    }
  if (outer == 0 || S == 0 || inner == 0) return;
  const int64_t work = times(inner, taps + 1);
  parallel(times(outer, S), work >= kWork ? 1 : kWork / work + 1, [&](int64_t begin, int64_t end) {
    if (inner == 1) {
      for (int64_t j = begin, n; j < end; j += n) {
        const int64_t i = j % S;
        n = end - j < S - i ? end - j : S - i;
        resampleLine(n, R, taps, x + j / S * R, index + i * taps, weight + i * taps, y + j);
      }
      return;
    }
    for (int64_t j = begin; j < end; j++) {
      const int64_t i = j % S;
      const T* const from = x + j / S * R * inner;
      T* const to = y + j * inner;
      for (int64_t c = 0; c < inner; c += L) {
        const int64_t n = inner - c;
        V sum{};
        for (int64_t t = 0; t < taps; t++) {
          const int32_t at = index[i * taps + t];
          if (at < 0) break;
          if (at >= R) continue;
          const T* const p = from + at * inner + c;
          sum = fma(splat(weight[i * taps + t]), n >= L ? load(p) : loadPartial(p, n), sum);
        }
        if (n >= L) store(to + c, sum);
        else storePartial(to + c, sum, n);
      }
    }
  });
}

}  // namespace

GLOROT_FAMILY(resample, FLOATS(resample))

}  // namespace GLOROT_ISA
}  // namespace glorot
