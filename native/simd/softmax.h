// The softmax of contiguous rows: a row's largest element m and the sum s of exp(x - m). Short rows are turned on their side, a
// lane for each row, so that neither fold goes across lanes: 10 classes take 8 ns a row instead of 23 (AVX-512, Zen 4).
#pragma once
#include "simd/explog.h"
#include "simd/fold.h"
#include "simd/transpose.h"

namespace glorot {
namespace GLOROT_ISA {

inline float logOf(float x) { return log(splat(x))[0]; }
inline double logOf(double x) { return log(x); }

template <class T> struct SoftmaxOfRow {
  T m, s;
};

/** Leaves exp(x - m) in `e` where it is not null, R elements. e may be x. */
template <class T>
inline SoftmaxOfRow<T> softmaxOfRow(const T* x, int64_t R, T* e) {
  const T top = fold<T>(Larger{}, R, Elements<T>{x});
  const Pack<T> m = fillPack(top);
  const T s = fold<T>(Sum{}, R, [=](int64_t i, int64_t n) {
    const Pack<T> v = exp(loadPack(x + i, n) - m);
    if (e) storePack(e + i, v, n);
    return v;
  });
  return {top, s};
}

/** The sums of exp(x - m) down columns. */
template <class T, int P>
__attribute__((noinline)) Tile<T, P> sumOfPowers(const Columns<T>& c, const Tile<T, P>& m) {
  return foldColumns<T, P>(Sum{}, c, [&](Pack<T> v, int p) { return exp(v - m.v[p]); });
}

constexpr int64_t kShortRow = 32;

/** Rows x[n, R], n <= lanes and R <= kShortRow, as the columns of t[R, lanes]; lanes past n are zeros. */
inline void toColumns(const float* x, int64_t n, int64_t R, VecF* t) {
  for (int64_t c = 0; c < R; c += kLanesF) {
    const int64_t m = R - c < kLanesF ? R - c : kLanesF;
    VecF v[kLanesF];
    for (int64_t i = 0; i < kLanesF; i++) v[i] = i < n ? loadPack(x + i * R + c, m) : VecF{};
    transpose(v);
    for (int64_t j = 0; j < m; j++) t[c + j] = v[j];
  }
}
inline void fromColumns(const VecF* t, int64_t n, int64_t R, float* y) {
  for (int64_t c = 0; c < R; c += kLanesF) {
    const int64_t m = R - c < kLanesF ? R - c : kLanesF;
    VecF v[kLanesF];
    for (int64_t j = 0; j < kLanesF; j++) v[j] = j < m ? t[c + j] : VecF{};
    transpose(v);
    for (int64_t i = 0; i < n; i++) storePack(y + i * R + c, v[i], m);
  }
}

/** m and s of each lane's row; t becomes exp(t - m) where `keep`. */
inline SoftmaxOfRow<VecF> softmaxOfColumns(bool keep, VecF* t, int64_t R) {
  VecF m = splat(Limits<float>::lowest), s{};
  for (int64_t r = 0; r < R; r++) m = max(m, t[r]);
  for (int64_t r = 0; r < R; r++) {
    const VecF e = exp(t[r] - m);
    if (keep) t[r] = e;
    s = s + e;
  }
  return {m, s};
}

}  // namespace GLOROT_ISA
}  // namespace glorot
