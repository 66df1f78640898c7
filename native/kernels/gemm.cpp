// The matrix product: which pieces of A and B are copied into panels, how the work is cut for caches and threads.
#include "kernels/gemm.h"

#include "kernels/gemm/dots.h"
#include "kernels/gemm/pack.h"
#include "launch.h"
#include "pool.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int kPanelSlot = 2, kRowsSlot = 3;

// Measured on Zen 4 (32 KB L1, 1 MB L2) with bench/gemm, as ratios to OpenBLAS.
constexpr int64_t kDepth = 384;         // of a panel of B: 98 KB on AVX-512, in L2; 24 KB on AVX2, in L1
constexpr int64_t kRowBlock = 504;      // rows of A repacked at once: with kDepth, most of L2
constexpr int64_t kFarRows = 2 << 20;   // bytes of A from which its rows are better copied than read in place (0.76 -> 0.96 at 2048)
constexpr int64_t kNearColumns = 16384; // elements of a transposed A that may still be read in place, a line for each k
constexpr int64_t kNearB = 16384;       // elements of B that may be read in place by however many rows
constexpr int64_t kFewRows = 48;        // rows of C too few to pay for copying B
// Products of elements below which a second thread does not pay for its waking: about 20 us.
constexpr int64_t kThreadWork = 1 << 20;

/** C[m0…m1, n0…n1). */
template <class T> bool block(const Gemm<T>& g, int64_t m0, int64_t m1, int64_t n0, int64_t n1) {
  constexpr int L = VecOf<T>::lanes;
  constexpr int64_t kWidth = kTileVectors * L;
  const int64_t inPlace = g.colA == 1 ? kFarRows / static_cast<int64_t>(sizeof(T)) : kNearColumns;
  const bool packA = (m1 - m0) * g.K > inPlace && n1 - n0 > 2 * kWidth;
  const bool packB = g.colB != 1 || (g.M > kFewRows && g.K * g.N > kNearB);
  const int64_t blocks = g.K < kDepth + kDepth / 2 ? 1 : (g.K + kDepth / 2) / kDepth;
  const int64_t depth = blocks == 1 ? g.K : (g.K + blocks - 1) / blocks;
  const int64_t rowBlock = packA && m1 - m0 > kRowBlock ? kRowBlock : m1 - m0;

  T* panel = nullptr;
  T* packedRows = nullptr;
  if (packB) {
    panel = static_cast<T*>(scratch(kPanelSlot, static_cast<size_t>((depth > 0 ? depth : 1) * kWidth) * sizeof(T)));
    if (!panel) return false;
  }
  if (packA) {
    packedRows = static_cast<T*>(scratch(kRowsSlot, static_cast<size_t>(depth * rowBlock) * sizeof(T)));
    if (!packedRows) return false;
  }

  for (int64_t k0 = 0, block = 0; block < blocks; block++, k0 += depth) {
    Strip<T> s;
    s.K = g.K - k0 < depth ? g.K - k0 : depth;
    s.ldc = g.ldc;
    const bool final = block == blocks - 1;
    for (int64_t r0 = m0; r0 < m1; r0 += rowBlock) {
      const int64_t M = m1 - r0 < rowBlock ? m1 - r0 : rowBlock;
      int packedFor = 0;  // the height of tiles that packedRows is laid out for
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
        s.finish = {g.alpha, block == 0 ? g.beta : T(1), final && g.bias ? g.bias + j : nullptr, final && g.relu};
        const T* a = g.A + r0 * g.rowA + k0 * g.colA;
        if (const StripFn<T> thin = g.M <= 3 && g.N <= 3 * L ? thinStripOf<T>(vectors, g.M) : nullptr) {
          s.count = 1, s.a = a, s.rowA = g.rowA, s.colA = g.colA, s.stepA = 0, s.c = g.C + j;
          thin(s);
          continue;
        }
        const RowTiles tiles(M, vectors);
        const bool pack = packA && packedFor != kTileRows[vectors];
        packedFor = kTileRows[vectors];
        int64_t r = 0;
        for (const auto& part : tiles.part) {
          if (part.count == 0) continue;
          s.count = part.count;
          s.c = g.C + (r0 + r) * g.ldc + j;
          if (packA) {
            s.a = packedRows + r * s.K;
            s.stepA = part.rows * s.K;
            s.rowA = 1;
            s.colA = part.rows;
            if (pack)
              for (int64_t t = 0; t < part.count; t++)
                packRows(s.K, part.rows, a + (r + t * part.rows) * g.rowA, g.rowA, g.colA,
                         packedRows + (r + t * part.rows) * s.K);
          } else {
            s.a = a + r * g.rowA;
            s.stepA = part.rows * g.rowA;
            s.rowA = g.rowA;
            s.colA = g.colA;
          }
          stripOf<T>(vectors, part.rows, !packB && s.last != L)(s);
          r += part.count * part.rows;
        }
      }
    }
  }
  return true;
}

/** One row or column of C, where the matrix lies along k and the vector is dense. */
template <class T> bool vectorProduct(const Gemm<T>& g, bool threads) {
  if (g.colA != 1 || g.rowB != 1 || (g.M != 1 && g.N != 1)) return false;
  const Finish<T> finish{g.alpha, g.beta, g.bias, g.relu};
  const bool row = g.M == 1;
  const int64_t n = row ? g.N : g.M;
  const auto run = [&](int64_t begin, int64_t end) {
    Finish<T> f = finish;
    if (row && f.bias) f.bias += begin;
    if (row) dots(end - begin, g.K, g.B + begin * g.colB, g.colB, g.A, g.C + begin, 1, 1, f);
    else dots(end - begin, g.K, g.A + begin * g.rowA, g.rowA, g.B, g.C + begin * g.ldc, g.ldc, 0, f);
  };
  const int64_t grain = g.K >= kThreadWork / 64 ? 64 : (kThreadWork / (g.K + 1) + 63) / 64 * 64;
  if (threads) parallel(n, grain, run);
  else run(0, n);
  return true;
}

template <class T> bool product(const Gemm<T>& g, bool threads) {
  if (g.M == 0 || g.N == 0) return true;
  if (g.K == 0 || g.alpha == T(0)) {
    Gemm<T> none = g;
    none.K = none.rowA = none.colA = none.rowB = none.colB = 0;
    return block(none, 0, g.M, 0, g.N);
  }
  if (vectorProduct(g, threads)) return true;
  constexpr int64_t kWidth = kTileVectors * VecOf<T>::lanes;
  const int64_t work = times(times(g.M, g.N), g.K);
  const int team = threads && work >= 2 * kThreadWork ? numThreads() : 1;
  if (team == 1) return block(g, 0, g.M, 0, g.N);

  // The order of each sum is the same however the work is cut, so the cut may depend on the number of threads.
  const int64_t most = work / kThreadWork;
  const int64_t tasks = most < 2 * team ? most : 2 * team;
  const int64_t panels = (g.N + kWidth - 1) / kWidth;
  const int64_t across = panels < tasks ? panels : tasks;
  int64_t down = (tasks + across - 1) / across;
  const int64_t strips = (g.M + kMaxTileRows - 1) / kMaxTileRows;
  if (down > strips) down = strips;
  bool ok = true;
  parallel(across * down, 1, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t x = i % across, y = i / across;
      const int64_t n0 = panels * x / across * kWidth, n1 = panels * (x + 1) / across * kWidth;
      const int64_t m0 = g.M * y / down, m1 = g.M * (y + 1) / down;
      if (!block(g, m0, m1, n0, n1 < g.N ? n1 : g.N)) __atomic_store_n(&ok, false, __ATOMIC_RELAXED);
    }
  });
  return ok;
}

}  // namespace

bool gemm(const Gemm<float>& g) noexcept { return product(g, true); }
bool gemm(const Gemm<double>& g) noexcept { return product(g, true); }
bool gemmSerial(const Gemm<float>& g) noexcept { return product(g, false); }
bool gemmSerial(const Gemm<double>& g) noexcept { return product(g, false); }

}  // namespace GLOROT_ISA
}  // namespace glorot
