// Each optimizer's step against its formula in plain doubles over several steps and parameters, threads that change no bit,
// clipping, and launches that are refused before anything is written.
#include <functional>

#include "harness.h"

using namespace test;
using glorot::ErrorKind;

constexpr int64_t kAlign = 64;

/** A parameter, its gradient and its block of state: 16 floats, then the arrays, each padded to 64 bytes. */
template <class T>
struct Parameter {
  Array<T> p, g, state;
  int64_t n, stride;
  std::vector<double> want;               // the reference's parameter
  std::vector<std::vector<double>> arrays;  // and its state
  double scalars[3];

  Parameter(int64_t n_, int count, Random& random, std::vector<double> initialScalars, std::vector<double> initialArrays)
      : p(n_), g(n_), state(stateSize(n_, count)), n(n_), stride(padded(n_)), want(n_), arrays(count, std::vector<double>(n_)) {
    for (int64_t i = 0; i < n; i++) p[i] = static_cast<T>(want[i] = static_cast<float>(random()));
    for (size_t k = 0; k < 3; k++) {
      scalars[k] = k < initialScalars.size() ? initialScalars[k] : 0;
      if (count > 0) reinterpret_cast<float*>(state.data.get())[k] = static_cast<float>(scalars[k]);
    }
    for (int k = 0; k < count; k++)
      for (int64_t i = 0; i < n; i++)
        state[kAlign / sizeof(T) + k * stride + i] = static_cast<T>(arrays[k][i] = initialArrays.empty() ? 0 : initialArrays[k]);
  }
  static int64_t padded(int64_t n) {
    const int64_t a = kAlign / sizeof(T);
    return (n + a - 1) / a * a;
  }
  static int64_t stateSize(int64_t n, int count) { return count == 0 ? 0 : kAlign / static_cast<int64_t>(sizeof(T)) + count * padded(n); }
  void newGradient(Random& random) {
    for (int64_t i = 0; i < n; i++) g[i] = static_cast<T>(static_cast<float>(random() * std::pow(10, random(-3, 0))));
  }
};

/** One element of a parameter to a reference: p, g, its state s[k], the scalars, the step t. */
using Rule = std::function<void(double& p, double g, std::vector<double*>& s, double* scalars, double t)>;

struct Case {
  const char* kernel;
  std::vector<double> hyper;
  int variant, arrays;
  Rule rule;
  std::function<void(double* scalars, double t)> after = nullptr;  // once a parameter and step, after its elements
  std::vector<double> scalars = {}, initial = {};
};

static double lerp(double a, double b, double w) { return a + w * (b - a); }
static double square(double x) { return x * x; }

static std::vector<Case> cases() {
  std::vector<Case> all;
  for (int momentum : {0, 1})
    for (int nesterov : {0, 1})
      for (int maximize : {0, 1}) {
        const double mu = momentum ? 0.9 : 0, damp = momentum && !nesterov ? 0.3 : 0, wd = 0.01, sign = maximize ? -1 : 1;
        all.push_back({"sgd", {0.1, mu, damp, wd, double(nesterov), double(maximize)}, momentum, momentum,
                       [=](double& p, double g, std::vector<double*>& s, double*, double t) {
                         g = sign * g + wd * p;
                         if (momentum) {
                           *s[0] = t > 1 ? mu * *s[0] + (1 - damp) * g : g;
                           g = nesterov ? g + mu * *s[0] : *s[0];
                         }
                         p -= 0.1 * g;
                       }});
      }
  for (int amsgrad : {0, 1})
    for (int decoupled : {0, 1})
      for (double beta1 : {0.9, 0.3})
        all.push_back({"adam", {0.02, beta1, 0.99, 1e-6, 0.1, double(amsgrad), double(decoupled)}, amsgrad, 2 + amsgrad,
                       [=](double& p, double g, std::vector<double*>& s, double*, double t) {
                         g *= amsgrad ? -1 : 1;  // maximize is tried together with amsgrad
                         if (decoupled) p *= 1 - 0.02 * 0.1;
                         else g += 0.1 * p;
                         *s[0] = lerp(*s[0], g, 1 - beta1), *s[1] = 0.99 * *s[1] + 0.01 * g * g;
                         double v = *s[1];
                         if (amsgrad) v = *s[2] = std::max(*s[2], v);
                         p -= 0.02 / (1 - std::pow(beta1, t)) * *s[0] / (std::sqrt(v) / std::sqrt(1 - std::pow(0.99, t)) + 1e-6);
                       }});
  all.push_back({"nadam", {0.02, 0.9, 0.99, 1e-6, 0.1, 0.01, 0, 0}, 0, 2,
                 [](double& p, double g, std::vector<double*>& s, double* c, double t) {
                   const double mu = 0.9 * (1 - 0.5 * std::pow(0.96, t * 0.01)), next = 0.9 * (1 - 0.5 * std::pow(0.96, (t + 1) * 0.01));
                   const double product = float(c[1]) * float(mu);  // kept as float32
                   g += 0.1 * p;
                   *s[0] = lerp(*s[0], g, 0.1), *s[1] = 0.99 * *s[1] + 0.01 * g * g;
                   const double d = std::sqrt(*s[1] / (1 - std::pow(0.99, t))) + 1e-6;
                   p += -0.02 * (1 - mu) / (1 - product) * g / d - 0.02 * next / (1 - product * next) * *s[0] / d;
                 },
                 [](double* c, double t) { c[1] = float(c[1]) * float(0.9 * (1 - 0.5 * std::pow(0.96, t * 0.01))); }, {0, 1}});
  for (double beta2 : {0.7, 0.99})  // never adaptive, adaptive from step 6 on
    all.push_back({"radam", {0.02, 0.8, beta2, 1e-6, 0.1, 0, 0}, 0, 2,
                   [=](double& p, double g, std::vector<double*>& s, double*, double t) {
                     g += 0.1 * p;
                     *s[0] = lerp(*s[0], g, 0.2), *s[1] = beta2 * *s[1] + (1 - beta2) * g * g;
                     const double b2 = 1 - std::pow(beta2, t), inf = 2 / (1 - beta2) - 1, rho = inf - 2 * t * std::pow(beta2, t) / b2;
                     const double m = *s[0] / (1 - std::pow(0.8, t));
                     if (rho > 5) p -= m * 0.02 * std::sqrt(b2) / (std::sqrt(*s[1]) + 1e-6) * std::sqrt((rho - 4) * (rho - 2) * inf / ((inf - 4) * (inf - 2) * rho));
                     else p -= m * 0.02;
                   }});
  all.push_back({"adamax", {0.02, 0.8, 0.9, 1e-6, 0.1, 0}, 0, 2, [](double& p, double g, std::vector<double*>& s, double*, double t) {
                   g += 0.1 * p;
                   *s[0] = lerp(*s[0], g, 0.2), *s[1] = std::max(0.9 * *s[1], std::fabs(g) + 1e-6);
                   p -= 0.02 / (1 - std::pow(0.8, t)) * *s[0] / *s[1];
                 }});
  for (int variant : {0, 1, 2, 3})
    all.push_back({"rmsprop", {0.01, 0.9, 1e-4, 0.1, 0.8, 0}, variant, 1 + (variant & 1) + (variant >> 1),
                   [=](double& p, double g, std::vector<double*>& s, double*, double) {
                     g += 0.1 * p;
                     double v = *s[0] = 0.9 * *s[0] + 0.1 * g * g;
                     if (variant & 1) *s[1] = lerp(*s[1], g, 0.1), v -= square(*s[1]);
                     double d = g / (std::sqrt(std::max(v, 0.0)) + 1e-4);
                     if (variant & 2) d = *s[variant - 1] = 0.8 * *s[variant - 1] + d;
                     p -= 0.01 * d;
                   }});
  all.push_back({"adagrad", {0.1, 0.05, 0.1, 1e-6, 1}, 0, 1, [](double& p, double g, std::vector<double*>& s, double*, double t) {
                   g = -g + 0.1 * p;
                   *s[0] += g * g;
                   p -= 0.1 / (1 + (t - 1) * 0.05) * g / (std::sqrt(*s[0]) + 1e-6);
                 }, nullptr, {}, {0.5}});
  all.push_back({"adadelta", {0.5, 0.8, 1e-5, 0.1, 0}, 0, 2, [](double& p, double g, std::vector<double*>& s, double*, double) {
                   g += 0.1 * p;
                   *s[0] = 0.8 * *s[0] + 0.2 * g * g;
                   const double d = std::sqrt(*s[1] + 1e-5) / std::sqrt(*s[0] + 1e-5) * g;
                   *s[1] = 0.8 * *s[1] + 0.2 * d * d;
                   p -= 0.5 * d;
                 }});
  all.push_back({"asgd", {0.05, 0.01, 0.75, 3, 0.1, 0}, 0, 1,
                 [](double& p, double g, std::vector<double*>& s, double* c, double) {
                   g += 0.1 * p;
                   p = p * (1 - 0.01 * c[1]) - c[1] * g;
                   *s[0] = c[2] == 1 ? p : *s[0] + c[2] * (p - *s[0]);
                 },
                 [](double* c, double t) {
                   c[1] = float(0.05 / std::pow(1 + 0.01 * 0.05 * t, 0.75)), c[2] = float(1 / std::max(1.0, t - 3));
                 },
                 {0, double(0.05f), 1}});
  all.push_back({"rprop", {0.5, 1.2, 1e-6, 0.05, 0}, 0, 2, [](double& p, double g, std::vector<double*>& s, double*, double) {
                   const double turn = g * *s[0];
                   *s[1] = std::min(std::max(*s[1] * (turn > 0 ? 1.2 : turn < 0 ? 0.5 : 1), 1e-6), 0.05);
                   if (turn < 0) g = 0;
                   p -= g > 0 ? *s[1] : g < 0 ? -*s[1] : 0;
                   *s[0] = g;
                 }, nullptr, {}, {0, double(0.02f)}});
  return all;
}

template <class T>
static glorot::LaunchError step(const Case& c, std::vector<Parameter<T>>& all) {
  Array<double> hyper(static_cast<int64_t>(c.hyper.size()));
  for (int64_t i = 0; i < hyper.n; i++) hyper[i] = c.hyper[i];
  std::vector<glorot::Buffer> buffers{hyper};
  std::vector<double> sizes{double(all.size()), double(c.variant)};
  for (auto& x : all) {
    buffers.push_back(x.p), buffers.push_back(x.g), sizes.push_back(double(x.n));
    if (c.arrays > 0) buffers.push_back(x.state);
  }
  return run(c.kernel, dtypeOf<T>(), buffers, sizes);
}

template <class T>
static void formulas() {
  for (const Case& c : cases()) {
    Random random;
    std::vector<Parameter<T>> all;
    for (int64_t n : {5, 0, 1, 16, 33, 257}) all.emplace_back(n, c.arrays, random, c.scalars, c.initial);
    for (int t = 1; t <= 12; t++) {
      for (auto& x : all) {
        x.newGradient(random);
        for (int64_t i = 0; i < x.n; i++) {
          std::vector<double*> s;
          for (auto& a : x.arrays) s.push_back(&a[i]);
          c.rule(x.want[i], static_cast<double>(x.g[i]), s, x.scalars, t);
        }
        if (c.after) c.after(x.scalars, t);
      }
      CHECK(step(c, all).kind == ErrorKind::kNone, "%s", c.kernel);
      double worst = 0;
      for (auto& x : all)
        for (int64_t i = 0; i < x.n; i++) worst = std::max(worst, std::fabs(static_cast<double>(x.p[i]) - x.want[i]) / (1 + std::fabs(x.want[i])));
      CHECK(worst <= (sizeof(T) == 4 ? 1e-5 : 1e-12), "%s variant %d step %d: off by %g", c.kernel, c.variant, t, worst);
      if (c.arrays > 0) CHECK(reinterpret_cast<float*>(all[0].state.data.get())[0] == float(t), "%s counts its steps", c.kernel);
    }
  }
}

static void threads() {
  const int before = glorot::numThreads();
  for (const Case& c : cases()) {
    if (std::string(c.kernel) == "sgd" && c.variant == 0) continue;
    std::vector<Parameter<float>> runs[2];
    for (int k = 0; k < 2; k++) {
      glorot::setNumThreads(k == 0 ? 1 : 3);
      Random random;
      for (int64_t n : {70001, 3, 20000}) runs[k].emplace_back(n, c.arrays, random, c.scalars, c.initial);
      for (auto& x : runs[k]) x.newGradient(random);
      for (int t = 0; t < 2; t++) step(c, runs[k]);
    }
    bool same = true;
    for (int k = 0; k < 3; k++) same &= std::memcmp(runs[0][k].p.data.get(), runs[1][k].p.data.get(), size_t(runs[0][k].n) * 4) == 0;
    CHECK(same, "%s", c.kernel);
  }
  glorot::setNumThreads(before);
}

/** Two groups in one launch step as each in a launch of its own. */
static void groups() {
  for (const Case& c : cases()) {
    std::vector<Parameter<float>> apart[2], joined;
    Case second = c;
    second.hyper[0] *= 0.5;
    Random random;
    for (int64_t n : {33, 5}) apart[0].emplace_back(n, c.arrays, random, c.scalars, c.initial);
    for (int64_t n : {7, 40, 1}) apart[1].emplace_back(n, c.arrays, random, c.scalars, c.initial);
    Random again;
    for (int64_t n : {33, 5, 7, 40, 1}) joined.emplace_back(n, c.arrays, again, c.scalars, c.initial);
    const int64_t numbers = static_cast<int64_t>(c.hyper.size());
    Array<double> hyper[2] = {Array<double>(numbers), Array<double>(numbers)};
    for (int64_t i = 0; i < numbers; i++) hyper[0][i] = c.hyper[i], hyper[1][i] = second.hyper[i];
    std::vector<glorot::Buffer> buffers{hyper[0]};
    std::vector<double> sizes{5, double(c.variant)};
    for (auto& x : joined) {
      buffers.push_back(x.p), buffers.push_back(x.g), sizes.push_back(double(x.n));
      if (c.arrays > 0) buffers.push_back(x.state);
    }
    buffers.push_back(hyper[1]), sizes.push_back(2);
    for (int t = 0; t < 3; t++) {
      for (int k = 0; k < 5; k++) {
        Parameter<float>& x = k < 2 ? apart[0][k] : apart[1][k - 2];
        x.newGradient(random);
        std::memcpy(joined[k].g.data.get(), x.g.data.get(), size_t(x.n) * 4);
      }
      step(c, apart[0]), step(second, apart[1]);
      CHECK(run(c.kernel, glorot::kFloat32, buffers, sizes).kind == ErrorKind::kNone, "%s", c.kernel);
    }
    bool same = true;
    for (int k = 0; k < 5; k++) {
      Parameter<float>& x = k < 2 ? apart[0][k] : apart[1][k - 2];
      same &= std::memcmp(x.p.data.get(), joined[k].p.data.get(), size_t(x.n) * 4) == 0;
    }
    CHECK(same, "%s variant %d", c.kernel, c.variant);
    // A group that begins nowhere, or lacks its numbers.
    const std::vector<float> before(joined[0].p.data.get(), joined[0].p.data.get() + 33);
    for (double start : {0.5, 5.0, 1e15}) {
      sizes.back() = start;
      CHECK(run(c.kernel, glorot::kFloat32, buffers, sizes).kind == ErrorKind::kLaunch, "%s: group at %g", c.kernel, start);
    }
    sizes.back() = 3, sizes.push_back(3), buffers.push_back(hyper[1]);
    CHECK(run(c.kernel, glorot::kFloat32, buffers, sizes).kind == ErrorKind::kLaunch, "%s: two groups at once", c.kernel);
    sizes.pop_back(), buffers.resize(buffers.size() - 2);
    CHECK(run(c.kernel, glorot::kFloat32, buffers, sizes).kind == ErrorKind::kLaunch, "%s: no numbers", c.kernel);
    buffers.push_back({glorot::Buffer(hyper[1]).data, size_t(numbers - 1) * 8});
    CHECK(run(c.kernel, glorot::kFloat32, buffers, sizes).kind == ErrorKind::kLaunch, "%s: few numbers", c.kernel);
    CHECK(std::memcmp(before.data(), joined[0].p.data.get(), 33 * 4) == 0, "%s writes nothing", c.kernel);
  }
}

template <class T>
static void clipping() {
  Random random;
  for (double p : {1.0, 2.0, 3.0, double(INFINITY)}) {
    Array<T> a(6), b(70001), none(0), norms(4), total(1), coefficient(1);
    double sum = 0, largest = 0;
    for (Array<T>* x : {&a, &b})
      for (int64_t i = 0; i < x->n; i++) {
        (*x)[i] = static_cast<T>(random());
        sum += std::pow(std::fabs(static_cast<double>((*x)[i])), p), largest = std::max(largest, std::fabs(static_cast<double>((*x)[i])));
      }
    const double want = std::isinf(p) ? largest : std::pow(sum, 1 / p);
    CHECK(run("norms", dtypeOf<T>(), {norms, a, b}, {2, 0, 6, 70001}, {p}).kind == ErrorKind::kNone);
    CHECK(run("norms", dtypeOf<T>(), {norms, none}, {1, 2, 0}, {p}).kind == ErrorKind::kNone);
    CHECK(run("totalNorm", dtypeOf<T>(), {norms, total, coefficient}, {3, 1}, {p, want / 2}).kind == ErrorKind::kNone);
    CHECK(std::fabs(static_cast<double>(total[0]) - want) <= 2e-6 * want, "p %g: %g, not %g", p, double(total[0]), want);
    CHECK(std::fabs(static_cast<double>(coefficient[0]) - 0.5) < 1e-5);
    const T first = a[0], last = b[70000];
    run("scaleAll", dtypeOf<T>(), {coefficient, a, b}, {2, 6, 70001});
    CHECK(a[0] == first * coefficient[0] && b[70000] == last * coefficient[0]);
    run("totalNorm", dtypeOf<T>(), {norms, total, coefficient}, {3, 0}, {p, 2 * want});
    CHECK(coefficient[0] == 1);
    norms[1] = p == 2 ? T(NAN) : T(INFINITY);
    total[0] = 7;
    CHECK(run("totalNorm", dtypeOf<T>(), {norms, total, coefficient}, {3, 1}, {p, 1}).kind == ErrorKind::kValue);
    CHECK(total[0] == 7 && coefficient[0] == 1, "a refused launch writes nothing");
    run("totalNorm", dtypeOf<T>(), {norms, total, coefficient}, {3, 0}, {p, 1});
    CHECK(p == 2 ? std::isnan(coefficient[0]) : coefficient[0] == 0);
  }
  Array<T> x{T(-2), T(NAN), T(0.25), T(3), T(INFINITY)};
  run("clampAll", dtypeOf<T>(), {x}, {1, 5}, {0.5});
  CHECK(x[0] == T(-0.5) && std::isnan(x[1]) && x[2] == T(0.25) && x[3] == T(0.5) && x[4] == T(0.5));
}

static void refusals() {
  for (const Case& c : cases()) {
    Random random;
    const auto kind = [&](auto change) {
      std::vector<Parameter<float>> all;
      for (int k = 0; k < 2; k++) all.emplace_back(20, c.arrays, random, c.scalars, c.initial);
      const std::vector<float> before(all[0].p.data.get(), all[0].p.data.get() + 20);
      Case changed = c;
      change(changed, all);
      const ErrorKind k = step(changed, all).kind;
      CHECK(std::memcmp(before.data(), all[0].p.data.get(), 80) == 0, "%s writes nothing", c.kernel);
      return k;
    };
    using All = std::vector<Parameter<float>>;
    CHECK(kind([](Case& x, All&) { x.hyper.pop_back(); }) == ErrorKind::kLaunch, "%s: short hyper", c.kernel);
    CHECK(kind([](Case&, All& all) { all[1].n = 21; }) == ErrorKind::kLaunch, "%s: short parameter", c.kernel);
    CHECK(kind([](Case& x, All&) { x.variant = 4; }) == ErrorKind::kLaunch, "%s: variant", c.kernel);
    CHECK(kind([](Case&, All& all) { all[1].g = Array<float>(19); }) == ErrorKind::kLaunch, "%s: short gradient", c.kernel);
    if (c.arrays > 0) {
      const int64_t short1 = Parameter<float>::stateSize(20, c.arrays) - 1;
      CHECK(kind([=](Case&, All& all) { all[1].state = Array<float>(short1); }) == ErrorKind::kLaunch, "%s: short state", c.kernel);
    }
  }
  Array<double> hyper(8);
  Array<float> x(4);
  CHECK(run("adam", glorot::kFloat32, {hyper, x, x, x}, {1, 0, 9007199254740992.0}).kind == ErrorKind::kLaunch);
  CHECK(run("adam", glorot::kFloat32, {hyper, x, x, x}, {40, 0, 1}).kind == ErrorKind::kLaunch);
  CHECK(run("sgd", glorot::kFloat32, {hyper, x, x}, {2, 0, 4, 4}).kind == ErrorKind::kLaunch);
  CHECK(run("norms", glorot::kFloat32, {x, x}, {1, 9007199254740992.0, 4}, {2}).kind == ErrorKind::kLaunch);
  CHECK(run("scaleAll", glorot::kFloat32, {x, x}, {1, 5}).kind == ErrorKind::kLaunch);
}

int main() {
  return main_({{"formulas float32", formulas<float>}, {"formulas float64", formulas<double>}, {"threads", threads}, {"groups", groups},
                {"clipping float32", clipping<float>}, {"clipping float64", clipping<double>}, {"refusals", refusals}});
}
