// Conversions between dtypes, element for element as C++ converts, at every length around a vector's, and where C++ says nothing.
#include <algorithm>
#include <climits>

#include "harness.h"

using test::Array;

template <class T> static std::vector<T> values() {
  return {T(0), T(1), T(2.75), T(-2.75), T(-0.0), T(100), T(-127), T(123456.7), T(16777217), T(-1e-30), T(2147483520), T(-2147483648.0)};
}
template <> std::vector<uint8_t> values() { return {0, 1, 1, 0, 1}; }
template <> std::vector<int32_t> values() { return {0, 1, -1, 256, -256, 65536, 16777217, INT32_MAX, INT32_MIN}; }

template <class T> static int32_t whole(T x) {
  return static_cast<double>(x) > -2147483649.0 && static_cast<double>(x) < 2147483648.0 ? static_cast<int32_t>(x) : INT32_MIN;
}
template <class R, class T> static R expected(T x) {
  if constexpr (std::is_same_v<R, uint8_t>) return x != T{0};
  else if constexpr (std::is_same_v<R, int32_t>) return whole(x);
  else return static_cast<R>(x);
}

template <class T, class R> static void pairOf(std::vector<T> from) {
  for (int64_t n = 0; n < 70; n++) {
    Array<T> x(n);
    Array<R> y(n);
    for (int64_t i = 0; i < n; i++) x[i] = from[static_cast<size_t>(i + n) % from.size()];
    CHECK(test::run("cast", test::dtypeOf<T>(), {x, y}, {static_cast<double>(n), test::dtypeOf<R>() * 1.0}).kind == glorot::ErrorKind::kNone);
    for (int64_t i = 0; i < n; i++) {
      const R want = expected<R>(x[i]);
      CHECK(std::memcmp(&y[i], &want, sizeof want) == 0, "%g became %g", static_cast<double>(x[i]), static_cast<double>(y[i]));
    }
  }
}
template <class T> static void from(std::vector<T> x) {
  pairOf<T, float>(x), pairOf<T, double>(x), pairOf<T, int32_t>(x), pairOf<T, uint8_t>(x);
}
static void pairs() { from(values<float>()), from(values<double>()), from(values<int32_t>()), from(values<uint8_t>()); }

/** What is no int32 becomes INT32_MIN, nan is true. */
template <class T> static void outside() {
  const std::vector<T> x{T(NAN), T(INFINITY), T(-INFINITY), T(2147483648.0), T(3e9), T(-2147484000.0), T(1e30)};
  pairOf<T, int32_t>(x), pairOf<T, uint8_t>(x);
}
static void edges() {
  outside<float>(), outside<double>();
  pairOf<double, int32_t>({2147483647.5, -2147483648.5, 2147483647.0, -2147483649.0});
}

static void refusals() {
  Array<float> x(4);
  Array<uint8_t> y(3);
  CHECK(test::run("cast", glorot::kFloat32, {x, y}, {4, 3}).kind == glorot::ErrorKind::kLaunch);
  CHECK(test::run("cast", glorot::kFloat32, {x, y}, {3, 4}).kind == glorot::ErrorKind::kLaunch);
}

int main() { return test::main_({{"pairs", pairs}, {"edges", edges}, {"refusals", refusals}}); }
