// The matrix product: which pieces of A and B are copied into panels, how the work is cut for caches and threads.
#include "kernels/gemm.h"

#include "kernels/gemm/dots.h"
#include "kernels/gemm/pack.h"
#include "kernels/gemm/rows.h"
#include "launch.h"
#include "pool.h"

namespace glorot {
#ifdef GLOROT_LENDER
namespace GLOROT_LENDER {
bool gemm(const Gemm<float>& g) noexcept;
}
#endif

namespace GLOROT_ISA {
namespace {

constexpr int kPanelSlot = 2, kRowsSlot = 3;

// Measured on Zen 4 (32 KB L1, 1 MB L2) with bench/gemm, as ratios to OpenBLAS.
constexpr int64_t kDepth = 384;            // of a panel of B: 98 KB on AVX-512, in L2; 24 KB on AVX2, in L1
constexpr int64_t kRowBlock = 504;         // rows of A copied at once: with kDepth, most of L2
constexpr int64_t kFarRows = 2 << 20;      // bytes of A from which its rows are better copied (AVX2, 2048^3: 0.76 -> 0.96)
constexpr int64_t kNearColumns = 1 << 17;  // elements of a transposed A that are read in place, a line for each k
constexpr int64_t kNearB = 16384;          // elements of B that are read in place by however many rows
constexpr int64_t kFewRows = 48;           // rows of C too few to pay for copying B
constexpr int64_t kFarB = 1 << 20;         // bytes of B from which one row meets it row by row (1x1024x1024: 5.3)
// Products of elements that pay for waking a thread: about 10 us; with a vector, bound by memory, fewer.
constexpr int64_t kThreadWork = 1 << 20, kVectorWork = 1 << 18;

/** Rows of A against one panel of B: the strips of s, which holds what they share. With `packed` the rows are read from there,
 *  and first copied there where `pack`. */
template <class T>
void panelProduct(const Gemm<T>& g, Strip<T>& s, int64_t M, const T* a, int vectors, bool partial, T* packed, bool pack) {
  T* const c = s.c;
  int64_t r = 0;
  const RowTiles tiles(M, vectors);
  for (const auto& part : tiles.part) {
    if (part.count == 0) continue;
    s.count = part.count;
    s.c = c + r * g.ldc;
    if (packed) {
      for (int64_t t = r; pack && t < r + part.count * part.rows; t += part.rows)
        packRows(s.K, part.rows, a + t * g.rowA, g.rowA, g.colA, packed + t * s.K);
      s.a = packed + r * s.K;
      s.stepA = part.rows * s.K;
      s.rowA = 1;
      s.colA = part.rows;
    } else {
      s.a = a + r * g.rowA;
      s.stepA = part.rows * g.rowA;
      s.rowA = g.rowA;
      s.colA = g.colA;
    }
    stripOf<T>(vectors, part.rows, partial)(s);
    r += part.count * part.rows;
  }
}

/** What is done to finished elements: M rows of n, from c on. */
template <class T> void finishRows(const Gemm<T>& g, T* c, int64_t M, int64_t n) {
  const int64_t rows = n == g.ldc ? 1 : M, elements = n == g.ldc ? M * n : n;
  for (int64_t r = 0; r < rows; r++, c += g.ldc) g.then(c, g.by ? g.by + (c - g.C) : nullptr, elements);
}

/** Whether B is copied into panels: not where its rows are read once or stay in the caches. */
template <class T> inline bool packsB(const Gemm<T>& g) {
  return g.colB != 1 || (!g.near && g.M > kFewRows && times(g.K, g.N) > kNearB);
}

/** A product of one panel that is read in place: what is to be decided about larger ones takes as long as 16x16x16 itself. */
template <class T> bool onePanel(const Gemm<T>& g) {
  constexpr int L = VecOf<T>::lanes;
  if (g.N > kTileVectors * L || g.K >= kDepth + kDepth / 2 || packsB(g)) return false;
  const int vectors = static_cast<int>((g.N + L - 1) / L);
  Strip<T> s;
  s.K = g.K, s.b = g.B, s.rowB = g.rowB, s.c = g.C, s.ldc = g.ldc;
  s.last = g.N - (vectors - 1) * L;
  s.finish = {g.alpha, g.beta, g.bias};
  if (const StripFn<T> thin = g.M <= 3 && g.N <= 3 * L ? thinStripOf<T>(vectors, g.M) : nullptr) {
    s.a = g.A, s.rowA = g.rowA, s.colA = g.colA;
    thin(s);
  } else if (kTileRows[vectors] == 8 && g.M % 8 == 0) {  // tiles of one height: nothing to cut
    s.a = g.A, s.rowA = g.rowA, s.colA = g.colA, s.stepA = 8 * g.rowA, s.count = g.M / 8;
    stripOf<T>(vectors, 8, s.last != L)(s);
  } else panelProduct<T>(g, s, g.M, g.A, vectors, s.last != L, nullptr, false);
  if (g.then) finishRows(g, g.C, g.M, g.N);
  return true;
}

/** C[m0…m1, n0…n1): block after block in depth, for each the rows in blocks, for each the panels of B. */
template <class T> bool tiledProduct(const Gemm<T>& g, int64_t m0, int64_t m1, int64_t n0, int64_t n1) {
  constexpr int L = VecOf<T>::lanes;
  constexpr int64_t kWidth = kTileVectors * L;
  const int64_t nearA = g.colA == 1 ? kFarRows / static_cast<int64_t>(sizeof(T)) : kNearColumns;
  const bool packA = n1 - n0 > 2 * kWidth && times(m1 - m0, g.K) > nearA;
  const bool packB = packsB(g);
  const int64_t blocks = g.K < kDepth + kDepth / 2 ? 1 : (g.K + kDepth / 2) / kDepth;
  const int64_t depth = blocks == 1 ? g.K : (g.K + blocks - 1) / blocks;
  const int64_t rowBlock = (packA || g.then) && m1 - m0 > kRowBlock ? kRowBlock : m1 - m0;

  T* panel = nullptr;
  T* packed = nullptr;
  if (packB) {
    panel = static_cast<T*>(scratch(kPanelSlot, static_cast<size_t>((depth > 0 ? depth : 1) * kWidth) * sizeof(T)));
    if (!panel) return false;
  }
  if (packA) {
    packed = static_cast<T*>(scratch(kRowsSlot, static_cast<size_t>(depth * rowBlock) * sizeof(T)));
    if (!packed) return false;
  }

  Strip<T> s;
  s.ldc = g.ldc;
  int64_t k0 = 0;
  do {  // once where K = 0, for what becomes of C then
    s.K = g.K - k0 < depth ? g.K - k0 : depth;
    const bool final = g.K - k0 <= depth;
    for (int64_t r0 = m0; r0 < m1; r0 += rowBlock) {
      const int64_t M = m1 - r0 < rowBlock ? m1 - r0 : rowBlock;
      const T* a = g.A + r0 * g.rowA + k0 * g.colA;
      int packedFor = 0;  // height of the tiles that `packed` is laid out for
      for (int64_t j = n0, width; j < n1; j += width) {
        width = n1 - j >= kWidth ? kWidth : n1 - j;
        const int vectors = static_cast<int>((width + L - 1) / L);
        s.last = width - (vectors - 1) * L;
        s.b = g.B + k0 * g.rowB + j * g.colB;
        s.rowB = g.rowB;
        if (packB) {
          packPanel(s.K, width, s.b, g.rowB, g.colB, panel, vectors * L);
          s.b = panel;
          s.rowB = vectors * L;
        }
        s.c = g.C + r0 * g.ldc + j;
        s.finish = {g.alpha, k0 == 0 ? g.beta : T(1), final && g.bias ? g.bias + j : nullptr};
        if (const StripFn<T> thin = g.M <= 3 && g.N <= 3 * L ? thinStripOf<T>(vectors, g.M) : nullptr) {
          s.a = a, s.rowA = g.rowA, s.colA = g.colA;
          thin(s);
        } else {
          panelProduct(g, s, M, a, vectors, !packB && s.last != L, packed, packedFor != kTileRows[vectors]);
          packedFor = kTileRows[vectors];
        }
      }
      // Whole rows at once: memory met in pieces as wide as a panel comes half as fast.
      if (final && g.then) finishRows(g, g.C + r0 * g.ldc + n0, M, n1 - n0);
    }
    k0 += depth;
  } while (k0 < g.K);
  return true;
}

/** Calls run(begin, end) on ranges of a product with one vector: n sums of K, each range a multiple of 64. */
template <class F> void vectorRanges(int64_t n, int64_t K, const F& run) {
  const int64_t grain = K >= kVectorWork / 64 ? 64 : (kVectorWork / (K + 1) + 63) / 64 * 64;
  parallel(n, grain, run);
}

/** Products with one vector that have a better way than tiles; false where there is none. */
template <class T> bool vectorProduct(const Gemm<T>& g) {
  if (g.M != 1 && g.N != 1) return false;
  const Finish<T> finish{g.alpha, g.beta, g.bias};
  if (g.colA == 1 && g.rowB == 1) {
    if (g.M == 1)
      vectorRanges(g.N, g.K, [&](int64_t begin, int64_t end) {
        Finish<T> f = finish;
        if (f.bias) f.bias += begin;
        dots(end - begin, g.K, g.B + begin * g.colB, g.colB, g.A, g.C + begin, 1, 1, f);
      });
    else
      vectorRanges(g.M, g.K, [&](int64_t begin, int64_t end) {
        dots(end - begin, g.K, g.A + begin * g.rowA, g.rowA, g.B, g.C + begin * g.ldc, g.ldc, 0, finish);
      });
    return true;
  }
  const bool far = times(g.K, g.N) > kFarB / static_cast<int64_t>(sizeof(T));
  if (g.M == 1 && g.colB == 1 && far && g.N >= 256 && g.alpha == T(1) && g.beta == T(0) && !g.bias) {
    vectorRanges(g.N, g.K, [&](int64_t begin, int64_t end) {
      rowsSum(end - begin, g.K, g.A, g.colA, g.B + begin, g.rowB, g.C + begin);
    });
    return true;
  }
  return false;
}

template <class T> bool product(const Gemm<T>& g);

#ifdef GLOROT_LENDER
// Rows by depth that pay for a second product where vectors are halved (Zen 4); on Zen 5 24x24x24 takes 267 ns with one, 192 without.
constexpr int64_t kNarrowWork = 1024;

/** Whether the last columns would fill half a vector at most. */
inline bool endsNarrow(const Gemm<float>& g) {
  const int64_t rest = g.N % kLanesF;
  return g.N > kLanesF && rest > 0 && rest <= kLanesF / 2 && g.M >= 8 && times(g.M, g.K) >= kNarrowWork;
}
/** The lender's vectors make such columns in half the time; a single one is as many dot products. */
inline bool narrowEnd(const Gemm<float>& g) {
  Gemm<float> wide = g, narrow = g;
  narrow.N = g.N % kLanesF;
  wide.N -= narrow.N;
  narrow.B += wide.N * g.colB;
  narrow.C += wide.N;
  if (g.by) narrow.by += wide.N;
  if (g.bias) narrow.bias += wide.N;
  if (!product(wide)) return false;
  if (narrow.N > 1 || g.colA != 1) return GLOROT_LENDER::gemm(narrow);

  float* const column = static_cast<float*>(scratch(kPanelSlot, static_cast<size_t>(g.K + 2 * g.M) * sizeof(float)));
  if (!column) return false;
  for (int64_t k = 0; k < g.K; k++) column[k] = narrow.B[k * g.rowB];
  float *const sums = column + g.K, *const by = sums + g.M;
  for (int64_t i = 0; g.beta != 0 && i < g.M; i++) sums[i] = narrow.C[i * g.ldc];
  dots(g.M, g.K, g.A, g.rowA, column, sums, 1, 0, Finish<float>{g.alpha, g.beta, narrow.bias});
  for (int64_t i = 0; g.by && i < g.M; i++) by[i] = narrow.by[i * g.ldc];
  if (g.then) g.then(sums, by, g.M);
  for (int64_t i = 0; i < g.M; i++) narrow.C[i * g.ldc] = sums[i];
  return true;
}
#endif

template <class T> bool product(const Gemm<T>& g) {
  if (g.M == 0 || g.N == 0) return true;
  if (g.K == 0 || g.alpha == T(0)) {
    Gemm<T> none = g;
    none.K = none.rowA = none.colA = none.rowB = none.colB = 0;
    return tiledProduct(none, 0, g.M, 0, g.N);
  }
  if (vectorProduct(g)) {
    if (g.then) finishRows(g, g.C, g.M, g.N);
    return true;
  }
#ifdef GLOROT_LENDER
  if (endsNarrow(g)) return narrowEnd(g);
#endif
  constexpr int64_t kWidth = kTileVectors * VecOf<T>::lanes;
  const int64_t work = times(times(g.M, g.N), g.K);
  const int team = work >= 2 * kThreadWork ? numThreads() : 1;
  if (work < kThreadWork && onePanel(g)) return true;
  if (team == 1) return tiledProduct(g, 0, g.M, 0, g.N);

  // The order of each sum is the same however the work is cut, so the cut may depend on the number of threads.
  const int64_t most = work / kThreadWork;
  const int64_t tasks = most < 2 * team ? most : 2 * team;
  const int64_t panels = (g.N + kWidth - 1) / kWidth;
  // `then` is to meet whole rows: threads that share them take twice as long. Fewer rows do not pay for copying B once more.
  const bool whole = g.then && g.M >= 128 * tasks;
  const int64_t across = whole ? 1 : panels < tasks ? panels : tasks;
  int64_t down = (tasks + across - 1) / across;
  const int64_t strips = (g.M + kMaxTileRows - 1) / kMaxTileRows;
  if (down > strips) down = strips;
  Gemm<T> part = g;
  if (across > 1) part.then = nullptr;
  bool ok = true;
  parallel(across * down, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t x = i % across, y = i / across;
      const int64_t n0 = panels * x / across * kWidth, n1 = panels * (x + 1) / across * kWidth;
      const int64_t m0 = g.M * y / down, m1 = g.M * (y + 1) / down;
      if (!tiledProduct(part, m0, m1, n0, n1 < g.N ? n1 : g.N)) __atomic_store_n(&ok, false, __ATOMIC_RELAXED);
    }
  });
  if (g.then && !part.then)
    parallel(g.M, 1 + 16384 / g.N, [&](int64_t begin, int64_t end) { finishRows(g, g.C + begin * g.ldc, end - begin, g.N); });
  return ok;
}

}  // namespace

bool gemm(const Gemm<float>& g) noexcept { return product(g); }
#ifndef GLOROT_LENDER  // which would lend its own
bool gemm(const Gemm<double>& g) noexcept { return product(g); }
#endif

}  // namespace GLOROT_ISA
}  // namespace glorot
