// Averages of windows, apart and over each other, few and many in a row, and weighted sums along a dimension, beside plain loops.
#include <cmath>

#include "harness.h"

using glorot::ErrorKind;
using test::Array;
using test::run;

static double number(int64_t i) { return static_cast<double>(i * 37 % 101) / 10 - 5; }

template <class T> static void averages() {
  struct Shape { int64_t H, W, kernel, stride, pad, dilation; };
  for (const Shape& s : {Shape{5, 14, 14, 14, 0, 1}, {6, 14, 7, 7, 0, 1}, {6, 15, 7, 8, 3, 1}, {4, 9, 9, 1, 0, 1}, {6, 40, 33, 1, 4, 1},
                         {7, 9, 3, 2, 1, 1}, {4, 40, 2, 2, 0, 1}, {3, 70, 20, 20, 10, 1}, {5, 12, 5, 5, 0, 2}, {3, 1, 1, 1, 0, 1}}) {
    const int64_t M = 3, rows = s.H / 2, out = (s.W + 2 * s.pad - s.dilation * (s.kernel - 1) - 1) / s.stride + 1;
    Array<T> x(M * s.H * s.W), y(M * rows * out), dy(y.n), dx(x.n);
    for (int64_t i = 0; i < x.n; i++) x[i] = static_cast<T>(number(i));
    for (int64_t i = 0; i < y.n; i++) dy[i] = static_cast<T>(number(i + 7));
    // Windows of 2 rows, one below the other: M, in, out, kernel, stride, padding, dilation, countIncludePad.
    const auto d = [](int64_t v) { return static_cast<double>(v); };
    const std::vector<double> sizes{d(M), 1, d(s.H), d(s.W), 1, d(rows), d(out), 1, 2, d(s.kernel),
                                    1,    2, d(s.stride), 0, 0, d(s.pad), 1, 1, d(s.dilation), 1};
    CHECK(run("avgPool", test::dtypeOf<T>(), {x, y}, sizes, {4}).kind == ErrorKind::kNone);
    CHECK(run("avgPoolBackward", test::dtypeOf<T>(), {dy, dx}, sizes, {4}).kind == ErrorKind::kNone);
    std::vector<double> back(static_cast<size_t>(x.n), 0.0);
    for (int64_t p = 0; p < y.n; p++) {
      const int64_t m = p / (rows * out), top = p / out % rows * 2, left = p % out * s.stride - s.pad;
      double sum = 0;
      for (int64_t k = 0; k < 2 * s.kernel; k++) {
        const int64_t column = left + k % s.kernel * s.dilation, at = (m * s.H + top + k / s.kernel) * s.W + column;
        if (column < 0 || column >= s.W) continue;
        sum += static_cast<double>(x[at]);
        back[static_cast<size_t>(at)] += static_cast<double>(dy[p]) / 4;
      }
      CHECK(std::abs(static_cast<double>(y[p]) - sum / 4) < 1e-5 * (1 + std::abs(sum)));
    }
    for (int64_t i = 0; i < x.n; i++) CHECK(std::abs(static_cast<double>(dx[i]) - back[static_cast<size_t>(i)]) < 1e-4);
  }
}

template <class T> static void weightedSums() {
  for (int64_t inner : {1, 2, 19})
    for (int64_t S : {1, 5, 33}) {
      const int64_t outer = 3, R = 7, taps = 3;
      Array<T> x(outer * R * inner), weight(S * taps), y(outer * S * inner);
      Array<int32_t> index(S * taps);
      for (int64_t i = 0; i < x.n; i++) x[i] = static_cast<T>(number(i));
      for (int64_t i = 0; i < S * taps; i++) weight[i] = static_cast<T>(number(i + 3)), index[i] = static_cast<int32_t>(i % 4 == 3 ? -1 : i * 5 % R);
      const auto d = [](int64_t v) { return static_cast<double>(v); };
      const std::vector<double> sizes{d(outer), d(R), d(inner), d(S), d(taps)};
      CHECK(run("resample", test::dtypeOf<T>(), {x, index, weight, y}, sizes).kind == ErrorKind::kNone);
      for (int64_t p = 0; p < y.n; p++) {
        const int64_t o = p / inner / S, i = p / inner % S, c = p % inner;
        double sum = 0;
        for (int64_t t = 0; t < taps && index[i * taps + t] >= 0; t++)
          sum += static_cast<double>(weight[i * taps + t]) * static_cast<double>(x[(o * R + index[i * taps + t]) * inner + c]);
        CHECK(std::abs(static_cast<double>(y[p]) - sum) < 1e-4);
      }
      index[S * taps - 1] = static_cast<int32_t>(R);
      CHECK(run("resample", test::dtypeOf<T>(), {x, index, weight, y}, sizes).kind == ErrorKind::kIndex);
    }
}

static void both() { averages<float>(), averages<double>(); }
static void resample() { weightedSums<float>(), weightedSums<double>(); }

int main() { return test::main_({{"averages", both}, {"resample", resample}}); }
