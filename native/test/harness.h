// A small harness for kernels without Node. Buffers are heap blocks of the exact size, so that the address sanitizer sees the
// first byte read or written past an end. Each case runs on every ISA this machine has.
#pragma once
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "cpu.h"
#include "launch.h"
#include "pool.h"

namespace test {

inline int failures = 0, checks = 0;
inline const glorot::KernelTable* table = nullptr;  // of the ISA under test

#define CHECK(condition, ...)                                              \
  do {                                                                     \
    test::checks++;                                                        \
    if (!(condition)) {                                                    \
      test::failures++;                                                    \
      std::printf("FAIL %s %s:%d %s ", test::table ? test::table->isa : "", __FILE__, __LINE__, #condition); \
      std::printf(" " __VA_ARGS__);                                        \
      std::printf("\n");                                                   \
    }                                                                      \
  } while (0)

/** n elements in a heap block of exactly that size. */
template <class T>
struct Array {
  std::unique_ptr<T[]> data;
  int64_t n;
  explicit Array(int64_t size) : data(new T[static_cast<size_t>(size)]), n(size) {
    for (int64_t i = 0; i < n; i++) data[static_cast<size_t>(i)] = T{};
  }
  Array(std::initializer_list<T> values) : Array(static_cast<int64_t>(values.size())) {
    int64_t i = 0;
    for (T v : values) (*this)[i++] = v;
  }
  T& operator[](int64_t i) { return data[static_cast<size_t>(i)]; }
  operator glorot::Buffer() { return {reinterpret_cast<unsigned char*>(data.get()), static_cast<size_t>(n) * sizeof(T)}; }
};

template <class T> constexpr glorot::DType dtypeOf();
template <> constexpr glorot::DType dtypeOf<float>() { return glorot::kFloat32; }
template <> constexpr glorot::DType dtypeOf<double>() { return glorot::kFloat64; }
template <> constexpr glorot::DType dtypeOf<int32_t>() { return glorot::kInt32; }
template <> constexpr glorot::DType dtypeOf<uint8_t>() { return glorot::kBool; }

inline const glorot::Kernel* find(const char* name) {
  for (int i = 0; i < table->count; i++)
    if (std::strcmp(table->kernels[i].name, name) == 0) return &table->kernels[i];
  std::printf("no kernel %s\n", name);
  std::exit(2);
}

/** Runs a kernel; the returned error is kNone where it accepted its arguments. */
inline glorot::LaunchError run(const char* name, glorot::DType dtype, std::vector<glorot::Buffer> buffers,
                               std::vector<double> sizes, std::vector<double> floats = {}) {
  const glorot::Kernel* kernel = find(name);
  if (!kernel->fn[dtype]) return {glorot::ErrorKind::kLaunch, "no such dtype"};
  glorot::Launch l{buffers.data(), sizes.data(), floats.data(), static_cast<int>(buffers.size()),
                   static_cast<int>(sizes.size()), static_cast<int>(floats.size())};
  kernel->fn[dtype](l);
  return l.error;
}

/** A small repeatable generator: uniform in [lo, hi). */
struct Random {
  uint64_t state = 88172645463325252ull;
  double operator()(double lo = -1, double hi = 1) {
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return lo + (hi - lo) * static_cast<double>(state >> 11) / 9007199254740992.0;
  }
};

/** Distance of got from want in units in the last place of float. */
inline double ulps(float got, double want) {
  if (std::isnan(got) && std::isnan(want)) return 0;
  const float w = static_cast<float>(want);
  if (got == w) return 0;
  if (std::isinf(got) || std::isinf(w) || std::isnan(got) || std::isnan(w)) return INFINITY;
  const double unit = std::nextafter(std::fabs(w), INFINITY) - std::fabs(w);
  return std::fabs(got - want) / unit;
}

/** Calls each case once per ISA and prints a line for it. */
inline int main_(std::initializer_list<std::pair<const char*, void (*)()>> cases) {
  for (int i = 0; (table = glorot::availableTable(i)); i++)
    for (auto& c : cases) {
      const int before = failures;
      c.second();
      std::printf("%s %s %s\n", failures == before ? "ok" : "not ok", table->isa, c.first);
    }
  std::printf("%d checks, %d failed\n", checks, failures);
  return failures ? 1 : 0;
}

}  // namespace test
