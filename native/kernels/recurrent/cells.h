// One step of each cell for rows that lie below each other, and its slopes. Gates are overwritten by their activations, which is
// all that backward needs. Hochreiter and Schmidhuber 1997 with Gers' forget gate; Cho et al. 2014, arXiv:1406.1078.
#pragma once
#include "kernels/recurrent/sequence.h"
#include "simd/fold.h"
#include "simd/math.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** 2^x by a least-maximum polynomial, off by 1e-7 of it: what gates lose to it is less than the rounding of 1 + 2^x. */
inline VecF powerOfTwo(VecF x) {
#if !defined(__AVX512F__)  // whose scale takes any power
  x = min(splat(128.0f), max(splat(-150.0f), x));
#endif
  const VecF n = rint(x), r = x - n;
  VecF p = splat(1.32647285e-3f);
  p = fma(p, r, splat(9.67151299e-3f));
  p = fma(p, r, splat(5.55073358e-2f));
  p = fma(p, r, splat(2.40222424e-1f));
  p = fma(p, r, splat(6.93147004e-1f));
  return scale(fma(p, r, splat(1.0f)), n);
}
/** sigmoid(x) and tanh(x) to 1e-7, not to two units in their last place: what they are made of is no nearer. */
inline VecF squashUnit(VecF x) { return splat(1.0f) / (powerOfTwo(x * splat(-1.44269504f)) + splat(1.0f)); }
inline VecF squash(VecF x) {
  const VecF e = powerOfTwo(abs(x) * splat(-2.88539008f)), one = splat(1.0f);
  return copysign((one - e) / (e + one), x);
}
inline double squashUnit(double x) { return sigmoid(x); }
inline double squash(double x) { return tanh(x); }

/** Rows of a step from its first one on. h: what came before, c: the LSTM's memory before, sums: what becomes the gates, but for
 *  x·W of the LSTM's I few inputs.  x: [rows, I], W: [I, G]. */
template <class T> struct StepRows {
  const T* h;
  int64_t ldh;
  const T *c, *sums;
  int64_t I;
  const T *x, *W;
  T* gates;
  T* kept;
  T* squashed;
  T* y;
};

// As in simd/map.h: each formula is in the binary once, not inlined into both branches of `parallel`. The base ISA comes small.
#if GLOROT_BASE
#define GLOROT_ROWS __attribute__((noinline))
#else
#define GLOROT_ROWS __attribute__((noinline, flatten))
#endif
template <class T, class F> inline void packsOfRow(int64_t r, int64_t H, const F& f) {
  for (int64_t j = 0; j < H; j += kPack<T>) f(r, j, H - j < kPack<T> ? H - j : int64_t{kPack<T>});
}
template <class T, class... F> GLOROT_ROWS void packsOfRows(int64_t begin, int64_t end, int64_t H, F... f) {
  for (int64_t r = begin; r < end; r++) (packsOfRow<T>(r, H, f), ...);
}
/** Calls f(row, column, lanes) for packs of n rows of H; several f for a row after row. */
template <class T, class... F> inline void eachPack(int64_t n, int64_t H, F... f) {
  parallel(n, H >= kGrain ? 1 : kGrain / (H + 1) / 4 + 1, [&](int64_t begin, int64_t end) { packsOfRows<T>(begin, end, H, f...); });
}

/** h = f(a). */
template <class T> __attribute__((noinline)) void plainForward(const Sequence& s, int64_t n, const StepRows<T>& p) {
  const int64_t H = s.H, ldy = s.ldy;
  const bool relu = s.cell == kReluCell;
  eachPack<T>(n, H, [=](int64_t r, int64_t j, int64_t w) {
    const Pack<T> a = loadPack(p.sums + r * H + j, w);
    // The order of the operands lets nan through.
    storePack(p.y + r * ldy + j, relu ? max(like(a, 0), a) : tanh(a), w);
  });
}

/** c' = f·c + i·g, h = o·tanh(c'); gates i, f, g, o. */
template <class T> __attribute__((noinline)) void lstmForward(const Sequence& s, int64_t n, const StepRows<T>& p) {
  const int64_t H = s.H, G = s.G, I = p.I, ldy = s.ldy;
  eachPack<T>(n, H, [=](int64_t r, int64_t j, int64_t w) {
    T* at = p.gates + r * G + j;
    Pack<T> a[4];
#pragma GCC unroll 4
    for (int k = 0; k < 4; k++) a[k] = loadPack(p.sums + r * G + k * H + j, w);
    for (int64_t q = 0; q < I; q++)
#pragma GCC unroll 4
      for (int k = 0; k < 4; k++) a[k] = fma(fillPack(p.x[r * I + q]), loadPack(p.W + q * G + k * H + j, w), a[k]);
    const Pack<T> i = squashUnit(a[0]), f = squashUnit(a[1]), g = squash(a[2]), o = squashUnit(a[3]);
    storePack(at, i, w), storePack(at + H, f, w), storePack(at + 2 * H, g, w), storePack(at + 3 * H, o, w);
    storePack(p.kept + r * H + j, f * loadPack(p.c + r * H + j, w) + i * g, w);
  }, [=](int64_t r, int64_t j, int64_t w) {
    const Pack<T> t = squash(loadPack(p.kept + r * H + j, w));
    storePack(p.squashed + r * H + j, t, w);
    storePack(p.y + r * ldy + j, loadPack(p.gates + r * G + 3 * H + j, w) * t, w);
  });
}

/** n = tanh(a + r·b), h' = n + z·(h - n); gates r, z, a, and b kept. */
template <class T> __attribute__((noinline)) void gruForward(const Sequence& s, int64_t n, const StepRows<T>& p) {
  const int64_t H = s.H, G = s.G, ldy = s.ldy;
  eachPack<T>(n, H, [=](int64_t r, int64_t j, int64_t w) {
    const T* a = p.sums + r * G + j;
    T* at = p.gates + r * G + j;
    const Pack<T> reset = sigmoid(loadPack(a, w)), z = sigmoid(loadPack(a + H, w));
    const Pack<T> fresh = tanh(loadPack(a + 2 * H, w) + reset * loadPack(p.kept + r * H + j, w));
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
  const T *c, *gates, *kept, *squashed, *y, *dy;
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
    const Pack<T> t = loadPack(p.squashed + r * H + j, w), one = like(t, 1);
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
