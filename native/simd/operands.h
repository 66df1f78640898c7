// Loops over several operands with broadcasting. Shapes are given with the strides of every operand (0 along a broadcast
// dimension); dimensions that lie in memory as one are joined before the loop. Results are contiguous.
#pragma once
#include "launch.h"
#include "simd/bytes.h"
#include "simd/map.h"

namespace glorot {
namespace GLOROT_ISA {

/** N strided operands over one shape, with the fewest dimensions that describe them. */
template <int N> struct Operands {
  int ndim = 0;
  int64_t n = 1;
  int64_t shape[kMaxDims], step[N][kMaxDims];
  int64_t span[N];
};

/** sizes from `at` on: ndim, shape…, strides of operand 0…, of operand 1… */
template <int N> bool readOperands(Launch& l, int at, Operands<N>& o) {
  const int ndim = l.choice(at, kMaxDims + 1);
  int64_t shape[kMaxDims], step[N][kMaxDims];
  l.read(at + 1, ndim, shape);
  for (int k = 0; k < N; k++) l.read(at + 1 + (1 + k) * ndim, ndim, step[k]);
  if (!l.ok()) return false;
  for (int k = 0; k < N; k++) o.span[k] = Launch::span(ndim, shape, step[k]);
  for (int d = 0; d < ndim; d++) {
    o.n = times(o.n, shape[d]);
    if (shape[d] == 1) continue;
    bool joined = o.ndim > 0;
    for (int k = 0; k < N && joined; k++) joined = o.step[k][o.ndim - 1] == times(shape[d], step[k][d]);
    const int to = joined ? o.ndim - 1 : o.ndim++;
    o.shape[to] = joined ? times(o.shape[to], shape[d]) : shape[d];
    for (int k = 0; k < N; k++) o.step[k][to] = step[k][d];
  }
  if (o.ndim == 0) {
    o.ndim = 1, o.shape[0] = 1;
    for (int k = 0; k < N; k++) o.step[k][0] = 0;
  }
  return true;
}

/** Calls run(offsets of the operands, offset in the result, n) for runs of the innermost dimension that cover all; in order, on
 *  this thread, where `grain` is no less than the number of elements. */
template <int N, class F> void eachRun(const Operands<N>& o, const F& run, int64_t grain = kGrain) {
  if (o.n == 0) return;
  const int last = o.ndim - 1;
  const int64_t inner = o.shape[last], rows = o.n / inner;
  if (rows == 1) {
    parallel(inner, grain, [&](int64_t begin, int64_t end) {
      int64_t offset[N];
      for (int k = 0; k < N; k++) offset[k] = begin * o.step[k][last];
      run(offset, begin, end - begin);
    });
    return;
  }
  parallel(rows, inner > grain ? 1 : grain / inner, [&](int64_t begin, int64_t end) {
    int64_t index[kMaxDims], offset[N] = {};
    int64_t rest = begin;
    for (int d = last - 1; d >= 0; d--) {
      index[d] = rest % o.shape[d], rest /= o.shape[d];
      for (int k = 0; k < N; k++) offset[k] += index[d] * o.step[k][d];
    }
    for (int64_t r = begin; r < end; r++) {
      run(offset, r * inner, inner);
      for (int d = last - 1; d >= 0; d--) {
        for (int k = 0; k < N; k++) offset[k] += o.step[k][d];
        if (++index[d] < o.shape[d]) break;
        for (int k = 0; k < N; k++) offset[k] -= o.shape[d] * o.step[k][d];
        index[d] = 0;
      }
    }
  });
}

// --- a run: y[i] = f(a[i], b[i] …) ----------------------------------------------------------------------------------------
typedef uint8_t Bytes16 __attribute__((vector_size(16)));

inline void put(float* y, VecF v) { store(y, v); }
inline void put(float* y, VecF v, int64_t n) { storePartial(y, v, n); }
inline void put(uint8_t* y, VecI mask) {
  const Bytes v = truths(mask);
  std::memcpy(y, &v, sizeof v);
}
inline void put(uint8_t* y, VecI mask, int64_t n) {
  const Bytes v = truths(mask);
  for (int64_t i = 0; i < n; i++) y[i] = v[i];
}

template <class F, class V> inline auto apply(F& f, const V (&v)[2]) { return f(v[0], v[1]); }
template <class F, class V> inline auto apply(F& f, const V (&v)[3]) { return f(v[0], v[1], v[2]); }

// Operands that are not contiguous are laid side by side in blocks of this many elements, then read as vectors.
constexpr int64_t kBlock = 256;

/** Elements i … i+m-1 of an operand side by side. A repeated element fills its block once, at i = 0. */
template <class T> inline const T* beside(const T* p, int64_t step, int64_t i, int64_t m, T* block) {
  if (step == 1) return p + i;
  if (step == 0) {
    for (int64_t j = 0; i == 0 && j < m; j++) block[j] = *p;
    return block;
  }
  for (int64_t j = 0; j < m; j++) block[j] = p[(i + j) * step];
  return block;
}

/** f of two operands, one of them the same element throughout. */
template <bool kRepeatedA, class F, class R> inline void repeated(F& f, int64_t n, const float* a, const float* b, R* y) {
  const VecF a0 = splat(*a), b0 = splat(*b);
  int64_t i = 0;
  for (; i + kLanesF <= n; i += kLanesF) put(y + i, f(kRepeatedA ? a0 : load(a + i), kRepeatedA ? load(b + i) : b0));
  const int64_t m = n - i;
  if (m > 0) put(y + i, f(kRepeatedA ? a0 : loadPartial(a + i, m), kRepeatedA ? loadPartial(b + i, m) : b0), m);
}

/** Formulas used often enough for loops of their own: those that say `using Common = void`. */
template <class F, class = void> constexpr bool kCommon = false;
template <class F> constexpr bool kCommon<F, typename F::Common> = true;
/** Formulas of vectors of int32 as well, which say `using Whole = void`, and common ones of doubles. */
template <class F, class T, class R, class = void> constexpr bool kLanewise = false;
template <class F, class R> constexpr bool kLanewise<F, int32_t, R, typename F::Whole> = true;
template <class F> constexpr bool kLanewise<F, double, double, typename F::Common> = true;

template <int N, class F, class R>
__attribute__((noinline, flatten)) void runOf(F f, int64_t n, const float* const (&p)[N], const int64_t (&step)[N], R* y) {
  if constexpr (N == 2 && kCommon<F>) {
    if (step[0] == 1 && step[1] == 0 && n > 0) return repeated<false>(f, n, p[0], p[1], y);
    if (step[0] == 0 && step[1] == 1 && n > 0) return repeated<true>(f, n, p[0], p[1], y);
  }
  float block[N][kBlock];
  bool contiguous = true;
  for (int k = 0; k < N; k++) contiguous &= step[k] == 1;
  const int64_t length = contiguous ? n : kBlock;
  for (int64_t i = 0; i < n; i += length) {
    const int64_t m = n - i < length ? n - i : length;
    const float* q[N];
    for (int k = 0; k < N; k++) q[k] = beside(p[k], step[k], i, m, block[k]);
    int64_t j = 0;
    for (; j + kLanesF <= m; j += kLanesF) {
      VecF v[N];
      for (int k = 0; k < N; k++) v[k] = load(q[k] + j);
      put(y + i + j, apply(f, v));
    }
    if (j < m) {
      VecF v[N];
      for (int k = 0; k < N; k++) v[k] = loadPartial(q[k] + j, m - j);
      put(y + i + j, apply(f, v), m - j);
    }
  }
}
// Vectors of the other dtypes. Bools are bytes 0 and 1, and stay so.
template <class T> struct LanesOf;
template <> struct LanesOf<double> { using type = VecD; };
template <> struct LanesOf<int32_t> { using type = VecI; };
template <> struct LanesOf<uint8_t> { using type = Bytes16; };
inline void give(double* y, VecD v) { store(y, v); }
inline void give(int32_t* y, VecI v) { std::memcpy(y, &v, sizeof v); }
inline void give(uint8_t* y, VecI mask) { put(y, mask); }
template <class V> inline void give(uint8_t* y, V bytes) {
  const Bytes16 v = (Bytes16)bytes & 1;
  std::memcpy(y, &v, sizeof v);
}
template <class R> inline R tidy(R v) { return v; }
inline uint8_t tidy(uint8_t v) { return v & 1; }

/** By vectors where each operand is contiguous or the same throughout. */
template <int N, class F, class T, class R>
__attribute__((noinline, flatten)) void runOfLanes(F f, int64_t n, const T* const (&p)[N], const int64_t (&step)[N], R* y) {
  using V = typename LanesOf<T>::type;
  bool plain = n > 0;
  V v[N];
  for (int k = 0; k < N; k++) {
    plain &= step[k] == 0 || step[k] == 1;
    v[k] = n > 0 ? *p[k] - V{} : V{};
  }
  int64_t i = 0;
  for (; plain && i + lanes<V>() <= n; i += lanes<V>()) {
    for (int k = 0; k < N; k++)
      if (step[k] == 1) std::memcpy(&v[k], p[k] + i, sizeof v[k]);
    give(y + i, apply(f, v));
  }
  for (; i < n; i++) {
    T one[N];
    for (int k = 0; k < N; k++) one[k] = p[k][i * step[k]];
    y[i] = tidy(static_cast<R>(apply(f, one)));
  }
}
template <int N, class F>
inline void runOf(F f, int64_t n, const uint8_t* const (&p)[N], const int64_t (&step)[N], uint8_t* y) {
  runOfLanes<N>(f, n, p, step, y);
}
template <int N, class F, class T, class R>
__attribute__((noinline, flatten)) void runOf(F f, int64_t n, const T* const (&p)[N], const int64_t (&step)[N], R* y) {
  if constexpr (kLanewise<F, T, R>) return runOfLanes<N>(f, n, p, step, y);
  for (int64_t i = 0; i < n; i++) {
    T v[N];
    for (int k = 0; k < N; k++) v[k] = p[k][i * step[k]];
    y[i] = static_cast<R>(apply(f, v));
  }
}

// --- whole launches -------------------------------------------------------------------------------------------------------
/** A formula by pointer, as a run of it, so that the loops around runs are compiled once for all formulas. */
template <int N, class T, class R> struct Runs {
  void (*fn)(const void* f, int64_t n, const T* const (&p)[N], const int64_t (&step)[N], R* y);
  const void* f;
};
template <int N, class T, class R, class F> inline Runs<N, T, R> runsOf(const F& f) {
  return {[](const void* f, int64_t n, const T* const (&p)[N], const int64_t (&step)[N], R* y) {
            runOf<N>(*static_cast<const F*>(f), n, p, step, y);
          },
          &f};
}

template <int N, class T, class R> __attribute__((noinline)) void broadcastRuns(Launch& l, int at, Runs<N, T, R> run) {
  Operands<N> o;
  if (!readOperands(l, at, o)) return;
  const T* in[N];
  for (int k = 0; k < N; k++) in[k] = l.in<T>(k, o.span[k]);
  R* y = l.out<R>(N, o.n);
  if (!l.ok()) return;
  int64_t step[N];
  for (int k = 0; k < N; k++) step[k] = o.step[k][o.ndim - 1];
  eachRun(o, [&](const int64_t* offset, int64_t to, int64_t n) {
    const T* p[N];
    for (int k = 0; k < N; k++) p[k] = in[k] + offset[k];
    run.fn(run.f, n, p, step, y + to);
  });
}

/** buffers: N operands, out (contiguous; may be an operand of the same layout). sizes from `at` on: see readOperands. */
template <int N, class T, class R, class F> inline void broadcast(Launch& l, int at, F f) {
  broadcastRuns<N, T, R>(l, at, runsOf<N, T, R>(f));
}

/** One operand is a constant. buffers: x, out. sizes: n, side (0: f(x, c), 1: f(c, x)). floats: c. */
template <class T, class R> __attribute__((noinline)) void withScalar(Launch& l, Runs<2, T, R> run) {
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
  const int64_t step[2] = {side == 0, side == 1};
  parallel(n, kGrain, [&](int64_t begin, int64_t end) {
    const T* p[2] = {side == 0 ? x + begin : &c, side == 0 ? &c : x + begin};
    run.fn(run.f, end - begin, p, step, y + begin);
  });
}

/** Two operands: with two buffers see withScalar, with three see broadcast. */
template <class T, class R, class F> inline void binary(Launch& l, F f) {
  const Runs<2, T, R> run = runsOf<2, T, R>(f);
  if (l.nBuffers == 2) withScalar<T, R>(l, run);
  else broadcastRuns<2, T, R>(l, 0, run);
}

}  // namespace GLOROT_ISA
}  // namespace glorot
