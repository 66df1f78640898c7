// Indexing kernels against plain loops, at odd sizes; hostile indices are refused before anything is written.
#include "harness.h"

using glorot::ErrorKind;
using test::Array;

namespace {

const auto kNone = ErrorKind::kNone;
test::Random random;

int32_t below(int64_t n) { return static_cast<int32_t>(random(0, static_cast<double>(n))); }

/** Rows of a tensor [outer, S0, S1, inner] by two indices, read and written back. */
template <class T> void rows() {
  const auto dtype = test::dtypeOf<T>();
  for (int64_t inner : {1, 3, 16, 300})
    for (int64_t count : {0, 1, 7}) {
      const int64_t outer = 3, S0 = 4, S1 = 5;
      Array<T> x(outer * S0 * S1 * inner), y(outer * count * inner), z(x.n);
      Array<int32_t> i(count), j(count);
      for (int64_t k = 0; k < x.n; k++) x[k] = static_cast<T>(below(100)), z[k] = static_cast<T>(1);
      for (int64_t k = 0; k < count; k++) i[k] = below(2 * S0) - static_cast<int32_t>(S0), j[k] = below(S1);
      const std::vector<double> sizes{3, static_cast<double>(inner), static_cast<double>(count), 1, 2, 4, 5};
      CHECK(test::run("index", dtype, {x, y, i, j}, sizes).kind == kNone);
      const auto at = [&](int64_t o, int64_t k, int64_t c) { return ((o * S0 + (i[k] < 0 ? i[k] + S0 : i[k])) * S1 + j[k]) * inner + c; };
      Array<T> want(z.n);
      for (int64_t k = 0; k < z.n; k++) want[k] = z[k];
      for (int64_t o = 0; o < outer; o++)
        for (int64_t k = 0; k < count; k++)
          for (int64_t c = 0; c < inner; c++) {
            const T value = y[(o * count + k) * inner + c];
            CHECK(value == x[at(o, k, c)]);
            want[at(o, k, c)] = static_cast<T>(want[at(o, k, c)] + 2 * value);
          }
      std::vector<double> adding = sizes;
      adding.push_back(1);
      CHECK(test::run("indexWrite", dtype, {y, z, i, j}, adding, {2}).kind == kNone);
      for (int64_t k = 0; k < z.n; k++) CHECK(z[k] == want[k]);
      adding.back() = 0;
      CHECK(test::run("indexWrite", dtype, {y, z, i, j}, adding, {1}).kind == kNone);
      for (int64_t o = 0; o < outer; o++)
        for (int64_t k = 0; k < count; k++)
          for (int64_t c = 0; c < inner; c++) CHECK(z[at(o, k, c)] == y[(o * count + k) * inner + c]);
    }
}

/** x [3, 4] transposed, read and written along its first dimension (of size 4) by an index [2, 3]. */
void elements() {
  Array<float> x(12), y(6), z(12);
  for (int k = 0; k < 12; k++) x[k] = static_cast<float>(k);
  Array<int32_t> index{3, 0, 1, 1, 1, 1};
  CHECK(test::run("gather", glorot::kFloat32, {x, index, y}, {4, 1, 2, 2, 3, 0, 4}).kind == kNone);
  for (int k = 0; k < 6; k++) CHECK(y[k] == x[k % 3 * 4 + index[k]]);
  CHECK(test::run("scatter", glorot::kFloat32, {y, index, z}, {4, 1, 1, 2, 2, 3, 3, 1, 0, 4}).kind == kNone);
  Array<float> want(12);
  for (int k = 0; k < 6; k++) want[k % 3 * 4 + index[k]] += y[k];
  for (int k = 0; k < 12; k++) CHECK(z[k] == want[k]);
}

void masks() {
  Array<float> x{0, 2, 0, NAN, -0.0f, 5};
  Array<int32_t> count(1), y(6);
  CHECK(test::run("countNonzero", glorot::kFloat32, {x, count}, {6}).kind == kNone && count[0] == 3);
  CHECK(test::run("nonzero", glorot::kFloat32, {x, y}, {3, 2, 2, 3}).kind == kNone);
  const int32_t want[] = {0, 1, 1, 0, 1, 2};
  for (int k = 0; k < 6; k++) CHECK(y[k] == want[k]);
  CHECK(test::run("nonzero", glorot::kFloat32, {x, y}, {2, 2, 2, 3}).kind == ErrorKind::kLaunch);
  CHECK(test::run("nonzero", glorot::kFloat32, {x, y}, {1, 1, 1}).kind == ErrorKind::kLaunch);
  Array<int32_t> classes{2, 0};
  CHECK(test::run("oneHot", glorot::kInt32, {classes, y}, {2, 3}).kind == kNone && y[2] == 1 && y[3] == 1 && y[0] == 0);
}

void hostile() {
  Array<float> x(12), y(12);
  for (int32_t bad : {4, -5, INT32_MAX, INT32_MIN}) {
    Array<int32_t> index{0, 1, bad};
    for (int k = 0; k < 12; k++) x[k] = 1, y[k] = 7;
    CHECK(test::run("index", glorot::kFloat32, {x, y, index}, {1, 3, 3, 1, 1, 4}).kind == ErrorKind::kIndex);
    CHECK(test::run("indexWrite", glorot::kFloat32, {x, y, index}, {1, 3, 3, 1, 1, 4, 1}, {1}).kind == ErrorKind::kIndex);
    CHECK(test::run("gather", glorot::kFloat32, {x, index, y}, {4, 1, 1, 3, 0}).kind == ErrorKind::kIndex);
    CHECK(test::run("scatter", glorot::kFloat32, {x, index, y}, {4, 1, 0, 1, 3, 1, 0}).kind == ErrorKind::kIndex);
    CHECK(test::run("oneHot", glorot::kFloat32, {index, y}, {3, 4}).kind == ErrorKind::kIndex);
    for (int k = 0; k < 12; k++) CHECK(y[k] == 7);
  }
  Array<int32_t> index{0};
  CHECK(test::run("index", glorot::kFloat32, {x, y, index}, {1, 1, 1, 0, 1, 0}).kind == ErrorKind::kIndex);
  CHECK(test::run("index", glorot::kFloat32, {x, y, index}, {1e12, 1e12, 1, 0, 1, 5}).kind == ErrorKind::kLaunch);
  CHECK(test::run("gather", glorot::kFloat32, {x, index, y}, {1e12, 1e12, 1, 1, 0}).kind == ErrorKind::kLaunch);
  CHECK(test::run("scatter", glorot::kFloat32, {x, index, y}, {13, 1, 0, 1, 1, 1, 0}).kind == ErrorKind::kLaunch);
}

/** [2, 3, 4] padded in its last two dimensions: forward by coordinates, backward as its transpose. */
void padding() {
  for (int mode = 0; mode < 3; mode++) {
    const int before[] = {1, 2}, shape[] = {3, 4};
    Array<float> x(24), y(2 * 6 * 9), dx(24), want(24);
    for (int k = 0; k < 24; k++) x[k] = static_cast<float>(k);
    const std::vector<double> sizes{static_cast<double>(mode), 3, 2, 3, 4, 0, 1, 2, 0, 2, 3};
    CHECK(test::run("pad", glorot::kFloat32, {x, y}, sizes).kind == kNone);
    const auto source = [&](int d, int i) {
      const int n = shape[d], at = i - before[d];
      if (mode == 1) return at < 0 ? 0 : at >= n ? n - 1 : at;
      if (mode == 2) return (at + n) % n;
      return at < 0 ? -at : at >= n ? 2 * n - 2 - at : at;
    };
    for (int k = 0; k < y.n; k++) {
      const int from = k / 54 * 12 + source(0, k / 9 % 6) * 4 + source(1, k % 9);
      CHECK(y[k] == x[from]);
      want[from] += y[k];
    }
    CHECK(test::run("padBackward", glorot::kFloat32, {y, dx}, sizes).kind == kNone);
    for (int k = 0; k < 24; k++) CHECK(dx[k] == want[k]);
  }
  Array<float> x(3), y(9);
  CHECK(test::run("pad", glorot::kFloat32, {x, y}, {0, 1, 3, 3, 3}).kind == ErrorKind::kValue);
  CHECK(test::run("pad", glorot::kFloat32, {x, y}, {2, 1, 3, 4, 0}).kind == ErrorKind::kValue);
  CHECK(test::run("pad", glorot::kFloat32, {x, y}, {1, 1, 3, 1e12, 1}).kind == ErrorKind::kLaunch);
}

void mirrors() {
  Array<int32_t> x(6), y(6);
  for (int k = 0; k < 6; k++) x[k] = k;
  CHECK(test::run("flip", glorot::kInt32, {x, y}, {2, 2, 3, 1, 1}).kind == kNone);
  for (int k = 0; k < 6; k++) CHECK(y[k] == 5 - k);
  CHECK(test::run("triangle", glorot::kInt32, {x, y}, {1, 2, 3, 1}, {0}).kind == kNone);
  const int32_t want[] = {0, 1, 2, 0, 4, 5};
  for (int k = 0; k < 6; k++) CHECK(y[k] == want[k]);
  for (double k : {-1e300, 1e300, -3.0, 3.0})
    CHECK(test::run("triangle", glorot::kInt32, {x, y}, {1, 2, 3, 0}, {k}).kind == kNone && y[5] == (k > 0 ? 5 : 0));
  CHECK(test::run("triangle", glorot::kInt32, {x, y}, {1, 2, 3, 0}, {NAN}).kind == ErrorKind::kValue);
}

}  // namespace

int main() {
  return test::main_({{"rows of float32", rows<float>}, {"rows of float64", rows<double>}, {"rows of int32", rows<int32_t>},
                      {"elements", elements}, {"masks", masks}, {"hostile indices", hostile}, {"padding", padding}, {"mirrors", mirrors}});
}
