// What a recurrent layer's kernels share: the rows of each step, the products with what the step before left behind.
#pragma once
#include "kernels/gemm.h"
#include "kernels/gemm/pack.h"
#include "launch.h"
#include "pool.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int kStepsSlot = 0, kWeightsSlot = 1;  // of scratch; gemm has the others

enum Cell { kTanhCell, kReluCell, kLstmCell, kGruCell, kCells };
constexpr int64_t kGates[] = {1, 1, 4, 3};

/**
 * A layer in one direction over N rows: those of step t are begin[t] … begin[t+1]-1, no more than of the step before, and row r of
 * each step belongs to sequence r of B. In reverse, step T-1 comes first and sequences join as t falls.
 */
struct Sequence {
  Cell cell;
  int64_t N, T, B, I, H, G;  // rows, steps, sequences, inputs, hidden, gates·H
  int64_t ldy;               // from a row of y to the next
  bool reverse, started;     // started: from a given state, not from zeros
  const int64_t* begin;

  int64_t step(int64_t i) const { return reverse ? T - 1 - i : i; }
  int64_t rows(int64_t i) const {
    const int64_t t = step(i);
    return begin[t + 1] - begin[t];
  }
  int64_t at(int64_t i) const { return begin[step(i)]; }
  /** Rows of the i-th step to be taken that have a step before; those after them start from the initial state. */
  int64_t continued(int64_t i) const {
    if (i == 0) return 0;
    const int64_t n = rows(i), before = rows(i - 1);
    return n < before ? n : before;
  }
  int64_t hiddenGates() const { return cell == kGruCell ? 2 * H : G; }  // what adds x·W and h·W before anything else
};

/** sizes: cell (0 tanh, 1 relu, 2 LSTM, 3 GRU), N, T, B, I, H, ldy, reverse, with initial states, with biases, with the rows of each
 *  step in the last buffer (else N = T·B). Reads all but the last two. */
inline void readSequence(Launch& l, Sequence& s) {
  s.cell = static_cast<Cell>(l.choice(0, kCells));
  s.N = l.size(1), s.T = l.size(2), s.B = l.size(3), s.I = l.size(4), s.H = l.size(5), s.ldy = l.size(6);
  s.reverse = l.choice(7, 2) == 1, s.started = l.choice(8, 2) == 1;
  if (!l.ok()) return;
  s.G = times(kGates[s.cell], s.H);
  if (s.ldy < s.H) l.fail(ErrorKind::kLaunch, "rows of %g elements overlap, they have %g", static_cast<double>(s.ldy), static_cast<double>(s.H));
}

/** Elements of y from the first to the last. */
inline int64_t spanOfRows(const Sequence& s) { return s.N == 0 ? 0 : plus(times(s.N - 1, s.ldy), s.H); }

/** Where steps begin, on a copy of the row counts: at least 1, never rising from B on, N in all. */
inline bool readSteps(Launch& l, Sequence& s, const int32_t* counts) {
  if (!counts && times(s.T, s.B) != s.N)
    return l.fail(ErrorKind::kLaunch, "%g rows are not the steps of %g sequences", static_cast<double>(s.N), static_cast<double>(s.B));
  // Buffers bound B only where H > 0, and T only through N.
  if (s.T > s.N && s.N > 0) return l.fail(ErrorKind::kLaunch, "%g steps need as many rows, there are %g", static_cast<double>(s.T), static_cast<double>(s.N));
  if (s.N == 0) s.T = 0;
  auto* begin = static_cast<int64_t*>(scratch(kStepsSlot, static_cast<size_t>(s.T + 1) * sizeof(int64_t)));
  if (!begin) return l.fail(ErrorKind::kLaunch, "no memory for %g steps", static_cast<double>(s.T));
  begin[0] = 0;
  int64_t before = s.B;
  for (int64_t t = 0; t < s.T; t++) {
    const int64_t n = counts ? counts[t] : s.B;
    if (n < 1 || n > before || n > s.N - begin[t])
      return l.fail(ErrorKind::kValue, "step %g has %g sequences, there must be at least one and no more than before", static_cast<double>(t), static_cast<double>(n));
    begin[t + 1] = begin[t] + n;
    before = n;
  }
  if (begin[s.T] != s.N)
    return l.fail(ErrorKind::kValue, "the steps have %g rows, the input has %g", static_cast<double>(begin[s.T]), static_cast<double>(s.N));
  s.begin = begin;
  return true;
}

// Columns of a panel: what gemm reads in place, a few lines for each k. One of 64 in L1 is read at the speed of its products.
constexpr int64_t kPanel = 64;

/** Wᵀ [K, N] of W [N, K], in panels of columns that follow each other: each step multiplies by it without copying it again. */
template <class T> struct Panels {
  T* data;
  int64_t K, N;

  static int64_t elements(int64_t K, int64_t N) { return (N + kPanel - 1) / kPanel * kPanel * K; }

  Panels(T* to, const T* W, int64_t n, int64_t k) : data(to), K(k), N(n) {
    for (int64_t j = 0; j < N; j += kPanel) packPanel(K, N - j < kPanel ? N - j : kPanel, W + j * K, int64_t{1}, K, data + j * K, kPanel);
  }

  /** C = A·Wᵀ + beta·C + bias.  A: [M, K], rows ldA apart. */
  bool product(int64_t M, const T* A, int64_t ldA, T* C, int64_t ldC, T beta, const T* bias = nullptr) const {
    bool ok = true;
    for (int64_t j = 0; j < N; j += kPanel) {
      Gemm<T> g{M, N - j < kPanel ? N - j : kPanel, K, A, ldA, 1, data + j * K, kPanel, 1, C + j, ldC};
      g.beta = beta, g.near = true;
      if (bias) g.bias = bias + j;
      ok &= gemm(g);
    }
    return ok;
  }
};

// Inputs that the LSTM's cell adds to its gates itself, where their product would be stored only to be read again.
constexpr int64_t kFewInputs = 2;
// Inputs whose weights' gradients are summed as rows, the biases' being one more: as columns they would fill few lanes of a vector.
constexpr int64_t kNarrowInputs = 7;

// Rows whose gates are computed between two uses of them: 256 KB of gates stay in L2, and enough rows for a product.
inline int64_t chunkRows(const Sequence& s) {
  constexpr int64_t kGates = 1 << 16, kLeast = 128;
  return s.G > kGates / kLeast ? kLeast : kGates / s.G;
}

/** Rows of the largest chunk. */
inline int64_t mostRows(const Sequence& s) {
  const int64_t most = chunkRows(s);
  return most > s.B ? most : s.B;
}

/** The end of the chunk that starts with the i-th step to be taken, and the start of the one that ends before it. */
inline int64_t chunkEnd(const Sequence& s, int64_t i) {
  const int64_t most = chunkRows(s);
  for (int64_t rows = 0; i < s.T && (rows == 0 || rows + s.rows(i) <= most); i++) rows += s.rows(i);
  return i;
}
inline int64_t chunkBegin(const Sequence& s, int64_t i) {
  const int64_t most = chunkRows(s);
  for (int64_t rows = 0; i > 0 && (rows == 0 || rows + s.rows(i - 1) <= most); i--) rows += s.rows(i - 1);
  return i;
}

/** The steps i0 … i1-1 as rows, which lie together: the first one, how many. */
struct Rows {
  int64_t first, count;
  Rows(const Sequence& s, int64_t i0, int64_t i1) : first(s.at(s.reverse ? i1 - 1 : i0)) {
    const int64_t last = s.reverse ? i0 : i1 - 1;
    count = s.at(last) + s.rows(last) - first;
  }
};

/** Calls f(row, row of y, count) for runs of rows of the steps i0 … i1-1 whose state before is a row of y. */
template <class F> void eachContinued(const Sequence& s, int64_t i0, int64_t i1, F f) {
  int64_t g = 0, y = 0, n = 0;
  for (int64_t k = i0; k < i1; k++) {
    const int64_t i = s.reverse ? i0 + i1 - 1 - k : k, m = s.continued(i);
    if (m == 0) continue;
    const int64_t rowG = s.at(i), rowY = s.at(i - 1);
    if (n > 0 && (g + n != rowG || y + n != rowY)) f(g, y, n), n = 0;
    if (n == 0) g = rowG, y = rowY;
    n += m;
  }
  if (n > 0) f(g, y, n);
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
