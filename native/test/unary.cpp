// Functions of one number and their derivatives, on floats, doubles and integers. Accuracy over the whole range is math.cpp's.
#include "pointwise.h"

using test::Array;
using test::Pointwise;

static double sigmoid(double x) { return 1 / (1 + std::exp(-x)); }
static double rsqrt(double x) { return 1 / std::sqrt(x); }
static double square(double x) { return x * x; }
static double reciprocal(double x) { return 1 / x; }
/** By bisection. */
static double erfinv(double y) {
  double low = -6, high = 6;
  for (int i = 0; i < 80; i++) {
    const double middle = (low + high) / 2;
    (std::erf(middle) < y ? low : high) = middle;
  }
  return low;
}

static const Pointwise functions[] = {
    {"exp", std::exp, -5, 5, true},     {"exp2", std::exp2, -5, 5, true},   {"expm1", std::expm1, -3, 3, true},
    {"log", std::log, 0.1, 9},          {"log2", std::log2, 0.1, 9},        {"log10", std::log10, 0.1, 9},
    {"log1p", std::log1p, -0.9, 9},     {"sqrt", std::sqrt, 0.1, 9, true},  {"rsqrt", rsqrt, 0.1, 9, true},
    {"square", square, -4, 4},          {"reciprocal", reciprocal, 0.2, 4, true}, {"abs", std::fabs, 0.1, 4},
    {"abs", std::fabs, -4, -0.1},       {"sin", std::sin, -9, 9},           {"cos", std::cos, -9, 9},
    {"tan", std::tan, -1.4, 1.4, true}, {"asin", std::asin, -0.95, 0.95},   {"acos", std::acos, -0.95, 0.95},
    {"atan", std::atan, -9, 9},         {"sinh", std::sinh, -4, 4},         {"cosh", std::cosh, -4, 4},
    {"tanh", std::tanh, -3, 3, true},   {"asinh", std::asinh, -9, 9},       {"acosh", std::acosh, 1.1, 9},
    {"atanh", std::atanh, -0.95, 0.95}, {"erf", std::erf, -3, 3},           {"erfc", std::erfc, -3, 3},
    {"erfinv", erfinv, -0.95, 0.95, true}, {"sigmoid", sigmoid, -6, 6, true},
};

static void formulas() {
  for (const Pointwise& p : functions) test::checkFormula(p, 4e-6, 1e-6), test::checkOneSlope<float>(p), test::checkOneSlope<double>(p);
}
static void shapes() {
  for (const Pointwise& p : functions) test::checkShape(p);
}

static void pieces() {
  const float inf = INFINITY;
  Array<float> x{-2.5f, -1.5f, -0.5f, 0.5f, 1.5f, 2.5f, 0.49999997f, 8388609.0f, -inf, inf, 0.0f, 2.75f}, y(12);
  const struct {
    const char* name;
    double (*f)(double);
  } exact[] = {{"floor", std::floor}, {"ceil", std::ceil}, {"trunc", std::trunc}, {"round", std::nearbyint},
               {"neg", [](double v) { return -v; }}, {"sign", [](double v) { return static_cast<double>((v > 0) - (v < 0)); }}};
  for (const auto& e : exact) {
    CHECK(test::run(e.name, glorot::kFloat32, {x, y}, {12}).kind == glorot::ErrorKind::kNone);
    for (int i = 0; i < 12; i++) CHECK(static_cast<double>(y[i]) == e.f(x[i]), "%s(%g)", e.name, static_cast<double>(x[i]));
  }
  CHECK(test::run("frac", glorot::kFloat32, {x, y}, {12}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == -0.5f && y[3] == 0.5f && y[7] == 0 && y[11] == 0.75f);
}

static void integers() {
  Array<int32_t> x{-7, 0, 3, INT32_MIN, INT32_MAX}, y(5);
  CHECK(test::run("abs", glorot::kInt32, {x, y}, {5}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == 7 && y[1] == 0 && y[2] == 3 && y[3] == INT32_MIN && y[4] == INT32_MAX);
  CHECK(test::run("neg", glorot::kInt32, {x, y}, {5}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == 7 && y[2] == -3 && y[3] == INT32_MIN && y[4] == -INT32_MAX);
  CHECK(test::run("sign", glorot::kInt32, {x, y}, {5}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == -1 && y[1] == 0 && y[2] == 1 && y[3] == -1 && y[4] == 1);
  CHECK(test::run("abs", glorot::kInt32, {x, y}, {6}).kind == glorot::ErrorKind::kLaunch);
}

template <class T>
static void questionsOf() {
  const T inf = static_cast<T>(INFINITY);
  Array<T> x{static_cast<T>(NAN), inf, -inf, 0, static_cast<T>(-1.5)};
  Array<uint8_t> y(5);
  const struct {
    const char* name;
    uint8_t want[5];
  } questions[] = {{"isnan", {1, 0, 0, 0, 0}}, {"isinf", {0, 1, 1, 0, 0}}, {"isfinite", {0, 0, 0, 1, 1}}};
  for (const auto& q : questions) {
    CHECK(test::run(q.name, test::dtypeOf<T>(), {x, y}, {5}).kind == glorot::ErrorKind::kNone);
    CHECK(std::memcmp(&y[0], q.want, 5) == 0, "%s", q.name);
  }
}
static void questions() {
  questionsOf<float>();
  questionsOf<double>();
}

/** Arrays past the length from which results bypass the caches, aligned and not, and the same bits whatever the threads. */
static void longArrays() {
  const int64_t n = (int64_t{1} << 23) + 7;
  Array<float> x(n), one(n), y(n + 1);
  for (int64_t i = 0; i < n; i++) x[i] = static_cast<float>(i % 1001 - 500) * 0.01f;
  glorot::setNumThreads(1);
  CHECK(test::run("sigmoid", glorot::kFloat32, {x, one}, {static_cast<double>(n)}).kind == glorot::ErrorKind::kNone);
  glorot::setNumThreads(2);
  for (int64_t offset : {0, 1}) {
    glorot::Buffer to = y;
    to.data += 4 * offset, to.bytes -= static_cast<size_t>(4 * offset);
    CHECK(test::run("sigmoid", glorot::kFloat32, {x, to}, {static_cast<double>(n)}).kind == glorot::ErrorKind::kNone);
    CHECK(std::memcmp(to.data, &one[0], static_cast<size_t>(n) * 4) == 0, "offset %d", static_cast<int>(offset));
  }
}

int main() {
  return test::main_({{"formulas", formulas}, {"shapes", shapes}, {"pieces", pieces}, {"integers", integers},
                      {"questions", questions}, {"longArrays", longArrays}});
}
