// What losses over classes share: scores x[N, C, D] (D: further dimensions, 1 where there are none), targets t[N, D] as int32,
// samples k = n*D + d handled in blocks, and sums of losses that do not depend on the threads.
#pragma once
#include "kernels/kernels.h"
#include "simd/fold.h"

namespace glorot {
namespace GLOROT_ISA {

enum Reduction { kNone, kMean, kSum, kReductions };

// Samples handled together: their numbers per sample fit the first cache level.
constexpr int64_t kBlock = 64;

struct Classes {
  int64_t N, C, D;
  int reduction;
  int64_t samples() const { return N * D; }
  int64_t scores() const { return N * D * C; }
  int64_t blocks() const { return D == 1 ? (N + kBlock - 1) / kBlock : N * ((D + kBlock - 1) / kBlock); }
};

/** sizes: N, C, D, reduction. */
inline bool readClasses(Launch& l, Classes& c) {
  c = {l.size(0), l.size(1), l.size(2), l.choice(3, kReductions)};
  if (!l.ok()) return false;
  const int64_t limit = int64_t{1} << 53;
  if (times(c.N, c.D) > limit || times(times(c.N, c.D), c.C) > limit)
    return l.fail(ErrorKind::kLaunch, "sizes %g x %g and more are no extent", static_cast<double>(c.N), static_cast<double>(c.C));
  return true;
}

/** Neighbouring samples of one n (or of several where D is 1): the first, how many, and where the first one's scores are. */
struct Block {
  int64_t k, n, x;
};
inline Block blockOf(const Classes& c, int64_t b) {
  if (c.D == 1) return {b * kBlock, c.N - b * kBlock < kBlock ? c.N - b * kBlock : kBlock, b * kBlock * c.C};
  const int64_t blocks = (c.D + kBlock - 1) / kBlock, n = b / blocks, d = b % blocks * kBlock;
  return {n * c.D + d, c.D - d < kBlock ? c.D - d : kBlock, n * c.C * c.D + d};
}

/** Calls f(block) for all blocks, shared among threads. */
template <class F> inline void eachBlock(const Classes& c, F f) {
  const int64_t cost = kBlock * c.C + 1;
  parallel(c.blocks(), cost >= kGrain ? 1 : kGrain / cost, [&](int64_t begin, int64_t end) {
    for (int64_t b = begin; b < end; b++) f(blockOf(c, b));
  });
}

/** A sum of losses and of the weights they are averaged by, in double. */
struct Total {
  double loss = 0, weight = 0;
};

/** Calls f(block, total) for all blocks and adds the totals: within groups of blocks, then over the at most 256 groups. */
template <class F> inline Total sumBlocks(const Classes& c, F f) {
  const int64_t blocks = c.blocks(), group = (blocks + kMaxChunks - 1) / kMaxChunks, groups = blocks ? (blocks + group - 1) / group : 0;
  Total part[kMaxChunks];
  const int64_t cost = group * kBlock * c.C + 1;
  parallel(groups, cost >= kGrain ? 1 : kGrain / cost, [&](int64_t begin, int64_t end) {
    for (int64_t g = begin; g < end; g++)
      for (int64_t b = g * group; b < (g + 1) * group && b < blocks; b++) f(blockOf(c, b), part[g]);
  });
  Total all;
  for (int64_t g = 0; g < groups; g++) all.loss += part[g].loss, all.weight += part[g].weight;
  return all;
}

/** Class of sample k. Read once at each use: the buffer is shared with JavaScript, which may change it after the check. */
inline int32_t classOf(const int32_t* t, int64_t k) { return __atomic_load_n(t + k, __ATOMIC_RELAXED); }
inline bool isClass(int32_t t, int64_t C) { return t >= 0 && t < C; }

/** Refuses a target that is neither a class nor `ignored`. */
inline bool checkTargets(Launch& l, const int32_t* t, int64_t n, int64_t C, double ignored) {
  for (int64_t k = 0; k < n; k++) {
    const int32_t v = classOf(t, k);
    if (!isClass(v, C) && static_cast<double>(v) != ignored)
      return l.fail(ErrorKind::kIndex, "target %g is out of range for %g classes", v, static_cast<double>(C));
  }
  return true;
}

}  // namespace GLOROT_ISA
}  // namespace glorot
