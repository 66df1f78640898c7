// Reductions of one dimension of a contiguous tensor x[outer, R, inner] to y[outer, inner]: sum, mean, product, any, all.
// Several neighbouring dimensions are one R. An empty R gives the fold's identity, as in PyTorch.
#include "kernels/kernels.h"
#include "kernels/reducing.h"
#include "simd/fold.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** Whole numbers are folded in int64; a result past int32 is an error, not a wrapped number.
 *  buffers: x, y (int32).  sizes: outer, R, inner. */
template <class T, class F>
void reduceWhole(Launch& l, int64_t start, F step) {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  int32_t* y = l.out<int32_t>(1, a.kept());
  if (!l.ok()) return;
  const auto total = [&](int64_t k) {
    const T* p = x + k / a.inner * a.R * a.inner + k % a.inner;
    int64_t s = start;
    for (int64_t r = 0; r < a.R; r++) s = step(s, p[r * a.inner]);
    return s;
  };
  const auto totalOfRow = [&](int64_t k) {
    const T* p = x + k * a.R;
    int64_t s = start;
    for (int64_t r = 0; r < a.R; r++) s = step(s, p[r]);
    return s;
  };
  int past = 0;
  int64_t example = 0;
  parallel(a.kept(), a.R >= kGrain ? 1 : kGrain / (a.R + 1), [&](int64_t begin, int64_t end) {
    for (int64_t k = begin; k < end; k++) {
      const int64_t s = a.inner == 1 ? totalOfRow(k) : total(k);
      y[k] = static_cast<int32_t>(s);
      if (s != y[k] && !__atomic_exchange_n(&past, 1, __ATOMIC_RELAXED)) example = s;
    }
  });
  if (past) l.fail(ErrorKind::kValue, "the result %g does not fit int32; convert to float64 first", static_cast<double>(example));
}

struct AddWhole {
  int64_t operator()(int64_t s, int64_t v) const { return s + v; }
};
/** Saturates: a product past int64 stays past int32, and a later zero still gives zero. */
struct MultiplyWhole {
  int64_t operator()(int64_t s, int64_t v) const {
    int64_t p;
    return !__builtin_mul_overflow(s, v, &p) ? p : (s < 0) == (v < 0) ? INT64_MAX : INT64_MIN;
  }
};

/** y = sum x / n: a sum is a mean with n = 1, so that both are one code. */
template <class T> void total(Launch& l, double n) {
  reduceWith<T>(l, Sum{}, Same{}, [n](auto s) { return n == 1 ? s : s / like(s, n); });
}

/** y = sum x.  float32, float64; int32 and bool give int32. */
template <class T> void sum(Launch& l) noexcept { total<T>(l, 1); }
template <> void sum<int32_t>(Launch& l) noexcept { reduceWhole<int32_t>(l, 0, AddWhole{}); }
template <> void sum<uint8_t>(Launch& l) noexcept { reduceWhole<uint8_t>(l, 0, AddWhole{}); }

/** y = sum x / R. */
template <class T> void mean(Launch& l) noexcept { total<T>(l, static_cast<double>(l.size(1))); }

/** y = product of x. */
template <class T> void prod(Launch& l) noexcept { reduceWith<T>(l, Product{}, Same{}, Same{}); }
template <> void prod<int32_t>(Launch& l) noexcept { reduceWhole<int32_t>(l, 1, MultiplyWhole{}); }
template <> void prod<uint8_t>(Launch& l) noexcept { reduceWhole<uint8_t>(l, 1, MultiplyWhole{}); }

/** dx[r] = dy * (product of all x but x[r]), from the products before and after r: right with any number of zeros.
 *  buffers: x, dy [outer, inner], dx.  sizes: outer, R, inner. */
template <class T> void prodBackward(Launch& l) noexcept {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  const T* dy = l.in<T>(1, a.kept());
  T* dx = l.out<T>(2, a.n());
  if (!l.ok() || a.n() == 0) return;
  eachStrip(a, [&](int64_t at, int64_t kept, int64_t n) {
    T run[kStrip];
    for (int64_t i = 0; i < n; i++) run[i] = 1;
    for (int64_t r = 0; r < a.R; r++)
      for (int64_t i = 0, k = at + r * a.inner; i < n; i++, k++) dx[k] = run[i], run[i] *= x[k];
    for (int64_t i = 0; i < n; i++) run[i] = dy[kept + i];
    for (int64_t r = a.R - 1; r >= 0; r--)
      for (int64_t i = 0, k = at + r * a.inner; i < n; i++, k++) dx[k] *= run[i], run[i] *= x[k];
  });
}

constexpr int64_t kStretch = 1024;  // elements looked at before asking whether the answer is known

/** y = whether any, or all, x are not zero (nan is not); y is bool. */
template <class T> void truth(Launch& l, bool all) {
  Axis a;
  if (!readAxis(l, a)) return;
  const T* x = l.in<T>(0, a.n());
  uint8_t* y = l.out<uint8_t>(1, a.kept());
  if (!l.ok()) return;
  if (a.inner == 1) {
    eachRow(a, [&](int64_t o, bool) {
      const T* row = x + o * a.R;
      uint8_t found = 0;  // a true one for any, a false one for all
      for (int64_t i = 0; i < a.R && !found; i += kStretch)
        for (int64_t j = i, end = a.R - i < kStretch ? a.R : i + kStretch; j < end; j++) found |= (row[j] != 0) != all;
      y[o] = found != all;
    });
    return;
  }
  eachStrip(a, [&](int64_t at, int64_t kept, int64_t n) {
    uint8_t found[kStrip] = {};
    for (int64_t r = 0; r < a.R; r++)
      for (int64_t i = 0; i < n; i++) found[i] |= (x[at + r * a.inner + i] != 0) != all;
    for (int64_t i = 0; i < n; i++) y[kept + i] = found[i] != all;
  });
}
template <class T> void any(Launch& l) noexcept { truth<T>(l, false); }
template <class T> void all(Launch& l) noexcept { truth<T>(l, true); }

}  // namespace

GLOROT_FAMILY(reduce, ANY(sum), FLOATS(mean), ANY(prod), FLOATS(prodBackward), ANY(any), ANY(all))

}  // namespace GLOROT_ISA
}  // namespace glorot
