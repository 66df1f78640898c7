// PyTorch's generator: mt19937 (Matsumoto and Nishimura 1998), its state in a buffer that launches are given, so that a replayed
// launch draws on. The state is memory anyone may have written to: what is used as an index is checked when it is opened.
#pragma once
#include "launch.h"
#include "simd/vec.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int kWords = 624, kShift = 397;

/** The layout of a generator's state: 2520 bytes, aligned to 8. src/tensor/generator.ts reads and writes the same. */
struct State {
  uint32_t word[kWords];
  uint32_t next;   // the word to be handed out next, kWords: all are used up
  uint32_t kept;   // 1 where `normal` is the second of a pair whose first was handed out
  double normal;   // in double, before mean and std
  uint32_t seed[2];  // as given: low, high
};
static_assert(sizeof(State) == 2520, "the layout is shared with TypeScript");

inline VecU loadWords(const uint32_t* p) {
  VecU v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
inline void storeWords(uint32_t* p, VecU v) { std::memcpy(p, &v, sizeof v); }

/** The highest bit of a and the others of b, shifted down; the twist's matrix where b is odd. */
template <class V> inline V twisted(V a, V b) {
  return (((a & 0x80000000u) | (b & 0x7fffffffu)) >> 1) ^ ((0u - (b & 1u)) & 0x9908b0dfu);
}

template <class V> inline V tempered(V y) {
  y ^= y >> 11;
  y ^= (y << 7) & 0x9d2c5680u;
  y ^= (y << 15) & 0xefc60000u;
  return y ^ (y >> 18);
}

/** s[i] = s[i + from] ^ twisted(s[i], s[i+1]) for begin <= i < end; `from` is at least a vector away, either side. */
inline void twistRange(uint32_t* s, int begin, int end, int from) {
  int i = begin;
  for (; i + kLanesF <= end; i += kLanesF)
    storeWords(s + i, loadWords(s + i + from) ^ twisted(loadWords(s + i), loadWords(s + i + 1)));
  for (; i < end; i++) s[i] = s[i + from] ^ twisted(s[i], s[i + 1]);
}

__attribute__((noinline)) void twist(uint32_t* s) {
  twistRange(s, 0, kWords - kShift, kShift);
  twistRange(s, kWords - kShift, kWords - 1, kShift - kWords);
  s[kWords - 1] = s[kShift - 1] ^ twisted(s[kWords - 1], s[0]);
}

/** An opened state. The position is kept here, checked, and written back by close(). */
class Stream {
 public:
  /** False, and a failed launch, where buffer 0 is no generator's state. */
  bool open(Launch& l) {
    state_ = reinterpret_cast<State*>(l.out<double>(0, sizeof(State) / sizeof(double)));
    if (!l.ok()) return false;
    next_ = state_->next;
    kept_ = state_->kept;
    if (next_ > kWords || kept_ > 1) return l.fail(ErrorKind::kLaunch, "the generator's state is damaged");
    return true;
  }
  void close() {
    state_->next = next_;
    state_->kept = kept_;
  }

  /** The next n words. */
  __attribute__((noinline)) void take(int64_t n, uint32_t* to) {
    while (n > 0) {
      if (next_ == kWords) twist(state_->word), next_ = 0;
      const uint32_t* from = state_->word + next_;
      const int64_t count = n < kWords - static_cast<int64_t>(next_) ? n : kWords - static_cast<int64_t>(next_);
      int64_t i = 0;
      for (; i + kLanesF <= count; i += kLanesF) storeWords(to + i, tempered(loadWords(from + i)));
      for (; i < count; i++) to[i] = tempered(from[i]);
      next_ += static_cast<uint32_t>(count), to += count, n -= count;
    }
  }
  uint32_t word() {
    uint32_t w;
    take(1, &w);
    return w;
  }

  /** A normal number in double, two at a time (Box and Muller): the second is kept for the next call. */
  double normal();

 private:
  State* state_;
  uint32_t next_, kept_;
};

/** Two words as one of 64 bits: the first is the high half. */
inline uint64_t wide(const uint32_t* w) { return static_cast<uint64_t>(w[0]) << 32 | w[1]; }
/** A double in [0, 1) of 53 bits from two words; a float of 24 bits from one. */
inline double unit53(const uint32_t* w) { return static_cast<double>(wide(w) & ((uint64_t{1} << 53) - 1)) * 0x1p-53; }
inline float unit24(uint32_t w) { return static_cast<float>(static_cast<int32_t>(w & 0xffffffu)) * 0x1p-24f; }
inline VecF unit24(VecU w) { return toFloat((VecI)(w & 0xffffffu)) * splat(0x1p-24f); }

/** A number in [0, 1) as a tensor of T draws it, and the words it takes. */
template <class T> constexpr int kUnitWords = sizeof(T) / 4;
inline float unit(const uint32_t* w, float) { return unit24(*w); }
inline double unit(const uint32_t* w, double) { return unit53(w); }

inline double Stream::normal() {
  if (kept_) {
    kept_ = 0;
    return state_->normal;
  }
  uint32_t w[4];
  take(4, w);
  const double radius = __builtin_sqrt(-2.0 * __builtin_log1p(-unit53(w + 2)));
  const double theta = 2.0 * 3.14159265358979323846 * unit53(w);
  kept_ = 1;
  state_->normal = radius * __builtin_sin(theta);
  return radius * __builtin_cos(theta);
}

constexpr int64_t kDraws = 1024;  // elements drawn at a time: their words stay in the first cache

/** Calls f(i, m, words) for runs of m elements from i on, with `each` (1 or 2) words an element; a vector past the last is 0. */
template <class F> inline void draw(Stream& g, int64_t n, int each, F f) {
  uint32_t words[2 * kDraws + kLanesF];
  for (int64_t i = 0; i < n; i += kDraws) {
    const int64_t m = n - i < kDraws ? n - i : kDraws;
    g.take(m * each, words);
    std::memset(words + m * each, 0, sizeof(VecU));
    f(i, m, static_cast<const uint32_t*>(words));
  }
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
