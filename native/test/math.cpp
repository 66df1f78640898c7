// Accuracy of the vector functions in ulp of float32, against the C library in double, over the whole range of float32: every
// 4,099th bit pattern and the values where formulas break.
#include <cstdint>

#include "harness.h"

using test::Array;

struct Function {
  const char* name;
  double (*reference)(double);
  double bound;  // ulp
};

static double sigmoid(double x) { return x < 0 ? std::exp(x) / (1 + std::exp(x)) : 1 / (1 + std::exp(-x)); }
static double logSigmoid(double x) { return (x < 0 ? x : 0) - std::log1p(std::exp(-std::fabs(x))); }
static double rsqrt(double x) { return 1 / std::sqrt(x); }

/** By its series near 0, else by bisection on erfc, which keeps the digits that erf loses near 1. */
static double erfinv(double y) {
  const double pi = 3.14159265358979323846, a = std::fabs(y);
  if (!(a < 1)) return a == 1 ? std::copysign(INFINITY, y) : NAN;
  if (a < 1e-3) return std::sqrt(pi) / 2 * y * (1 + y * y * (pi / 12 + y * y * 7 * pi * pi / 480));
  double low = 0, high = 6;
  for (int i = 0; i < 60; i++) {
    const double middle = (low + high) / 2;
    (std::erfc(middle) > 1 - a ? low : high) = middle;
  }
  return std::copysign(low, y);
}

static const Function functions[] = {
    {"exp", std::exp, 2},     {"exp2", std::exp2, 2},   {"expm1", std::expm1, 2}, {"log", std::log, 2},
    {"log2", std::log2, 1},   {"log10", std::log10, 1}, {"log1p", std::log1p, 2}, {"sin", std::sin, 2},
    {"cos", std::cos, 2},     {"tan", std::tan, 1},     {"tanh", std::tanh, 2},   {"sigmoid", sigmoid, 2},
    {"erf", std::erf, 2},     {"erfc", std::erfc, 1},   {"sinh", std::sinh, 1},   {"cosh", std::cosh, 1},
    {"asin", std::asin, 1},   {"acos", std::acos, 1},   {"atan", std::atan, 1},   {"asinh", std::asinh, 1},
    {"acosh", std::acosh, 1}, {"atanh", std::atanh, 1}, {"sqrt", std::sqrt, 0.5}, {"rsqrt", rsqrt, 1.5},
    {"floor", std::floor, 0}, {"ceil", std::ceil, 0},   {"trunc", std::trunc, 0}, {"round", std::nearbyint, 0},
    {"logSigmoid", logSigmoid, 2},   {"erfinv", erfinv, 1},
};

static float fromBits(uint32_t bits) {
  float x;
  std::memcpy(&x, &bits, sizeof x);
  return x;
}

static const Array<float>& inputs() {
  static Array<float>* all = nullptr;
  if (all) return *all;
  std::vector<float> values;
  for (uint64_t bits = 0; bits < (1ull << 32); bits += 4099) values.push_back(fromBits(static_cast<uint32_t>(bits)));
  for (double v : {0.0, 0.5, 0.625, 0.921875, 1.0, 1.5, 2.0, 2.5, 9.0, 17.0, 20.0, 80.0, 87.3, 88.0, 88.72, 88.73, 89.0, 100.0, 103.9,
                   104.0, 105.0, 1e-45, 1e-40, 1.17549435e-38, 1e4, 48039.0, 1e9, 8388607.5, 8388608.0, 2147483648.0, 3.4028235e38})
    for (double sign : {1.0, -1.0})
      for (int step = -2; step <= 2; step++) {
        float x = static_cast<float>(sign * v);
        for (int i = 0; i < std::abs(step); i++) x = std::nextafterf(x, step < 0 ? -INFINITY : INFINITY);
        values.push_back(x);
      }
  values.push_back(INFINITY), values.push_back(-INFINITY), values.push_back(NAN);
  all = new Array<float>(static_cast<int64_t>(values.size()));
  for (size_t i = 0; i < values.size(); i++) (*all)[static_cast<int64_t>(i)] = values[i];
  return *all;
}

static void accuracy() {
  Array<float>& x = const_cast<Array<float>&>(inputs());
  Array<float> y(x.n);
  for (const Function& f : functions) {
    CHECK(test::run(f.name, glorot::kFloat32, {x, y}, {static_cast<double>(x.n)}).kind == glorot::ErrorKind::kNone);
    double worst = 0;
    float at = 0;
    for (int64_t i = 0; i < x.n; i++) {
      const double u = test::ulps(y[i], f.reference(x[i]));
      if (u > worst) worst = u, at = x[i];
    }
    CHECK(worst <= f.bound, "%s is %.3g ulp off at %.9g", f.name, worst, at);
    std::printf("  %-10s %.2f ulp at %.9g\n", f.name, worst, at);
  }
}

/** Tails take the same formula: each length gives the same bits as a prefix of the long run. */
static void tails() {
  for (const char* name : {"exp", "sin", "erf", "gelu", "mish"}) {
    const int64_t n = 70;
    Array<float> x(n), all(n);
    test::Random random;
    for (int64_t i = 0; i < n; i++) x[i] = static_cast<float>(random(-9, 9));
    const std::vector<double> none;
    CHECK(test::run(name, glorot::kFloat32, {x, all}, {static_cast<double>(n)}).kind == glorot::ErrorKind::kNone);
    for (int64_t m = 0; m <= n; m++) {
      Array<float> part(m), y(m);
      for (int64_t i = 0; i < m; i++) part[i] = x[i];
      CHECK(test::run(name, glorot::kFloat32, {part, y}, {static_cast<double>(m)}).kind == glorot::ErrorKind::kNone);
      for (int64_t i = 0; i < m; i++) CHECK(std::memcmp(&y[i], &all[i], 4) == 0, "%s", name);
    }
  }
}

int main() { return test::main_({{"accuracy", accuracy}, {"tails", tails}}); }
