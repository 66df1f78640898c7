// Functions of two numbers against the C library in double: accuracy over wide ranges, and every pair of special values.
#include "harness.h"

using test::Array;

namespace {

using Plain = double (*)(double, double);

const double kSpecial[] = {NAN,  INFINITY, -INFINITY, 0.0, -0.0, 1,     -1,     2,    -2,  0.5,  -0.5, 3,
                           -3,   1e30,     -1e30,     1e-40, -1e-40, 16777215, 16777217, 1e-30, 100, -100, 0.1, 7};

double pythonRemainder(double x, double y) {
  const double r = std::fmod(x, y);
  return r != 0 && (r < 0) != (y < 0) ? r + y : r;
}
double logaddexp(double a, double b) {
  if (a == b && std::isinf(a)) return a;
  return std::isnan(a) || std::isnan(b) ? NAN : std::fmax(a, b) + std::log1p(std::exp(-std::fabs(a - b)));
}

/** The largest error in ulp over n pairs drawn by `draw` and over all special pairs. */
template <class D> double worst(const char* name, Plain want, int64_t n, D draw) {
  constexpr int64_t S = sizeof kSpecial / sizeof *kSpecial;
  Array<float> x(n + S * S), y(n + S * S), out(n + S * S);
  for (int64_t i = 0; i < n; i++) draw(x[i], y[i]);
  for (int64_t i = 0; i < S * S; i++)
    x[n + i] = static_cast<float>(kSpecial[i / S]), y[n + i] = static_cast<float>(kSpecial[i % S]);
  const double N = static_cast<double>(n + S * S);
  CHECK(test::run(name, glorot::kFloat32, {x, y, out}, {1, N, 1, 1}).kind == glorot::ErrorKind::kNone);
  double most = 0;
  for (int64_t i = 0; i < n + S * S; i++) {
    const double error = test::ulps(out[i], want(x[i], y[i]));
    if (error > 2) CHECK(error <= 2, "%s(%.9g, %.9g) = %.9g, %.9g", name, x[i], y[i], out[i], want(x[i], y[i]));
    if (error > most) most = error;
  }
  return most;
}

test::Random random;
void wide(float& x, float& y) { x = static_cast<float>(random(-50, 50)), y = static_cast<float>(random(-50, 50)); }
void scales(float& x, float& y) {
  x = static_cast<float>(random() * std::exp2(random(-60, 60))), y = static_cast<float>(random() * std::exp2(random(-60, 60)));
}

void power() {
  const Plain want = [](double x, double y) { return std::pow(x, y); };
  CHECK(worst("pow", want, 20000, [](float& x, float& y) {
          x = static_cast<float>(std::exp2(random(-140, 127))), y = static_cast<float>(random(-3, 3));
        }) < 1);
  CHECK(worst("pow", want, 20000, [](float& x, float& y) {
          x = static_cast<float>(random(0.9, 1.1)), y = static_cast<float>(random(-900, 900));
        }) < 1);
  CHECK(worst("pow", want, 5000, [](float& x, float& y) {
          x = static_cast<float>(random(-5, 5)), y = static_cast<float>(std::floor(random(-30, 30)));
        }) < 1);
}

void plane() {
  for (auto draw : {wide, scales}) {
    CHECK(worst("atan2", [](double y, double x) { return std::atan2(y, x); }, 20000, draw) < 1);
    CHECK(worst("hypot", [](double x, double y) { return std::hypot(x, y); }, 20000, draw) < 1);
    CHECK(worst("logaddexp", logaddexp, 20000, draw) <= 1);
  }
}

void division() {
  for (auto draw : {wide, scales}) {
    CHECK(worst("fmod", [](double x, double y) { return std::fmod(x, y); }, 20000, draw) == 0);
    // r + y rounds.
    CHECK(worst("remainder", pythonRemainder, 20000, draw) <= 1);
  }
}

void wholeNumbers() {
  Array<int32_t> x{7, -7, 7, -7, INT32_MIN, 0}, y{3, 3, -3, -3, -1, 5}, out(6);
  const auto run = [&](const char* name) { return test::run(name, glorot::kInt32, {x, y, out}, {1, 6, 1, 1}); };
  const auto equals = [&](std::initializer_list<int32_t> want) {
    int64_t i = 0;
    for (int32_t w : want) {
      CHECK(out[i] == w, "element %d is %d, not %d", static_cast<int>(i), out[i], w);
      i++;
    }
  };
  run("fmod"), equals({1, -1, 1, -1, 0, 0});
  run("remainder"), equals({1, 2, -2, -1, 0, 0});
  run("truncDivide"), equals({2, -2, -2, 2, INT32_MIN, 0});
  run("floorDivide"), equals({2, -3, -3, 2, INT32_MIN, 0});
  run("pow"), equals({343, -343, 0, 0, 0, 0});
  y[3] = 0, out[0] = 99;
  CHECK(run("remainder").kind == glorot::ErrorKind::kValue && out[0] == 99);
  CHECK(test::run("fmod", glorot::kInt32, {x, out}, {6, 0}, {0}).kind == glorot::ErrorKind::kValue);
  CHECK(test::run("floorDivide", glorot::kInt32, {y, out}, {6, 1}, {4}).kind == glorot::ErrorKind::kValue);
}

/** Three operands, each contiguous, repeated or strided, in a shape of odd sizes. */
void operands() {
  for (int64_t inner : {1, 5, 16, 33, 300}) {
    const int64_t rows = 3;
    Array<float> a(rows * inner), b(inner * 2), c(rows), out(rows * inner);
    Array<uint8_t> mask(rows * inner);
    for (int64_t i = 0; i < a.n; i++) a[i] = static_cast<float>(random()), mask[i] = random() > 0;
    for (int64_t i = 0; i < b.n; i++) b[i] = static_cast<float>(random(1, 2));
    for (int64_t i = 0; i < rows; i++) c[i] = static_cast<float>(random());
    const double I = static_cast<double>(inner);
    const std::vector<double> layout{2, 3, I, I, 1, 0, 2, 1, 0};
    CHECK(test::run("addcdiv", glorot::kFloat32, {a, c, b, out}, {2, 3, I, I, 1, 1, 0, 0, 2}, {0.5}).kind == glorot::ErrorKind::kNone);
    for (int64_t i = 0; i < a.n; i++)
      CHECK(test::ulps(out[i], static_cast<double>(a[i]) + 0.5f * c[i / inner] / b[i % inner * 2]) <= 4);
    CHECK(test::run("where", glorot::kFloat32, {mask, b, c, out}, layout).kind == glorot::ErrorKind::kNone);
    for (int64_t i = 0; i < a.n; i++) CHECK(out[i] == (mask[i] ? b[i % inner * 2] : c[i / inner]));
    Array<uint8_t> truth(rows * inner);
    CHECK(test::run("lt", glorot::kFloat32, {a, c, truth}, {2, 3, I, I, 1, 1, 0}).kind == glorot::ErrorKind::kNone);
    for (int64_t i = 0; i < a.n; i++) CHECK(truth[i] == (a[i] < c[i / inner]));
    CHECK(test::run("where", glorot::kFloat32, {mask, b, c}, layout).kind == glorot::ErrorKind::kLaunch);
    CHECK(test::run("where", glorot::kFloat32, {mask, c, b, out}, layout).kind == glorot::ErrorKind::kLaunch);
  }
}

}  // namespace

int main() {
  return test::main_({{"pow", power}, {"atan2, hypot, logaddexp", plane}, {"fmod, remainder", division},
                      {"whole numbers", wholeNumbers}, {"operands", operands}});
}
