// sort and topk against std::stable_sort, with ties, nan, infinities, signed zeros and random bits.
#include "axis.h"

#include <algorithm>
#include <limits>
#include <numeric>

using namespace test;
using glorot::ErrorKind;

/** PyTorch's order: nan above all. */
static bool less(double a, double b) { return (b != b && a == a) || a < b; }

static std::vector<int> orderOf(const std::vector<double>& v, bool descending) {
  std::vector<int> order(v.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](int a, int b) { return descending ? less(v[size_t(b)], v[size_t(a)]) : less(v[size_t(a)], v[size_t(b)]); });
  return order;
}

template <class T>
static void check(Array<T>& x, const Shape& s) {
  for (bool descending : {false, true}) {
    Array<T> values(s.n());
    Array<int32_t> places(s.n());
    std::vector<double> sizes = s.sizes();
    sizes.push_back(descending);
    CHECK(run("sort", dtypeOf<T>(), {x, values, places}, sizes).kind == ErrorKind::kNone);
    for (int64_t K : {int64_t{0}, int64_t{1}, s.R / 2, s.R - 1, s.R}) {
      if (K < 0 || K > s.R) continue;
      Array<T> best(s.kept() * K);
      Array<int32_t> where(s.kept() * K);
      std::vector<double> top = s.sizes();
      top.push_back(double(K)), top.push_back(descending);
      CHECK(run("topk", dtypeOf<T>(), {x, best, where}, top).kind == ErrorKind::kNone);
      for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++)
          for (int64_t k = 0; k < K; k++) {
            const int64_t at = (o * K + k) * s.inner + i, full = (o * s.R + k) * s.inner + i;
            CHECK(where[at] == places[full] && std::memcmp(&best[at], &values[full], sizeof(T)) == 0);
          }
    }
    for (int64_t o = 0; o < s.outer; o++)
      for (int64_t i = 0; i < s.inner; i++) {
        const std::vector<int> want = orderOf(line(x, s, o, i), descending);
        for (int64_t r = 0; r < s.R; r++) {
          const int64_t at = (o * s.R + r) * s.inner + i;
          CHECK(places[at] == want[size_t(r)], "[%d %d %d]", int(s.outer), int(s.R), int(s.inner));
          CHECK(std::memcmp(&values[at], &x[(o * s.R + want[size_t(r)]) * s.inner + i], sizeof(T)) == 0);
        }
      }
  }
}

template <class T>
static void values() {
  for (const Shape& s : shapes()) {
    Array<T> x(s.n());
    fillRandom(x, sizeof(T) == 1 ? 0 : -50, 50);
    check(x, s);
    for (int64_t i = 0; i < x.n; i++) x[i] = static_cast<T>(static_cast<int>(x[i]) / 10);  // ties
    check(x, s);
  }
}

template <class T>
static void strange() {
  const T odd[] = {T(NAN), -T(NAN), T(INFINITY), -T(INFINITY), T(0), -T(0), T(1), std::numeric_limits<T>::denorm_min(), -std::numeric_limits<T>::max()};
  Random random;
  for (int64_t R : {9, 40, 300}) {
    Array<T> x(R), bits(R);
    for (int64_t i = 0; i < R; i++) {
      x[i] = odd[static_cast<size_t>(random(0, 9))];
      const uint64_t pattern = (random(), random.state * 0x9E3779B97F4A7C15ull);
      std::memcpy(&bits[i], &pattern, sizeof(T));
    }
    check(x, {1, R, 1});
    check(bits, {1, R, 1});
  }
}

static void refusals() {
  Array<float> x(6), y(6);
  Array<int32_t> p(6), few(5);
  CHECK(run("sort", glorot::kFloat32, {x, y, few}, {1, 6, 1, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("sort", glorot::kFloat32, {x, y, p}, {1, 6, 1, 2}).kind == ErrorKind::kLaunch);
  CHECK(run("topk", glorot::kFloat32, {x, y, p}, {1, 3, 1, 4, 1}).kind == ErrorKind::kLaunch);
  CHECK(run("topk", glorot::kFloat32, {x, y, p}, {2, 3, 1, 4e15, 1}).kind == ErrorKind::kLaunch);
}

int main() {
  return main_({{"float32", values<float>}, {"float64", values<double>}, {"int32", values<int32_t>}, {"bool", values<uint8_t>},
                {"strange float32", strange<float>}, {"strange float64", strange<double>}, {"refusals", refusals}});
}
