// One step of each cell for rows that lie below each other, and its slopes. Gates are overwritten by their activations, which is
// all that backward needs. Hochreiter and Schmidhuber 1997 with Gers' forget gate; Cho et al. 2014, arXiv:1406.1078.
#pragma once
#include "kernels/recurrent/sequence.h"
#include "simd/fold.h"
#include "simd/math.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** 1/(1 + e) of a gate and what makes its activation of it, for gates that share a division: 1 + exp(-|x|) is in [1, 2]. */
template <class V> struct Squashed {
  V e, d;
  explicit Squashed(V x) : e(exp(-abs(x))), d(e + like(x, 1)) {}
};
/** sigmoid(x) of y = 1/(1 + e); tanh(x) is that of 2x, from -1 to 1. */
template <class V> inline V sigmoidOf(V x, V e, V y) { return select(x < like(x, 0), e * y, y); }
template <class V> inline V tanhOf(V x, V e, V y) { return copysign((like(x, 1) - e) * y, x); }
/** tanh(x) to 1e-7, not to two units in its last place: what it is made of is no nearer. */
template <class V> inline V squash(V x) {
  const Squashed<V> s(x + x);
  return tanhOf(x, s.e, like(x, 1) / s.d);
}

/** Rows of a step from its first one on. h: what came before, c: the LSTM's memory before. */
template <class T> struct StepRows {
  const T* h;
  int64_t ldh;
  const T* c;
  T* gates;
  T* kept;
  T* y;
};

// As in simd/map.h: each formula is in the binary once, not inlined into both branches of `parallel`. The base ISA comes small.
#if GLOROT_BASE
#define GLOROT_ROWS __attribute__((noinline))
#else
#define GLOROT_ROWS __attribute__((noinline, flatten))
#endif
template <class T, class F> GLOROT_ROWS void packsOfRows(int64_t begin, int64_t end, int64_t H, F f) {
  for (int64_t r = begin; r < end; r++)
    for (int64_t j = 0; j < H; j += kPack<T>) f(r, j, H - j < kPack<T> ? H - j : int64_t{kPack<T>});
}
/** Calls f(row, column, lanes) for packs of n rows of H. */
template <class T, class F> inline void eachPack(int64_t n, int64_t H, F f) {
  parallel(n, H >= kGrain ? 1 : kGrain / (H + 1) / 4 + 1, [&](int64_t begin, int64_t end) { packsOfRows<T>(begin, end, H, f); });
}

/** h = f(a). */
template <class T> __attribute__((noinline)) void plainForward(const Sequence& s, int64_t n, const StepRows<T>& p) {
  const int64_t H = s.H, ldy = s.ldy;
  const bool relu = s.cell == kReluCell;
  eachPack<T>(n, H, [=](int64_t r, int64_t j, int64_t w) {
    const Pack<T> a = loadPack(p.gates + r * H + j, w);
    // The order of the operands lets nan through.
    storePack(p.y + r * ldy + j, relu ? max(like(a, 0), a) : tanh(a), w);
  });
}

/** c' = f·c + i·g, h = o·tanh(c'); gates i, f, g, o. */
template <class T> __attribute__((noinline)) void lstmForward(const Sequence& s, int64_t n, const StepRows<T>& p) {
  const int64_t H = s.H, G = s.G, ldy = s.ldy;
  eachPack<T>(n, H, [=](int64_t r, int64_t j, int64_t w) {
    T* at = p.gates + r * G + j;
    const Pack<T> ai = loadPack(at, w), af = loadPack(at + H, w), ag = loadPack(at + 2 * H, w), ao = loadPack(at + 3 * H, w);
    const Squashed<Pack<T>> si(ai), sf(af), sg(ag + ag), so(ao);
    const Pack<T> both = si.d * sf.d, others = sg.d * so.d, y = like(ai, 1) / (both * others), yi = y * others, yg = y * both;
    const Pack<T> i = sigmoidOf(ai, si.e, yi * sf.d), f = sigmoidOf(af, sf.e, yi * si.d);
    const Pack<T> g = tanhOf(ag, sg.e, yg * so.d), o = sigmoidOf(ao, so.e, yg * sg.d);
    const Pack<T> c = f * loadPack(p.c + r * H + j, w) + i * g;
    storePack(at, i, w), storePack(at + H, f, w), storePack(at + 2 * H, g, w), storePack(at + 3 * H, o, w);
    storePack(p.kept + r * H + j, c, w);
    storePack(p.y + r * ldy + j, o * squash(c), w);
  });
}

/** n = tanh(a + r·b), h' = n + z·(h - n); gates r, z, a, and b kept. */
template <class T> __attribute__((noinline)) void gruForward(const Sequence& s, int64_t n, const StepRows<T>& p) {
  const int64_t H = s.H, G = s.G, ldy = s.ldy;
  eachPack<T>(n, H, [=](int64_t r, int64_t j, int64_t w) {
    T* at = p.gates + r * G + j;
    const Pack<T> reset = sigmoid(loadPack(at, w)), z = sigmoid(loadPack(at + H, w));
    const Pack<T> fresh = tanh(loadPack(at + 2 * H, w) + reset * loadPack(p.kept + r * H + j, w));
    storePack(at, reset, w), storePack(at + H, z, w), storePack(at + 2 * H, fresh, w);
    storePack(p.y + r * ldy + j, fresh + z * (loadPack(p.h + r * p.ldh + j, w) - fresh), w);
  });
}

template <class T> inline void stepForward(const Sequence& s, int64_t n, const StepRows<T>& p) {
  if (s.cell == kLstmCell) lstmForward(s, n, p);
  else if (s.cell == kGruCell) gruForward(s, n, p);
  else plainForward(s, n, p);
}

/** Of the same rows: dy of this step; dh and dc of the state after it, which become those of the state before but for the part
 *  that goes through the gates; dg of the gates, db of the GRU's b. */
template <class T> struct StepSlopes {
  const T* h;
  int64_t ldh;
  const T *c, *gates, *kept, *y, *dy;
  T *dh, *dc, *dg, *db;
};

template <class T> __attribute__((noinline)) void plainBackward(const Sequence& s, int64_t n, const StepSlopes<T>& p) {
  const int64_t H = s.H, ldy = s.ldy;
  const bool relu = s.cell == kReluCell;
  eachPack<T>(n, H, [=](int64_t r, int64_t j, int64_t w) {
    const Pack<T> dh = loadPack(p.dh + r * H + j, w) + loadPack(p.dy + r * ldy + j, w), h = loadPack(p.y + r * ldy + j, w);
    storePack(p.dg + r * H + j, relu ? select(h > like(h, 0), dh, like(h, 0)) : dh * (like(h, 1) - h * h), w);
  });
}

template <class T> __attribute__((noinline)) void lstmBackward(const Sequence& s, int64_t n, const StepSlopes<T>& p) {
  const int64_t H = s.H, G = s.G, ldy = s.ldy;
  eachPack<T>(n, H, [=](int64_t r, int64_t j, int64_t w) {
    const T* at = p.gates + r * G + j;
    const Pack<T> i = loadPack(at, w), f = loadPack(at + H, w), g = loadPack(at + 2 * H, w), o = loadPack(at + 3 * H, w);
    const Pack<T> t = squash(loadPack(p.kept + r * H + j, w)), one = like(t, 1);
    const Pack<T> dh = loadPack(p.dh + r * H + j, w) + loadPack(p.dy + r * ldy + j, w);
    const Pack<T> dc = loadPack(p.dc + r * H + j, w) + dh * o * (one - t * t);
    T* to = p.dg + r * G + j;
    storePack(to, dc * g * i * (one - i), w);
    storePack(to + H, dc * loadPack(p.c + r * H + j, w) * f * (one - f), w);
    storePack(to + 2 * H, dc * i * (one - g * g), w);
    storePack(to + 3 * H, dh * t * o * (one - o), w);
    storePack(p.dc + r * H + j, dc * f, w);
  });
}

template <class T> __attribute__((noinline)) void gruBackward(const Sequence& s, int64_t n, const StepSlopes<T>& p) {
  const int64_t H = s.H, G = s.G, ldy = s.ldy;
  eachPack<T>(n, H, [=](int64_t r, int64_t j, int64_t w) {
    const T* at = p.gates + r * G + j;
    const Pack<T> reset = loadPack(at, w), z = loadPack(at + H, w), fresh = loadPack(at + 2 * H, w), one = like(z, 1);
    const Pack<T> dh = loadPack(p.dh + r * H + j, w) + loadPack(p.dy + r * ldy + j, w);
    const Pack<T> da = dh * (one - z) * (one - fresh * fresh);
    T* to = p.dg + r * G + j;
    storePack(to, da * loadPack(p.kept + r * H + j, w) * reset * (one - reset), w);
    storePack(to + H, dh * (loadPack(p.h + r * p.ldh + j, w) - fresh) * z * (one - z), w);
    storePack(to + 2 * H, da, w);
    storePack(p.db + r * H + j, da * reset, w);
    storePack(p.dh + r * H + j, dh * z, w);
  });
}

template <class T> inline void stepBackward(const Sequence& s, int64_t n, const StepSlopes<T>& p) {
  if (s.cell == kLstmCell) lstmBackward(s, n, p);
  else if (s.cell == kGruCell) gruBackward(s, n, p);
  else plainBackward(s, n, p);
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
