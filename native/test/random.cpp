// Every draw against its plain description over std::mt19937, bit for bit; known numbers of PyTorch; damaged states.
#include <algorithm>
#include <random>

#include "harness.h"

using namespace test;
using glorot::ErrorKind;

constexpr int64_t kStateBytes = 2520;

/** A generator under test beside its reference. */
struct Pair {
  Array<double> state = Array<double>(kStateBytes / 8);
  std::mt19937 words;
  double kept = NAN;

  explicit Pair(uint32_t seed) : words(seed) { run("seedGenerator", glorot::kFloat32, {state}, {double(seed), 0}); }
  uint64_t wide() {
    const uint64_t high = words();
    return high << 32 | words();
  }
  double unit(double) { return double(wide() & ((1ull << 53) - 1)) / 9007199254740992.0; }
  float unit(float) { return float(words() & 0xffffff) / 16777216.0f; }
  double normal() {
    if (!std::isnan(kept)) {
      const double n = kept;
      kept = NAN;
      return n;
    }
    const double u1 = unit(0.0), u2 = unit(0.0), r = std::sqrt(-2 * std::log1p(-u2)), t = 2 * M_PI * u1;
    kept = r * std::sin(t);
    return r * std::cos(t);
  }
};

template <class T>
static bool same(Array<T>& a, const std::vector<T>& b) {
  return b.empty() || std::memcmp(a.data.get(), b.data(), b.size() * sizeof(T)) == 0;
}

static const int64_t kCounts[] = {0, 1, 2, 15, 16, 17, 31, 32, 33, 623, 624, 625, 1024, 1040, 5003};

// --- the block step in plain floats -------------------------------------------------------------------------------------
static float log32(float x) {
  uint32_t b;
  std::memcpy(&b, &x, 4);
  float e = float(int(b >> 23) - 126), m;
  b = (b & 0x7fffff) | 0x3f000000;
  std::memcpy(&m, &b, 4);
  if (m < 0.707106781186547524f) e -= 1, m = (m - 1) + m;
  else m = m - 1;
  const float z = m * m;
  float y = 7.0376836292e-2f;
  for (float c : {-1.1514610310e-1f, 1.1676998740e-1f, -1.2420140846e-1f, 1.4249322787e-1f, -1.6668057665e-1f, 2.0000714765e-1f,
                  -2.4999993993e-1f, 3.3333331174e-1f})
    y = std::fma(y, m, c);
  y = y * m;
  y = std::fma(y, z, e * -2.12194440e-4f);
  y = std::fma(z, -0.5f, y);
  return std::fma(e, 0.693359375f, m + y);
}
static void sincos32(float x, float& sine, float& cosine) {
  const int j = (int(x * 1.27323954473516f) + 1) & ~1;
  for (float c : {-0.78515625f, -2.4187564849853515625e-4f, -3.77489497744594108e-8f}) x = std::fma(float(j), c, x);
  const float z = x * x;
  float c = std::fma(std::fma(2.443315711809948e-5f, z, -1.388731625493765e-3f), z, 4.166664568298827e-2f) * z;
  c = std::fma(c, z, -(z * 0.5f)) + 1;
  float s = std::fma(std::fma(-1.9515295891e-4f, z, 8.3321608736e-3f), z, -1.6666654611e-1f) * z;
  s = std::fma(s, x, x);
  if (j & 2) std::swap(s, c);
  sine = j & 4 ? -s : s;
  cosine = (j + 2) & 4 ? -c : c;
}
static void block(float* x, float mean, float std_) {
  for (int j = 0; j < 8; j++) {
    const float radius = std::sqrt(-2 * log32(1 - x[j]));
    float s, c;
    sincos32(6.283185307179586f * x[j + 8], s, c);
    x[j] = std::fma(radius * c, std_, mean);
    x[j + 8] = std::fma(radius * s, std_, mean);
  }
}
static void block(double* x, double mean, double std_) {
  for (int j = 0; j < 8; j++) {
    const double r = std::sqrt(-2 * std::log(1 - x[j])), t = 2 * M_PI * x[j + 8];
    x[j] = r * std::cos(t) * std_ + mean;
    x[j + 8] = r * std::sin(t) * std_ + mean;
  }
}

template <class T>
static void streams() {
  for (uint32_t seed : {0u, 42u, 4294967295u}) {
    Pair p(seed);
    for (int64_t n : kCounts) {
      Array<T> y(n);
      std::vector<T> want;
      CHECK(run("uniform", dtypeOf<T>(), {p.state, y}, {double(n)}, {-0.3, 0.7}).kind == ErrorKind::kNone);
      for (int64_t i = 0; i < n; i++) want.push_back(std::fma(p.unit(T{}), T(0.7) - T(-0.3), T(-0.3)));
      CHECK(same(y, want), "uniform %d", int(n));

      for (bool oneByOne : {false, true}) {
        want.clear();
        run("normal", dtypeOf<T>(), {p.state, y}, {double(n), double(oneByOne)}, {1.5, 0.25});
        if (n < 16 || oneByOne) {
          for (int64_t i = 0; i < n; i++) want.push_back(T(p.normal() * 0.25 + 1.5));
        } else {
          for (int64_t i = 0; i < n; i++) want.push_back(p.unit(T{}));
          for (int64_t i = 0; i + 16 <= n; i += 16) block(&want[i], T(1.5), T(0.25));
          if (n % 16) {
            for (int64_t i = n - 16; i < n; i++) want[i] = p.unit(T{});
            block(&want[n - 16], T(1.5), T(0.25));
          }
        }
        CHECK(same(y, want), "normal %d", int(n));
      }

      want.clear();
      run("exponential", dtypeOf<T>(), {p.state, y}, {double(n)}, {1.7});
      for (int64_t i = 0; i < n; i++) want.push_back(T(-1.0 / 1.7 * std::log1p(-p.unit(0.0))));
      CHECK(same(y, want), "exponential %d", int(n));

      Array<T> x(n), noise(n);
      for (int64_t i = 0; i < n; i++) x[i] = T(i) - 3;
      run("dropout", dtypeOf<T>(), {p.state, x, y, noise}, {double(n)}, {0.3});
      bool right = true;
      for (int64_t i = 0; i < n; i++) {
        const T b = p.unit(0.0) < 0.7 ? T(1) / T(0.7) : T(0);
        right &= noise[i] == b && y[i] == x[i] * b;
      }
      CHECK(right, "dropout %d", int(n));

      for (int64_t i = 0; i < n; i++) x[i] = T(i % 11) / 10;
      run("bernoulliTensor", dtypeOf<T>(), {p.state, x, y}, {double(n)});
      right = true;
      for (int64_t i = 0; i < n; i++) right &= y[i] == (p.unit(T{}) < x[i] ? 1 : 0);
      CHECK(right, "bernoulliTensor %d", int(n));
    }
  }
}

template <class T>
static void wholeNumbers() {
  Pair p(7);
  for (int64_t n : kCounts) {
    Array<T> y(n);
    bool right = true;
    for (double probability : {0.0, 0.1, 0.5, 1.0}) {
      run("bernoulli", dtypeOf<T>(), {p.state, y}, {double(n)}, {probability, 1});
      for (int64_t i = 0; i < n; i++) right &= y[i] == (p.unit(0.0) < probability ? 1 : 0);
    }
    CHECK(right, "bernoulli %d", int(n));
    for (double span : {1.0, 2.0, 10.0, 100.0, 65536.0, 268435455.0, 268435456.0, 2147483647.0, 4294967296.0, 1099511627776.0, 9007199254740992.0}) {
      const double low = sizeof(T) == 1 ? 0 : -3;
      if (sizeof(T) == 4 && span > 2147483647.0) continue;
      if (sizeof(T) == 1 && span > 2) continue;
      const bool wide = span >= 268435456.0;
      right = run("randint", dtypeOf<T>(), {p.state, y}, {double(n), double(wide)}, {low, span - 1}).kind == ErrorKind::kNone;
      for (int64_t i = 0; i < n; i++) right &= y[i] == T(int64_t(low) + int64_t((wide ? p.wide() : p.words()) % uint64_t(span)));
      CHECK(right, "randint %d of %g", int(n), span);
    }
  }
}

static void permutations() {
  Pair p(3);
  for (int64_t n : kCounts) {
    Array<int32_t> y(n);
    std::vector<int32_t> want;
    CHECK(run("randperm", glorot::kFloat32, {p.state, y}, {double(n)}).kind == ErrorKind::kNone);
    for (int64_t i = 0; i < n; i++) want.push_back(int32_t(i));
    for (int64_t i = 0; i + 1 < n; i++) std::swap(want[i], want[i + int64_t(p.words() % uint64_t(n - i))]);
    CHECK(same(y, want), "randperm %d", int(n));
    Array<double> halves(2);
    run("random63", glorot::kFloat32, {p.state, halves}, {});
    const uint64_t seed = p.wide();
    CHECK(halves[0] == double(seed >> 32 & 0x7fffffff) && halves[1] == double(seed & 0xffffffff));
  }
}

template <class T>
static void weighted() {
  Pair p(11);
  const int64_t rows = 2, n = 9, k = 7;
  Array<T> w(rows * n);
  for (int64_t i = 0; i < w.n; i++) w[i] = T((i * 5) % 7);
  Array<int32_t> y(rows * k);
  CHECK(run("multinomial", dtypeOf<T>(), {p.state, w, y}, {2, 9, 7, 1}).kind == ErrorKind::kNone);
  for (int64_t r = 0; r < rows; r++) {
    std::vector<T> sums;
    T total = 0;
    for (int64_t i = 0; i < n; i++) sums.push_back(total += w[r * n + i]);
    for (T& s : sums) s /= total;
    for (int64_t j = 0; j < k; j++) {
      const double u = p.unit(0.0);
      int32_t first = 0;
      while (first < n - 1 && double(sums[first]) < u) first++;
      CHECK(y[r * k + j] == first);
    }
  }
  for (int64_t take : {int64_t{1}, k}) {
    run("multinomial", dtypeOf<T>(), {p.state, w, y}, {2, 9, double(take), take == 1 ? 1.0 : 0.0});
    std::vector<T> keys;
    for (int64_t i = 0; i < w.n; i++) keys.push_back(w[i] / T(-std::log1p(-p.unit(0.0))));
    for (int64_t r = 0; r < rows; r++)
      for (int64_t j = 0; j < take; j++) {
        T* row = &keys[r * n];
        const int32_t best = int32_t(std::max_element(row, row + n) - row);
        CHECK(y[r * take + j] == best, "got %d want %d", y[r * take + j], best);
        row[best] = -1;
      }
  }
  const auto kind = [&](std::vector<double> sizes) { return run("multinomial", dtypeOf<T>(), {p.state, w, y}, sizes).kind; };
  CHECK(kind({1, 3, 4, 0}) == ErrorKind::kValue);
  CHECK(kind({1, 9, 9, 0}) != ErrorKind::kNone);
  w[2] = -1;
  CHECK(kind({1, 9, 2, 1}) == ErrorKind::kValue);
  w[2] = T(NAN);
  CHECK(kind({1, 9, 2, 0}) == ErrorKind::kValue);
  for (int64_t i = 0; i < w.n; i++) w[i] = 0;
  CHECK(kind({1, 9, 2, 1}) == ErrorKind::kValue);
}

static void knownNumbers() {
  // torch.manual_seed(0); torch.randn(3), torch.rand(3), torch.randn(16)
  Pair p(0);
  Array<float> y(3), z(16);
  run("normal", glorot::kFloat32, {p.state, y}, {3, 0}, {0, 1});
  CHECK(y[0] == 1.5409961f && y[1] == -0.2934289f && y[2] == -2.1787894f);
  run("uniform", glorot::kFloat32, {p.state, y}, {3}, {0, 1});
  CHECK(y[0] == 0.45562798f, "%.9g", double(y[0]));
  run("seedGenerator", glorot::kFloat32, {p.state}, {0, 5});
  run("normal", glorot::kFloat32, {p.state, z}, {16, 0}, {0, 1});
  CHECK(z[0] == -1.1258398f && z[1] == -1.1523602f && z[8] == 0.32227492f);
}

static void refusals() {
  Array<float> y(20);
  for (int64_t i = 0; i < y.n; i++) y[i] = 77;
  for (int damage = 0; damage < 3; damage++) {
    Pair p(1);
    uint32_t* words = reinterpret_cast<uint32_t*>(p.state.data.get());
    if (damage == 0) words[624] = 625;
    if (damage == 1) words[624] = UINT32_MAX;
    if (damage == 2) words[625] = 2;
    for (const char* name : {"uniform", "normal", "exponential"})
      CHECK(run(name, glorot::kFloat32, {p.state, y}, {20, 0}, {0, 1}).kind == ErrorKind::kLaunch, "%s", name);
  }
  Pair p(1);
  Array<double> small(kStateBytes / 8 - 1);
  const auto refused = [&](const char* name, std::vector<glorot::Buffer> buffers, std::vector<double> sizes, std::vector<double> floats) {
    const ErrorKind kind = run(name, glorot::kFloat32, buffers, sizes, floats).kind;
    CHECK(kind != ErrorKind::kNone, "%s", name);
  };
  refused("uniform", {small, y}, {20}, {0, 1});
  refused("uniform", {p.state, y}, {21}, {0, 1});
  refused("seedGenerator", {small}, {0, 0}, {});
  refused("seedGenerator", {p.state}, {4294967296.0, 0}, {});
  refused("bernoulli", {p.state, y}, {20}, {1.5, 1});
  refused("bernoulli", {p.state, y}, {20}, {NAN, 1});
  refused("dropout", {p.state, y, y, y}, {20}, {-0.1});
  refused("randint", {p.state, y}, {20, 0}, {0, -1});
  refused("randint", {p.state, y}, {20, 0}, {0.5, 2});
  refused("randint", {p.state, y}, {20, 1}, {0, 1e300});
  refused("bernoulliTensor", {p.state, y, y}, {20}, {});
  CHECK(run("randint", glorot::kInt32, {p.state, y}, {20, 1}, {0, 4294967296.0}).kind == ErrorKind::kValue);
  CHECK(run("randperm", glorot::kFloat32, {p.state, y}, {1e15}).kind != ErrorKind::kNone);
  for (int64_t i = 0; i < y.n; i++) CHECK(y[i] == 77);
  CHECK(p.words() == 1791095845u && reinterpret_cast<uint32_t*>(p.state.data.get())[624] == 624, "a refused launch draws nothing");
}

int main() {
  return main_({{"float32", streams<float>}, {"float64", streams<double>}, {"whole float32", wholeNumbers<float>},
                {"whole float64", wholeNumbers<double>}, {"whole int32", wholeNumbers<int32_t>}, {"whole bool", wholeNumbers<uint8_t>},
                {"permutations", permutations}, {"weighted float32", weighted<float>}, {"weighted float64", weighted<double>},
                {"known numbers", knownNumbers}, {"refusals", refusals}});
}
