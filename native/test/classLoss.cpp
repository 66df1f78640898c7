// Losses over classes: against formulas in double, gradients against differences, every layout, ignored and hostile targets.
#include "axis.h"

#include <array>

using namespace test;
using glorot::ErrorKind;

struct Setup {
  int64_t N, C, D;
  int reduction;
  bool weighted;
  double smoothing;
  std::vector<double> sizes() const { return {double(N), double(C), double(D), double(reduction), weighted ? 1.0 : 0.0}; }
  int64_t outs() const { return reduction == 0 ? N * D : 1; }
};
constexpr double kIgnored = 1;

/** Calls f with layouts, reductions, weights and smoothing that reach every path. */
template <class F>
static void eachSetup(F f) {
  for (auto [N, C, D] : {std::array<int64_t, 3>{1, 4, 1}, {5, 3, 1}, {130, 10, 1}, {3, 70, 1}, {2, 4, 3}, {2, 3, 67}, {1, 3, 130}, {0, 3, 1}})
    for (int reduction : {0, 1, 2})
      for (bool weighted : {false, true})
        for (double smoothing : {0.0, 0.2}) f(Setup{N, C, D, reduction, weighted, smoothing});
}

/** What a sample loses and weighs: cross entropy (of a class, or of shares q), or -w x. */
static double lossOf(const Setup& s, Array<double>& x, Array<double>& w, int64_t k, int32_t cls, Array<double>* q, bool softmax, double& weight) {
  const int64_t n = k / s.D, d = k % s.D;
  std::vector<double> v;
  for (int64_t c = 0; c < s.C; c++) v.push_back(x[(n * s.C + c) * s.D + d]);
  double m = -INFINITY, sum = 0, loss = 0;
  for (double e : v) m = std::fmax(m, e);
  for (double e : v) sum += std::exp(e - m);
  weight = q ? 1 : cls == int(kIgnored) ? 0 : s.weighted ? w[cls] : 1;
  if (weight == 0) return 0;
  if (!softmax) return -weight * v[size_t(cls)];
  for (int64_t c = 0; c < s.C; c++) {
    const double share = (1 - s.smoothing) * (q ? (*q)[(n * s.C + c) * s.D + d] : c == cls) + s.smoothing / double(s.C);
    loss -= share * (s.weighted ? w[c] : 1) * (v[size_t(c)] - m - std::log(sum));
  }
  if (!q) {  // smoothing weighs every class, the class itself its own weight
    loss = 0;
    for (int64_t c = 0; c < s.C; c++) loss -= s.smoothing / double(s.C) * (s.weighted ? w[c] : 1) * (v[size_t(c)] - m - std::log(sum));
    loss -= (1 - s.smoothing) * weight * (v[size_t(cls)] - m - std::log(sum));
  }
  return loss;
}

struct Data {
  Array<double> x, q, w, dy;
  Array<int32_t> t;
  explicit Data(const Setup& s) : x(s.N * s.C * s.D), q(x.n), w(s.C), dy(s.outs()), t(s.N * s.D) {
    fillRandom(x, -3, 3), fillRandom(q, 0.1, 1), fillRandom(w, 0.3, 2), fillRandom(dy);
    for (int64_t k = 0; k < t.n; k++) t[k] = int32_t((k * 7 + 2) % s.C);
  }
};
template <class T> static Array<T> as(Array<double>& from) {
  Array<T> to(from.n);
  for (int64_t i = 0; i < from.n; i++) to[i] = static_cast<T>(from[i]);
  return to;
}

/** Runs forward and backward of a loss in T; grads are written to dx, the losses to y. */
template <class T>
static void both(const char* name, const Setup& s, Data& d, Array<T>& y, Array<T>& dx) {
  const std::string back = std::string(name) + "Backward";
  const bool shares = std::string(name) == "crossEntropyOfShares", nll = std::string(name) == "nllLoss";
  Array<T> x = as<T>(d.x), q = as<T>(d.q), w = as<T>(d.w), dy = as<T>(d.dy), kept(nll ? 1 : 2 * d.t.n + 1);
  const glorot::Buffer target = shares ? glorot::Buffer(q) : glorot::Buffer(d.t);
  std::vector<glorot::Buffer> forth{x, target, y, kept}, back4 = nll ? std::vector<glorot::Buffer>{target, kept, dy, dx} : std::vector<glorot::Buffer>{x, target, kept, dy, dx};
  if (s.weighted) forth.push_back(w), back4.push_back(w);
  const std::vector<double> floats = shares ? std::vector<double>{s.smoothing} : std::vector<double>{kIgnored, s.smoothing};
  CHECK(run(name, dtypeOf<T>(), forth, s.sizes(), floats).kind == ErrorKind::kNone, "%s", name);
  CHECK(run(back.c_str(), dtypeOf<T>(), back4, s.sizes(), floats).kind == ErrorKind::kNone, "%s", back.c_str());
}

static void check(const char* name, const Setup& s) {
  const bool shares = std::string(name) == "crossEntropyOfShares", softmax = std::string(name) != "nllLoss";
  Data d(s);
  const auto reference = [&](std::vector<double>* each) {
    double total = 0, weights = 0, objective = 0;
    std::vector<double> losses;
    for (int64_t k = 0; k < d.t.n; k++) {
      double weight;
      const double loss = lossOf(s, d.x, d.w, k, d.t[k], shares ? &d.q : nullptr, softmax, weight);
      total += loss, weights += weight;
      losses.push_back(loss);
      if (s.reduction == 0) objective += loss * d.dy[k];
    }
    if (s.reduction != 0) {
      losses = {s.reduction == 1 ? total / weights : total};
      objective = losses[0] * d.dy[0];
    }
    if (each) *each = losses;
    return objective;
  };
  std::vector<double> want;
  reference(&want);
  Array<double> y(s.outs()), dx(d.x.n);
  Array<float> y4(s.outs()), dx4(d.x.n);
  both(name, s, d, y, dx);
  both(name, s, d, y4, dx4);
  for (int64_t k = 0; k < y.n; k++) {
    CHECK(near(y[k], want[size_t(k)], 1e-12), "%s [%d %d %d] got %g want %g", name, int(s.N), int(s.C), int(s.D), y[k], want[size_t(k)]);
    CHECK(near(double(y4[k]), want[size_t(k)], 3e-6), "%s [%d %d %d] got %g want %g", name, int(s.N), int(s.C), int(s.D), double(y4[k]), want[size_t(k)]);
  }
  for (int64_t i = 0; i < d.x.n; i++) {
    CHECK(near(double(dx4[i]), dx[i], 2e-6), "%s", name);
    if (i % (d.x.n / 50 + 1) == 0) CHECK(near(dx[i], slope([&] { return reference(nullptr); }, d.x, i), 1e-6), "%s [%d %d %d] %d", name, int(s.N), int(s.C), int(s.D), int(i));
  }
}

static void crossEntropy() { eachSetup([](const Setup& s) { check("crossEntropy", s); }); }
static void shares() { eachSetup([](const Setup& s) { check("crossEntropyOfShares", s); }); }
static void nll() { eachSetup([](const Setup& s) { if (s.smoothing == 0) check("nllLoss", s); }); }

static void margin() {
  for (int p : {1, 2})
    for (int reduction : {0, 1, 2}) {
      const int64_t N = 67, C = 5;
      Array<double> x(N * C), w(C), y(reduction ? 1 : N), dy(y.n), dx(N * C);
      Array<int32_t> t(N);
      fillRandom(x), fillRandom(w, 0.3, 2), fillRandom(dy);
      for (int64_t k = 0; k < N; k++) t[k] = int32_t(k % C);
      const std::vector<double> sizes{double(N), double(C), 1, double(reduction), 1, double(p)};
      const auto objective = [&] {
        double total = 0, sum = 0;
        for (int64_t k = 0; k < N; k++) {
          double loss = 0;
          for (int64_t c = 0; c < C; c++)
            if (c != t[k]) loss += std::pow(std::fmax(0, 0.7 - x[k * C + t[k]] + x[k * C + c]), p) * w[t[k]] / double(C);
          if (!reduction) sum += loss * dy[k];
          total += loss;
        }
        return reduction ? (reduction == 1 ? total / double(N) : total) * dy[0] : sum;
      };
      CHECK(run("multiMarginLoss", glorot::kFloat64, {x, t, y, w}, sizes, {0.7}).kind == ErrorKind::kNone);
      CHECK(run("multiMarginLossBackward", glorot::kFloat64, {x, t, dy, dx, w}, sizes, {0.7}).kind == ErrorKind::kNone);
      double got = 0;
      for (int64_t k = 0; k < y.n; k++) got += y[k] * dy[k];
      CHECK(near(got, objective(), 1e-12));
      for (int64_t i = 0; i < x.n; i++) {
        const double at = x[i], h = 1e-6;
        x[i] = at + h;
        Array<double> up(y.n), down(y.n);
        run("multiMarginLoss", glorot::kFloat64, {x, t, up, w}, sizes, {0.7});
        x[i] = at - h;
        run("multiMarginLoss", glorot::kFloat64, {x, t, down, w}, sizes, {0.7});
        x[i] = at;
        double want = 0;
        for (int64_t k = 0; k < y.n; k++) want += (up[k] - down[k]) / (2 * h) * dy[k];
        CHECK(near(dx[i], want, 1e-5), "p %d got %g want %g", p, dx[i], want);
      }
    }
}

static void extremes() {
  Array<float> x{1000, 0, -1000, 88, -88, 100}, y(2), kept(5), dy{1, 1}, dx(6);
  Array<int32_t> t{1, 2};
  run("crossEntropy", glorot::kFloat32, {x, t, y, kept}, {2, 3, 1, 0, 0}, {-100, 0});
  CHECK(y[0] == 1000 && near(double(y[1]), 6.1442e-6, 1e-7));
  run("crossEntropyBackward", glorot::kFloat32, {x, t, kept, dy, dx}, {2, 3, 1, 0, 0}, {-100, 0});
  CHECK(dx[0] == 1 && dx[1] == -1 && dx[2] == 0);
  Array<int32_t> none{-100, -100};
  run("crossEntropy", glorot::kFloat32, {x, none, y, kept}, {2, 3, 1, 1, 0}, {-100, 0});
  CHECK(std::isnan(y[0]));
  run("crossEntropyBackward", glorot::kFloat32, {x, none, kept, dy, dx}, {2, 3, 1, 1, 0}, {-100, 0});
  for (int i = 0; i < 6; i++) CHECK(dx[i] == 0);
}

static void target() {
  Array<int32_t> t{2, -100};
  Array<float> w{1, 2, 4}, q(6);
  CHECK(run("crossEntropyTarget", glorot::kFloat32, {t, q, w}, {2, 3, 1, 0, 1}, {-100, 0.3}).kind == ErrorKind::kNone);
  const double want[] = {0.1, 0.2, 3.2, 0, 0, 0};
  for (int i = 0; i < 6; i++) CHECK(near(double(q[i]), want[i], 1e-6));
  Array<float> columns(6);
  CHECK(run("crossEntropyTarget", glorot::kFloat32, {t, columns, w}, {1, 3, 2, 0, 1}, {-100, 0.3}).kind == ErrorKind::kNone);
  for (int r = 0; r < 3; r++) CHECK(columns[2 * r] == q[r] && columns[2 * r + 1] == 0);
}

static void refusals() {
  Array<float> x(6), y{7, 7}, kept(5), dy(2), dx{7, 7, 7, 7, 7, 7}, one(1);
  for (int32_t bad : {-1, 3, INT32_MAX, INT32_MIN}) {
    Array<int32_t> t{1, bad};
    for (const auto& e : {run("crossEntropy", glorot::kFloat32, {x, t, y, kept}, {2, 3, 1, 0, 0}, {-100, 0}),
                          run("crossEntropyBackward", glorot::kFloat32, {x, t, kept, dy, dx}, {2, 3, 1, 0, 0}, {-100, 0}),
                          run("nllLoss", glorot::kFloat32, {x, t, y, one}, {2, 3, 1, 0, 0}, {-100}),
                          run("nllLossBackward", glorot::kFloat32, {t, one, dy, dx}, {2, 3, 1, 0, 0}, {-100}),
                          run("multiMarginLoss", glorot::kFloat32, {x, t, y}, {2, 3, 1, 0, 0, 1}, {1}),
                          run("multiMarginLossBackward", glorot::kFloat32, {x, t, dy, dx}, {2, 3, 1, 0, 0, 1}, {1})})
      CHECK(e.kind == ErrorKind::kIndex && e.a == bad && e.b == 3);
    CHECK(y[0] == 7 && dx[0] == 7);
  }
  Array<int32_t> t{0, 1};
  CHECK(run("crossEntropy", glorot::kFloat32, {x, t, y, kept}, {2, 4, 1, 0, 0}, {-100, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("crossEntropy", glorot::kFloat32, {x, t, y, one}, {2, 3, 1, 0, 0}, {-100, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("crossEntropy", glorot::kFloat32, {x, t, y, kept}, {2, 3, 1, 0, 1}, {-100, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("crossEntropy", glorot::kFloat32, {x, t, y, kept}, {4e15, 4e15, 1, 0, 0}, {-100, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("multiMarginLoss", glorot::kFloat32, {x, t, y}, {1, 3, 2, 0, 0, 1}, {1}).kind == ErrorKind::kLaunch);
}

static void threads() {
  const int64_t N = 20000, C = 10;
  Array<float> x(N * C), one(1), four(1), kept(2 * N + 1);
  Array<int32_t> t(N);
  fillRandom(x, -5, 5);
  glorot::setNumThreads(1);
  run("crossEntropy", glorot::kFloat32, {x, t, one, kept}, {double(N), double(C), 1, 1, 0}, {-100, 0});
  glorot::setNumThreads(4);
  run("crossEntropy", glorot::kFloat32, {x, t, four, kept}, {double(N), double(C), 1, 1, 0}, {-100, 0});
  glorot::setNumThreads(2);
  CHECK(one[0] == four[0]);
}

int main() {
  return main_({{"crossEntropy", crossEntropy}, {"shares", shares}, {"nll", nll}, {"margin", margin}, {"extremes", extremes}, {"target", target},
                {"refusals", refusals}, {"threads", threads}});
}
