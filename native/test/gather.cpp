// gatherRows: every row of every size where it belongs, and nothing written where an index is wrong.
#include "harness.h"

using namespace test;
using glorot::ErrorKind;

template <class T>
static void values() {
  Random random;
  for (int64_t rows : {1, 7, 100})
    for (int64_t length : {1, 3, 16, 785})
      for (int64_t count : {0, 1, 32, 401}) {
        Array<T> x(rows * length), y(count * length);
        Array<int32_t> index(count);
        for (int64_t i = 0; i < x.n; i++) x[i] = static_cast<T>(random(0, 100));
        for (int64_t i = 0; i < count; i++) index[i] = static_cast<int32_t>(random(-double(rows), double(rows)));
        CHECK(run("gatherRows", dtypeOf<T>(), {x, index, y}, {double(rows), double(length), double(count)}).kind == ErrorKind::kNone);
        for (int64_t i = 0; i < count; i++) {
          const int64_t row = index[i] < 0 ? index[i] + rows : index[i];
          CHECK(std::memcmp(&y[i * length], &x[row * length], static_cast<size_t>(length) * sizeof(T)) == 0);
        }
      }
}

static void wrongIndex() {
  Array<float> x{1, 2, 3, 4}, y(6);
  for (int32_t wrong : {2, -3, INT32_MAX, INT32_MIN}) {
    Array<int32_t> index{0, 1, wrong};
    const auto error = run("gatherRows", glorot::kFloat32, {x, index, y}, {2, 2, 3});
    CHECK(error.kind == ErrorKind::kIndex && error.a == wrong && error.b == 2);
    for (int64_t i = 0; i < y.n; i++) CHECK(y[i] == 0);
  }
  Array<int32_t> index{0};
  CHECK(run("gatherRows", glorot::kFloat32, {x, index, y}, {0, 2, 1}).kind == ErrorKind::kIndex);
}

static void wrongSizes() {
  Array<float> x(4), y(4);
  Array<int32_t> index(2);
  CHECK(run("gatherRows", glorot::kFloat32, {x, index, y}, {3, 2, 2}).kind == ErrorKind::kLaunch);
  CHECK(run("gatherRows", glorot::kFloat32, {x, index, y}, {2, 2, 3}).kind == ErrorKind::kLaunch);
  CHECK(run("gatherRows", glorot::kFloat32, {x, index, y}, {1, 3, 2}).kind == ErrorKind::kLaunch);
  CHECK(run("gatherRows", glorot::kFloat32, {x, index, y}, {1e12, 1e12, 1}).kind == ErrorKind::kLaunch);
  CHECK(run("gatherRows", glorot::kFloat32, {x, index, y}, {2, 2}).kind == ErrorKind::kLaunch);
  CHECK(run("gatherRows", glorot::kFloat32, {x, index}, {2, 2, 2}).kind == ErrorKind::kLaunch);
}

/** Source and result on one memory: no promise on the values, none beyond on the memory. */
static void overlap() {
  Array<float> x(64);
  Array<int32_t> index(7);
  for (int64_t i = 0; i < index.n; i++) index[i] = static_cast<int32_t>(i);
  CHECK(run("gatherRows", glorot::kFloat32, {x, index, x}, {8, 8, 7}).kind == ErrorKind::kNone);
  CHECK(run("gatherRows", glorot::kFloat32, {x, x, x}, {8, 8, 8}).kind == ErrorKind::kNone);
}

int main() {
  return main_({{"float32", values<float>}, {"float64", values<double>}, {"int32", values<int32_t>}, {"bool", values<uint8_t>},
                {"wrong index", wrongIndex}, {"wrong sizes", wrongSizes}, {"overlap", overlap}});
}
