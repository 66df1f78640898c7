// Recurrent layers: a whole sequence in one launch. Inputs of many steps are multiplied at once; a step then adds what the state
// before contributes and applies the cell. Backward goes through the steps for the gates' gradients and multiplies those of many
// steps at once, while they are in the cache.
#include "kernels/kernels.h"
#include "kernels/gemm/sums.h"
#include "kernels/recurrent/cells.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

void noMemory(Launch& l) { l.fail(ErrorKind::kLaunch, "no memory for the work of a recurrent layer"); }

/** Pieces of a block of scratch. */
template <class T> struct Pieces {
  T* next;
  T* operator()(int64_t n) {
    T* piece = next;
    next += n;
    return piece;
  }
};
template <class T> T* work(int64_t n) { return static_cast<T*>(scratch(kWeightsSlot, static_cast<size_t>(n) * sizeof(T))); }

template <class T> T* zeros(T* to, int64_t n) {
  __builtin_memset(to, 0, static_cast<size_t>(n) * sizeof(T));
  return to;
}

/** to[r][j] = from[r][j], n rows of H. */
template <class T> void copyRows(int64_t n, int64_t H, const T* from, int64_t ldFrom, T* to) {
  for (int64_t r = 0; r < n; r++) __builtin_memcpy(to + r * H, from + r * ldFrom, static_cast<size_t>(H) * sizeof(T));
}

template <class T> struct Forward {
  Sequence s;
  const T *x, *Wx, *Wh, *h0, *c0, *bx, *bh;
  T *y, *gates, *kept, *hn, *cn;
};

template <class T> bool sequenceForward(Forward<T>& f) {
  const Sequence& s = f.s;
  const int64_t H = s.H, G = s.G, I = s.I, first = s.hiddenGates(), state = s.started ? 0 : s.B * H;
  const bool few = s.cell == kLstmCell && I <= kFewInputs;
  const int64_t rows = few ? s.B : mostRows(s), inputs = few ? I * G : Panels<T>::elements(I, G);
  const int64_t panels = Panels<T>::elements(H, first), others = Panels<T>::elements(H, G - first);
  Pieces<T> piece{work<T>(inputs + panels + others + G + rows * G + state)};
  if (!piece.next) return false;
  T *const columns = piece(inputs), *const biases = piece(G), *const sums = piece(rows * G), *const bias = f.bx ? biases : nullptr;
  const Panels<T> ofInputs(columns, f.Wx, few ? 0 : G, I);
  const Panels<T> joined(piece(panels), f.Wh, first, H), apart(piece(others), f.Wh + first * H, G - first, H);
  for (int64_t q = 0; few && q < I; q++)
    for (int64_t j = 0; j < G; j++) columns[q * G + j] = f.Wx[j * I + q];
  for (int64_t j = 0; j < G; j++) biases[j] = !bias ? T(0) : j < first ? f.bx[j] + f.bh[j] : f.bx[j];
  if (!s.started) f.h0 = f.c0 = zeros(piece(state), state);

  bool ok = true;
  for (int64_t i = 0, end = 0, firstRow = 0; i < s.T; i++) {
    if (i == end && !few) {
      end = chunkEnd(s, i);
      const Rows chunk(s, i, end);
      firstRow = chunk.first;
      ok &= ofInputs.product(chunk.count, f.x + firstRow * I, I, sums, G, T(0), bias);
    }
    const int64_t n = s.rows(i), m = s.continued(i), at = s.at(i), before = i > 0 ? s.at(i - 1) : 0;
    const auto take = [&](int64_t r, int64_t count, const T* h, int64_t ldh, const T* c, bool zero) {
      if (count == 0) return;
      const int64_t row = at + r;
      T* const a = few ? sums : sums + (row - firstRow) * G;
      T* const kept = f.kept + row * H;
      const StepRows<T> p{h, ldh, c, a, few ? I : 0, f.x + row * I, columns, f.gates + row * G, kept, kept + s.N * H, f.y + row * s.ldy};
      for (int64_t q = 0; few && zero && q < count; q++) copyRows(1, G, biases, G, a + q * G);
      if (!zero) ok &= joined.product(count, h, ldh, a, G, few ? T(0) : T(1), few ? bias : nullptr);
      if (first < G) ok &= apart.product(count, h, ldh, p.kept, H, T(0), f.bh ? f.bh + first : nullptr);
      stepForward(s, count, p);
    };
    take(0, m, f.y + before * s.ldy, s.ldy, f.kept + before * H, false);
    take(m, n - m, f.h0 + m * H, H, f.c0 + m * H, !s.started);
    const int64_t go = i + 1 < s.T ? s.rows(i + 1) : 0;
    if (go >= n) continue;
    copyRows(n - go, H, f.y + (at + go) * s.ldy, s.ldy, f.hn + go * H);
    if (s.cell == kLstmCell) copyRows(n - go, H, f.kept + (at + go) * H, H, f.cn + go * H);
  }
  return ok;
}

/** States that a cell does not have, or that are zeros, stand among the buffers all the same, and are not touched. */
inline int64_t ifLstm(const Sequence& s, int64_t n) { return s.cell == kLstmCell ? n : 0; }
inline int64_t ifStarted(const Sequence& s, int64_t n) { return s.started ? n : 0; }
inline int64_t keptElements(const Sequence& s) {
  return times(s.cell == kLstmCell ? 2 : s.cell == kGruCell ? 1 : 0, times(s.N, s.H));
}

/** The rows of each step where the launch has them: the last buffer. */
bool readCounts(Launch& l, Sequence& s) {
  const int counted = l.choice(10, 2);
  const int32_t* counts = counted ? l.in<int32_t>(l.nBuffers - 1, s.T) : nullptr;
  return l.ok() && readSteps(l, s, counts);
}

/**
 * A layer's results for a whole sequence: y, the last states, and what backward needs.
 * buffers: x [N, I], W of x [G, I], W of h [G, H], h0 [B, H], c0 [B, H] (LSTM), y [N, H] with rows ldy apart, gates [N, G], kept
 * (LSTM: c of each step, then tanh(c) of each, [2, N, H]; GRU: W·h + b of the new state [N, H]), hn [B, H], cn [B, H] (LSTM), both
 * biases [G] if any, rows of each step (int32 [T]) if any. sizes: see readSequence.
 */
template <class T> void recurrent(Launch& l) noexcept {
  Forward<T> f{};
  Sequence& s = f.s;
  readSequence(l, s);
  const int biased = l.choice(9, 2);
  if (!l.ok()) return;
  const int64_t state = times(s.B, s.H);
  f.x = l.in<T>(0, times(s.N, s.I)), f.Wx = l.in<T>(1, times(s.G, s.I)), f.Wh = l.in<T>(2, times(s.G, s.H));
  f.h0 = l.in<T>(3, ifStarted(s, state)), f.c0 = l.in<T>(4, ifStarted(s, ifLstm(s, state)));
  f.y = l.out<T>(5, spanOfRows(s)), f.gates = l.out<T>(6, times(s.N, s.G)), f.kept = l.out<T>(7, keptElements(s));
  f.hn = l.out<T>(8, state), f.cn = l.out<T>(9, ifLstm(s, state));
  if (biased) f.bx = l.in<T>(10, s.G), f.bh = l.in<T>(11, s.G);
  if (!l.ok() || s.H == 0) return;
  // Pointers that are not used must be pointers all the same.
  if (s.cell != kLstmCell) f.c0 = f.h0, f.cn = f.hn;
  if (keptElements(s) == 0) f.kept = f.gates;
  if (readCounts(l, s) && !sequenceForward(f)) noMemory(l);
}

template <class T> struct Backward {
  Sequence s;
  const T *x, *Wx, *Wh, *h0, *c0, *y, *gates, *kept, *dy, *dhn, *dcn;
  T *dh, *dc;  // of the state after the step under way, in the end of the first one
  T *dx, *dWx, *dWh, *dbx, *dbh;
  bool more;             // dx is added to
  T *dg, *db, *sums;     // of a chunk: gradients of its gates [rows, G], of the GRU's W·h + b [rows, H]; room for G sums
  T *ones, *few;         // of few inputs: those of a chunk beside ones [rows, I+1]; gradients of W of x and b [I+1, G]
};

/** The gates' gradients in the i-th step, of the chunk whose first row is `first`; dh and dc become those of the state before. */
template <class T> bool stepGradients(const Backward<T>& b, int64_t i, int64_t firstRow) {
  const Sequence& s = b.s;
  const int64_t H = s.H, G = s.G, first = s.hiddenGates();
  const int64_t n = s.rows(i), m = s.continued(i), at = s.at(i), before = i > 0 ? s.at(i - 1) : 0;
  T *const dg = b.dg + (at - firstRow) * G, *const db = b.db + (at - firstRow) * H;
  const auto take = [&](int64_t r, int64_t count, const T* h, int64_t ldh, const T* c) {
    if (count == 0) return;
    const int64_t row = at + r;
    const T* const kept = b.kept + row * H;
    stepBackward(s, count, StepSlopes<T>{h, ldh, c, b.gates + row * G, kept, kept + s.N * H, b.y + row * s.ldy, b.dy + row * s.ldy,
                                         b.dh + r * H, b.dc + r * H, dg + r * G, db + r * H});
  };
  take(0, m, b.y + before * s.ldy, s.ldy, b.kept + before * H);
  take(m, n - m, b.h0 + m * H, H, b.c0 + m * H);
  // Nobody asks for the gradient of zeros.
  const int64_t wanted = s.started ? n : m;
  Gemm<T> through{wanted, H, first, dg, G, 1, b.Wh, H, 1, b.dh, H};
  through.beta = s.cell == kGruCell ? T(1) : T(0);
  bool ok = gemm(through);
  if (first == G) return ok;
  Gemm<T> apart{wanted, H, G - first, db, H, 1, b.Wh + first * H, H, 1, b.dh, H};
  apart.beta = 1;
  return ok & gemm(apart);
}

/** dW [n, H] = gᵀ·h + beta·dW over the steps i0 … i1-1, h being the state before each.  g: [rows, n], ld apart. */
template <class T> bool stateWeightGradient(const Backward<T>& b, int64_t i0, int64_t i1, int64_t n, const T* g, int64_t ld, T* dW, T beta) {
  const Sequence& s = b.s;
  const int64_t first = Rows(s, i0, i1).first;
  bool ok = true;
  const auto add = [&](int64_t row, const T* h, int64_t ldh, int64_t rows) {
    Gemm<T> sum{n, s.H, rows, g + row * ld, 1, ld, h, ldh, 1, dW, s.H};
    sum.beta = beta, beta = 1;
    ok &= gemm(sum);
  };
  for (int64_t i = i0; s.started && i < i1; i++)
    if (const int64_t m = s.continued(i); m < s.rows(i)) add(s.at(i) + m - first, b.h0 + m * s.H, s.H, s.rows(i) - m);
  eachContinued(s, i0, i1, [&](int64_t row, int64_t from, int64_t rows) { add(row - first, b.y + from * s.ldy, s.ldy, rows); });
  if (beta == T(0)) add(0, b.h0, s.H, 0);
  return ok;
}

/** out = column sums of x [M, N] + beta·out. */
template <class T> void addSums(int64_t M, int64_t N, const T* x, T* out, T beta, T* room) {
  if (beta == T(0)) return columnSums(M, N, x, out);
  columnSums(M, N, x, room);
  for (int64_t j = 0; j < N; j++) out[j] += room[j];
}

/** What the gates' gradients of the steps i0 … i1-1 give to inputs and weights; beta = 0 for the chunk that comes first. */
template <class T> bool chunkGradients(const Backward<T>& b, int64_t i0, int64_t i1, T beta) {
  const Sequence& s = b.s;
  const int64_t G = s.G, I = s.I, first = s.hiddenGates();
  const Rows rows(s, i0, i1);
  bool ok = true;
  if (b.dx) {
    Gemm<T> g{rows.count, I, G, b.dg, G, 1, b.Wx, I, 1, b.dx + rows.first * I, I};
    g.beta = b.more ? T(1) : T(0);
    ok &= gemm(g);
  }
  const T* const x = b.x + rows.first * I;
  if (b.few) {
    for (int64_t r = 0; r < rows.count; r++)
      for (int64_t q = 0; q <= I; q++) b.ones[r * (I + 1) + q] = q < I ? x[r * I + q] : T(1);
    Gemm<T> g{I + 1, G, rows.count, b.ones, 1, I + 1, b.dg, G, 1, b.few, G};
    g.beta = beta;
    ok &= gemm(g);
  } else if (b.dWx) {
    Gemm<T> g{G, I, rows.count, b.dg, 1, G, x, I, 1, b.dWx, I};
    g.beta = beta;
    ok &= gemm(g);
  }
  if (b.dWh) {
    ok &= stateWeightGradient(b, i0, i1, first, b.dg, G, b.dWh, beta);
    if (first < G) ok &= stateWeightGradient(b, i0, i1, G - first, b.db, s.H, b.dWh + first * s.H, beta);
  }
  if (b.dbx) {
    if (!b.few) addSums(rows.count, G, b.dg, b.dbx, beta, b.sums);
    if (first < G) addSums(rows.count, G - first, b.db, b.dbh + first, beta, b.sums);
  }
  return ok;
}

template <class T> bool sequenceBackward(Backward<T>& b) {
  const Sequence& s = b.s;
  const int64_t state = s.B * s.H, rows = mostRows(s);
  const int64_t apart = s.cell == kGruCell ? rows * s.H : 0, zero = s.started ? 0 : state;
  const bool few = b.dWx && s.I <= kNarrowInputs;
  const int64_t ones = few ? rows * (s.I + 1) : 0, narrow = few ? (s.I + 1) * s.G : 0;
  Pieces<T> piece{work<T>(rows * s.G + apart + s.G + zero + ones + narrow)};
  if (!piece.next) return false;
  b.dg = piece(rows * s.G), b.db = piece(apart), b.sums = piece(s.G);
  if (!s.started) b.h0 = b.c0 = zeros(piece(zero), zero);
  if (few) b.few = zeros(piece(narrow), narrow), b.ones = piece(ones);
  copyRows(1, state, b.dhn, state, b.dh);
  if (s.cell == kLstmCell) copyRows(1, state, b.dcn, state, b.dc);

  bool ok = true;
  T beta = 0;
  for (int64_t i1 = s.T; i1 > 0;) {
    const int64_t i0 = chunkBegin(s, i1), firstRow = Rows(s, i0, i1).first;
    for (int64_t i = i1; i-- > i0;) ok &= stepGradients(b, i, firstRow);
    ok &= chunkGradients(b, i0, i1, beta);
    beta = 1, i1 = i0;
  }
  for (int64_t j = 0; few && j < s.G; j++) {
    for (int64_t q = 0; q < s.I; q++) b.dWx[j * s.I + q] = b.few[q * s.G + j];
    if (b.dbx) b.dbx[j] = b.few[s.I * s.G + j];
  }
  // Without steps there is nothing to sum.
  if (s.T == 0) {
    if (b.dWx) zeros(b.dWx, s.G * s.I);
    if (b.dWh) zeros(b.dWh, s.G * s.H);
    if (b.dbx) zeros(b.dbx, s.G), zeros(b.dbh, s.G);
  }
  if (b.dbx) copyRows(1, s.hiddenGates(), b.dbx, s.G, b.dbh);
  return ok;
}

/**
 * Gradients of a layer's arguments from those of y, hn and cn.
 * buffers: x, W of x, W of h, h0, c0, y, gates, kept as above, dy (as y), dhn, dcn, dh0 and dc0 (written also where the layer starts
 * from zeros), then of dx, dW of x, dW of h, both biases' those that flags ask for; rows of each step if any.
 * sizes: as above, then flags (1 dx, 2 dW of x, 4 dW of h, 8 biases), 1 if dx is added to.
 */
template <class T> void recurrentBackward(Launch& l) noexcept {
  Backward<T> b{};
  Sequence& s = b.s;
  readSequence(l, s);
  const int flags = l.choice(11, 16);
  b.more = l.choice(12, 2) == 1;
  if (!l.ok()) return;
  const int64_t state = times(s.B, s.H), span = spanOfRows(s);
  b.x = l.in<T>(0, times(s.N, s.I)), b.Wx = l.in<T>(1, times(s.G, s.I)), b.Wh = l.in<T>(2, times(s.G, s.H));
  b.h0 = l.in<T>(3, ifStarted(s, state)), b.c0 = l.in<T>(4, ifStarted(s, ifLstm(s, state)));
  b.y = l.in<T>(5, span), b.gates = l.in<T>(6, times(s.N, s.G)), b.kept = l.in<T>(7, keptElements(s));
  b.dy = l.in<T>(8, span), b.dhn = l.in<T>(9, state), b.dcn = l.in<T>(10, ifLstm(s, state));
  b.dh = l.out<T>(11, state), b.dc = l.out<T>(12, ifLstm(s, state));
  int next = 13;
  if (flags & 1) b.dx = l.out<T>(next++, times(s.N, s.I));
  if (flags & 2) b.dWx = l.out<T>(next++, times(s.G, s.I));
  if (flags & 4) b.dWh = l.out<T>(next++, times(s.G, s.H));
  if (flags & 8) b.dbx = l.out<T>(next, s.G), b.dbh = l.out<T>(next + 1, s.G);
  if (!l.ok() || s.H == 0) return;
  if (s.cell != kLstmCell) b.c0 = b.h0, b.dc = b.dh;
  if (keptElements(s) == 0) b.kept = b.gates;
  if (readCounts(l, s) && !sequenceBackward(b)) noMemory(l);
}

}  // namespace

GLOROT_FAMILY(recurrent, FLOATS(recurrent), FLOATS(recurrentBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
