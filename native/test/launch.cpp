// What kernels read from a launch: numbers from JavaScript, any of them, as sizes.
#include "harness.h"

using namespace test;
using glorot::ErrorKind;
using glorot::Launch;

static Launch launchOf(const double* sizes, int n) { return {nullptr, sizes, nullptr, 0, n, 0}; }

/** read() of n sizes gives what size() gives for each, or fails with the same words and numbers. */
static void same(const std::vector<double>& sizes, int at, int n) {
  Launch together = launchOf(sizes.data(), static_cast<int>(sizes.size())), alone = together;
  std::vector<int64_t> to(static_cast<size_t>(n), -1);
  together.read(at, n, to.data());
  for (int i = 0; i < n; i++) {
    const int64_t one = alone.size(at + i);
    if (alone.ok()) CHECK(to[static_cast<size_t>(i)] == one, "size %d of %g", at + i, sizes[static_cast<size_t>(at + i)]);
  }
  CHECK(together.error.kind == alone.error.kind && together.error.text == alone.error.text);
  CHECK(together.error.a == alone.error.a && (together.error.b == alone.error.b || alone.error.b != alone.error.b));
}

static void reading() {
  const double most = glorot::kMaxSize;
  const double good[] = {0, -0.0, 1, 3, 4095, 2147483648.0, most - 1, most};
  const double bad[] = {-1,  0.5, -0.5, most + 1, 2 * most, 4503599627370496.0, -4503599627370496.0, 1e300, -1e300, 5e-324, NAN, -NAN, INFINITY,
                        -INFINITY, 1 - 1e-16, 2.0000000001, 9007199254740993.0};
  for (int n = 0; n <= 7; n++)
    for (int place = 0; place < n + 2; place++) {
      for (double v : good) {
        std::vector<double> sizes(static_cast<size_t>(n) + 2, 7);
        sizes[static_cast<size_t>(place)] = v;
        same(sizes, 1, n);
      }
      for (double v : bad) {
        std::vector<double> sizes(static_cast<size_t>(n) + 2, 7);
        sizes[static_cast<size_t>(place)] = v;
        same(sizes, 1, n);
      }
    }
  for (double v : bad) {
    Launch l = launchOf(&v, 1);
    int64_t to = 0;
    l.read(0, 1, &to);
    CHECK(l.error.kind == ErrorKind::kLaunch, "%g passed", v);
  }
}

static void missing() {
  for (int have = 0; have < 5; have++) {
    const std::vector<double> sizes(static_cast<size_t>(have), 2);
    Launch l = launchOf(sizes.data(), have);
    int64_t to[5];
    l.read(0, 5, to);
    CHECK(l.error.kind == ErrorKind::kLaunch && l.error.a == have);
  }
}

int main() { return main_({{"sizes", reading}, {"missing sizes", missing}}); }
