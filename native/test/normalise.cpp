// rowNorm, batchNorm and their gradients against plain loops in double, on shapes that reach every path; threads change no bit.
#include "axis.h"

using namespace test;
using glorot::ErrorKind;

static std::vector<double> doubles(std::initializer_list<int64_t> values) {
  return std::vector<double>(values.begin(), values.end());
}

/** Elements that are normalised together have one `set`, those with one weight one `channel`. */
struct Reference {
  int64_t n, sets, channels;
  std::vector<int64_t> set, channel;
  double eps = 1e-3;
  bool rms = false;
  std::vector<double> mean, variance, y, dx, dw, db;

  Reference(int64_t elements, int64_t together, int64_t weights) : n(elements), sets(together), channels(weights) {}

  template <class T>
  void compute(Array<T>& x, Array<T>& w, Array<T>& b, Array<T>& dy) {
    const auto zeros = [](int64_t k) { return std::vector<double>(static_cast<size_t>(k), 0.0); };
    std::vector<double> count = zeros(sets), g = zeros(sets), gx = zeros(sets);
    mean = zeros(sets), variance = zeros(sets), y = zeros(n), dx = zeros(n), dw = zeros(channels), db = zeros(channels);
    const auto at = [](Array<T>& a, int64_t i) { return static_cast<double>(a[i]); };
    for (int64_t i = 0; i < n; i++) count[set[i]]++, mean[set[i]] += at(x, i);
    for (int64_t s = 0; s < sets; s++) mean[s] = rms ? 0 : mean[s] / count[s];
    for (int64_t i = 0; i < n; i++) variance[set[i]] += std::pow(at(x, i) - mean[set[i]], 2) / count[set[i]];
    const auto normal = [&](int64_t i) { return (at(x, i) - mean[set[i]]) / std::sqrt(variance[set[i]] + eps); };
    for (int64_t i = 0; i < n; i++) {
      const int64_t s = set[i], c = channel[i];
      y[i] = normal(i) * at(w, c) + at(b, c);
      g[s] += at(dy, i) * at(w, c) / count[s], gx[s] += at(dy, i) * at(w, c) * normal(i) / count[s];
      dw[c] += at(dy, i) * normal(i), db[c] += at(dy, i);
    }
    for (int64_t i = 0; i < n; i++) {
      const int64_t s = set[i];
      dx[i] = (at(dy, i) * at(w, channel[i]) - (rms ? 0 : g[s]) - normal(i) * gx[s]) / std::sqrt(variance[s] + eps);
    }
  }
};

template <class T>
static void same(const char* what, Array<T>& got, const std::vector<double>& want, double scale = 1) {
  for (int64_t i = 0; i < got.n; i++)
    CHECK(near(static_cast<double>(got[i]), want[i], tolerance<T>() * scale), "%s[%g] = %.9g, want %.9g", what, double(i), double(got[i]), want[i]);
}

/** Buffers of one case, values off zero so that cancellation would show. */
template <class T> struct Case {
  Array<T> x, dy, w, b, y, dx, dw, db, stats;
  Case(int64_t n, int64_t sets, int64_t channels)
      : x(n), dy(n), w(channels), b(channels), y(n), dx(n), dw(channels), db(channels), stats(sets * 2) {
    fillRandom(x, 3, 7), fillRandom(dy), fillRandom(w), fillRandom(b);
  }
};

struct RowShape {
  int64_t rows, groups, C, S;
};
static const std::vector<RowShape> rowShapes = {{1, 1, 1, 1},  {3, 1, 5, 1},   {9, 1, 64, 1},  {70, 1, 33, 1}, {6, 1, 1500, 1}, {700, 1, 100, 1},
                                                {6, 2, 5, 1},  {4, 2, 3, 7},   {6, 3, 1, 49},  {4, 2, 2, 300}, {2, 1, 1, 5000}, {64, 4, 2, 70},
                                                {4, 1, 1, 20}, {400, 1, 3, 40}};

template <class T>
static void rows() {
  for (const RowShape& s : rowShapes)
    for (bool rms : {false, true}) {
      const int64_t R = s.C * s.S, n = s.rows * R;
      Case<T> c(n, s.rows, s.groups * s.C);
      Reference r(n, s.rows, s.groups * s.C);
      r.rms = rms;
      for (int64_t i = 0; i < n; i++) r.set.push_back(i / R), r.channel.push_back(i / R % s.groups * s.C + i % R / s.S);
      r.compute(c.x, c.w, c.b, c.dy);
      const int flag = rms ? 4 : 0;
      CHECK(run("rowNorm", dtypeOf<T>(), {c.x, c.y, c.stats, c.w, c.b}, doubles({s.rows, s.groups, s.C, s.S, 3 + flag}), {r.eps}).kind == ErrorKind::kNone);
      same("y", c.y, r.y, 4);
      const auto sizes = doubles({s.rows, s.groups, s.C, s.S, 1 + flag + 56});
      CHECK(run("rowNormBackward", dtypeOf<T>(), {c.x, c.dy, c.stats, c.w, c.dx, c.dw, c.db}, sizes).kind == ErrorKind::kNone);
      same("dx", c.dx, r.dx, 8), same("dw", c.dw, r.dw, 20), same("db", c.db, r.db, 20);
      if constexpr (sizeof(T) == 4) {
        Case<T> t(n, s.rows, s.groups * s.C);
        glorot::setNumThreads(3);
        run("rowNormBackward", dtypeOf<T>(), {c.x, c.dy, c.stats, c.w, t.dx, t.dw, t.db}, sizes);
        glorot::setNumThreads(1);
        CHECK(std::memcmp(&t.dx[0], &c.dx[0], size_t(n) * sizeof(T)) == 0 && std::memcmp(&t.dw[0], &c.dw[0], size_t(t.dw.n) * sizeof(T)) == 0);
      }
      // Without weights, and dx alone.
      Case<T> plain(n, s.rows, s.groups * s.C);
      for (int64_t i = 0; i < n; i++) plain.x[i] = c.x[i], plain.dy[i] = c.dy[i];
      for (int64_t i = 0; i < plain.w.n; i++) plain.w[i] = 1, plain.b[i] = 0;
      r.compute(plain.x, plain.w, plain.b, plain.dy);
      run("rowNorm", dtypeOf<T>(), {plain.x, plain.y, plain.stats}, doubles({s.rows, s.groups, s.C, s.S, flag}), {r.eps});
      run("rowNormBackward", dtypeOf<T>(), {plain.x, plain.dy, plain.stats, plain.dx}, doubles({s.rows, s.groups, s.C, s.S, flag + 8}));
      same("y", plain.y, r.y, 4), same("dx", plain.dx, r.dx, 8);
    }
}

struct BatchShape {
  int64_t N, C, S;
};
static const std::vector<BatchShape> batchShapes = {{2, 1, 1},  {5, 3, 1},    {70, 67, 1}, {200, 130, 1}, {33, 64, 1}, {1, 2, 9},
                                                    {4, 3, 5},  {300, 1030, 1}, {3, 19, 49},  {2, 2, 300}, {3, 2, 5000},  {40, 5, 16}, {9, 4, 2}};

template <class T>
static void batches() {
  for (const BatchShape& s : batchShapes)
    for (bool eval : {false, true}) {
      const int64_t n = s.N * s.C * s.S;
      Case<T> c(n, s.C, s.C);
      Array<T> mean(s.C), variance(s.C);
      Array<int32_t> counter(1);
      counter[0] = 4;
      fillRandom(mean, 4, 6), fillRandom(variance, 1, 2);
      Array<T> mean0(s.C), variance0(s.C);
      for (int64_t i = 0; i < s.C; i++) mean0[i] = mean[i], variance0[i] = variance[i];
      Reference r(n, s.C, s.C);
      for (int64_t i = 0; i < n; i++) r.set.push_back(i / s.S % s.C), r.channel.push_back(r.set.back());
      r.compute(c.x, c.w, c.b, c.dy);
      const int flags = 1 + 2 + 4 + (eval ? 32 : 8 + 16);
      CHECK(run("batchNorm", dtypeOf<T>(), {c.x, c.y, c.stats, c.w, c.b, mean, variance, counter}, doubles({s.N, s.C, s.S, flags}), {r.eps, 0}).kind == ErrorKind::kNone);
      if (eval) {
        // By the running values, which stay.
        for (int64_t i = 0; i < n; i++) {
          const int64_t ch = r.set[i];
          const double scale = 1 / std::sqrt(double(variance[ch]) + r.eps);
          r.y[i] = (double(c.x[i]) - double(mean[ch])) * scale * double(c.w[ch]) + double(c.b[ch]);
          r.dx[i] = double(c.dy[i]) * double(c.w[ch]) * scale;
        }
        for (int64_t ch = 0; ch < s.C; ch++) {
          CHECK(mean[ch] == mean0[ch] && variance[ch] == variance0[ch]);
          r.dw[ch] = 0;
          for (int64_t i = 0; i < n; i++)
            if (r.set[i] == ch) r.dw[ch] += double(c.dy[i]) * (double(c.x[i]) - double(mean[ch])) / std::sqrt(double(variance[ch]) + r.eps);
        }
        CHECK(counter[0] == 4);
      } else {
        CHECK(counter[0] == 5);
        const double count = double(s.N * s.S);
        for (int64_t ch = 0; ch < s.C; ch++) {
          CHECK(near(double(mean[ch]), 0.8 * double(mean0[ch]) + 0.2 * r.mean[ch], tolerance<T>()));
          if (count > 1) CHECK(near(double(variance[ch]), 0.8 * double(variance0[ch]) + 0.2 * r.variance[ch] * count / (count - 1), tolerance<T>()));
        }
      }
      same("y", c.y, r.y, 4);
      const auto sizes = doubles({s.N, s.C, s.S, 1 + (eval ? 32 : 0) + 64 + 128 + 256});
      CHECK(run("batchNormBackward", dtypeOf<T>(), {c.x, c.dy, c.stats, c.w, c.dx, c.dw, c.db}, sizes).kind == ErrorKind::kNone);
      Case<T> other(n, s.C, s.C);
      glorot::setNumThreads(3);
      run("batchNorm", dtypeOf<T>(), {c.x, other.y, other.stats, c.w, c.b, mean0, variance0, counter}, doubles({s.N, s.C, s.S, flags}), {r.eps, 0});
      run("batchNormBackward", dtypeOf<T>(), {c.x, c.dy, c.stats, c.w, other.dx, other.dw, other.db}, sizes);
      glorot::setNumThreads(1);
      CHECK(std::memcmp(&other.y[0], &c.y[0], size_t(n) * sizeof(T)) == 0 && std::memcmp(&other.dx[0], &c.dx[0], size_t(n) * sizeof(T)) == 0);
      same("dx", c.dx, r.dx, 8), same("dw", c.dw, r.dw, 20), same("db", c.db, r.db, 20);
    }
}

/** A first value, row or sample far from the rest must not cost the variance its digits. */
static void outliers() {
  for (int64_t S : {1, 64}) {
    const int64_t N = 64, n = N * S;
    Array<float> x(n), y(n), stats(2);
    Array<double> exact(n), yExact(n), statsExact(2);
    for (int64_t i = 0; i < n; i++) x[i] = i < S ? 1000.f : static_cast<float>(i % 7), exact[i] = static_cast<double>(x[i]);
    run("batchNorm", glorot::kFloat32, {x, y, stats}, doubles({N, 1, S, 0}), {1e-5, 0});
    run("batchNorm", glorot::kFloat64, {exact, yExact, statsExact}, doubles({N, 1, S, 0}), {1e-5, 0});
    CHECK(std::fabs(double(stats[1]) / statsExact[1] - 1) < 2e-5, "%g %g", double(stats[1]), statsExact[1]);
    run("rowNorm", glorot::kFloat32, {x, y, stats}, doubles({1, 1, n, 1, 0}), {1e-5});
    CHECK(std::fabs(double(stats[1]) / statsExact[1] - 1) < 1e-6);
  }
}

static void refused() {
  Array<float> x(12), y(12), stats(8), w(4);
  Array<int32_t> counter(1);
  CHECK(run("rowNorm", glorot::kFloat32, {x, y, stats, w}, {4, 1, 4, 1, 1}, {0}).kind == ErrorKind::kLaunch);
  CHECK(run("rowNorm", glorot::kFloat32, {x, y, stats, w}, {3, 1, 4, 1, 3}, {0}).kind == ErrorKind::kLaunch);
  CHECK(run("rowNorm", glorot::kFloat32, {x, y, stats}, {1e12, 1, 1e12, 1e12, 0}, {0}).kind == ErrorKind::kLaunch);
  CHECK(run("rowNorm", glorot::kFloat32, {x, y, stats}, {3, 0, 4, 1, 0}, {0}).kind == ErrorKind::kLaunch);
  CHECK(run("rowNormBackward", glorot::kFloat32, {x, x, stats, y, w}, {3, 1, 5, 1, 24}).kind == ErrorKind::kLaunch);
  CHECK(run("batchNorm", glorot::kFloat32, {x, y, stats}, {3, 4, 2, 0}, {0, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("batchNorm", glorot::kFloat32, {x, y, stats}, {3, 4, 1, 32}, {0, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("batchNorm", glorot::kFloat32, {x, y, stats, w, w, counter}, {3, 4, 1, 4 + 16}, {0, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("batchNorm", glorot::kFloat32, {x, y, stats}, {1e12, 1e12, 1e12, 0}, {0, 0}).kind == ErrorKind::kLaunch);
  CHECK(run("batchNormBackward", glorot::kFloat32, {x, x, stats, y}, {3, 4, 2, 64}).kind == ErrorKind::kLaunch);
  for (int64_t i = 0; i < y.n; i++) CHECK(y[i] == 0);
  // Nothing to normalise.
  for (std::vector<double> sizes : {doubles({0, 1, 4, 1, 0}), doubles({3, 1, 0, 1, 0})})
    CHECK(run("rowNorm", glorot::kFloat32, {x, y, stats}, sizes, {0}).kind == ErrorKind::kNone);
  Array<float> none(0), mean{1, 2}, variance{3, 4};
  CHECK(run("batchNorm", glorot::kFloat32, {none, none, stats, mean, variance}, {0, 2, 5, 4}, {0, 0.1}).kind == ErrorKind::kNone);
  CHECK(run("batchNorm", glorot::kFloat32, {none, none, stats, mean, variance}, {0, 2, 1, 4}, {0, 0.1}).kind == ErrorKind::kNone);
  CHECK(mean[0] == 1 && mean[1] == 2 && variance[0] == 3 && variance[1] == 4);
  w[0] = w[1] = 7;
  CHECK(run("batchNormBackward", glorot::kFloat32, {none, none, stats, w}, {0, 2, 5, 128}).kind == ErrorKind::kNone && w[0] == 0 && w[1] == 0);
  w[0] = 7;
  CHECK(run("rowNormBackward", glorot::kFloat32, {x, x, stats, w}, {0, 1, 4, 1, 16}).kind == ErrorKind::kNone && w[0] == 0);
}

int main() {
  return main_({{"rows, float32", rows<float>}, {"rows, float64", rows<double>}, {"batches, float32", batches<float>},
                {"batches, float64", batches<double>}, {"outliers", outliers}, {"refused", refused}});
}
