// Rows by index: what a data loader makes a batch of.
#include "kernels/kernels.h"
#include "pool.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

/** Row `row` of an index, counted from either end, or -1 where there is none. The index is read once: its memory may change. */
inline int64_t rowOf(int32_t index, int64_t rows) {
  const int64_t row = index < 0 ? index + rows : index;
  return row >= 0 && row < rows ? row : -1;
}

/** y[i] = x[index[i]], rows of any dtype. All indices are checked before the first row is written.
 *  buffers: x [rows, length], index (int32) [count], y [count, length].  sizes: rows, length, count. */
template <class T>
void gatherRows(Launch& l) noexcept {
  const int64_t rows = l.size(0), length = l.size(1), count = l.size(2);
  const T* x = l.in<T>(0, times(rows, length));
  const int32_t* index = l.in<int32_t>(1, count);
  T* y = l.out<T>(2, times(count, length));
  if (!l.ok()) return;
  for (int64_t i = 0; i < count; i++)
    if (const int32_t at = index[i]; rowOf(at, rows) < 0) {
      l.fail(ErrorKind::kIndex, "index %g is out of range for %g rows", at, static_cast<double>(rows));
      return;
    }
  if (length == 0) return;
  constexpr int64_t kElements = 32768;
  parallel(count, length > kElements ? 1 : kElements / length, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      const int64_t row = rowOf(index[i], rows);
      if (row >= 0) __builtin_memmove(y + i * length, x + row * length, static_cast<size_t>(length) * sizeof(T));
    }
  });
}

}  // namespace

GLOROT_FAMILY(gather, ANY(gatherRows))

}  // namespace GLOROT_ISA
}  // namespace glorot
