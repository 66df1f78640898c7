// Activations against their formulas, and what they answer at kinks and infinities.
#include "pointwise.h"

using test::Array;
using test::Pointwise;

static double phi(double x) { return std::erfc(-x / std::sqrt(2.0)) / 2; }
static double logistic(double x) { return 1 / (1 + std::exp(-x)); }
static double relu6(double x) { return std::fmin(std::fmax(x, 0), 6); }
static double clamped(double x, double low, double high) { return std::fmin(std::fmax(x, low), high); }

static const double kSeluAlpha = 1.6732632423543772, kSeluScale = 1.0507009873554805;
static const Pointwise activations[] = {
    {"relu", [](double x) { return std::fmax(x, 0); }, 0.01, 4},
    {"relu", [](double x) { return std::fmax(x, 0); }, -4, -0.01},
    {"leakyRelu", [](double x) { return x > 0 ? x : 0.2 * x; }, -4, -0.01, false, {0.2}},
    {"elu", [](double x) { return x > 0 ? x : 0.5 * std::expm1(x); }, -6, -0.01, false, {0.5, 1, 1}},
    {"elu", [](double x) { return x > 0 ? x : std::expm1(x); }, -9, 9, false, {1, 1, 1}},
    {"elu", [](double x) { return kSeluScale * (x > 0 ? x : kSeluAlpha * std::expm1(x)); }, -6, -0.01, false,
     {kSeluAlpha, kSeluScale, 1}},
    {"elu", [](double x) { return x > 0 ? x : 1.5 * std::expm1(x / 1.5); }, -6, 6, false, {1.5, 1, 1 / 1.5}},
    {"gelu", [](double x) { return x * phi(x); }, -6, 6},
    {"gelu", [](double x) { return x * phi(x); }, -13, -6},
    {"geluTanh", [](double x) { return x / 2 * (1 + std::tanh(std::sqrt(2 / 3.14159265358979323846) * (x + 0.044715 * x * x * x))); },
     -4, 6},
    {"silu", [](double x) { return x * logistic(x); }, -20, 20},
    {"mish", [](double x) { return x * std::tanh(std::log1p(std::exp(x))); }, -20, 30},
    {"softplus", [](double x) { return std::log1p(std::exp(x)); }, -20, 19, false, {1, 20}},
    {"softplus", [](double x) { return std::log1p(std::exp(2 * x)) / 2; }, -5, 1.4, false, {2, 3}},
    {"softplus", [](double x) { return x; }, 1.6, 9, false, {2, 3}},
    {"softsign", [](double x) { return x / (1 + std::fabs(x)); }, -9, 9},
    {"logSigmoid", [](double x) { return -std::log1p(std::exp(-x)); }, -20, 20},
    {"tanhshrink", [](double x) { return x - std::tanh(x); }, -4, 4},
    {"hardtanh", [](double x) { return clamped(x, -0.5, 2); }, -0.49, 1.99, false, {-0.5, 2}},
    {"hardtanh", [](double x) { return clamped(x, -0.5, 2); }, 2.01, 4, false, {-0.5, 2}},
    {"hardsigmoid", [](double x) { return relu6(x + 3) / 6; }, -2.99, 2.99},
    {"hardswish", [](double x) { return x * relu6(x + 3) / 6; }, -2.99, 2.99},
    {"hardswish", [](double x) { return x * relu6(x + 3) / 6; }, 3.01, 9},
    {"hardshrink", [](double x) { return std::fabs(x) > 0.5 ? x : 0; }, 0.51, 3, false, {0.5}},
    {"hardshrink", [](double x) { return std::fabs(x) > 0.5 ? x : 0; }, -0.49, 0.49, false, {0.5}},
    {"softshrink", [](double x) { return x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0; }, -3, -0.51, false, {0.5}},
    {"softshrink", [](double x) { return x > 0.5 ? x - 0.5 : x < -0.5 ? x + 0.5 : 0; }, 0.51, 3, false, {0.5}},
    {"threshold", [](double x) { return x > 0.1 ? x : 20; }, 0.11, 3, false, {0.1, 20}},
    {"threshold", [](double x) { return x > 0.1 ? x : 20; }, -3, 0.09, false, {0.1, 20}},
};

static void formulas() {
  for (const Pointwise& p : activations) test::checkFormula(p, 4e-6, 1e-6), test::checkOneSlope<float>(p), test::checkOneSlope<double>(p);
}
static void shapes() {
  for (const Pointwise& p : activations) test::checkShape(p);
}

/** gelu's left tail keeps its digits: the error of exp(-x^2/2) is half an ulp of x^2, and no more than that is lost. */
static void geluTail() {
  for (double v = -13; v < -0.5; v += 0.0371) {
    Array<float> x{static_cast<float>(v)}, y(1);
    CHECK(test::run("gelu", glorot::kFloat32, {x, y}, {1}).kind == glorot::ErrorKind::kNone);
    const double want = static_cast<double>(x[0]) * phi(x[0]);
    CHECK(test::close(y[0], want, 4e-7 + 8e-8 * v * v, 0), "gelu(%.9g) is %.9g, not %.9g", v, static_cast<double>(y[0]), want);
  }
}

/** Slopes at kinks are PyTorch's: 0 for relu at 0 and hardtanh at its ends, alpha for elu at 0. */
static void kinks() {
  const struct {
    const char* name;
    std::vector<double> constants;
    float x, slope;
  } cases[] = {{"reluBackward", {}, 0, 0},
               {"leakyReluBackward", {0.25}, 0, 0.25f},
               {"eluBackward", {0.5, 1, 1}, 0, 0.5f},
               {"hardtanhBackward", {-1, 1}, 1, 0},
               {"hardtanhBackward", {-1, 1}, -1, 0},
               {"hardsigmoidBackward", {}, 3, 0},
               {"hardshrinkBackward", {0.5}, 0.5f, 0},
               {"softshrinkBackward", {0.5}, -0.5f, 0},
               {"thresholdBackward", {0.5, 2}, 0.5f, 0}};
  for (const auto& c : cases) {
    Array<float> x{c.x}, dy{1}, dx(1);
    CHECK(test::run(c.name, glorot::kFloat32, {x, dy, dx}, {1}, c.constants).kind == glorot::ErrorKind::kNone);
    CHECK(dx[0] == c.slope, "%s at %g is %g", c.name, static_cast<double>(c.x), static_cast<double>(dx[0]));
  }
}

static void ends() {
  for (const char* name : {"silu", "mish", "gelu", "geluTanh", "relu"}) {
    Array<float> x{1e30f, -1e30f, 1e4f, -1e4f, NAN}, y(5);
    CHECK(test::run(name, glorot::kFloat32, {x, y}, {5}).kind == glorot::ErrorKind::kNone);
    CHECK(y[0] == 1e30f && y[1] == 0 && y[2] == 1e4f && y[3] == 0 && std::isnan(y[4]), "%s", name);
  }
  Array<float> x{100, 1e30f, -1e30f}, y(3);
  CHECK(test::run("softplus", glorot::kFloat32, {x, y}, {3}, {1, 1e9}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == 100 && y[1] == 1e30f && y[2] == 0);
}

int main() {
  return test::main_({{"formulas", formulas}, {"shapes", shapes}, {"geluTail", geluTail}, {"kinks", kinks}, {"ends", ends}});
}
