// Activations of more than a number: a half that gates the other, a learned slope. Contiguous.
#include "kernels/kernels.h"
#include "simd/fold.h"
#include "simd/math.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

struct Gate {
  template <class V> V operator()(V a, V b) const { return a * sigmoid(b); }
};
/** Of the gradient g: what the gated half gets, and the gate. */
template <class V> struct GateSlopes {
  V a, b;
};
template <class V> inline GateSlopes<V> gateSlopes(V a, V b, V g) {
  const V s = sigmoid(b), da = g * s;
  return {da, da * a * (like(s, 1) - s)};
}
template <class T>
void gateBackward(int64_t n, const T* a, const T* b, const T* g, T* da, T* db) {
  for (int64_t i = 0; i < n; i += kPack<T>) {
    const int64_t m = n - i < kPack<T> ? n - i : kPack<T>;
    const auto d = gateSlopes(loadPack(a + i, m), loadPack(b + i, m), loadPack(g + i, m));
    storePack(da + i, d.a, m);
    storePack(db + i, d.b, m);
  }
}

/** Calls f(row, from, to) for pieces of rows of `n` elements: whole rows where they are short, parts of one where it is long. */
template <class F>
inline void eachPiece(int64_t rows, int64_t n, F f) {
  if (rows == 1) parallel(n, kGrain, [&](int64_t begin, int64_t end) { f(0, begin, end); });
  else
    parallel(rows, n > kGrain ? 1 : kGrain / n, [&](int64_t begin, int64_t end) {
      for (int64_t r = begin; r < end; r++) f(r, 0, n);
    });
}

/** glu(a, b) = a·sigmoid(b) for the halves of a dimension. buffers: x [outer, 2, half], out [outer, half]. sizes: outer, half. */
template <class T>
void glu(Launch& l) noexcept {
  const int64_t outer = l.size(0), half = l.size(1), n = times(outer, half);
  const T* x = l.in<T>(0, times(n, 2));
  T* y = l.out<T>(1, n);
  if (!l.ok() || n == 0) return;
  eachPiece(outer, half, [&](int64_t o, int64_t begin, int64_t end) {
    const T* a = x + 2 * o * half + begin;
    mapInto(end - begin, false, Gate{}, y + o * half + begin, a, a + half);
  });
}
/** da = dy·s, db = dy·a·s·(1-s), s = sigmoid(b). buffers: x, dy, dx (may be x). sizes: outer, half. */
template <class T>
void gluBackward(Launch& l) noexcept {
  const int64_t outer = l.size(0), half = l.size(1), n = times(outer, half);
  const T* x = l.in<T>(0, times(n, 2));
  const T* dy = l.in<T>(1, n);
  T* dx = l.out<T>(2, times(n, 2));
  if (!l.ok() || n == 0) return;
  eachPiece(outer, half, [&](int64_t o, int64_t begin, int64_t end) {
    const int64_t at = 2 * o * half + begin;
    gateBackward(end - begin, x + at, x + at + half, dy + o * half + begin, dx + at, dx + at + half);
  });
}

/** A slope w for all elements of a run, or one beside each element. */
template <class S> struct Leak {
  S w;
  template <class V> V operator()(V x) const { return select(x > like(x, 0), x, x * like(x, w)); }
};
struct LeakBeside {
  template <class V> V operator()(V x, V w) const { return select(x > like(x, 0), x, x * w); }
};
template <class S> struct LeakSlope {
  S w;
  template <class V> V operator()(V x, V dy) const { return select(x > like(x, 0), dy, dy * like(x, w)); }
};
struct LeakSlopeBeside {
  template <class V> V operator()(V x, V w, V dy) const { return select(x > like(x, 0), dy, dy * w); }
};

/** [outer, channels, inner], with a slope for each channel. */
struct Channels {
  int64_t outer, channels, inner;
  int64_t n() const { return times(times(outer, channels), inner); }
};
/** Calls run(at, n, channel) for runs of one channel, or where those are single elements beside(at, n) for all channels' runs. */
template <class Run, class Beside>
inline void eachChannel(const Channels& s, Run run, Beside beside) {
  if (s.inner == 1 && s.channels > 1)
    eachPiece(s.outer, s.channels, [&](int64_t o, int64_t begin, int64_t end) { beside(o * s.channels, begin, end); });
  else
    eachPiece(s.outer * s.channels, s.inner,
              [&](int64_t r, int64_t begin, int64_t end) { run(r * s.inner + begin, end - begin, r % s.channels); });
}

/** x right of 0, w[c]·x left of it. He et al. 2015, arXiv:1502.01852.
 *  buffers: x [outer, channels, inner], w [channels], out (may be x). sizes: outer, channels, inner. */
template <class T>
void prelu(Launch& l) noexcept {
  const Channels s{l.size(0), l.size(1), l.size(2)};
  const int64_t n = s.n();
  const T* x = l.in<T>(0, n);
  const T* w = l.in<T>(1, s.channels);
  T* y = l.out<T>(2, n);
  if (!l.ok() || n == 0) return;
  eachChannel(
      s, [&](int64_t at, int64_t m, int64_t c) { mapInto(m, false, Leak<T>{w[c]}, y + at, x + at); },
      [&](int64_t at, int64_t begin, int64_t end) {
        mapInto(end - begin, false, LeakBeside{}, y + at + begin, x + at + begin, w + begin);
      });
}
/** dx = dy or w·dy, dw[c] = sum of dy·x left of 0. buffers: x, w, dy, dx, dw (apart from all others). sizes: outer, channels, inner. */
template <class T>
void preluBackward(Launch& l) noexcept {
  const Channels s{l.size(0), l.size(1), l.size(2)};
  const int64_t n = s.n();
  const T* x = l.in<T>(0, n);
  const T* w = l.in<T>(1, s.channels);
  const T* dy = l.in<T>(2, n);
  T* dx = l.out<T>(3, n);
  T* dw = l.out<T>(4, s.channels);
  if (!l.ok()) return;
  // Sums first, while x and dy are there: dx may be either.
  const auto part = [&](int64_t at, int64_t m, bool shared) {
    return fold<T>(Sum{}, m, [=](int64_t i, int64_t k) {
      const Pack<T> v = loadPack(x + at + i, k);
      return select(v > fillPack(T(0)), fillPack(T(0)), v * loadPack(dy + at + i, k));
    }, shared);
  };
  if (n == 0)
    for (int64_t c = 0; c < s.channels; c++) dw[c] = 0;
  else if (s.channels == 1 && s.outer == 1) dw[0] = part(0, n, true);
  else
    parallel(s.channels, kGrain * s.channels / n + 1, [&](int64_t begin, int64_t end) {
      for (int64_t c = begin; c < end; c++) {
        double sum = 0;
        for (int64_t o = 0; o < s.outer; o++) {
          const int64_t at = (o * s.channels + c) * s.inner;
          if (s.inner > 1) sum += static_cast<double>(part(at, s.inner, false));
          else if (!(x[at] > T{0})) sum += static_cast<double>(x[at]) * static_cast<double>(dy[at]);
        }
        dw[c] = static_cast<T>(sum);
      }
    });
  if (n == 0) return;
  eachChannel(
      s, [&](int64_t at, int64_t m, int64_t c) { mapInto(m, false, LeakSlope<T>{w[c]}, dx + at, x + at, dy + at); },
      [&](int64_t at, int64_t begin, int64_t end) {
        mapInto(end - begin, false, LeakSlopeBeside{}, dx + at + begin, x + at + begin, w + begin, dy + at + begin);
      });
}

}  // namespace

#define BOTH(name) FLOATS(name), FLOATS(name##Backward)
GLOROT_FAMILY(gated, BOTH(glu), BOTH(prelu))

}  // namespace GLOROT_ISA
}  // namespace glorot
