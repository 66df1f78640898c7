// Binary kernels against the plain expression: contiguous, broadcast, odd sizes, and what they must refuse.
#include "harness.h"

using test::Array;

static void sizes() {
  test::Random random;
  for (int64_t n = 0; n < 70; n++) {
    Array<float> a(n), b(n), y(n);
    for (int64_t i = 0; i < n; i++) a[i] = static_cast<float>(random()), b[i] = static_cast<float>(random());
    const double N = static_cast<double>(n);
    CHECK(test::run("mul", glorot::kFloat32, {a, b, y}, {1, N, 1, 1}).kind == glorot::ErrorKind::kNone);
    for (int64_t i = 0; i < n; i++) CHECK(y[i] == a[i] * b[i]);
  }
}

static void broadcast() {
  Array<float> a{1, 2, 3}, b{10, 20}, y(6);  // [3, 1] + [2]
  CHECK(test::run("add", glorot::kFloat32, {a, b, y}, {2, 3, 2, 1, 0, 0, 1}).kind == glorot::ErrorKind::kNone);
  const float want[] = {11, 21, 12, 22, 13, 23};
  for (int i = 0; i < 6; i++) CHECK(y[i] == want[i]);
}

/** Operands of integers and bools: contiguous, repeated or with gaps, at every length around a vector's. */
template <class T, class R, class F> static void exactly(const char* name, F f) {
  test::Random random;
  for (int64_t n = 0; n < 40; n++)
    for (int steps = 0; steps < 9; steps++) {
      const int64_t sa = steps % 3, sb = steps / 3;
      Array<T> a(2 * n + 1), b(2 * n + 1);
      Array<R> y(n);
      for (int64_t i = 0; i < a.n; i++) {
        const auto draw = [&] { return static_cast<T>(sizeof(T) == 1 ? random(0, 2) : random() < -0.5 ? 7 : random(-2147483648.0, 2147483647.0)); };
        a[i] = draw(), b[i] = draw();
      }
      const std::vector<double> sizes{1, static_cast<double>(n), static_cast<double>(sa), static_cast<double>(sb)};
      CHECK(test::run(name, test::dtypeOf<T>(), {a, b, y}, sizes).kind == glorot::ErrorKind::kNone);
      for (int64_t i = 0; i < n; i++) CHECK(y[i] == f(a[i * sa], b[i * sb]), "%s of %g and %g", name, static_cast<double>(a[i * sa]), static_cast<double>(b[i * sb]));
    }
}
template <class T> static void comparisons() {
  exactly<T, uint8_t>("eq", [](T a, T b) { return a == b; });
  exactly<T, uint8_t>("ne", [](T a, T b) { return a != b; });
  exactly<T, uint8_t>("lt", [](T a, T b) { return a < b; });
  exactly<T, uint8_t>("le", [](T a, T b) { return a <= b; });
  exactly<T, uint8_t>("gt", [](T a, T b) { return a > b; });
  exactly<T, uint8_t>("ge", [](T a, T b) { return a >= b; });
  exactly<T, uint8_t>("logicalAnd", [](T a, T b) { return a && b; });
  exactly<T, uint8_t>("logicalOr", [](T a, T b) { return a || b; });
  exactly<T, uint8_t>("logicalXor", [](T a, T b) { return !a != !b; });
  exactly<T, T>("maximum", [](T a, T b) { return a > b ? a : b; });
  exactly<T, T>("minimum", [](T a, T b) { return a < b ? a : b; });
}
static void integers() {
  const auto wrapped = [](int64_t v) { return static_cast<int32_t>(static_cast<uint32_t>(v)); };
  exactly<int32_t, int32_t>("add", [&](int64_t a, int64_t b) { return wrapped(a + b); });
  exactly<int32_t, int32_t>("sub", [&](int64_t a, int64_t b) { return wrapped(a - b); });
  exactly<int32_t, int32_t>("mul", [&](int64_t a, int64_t b) { return wrapped(a * b); });
  exactly<uint8_t, uint8_t>("add", [](uint8_t a, uint8_t b) { return a | b; });
  exactly<uint8_t, uint8_t>("mul", [](uint8_t a, uint8_t b) { return a & b; });
  comparisons<int32_t>(), comparisons<uint8_t>(), comparisons<double>();
}

static void doubles() {
  exactly<double, double>("add", [](double a, double b) { return a + b; });
  exactly<double, double>("sub", [](double a, double b) { return a - b; });
  exactly<double, double>("mul", [](double a, double b) { return a * b; });
  exactly<double, double>("div", [](double a, double b) { return a / b; });
  Array<double> a{NAN, 1, NAN, 3, -0.0}, b{1, NAN, NAN, 2, 0.0}, y(5);
  CHECK(test::run("maximum", glorot::kFloat64, {a, b, y}, {1, 5, 1, 1}).kind == glorot::ErrorKind::kNone);
  CHECK(std::isnan(y[0]) && std::isnan(y[1]) && std::isnan(y[2]) && y[3] == 3 && y[4] == 0);
}

static void refusals() {
  Array<float> a(4), b(4), y(3);
  CHECK(test::run("add", glorot::kFloat32, {a, b, y}, {1, 4, 1, 1}).kind == glorot::ErrorKind::kLaunch);
  CHECK(test::run("add", glorot::kFloat32, {a, b}, {1, 3, 1, 1}).kind == glorot::ErrorKind::kLaunch);
  CHECK(test::run("add", glorot::kFloat32, {a, b, y}, {1, 3, 1}).kind == glorot::ErrorKind::kLaunch);
  CHECK(test::run("add", glorot::kFloat32, {a, b, y}, {2, 4e15, 4e15, 0, 0, 0, 0}).kind == glorot::ErrorKind::kLaunch);
  CHECK(test::run("add", glorot::kFloat32, {a, b, y}, {1, NAN, 1, 1}).kind == glorot::ErrorKind::kLaunch);
  CHECK(test::run("add", glorot::kFloat32, {a, b, y}, {99, 1, 1, 1}).kind == glorot::ErrorKind::kLaunch);
  CHECK(test::run("add", glorot::kFloat32, {a, b, y}, {1, 3, 2, 1}).kind == glorot::ErrorKind::kLaunch);
}

int main() { return test::main_({{"sizes", sizes}, {"broadcast", broadcast}, {"integers", integers}, {"doubles", doubles}, {"refusals", refusals}}); }
