// Matrix products as launches: batched matmul, addmm, and the linear layer with its backward pass.
#include "kernels/gemm.h"
#include "kernels/gemm/sums.h"
#include "kernels/within.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// Products of elements worth one range of a loop over matrices.
constexpr int64_t kBatchWork = 1 << 18;

bool noMemory(Launch& l) { return l.fail(ErrorKind::kLaunch, "no memory for the panels of a matrix product"); }

/** Elements spanned by a rows x columns matrix, by a batch of them. */
__attribute__((always_inline)) inline int64_t spanOf(int64_t rows, int64_t columns, int64_t rowStride, int64_t columnStride) {
  if (rows == 0 || columns == 0) return 0;
  return plus(plus(times(rows - 1, rowStride), times(columns - 1, columnStride)), 1);
}
inline int64_t spanOf(int dims, const int64_t* shape, const int64_t* strides, int64_t matrix) {
  if (dims == 0 || matrix == 0) return matrix;
  const int64_t batch = Launch::span(dims, shape, strides);
  return batch == 0 ? 0 : plus(batch - 1, matrix);
}

/** sizes: M, N, K, row and column stride of A, of B; and the one that follows, which is given back: one read for all. */
template <class T> __attribute__((always_inline)) inline int64_t readProduct(Launch& l, Gemm<T>& g) {
  int64_t size[8];
  l.read(0, 8, size);
  g.M = size[0], g.N = size[1], g.K = size[2];
  g.rowA = size[3], g.colA = size[4], g.rowB = size[5], g.colB = size[6];
  // Strides of 0 let K be longer than any memory: a product that would take hours is refused.
  if (times(times(g.M, g.N), g.K) > int64_t{1} << 52)
    l.fail(ErrorKind::kLaunch, "%g results of %g products each are too many", static_cast<double>(times(g.M, g.N)), static_cast<double>(g.K));
  return size[7];
}

/**
 * C = A·B for each matrix of a batch; zeros where K = 0.  A: [batch…, M, K], B: [batch…, K, N], any strides (0 broadcasts);
 * C: [batch…, M, N], contiguous, apart from A and B.
 * buffers: A, B, C. sizes: M, N, K, row and column stride of A, of B, batch dims, batch shape, batch strides of A, of B.
 */
template <class T>
void matmul(Launch& l) noexcept {
  Gemm<T> g{};
  const int64_t batch = readProduct(l, g);
  if (batch > kMaxDims) return (void)l.fail(ErrorKind::kLaunch, "a batch has %g dims, %g at most", static_cast<double>(batch), kMaxDims);
  int dims = static_cast<int>(batch);
  int64_t shape[kMaxDims], a[kMaxDims], b[kMaxDims];
  if (dims > 0) {
    l.read(8, dims, shape);
    l.read(8 + dims, dims, a);
    l.read(8 + 2 * dims, dims, b);
  }
  if (!l.ok()) return;
  int64_t count = 1;
  for (int d = 0; d < dims; d++) count = times(count, shape[d]);
  g.A = l.in<T>(0, spanOf(dims, shape, a, spanOf(g.M, g.K, g.rowA, g.colA)));
  g.B = l.in<T>(1, spanOf(dims, shape, b, spanOf(g.K, g.N, g.rowB, g.colB)));
  g.C = l.out<T>(2, times(count, times(g.M, g.N)));
  if (!l.ok() || count == 0 || g.M == 0 || g.N == 0) return;
  g.ldc = g.N;

  // Matrices that share B and follow each other in A are one matrix with more rows.
  while (dims > 0 && (shape[dims - 1] == 1 || (b[dims - 1] == 0 && (g.M == 1 || a[dims - 1] == times(g.M, g.rowA))))) {
    dims--;
    if (shape[dims] == 1) continue;
    if (g.M == 1) g.rowA = a[dims];
    g.M *= shape[dims];
    count /= shape[dims];
  }
  if (count == 1) {
    if (!gemm(g)) noMemory(l);
    return;
  }
  const int64_t work = times(times(g.M, g.N), g.K + 1);
  bool ok = true;
  const auto run = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; i++) {
      Gemm<T> one = g;
      int64_t rest = i;
      for (int d = dims - 1; d >= 0; d--) {
        const int64_t at = rest % shape[d];
        rest /= shape[d];
        one.A += at * a[d], one.B += at * b[d];
      }
      one.C += i * g.M * g.N;
      if (!gemm(one)) __atomic_store_n(&ok, false, __ATOMIC_RELAXED);
    }
  };
  // Large matrices are shared out each by itself; small ones, some of them at a time.
  if (work > 16 * kBatchWork) run(0, count);
  else parallel(count, work > 0 && work < kBatchWork ? kBatchWork / work : 1, run);
  if (!ok) noMemory(l);
}

/** y[i][j] = x[i·row + j·column], y: [M, N] contiguous. */
template <class T> void spread(int64_t M, int64_t N, const T* x, int64_t row, int64_t column, T* y) {
  for (int64_t i = 0; i < M; i++)
    for (int64_t j = 0; j < N; j++) y[i * N + j] = x[i * row + j * column];
}

/**
 * C = beta·input + alpha·A·B.  A: [M, K], B: [K, N], input: [M, N], any strides (0 broadcasts); C: [M, N], contiguous, apart
 * from the others. beta = 0 does not read input, alpha = 0 neither A nor B: their nan do not count (PyTorch's addmm).
 * buffers: input, A, B, C. sizes: M, N, K, row and column stride of A, of B, of input. floats: beta, alpha.
 */
template <class T>
void addmm(Launch& l) noexcept {
  Gemm<T> g{};
  const int64_t rowI = readProduct(l, g), colI = l.size(8);
  g.beta = static_cast<T>(l.num(0)), g.alpha = static_cast<T>(l.num(1));
  if (!l.ok()) return;
  const T* input = l.in<T>(0, g.beta == T(0) ? 0 : spanOf(g.M, g.N, rowI, colI));
  g.A = l.in<T>(1, spanOf(g.M, g.K, g.rowA, g.colA));
  g.B = l.in<T>(2, spanOf(g.K, g.N, g.rowB, g.colB));
  g.C = l.out<T>(3, times(g.M, g.N));
  if (!l.ok()) return;
  g.ldc = g.N;
  if (g.beta == T(1) && rowI == 0 && colI == 1) g.beta = 0, g.bias = input;
  else if (g.beta != T(0)) spread(g.M, g.N, input, rowI, colI, g.C);
  if (!gemm(g)) noMemory(l);
}

/** c = f(c), and c = f'(y)·c. */
template <class T, class F> void function(T* c, const T*, int64_t n) { mapInto(n, false, F{}, c, static_cast<const T*>(c)); }
template <class T, class F> void slope(T* c, const T* y, int64_t n) { mapInto(n, false, F{}, c, y, static_cast<const T*>(c)); }

/**
 * out = f(x·Wᵀ + b).  x: [M, K], any strides; W: [N, K]; b: [N]; out: [M, N].
 * buffers: x, W, out, b if any. sizes: M, N, K, row and column stride of x, 1 if there is b, and f if there is one: 0 for none,
 * 1 relu, 2 sigmoid, 3 tanh, to the bit as the kernels of these names.
 */
template <class T>
void linear(Launch& l) noexcept {
  Gemm<T> g{};
  int64_t size[5];
  l.read(0, 5, size);
  g.M = size[0], g.N = size[1], g.K = size[2];
  g.rowA = size[3], g.colA = size[4], g.rowB = 1, g.colB = g.K;
  const int hasBias = l.choice(5, 2);
  const int f = l.nSizes > 6 ? l.choice(6, 4) : 0;
  if (!l.ok()) return;
  constexpr decltype(g.then) functions[] = {nullptr, function<T, reluF>, function<T, sigmoidF>, function<T, tanhF>};
  g.then = functions[f];
  g.A = l.in<T>(0, spanOf(g.M, g.K, g.rowA, g.colA));
  g.B = l.in<T>(1, times(g.N, g.K));
  g.C = l.out<T>(2, times(g.M, g.N));
  g.ldc = g.N;
  if (hasBias) g.bias = l.in<T>(3, g.N);
  if (!l.ok()) return;
  if (!gemm(g)) noMemory(l);
}

/**
 * dX = g·W, dW = gᵀ·x, db = column sums of g.  g: [M, N]; x: [M, K], any strides; W: [N, K]; dX: [M, K]; dW: [N, K]; db: [N].
 * buffers: g, x, W, then of dX, dW, db those that flags ask for, y if there is f. sizes: M, N, K, row and column stride of x,
 * flags (1 dX, 2 dW, 4 db), and f if there is one: 0 for none; of 1 relu, 2 sigmoid, 3 tanh, whose result y: [M, K] was, dX is
 * the gradient before it, to the bit as of the kernel of its name.
 */
template <class T>
void linearBackward(Launch& l) noexcept {
  int64_t size[5];
  l.read(0, 5, size);
  const int64_t M = size[0], N = size[1], K = size[2], rowX = size[3], colX = size[4];
  const int flags = l.choice(5, 8);
  const int f = l.nSizes > 6 ? l.choice(6, 4) : 0;
  if (f && !(flags & 1)) l.fail(ErrorKind::kLaunch, "function %g needs dX, which is not asked for", f);
  if (!l.ok()) return;
  const T* grad = l.in<T>(0, times(M, N));
  const T* x = l.in<T>(1, flags & 2 ? spanOf(M, K, rowX, colX) : 0);
  const T* W = l.in<T>(2, flags & 1 ? times(N, K) : 0);
  int next = 3;
  T* dX = flags & 1 ? l.out<T>(next++, times(M, K)) : nullptr;
  T* dW = flags & 2 ? l.out<T>(next++, times(N, K)) : nullptr;
  T* db = flags & 4 ? l.out<T>(next++, N) : nullptr;
  const T* y = f ? l.in<T>(next, times(M, K)) : nullptr;
  if (!l.ok()) return;
  if (flags & 1) {
    Gemm<T> g{M, K, N, grad, N, 1, W, K, 1, dX, K};
    constexpr decltype(g.then) slopes[] = {nullptr, slope<T, reluB>, slope<T, sigmoidB>, slope<T, tanhB>};
    g.then = slopes[f], g.by = y;
    if (!gemm(g)) return (void)noMemory(l);
  }
  if (flags & 2) {
    Gemm<T> g{N, K, M, grad, 1, N, x, rowX, colX, dW, K};
    if (!gemm(g)) return (void)noMemory(l);
  }
  if (flags & 4) columnSums(M, N, grad, db);
}

}  // namespace

GLOROT_FAMILY(matmul, FLOATS_PER_ISA(matmul), FLOATS_PER_ISA(addmm), FLOATS_PER_ISA(linear), FLOATS_PER_ISA(linearBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
