// Tensors of regular numbers.
#include "kernels/kernels.h"
#include "pool.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** y[i] = start + i·step, in double.  buffers: y.  sizes: n.  floats: start, step. */
template <class T>
void arange(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const double start = l.num(0), step = l.num(1);
  T* y = l.out<T>(0, n);
  if (!l.ok()) return;
  const double last = start + step * static_cast<double>(n > 0 ? n - 1 : 0);
  if (static_cast<T>(0.5) == T{0} && !(start >= -2147483648.0 && start <= 2147483647.0 && last >= -2147483648.0 && last <= 2147483647.0)) {
    l.fail(ErrorKind::kValue, "the numbers from %g to %g do not fit int32", start, last);
    return;
  }
  for (int64_t i = 0; i < n; i++) y[i] = static_cast<T>(start + step * static_cast<double>(i));
}

/** n numbers from start to end, both halves counted from their own end, as PyTorch does.  buffers: y.  sizes: n.  floats: start, end. */
template <class T>
void linspace(Launch& l) noexcept {
  const int64_t n = l.size(0);
  const T start = static_cast<T>(l.num(0)), end = static_cast<T>(l.num(1));
  T* y = l.out<T>(0, n);
  if (!l.ok() || n == 0) return;
  const T step = n > 1 ? (end - start) / static_cast<T>(n - 1) : T{0};
  for (int64_t i = 0; i < n; i++)
    y[i] = n == 1 ? start : i < n / 2 ? start + step * static_cast<T>(i) : end - step * static_cast<T>(n - i - 1);
}

/** 1 on the diagonal, else 0.  buffers: y.  sizes: rows, columns. */
template <class T>
void eye(Launch& l) noexcept {
  const int64_t rows = l.size(0), columns = l.size(1), n = times(rows, columns);
  T* y = l.out<T>(0, n);
  if (!l.ok() || n == 0) return;
  __builtin_memset(y, 0, static_cast<size_t>(n) * sizeof(T));
  for (int64_t i = 0; i < rows && i < columns; i++) y[i * columns + i] = T{1};
}

}  // namespace

GLOROT_FAMILY(create, NUMBERS(arange), FLOATS(linspace), ANY(eye))

}  // namespace GLOROT_ISA
}  // namespace glorot
