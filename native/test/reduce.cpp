// Sums, means, products, norms, any and all against plain loops in double; accuracy, threads, overflow, refusals.
#include "axis.h"

#include <functional>

using namespace test;
using Fold = std::function<double(const std::vector<double>&)>;

template <class T>
static void against(const char* name, const Fold& want, std::vector<double> floats = {}, double lo = -1, double hi = 1) {
  for (const Shape& s : shapes()) {
    Array<T> x(s.n()), y(s.kept());
    fillRandom(x, lo, hi);
    CHECK(run(name, dtypeOf<T>(), {x, y}, s.sizes(), floats).kind == glorot::ErrorKind::kNone, "%s", name);
    for (int64_t o = 0; o < s.outer; o++)
      for (int64_t i = 0; i < s.inner; i++) {
        const double w = want(line(x, s, o, i)), got = static_cast<double>(y[o * s.inner + i]);
        CHECK(near(got, w, tolerance<T>()), "%s [%d %d %d] got %.9g want %.9g", name, int(s.outer), int(s.R), int(s.inner), got, w);
      }
  }
}
template <class T>
static void floats() {
  const auto sum = [](const std::vector<double>& v) { double s = 0; for (double x : v) s += x; return s; };
  const auto power = [&](double p) {
    return [p](const std::vector<double>& v) { double s = 0; for (double x : v) s += std::pow(std::fabs(x), p); return std::pow(s, 1 / p); };
  };
  against<T>("sum", sum);
  against<T>("mean", [&](const std::vector<double>& v) { return sum(v) / static_cast<double>(v.size()); });
  against<T>("prod", [](const std::vector<double>& v) { double s = 1; for (double x : v) s *= x; return s; }, {}, -1.01, 1.01);
  against<T>("norm", power(2), {2});
  against<T>("norm", power(1), {1});
  against<T>("norm", power(3), {3});
  against<T>("norm", power(0.5), {0.5}, 0.5, 1);
  against<T>("norm", [](const std::vector<double>& v) { double s = 0; for (double x : v) s += x != 0; return s; }, {0});
  against<T>("norm", [](const std::vector<double>& v) { double s = 0; for (double x : v) s = std::fmax(s, std::fabs(x)); return s; }, {INFINITY});
  against<T>("norm", [](const std::vector<double>& v) { double s = INFINITY; for (double x : v) s = std::fmin(s, std::fabs(x)); return s; }, {-INFINITY});
}

static void accuracy() {
  // A naive float32 sum of a million 0.1 is off by 1 %.
  const int64_t n = 1000003;
  Array<float> x(n), y(1);
  for (int64_t i = 0; i < n; i++) x[i] = 0.1f;
  const double want = static_cast<double>(0.1f) * static_cast<double>(n);
  CHECK(run("sum", glorot::kFloat32, {x, y}, {1, double(n), 1}).kind == glorot::ErrorKind::kNone);
  CHECK(std::fabs(static_cast<double>(y[0]) / want - 1) < 2e-7, "%.9g", static_cast<double>(y[0]));
  Array<float> columns(10);
  CHECK(run("sum", glorot::kFloat32, {x, columns}, {1, 100000, 10}).kind == glorot::ErrorKind::kNone);
  for (int i = 0; i < 10; i++) CHECK(std::fabs(static_cast<double>(columns[i]) / (static_cast<double>(0.1f) * 100000) - 1) < 4e-7);
}

static void threads() {
  Array<float> x(1 << 20);
  fillRandom(x);
  for (Shape s : {Shape{1, (1 << 20) - 3, 1}, Shape{2, 1 << 19, 1}, Shape{1, 1 << 10, 1 << 10}, Shape{1 << 10, 1 << 10, 1}, Shape{20, 52428, 1}}) {
    Array<float> one(s.kept()), four(s.kept());
    glorot::setNumThreads(1);
    run("sum", glorot::kFloat32, {x, one}, s.sizes());
    glorot::setNumThreads(4);
    run("sum", glorot::kFloat32, {x, four}, s.sizes());
    glorot::setNumThreads(2);
    CHECK(std::memcmp(one.data.get(), four.data.get(), static_cast<size_t>(s.kept()) * 4) == 0);
  }
}

static void whole() {
  Array<int32_t> x{2000000000, 2000000000, -2000000000, 7}, y(1);
  CHECK(run("sum", glorot::kInt32, {x, y}, {1, 4, 1}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == 2000000007);
  CHECK(run("sum", glorot::kInt32, {x, y}, {1, 2, 1}).kind == glorot::ErrorKind::kValue);
  Array<int32_t> z{1 << 30, 1 << 30, 1 << 30, 0}, columns(2);
  CHECK(run("prod", glorot::kInt32, {z, y}, {1, 4, 1}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == 0);
  CHECK(run("prod", glorot::kInt32, {z, y}, {1, 3, 1}).kind == glorot::ErrorKind::kValue);
  CHECK(run("sum", glorot::kInt32, {x, columns}, {1, 2, 2}).kind == glorot::ErrorKind::kNone);
  CHECK(columns[0] == 0 && columns[1] == 2000000007);
  Array<uint8_t> b(300);
  for (int64_t i = 0; i < 300; i++) b[i] = 1;
  CHECK(run("sum", glorot::kBool, {b, y}, {1, 300, 1}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == 300);
}

static void truth() {
  Array<float> x{0, 0, 0, 1, NAN, 2, 0, -0.0f};
  Array<uint8_t> y(4), c(2);
  run("any", glorot::kFloat32, {x, y}, {4, 2, 1});
  CHECK(!y[0] && y[1] && y[2] && !y[3]);
  run("all", glorot::kFloat32, {x, y}, {4, 2, 1});
  CHECK(!y[0] && !y[1] && y[2] && !y[3]);
  run("all", glorot::kFloat32, {x, c}, {1, 2, 2});
  CHECK(!c[0] && !c[1]);
  run("any", glorot::kFloat32, {x, c}, {1, 2, 2});
  CHECK(!c[0] && c[1]);
}

static void empty() {
  Array<float> x(0), y(3);
  for (const char* name : {"sum", "mean", "prod"}) {
    CHECK(run(name, glorot::kFloat32, {x, y}, {1, 0, 3}).kind == glorot::ErrorKind::kNone);
    const double want = name[0] == 's' ? 0 : name[0] == 'm' ? NAN : 1;
    for (int i = 0; i < 3; i++) CHECK(near(static_cast<double>(y[i]), want, 0));
    CHECK(run(name, glorot::kFloat32, {x, y}, {3, 0, 1}).kind == glorot::ErrorKind::kNone);
    for (int i = 0; i < 3; i++) CHECK(near(static_cast<double>(y[i]), want, 0));
  }
}

static void backward() {
  for (const Shape& s : shapes()) {
    if (s.n() > 400) continue;
    Array<double> x(s.n()), y(s.kept()), dy(s.kept()), dx(s.n());
    fillRandom(x, 0.3, 1.5);
    fillRandom(dy);
    if (s.n() > 2) x[1] = -x[1];
    const auto check = [&](const char* name, std::vector<double> floats) {
      const auto value = [&] {
        run(name, glorot::kFloat64, {x, y}, s.sizes(), floats);
        double total = 0;
        for (int64_t k = 0; k < s.kept(); k++) total += y[k] * dy[k];
        return total;
      };
      value();
      const std::string back = std::string(name) + "Backward";
      std::vector<glorot::Buffer> buffers{x, y, dy, dx};
      if (back == "prodBackward") buffers.erase(buffers.begin() + 1);
      CHECK(run(back.c_str(), glorot::kFloat64, buffers, s.sizes(), floats).kind == glorot::ErrorKind::kNone);
      for (int64_t i = 0; i < s.n(); i++) {
        const double want = slope(value, x, i);
        CHECK(near(dx[i], want, 1e-6), "%s p %g [%d %d %d] %d got %g want %g", name, floats.empty() ? 0 : floats[0], int(s.outer), int(s.R), int(s.inner), int(i), dx[i], want);
      }
      value();
      Array<float> x4(s.n()), y4(s.kept()), dy4(s.kept()), dx4(s.n());
      for (int64_t i = 0; i < s.n(); i++) x4[i] = static_cast<float>(x[i]);
      for (int64_t i = 0; i < s.kept(); i++) y4[i] = static_cast<float>(y[i]), dy4[i] = static_cast<float>(dy[i]);
      std::vector<glorot::Buffer> buffers4{x4, y4, dy4, dx4};
      if (back == "prodBackward") buffers4.erase(buffers4.begin() + 1);
      run(back.c_str(), glorot::kFloat32, buffers4, s.sizes(), floats);
      for (int64_t i = 0; i < s.n(); i++) CHECK(near(static_cast<double>(dx4[i]), dx[i], 2e-5), "%s p %g [%d %d %d] got %g want %g", name, floats.empty() ? 0 : floats[0], int(s.outer), int(s.R), int(s.inner), static_cast<double>(dx4[i]), dx[i]);
    };
    check("prod", {});
    for (double p : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, double(INFINITY), -double(INFINITY)}) check("norm", {p});
  }
  Array<float> x{1.5f, 0, 2, 0, 0, 3}, dy{1, 1}, dx(6);
  run("prodBackward", glorot::kFloat32, {x, dy, dx}, {2, 3, 1});
  const float want[] = {0, 3, 0, 0, 0, 0};
  for (int i = 0; i < 6; i++) CHECK(dx[i] == want[i]);
}

static void refusals() {
  Array<float> x(6), y(2);
  using glorot::ErrorKind;
  CHECK(run("sum", glorot::kFloat32, {x, y}, {2, 4, 1}).kind == ErrorKind::kLaunch);
  CHECK(run("sum", glorot::kFloat32, {x, y}, {3, 2, 1}).kind == ErrorKind::kLaunch);
  CHECK(run("sum", glorot::kFloat32, {x, y}, {4e15, 4e15, 1}).kind == ErrorKind::kLaunch);
  CHECK(run("sum", glorot::kFloat32, {x, y}, {0, 1e12, 1e12}).kind == ErrorKind::kNone);
  CHECK(run("sum", glorot::kFloat32, {x, y}, {1e12, 1e12, 0}).kind == ErrorKind::kNone);
  CHECK(run("sum", glorot::kFloat32, {x, y}, {2, 3}).kind == ErrorKind::kLaunch);
  CHECK(run("mean", glorot::kInt32, {x, y}, {2, 3, 1}).kind == ErrorKind::kLaunch);
  CHECK(run("norm", glorot::kFloat32, {x, y}, {2, 3, 1}, {NAN}).kind == ErrorKind::kValue);
  CHECK(run("normBackward", glorot::kFloat32, {x, y, y}, {2, 3, 1}, {2}).kind == ErrorKind::kLaunch);
}

int main() {
  return main_({{"float32", floats<float>}, {"float64", floats<double>}, {"accuracy", accuracy}, {"threads", threads}, {"whole", whole},
                {"truth", truth}, {"empty", empty}, {"backward", backward}, {"refusals", refusals}});
}
