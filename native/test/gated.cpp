// glu and prelu over every layout: long and short rows, single elements, several threads' worth.
#include "harness.h"

using test::Array;

static double logistic(double x) { return 1 / (1 + std::exp(-x)); }
static bool close(double got, double want) { return std::fabs(got - want) <= 2e-6 + 4e-6 * std::fabs(want); }
template <class T> static void fill(Array<T>& a, test::Random& random) {
  for (int64_t i = 0; i < a.n; i++) a[i] = static_cast<T>(random(-3, 3));
}

template <class T>
static void gluOf(int64_t outer, int64_t half) {
  const int64_t n = outer * half;
  test::Random random;
  Array<T> x(2 * n), dy(n), y(n), dx(2 * n);
  fill(x, random), fill(dy, random);
  const std::vector<double> sizes{static_cast<double>(outer), static_cast<double>(half)};
  CHECK(test::run("glu", test::dtypeOf<T>(), {x, y}, sizes).kind == glorot::ErrorKind::kNone);
  CHECK(test::run("gluBackward", test::dtypeOf<T>(), {x, dy, dx}, sizes).kind == glorot::ErrorKind::kNone);
  for (int64_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < half; i++) {
      const int64_t at = 2 * o * half + i;
      const double a = x[at], s = logistic(x[at + half]), g = dy[o * half + i];
      CHECK(close(y[o * half + i], a * s) && close(dx[at], g * s) && close(dx[at + half], g * a * s * (1 - s)));
    }
  CHECK(test::run("gluBackward", test::dtypeOf<T>(), {x, dy, x}, sizes).kind == glorot::ErrorKind::kNone);
  if (n > 0) CHECK(std::memcmp(&x[0], &dx[0], static_cast<size_t>(2 * n) * sizeof(T)) == 0, "in place");
}
static void glu() {
  for (int64_t outer : {0, 1, 3, 40})
    for (int64_t half : {0, 1, 5, 16, 37, 700}) gluOf<float>(outer, half), gluOf<double>(outer, half);
  gluOf<float>(1, 40000), gluOf<float>(3, 20000);
}

template <class T>
static void preluOf(int64_t outer, int64_t channels, int64_t inner) {
  const int64_t n = outer * channels * inner;
  test::Random random;
  Array<T> x(n), w(channels), dy(n), y(n), dx(n), dw(channels);
  fill(x, random), fill(w, random), fill(dy, random), fill(dw, random);
  if (n > 0) x[0] = 0;
  const std::vector<double> sizes{static_cast<double>(outer), static_cast<double>(channels), static_cast<double>(inner)};
  CHECK(test::run("prelu", test::dtypeOf<T>(), {x, w, y}, sizes).kind == glorot::ErrorKind::kNone);
  CHECK(test::run("preluBackward", test::dtypeOf<T>(), {x, w, dy, dx, dw}, sizes).kind == glorot::ErrorKind::kNone);
  std::vector<double> want(static_cast<size_t>(channels)), scale(static_cast<size_t>(channels), 1.0);
  for (int64_t i = 0; i < n; i++) {
    const int64_t c = i / inner % channels;
    const double slope = x[i] > 0 ? 1 : w[c], part = x[i] > 0 ? 0 : static_cast<double>(x[i]) * dy[i];
    CHECK(close(y[i], slope * x[i]) && close(dx[i], slope * dy[i]));
    want[static_cast<size_t>(c)] += part, scale[static_cast<size_t>(c)] += std::fabs(part);
  }
  for (int64_t c = 0; c < channels; c++)
    CHECK(std::fabs(dw[c] - want[static_cast<size_t>(c)]) <= 1e-6 * scale[static_cast<size_t>(c)], "dw[%d]", static_cast<int>(c));
}
static void prelu() {
  for (int64_t outer : {0, 1, 3})
    for (int64_t channels : {1, 2, 19})
      for (int64_t inner : {0, 1, 7, 50}) preluOf<float>(outer, channels, inner), preluOf<double>(outer, channels, inner);
  preluOf<float>(1, 1, 100000), preluOf<float>(300, 100, 1), preluOf<float>(4, 3, 9000), preluOf<float>(1, 2, 40000);
}

/** The sum behind dw does not depend on the threads. */
static void threads() {
  const int64_t n = 500000;
  test::Random random;
  Array<float> x(n), w{0.25f}, dy(n), dx(n), one(1), two(1);
  fill(x, random), fill(dy, random);
  const std::vector<double> sizes{1, 1, static_cast<double>(n)};
  glorot::setNumThreads(1);
  CHECK(test::run("preluBackward", glorot::kFloat32, {x, w, dy, dx, one}, sizes).kind == glorot::ErrorKind::kNone);
  glorot::setNumThreads(2);
  CHECK(test::run("preluBackward", glorot::kFloat32, {x, w, dy, dx, two}, sizes).kind == glorot::ErrorKind::kNone);
  CHECK(std::memcmp(&one[0], &two[0], 4) == 0);
}

static void refusals() {
  Array<float> x(12), y{1, 1, 1, 1, 1, 1}, w(3), shorter(5);
  const auto refused = [](const char* name, std::vector<glorot::Buffer> buffers, std::vector<double> sizes) {
    return test::run(name, glorot::kFloat32, std::move(buffers), std::move(sizes)).kind == glorot::ErrorKind::kLaunch;
  };
  CHECK(refused("glu", {x, shorter}, {2, 3}));
  CHECK(refused("glu", {x, y}, {3, 3}));
  CHECK(refused("glu", {x, y}, {1e12, 1e12}));
  CHECK(refused("gluBackward", {x, shorter, x}, {2, 3}));
  CHECK(refused("prelu", {x, w, x}, {1, 4, 3}));
  CHECK(refused("prelu", {x, w, x}, {1e12, 1e12, 1e12}));
  CHECK(refused("preluBackward", {x, w, x, x}, {1, 3, 4}));
  CHECK(refused("preluBackward", {x, w, x, x, y}, {1e12, 1e12, 0}));
  // Nothing to read, and no loop over the many empty rows.
  CHECK(test::run("preluBackward", glorot::kFloat32, {x, w, x, x, y}, {1e12, 3, 0}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == 0 && y[2] == 0);
}

int main() { return test::main_({{"glu", glu}, {"prelu", prelu}, {"threads", threads}, {"refusals", refusals}}); }
