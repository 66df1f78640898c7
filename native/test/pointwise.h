// Checks for kernels that are functions of one number: values against a formula, slopes against differences of that formula, float32
// against float64, and what holds for all of them whatever they compute.
#pragma once
#include "harness.h"

namespace test {

struct Pointwise {
  const char* name;
  double (*f)(double);
  double low, high;  // where it is smooth, or smooth but for kinks that no sample meets
  bool savesResult = false;  // its backward is given y, not x
  std::vector<double> constants = {};
};

template <class T>
std::vector<T> samples(const Pointwise& p, int64_t n) {
  Random random;
  std::vector<T> x;
  for (int64_t i = 0; i < n; i++) x.push_back(static_cast<T>(random(p.low, p.high)));
  return x;
}
template <class T> Array<T> arrayOf(const std::vector<T>& v) {
  Array<T> a(static_cast<int64_t>(v.size()));
  for (size_t i = 0; i < v.size(); i++) a[static_cast<int64_t>(i)] = v[i];
  return a;
}
inline bool close(double got, double want, double relative, double absolute) {
  return std::fabs(got - want) <= absolute + relative * std::fabs(want);
}

/** Forward and backward of T at n samples; dy runs through 1, 1.5 and 2. */
template <class T> struct Results {
  Array<T> x, y, dx;
  Results(const Pointwise& p, int64_t n) : x(arrayOf(samples<T>(p, n))), y(n), dx(n) {
    const std::vector<double> sizes{static_cast<double>(n)};
    const glorot::DType dtype = dtypeOf<T>();
    Array<T> dy(n);
    for (int64_t i = 0; i < n; i++) dy[i] = static_cast<T>(1 + 0.5 * static_cast<double>(i % 3));
    CHECK(run(p.name, dtype, {x, y}, sizes, p.constants).kind == glorot::ErrorKind::kNone, "%s", p.name);
    const std::string back = std::string(p.name) + "Backward";
    CHECK(run(back.c_str(), dtype, {p.savesResult ? y : x, dy, dx}, sizes, p.constants).kind == glorot::ErrorKind::kNone,
          "%s", p.name);
  }
};

/** Values and slopes. `relative`: of float32. */
inline void checkFormula(const Pointwise& p, double relative, double absolute) {
  const int64_t n = 500;
  Results<double> wide(p, n);
  Results<float> narrow(p, n);
  for (int64_t i = 0; i < n; i++) {
    const double x = wide.x[i], h = 1e-5, dy = 1 + 0.5 * static_cast<double>(i % 3);
    CHECK(close(wide.y[i], p.f(x), 1e-11, 1e-15), "%s(%.17g) is %.17g, not %.17g", p.name, x, wide.y[i], p.f(x));
    const double slope = dy * (p.f(x + h) - p.f(x - h)) / (2 * h);
    CHECK(close(wide.dx[i], slope, 1e-6, 1e-7), "%s'(%.17g) is %.17g, not %.17g", p.name, x, wide.dx[i], slope);
    const double y = p.f(narrow.x[i]), rounded = narrow.x[i];
    CHECK(close(narrow.y[i], y, relative, absolute), "%s(%.9g) is %.9g, not %.9g", p.name, rounded, narrow.y[i], y);
    CHECK(close(narrow.dx[i], wide.dx[i], relative, absolute), "%s'(%.9g) is %.9g, not %.9g", p.name, rounded, narrow.dx[i],
          wide.dx[i]);
  }
}

/** A dy that is one number for all elements gives the bits of as many; what is neither one nor many is refused. */
template <class T> void checkOneSlope(const Pointwise& p) {
  const std::string back = std::string(p.name) + "Backward";
  for (const int64_t n : {1, 37, 1024, 2500, 40001}) {
    Array<T> saved = arrayOf(samples<T>(p, n)), many(n), dx(n), other(n), one{T(1.75)};
    const double count = static_cast<double>(n);
    if (p.savesResult) run(p.name, dtypeOf<T>(), {saved, saved}, {count}, p.constants);
    for (int64_t i = 0; i < n; i++) many[i] = one[0];
    CHECK(run(back.c_str(), dtypeOf<T>(), {saved, many, dx}, {count, 0}, p.constants).kind == glorot::ErrorKind::kNone, "%s", p.name);
    CHECK(run(back.c_str(), dtypeOf<T>(), {saved, one, other}, {count, 1}, p.constants).kind == glorot::ErrorKind::kNone, "%s", p.name);
    CHECK(std::memcmp(&dx[0], &other[0], static_cast<size_t>(n) * sizeof(T)) == 0, "%s of %d", p.name, static_cast<int>(n));
  }
  Array<T> x(3), one(1);
  CHECK(run(back.c_str(), dtypeOf<T>(), {x, one, x}, {3, 0}, p.constants).kind == glorot::ErrorKind::kLaunch, "%s", p.name);
  CHECK(run(back.c_str(), dtypeOf<T>(), {x, x, x}, {3, 2}, p.constants).kind == glorot::ErrorKind::kLaunch, "%s", p.name);
}

/** Every length gives the same bits as a prefix of a long run, also in place, and no byte more is touched (the address sanitizer
 *  sees that); a missing or short buffer and a missing constant are refused. */
inline void checkShape(const Pointwise& p) {
  const int64_t n = 67;
  Results<float> all(p, n);
  for (int64_t m = 0; m <= n; m++) {
    std::vector<float> x = samples<float>(p, n);
    x.resize(static_cast<size_t>(m));
    Array<float> y = arrayOf(x);
    CHECK(run(p.name, glorot::kFloat32, {y, y}, {static_cast<double>(m)}, p.constants).kind == glorot::ErrorKind::kNone);
    for (int64_t i = 0; i < m; i++) CHECK(std::memcmp(&y[i], &all.y[i], 4) == 0, "%s of %d", p.name, static_cast<int>(m));
  }
  const auto refused = [&](const char* name, std::vector<glorot::Buffer> buffers, std::vector<double> sizes,
                           std::vector<double> constants) {
    return run(name, glorot::kFloat32, std::move(buffers), std::move(sizes), std::move(constants)).kind ==
           glorot::ErrorKind::kLaunch;
  };
  const std::string back = std::string(p.name) + "Backward";
  Array<float> shorter(n - 1);
  CHECK(refused(p.name, {all.x, shorter}, {n}, p.constants), "%s", p.name);
  CHECK(refused(p.name, {shorter, all.y}, {n}, p.constants), "%s", p.name);
  CHECK(refused(p.name, {all.x}, {n}, p.constants), "%s", p.name);
  CHECK(refused(p.name, {all.x, all.y}, {-1}, p.constants), "%s", p.name);
  CHECK(refused(back.c_str(), {all.x, shorter, all.dx}, {n}, p.constants), "%s", p.name);
  CHECK(refused(back.c_str(), {all.x, all.y}, {n}, p.constants), "%s", p.name);
  if (!p.constants.empty()) CHECK(refused(p.name, {all.x, all.y}, {n}, {}), "%s", p.name);
}

}  // namespace test
