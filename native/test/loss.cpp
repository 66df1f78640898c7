// Every elementwise loss: values in double against its formula, slopes against differences, float32 against double, reductions,
// weights, edges and refusals.
#include "axis.h"

#include <functional>

using namespace test;
using glorot::ErrorKind;

struct Case {
  const char* name;
  std::vector<double> floats;
  double lo, hi, targetLo, targetHi;
  bool signs;  // targets are -1 and 1
  std::function<double(double, double)> value;
};

static const std::vector<Case>& cases() {
  static const std::vector<Case> all = {
      {"mseLoss", {}, -2, 2, -2, 2, false, [](double x, double t) { return (x - t) * (x - t); }},
      {"l1Loss", {}, -2, 2, -2, 2, false, [](double x, double t) { return std::fabs(x - t); }},
      {"smoothL1Loss", {0.7}, -2, 2, -2, 2, false, [](double x, double t) { const double d = std::fabs(x - t); return d < 0.7 ? d * d / 1.4 : d - 0.35; }},
      {"huberLoss", {0.7}, -2, 2, -2, 2, false, [](double x, double t) { const double d = std::fabs(x - t); return d < 0.7 ? d * d / 2 : 0.7 * (d - 0.35); }},
      {"binaryCrossEntropy", {}, 0.01, 0.99, 0, 1, false, [](double x, double t) { return -t * std::log(x) - (1 - t) * std::log1p(-x); }},
      {"binaryCrossEntropyWithLogits", {}, -9, 9, 0, 1, false, [](double x, double t) { return -t * -std::log1p(std::exp(-x)) + (1 - t) * std::log1p(std::exp(x)); }},
      {"softMarginLoss", {}, -9, 9, -1, 1, true, [](double x, double t) { return std::log1p(std::exp(-t * x)); }},
      {"klDiv", {0}, -4, 0, 0.01, 1, false, [](double x, double t) { return t * (std::log(t) - x); }},
      {"klDiv", {1}, -4, 0, -4, 0, false, [](double x, double t) { return std::exp(t) * (t - x); }},
      {"hingeEmbeddingLoss", {0.8}, -2, 2, -1, 1, true, [](double x, double t) { return t == 1 ? x : std::fmax(0, 0.8 - x); }},
  };
  return all;
}

template <class T>
static void check(const Case& c, int64_t n, int reduction, bool weighted) {
  Array<T> x(n), t(n), w(n), y(reduction == 0 ? n : 1);
  fillRandom(x, c.lo, c.hi);
  fillRandom(t, c.targetLo, c.targetHi);
  fillRandom(w, 0.2, 2);
  if (c.signs) for (int64_t i = 0; i < n; i++) t[i] = t[i] < 0 ? -1 : 1;
  std::vector<glorot::Buffer> buffers{x, t, y};
  if (weighted) buffers.push_back(w);
  const std::vector<double> sizes{double(n), double(reduction), weighted ? 1.0 : 0.0};
  CHECK(run(c.name, dtypeOf<T>(), buffers, sizes, c.floats).kind == ErrorKind::kNone);
  double total = 0;
  for (int64_t i = 0; i < n; i++) {
    const double v = c.value(static_cast<double>(x[i]), static_cast<double>(t[i])) * (weighted ? static_cast<double>(w[i]) : 1);
    if (reduction == 0) CHECK(near(static_cast<double>(y[i]), v, tolerance<T>()), "%s", c.name);
    total += v;
  }
  if (reduction != 0) CHECK(near(static_cast<double>(y[0]), reduction == 1 ? total / double(n) : total, tolerance<T>()), "%s %d", c.name, int(n));
}

static void values() {
  for (const Case& c : cases())
    for (int64_t n : {1, 5, 16, 63, 64, 67, 1500})
      for (int reduction : {0, 1, 2})
        for (bool weighted : {false, true}) check<float>(c, n, reduction, weighted), check<double>(c, n, reduction, weighted);
}

static void backward() {
  const int64_t n = 37;
  for (const Case& c : cases())
    for (int reduction : {0, 1, 2}) {
      Array<double> x(n), t(n), w(n), dy(reduction == 0 ? n : 1), y(dy.n), dx(n);
      Array<float> x4(n), t4(n), w4(n), dy4(dy.n), dx4(n);
      fillRandom(x, c.lo, c.hi), fillRandom(t, c.targetLo, c.targetHi), fillRandom(w, 0.2, 2), fillRandom(dy);
      if (c.signs) for (int64_t i = 0; i < n; i++) t[i] = t[i] < 0 ? -1 : 1;
      for (int64_t i = 0; i < n; i++) x4[i] = float(x[i]), t4[i] = float(t[i]), w4[i] = float(w[i]);
      for (int64_t i = 0; i < dy.n; i++) dy4[i] = float(dy[i]);
      const std::vector<double> sizes{double(n), double(reduction), 1};
      const auto value = [&] {
        run(c.name, glorot::kFloat64, {x, t, y, w}, sizes, c.floats);
        double total = 0;
        for (int64_t i = 0; i < dy.n; i++) total += y[i] * dy[i];
        return total;
      };
      const std::string back = std::string(c.name) + "Backward";
      CHECK(run(back.c_str(), glorot::kFloat64, {x, t, dy, dx, w}, sizes, c.floats).kind == ErrorKind::kNone);
      CHECK(run(back.c_str(), glorot::kFloat32, {x4, t4, dy4, dx4, w4}, sizes, c.floats).kind == ErrorKind::kNone);
      for (int64_t i = 0; i < n; i++) {
        CHECK(near(dx[i], slope(value, x, i), 1e-6), "%s got %g want %g", c.name, dx[i], slope(value, x, i));
        CHECK(near(static_cast<double>(dx4[i]), dx[i], 1e-5), "%s", c.name);
      }
    }
}

static void edges() {
  Array<float> x{0, 1, 0, 1, 1e-45f}, t{0, 1, 1, 0, 1}, y(5), dy(5), dx(5);
  CHECK(run("binaryCrossEntropy", glorot::kFloat32, {x, t, y}, {5, 0, 0}).kind == ErrorKind::kNone);
  CHECK(y[0] == 0 && y[1] == 0 && y[2] == 100 && y[3] == 100 && y[4] == 100);
  for (int i = 0; i < 5; i++) dy[i] = 1;
  run("binaryCrossEntropyBackward", glorot::kFloat32, {x, t, dy, dx}, {5, 0, 0});
  CHECK(dx[0] == 0 && dx[2] == -1e12f && dx[3] == 1e12f);
  Array<float> z{1e30f, -1e30f, 100, -100, 1e4f}, one{1, 1, 0, 0, 0}, pos{3, 3, 3, 3, 3};
  CHECK(run("binaryCrossEntropyWithLogits", glorot::kFloat32, {z, one, y, pos}, {5, 0, 2}).kind == ErrorKind::kNone);
  CHECK(y[0] == 0 && near(static_cast<double>(y[1]), 3e30, 1e-6) && y[2] == 100 && y[3] >= 0 && y[3] < 1e-40f && y[4] == 1e4f);
  run("binaryCrossEntropyWithLogitsBackward", glorot::kFloat32, {z, one, dy, dx, pos}, {5, 0, 2});
  CHECK(dx[0] == 0 && dx[1] == -3 && dx[2] == 1 && dx[4] == 1);
  run("smoothL1Loss", glorot::kFloat32, {x, t, y}, {5, 0, 0}, {0});
  CHECK(y[0] == 0 && y[2] == 1);
  Array<float> zero{0}, log{-1};
  run("klDiv", glorot::kFloat32, {log, zero, y}, {1, 2, 0}, {0});
  CHECK(y[0] == 0);
}

static void refusals() {
  for (float bad : {1.5f, -1e-30f, NAN, INFINITY}) {
    for (int64_t n : {1, 40, 40000}) {
      Array<float> x(n), t(n), y{7};
      x[n - 1] = bad;
      const glorot::LaunchError e = run("binaryCrossEntropy", glorot::kFloat32, {x, t, y}, {double(n), 1, 0});
      CHECK(e.kind == ErrorKind::kValue && (e.a == double(bad) || bad != bad) && y[0] == 7);
    }
  }
  Array<float> x(4), t(3), y(1);
  CHECK(run("mseLoss", glorot::kFloat32, {x, t, y}, {4, 1, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("mseLoss", glorot::kFloat32, {x, x, y}, {4, 0, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("mseLoss", glorot::kFloat32, {x, x, y}, {4, 3, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("mseLoss", glorot::kFloat32, {x, x, y}, {4, 1, 1}).kind == ErrorKind::kLaunch);
  CHECK(run("mseLossBackward", glorot::kFloat32, {x, x, y, t}, {4, 1, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("huberLoss", glorot::kFloat32, {x, x, y}, {4, 1, 0}).kind == ErrorKind::kLaunch);
}

static void threads() {
  const int64_t n = 300001;
  Array<float> x(n), t(n), one(1), four(1);
  fillRandom(x), fillRandom(t);
  glorot::setNumThreads(1);
  run("mseLoss", glorot::kFloat32, {x, t, one}, {double(n), 1, 0});
  glorot::setNumThreads(4);
  run("mseLoss", glorot::kFloat32, {x, t, four}, {double(n), 1, 0});
  glorot::setNumThreads(2);
  CHECK(one[0] == four[0]);
}

int main() {
  return main_({{"values", values}, {"backward", backward}, {"edges", edges}, {"refusals", refusals}, {"threads", threads}});
}
