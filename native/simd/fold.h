// Folds: the sum, product or extremum of many values, taken in an order that depends on their number alone and never on the
// threads. Runs of values are folded by a few vector accumulators, runs are joined as a binary tree: the error of a sum grows
// with the logarithm of its length (Higham 1993, The accuracy of floating point summation).
#pragma once
#include "launch.h"
#include "simd/map.h"

namespace glorot {
namespace GLOROT_ISA {

// --- packs: what a loop handles at once, a vector of floats or one element of any other type ----------------------------
template <class T> struct PackOf { using type = T; static constexpr int lanes = 1; };
template <> struct PackOf<float> { using type = VecF; static constexpr int lanes = kLanesF; };
template <class T> using Pack = typename PackOf<T>::type;
template <class T> constexpr int kPack = PackOf<T>::lanes;

inline VecF loadPack(const float* p) { return load(p); }
template <class T> inline T loadPack(const T* p) { return *p; }
/** The first n (0 < n <= lanes) elements. */
inline VecF loadPack(const float* p, int64_t n) { return n == kLanesF ? load(p) : loadPartial(p, n); }
template <class T> inline T loadPack(const T* p, int64_t) { return *p; }
inline void storePack(float* p, VecF v) { store(p, v); }
template <class T> inline void storePack(T* p, T v) { *p = v; }
inline void storePack(float* p, VecF v, int64_t n) {
  if (n == kLanesF) store(p, v);
  else storePartial(p, v, n);
}
template <class T> inline void storePack(T* p, T v, int64_t) { *p = v; }

inline VecI laneNumbers() {
  VecI v{};
  for (int i = 0; i < kLanesF; i++) v[i] = i;
  return v;
}
/** v in its first n lanes, `rest` in those after. */
inline VecF firstLanes(VecF v, int64_t n, VecF rest) { return laneNumbers() < splati(static_cast<int32_t>(n)) ? v : rest; }
template <class T> inline T firstLanes(T v, int64_t, T) { return v; }

/** x in every lane of a pack of T. */
inline VecF fillPack(float x) { return splat(x); }
template <class T> inline T fillPack(T x) { return x; }

/** The lanes of a pack, one by one: for formulas that only the C library has. */
constexpr int lanesOf(VecF) { return kLanesF; }
template <class T> constexpr int lanesOf(T) { return 1; }
inline double lane(VecF v, int i) { return static_cast<double>(v[i]); }
template <class T> inline double lane(T v, int) { return static_cast<double>(v); }
inline void setLane(VecF& v, int i, double x) { v[i] = static_cast<float>(x); }
template <class T> inline void setLane(T& v, int, double x) { v = static_cast<T>(x); }
template <class V, class F> inline V eachLane(V v, F f) {
  for (int i = 0; i < lanesOf(v); i++) setLane(v, i, f(lane(v, i)));
  return v;
}

// --- what is folded with ------------------------------------------------------------------------------------------------
struct Sum {
  template <class T> static T identity() { return 0; }
  template <class V> V operator()(V a, V b) const { return a + b; }
};
struct Product {
  template <class T> static T identity() { return 1; }
  template <class V> V operator()(V a, V b) const { return a * b; }
};
template <class T> struct Limits;
template <> struct Limits<float> { static constexpr float lowest = -__builtin_inff(), highest = __builtin_inff(); };
template <> struct Limits<double> { static constexpr double lowest = -__builtin_inf(), highest = __builtin_inf(); };
template <> struct Limits<int32_t> { static constexpr int32_t lowest = INT32_MIN, highest = INT32_MAX; };
template <> struct Limits<uint8_t> { static constexpr uint8_t lowest = 0, highest = 255; };
/** The larger, nan before any number. */
struct Largest {
  template <class T> static T identity() { return Limits<T>::lowest; }
  VecF operator()(VecF a, VecF b) const { return (a > b) | (a != a) ? a : b; }
  template <class T> T operator()(T a, T b) const { return a > b || a != a ? a : b; }
};
/** The smaller, nan before any number. */
struct Smallest {
  template <class T> static T identity() { return Limits<T>::highest; }
  VecF operator()(VecF a, VecF b) const { return (a < b) | (a != a) ? a : b; }
  template <class T> T operator()(T a, T b) const { return a < b || a != a ? a : b; }
};

/** The larger, for callers that find nan by other means: one instruction. */
struct Larger {
  template <class T> static T identity() { return Limits<T>::lowest; }
  template <class V> V operator()(V a, V b) const { return max(a, b); }
};

/** The lanes of v folded into one, halves onto halves. */
template <class Op> inline float foldLanes(Op op, VecF v) {
#if GLOROT_VECTOR_BYTES == 64
  v = op(v, __builtin_shufflevector(v, v, 8, 9, 10, 11, 12, 13, 14, 15, 0, 1, 2, 3, 4, 5, 6, 7));
  v = op(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3, 12, 13, 14, 15, 8, 9, 10, 11));
  v = op(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5, 10, 11, 8, 9, 14, 15, 12, 13));
  v = op(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10, 13, 12, 15, 14));
#elif GLOROT_VECTOR_BYTES == 32
  v = op(v, __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3));
  v = op(v, __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5));
  v = op(v, __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6));
#else
  v = op(v, __builtin_shufflevector(v, v, 2, 3, 0, 1));
  v = op(v, __builtin_shufflevector(v, v, 1, 0, 3, 2));
#endif
  return v[0];
}
template <class Op, class T> inline T foldLanes(Op, T v) { return v; }

/** Values pushed one by one and joined in pairs, pairs of pairs … A run of 2^k of them folded apart and pushed as one gives
 *  the same tree, so long ranges can be cut at such runs and shared among threads without changing a bit. */
template <class A, class Op> struct Cascade {
  A level[56];
  uint64_t count = 0;
  void push(Op op, A a) {
    int k = 0;
    for (uint64_t c = count++; c & 1; c >>= 1, k++) a = op(level[k], a);
    level[k] = a;
  }
  A total(Op op) const {
    int k = __builtin_ctzll(count);
    A a = level[k];
    for (uint64_t c = count >> k >> 1; c; c >>= 1)
      if (k++, c & 1) a = op(level[k], a);
    return a;
  }
};

// --- a row: n values that f gives, pack by pack -------------------------------------------------------------------------
template <class T> constexpr int64_t kRun = 64 * kPack<T>;  // values folded by plain accumulators, 16 packs each
constexpr int64_t kChunk = 1 << 16;                         // values worth a thread: 2^k runs
constexpr int kMaxChunks = 256;

/** f(i, m) is the pack of values i … i+m-1; lanes past m do not count. */
template <class T, class Op, class F>
__attribute__((noinline, flatten)) Pack<T> foldRun(Op op, int64_t begin, int64_t end, F& f) {
  constexpr int W = kPack<T>;
  const Pack<T> none = fillPack(op.template identity<T>());
  int64_t i = begin;
  Pack<T> a = none;
  if (end - begin >= 4 * W) {
    Pack<T> b = none, c = none, d = none;
    for (; i + 4 * W <= end; i += 4 * W)
      a = op(a, f(i, W)), b = op(b, f(i + W, W)), c = op(c, f(i + 2 * W, W)), d = op(d, f(i + 3 * W, W));
    a = op(op(a, b), op(c, d));
  }
  for (; i + W <= end; i += W) a = op(a, f(i, W));
  if (i < end) a = op(a, firstLanes(f(i, end - i), end - i, none));
  return a;
}

/** Folds values begin … end-1, at most kRun of them. By pointer, so that joining runs is compiled once and not for every f. */
template <class T> struct Run {
  Pack<T> (*fn)(void* context, int64_t begin, int64_t end);
  void* context;
  Pack<T> operator()(int64_t begin, int64_t end) const { return fn(context, begin, end); }
};
template <class T, class F> inline Run<T> runOf(F& f) {
  return {[](void* context, int64_t begin, int64_t end) { return (*static_cast<F*>(context))(begin, end); }, &f};
}

template <class T, class Op>
__attribute__((noinline)) Pack<T> foldRuns(Op op, int64_t begin, int64_t end, Run<T> run) {
  if (end - begin <= kRun<T>) return run(begin, end);
  Cascade<Pack<T>, Op> runs;
  for (int64_t i = begin; i < end; i += kRun<T>) runs.push(op, run(i, end - i < kRun<T> ? end : i + kRun<T>));
  return runs.total(op);
}

/** The same over n values and the same bits, with the work shared among threads. Not to be called within a parallel loop. */
template <class T, class Op>
__attribute__((noinline)) Pack<T> foldRunsShared(Op op, int64_t n, Run<T> run) {
  if (n <= kChunk) return foldRuns<T>(op, 0, n, run);
  int64_t chunk = kChunk;
  while ((n - 1) / chunk >= kMaxChunks) chunk *= 2;
  const int64_t chunks = (n - 1) / chunk + 1;
  Pack<T> part[kMaxChunks];
  parallel(chunks, 1, [&](int64_t first, int64_t last) {
    for (int64_t c = first; c < last; c++) part[c] = foldRuns<T>(op, c * chunk, c + 1 < chunks ? (c + 1) * chunk : n, run);
  });
  Cascade<Pack<T>, Op> all;
  for (int64_t c = 0; c < chunks; c++) all.push(op, part[c]);
  return all.total(op);
}

/** The elements of a row as what a fold takes, and a column's packs as they are: one type, so that folds share their code. */
template <class T> struct Elements {
  const T* x;
  Pack<T> operator()(int64_t i, int64_t n) const { return loadPack(x + i, n); }
};
struct Same {
  template <class V> V operator()(V v) const { return v; }
  template <class V> V operator()(V v, int) const { return v; }
};

/** The fold of n values that f gives; the identity where n is 0. `shared`: by several threads, not to be asked for within a
 *  parallel loop. */
template <class T, class Op, class F>
inline T fold(Op op, int64_t n, F f, bool shared = false) {
  auto run = [&](int64_t begin, int64_t end) { return foldRun<T>(op, begin, end, f); };
  const Run<T> runs = runOf<T>(run);
  return foldLanes(op, n <= kRun<T> ? runs(0, n) : shared ? foldRunsShared<T>(op, n, runs) : foldRuns<T>(op, 0, n, runs));
}

// --- columns: a tile of neighbouring columns folded over R rows ---------------------------------------------------------
constexpr int kTilePacks = 4;
constexpr int64_t kRowsPerRun = 32;

/** P packs of columns, lane beside lane. */
template <class T, int P> struct Tile {
  Pack<T> v[P];
};
template <class Op> struct Tilewise {
  Op op;
  template <class T, int P> Tile<T, P> operator()(Tile<T, P> a, const Tile<T, P>& b) const {
#pragma GCC unroll 4
    for (int p = 0; p < P; p++) a.v[p] = op(a.v[p], b.v[p]);
    return a;
  }
};

/** Where a tile of columns lies: x at its first row, `stride` elements from row to row, n <= P*lanes columns, and `room`
 *  elements from x to the end of the buffer. A row is read past its n columns where there is room: those lanes are dropped. */
template <class T> struct Columns {
  const T* x;
  int64_t R, stride, n, room;
};

template <class T, int P> inline Tile<T, P> loadRow(const Columns<T>& c, int64_t r) {
  constexpr int W = kPack<T>;
  Tile<T, P> t;
  const T* row = c.x + r * c.stride;
  if (c.room - r * c.stride >= P * W) {
#pragma GCC unroll 4
    for (int p = 0; p < P; p++) t.v[p] = loadPack(row + p * W);
  } else {
#pragma GCC unroll 4
    for (int p = 0; p < P; p++)
      t.v[p] = c.n >= (p + 1) * W ? loadPack(row + p * W) : c.n > p * W ? loadPack(row + p * W, c.n - p * W) : fillPack(T(0));
  }
  return t;
}

/** Folds up to kRowsPerRun rows; by pointer, as Run. */
template <class T, int P> struct RowRun {
  void (*fn)(void* context, int64_t begin, int64_t end, Tile<T, P>& to);
  void* context;
};
template <class T, int P, class Op>
__attribute__((noinline)) void foldRowRuns(Op op, int64_t R, RowRun<T, P> run, Tile<T, P>& to) {
  const Tilewise<Op> tiled{op};
  Cascade<Tile<T, P>, Tilewise<Op>> runs;
  for (int64_t r = 0; r < R; r += kRowsPerRun) {
    run.fn(run.context, r, R - r < kRowsPerRun ? R : r + kRowsPerRun, to);
    runs.push(tiled, to);
  }
  to = runs.total(tiled);
}

/** Folds the tiles row(r), r < R. */
template <class T, int P, class Op, class F>
inline Tile<T, P> foldRows(Op op, int64_t R, F row) {
  const Tilewise<Op> tiled{op};
  auto run = [&](int64_t begin, int64_t end, Tile<T, P>& to) {
    Tile<T, P> a, b;
#pragma GCC unroll 4
    for (int p = 0; p < P; p++) a.v[p] = b.v[p] = fillPack(op.template identity<T>());
    int64_t r = begin;
    for (; r + 2 <= end; r += 2) a = tiled(a, row(r)), b = tiled(b, row(r + 1));
    if (r < end) a = tiled(a, row(r));
    to = tiled(a, b);
  };
  using F2 = decltype(run);
  const RowRun<T, P> runs{[](void* context, int64_t begin, int64_t end, Tile<T, P>& to) { (*static_cast<F2*>(context))(begin, end, to); }, &run};
  Tile<T, P> total;
  if (R <= kRowsPerRun) runs.fn(runs.context, 0, R, total);
  else foldRowRuns(op, R, runs, total);
  return total;
}

/** Folds f(pack, p) of every row's pack p. */
template <class T, int P, class Op, class F>
inline Tile<T, P> foldColumns(Op op, const Columns<T>& c, F f) {
  return foldRows<T, P>(op, c.R, [&](int64_t r) {
    Tile<T, P> t = loadRow<T, P>(c, r);
#pragma GCC unroll 4
    for (int p = 0; p < P; p++) t.v[p] = f(t.v[p], p);
    return t;
  });
}

template <class T, int P> inline void storeRow(T* to, int64_t n, const Tile<T, P>& t) {
  constexpr int W = kPack<T>;
#pragma GCC unroll 4
  for (int p = 0; p < P; p++)
    if (n >= (p + 1) * W) storePack(to + p * W, t.v[p]);
    else if (n > p * W) storePack(to + p * W, t.v[p], n - p * W);
}

// --- a reduced dimension of a contiguous tensor: [outer, R, inner] ------------------------------------------------------
struct Axis {
  int64_t outer, R, inner;
  int64_t kept() const { return outer * inner; }
  int64_t n() const { return kept() * R; }
};

/** Reads outer, R, inner from sizes 0-2; false where their products are no extents. */
inline bool readAxis(Launch& l, Axis& a) {
  a = {l.size(0), l.size(1), l.size(2)};
  if (!l.ok()) return false;
  const int64_t limit = int64_t{1} << 53;
  if (times(a.outer, a.inner) > limit || times(times(a.outer, a.inner), a.R) > limit)
    return l.fail(ErrorKind::kLaunch, "sizes %g x %g and more are no extent", static_cast<double>(a.outer), static_cast<double>(a.R));
  if (a.kept() == 0) a.outer = a.inner = 0;  // nothing to make: no loop over the other, which no buffer bounds
  return true;
}

/** Calls row(o, shared) for every o < outer, where inner is 1. `shared`: the row may use the thread pool itself. */
template <class F>
inline void eachRow(const Axis& a, F row) {
  if (a.R > kChunk && a.outer < 16) {
    for (int64_t o = 0; o < a.outer; o++) row(o, true);
    return;
  }
  parallel(a.outer, a.R >= kGrain ? 1 : kGrain / (a.R + 1), [&](int64_t begin, int64_t end) {
    for (int64_t o = begin; o < end; o++) row(o, false);
  });
}

template <int P> struct Packs {
  static constexpr int value = P;
};

/** Calls tile(columns of x, offset of the first in [outer, inner], Packs) for tiles that cover all columns, where inner > 1. */
template <class T, class F>
inline void eachTile(const Axis& a, const T* x, F tile) {
  constexpr int64_t width = kTilePacks * kPack<T>;
  const int64_t tiles = (a.inner + width - 1) / width, cost = a.R * (a.inner < width ? a.inner : width) + 1;
  parallel(a.outer * tiles, cost >= kGrain ? 1 : kGrain / cost, [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; k++) {
      const int64_t o = k / tiles, j = k % tiles * width, at = o * a.R * a.inner + j;
      const int64_t n = a.inner - j < width ? a.inner - j : width;
      const Columns<T> c{x + at, a.R, a.inner, n, a.n() - at};
      if (kPack<T> > 1 && n <= kPack<T>) tile(c, o * a.inner + j, Packs<kPack<T> == 1 ? kTilePacks : 1>{});
      else tile(c, o * a.inner + j, Packs<kTilePacks>{});
    }
  });
}

}  // namespace GLOROT_ISA
}  // namespace glorot
