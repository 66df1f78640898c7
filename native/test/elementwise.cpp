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

int main() { return test::main_({{"sizes", sizes}, {"broadcast", broadcast}, {"refusals", refusals}}); }
