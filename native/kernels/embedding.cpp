// Rows of a table by index, alone and in bags, and the gradients that go back to them. An index buffer is checked whole before
// anything is written, and each value again where it is used: another thread may change it meanwhile.
#include "kernels/kernels.h"
#include "simd/fold.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** Whether all indices are rows of a table of V. */
bool areRows(Launch& l, const int32_t* index, int64_t count, int64_t V) {
  for (int64_t i = 0; i < count; i++)
    if (const int32_t v = index[i]; v < 0 || v >= V)
      return l.fail(ErrorKind::kIndex, "index %g is out of range for %g embeddings", v, static_cast<double>(V));
  return true;
}
inline int64_t rowOf(int32_t v, int64_t V) { return v >= 0 && v < V ? v : -1; }

/** y[i] = w[index[i]].  buffers: w [V, D], index (int32 [count]), y [count, D].  sizes: V, D, count. */
template <class T> void embedding(Launch& l) noexcept {
  const int64_t V = l.size(0), D = l.size(1), count = l.size(2);
  const T* w = l.in<T>(0, times(V, D));
  const int32_t* index = l.in<int32_t>(1, count);
  T* y = l.out<T>(2, times(count, D));
  if (!l.ok() || !areRows(l, index, count, V) || D == 0) return;
  parallel(count, D > kGrain ? 1 : kGrain / D, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++)
      if (const int64_t v = rowOf(index[i], V); v >= 0) __builtin_memcpy(y + i * D, w + v * D, static_cast<size_t>(D) * sizeof(T));
  });
}

template <class T>
__attribute__((noinline)) void addScaled(int64_t n, const T* x, T by, T* y) {
  constexpr int W = kPack<T>;
  const Pack<T> k = fillPack(by);
  for (int64_t i = 0; i < n; i += W) {
    const int64_t m = n - i < W ? n - i : W;
    storePack(y + i, fma(loadPack(x + i, m), k, loadPack(y + i, m)), m);
  }
}

// Columns that one thread adds to: places are never shared, so each is added to in the order of the indices.
constexpr int64_t kColumns = 256;
template <class F>
inline void eachColumns(int64_t D, int64_t count, F f) {
  const int64_t strips = (D + kColumns - 1) / kColumns, cost = times(count, D < kColumns ? D : kColumns) + 1;
  parallel(strips, cost >= kGrain ? 1 : kGrain / cost, [&](int64_t begin, int64_t end) {
    for (int64_t s = begin; s < end; s++) f(s * kColumns, D - s * kColumns < kColumns ? D - s * kColumns : kColumns);
  });
}

/** How often each row of V is named, in scratch memory; null (and a failed launch) where there is none left. */
const int32_t* countsOf(Launch& l, const int32_t* index, int64_t count, int64_t V) {
  auto* counts = static_cast<int32_t*>(scratch(0, static_cast<size_t>(V) * sizeof(int32_t)));
  if (!counts) return l.fail(ErrorKind::kLaunch, "there is no memory to count %g rows", static_cast<double>(V)), nullptr;
  std::memset(counts, 0, static_cast<size_t>(V) * sizeof(int32_t));
  for (int64_t i = 0; i < count; i++)
    if (const int64_t v = rowOf(index[i], V); v >= 0) counts[v]++;
  return counts;
}

/** dw[index[i]] += dy[i], 0 elsewhere; the padding row gets nothing; with `frequency` a row's gradient is divided by how often it
 *  is named.  buffers: dy [count, D], index (int32 [count]), dw [V, D].  sizes: V, D, count, padding + 1 or 0, frequency. */
template <class T> void embeddingBackward(Launch& l) noexcept {
  const int64_t V = l.size(0), D = l.size(1), count = l.size(2), padding = l.size(3) - 1;
  const int frequency = l.choice(4, 2);
  const T* dy = l.in<T>(0, times(count, D));
  const int32_t* index = l.in<int32_t>(1, count);
  T* dw = l.out<T>(2, times(V, D));
  if (!l.ok() || !areRows(l, index, count, V)) return;
  const int32_t* counts = frequency ? countsOf(l, index, count, V) : nullptr;
  if (!l.ok()) return;
  if (times(V, D) > 0) std::memset(dw, 0, static_cast<size_t>(V * D) * sizeof(T));
  eachColumns(D, count, [&](int64_t at, int64_t n) {
    for (int64_t i = 0; i < count; i++)
      if (const int64_t v = rowOf(index[i], V); v >= 0 && v != padding)
        addScaled(n, dy + i * D + at, counts ? T(1) / static_cast<T>(counts[v]) : T(1), dw + v * D + at);
  });
}

/** Rows that are named and whose p-norm is above maxNorm are scaled to it, in place: w *= maxNorm / (norm + 1e-7).
 *  PyTorch: ATen/native/Embedding.cpp, embedding_renorm_cpu_.
 *  buffers: w [V, D], index (int32 [count]).  sizes: V, D, count.  floats: maxNorm, p. */
template <class T> void embeddingRenorm(Launch& l) noexcept {
  const int64_t V = l.size(0), D = l.size(1), count = l.size(2);
  const double most = l.num(0), p = l.num(1);
  T* w = l.out<T>(0, times(V, D));
  const int32_t* index = l.in<int32_t>(1, count);
  if (!l.ok() || !areRows(l, index, count, V)) return;
  auto* seen = static_cast<uint8_t*>(scratch(0, static_cast<size_t>(V)));
  if (!seen) {
    l.fail(ErrorKind::kLaunch, "there is no memory to mark %g rows", static_cast<double>(V));
    return;
  }
  if (V > 0) std::memset(seen, 0, static_cast<size_t>(V));
  for (int64_t i = 0; i < count; i++) {
    const int64_t v = rowOf(index[i], V);
    if (v < 0 || seen[v]) continue;
    seen[v] = 1;
    T* row = w + v * D;
    double sum = 0;
    for (int64_t j = 0; j < D; j++) {
      const double a = __builtin_fabs(static_cast<double>(row[j]));
      if (p - p != 0) sum = a > sum || a != a ? a : sum;
      else sum += p == 2 ? a * a : p == 1 ? a : __builtin_pow(a, p);
    }
    const double norm = p == 2 ? __builtin_sqrt(sum) : p == 1 || p - p != 0 ? sum : __builtin_pow(sum, 1 / p);
    if (!(norm > most)) continue;
    const T by = static_cast<T>(most / (norm + 1e-7));
    for (int64_t j = 0; j < D; j++) row[j] *= by;
  }
}

// --- bags ------------------------------------------------------------------------------------------------------------------
enum : int { kSum, kMean, kMax };

struct Bags {
  int64_t V, D, count, bags, padding, known;
  int mode;
  bool weighted;
  const int32_t *index, *offsets;

  int64_t begin(int64_t b) const { return within(offsets[b]); }
  int64_t end(int64_t b) const { return b + 1 < known ? within(offsets[b + 1]) : count; }
  int64_t within(int64_t at) const { return at < 0 ? 0 : at > count ? count : at; }
  /** The row that entry i adds, or -1. */
  int64_t row(int64_t i) const {
    const int64_t v = rowOf(index[i], V);
    return v == padding ? -1 : v;
  }
};

/** sizes 0-6: V, D, count, bags, mode (sum, mean, max), padding + 1 or 0, 1 if weighted + 2 if the last end is among the offsets.
 *  Buffers at, at+1: index (int32 [count]), offsets (int32 [bags] or [bags + 1], the first 0, none below the one before). */
bool readBags(Launch& l, int at, Bags& b) {
  const int given = l.choice(6, 4);
  b = {l.size(0), l.size(1), l.size(2), l.size(3), l.size(5) - 1, 0, l.choice(4, 3), (given & 1) != 0, nullptr, nullptr};
  b.known = b.bags + (given >> 1);
  b.index = l.in<int32_t>(at, b.count), b.offsets = l.in<int32_t>(at + 1, b.known);
  if (!l.ok() || !areRows(l, b.index, b.count, b.V)) return false;
  int32_t last = 0;
  for (int64_t k = 0; k < b.known; k++) {
    const int32_t o = b.offsets[k];
    if (o < last || o > b.count || (k == 0 && o != 0))
      return l.fail(ErrorKind::kIndex, "offset %g does not fit: offsets start at 0, do not fall and end by %g", o, static_cast<double>(b.count));
    last = o;
  }
  return true;
}

/** The factor of bag b's rows: 1, or 1 over how many there are. */
template <class T> inline T shareOf(const Bags& b, int64_t bag) {
  if (b.mode != kMean) return 1;
  int64_t n = 0;
  for (int64_t i = b.begin(bag); i < b.end(bag); i++) n += b.row(i) >= 0;
  return n > 0 ? T(1) / static_cast<T>(n) : T(0);
}

/** y[bag] = Σ, mean or maximum of its rows; 0 of none. max leaves the entry that gave each element, or -1.
 *  buffers: w [V, D], index, offsets, y [bags, D], weights? [count], entries? (int32 [bags, D], max).  sizes: see readBags. */
template <class T> void embeddingBag(Launch& l) noexcept {
  Bags b;
  if (!readBags(l, 1, b)) return;
  const T* w = l.in<T>(0, times(b.V, b.D));
  T* y = l.out<T>(3, times(b.bags, b.D));
  const T* weights = b.weighted ? l.in<T>(4, b.count) : nullptr;
  int32_t* entries = b.mode == kMax ? l.out<int32_t>(4 + b.weighted, times(b.bags, b.D)) : nullptr;
  if (!l.ok()) return;
  const int64_t D = b.D, cost = times(D, b.count / (b.bags + 1) + 1) + 1;
  parallel(b.bags, cost >= kGrain ? 1 : kGrain / cost, [&](int64_t begin, int64_t end) {
    for (int64_t bag = begin; bag < end; bag++) {
      T* to = y + bag * D;
      for (int64_t j = 0; j < D; j++) to[j] = 0;
      if (entries)
        for (int64_t j = 0; j < D; j++) entries[bag * D + j] = -1;
      const T share = shareOf<T>(b, bag);
      for (int64_t i = b.begin(bag); i < b.end(bag); i++) {
        const int64_t v = b.row(i);
        if (v < 0) continue;
        const T* from = w + v * D;
        if (!entries) {
          addScaled(D, from, weights ? share * weights[i] : share, to);
          continue;
        }
        for (int64_t j = 0; j < D; j++)
          if (int32_t& entry = entries[bag * D + j]; entry < 0 || from[j] > to[j]) entry = static_cast<int32_t>(i), to[j] = from[j];
      }
    }
  });
}

/** buffers: dy [bags, D], index, offsets, dw [V, D], weights? [count], entries? (int32 [bags, D], max).
 *  sizes: see readBags, then 1 to divide a row's gradient by how often it is named. */
template <class T> void embeddingBagBackward(Launch& l) noexcept {
  Bags b;
  if (!readBags(l, 1, b)) return;
  const int frequency = l.choice(7, 2);
  const T* dy = l.in<T>(0, times(b.bags, b.D));
  T* dw = l.out<T>(3, times(b.V, b.D));
  const T* weights = b.weighted ? l.in<T>(4, b.count) : nullptr;
  const int32_t* entries = b.mode == kMax ? l.in<int32_t>(4 + b.weighted, times(b.bags, b.D)) : nullptr;
  if (!l.ok()) return;
  const int32_t* counts = frequency ? countsOf(l, b.index, b.count, b.V) : nullptr;
  if (!l.ok()) return;
  const int64_t D = b.D;
  if (times(b.V, D) > 0) std::memset(dw, 0, static_cast<size_t>(b.V * D) * sizeof(T));
  eachColumns(D, b.count, [&](int64_t at, int64_t n) {
    for (int64_t bag = 0; bag < b.bags; bag++) {
      const T* from = dy + bag * D + at;
      if (entries) {
        for (int64_t j = 0; j < n; j++)
          if (const int64_t i = entries[bag * D + at + j]; i >= 0 && i < b.count)
            if (const int64_t v = b.row(i); v >= 0) dw[v * D + at + j] += from[j];
        continue;
      }
      const T share = shareOf<T>(b, bag);
      for (int64_t i = b.begin(bag); i < b.end(bag); i++) {
        const int64_t v = b.row(i);
        if (v < 0) continue;
        const T by = weights ? share * weights[i] : share;
        addScaled(n, from, counts ? by / static_cast<T>(counts[v]) : by, dw + v * D + at);
      }
    }
  });
}

/** The gradient of a bag's weights: dweights[i] = dy[bag of i] · w[index[i]].
 *  buffers: w [V, D], index, offsets, dy [bags, D], dweights [count].  sizes: see readBags. */
template <class T> void embeddingBagWeights(Launch& l) noexcept {
  Bags b;
  if (!readBags(l, 1, b)) return;
  const T* w = l.in<T>(0, times(b.V, b.D));
  const T* dy = l.in<T>(3, times(b.bags, b.D));
  T* dweights = l.out<T>(4, b.count);
  if (!l.ok()) return;
  for (int64_t i = 0; i < b.count; i++) dweights[i] = 0;
  for (int64_t bag = 0; bag < b.bags; bag++)
    for (int64_t i = b.begin(bag); i < b.end(bag); i++) {
      const int64_t v = b.row(i);
      if (v < 0) continue;
      const T *row = w + v * b.D, *grad = dy + bag * b.D;
      dweights[i] = fold<T>(Sum{}, b.D, [=](int64_t j, int64_t n) { return loadPack(row + j, n) * loadPack(grad + j, n); });
    }
}

}  // namespace

GLOROT_FAMILY(embedding, FLOATS(embedding), FLOATS(embeddingBackward), FLOATS(embeddingRenorm), FLOATS(embeddingBag), FLOATS(embeddingBagBackward),
              FLOATS(embeddingBagWeights))

}  // namespace GLOROT_ISA
}  // namespace glorot
