// Extrema, their places and the ways back: ties, nan, every path, and index buffers that cannot be trusted.
#include "axis.h"

using namespace test;

template <class T>
static void places() {
  for (const Shape& s : shapes()) {
    for (bool largest : {true, false}) {
      Array<T> x(s.n()), y(s.kept()), values(s.kept());
      Array<int32_t> index(s.kept()), again(s.kept());
      fillRandom(x, sizeof(T) == 1 ? 0 : -20, 20);
      for (int64_t i = 0; i < s.n(); i++) x[i] = static_cast<T>(static_cast<int>(x[i]) / 2);  // with many ties
      CHECK(run(largest ? "amax" : "amin", dtypeOf<T>(), {x, y}, s.sizes()).kind == glorot::ErrorKind::kNone);
      CHECK(run(largest ? "max" : "min", dtypeOf<T>(), {x, values, index}, s.sizes()).kind == glorot::ErrorKind::kNone);
      CHECK(run(largest ? "argmax" : "argmin", dtypeOf<T>(), {x, again}, s.sizes()).kind == glorot::ErrorKind::kNone);
      for (int64_t o = 0; o < s.outer; o++)
        for (int64_t i = 0; i < s.inner; i++) {
          const std::vector<double> v = line(x, s, o, i);
          size_t best = 0;
          for (size_t r = 1; r < v.size(); r++)
            if (largest ? v[r] > v[best] : v[r] < v[best]) best = r;
          const int64_t k = o * s.inner + i;
          CHECK(static_cast<double>(y[k]) == v[best] && static_cast<double>(values[k]) == v[best]);
          CHECK(index[k] == static_cast<int32_t>(best) && again[k] == static_cast<int32_t>(best), "[%d %d %d] got %d want %d", int(s.outer), int(s.R), int(s.inner), index[k], int(best));
        }
    }
  }
}

static void nan() {
  for (int64_t inner : {1, 3}) {
    for (int64_t at : {0, 5, 30}) {
      const int64_t R = 37;
      Array<float> x(R * inner), y(inner), values(inner);
      Array<int32_t> index(inner);
      fillRandom(x);
      x[at * inner] = NAN;
      x[(at + 3) * inner] = NAN;
      for (const char* name : {"max", "min"}) {
        run(name, glorot::kFloat32, {x, values, index}, {1, double(R), double(inner)});
        CHECK(std::isnan(values[0]) && index[0] == at);
        for (int64_t i = 1; i < inner; i++) CHECK(!std::isnan(values[i]));
      }
      run("amin", glorot::kFloat32, {x, y}, {1, double(R), double(inner)});
      CHECK(std::isnan(y[0]));
    }
  }
  Array<float> x{-INFINITY, -INFINITY}, y(1);
  Array<int32_t> index(1);
  run("max", glorot::kFloat32, {x, y, index}, {1, 2, 1});
  CHECK(y[0] == -INFINITY && index[0] == 0);
}

static void shared() {
  for (const Shape& s : shapes()) {
    Array<float> x(s.n()), y(s.kept()), dy(s.kept()), dx(s.n());
    fillRandom(x, -3, 3);
    fillRandom(dy);
    for (int64_t i = 0; i < s.n(); i++) x[i] = std::round(x[i]);
    run("amax", glorot::kFloat32, {x, y}, s.sizes());
    CHECK(run("extremumBackward", glorot::kFloat32, {x, y, dy, dx}, s.sizes()).kind == glorot::ErrorKind::kNone);
    for (int64_t o = 0; o < s.outer; o++)
      for (int64_t i = 0; i < s.inner; i++) {
        const int64_t k = o * s.inner + i;
        int count = 0;
        for (double v : line(x, s, o, i)) count += v == static_cast<double>(y[k]);
        for (int64_t r = 0; r < s.R; r++) {
          const int64_t at = (o * s.R + r) * s.inner + i;
          CHECK(dx[at] == (x[at] == y[k] ? dy[k] / static_cast<float>(count) : 0.0f));
        }
      }
  }
}

static void picks() {
  Array<float> dy{1, 2, 3, 4}, dx(6);
  Array<int32_t> index{0, 1, 2, 1};
  CHECK(run("pickBackward", glorot::kFloat32, {dy, index, dx}, {1, 3, 2, 2}).kind == glorot::ErrorKind::kNone);
  const float want[] = {1, 0, 0, 6, 3, 0};
  for (int i = 0; i < 6; i++) CHECK(dx[i] == want[i]);
  Array<float> y(4);
  CHECK(run("pick", glorot::kFloat32, {dx, index, y}, {1, 3, 2, 2}).kind == glorot::ErrorKind::kNone);
  CHECK(y[0] == 1 && y[1] == 6 && y[2] == 3 && y[3] == 6);
  for (int32_t bad : {-1, 3, INT32_MAX, INT32_MIN}) {
    index[2] = bad;
    CHECK(run("pick", glorot::kFloat32, {dx, index, y}, {1, 3, 2, 2}).kind == glorot::ErrorKind::kIndex && y[0] == 1);
    dx[0] = 99;
    const glorot::LaunchError e = run("pickBackward", glorot::kFloat32, {dy, index, dx}, {1, 3, 2, 2});
    CHECK(e.kind == glorot::ErrorKind::kIndex && e.a == bad && e.b == 3 && dx[0] == 99);
  }
}

static void refusals() {
  Array<float> x(0), y(2);
  CHECK(run("amax", glorot::kFloat32, {x, y}, {2, 0, 1}).kind == glorot::ErrorKind::kLaunch);
  Array<float> z(6);
  Array<int32_t> index(1);
  CHECK(run("max", glorot::kFloat32, {z, y, index}, {2, 3, 1}).kind == glorot::ErrorKind::kLaunch);
}

int main() {
  return main_({{"float32", places<float>}, {"float64", places<double>}, {"int32", places<int32_t>}, {"bool", places<uint8_t>},
                {"nan", nan}, {"shared", shared}, {"picks", picks}, {"refusals", refusals}});
}
