// The matrix product: which pieces of A and B are copied into panels, how the work is cut for caches and threads.
#include "kernels/gemm.h"

#include "kernels/gemm/dots.h"
#include "kernels/gemm/pack.h"
#include "launch.h"
#include "pool.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int64_t kDepth = 384;        // of a panel: 98 KB a panel on AVX-512, in L2
constexpr int64_t kRowBlock = 1008;    // rows of A repacked at once
// Products of elements below which a second thread does not pay for its waking: about 20 us.
constexpr int64_t kThreadWork = 1 << 20;
constexpr int kPanelSlot = 2, kRowsSlot = 3;

/** C[m0…m1, n0…n1). */
template <class T> bool block(const Gemm<T>& g, int64_t m0, int64_t m1, int64_t n0, int64_t n1) {
  constexpr int L = VecOf<T>::lanes;
  constexpr int64_t kWidth = kTileVectors * L;
  const bool packA = g.colA != 1 && g.K > 128 && g.N > 2 * kWidth;
  const bool packB = g.colB != 1 || (g.M > 48 && g.K * g.N > 16384);
  const int64_t blocks = g.K < kDepth ? 1 : (g.K + kDepth / 2) / kDepth;
  const int64_t depth = (g.K + blocks - 1) / blocks;
  const int64_t rowBlock = packA && m1 - m0 > kRowBlock ? kRowBlock : m1 - m0;

  T* panel = nullptr;
  T* packedRows = nullptr;
  if (packB || (!kMasks && (n1 - n0) % L != 0)) {
    panel = static_cast<T*>(scratch(kPanelSlot, static_cast<size_t>(depth * kWidth) * sizeof(T)));
    if (!panel && depth > 0) return false;
  }
  if (packA) {
    packedRows = static_cast<T*>(scratch(kRowsSlot, static_cast<size_t>(depth * rowBlock) * sizeof(T)));
    if (!packedRows) return false;
  }

  for (int64_t k0 = 0, block = 0; block < blocks; block++, k0 += depth) {
    const int64_t K = g.K - k0 < depth ? g.K - k0 : depth;
    const bool final = block == blocks - 1;
    for (int64_t r0 = m0; r0 < m1; r0 += rowBlock) {
      const int64_t M = m1 - r0 < rowBlock ? m1 - r0 : rowBlock;
      int packedFor = 0;  // the tile heights that packedRows is laid out for, by vectors
      for (int64_t j = n0, step; j < n1; j += step) {
        const int64_t left = n1 - j;
        step = left >= kWidth ? kWidth : left;
        const int vectors = static_cast<int>((step + L - 1) / L);
        const int64_t last = step - (vectors - 1) * L;
        const T* b = g.B + k0 * g.rowB + j * g.colB;
        int64_t rowB = g.rowB;
        if (packB || (!kMasks && last != L)) {
          packPanel(K, step, b, g.rowB, g.colB, panel, vectors * L);
          b = panel;
          rowB = vectors * L;
        }
        const RowTiles tiles(M, vectors);
        const Finish<T> finish{g.alpha, block == 0 ? g.beta : T(1), final && g.bias ? g.bias + j : nullptr, final && g.relu};
        if (packA && packedFor != kTileRows[vectors]) {
          packedFor = kTileRows[vectors];
          for (int64_t t = 0, r = 0; t < tiles.count; r += tiles.rows(t), t++)
            packRows(K, tiles.rows(t), g.A + (r0 + r) * g.rowA + k0 * g.colA, g.rowA, g.colA, packedRows + r * K);
        }
        for (int64_t t = 0, r = 0; t < tiles.count; t++) {
          const int rows = tiles.rows(t);
          T* c = g.C + (r0 + r) * g.ldc + j;
          const TileFn<T> run = tileOf<T>(vectors, rows);
          if (packA) run(K, packedRows + r * K, 1, rows, b, rowB, c, g.ldc, last, finish);
          else run(K, g.A + (r0 + r) * g.rowA + k0 * g.colA, g.rowA, g.colA, b, rowB, c, g.ldc, last, finish);
          r += rows;
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

template <class T> bool product(const Gemm<T>& given, bool threads) {
  Gemm<T> g = given;
  if (g.M == 0 || g.N == 0) return true;
  if (g.alpha == T(0)) g.K = 0, g.alpha = 1;
  if (g.K == 0) g.rowA = g.colA = g.rowB = g.colB = 0;
  if (vectorProduct(g, threads)) return true;
  constexpr int64_t kWidth = kTileVectors * VecOf<T>::lanes;
  const int team = threads ? numThreads() : 1;
  const int64_t work = times(times(g.M, g.N), g.K);
  if (team == 1 || work < 2 * kThreadWork) return block(g, 0, g.M, 0, g.N);

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
