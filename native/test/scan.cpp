// Running sums and products against plain loops, from either end, with zeros in them, and past int32.
#include "axis.h"

using namespace test;

template <class T>
static void values() {
  for (const Shape& s : shapes()) {
    Array<T> x(s.n()), up(s.n()), down(s.n()), product(s.n());
    fillRandom(x, -1.2, 1.2);
    std::vector<double> forth = s.sizes(), back = s.sizes();
    forth.push_back(0), back.push_back(1);
    CHECK(run("cumsum", dtypeOf<T>(), {x, up}, forth).kind == glorot::ErrorKind::kNone);
    CHECK(run("cumsum", dtypeOf<T>(), {x, down}, back).kind == glorot::ErrorKind::kNone);
    CHECK(run("cumprod", dtypeOf<T>(), {x, product}, s.sizes()).kind == glorot::ErrorKind::kNone);
    for (int64_t o = 0; o < s.outer; o++)
      for (int64_t i = 0; i < s.inner; i++) {
        const std::vector<double> v = line(x, s, o, i);
        double sum = 0, total = 0, run = 1;
        for (double e : v) total += e;
        for (size_t r = 0; r < v.size(); r++) {
          const int64_t at = (o * s.R + static_cast<int64_t>(r)) * s.inner + i;
          CHECK(near(static_cast<double>(down[at]), total - sum, tolerance<T>()));
          sum += v[r], run *= v[r];
          CHECK(near(static_cast<double>(up[at]), sum, tolerance<T>()));
          CHECK(near(static_cast<double>(product[at]), run, tolerance<T>()));
        }
      }
  }
}

static void backward() {
  for (Shape s : {Shape{1, 1, 1}, Shape{2, 6, 1}, Shape{1, 5, 3}, Shape{2, 4, 70}})
    for (int zeros : {0, 1, 2}) {
      Array<double> x(s.n()), y(s.n()), dy(s.n()), dx(s.n());
      fillRandom(x, 0.4, 1.6);
      fillRandom(dy);
      for (int z = 0; z < zeros && z * 2 + 1 < s.R; z++) x[(z * 2 + 1) * s.inner] = 0;
      const auto value = [&] {
        run("cumprod", glorot::kFloat64, {x, y}, s.sizes());
        double total = 0;
        for (int64_t k = 0; k < s.n(); k++) total += y[k] * dy[k];
        return total;
      };
      value();
      CHECK(run("cumprodBackward", glorot::kFloat64, {x, y, dy, dx}, s.sizes()).kind == glorot::ErrorKind::kNone);
      for (int64_t i = 0; i < s.n(); i++) CHECK(near(dx[i], slope(value, x, i), 1e-6));
    }
}

static void whole() {
  Array<int32_t> x{2000000000, -5, 7, 2000000000}, y(4);
  CHECK(run("cumsum", glorot::kInt32, {x, y}, {1, 3, 1, 0}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == 2000000000 && y[1] == 1999999995 && y[2] == 2000000002);
  CHECK(run("cumsum", glorot::kInt32, {x, y}, {1, 4, 1, 0}).kind == glorot::ErrorKind::kValue);
  CHECK(run("cumsum", glorot::kInt32, {x, y}, {1, 4, 1, 2}).kind == glorot::ErrorKind::kLaunch);
}

int main() { return main_({{"float32", values<float>}, {"float64", values<double>}, {"backward", backward}, {"whole", whole}}); }
