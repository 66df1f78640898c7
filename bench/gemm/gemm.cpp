// Matrix products against OpenBLAS, both sides in turn on the same data, so that slow spells of the machine hit both.
//   bench_gemm [float|double] [threads] [isa|best] [form M N K]
// A line: form (NN, NT, TN), M, N, K, our time, GF/s, and the median of theirs/ours: above 1 we are faster.
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <vector>

#include "cpu.h"
#include "launch.h"
#include "pool.h"

extern "C" {
void cblas_sgemm(int, int, int, int, int, int, float, const float*, int, const float*, int, float, float*, int);
void cblas_dgemm(int, int, int, int, int, int, double, const double*, int, const double*, int, double, double*, int);
void openblas_set_num_threads(int);
char* openblas_get_corename(void);
}

namespace {

struct Shape {
  const char* form;
  int M, N, K;
};

// Squares, then forward, dX and dW of the founding network (batch 100, 10-10-1) and of an MLP (batch 128, 784-512-256-10).
const Shape shapes[] = {
    {"NN", 16, 16, 16},      {"NN", 24, 24, 24},      {"NN", 32, 32, 32},      {"NN", 48, 48, 48},      {"NN", 64, 64, 64},
    {"NN", 96, 96, 96},      {"NN", 100, 100, 100},   {"NN", 128, 128, 128},   {"NN", 192, 192, 192},   {"NN", 256, 256, 256},
    {"NN", 512, 512, 512},   {"NN", 1024, 1024, 1024}, {"NN", 2048, 2048, 2048}, {"NT", 32, 32, 32},    {"NT", 64, 64, 64},
    {"NT", 128, 128, 128},   {"NT", 512, 512, 512},   {"NT", 1024, 1024, 1024}, {"TN", 32, 32, 32},     {"TN", 64, 64, 64},
    {"TN", 128, 128, 128},   {"TN", 512, 512, 512},   {"TN", 1024, 1024, 1024}, {"NN", 100, 10, 10},    {"NT", 100, 10, 10},
    {"TN", 10, 10, 100},     {"NT", 100, 1, 10},      {"NN", 100, 10, 1},      {"TN", 1, 10, 100},      {"NT", 128, 512, 784},
    {"NN", 128, 784, 512},   {"TN", 512, 784, 128},   {"NT", 128, 256, 512},   {"NN", 128, 512, 256},   {"TN", 256, 512, 128},
    {"NT", 128, 10, 256},    {"NN", 128, 256, 10},    {"TN", 10, 256, 128},    {"NN", 128, 10, 256},    {"NN", 1, 512, 512},
    {"NT", 1, 512, 512},     {"NT", 1, 4096, 4096},   {"NN", 1, 4096, 4096},   {"NN", 512, 1, 512},     {"NT", 4, 1024, 1024},
    {"NN", 4, 1024, 1024},   {"NN", 1000, 64, 27},    {"NN", 64, 1024, 576},
};

bool alone = true;

/** Seconds: of this thread's own time where it works alone, so that other processes count less. */
double now() {
#if defined(__linux__)
  if (alone) {
    timespec t;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
    return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
  }
#endif
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

double median(std::vector<double>& v) {
  std::sort(v.begin(), v.end());
  return v[v.size() / 2];
}

template <class T> constexpr glorot::DType dtype() { return sizeof(T) == 4 ? glorot::kFloat32 : glorot::kFloat64; }

#ifdef GLOROT_OPENBLAS
void peer(const Shape& s, const float* a, const float* b, float* c) {
  const bool ta = s.form[0] == 'T', tb = s.form[1] == 'T';
  cblas_sgemm(101, ta ? 112 : 111, tb ? 112 : 111, s.M, s.N, s.K, 1, a, ta ? s.M : s.K, b, tb ? s.K : s.N, 0, c, s.N);
}
void peer(const Shape& s, const double* a, const double* b, double* c) {
  const bool ta = s.form[0] == 'T', tb = s.form[1] == 'T';
  cblas_dgemm(101, ta ? 112 : 111, tb ? 112 : 111, s.M, s.N, s.K, 1, a, ta ? s.M : s.K, b, tb ? s.K : s.N, 0, c, s.N);
}
#endif

template <class T> void compare(const glorot::Kernel& kernel, const Shape& s) {
  const size_t m = static_cast<size_t>(s.M), n = static_cast<size_t>(s.N), k = static_cast<size_t>(s.K);
  std::vector<T> a(m * k), b(k * n), c(m * n), d(m * n);
  for (size_t i = 0; i < a.size(); i++) a[i] = T(i % 17) - 8;
  for (size_t i = 0; i < b.size(); i++) b[i] = T(i % 13) - 6;
  const auto buffer = [](std::vector<T>& v) { return glorot::Buffer{reinterpret_cast<unsigned char*>(v.data()), v.size() * sizeof(T)}; };
  const glorot::Buffer buffers[] = {buffer(a), buffer(b), buffer(c)};
  const bool ta = s.form[0] == 'T', tb = s.form[1] == 'T';
  const double sizes[] = {double(s.M), double(s.N), double(s.K), ta ? 1.0 : s.K, ta ? s.M : 1.0, tb ? 1.0 : s.N, tb ? s.K : 1.0, 0};
  const auto ours = [&] {
    glorot::Launch l{buffers, sizes, nullptr, 3, 8, 0};
    kernel.fn[dtype<T>()](l);
  };
  const auto theirs = [&] {
#ifdef GLOROT_OPENBLAS
    peer(s, a.data(), b.data(), d.data());
#endif
  };
  const double flops = 2.0 * s.M * s.N * s.K;
  ours(), theirs();
#ifdef GLOROT_OPENBLAS
  for (size_t i = 0; i < c.size(); i++)
    if (std::abs(double(c[i]) - double(d[i])) > 1e-4 * s.K) std::printf("WRONG %s %d %d %d\n", s.form, s.M, s.N, s.K), std::exit(1);
#endif
  const int repeats = static_cast<int>(std::max(1.0, std::min(1000.0, 4e7 / flops)));
  const int rounds = static_cast<int>(std::max(5.0, std::min(41.0, 1e10 / flops / repeats)));
  std::vector<double> times, ratios;
  for (int r = 0; r < rounds; r++) {
    const double t0 = now();
    for (int i = 0; i < repeats; i++) ours();
    const double t1 = now();
    for (int i = 0; i < repeats; i++) theirs();
    const double t2 = now();
    times.push_back((t1 - t0) / repeats);
    ratios.push_back((t2 - t1) / (t1 - t0));
  }
  const double t = median(times);
  std::printf("%s %5d %5d %5d %12.3f us %7.1f GF/s %6.2f\n", s.form, s.M, s.N, s.K, t * 1e6, flops / t / 1e9, median(ratios));
}

template <class T> void all(const glorot::Kernel& kernel, const Shape& only) {
  if (only.form) return compare<T>(kernel, only);
  for (const Shape& s : shapes) compare<T>(kernel, s);
}

}  // namespace

int main(int argc, char** argv) {
  const bool wide = argc > 1 && std::strcmp(argv[1], "double") == 0;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  glorot::setNumThreads(threads);
  const glorot::KernelTable* table = glorot::availableTable(0);
  Shape only{};
  if (argc > 7) only = {argv[4], std::atoi(argv[5]), std::atoi(argv[6]), std::atoi(argv[7])};
  alone = threads == 1;
  const bool named = argc > 3 && std::strcmp(argv[3], "best") != 0;
  for (int i = 0; named && (table = glorot::availableTable(i)) && std::strcmp(table->isa, argv[3]) != 0; i++) {}
  if (!table) return std::printf("no such isa here\n"), 1;
#ifdef GLOROT_OPENBLAS
  openblas_set_num_threads(threads);
  std::printf("%s, %d threads, %s against OpenBLAS %s\n", wide ? "double" : "float", threads, table->isa, openblas_get_corename());
#endif
  for (int i = 0; i < table->count; i++)
    if (std::strcmp(table->kernels[i].name, "matmul") == 0) wide ? all<double>(table->kernels[i], only) : all<float>(table->kernels[i], only);
}
