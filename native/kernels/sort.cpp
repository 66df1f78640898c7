// Sorting and the K best along one dimension of a contiguous tensor x[outer, R, inner], with the places they came from. Both are
// stable. nan counts as larger than any number and -0 as equal to 0, as in PyTorch. Elements are compared by unsigned keys, so
// no content, however strange, breaks the order.
#include "kernels/kernels.h"
#include "simd/fold.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// Keys rise with the values; the largest is kept for nan. Flipping all bits of a negative float's pattern, or the sign of a
// positive one, makes patterns compare like values (Knuth 5.2.5; M. Herf, Radix Tricks).
inline uint32_t keyOf(float x) {
  if (x != x) return UINT32_MAX;
  if (x == 0) x = 0;  // -0 too
  uint32_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits >> 31 ? ~bits : bits | 0x80000000u;
}
inline uint64_t keyOf(double x) {
  if (x != x) return UINT64_MAX;
  if (x == 0) x = 0;
  uint64_t bits;
  std::memcpy(&bits, &x, sizeof bits);
  return bits >> 63 ? ~bits : bits | 0x8000000000000000u;
}
inline uint32_t keyOf(int32_t x) { return static_cast<uint32_t>(x) ^ 0x80000000u; }
inline uint8_t keyOf(uint8_t x) { return x; }

template <class T> using Key = decltype(keyOf(T{}));

template <class K> struct Entry {
  K key;
  int32_t place;
};
template <class K> inline bool before(const Entry<K>& a, const Entry<K>& b) {
  return a.key < b.key || (a.key == b.key && a.place < b.place);
}

/** Column x[0], x[step] … of R elements as entries; `flip` turns the order around and keeps equals in place. */
template <class T> inline void readEntries(const T* x, int64_t R, int64_t step, bool flip, Entry<Key<T>>* to) {
  for (int64_t r = 0; r < R; r++) {
    const Key<T> key = keyOf(x[r * step]);
    to[r] = {static_cast<Key<T>>(flip ? ~key : key), static_cast<int32_t>(r)};
  }
}

constexpr int64_t kInsertion = 48;  // up to here insertion beats counting digits

template <class K> inline void insertionSort(Entry<K>* a, int64_t n) {
  for (int64_t i = 1; i < n; i++) {
    const Entry<K> e = a[i];
    int64_t j = i;
    for (; j > 0 && before(e, a[j - 1]); j--) a[j] = a[j - 1];
    a[j] = e;
  }
}

/** Least digit first, a byte at a time: stable. Digits that all entries share cost one look. Returns a or b, where the result is. */
template <class K> inline Entry<K>* radixSort(Entry<K>* a, Entry<K>* b, int64_t n) {
  uint32_t counts[sizeof(K)][256] = {};
  for (int64_t i = 0; i < n; i++)
    for (size_t d = 0; d < sizeof(K); d++) counts[d][(a[i].key >> (8 * d)) & 255]++;
  for (size_t d = 0; d < sizeof(K); d++) {
    uint32_t* count = counts[d];
    if (count[(a[0].key >> (8 * d)) & 255] == n) continue;
    uint32_t at = 0;
    for (int v = 0; v < 256; v++) {
      const uint32_t m = count[v];
      count[v] = at;
      at += m;
    }
    for (int64_t i = 0; i < n; i++) b[count[(a[i].key >> (8 * d)) & 255]++] = a[i];
    Entry<K>* t = a;
    a = b, b = t;
  }
  return a;
}

/** The entries of a column in order; two buffers of R. */
template <class K> inline Entry<K>* sortEntries(Entry<K>* a, Entry<K>* b, int64_t n) {
  if (n > kInsertion) return radixSort(a, b, n);
  insertionSort(a, n);
  return a;
}

/** The K first in order of the entries, K <= kInsertion, by keeping the best so far. */
template <class T> inline void firstEntries(const T* x, int64_t R, int64_t step, bool flip, int64_t K, Entry<Key<T>>* best) {
  int64_t n = 0;
  for (int64_t r = 0; r < R; r++) {
    const Key<T> key = keyOf(x[r * step]);
    const Entry<Key<T>> e{static_cast<Key<T>>(flip ? ~key : key), static_cast<int32_t>(r)};
    if (n == K && !before(e, best[n - 1])) continue;
    int64_t j = n < K ? n++ : n - 1;
    for (; j > 0 && before(e, best[j - 1]); j--) best[j] = best[j - 1];
    best[j] = e;
  }
}

/** The first K of every column in order, with their values; K = R sorts. */
template <class T> void order(Launch& l, bool flip, const Axis& a, int64_t K) {
  const int64_t kept = times(a.kept(), K);
  const T* x = l.in<T>(0, a.n());
  T* values = l.out<T>(1, kept);
  int32_t* places = l.out<int32_t>(2, kept);
  if (K > a.R) l.fail(ErrorKind::kLaunch, "%g of %g elements", static_cast<double>(K), static_cast<double>(a.R));
  if (a.R > INT32_MAX) l.fail(ErrorKind::kValue, "%g elements are more than int32 can index", static_cast<double>(a.R));
  if (!l.ok() || kept == 0) return;
  const bool few = K <= kInsertion && K < a.R;
  const size_t buffer = static_cast<size_t>(few ? K : a.R) * sizeof(Entry<Key<T>>);
  int short_ = 0;
  parallel(a.kept(), a.R >= 1024 ? 1 : 1024 / (a.R + 1), [&](int64_t begin, int64_t end) {
    auto* first = static_cast<Entry<Key<T>>*>(scratch(0, buffer));
    auto* second = few ? first : static_cast<Entry<Key<T>>*>(scratch(1, buffer));
    if (!first || !second) {
      __atomic_store_n(&short_, 1, __ATOMIC_RELAXED);
      return;
    }
    for (int64_t c = begin; c < end; c++) {
      const int64_t o = c / a.inner, i = c % a.inner;
      const T* column = x + o * a.R * a.inner + i;
      const Entry<Key<T>>* sorted = first;
      if (few) {
        firstEntries(column, a.R, a.inner, flip, K, first);
      } else {
        readEntries(column, a.R, a.inner, flip, first);
        sorted = sortEntries(first, second, a.R);
      }
      for (int64_t k = 0, to = o * K * a.inner + i; k < K; k++, to += a.inner) {
        places[to] = sorted[k].place;
        values[to] = column[sorted[k].place * a.inner];
      }
    }
  });
  if (short_) l.fail(ErrorKind::kLaunch, "no memory to sort %g elements", static_cast<double>(a.R));
}

/** buffers: x, values, places (int32), all [outer, R, inner].  sizes: outer, R, inner, descending (0, 1). */
template <class T> void sort(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const bool descending = l.choice(3, 2) == 1;
  if (l.ok()) order<T>(l, descending, a, a.R);
}

/** The K largest, best first, or the K smallest.
 *  buffers: x [outer, R, inner], values, places (int32) [outer, K, inner].  sizes: outer, R, inner, K, largest (0, 1). */
template <class T> void topk(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const int64_t K = l.size(3);
  const bool largest = l.choice(4, 2) == 1;
  if (l.ok()) order<T>(l, largest, a, K);
}

}  // namespace

GLOROT_FAMILY(sort, ANY(sort), ANY(topk))

}  // namespace GLOROT_ISA
}  // namespace glorot
