// Matrix products against plain float64 sums: every layout of the operands, sizes around the edges of tiles, panels and blocks,
// what must be refused, and that neither nan nor the number of threads changes what it should not.
#include <functional>

#include "harness.h"

using glorot::ErrorKind;
using test::Array;

/** A matrix and how it lies in memory: 0 by rows, 1 by columns, 2 every other column of wider rows. */
template <class T> struct Matrix {
  int64_t rows, columns, rowStride, colStride;
  Array<T> data;
  static int64_t span(int64_t rows, int64_t columns, int64_t r, int64_t c) {
    return rows && columns ? (rows - 1) * r + (columns - 1) * c + 1 : 0;
  }
  Matrix(int64_t m, int64_t n, int layout, test::Random& random)
      : rows(m), columns(n), rowStride(layout == 0 ? n : layout == 1 ? 1 : 2 * n + 3), colStride(layout == 0 ? 1 : layout == 1 ? m : 2),
        data(span(m, n, rowStride, colStride)) {
    for (int64_t i = 0; i < data.n; i++) data[i] = static_cast<T>(random());
  }
  double operator()(int64_t i, int64_t j) { return data[i * rowStride + j * colStride]; }
};

/** Within the rounding of a sum of n products of numbers below 1. */
template <class T> bool close(T got, double want, int64_t n) {
  const double unit = sizeof(T) == 4 ? 1.2e-7 : 2.3e-16;
  return std::fabs(static_cast<double>(got) - want) <= unit * (4 + static_cast<double>(n));
}

template <class T> double entry(Matrix<T>& a, Matrix<T>& b, int64_t i, int64_t j) {
  double sum = 0;
  for (int64_t k = 0; k < a.columns; k++) sum += a(i, k) * b(k, j);
  return sum;
}

static double d(int64_t n) { return static_cast<double>(n); }

template <class T> void product(int64_t M, int64_t N, int64_t K, int layoutA, int layoutB) {
  test::Random random;
  Matrix<T> a(M, K, layoutA, random), b(K, N, layoutB, random);
  Array<T> c(M * N);
  for (int64_t i = 0; i < c.n; i++) c[i] = static_cast<T>(NAN);
  const auto error = test::run("matmul", test::dtypeOf<T>(), {a.data, b.data, c},
                               {d(M), d(N), d(K), d(a.rowStride), d(a.colStride), d(b.rowStride), d(b.colStride), 0});
  CHECK(error.kind == ErrorKind::kNone);
  int wrong = 0;
  for (int64_t i = 0; i < M; i++)
    for (int64_t j = 0; j < N; j++) wrong += !close(c[i * N + j], entry(a, b, i, j), K);
  CHECK(wrong == 0, "%d of %lldx%lldx%lld layouts %d %d bytes %zu", wrong, (long long)M, (long long)N, (long long)K, layoutA, layoutB,
        sizeof(T));
}

template <class T> void everyLayout(int64_t M, int64_t N, int64_t K) {
  for (int a = 0; a < 3; a++)
    for (int b = 0; b < 3; b++) product<T>(M, N, K, a, b);
}

static void smallSizes() {
  const int64_t some[] = {0, 1, 2, 3, 5, 7, 8, 9, 12, 15, 16, 17, 31, 33, 40};
  for (int64_t M : some)
    for (int64_t N : some)
      for (int64_t K : {0, 1, 2, 7, 16, 19, 33}) product<float>(M, N, K, static_cast<int>((M + K) % 3), static_cast<int>((N + K) % 3));
  for (int64_t n = 0; n <= 40; n++) everyLayout<float>(n, 40 - n, 1 + n % 18), everyLayout<double>(40 - n, n, 1 + n % 11);
}

static void edges() {
  for (int64_t N : {63, 64, 65, 129}) everyLayout<float>(13, N, 50), everyLayout<double>(50, N, 13);
  for (int64_t N : {17, 20, 24, 33, 34, 49, 56})  // narrow ends
    for (int64_t K : {27, 50}) everyLayout<float>(21, N, K), everyLayout<float>(8, N, 12 * K);
  everyLayout<float>(53, 150, 390);  // two blocks in depth, packed B
  everyLayout<double>(53, 150, 390);
  everyLayout<float>(1, 200, 70), everyLayout<float>(200, 1, 70);
  everyLayout<double>(1, 200, 70), everyLayout<double>(200, 1, 70);
  product<float>(1, 1003, 701, 0, 0), product<double>(1, 643, 403, 2, 0);  // row by row
  product<float>(1000, 140, 140, 1, 1), product<double>(600, 140, 450, 0, 0);  // rows of A packed in two blocks
}

/** [2, 3] matrices: A broadcast along the first dimension, B along the second, and B shared by all. */
static void batches() {
  test::Random random;
  const int64_t M = 3, N = 5, K = 4;
  Array<float> a(3 * M * K), b(2 * K * N), c(6 * M * N);
  for (int64_t i = 0; i < a.n; i++) a[i] = static_cast<float>(random());
  for (int64_t i = 0; i < b.n; i++) b[i] = static_cast<float>(random());
  const auto at = [&](int64_t pa, int64_t pb, int64_t i, int64_t j) {
    double sum = 0;
    for (int64_t k = 0; k < K; k++) sum += double(a[pa * M * K + i * K + k]) * b[pb * K * N + k * N + j];
    return sum;
  };
  CHECK(test::run("matmul", glorot::kFloat32, {a, b, c}, {d(M), d(N), d(K), d(K), 1, d(N), 1, 2, 2, 3, 0, d(M * K), d(K * N), 0}).kind ==
        ErrorKind::kNone);
  for (int64_t p = 0; p < 6; p++)
    for (int64_t i = 0; i < M; i++)
      for (int64_t j = 0; j < N; j++) CHECK(close(c[(p * M + i) * N + j], at(p % 3, p / 3, i, j), K));
  Array<float> shared(3 * M * N);
  CHECK(test::run("matmul", glorot::kFloat32, {a, b, shared}, {d(M), d(N), d(K), d(K), 1, d(N), 1, 1, 3, d(M * K), 0}).kind ==
        ErrorKind::kNone);
  for (int64_t i = 0; i < 3 * M; i++)
    for (int64_t j = 0; j < N; j++) CHECK(close(shared[i * N + j], at(i / M, 0, i % M, j), K));
  // One row each, the matrices in reverse order of the batch's memory: strides (K, M·K) of a [M, 3] batch.
  CHECK(test::run("matmul", glorot::kFloat32, {a, b, shared}, {1, d(N), d(K), 99, 1, d(N), 1, 2, d(M), 3, d(K), d(M * K), 0, 0}).kind ==
        ErrorKind::kNone);
  for (int64_t i = 0; i < M; i++)
    for (int64_t p = 0; p < 3; p++)
      for (int64_t j = 0; j < N; j++) CHECK(close(shared[(i * 3 + p) * N + j], at(p, 0, i, j), K));
}

template <class T> void addmmCase(int64_t M, int64_t N, int64_t K, double beta, double alpha, int64_t rowI, int64_t colI) {
  test::Random random;
  Matrix<T> a(M, K, 0, random), b(K, N, 1, random);
  Array<T> input(Matrix<T>::span(M, N, rowI, colI)), c(M * N);
  for (int64_t i = 0; i < input.n; i++) input[i] = beta == 0 ? static_cast<T>(NAN) : static_cast<T>(random());
  CHECK(test::run("addmm", test::dtypeOf<T>(), {input, a.data, b.data, c},
                  {d(M), d(N), d(K), d(a.rowStride), d(a.colStride), d(b.rowStride), d(b.colStride), d(rowI), d(colI)}, {beta, alpha})
            .kind == ErrorKind::kNone);
  int wrong = 0;
  for (int64_t i = 0; i < M; i++)
    for (int64_t j = 0; j < N; j++)
      wrong += !close(c[i * N + j], (beta == 0 ? 0 : beta * input[i * rowI + j * colI]) + alpha * entry(a, b, i, j), 2 * K + 8);
  CHECK(wrong == 0, "addmm %lldx%lldx%lld", (long long)M, (long long)N, (long long)K);
}

static void addmms() {
  for (int64_t n : {1, 7, 21, 70})
    for (double beta : {0.0, 1.0, -0.5})
      for (double alpha : {1.0, 2.0}) {
        addmmCase<float>(n, n + 3, 9, beta, alpha, 0, 1), addmmCase<float>(n, n, 400, beta, alpha, n, 1);
        addmmCase<double>(n, 5, n, beta, alpha, 1, 0), addmmCase<double>(n, 17, 9, beta, alpha, 0, 0);
        addmmCase<double>(1, n, 9, beta, alpha, 0, 1), addmmCase<float>(n, 1, 9, beta, alpha, 1, 1);
      }
  addmmCase<float>(4, 5, 0, 0.5, 1, 5, 1);
  Array<float> input{1, 2}, a{NAN}, b{3, 4}, c(2);
  CHECK(test::run("addmm", glorot::kFloat32, {input, a, b, c}, {1, 2, 1, 1, 1, 2, 1, 2, 1}, {1, 0}).kind == ErrorKind::kNone);
  CHECK(c[0] == 1 && c[1] == 2);
}

template <class T> void linearCase(int64_t M, int64_t N, int64_t K, int layout) {
  test::Random random;
  Matrix<T> x(M, K, layout, random), w(N, K, 0, random), g(M, N, 0, random);
  Array<T> bias(N), out(M * N), dx(M * K), dw(N * K), db(N);
  for (int64_t i = 0; i < N; i++) bias[i] = static_cast<T>(random());
  for (int hasBias = 0; hasBias < 2; hasBias++) {
    std::vector<glorot::Buffer> buffers{x.data, w.data, out};
    if (hasBias) buffers.push_back(bias);
    CHECK(test::run("linear", test::dtypeOf<T>(), buffers, {d(M), d(N), d(K), d(x.rowStride), d(x.colStride), d(hasBias)}).kind ==
          ErrorKind::kNone);
    int wrong = 0;
    for (int64_t i = 0; i < M; i++)
      for (int64_t j = 0; j < N; j++) {
        double sum = hasBias ? bias[j] : 0;
        for (int64_t k = 0; k < K; k++) sum += x(i, k) * w(j, k);
        wrong += !close(out[i * N + j], sum, K + 1);
      }
    CHECK(wrong == 0, "linear %lldx%lldx%lld", (long long)M, (long long)N, (long long)K);

    // A function within it gives the bits of the kernel of its name.
    const char* const functions[] = {"relu", "sigmoid", "tanh"};
    for (int f = 0; f < 3; f++) {
      Array<T> apart(M * N), fused(M * N);
      test::run(functions[f], test::dtypeOf<T>(), {out, apart}, {d(M * N)});
      buffers[2] = fused;
      CHECK(test::run("linear", test::dtypeOf<T>(), buffers, {d(M), d(N), d(K), d(x.rowStride), d(x.colStride), d(hasBias), d(f + 1)}).kind ==
            ErrorKind::kNone);
      CHECK(M * N == 0 || std::memcmp(apart.data.get(), fused.data.get(), static_cast<size_t>(M * N) * sizeof(T)) == 0, "linear and %s",
            functions[f]);
    }
    buffers[2] = out;
    CHECK(test::run("linear", test::dtypeOf<T>(), buffers, {d(M), d(N), d(K), d(x.rowStride), d(x.colStride), d(hasBias), 4}).kind ==
          ErrorKind::kLaunch);
  }
  for (int flags = 0; flags < 8; flags++) {
    std::vector<glorot::Buffer> buffers{g.data, x.data, w.data};
    for (int64_t i = 0; i < M * K; i++) dx[i] = static_cast<T>(NAN);
    for (int64_t i = 0; i < N * K; i++) dw[i] = static_cast<T>(NAN);
    for (int64_t i = 0; i < N; i++) db[i] = static_cast<T>(NAN);
    if (flags & 1) buffers.push_back(dx);
    if (flags & 2) buffers.push_back(dw);
    if (flags & 4) buffers.push_back(db);
    CHECK(test::run("linearBackward", test::dtypeOf<T>(), buffers, {d(M), d(N), d(K), d(x.rowStride), d(x.colStride), d(flags)}).kind ==
          ErrorKind::kNone);
    int wrong = 0;
    if (flags & 1)
      for (int64_t i = 0; i < M; i++)
        for (int64_t k = 0; k < K; k++) wrong += !close(dx[i * K + k], entry(g, w, i, k), N);
    for (int64_t j = 0; j < N; j++) {
      double sum = 0;
      for (int64_t i = 0; i < M; i++) sum += g(i, j);
      if (flags & 4) wrong += !close(db[j], sum, M);
      if (flags & 2)
        for (int64_t k = 0; k < K; k++) {
          double dot = 0;
          for (int64_t i = 0; i < M; i++) dot += g(i, j) * x(i, k);
          wrong += !close(dw[j * K + k], dot, M);
        }
    }
    CHECK(wrong == 0, "linearBackward %lldx%lldx%lld flags %d", (long long)M, (long long)N, (long long)K, flags);
  }
}

/** The slope of a function within linearBackward gives the bits of the kernel of its name, whatever is asked for besides. */
template <class T> void slopeCase(int64_t M, int64_t N, int64_t K) {
  test::Random random;
  Matrix<T> x(M, K, 0, random), w(N, K, 0, random), g(M, N, 0, random);
  Array<T> y(M * K), dx(M * K), dw(N * K), db(N), apart(M * K), fused(M * K), dw2(N * K), db2(N);
  for (int64_t i = 0; i < y.n; i++) y[i] = static_cast<T>(random());
  for (int64_t i = 3; i < y.n; i += 37) y[i] = static_cast<T>(i % 2 ? NAN : -INFINITY), y[i - 1] = static_cast<T>(i % 4 < 2 ? INFINITY : -0.0);
  for (int64_t i = 5; i < g.data.n; i += 301) g.data[i] = static_cast<T>(i % 2 ? NAN : INFINITY);
  const auto same = [](Array<T>& a, Array<T>& b) {
    return a.n == 0 || std::memcmp(a.data.get(), b.data.get(), static_cast<size_t>(a.n) * sizeof(T)) == 0;
  };
  std::vector<double> sizes{d(M), d(N), d(K), d(K), 1, 0};
  for (int flags : {1, 3, 5, 7}) {
    std::vector<glorot::Buffer> buffers{g.data, x.data, w.data, dx}, both{g.data, x.data, w.data, fused};
    if (flags & 2) buffers.push_back(dw), both.push_back(dw2);
    if (flags & 4) buffers.push_back(db), both.push_back(db2);
    both.push_back(y);
    sizes[5] = flags;
    CHECK(test::run("linearBackward", test::dtypeOf<T>(), buffers, sizes).kind == ErrorKind::kNone);
    const char* const functions[] = {"reluBackward", "sigmoidBackward", "tanhBackward"};
    for (int f = 0; f < 3; f++) {
      test::run(functions[f], test::dtypeOf<T>(), {y, dx, apart}, {d(M * K)});
      for (int64_t i = 0; i < M * K; i++) fused[i] = static_cast<T>(NAN);
      std::vector<double> more = sizes;
      more.push_back(f + 1);
      CHECK(test::run("linearBackward", test::dtypeOf<T>(), both, more).kind == ErrorKind::kNone);
      CHECK(same(apart, fused) && (!(flags & 2) || same(dw, dw2)) && (!(flags & 4) || same(db, db2)), "%lldx%lldx%lld flags %d and %s",
            (long long)M, (long long)N, (long long)K, flags, functions[f]);
    }
  }
}

static void slopes() {
  for (int64_t K = 1; K <= 35; K++) slopeCase<float>(9, 60, K), slopeCase<float>(1 + K % 4, 1 + K % 3, K), slopeCase<double>(K % 10, 7, K);
  for (int64_t N : {0, 1, 64}) slopeCase<float>(40, N, 17), slopeCase<float>(1, N, 300), slopeCase<float>(300, N, 1), slopeCase<double>(33, N, 9);
  slopeCase<float>(0, 3, 4), slopeCase<float>(3, 4, 0);
  slopeCase<float>(1, 1000, 1000), slopeCase<double>(1, 600, 700);  // row by row
  for (int64_t K : {64, 150, 193, 196, 209})  // panels in columns, blocks in depth, and narrow ends behind them
    slopeCase<float>(53, 40, K), slopeCase<float>(60, 900, K), slopeCase<double>(53, 390, K);
  for (int threads : {1, 2, 3, 5}) {
    glorot::setNumThreads(threads);
    slopeCase<float>(150, 200, 333), slopeCase<float>(700, 130, 641), slopeCase<float>(5000, 150, 9), slopeCase<double>(333, 200, 150);
  }
  glorot::setNumThreads(2);
}

static void linears() {
  for (int layout = 0; layout < 3; layout++) {
    linearCase<float>(100, 10, 10, layout), linearCase<double>(100, 1, 10, layout), linearCase<float>(100, 1, 10, layout);
    linearCase<float>(0, 3, 4, layout), linearCase<float>(3, 0, 4, layout), linearCase<float>(3, 4, 0, layout);
    linearCase<double>(33, 70, 19, layout), linearCase<float>(70, 35, 140, layout), linearCase<float>(20, 90, 900, layout);
    linearCase<float>(1, 300, 50, layout), linearCase<float>(1, 9, 40, layout), linearCase<float>(3, 20, 8, layout);
    linearCase<float>(33, 33, 33, layout), linearCase<float>(40, 18, 30, layout);
  }
}

/** 0·inf and 0·nan are nan, wherever they stand, and stay in their row or column. */
static void nonfinite() {
  for (int64_t K : {1, 5, 16, 50})
    for (int64_t k = 0; k < K; k++) {
      test::Random random;
      Matrix<float> a(9, K, 0, random), b(K, 11, k % 2 ? 1 : 0, random);
      for (int64_t j = 0; j < 11; j++) b.data[k * b.rowStride + j * b.colStride] = 0;
      a.data[4 * K + k] = k % 3 ? INFINITY : NAN;
      Array<float> c(99);
      CHECK(test::run("matmul", glorot::kFloat32, {a.data, b.data, c}, {9, 11, d(K), d(K), 1, d(b.rowStride), d(b.colStride), 0}).kind ==
            ErrorKind::kNone);
      for (int64_t i = 0; i < 99; i++) CHECK(std::isnan(c[i]) == (i / 11 == 4));
    }
}

/** The same bits with 1, 2, 3 and 5 threads. */
template <class T> void threadsCase(int64_t M, int64_t N, int64_t K, int layoutA, int layoutB) {
  test::Random random;
  Matrix<T> a(M, K, layoutA, random), b(K, N, layoutB, random);
  Array<T> first(M * N), c(M * N);
  for (int threads : {1, 2, 3, 5}) {
    glorot::setNumThreads(threads);
    CHECK(test::run("matmul", test::dtypeOf<T>(), {a.data, b.data, threads == 1 ? first : c},
                    {d(M), d(N), d(K), d(a.rowStride), d(a.colStride), d(b.rowStride), d(b.colStride), 0})
              .kind == ErrorKind::kNone);
    if (threads > 1) CHECK(std::memcmp(first.data.get(), c.data.get(), static_cast<size_t>(M * N) * sizeof(T)) == 0);
  }
  glorot::setNumThreads(2);
}

static void threads() {
  for (int a = 0; a < 2; a++)
    for (int b = 0; b < 2; b++) {
      threadsCase<float>(150, 333, 200, a, b), threadsCase<double>(333, 150, 200, a, b), threadsCase<float>(5000, 9, 150, a, b);
      threadsCase<float>(150, 337, 900, a, b), threadsCase<float>(150, 340, 200, a, b);
      threadsCase<float>(1, 3000, 1000, a, b), threadsCase<double>(3000, 1, 1000, a, b), threadsCase<float>(3, 3000, 900, a, b);
    }
}

static bool refused(const char* name, std::vector<glorot::Buffer> buffers, std::vector<double> sizes, std::vector<double> floats = {}) {
  return test::run(name, glorot::kFloat32, buffers, sizes, floats).kind == ErrorKind::kLaunch;
}

static void refusals() {
  Array<float> a(6), b(8), c(12), small(11);  // [3, 2]·[2, 4]
  CHECK(!refused("matmul", {a, b, c}, {3, 4, 2, 2, 1, 4, 1, 0}));
  CHECK(refused("matmul", {a, b, small}, {3, 4, 2, 2, 1, 4, 1, 0}));
  CHECK(refused("matmul", {a, b, c}, {3, 4, 3, 2, 1, 4, 1, 0}));
  CHECK(refused("matmul", {a, b, c}, {3, 4, 2, 3, 1, 4, 1, 0}));
  CHECK(refused("matmul", {a, b, c}, {3, 4, 2, 2, 1, 5, 1, 0}));
  CHECK(refused("matmul", {a, b, c}, {3, 4, 2, 2, 1, 4, 1, 17}));
  CHECK(refused("matmul", {a, b, c}, {3, 4, 2, 2, 1, 4, 1, 1, 2, 0, 0}));
  CHECK(refused("matmul", {a, b, c}, {3, 4, 2, 2, 1, 4, 1, 1}));
  CHECK(refused("matmul", {a, b, c}, {NAN, 4, 2, 2, 1, 4, 1, 0}));
  CHECK(refused("matmul", {a, b, c}, {3, -4, 2, 2, 1, 4, 1, 0}));
  CHECK(refused("matmul", {a, b, c}, {4e9, 4e9, 2, 0, 1, 4, 0, 0}));
  CHECK(refused("matmul", {a, b, c}, {4e15, 4e15, 1, 4e15, 1, 1, 4e15, 0}));
  CHECK(refused("matmul", {a, b, c}, {1, 1, 2, 9e15, 9e15, 1, 1, 0}));
  CHECK(refused("matmul", {a, b}, {3, 4, 2, 2, 1, 4, 1, 0}));
  CHECK(refused("matmul", {a, b, c}, {1, 1, 2, 2, 1, 1, 1, 2, 9e15, 9e15, 0, 0, 0, 0}));
  CHECK(!refused("matmul", {a, b, c}, {0, 4, 2, 2, 1, 4, 1, 2, 1e12, 1e12, 0, 0, 0, 0}));  // empty, however often
  Array<float> row(4), shortRow(3);
  CHECK(!refused("addmm", {row, a, b, c}, {3, 4, 2, 2, 1, 4, 1, 0, 1}, {1, 1}));
  CHECK(refused("addmm", {shortRow, a, b, c}, {3, 4, 2, 2, 1, 4, 1, 0, 1}, {1, 1}));
  CHECK(refused("addmm", {row, a, b, c}, {3, 4, 2, 2, 1, 4, 1, 4, 1}, {1, 1}));
  CHECK(refused("addmm", {row, a, b, c}, {3, 4, 2, 2, 1, 4, 1, 0, 1}, {1}));
  CHECK(!refused("linear", {a, b, c, row}, {3, 4, 2, 2, 1, 1}));
  CHECK(refused("linear", {a, b, c, shortRow}, {3, 4, 2, 2, 1, 1}));
  CHECK(refused("linear", {a, b, c}, {3, 4, 2, 2, 1, 1}));
  CHECK(refused("linear", {a, b, c}, {3, 4, 2, 2, 1, 2}));
  CHECK(refused("linear", {a, b, c}, {3, 5, 2, 2, 1, 0}));
  CHECK(refused("linear", {a, b, c}, {3, 4, 9e15, 0, 0, 0}));
  Array<float> dx(6), dw(8);
  CHECK(!refused("linearBackward", {c, a, b, dx, dw, row}, {3, 4, 2, 2, 1, 7}));
  CHECK(refused("linearBackward", {small, a, b, dx, dw, row}, {3, 4, 2, 2, 1, 7}));
  CHECK(refused("linearBackward", {c, a, b, dx, dw, shortRow}, {3, 4, 2, 2, 1, 7}));
  CHECK(refused("linearBackward", {c, a, b, dx, dw}, {3, 4, 2, 2, 1, 7}));
  CHECK(refused("linearBackward", {c, a, b, row, dw, row}, {3, 4, 2, 2, 1, 7}));
  CHECK(refused("linearBackward", {c, a, b, dx, dw, row}, {3, 4, 2, 2, 1, 8}));
  CHECK(refused("linearBackward", {c, a, b, dx, dw, row}, {3, 4, 2, 3, 1, 7}));
  for (double f : {0, 1, 2, 3, 4, -1}) {
    CHECK(refused("linearBackward", {c, a, b, dx, dw, row, a}, {3, 4, 2, 2, 1, 7, f}) == (f < 0 || f > 3), "%g", f);
    CHECK(refused("linearBackward", {c, a, b, dx, a}, {3, 4, 2, 2, 1, 1, f}) == (f < 0 || f > 3), "%g", f);
    CHECK(refused("linearBackward", {c, a, b, dx, dw, row}, {3, 4, 2, 2, 1, 7, f}) == (f != 0), "%g", f);       // no y
    CHECK(refused("linearBackward", {c, a, b, dx, dw, row, row}, {3, 4, 2, 2, 1, 7, f}) == (f != 0), "%g", f);  // too short
    CHECK(refused("linearBackward", {c, a, b, dw, row, a}, {3, 4, 2, 2, 1, 6, f}) == (f != 0), "%g", f);        // no dX
  }
}

int main() {
  return test::main_({{"smallSizes", smallSizes}, {"edges", edges}, {"batches", batches}, {"addmms", addmms}, {"linears", linears}, {"slopes", slopes},
                      {"nonfinite", nonfinite}, {"threads", threads}, {"refusals", refusals}});
}
