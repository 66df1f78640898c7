// Random numbers: each kernel advances the generator whose state is its buffer 0 (random/engine.h) and gives the numbers that
// PyTorch's CPU build gives from the same state. One stream serves every kernel and dtype, so draws are made in order, by one thread.
#include "kernels/kernels.h"
#include "kernels/random/engine.h"
#include "kernels/random/multinomial.h"
#include "kernels/random/normal.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** Starts the stream of a seed; only its low half matters, the high one is remembered.
 *  buffers: state.  sizes: low, high 32 bits of the seed. */
void seedGenerator(Launch& l) noexcept {
  const int64_t low = l.size(0), high = l.size(1);
  State* s = reinterpret_cast<State*>(l.out<double>(0, sizeof(State) / sizeof(double)));
  if (!l.ok()) return;
  if (low > UINT32_MAX || high > UINT32_MAX) {
    l.fail(ErrorKind::kLaunch, "a half of the seed has more than 32 bits");
    return;
  }
  uint32_t w = static_cast<uint32_t>(low);
  s->word[0] = w;
  for (uint32_t j = 1; j < kWords; j++) s->word[j] = w = 1812433253u * (w ^ w >> 30) + j;
  s->next = kWords, s->kept = 0, s->normal = 0;
  s->seed[0] = static_cast<uint32_t>(low), s->seed[1] = static_cast<uint32_t>(high);
}

/** 63 bits, as base seeds are drawn.  buffers: state, out (2 doubles: the high 31 bits, the low 32). */
void random63(Launch& l) noexcept {
  double* y = l.out<double>(1, 2);
  Stream g;
  if (!g.open(l) || !l.ok()) return;
  uint32_t w[2];
  g.take(2, w);
  g.close();
  y[0] = w[0] & 0x7fffffffu;
  y[1] = w[1];
}

inline void uniforms(Stream& g, int64_t n, float a, float b, float* y) {
  const VecF from = splat(a), span = splat(b - a);
  draw(g, n, 1, [&](int64_t i, int64_t m, const uint32_t* w) {
    int64_t k = 0;
    for (; k + kLanesF <= m; k += kLanesF) store(y + i + k, fused(unit24(loadWords(w + k)), span, from));
    if (k < m) storePartial(y + i + k, fused(unit24(loadWords(w + k)), span, from), m - k);
  });
}
inline void uniforms(Stream& g, int64_t n, double a, double b, double* y) {
  const double span = b - a;
  draw(g, n, 2, [&](int64_t i, int64_t m, const uint32_t* w) {
    for (int64_t k = 0; k < m; k++) y[i + k] = __builtin_fma(unit53(w + 2 * k), span, a);
  });
}

/** y = u (b - a) + a, u in [0, 1) of 24 bits (float32) or 53.  buffers: state, y.  sizes: n.  floats: a, b. */
template <class T> void uniform(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const T a = static_cast<T>(l.num(0)), b = static_cast<T>(l.num(1));
  T* y = l.out<T>(1, n);
  Stream g;
  if (!g.open(l) || !l.ok()) return;
  uniforms(g, n, a, b, y);
  g.close();
}

/** Normal numbers. 16 and more are made in blocks of 16, the last 16 anew where n is no multiple; fewer, or with oneByOne (as
 *  PyTorch fills what is not contiguous), in double with a kept second number.
 *  buffers: state, y.  sizes: n, oneByOne 0|1.  floats: mean, std. */
template <class T> void normal(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const bool oneByOne = l.choice(1, 2);
  const double mean = l.num(0), std = l.num(1);
  T* y = l.out<T>(1, n);
  Stream g;
  if (!g.open(l) || !l.ok()) return;
  if (n < 16 || oneByOne) {
    for (int64_t i = 0; i < n; i++) y[i] = static_cast<T>(g.normal() * std + mean);
    g.close();
    return;
  }
  const T m = static_cast<T>(mean), s = static_cast<T>(std);
  for (int64_t i = 0; i < n; i += kDraws) {
    const int64_t count = n - i < kDraws ? n - i : kDraws;
    uniforms(g, count, T{0}, T{1}, y + i);
    normalBlocks(y + i, count / 16, m, s);
  }
  if (n % 16 != 0) {
    uniforms(g, 16, T{0}, T{1}, y + n - 16);
    normalBlocks(y + n - 16, 1, m, s);
  }
  g.close();
}

/** Whole numbers from low to low + last: low + word mod (last + 1); the word has 32 bits, or 64 where `wide`.
 *  buffers: state, y.  sizes: n, wide 0|1.  floats: low, last (whole, within 2^53). */
template <class T> void randint(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const int wideWords = l.choice(1, 2);
  const double low = l.num(0), last = l.num(1);
  T* y = l.out<T>(1, n);
  Stream g;
  if (!g.open(l) || !l.ok()) return;
  if (!(low >= -0x1p53 && low <= 0x1p53 && last >= 0 && last <= 0x1p53) || low != __builtin_rint(low) || last != __builtin_rint(last)) {
    l.fail(ErrorKind::kValue, "from %g on, %g further values: not a range of whole numbers within 2^53", low, last);
    return;
  }
  const bool whole = static_cast<T>(0.5) == T{0};
  if (whole && sizeof(T) == 4 && !(low >= -2147483648.0 && low + last <= 2147483647.0)) {
    l.fail(ErrorKind::kValue, "from %g on, %g further values: past the range of int32", low, last);
    return;
  }
  const int64_t first = static_cast<int64_t>(low);
  const uint64_t count = static_cast<uint64_t>(last) + 1;
  draw(g, n, 1 + wideWords, [&](int64_t i, int64_t m, const uint32_t* w) {
    for (int64_t k = 0; k < m; k++) {
      // A division of 32 bits costs half of one of 64.
      const uint64_t rest = wideWords ? wide(w + 2 * k) % count
                            : count <= UINT32_MAX ? w[k] % static_cast<uint32_t>(count) : w[k];
      y[i + k] = static_cast<T>(first + static_cast<int64_t>(rest));
    }
  });
  g.close();
}

/** A permutation of 0 … n-1.  buffers: state, y (n int32).  sizes: n. */
void randperm(Launch& l) noexcept {
  const int64_t n = l.size(0);
  int32_t* y = l.out<int32_t>(1, n);
  Stream g;
  if (!g.open(l) || !l.ok()) return;
  if (n > INT32_MAX) {
    l.fail(ErrorKind::kValue, "%g numbers are more than int32 counts", static_cast<double>(n));
    return;
  }
  if (n < static_cast<int64_t>(UINT32_MAX / 20)) {
    for (int64_t i = 0; i < n; i++) y[i] = static_cast<int32_t>(i);
    draw(g, n - 1, 1, [&](int64_t i, int64_t m, const uint32_t* w) {
      for (int64_t k = i; k < i + m; k++) {
        const int64_t z = k + w[k - i] % static_cast<uint32_t>(n - k);
        const int32_t t = y[k];
        y[k] = y[z], y[z] = t;
      }
    });
  } else {
    // Words of 32 bits would favour some places by 5 % at this length; PyTorch changes to 64.
    draw(g, n, 2, [&](int64_t i, int64_t m, const uint32_t* w) {
      for (int64_t k = i; k < i + m; k++) {
        const int64_t z = static_cast<int64_t>(wide(w + 2 * (k - i)) % static_cast<uint64_t>(k + 1));
        y[k] = static_cast<int32_t>(k);
        y[k] = y[z], y[z] = static_cast<int32_t>(k);
      }
    });
  }
  g.close();
}

inline bool isProbability(Launch& l, double p) {
  return (p >= 0 && p <= 1) || l.fail(ErrorKind::kValue, "the probability %g is not between 0 and 1", p);
}
/** Whole numbers of 53 bits below this are less than p as fractions. */
inline uint64_t threshold53(double p) { return static_cast<uint64_t>(__builtin_ceil(p * 0x1p53)); }
/** `one` where the fraction is less, else 0: by a mask, as a branch would be mispredicted half the time. */
template <class T> inline T chosen(const uint32_t* w, uint64_t threshold, T one) {
  const uint64_t below = uint64_t{0} - static_cast<uint64_t>((wide(w) & ((uint64_t{1} << 53) - 1)) < threshold);
  uint64_t bits = 0;
  std::memcpy(&bits, &one, sizeof one);
  bits &= below;
  std::memcpy(&one, &bits, sizeof one);
  return one;
}

/** y = one with probability p, else 0; two words an element.  buffers: state, y.  sizes: n.  floats: p, one. */
template <class T> void bernoulli(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const double p = l.num(0);
  const T one = static_cast<T>(l.num(1));
  T* y = l.out<T>(1, n);
  Stream g;
  if (!g.open(l) || !l.ok() || !isProbability(l, p)) return;
  const uint64_t threshold = threshold53(p);
  draw(g, n, 2, [&](int64_t i, int64_t m, const uint32_t* w) {
    for (int64_t k = 0; k < m; k++) y[i + k] = chosen(w + 2 * k, threshold, one);
  });
  g.close();
}

/** y = 1 with probability p[i], else 0.  buffers: state, p, y.  sizes: n. */
template <class T> void bernoulliTensor(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const T* p = l.in<T>(1, n);
  T* y = l.out<T>(2, n);
  Stream g;
  if (!g.open(l) || !l.ok()) return;
  for (int64_t i = 0; i < n; i++)
    if (!isProbability(l, static_cast<double>(p[i]))) return;
  draw(g, n, kUnitWords<T>, [&](int64_t i, int64_t m, const uint32_t* w) {
    for (int64_t k = 0; k < m; k++) y[i + k] = unit(w + kUnitWords<T> * k, T{}) < p[i + k] ? T{1} : T{0};
  });
  g.close();
}

inline void product(int64_t n, const float* a, const float* b, float* y) {
  int64_t i = 0;
  for (; i + kLanesF <= n; i += kLanesF) store(y + i, load(a + i) * load(b + i));
  if (i < n) storePartial(y + i, loadPartial(a + i, n - i) * loadPartial(b + i, n - i), n - i);
}
inline void product(int64_t n, const double* a, const double* b, double* y) {
  for (int64_t i = 0; i < n; i++) y[i] = a[i] * b[i];
}

/** y = x noise, noise = 1/(1-p) with probability 1-p, else 0. Backward is dx = dy noise.
 *  buffers: state, x, y (may be x), noise.  sizes: n.  floats: p < 1. */
template <class T> void dropout(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const double p = l.num(0);
  const T* x = l.in<T>(1, n);
  T* y = l.out<T>(2, n);
  T* noise = l.out<T>(3, n);
  Stream g;
  if (!g.open(l) || !l.ok() || !isProbability(l, p)) return;
  const uint64_t threshold = threshold53(1 - p);
  const T one = T{1} / static_cast<T>(1 - p);
  draw(g, n, 2, [&](int64_t i, int64_t m, const uint32_t* w) {
    for (int64_t k = 0; k < m; k++) noise[i + k] = chosen(w + 2 * k, threshold, one);
    product(m, x + i, noise + i, y + i);
  });
  g.close();
}

/** y = -log(1 - u) / lambda.  buffers: state, y.  sizes: n.  floats: lambda. */
template <class T> void exponential(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const double rate = l.num(0);
  T* y = l.out<T>(1, n);
  Stream g;
  if (!g.open(l) || !l.ok()) return;
  draw(g, n, 2, [&](int64_t i, int64_t m, const uint32_t* w) {
    for (int64_t k = 0; k < m; k++) y[i + k] = static_cast<T>(-1.0 / rate * __builtin_log1p(-unit53(w + 2 * k)));
  });
  g.close();
}

}  // namespace

GLOROT_FAMILY(random, ONE(seedGenerator), ONE(random63), FLOATS(uniform), FLOATS(normal), ANY(randint), ONE(randperm),
              ANY(bernoulli), FLOATS(bernoulliTensor), FLOATS(dropout), FLOATS(exponential), FLOATS(multinomial))

}  // namespace GLOROT_ISA
}  // namespace glorot
