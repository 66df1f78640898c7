// softmax, logSoftmax and logsumexp against double, their gradients against differences, and rows that have none.
#include "axis.h"

using namespace test;

template <class T>
static void values() {
  for (const Shape& s : shapes()) {
    for (double reach : {1.0, 90.0, 1000.0}) {
      Array<T> x(s.n()), y(s.n()), z(s.n()), total(s.kept());
      fillRandom(x, -reach, reach);
      CHECK(run("softmax", dtypeOf<T>(), {x, y}, s.sizes()).kind == glorot::ErrorKind::kNone);
      CHECK(run("logSoftmax", dtypeOf<T>(), {x, z}, s.sizes()).kind == glorot::ErrorKind::kNone);
      CHECK(run("logsumexp", dtypeOf<T>(), {x, total}, s.sizes()).kind == glorot::ErrorKind::kNone);
      for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
          const std::vector<double> v = line(x, s, o, i);
          double m = -INFINITY, sum = 0;
          for (double e : v) m = std::fmax(m, e);
          for (double e : v) sum += std::exp(e - m);
          CHECK(near(static_cast<double>(total[o * s.inner + i]), m + std::log(sum), tolerance<T>()));
          for (size_t r = 0; r < v.size(); r++) {
            const int64_t at = (o * s.R + static_cast<int64_t>(r)) * s.inner + i;
            const double p = std::exp(v[r] - m) / sum, got = static_cast<double>(y[at]);
            // x - m rounds once, relative to itself.
            CHECK(std::fabs(got - p) <= tolerance<T>() * (1 + std::fabs(v[r] - m) / 16) * p + 1e-40, "got %.9g want %.9g", got, p);
            CHECK(near(static_cast<double>(z[at]), v[r] - m - std::log(sum), tolerance<T>()));
          }
        }
      run("softmax", dtypeOf<T>(), {x, x}, s.sizes());
      CHECK(std::memcmp(x.data.get(), y.data.get(), static_cast<size_t>(s.n()) * sizeof(T)) == 0, "in place");
    }
  }
}

static void backward() {
  for (const Shape& s : shapes()) {
    if (s.n() > 400) continue;
    for (const char* name : {"softmax", "logSoftmax", "logsumexp"}) {
      const bool reduces = std::string(name) == "logsumexp";
      const int64_t outs = reduces ? s.kept() : s.n();
      Array<double> x(s.n()), y(outs), dy(outs), dx(s.n());
      fillRandom(x, -3, 3);
      fillRandom(dy);
      const auto value = [&] {
        run(name, glorot::kFloat64, {x, y}, s.sizes());
        double total = 0;
        for (int64_t k = 0; k < outs; k++) total += y[k] * dy[k];
        return total;
      };
      const auto back = [&](glorot::DType t, glorot::Buffer bx, glorot::Buffer by, glorot::Buffer bd, glorot::Buffer out) {
        const std::string kernel = std::string(name) + "Backward";
        return reduces ? run(kernel.c_str(), t, {bx, by, bd, out}, s.sizes()).kind : run(kernel.c_str(), t, {by, bd, out}, s.sizes()).kind;
      };
      value();
      CHECK(back(glorot::kFloat64, x, y, dy, dx) == glorot::ErrorKind::kNone);
      Array<float> x4(s.n()), y4(outs), dy4(outs), dx4(s.n());
      for (int64_t i = 0; i < s.n(); i++) x4[i] = static_cast<float>(x[i]);
      for (int64_t i = 0; i < outs; i++) y4[i] = static_cast<float>(y[i]), dy4[i] = static_cast<float>(dy[i]);
      back(glorot::kFloat32, x4, y4, dy4, dx4);
      for (int64_t i = 0; i < s.n(); i++) {
        CHECK(near(dx[i], slope(value, x, i), 1e-6), "%s", name);
        CHECK(near(static_cast<double>(dx4[i]), dx[i], 1e-5), "%s", name);
      }
    }
  }
}

static void undefined() {
  for (int64_t inner : {1, 2}) {
    Array<float> x(3 * inner), y(3 * inner), total(inner);
    for (float bad : {-INFINITY, INFINITY, NAN}) {
      for (int64_t i = 0; i < x.n; i++) x[i] = 0;
      for (int64_t r = 0; r < 3; r++) x[r * inner] = bad == INFINITY && r > 0 ? 0 : bad;
      for (const char* name : {"softmax", "logSoftmax"}) {
        run(name, glorot::kFloat32, {x, y}, {1, 3, double(inner)});
        for (int64_t r = 0; r < 3; r++) CHECK(std::isnan(y[r * inner]), "%s %g", name, static_cast<double>(bad));
        if (inner == 2) CHECK(!std::isnan(y[1]));
      }
      run("logsumexp", glorot::kFloat32, {x, total}, {1, 3, double(inner)});
      CHECK(near(static_cast<double>(total[0]), static_cast<double>(bad), 0));
    }
  }
  Array<float> masked{1, -INFINITY, 2}, y(3);
  run("softmax", glorot::kFloat32, {masked, y}, {1, 3, 1});
  CHECK(y[1] == 0 && near(static_cast<double>(y[0]), 0.26894142137, 1e-6));
}

int main() { return main_({{"float32", values<float>}, {"float64", values<double>}, {"backward", backward}, {"undefined", undefined}}); }
