// Variance and deviation against the formula in double, far from zero too, and their gradients against differences.
#include "axis.h"

using namespace test;

static double variance(const std::vector<double>& v, double correction) {
  double m = 0, s = 0;
  for (double x : v) m += x;
  m /= static_cast<double>(v.size());
  for (double x : v) s += (x - m) * (x - m);
  return s / std::fmax(0, static_cast<double>(v.size()) - correction);
}

template <class T>
static void values() {
  for (const Shape& s : shapes())
    for (double correction : {1.0, 0.0, 2.0}) {
      Array<T> x(s.n()), y(s.kept()), z(s.kept());
      fillRandom(x, 1000, 1001);
      CHECK(run("var", dtypeOf<T>(), {x, y}, s.sizes(), {correction}).kind == glorot::ErrorKind::kNone);
      CHECK(run("std", dtypeOf<T>(), {x, z}, s.sizes(), {correction}).kind == glorot::ErrorKind::kNone);
      for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
          const double want = variance(line(x, s, o, i), correction);
          const double got = static_cast<double>(y[o * s.inner + i]), root = static_cast<double>(z[o * s.inner + i]);
          CHECK(near(got, want, tolerance<T>()), "[%d %d %d] got %.9g want %.9g", int(s.outer), int(s.R), int(s.inner), got, want);
          CHECK(near(root, std::sqrt(want), tolerance<T>()));
        }
    }
}

static void backward() {
  for (const Shape& s : shapes()) {
    if (s.n() > 400 || s.R < 2) continue;
    Array<double> x(s.n()), y(s.kept()), dy(s.kept()), dx(s.n());
    fillRandom(x);
    fillRandom(dy);
    for (const char* name : {"var", "std"}) {
      const bool root = name[0] == 's';
      const auto value = [&] {
        run(name, glorot::kFloat64, {x, y}, s.sizes(), {1});
        double total = 0;
        for (int64_t k = 0; k < s.kept(); k++) total += y[k] * dy[k];
        return total;
      };
      value();
      const auto back = [&](glorot::DType t, glorot::Buffer bx, glorot::Buffer by, glorot::Buffer bd, glorot::Buffer out) {
        return root ? run("stdBackward", t, {bx, by, bd, out}, s.sizes(), {1}).kind : run("varBackward", t, {bx, bd, out}, s.sizes(), {1}).kind;
      };
      CHECK(back(glorot::kFloat64, x, y, dy, dx) == glorot::ErrorKind::kNone);
      for (int64_t i = 0; i < s.n(); i++) CHECK(near(dx[i], slope(value, x, i), 1e-6), "%s", name);
      value();
      Array<float> x4(s.n()), y4(s.kept()), dy4(s.kept()), dx4(s.n());
      for (int64_t i = 0; i < s.n(); i++) x4[i] = static_cast<float>(x[i]);
      for (int64_t i = 0; i < s.kept(); i++) y4[i] = static_cast<float>(y[i]), dy4[i] = static_cast<float>(dy[i]);
      back(glorot::kFloat32, x4, y4, dy4, dx4);
      for (int64_t i = 0; i < s.n(); i++) CHECK(near(static_cast<double>(dx4[i]), dx[i], 1e-5), "%s", name);
    }
  }
}

static void degenerate() {
  Array<float> one{5}, same{3, 3, 3, 3}, y(1), dy{1}, dx(4);
  run("var", glorot::kFloat32, {one, y}, {1, 1, 1}, {1});
  CHECK(std::isnan(y[0]));
  run("std", glorot::kFloat32, {same, y}, {1, 4, 1}, {1});
  CHECK(y[0] == 0);
  run("stdBackward", glorot::kFloat32, {same, y, dy, dx}, {1, 4, 1}, {1});
  for (int i = 0; i < 4; i++) CHECK(dx[i] == 0);
  CHECK(run("var", glorot::kFloat32, {same, y}, {1, 4, 1}).kind == glorot::ErrorKind::kLaunch);
}

int main() { return main_({{"float32", values<float>}, {"float64", values<double>}, {"backward", backward}, {"degenerate", degenerate}}); }
