// The probes of one ISA: see probe.h.
#define GLOROT_PROBES
#include "probe.h"

#include "simd/math.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// As many as hide the latency of a multiply-add at two a cycle, and few enough for sixteen registers.
constexpr int kChains = 12;
constexpr int kAtOnce = 8;

volatile float kept = 1.0f;

float sumOf(const VecF* v, int n) {
  VecF s{};
  for (int i = 0; i < n; i++) s += v[i];
  float total = 0;
  for (int i = 0; i < kLanesF; i++) total += s[i];
  return total;
}

double multiplyAdd(int64_t rounds) {
  const VecF a = splat(kept * 0.999f), b = splat(kept * 0.001f);
  VecF chain[kChains];
  for (int i = 0; i < kChains; i++) chain[i] = splat(kept * static_cast<float>(i));
  for (int64_t r = 0; r < rounds; r++) {
#pragma GCC unroll 12
    for (int i = 0; i < kChains; i++) chain[i] = fma(chain[i], a, b);
  }
  kept = sumOf(chain, kChains) == 0 ? 0.5f : 1.0f;
  return 2.0 * kChains * kLanesF * static_cast<double>(rounds);
}

/** Vectors at once: kAtOnce side by side, or two in each of four parts of the memory. */
template <bool apart> int64_t strideOf(int64_t n) { return apart ? n / 4 : 0; }
template <bool apart> int64_t placeOf(int k, int64_t stride) { return apart ? k / 2 * stride + k % 2 * kLanesF : k * kLanesF; }
template <bool apart> int64_t advance() { return (apart ? 2 : kAtOnce) * kLanesF; }

template <bool apart> float read(const float* x, int64_t n) {
  VecF s[kAtOnce] = {};
  const int64_t stride = strideOf<apart>(n), end = apart ? stride : n;
  for (int64_t i = 0; i < end; i += advance<apart>()) {
#pragma GCC unroll 8
    for (int k = 0; k < kAtOnce; k++) s[k] += load(x + i + placeOf<apart>(k, stride));
  }
  return sumOf(s, kAtOnce);
}

template <bool past> void write(float* y, int64_t n) {
  const VecF v = splat(kept);
  for (int64_t i = 0; i < n; i += kAtOnce * kLanesF) {
#pragma GCC unroll 8
    for (int k = 0; k < kAtOnce; k++) past ? stream(y + i + k * kLanesF, v) : store(y + i + k * kLanesF, v);
  }
  if (past) streamed();
}

template <bool past, bool apart> void copy(const float* x, float* y, int64_t n) {
  const int64_t stride = strideOf<apart>(n), end = apart ? stride : n;
  for (int64_t i = 0; i < end; i += advance<apart>()) {
#pragma GCC unroll 8
    for (int k = 0; k < kAtOnce; k++) {
      const int64_t at = i + placeOf<apart>(k, stride);
      const VecF v = load(x + at);
      past ? stream(y + at, v) : store(y + at, v);
    }
  }
  if (past) streamed();
}

template <class F> float over(const float* x, int64_t n, F f) {
  VecF s[2] = {};
  for (int64_t i = 0; i < n; i += 2 * kLanesF) {
    s[0] += f(load(x + i));
    s[1] += f(load(x + i + kLanesF));
  }
  return sumOf(s, 2);
}
float expOver(const float* x, int64_t n) {
  return over(x, n, [](VecF v) { return exp(v); });
}
float sigmoidOver(const float* x, int64_t n) {
  return over(x, n, [](VecF v) { return sigmoid(v); });
}
float tanhOver(const float* x, int64_t n) {
  return over(x, n, [](VecF v) { return tanh(v); });
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot

#define GLOROT_PROBE_(isa) isa##Probe
#define GLOROT_PROBE(isa) GLOROT_PROBE_(isa)

namespace roofline {
namespace of = glorot::GLOROT_ISA;
extern const Probe GLOROT_PROBE(GLOROT_ISA);
const Probe GLOROT_PROBE(GLOROT_ISA) = {
    GLOROT_ISA_NAME,        of::multiplyAdd,       of::read<false>,       of::read<true>,
    of::write<false>,       of::write<true>,       of::copy<false, false>, of::copy<true, false>,
    of::copy<false, true>,  of::copy<true, true>,  of::expOver,           of::sigmoidOver,
    of::tanhOver,
};
}  // namespace roofline
