// Convolutions and poolings against plain float64 loops: geometries around the edges of vectors, panels and blocks, and what must be
// refused.
#include "harness.h"

using glorot::ErrorKind;
using test::Array;

static double d(int64_t n) { return static_cast<double>(n); }

struct Geometry {
  int64_t N, G, C, K, in[3], kernel[3], stride[3], pad[3], dilation[3], out[3];
  Geometry(int64_t n, int64_t g, int64_t c, int64_t k, std::initializer_list<int64_t> numbers) : N(n), G(g), C(c), K(k) {
    int64_t* const lists[] = {in, kernel, stride, pad, dilation};
    int i = 0;
    for (int64_t v : numbers) lists[i / 3][i % 3] = v, i++;
    for (int a = 0; a < 3; a++) out[a] = (in[a] + 2 * pad[a] - dilation[a] * (kernel[a] - 1) - 1) / stride[a] + 1;
  }
  static int64_t product(const int64_t* x) { return x[0] * x[1] * x[2]; }
  std::vector<double> window() const {
    std::vector<double> s;
    for (const int64_t* list : {in, out, kernel, stride, pad, dilation})
      for (int a = 0; a < 3; a++) s.push_back(d(list[a]));
    return s;
  }
  std::vector<double> sizes() const {
    std::vector<double> s{d(N), d(G), d(C), d(K)};
    for (double v : window()) s.push_back(v);
    return s;
  }
  /** f(place, tap, element of the input plane) for all that windows see. */
  template <class F> void each(const F& f) const {
    for (int64_t p = 0; p < product(out); p++)
      for (int64_t t = 0; t < product(kernel); t++) {
        const int64_t o[] = {p / out[2] / out[1], p / out[2] % out[1], p % out[2]};
        const int64_t k[] = {t / kernel[2] / kernel[1], t / kernel[2] % kernel[1], t % kernel[2]};
        int64_t at = 0;
        bool inside = true;
        for (int a = 0; a < 3; a++) {
          const int64_t i = o[a] * stride[a] - pad[a] + k[a] * dilation[a];
          inside &= i >= 0 && i < in[a];
          at = at * in[a] + i;
        }
        if (inside) f(p, t, at);
      }
  }
};

template <class T> bool close(T got, double want, double scale) {
  return std::fabs(static_cast<double>(got) - want) <= (sizeof(T) == 4 ? 1.2e-7 : 2.3e-16) * (8 + scale);
}

template <class T> void convolution(const Geometry& g) {
  test::Random random;
  const int64_t P = Geometry::product(g.out), taps = Geometry::product(g.kernel), plane = Geometry::product(g.in);
  const auto fill = [&](Array<T>& a) {
    for (int64_t i = 0; i < a.n; i++) a[i] = static_cast<T>(random());
  };
  Array<T> x(g.N * g.G * g.C * plane), w(g.G * g.K * g.C * taps), bias(g.G * g.K), grad(g.N * g.G * g.K * P), back(g.G * g.C);
  Array<T> out(grad.n), dx(x.n), dw(w.n), sums(bias.n);
  fill(x), fill(w), fill(bias), fill(grad), fill(back);
  std::vector<double> wantOut(static_cast<size_t>(out.n)), wantDx(static_cast<size_t>(dx.n)), wantDw(static_cast<size_t>(dw.n));
  for (int64_t n = 0; n < g.N; n++)
    for (int64_t q = 0; q < g.G; q++)
      for (int64_t k = 0; k < g.K; k++)
        for (int64_t c = 0; c < g.C; c++)
          g.each([&](int64_t p, int64_t t, int64_t at) {
            const int64_t o = ((n * g.G + q) * g.K + k) * P + p, i = ((n * g.G + q) * g.C + c) * plane + at;
            const int64_t r = ((q * g.K + k) * g.C + c) * taps + t;
            wantOut[static_cast<size_t>(o)] += static_cast<double>(w[r]) * x[i];
            wantDx[static_cast<size_t>(i)] += static_cast<double>(w[r]) * grad[o];
            wantDw[static_cast<size_t>(r)] += static_cast<double>(grad[o]) * x[i];
          });
  auto sizes = g.sizes();
  const auto type = test::dtypeOf<T>();
  CHECK(test::run("convolutionWeight", type, {x, grad, dw}, sizes).kind == ErrorKind::kNone);
  sizes.push_back(1);
  CHECK(test::run("convolution", type, {x, w, out, bias}, sizes).kind == ErrorKind::kNone);
  CHECK(test::run("convolutionInput", type, {grad, w, dx, back}, sizes).kind == ErrorKind::kNone);
  CHECK(test::run("channelSums", type, {grad, sums}, {d(g.N), d(g.G * g.K), d(P)}).kind == ErrorKind::kNone);
  int wrong = 0;
  for (int64_t i = 0; i < out.n; i++) wrong += !close(out[i], wantOut[static_cast<size_t>(i)] + bias[i / P % (g.G * g.K)], d(g.C * taps));
  CHECK(wrong == 0, "%d of out", wrong);
  for (int64_t i = wrong = 0; i < dx.n; i++) wrong += !close(dx[i], wantDx[static_cast<size_t>(i)] + back[i / plane % (g.G * g.C)], d(g.K * taps));
  CHECK(wrong == 0, "%d of dx", wrong);
  for (int64_t i = wrong = 0; i < dw.n; i++) wrong += !close(dw[i], wantDw[static_cast<size_t>(i)], d(g.N * P));
  CHECK(wrong == 0, "%d of dW", wrong);
  for (int64_t k = 0; k < sums.n; k++) {
    double sum = 0;
    for (int64_t n = 0; n < g.N; n++)
      for (int64_t p = 0; p < P; p++) sum += grad[(n * g.G * g.K + k) * P + p];
    CHECK(close(sums[k], sum, d(g.N * P)), "sum %g, expected %g", static_cast<double>(sums[k]), sum);
  }
}

static void geometries() {
  const Geometry all[] = {
      // 24 taps, six after 18. First, as an overrun shows in scratch memory of its own size.
      {2, 1, 2, 16, {1, 17, 21, 1, 3, 4, 1, 1, 1, 0, 0, 0, 1, 1, 1}},
      {2, 1, 3, 4, {1, 5, 6, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}},
      {1, 2, 3, 5, {1, 9, 8, 1, 3, 2, 1, 2, 3, 0, 2, 1, 1, 2, 1}},
      {3, 1, 2, 7, {1, 1, 70, 1, 1, 5, 1, 1, 1, 0, 0, 2, 1, 1, 1}},
      {2, 1, 9, 13, {1, 14, 14, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}},  // several panels, several blocks of channels
      {5, 1, 2, 3, {1, 6, 6, 1, 3, 3, 1, 1, 1, 0, 0, 0, 1, 1, 1}},     // small images that share a panel
      {1, 1, 2, 3, {1, 40, 37, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}},   // one image in several panels
      {2, 1, 1, 2, {1, 33, 1, 1, 3, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1}},    // rows of one element
      {2, 1, 5, 9, {1, 7, 9, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1}},     // 1 x 1 in place
      {2, 1, 3, 2, {1, 40, 41, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1}},
      {3, 1, 3, 32, {1, 14, 14, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}},  // shifted copies; weights place by place
      {2, 2, 3, 16, {1, 13, 12, 1, 5, 3, 1, 1, 2, 0, 2, 1, 1, 2, 1}},
      {2, 1, 2, 7, {1, 17, 20, 1, 2, 4, 1, 1, 1, 0, 0, 3, 1, 3, 2}},
      {1, 1, 40, 4, {1, 70, 40, 1, 3, 5, 1, 1, 1, 0, 1, 2, 1, 1, 1}},  // copies of a part of the rows at a time
      {3, 1, 4, 9, {1, 1, 150, 1, 1, 5, 1, 1, 1, 0, 0, 2, 1, 1, 1}},   // in place: one row, its end on a panel
      {2, 1, 5, 7, {1, 11, 17, 1, 3, 5, 1, 1, 1, 0, 2, 4, 1, 2, 2}},   // in place: edges of several rows and columns
      {2, 1, 4, 3, {1, 9, 16, 1, 4, 3, 1, 1, 1, 0, 0, 1, 1, 1, 1}},    // in place: fewer rows than the plane has
      {1, 2, 4, 6, {1, 30, 70, 1, 3, 3, 1, 1, 1, 0, 3, 1, 1, 1, 1}},   // in place: rows wider than a tile, groups
      {2, 1, 5, 6, {1, 20, 5, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}},    // several rows in a vector of a copy
      {1, 1, 6, 4, {1, 12, 3, 1, 3, 3, 1, 1, 1, 0, 6, 17, 1, 1, 1}},   // vectors, rows and columns of nothing but edges
      {1, 1, 31, 3, {1, 30, 90, 1, 3, 3, 1, 1, 1, 0, 2, 0, 1, 2, 40}}, // rows of many vectors, parts of the rows, wide steps
      {2, 3, 1, 1, {1, 7, 21, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}},    // depthwise 3 x 3, whose rows and vectors overlap
      {2, 2, 1, 2, {1, 4, 16, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}},
      {1, 2, 1, 1, {1, 6, 40, 1, 3, 3, 1, 1, 1, 0, 0, 0, 1, 1, 1}},
      {2, 2, 1, 1, {1, 3, 18, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}},
      {1, 2, 1, 1, {1, 9, 18, 1, 3, 3, 1, 2, 1, 0, 1, 1, 1, 1, 1}},
      {2, 2, 1, 1, {1, 9, 20, 1, 5, 5, 1, 1, 1, 0, 2, 2, 1, 1, 1}},
      {2, 7, 1, 1, {1, 6, 19, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}},    // depthwise
      {2, 3, 1, 2, {1, 9, 35, 1, 2, 3, 1, 2, 2, 0, 1, 0, 1, 2, 1}},
      {1, 1, 2, 3, {4, 5, 6, 2, 3, 2, 1, 2, 1, 1, 1, 0, 2, 1, 1}},     // volumes
      {1, 1, 1, 3, {1, 2, 2, 1, 3, 3, 1, 3, 3, 0, 4, 4, 1, 1, 1}},     // windows that see nothing
      {0, 1, 2, 3, {1, 4, 4, 1, 3, 3, 1, 1, 1, 0, 0, 0, 1, 1, 1}},
  };
  for (const Geometry& g : all) convolution<float>(g), convolution<double>(g);
}

template <class T> void pools(const Geometry& g) {
  test::Random random;
  const int64_t M = g.N, P = Geometry::product(g.out), plane = Geometry::product(g.in);
  Array<T> x(M * plane), out(M * P), average(M * P), dx(M * plane);
  Array<int32_t> index(M * P);
  for (int64_t i = 0; i < x.n; i++) x[i] = static_cast<T>(random());
  std::vector<double> sizes{d(M)};
  for (double v : g.window()) sizes.push_back(v);
  CHECK(test::run("maxPool", test::dtypeOf<T>(), {x, out, index}, sizes).kind == ErrorKind::kNone);
  sizes.push_back(1);
  CHECK(test::run("avgPool", test::dtypeOf<T>(), {x, average}, sizes, {4}).kind == ErrorKind::kNone);
  for (int64_t m = 0; m < M; m++) {
    std::vector<double> most(static_cast<size_t>(P), -INFINITY), sum(static_cast<size_t>(P));
    g.each([&](int64_t p, int64_t, int64_t at) {
      const double v = x[m * plane + at];
      if (v > most[static_cast<size_t>(p)]) most[static_cast<size_t>(p)] = v;
      sum[static_cast<size_t>(p)] += v;
    });
    for (int64_t p = 0; p < P; p++) {
      CHECK(out[m * P + p] == most[static_cast<size_t>(p)] && x[m * plane + index[m * P + p]] == out[m * P + p]);
      CHECK(close(average[m * P + p], sum[static_cast<size_t>(p)] / 4, 9));
    }
  }
  CHECK(test::run("maxPoolBackward", test::dtypeOf<T>(), {out, index, dx}, {d(M), d(P), d(plane), 0}).kind == ErrorKind::kNone);
  double given = 0, got = 0;
  for (int64_t i = 0; i < out.n; i++) given += out[i];
  for (int64_t i = 0; i < dx.n; i++) got += dx[i];
  CHECK(std::fabs(given - got) < 1e-3);
  CHECK(test::run("maxPoolBackward", test::dtypeOf<T>(), {out, index, dx}, {d(M), d(P), d(plane), 1}).kind == ErrorKind::kNone);
  for (int64_t m = 0; m < M; m++)
    for (int64_t p = 0; p < P; p++) CHECK(dx[m * plane + index[m * P + p]] == out[m * P + p]);
  index[0] = static_cast<int32_t>(plane);
  dx[0] = 5;
  CHECK(test::run("maxPoolBackward", test::dtypeOf<T>(), {out, index, dx}, {d(M), d(P), d(plane), 0}).kind == ErrorKind::kIndex && dx[0] == 5);
  index[0] = -1;
  CHECK(test::run("maxPoolBackward", test::dtypeOf<T>(), {out, index, dx}, {d(M), d(P), d(plane), 0}).kind == ErrorKind::kIndex);
}

static void pooling() {
  const Geometry all[] = {
      {3, 1, 1, 1, {1, 6, 7, 1, 2, 2, 1, 2, 2, 0, 0, 0, 1, 1, 1}},
      {2, 1, 1, 1, {1, 9, 71, 1, 3, 3, 1, 2, 2, 0, 1, 1, 1, 1, 1}},
      {2, 1, 1, 1, {1, 8, 40, 1, 2, 3, 1, 1, 3, 0, 0, 1, 1, 2, 1}},
      {1, 1, 1, 1, {4, 5, 6, 2, 2, 2, 1, 2, 1, 1, 0, 1, 1, 1, 2}},
  };
  for (const Geometry& g : all) pools<float>(g), pools<double>(g);
}

/** No argument makes a kernel touch what is not its own. */
static void refusals() {
  Array<float> x(48), w(18), out(32), bias(2);
  const Geometry g(1, 1, 3, 2, {1, 4, 4, 1, 3, 1, 1, 1, 1, 0, 1, 0, 1, 1, 1});
  auto sizes = g.sizes();
  sizes.push_back(1);
  CHECK(test::run("convolution", glorot::kFloat32, {x, w, out, bias}, sizes).kind == ErrorKind::kNone);
  const double wild[] = {0, 1, 2, 3, 5, 1000, 1048576, 1099511627776.0};
  for (size_t i = 0; i < sizes.size(); i++)
    for (double v : wild) {
      auto changed = sizes;
      changed[i] = v;
      // A stride or a padding may be anything that fits: the sanitizer is the judge.
      const bool free = (i >= 13 && i < 22) || i == 22;
      const double before = sizes[i];
      const auto error = test::run("convolution", glorot::kFloat32, {x, w, out, bias}, changed);
      CHECK(free || v <= before || error.kind == ErrorKind::kLaunch, "size %zu as %g", i, v);
      test::run("convolutionInput", glorot::kFloat32, {out, w, x, bias}, changed);
      test::run("convolutionWeight", glorot::kFloat32, {x, out, w}, changed);
    }
  // Several at once: planes without depth, rows that no window sees to their end, more padding than anything, taps of no channel.
  const Geometry odd[] = {
      {1, 1, 4, 3, {1, 5, 20, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1}},
      {1, 1, 1, 3, {1, 1, 1000000, 1, 2, 1, 1, 1, 1, 0, 9000, 0, 1, 1, 1}},
      {1, 1, 1, 3, {1, 1, 1 << 23, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1}},
      {1, 1, 0, 1, {1, 1, 64, 1, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1}},
  };
  const std::vector<std::pair<int, double>> changes[] = {
      {{4, 0}}, {{8, 10000}, {9, 16}}, {{17, 1099511627776.0}}, {{11, 20000}, {12, 20000}}};
  for (size_t i = 0; i < 4; i++) {
    auto changed = odd[i].sizes();
    for (const auto& [at, v] : changes[i]) changed[static_cast<size_t>(at)] = v;
    changed.push_back(0);
    const int64_t seen = i == 0 ? 0 : odd[i].C * Geometry::product(odd[i].in);
    const double taps = changed[10] * changed[11] * changed[12];
    Array<float> image(seen), weight(static_cast<int64_t>(3 * d(odd[i].C) * taps));
    Array<float> y(static_cast<int64_t>(d(odd[i].K) * changed[7] * changed[8] * changed[9]));
    for (int64_t j = 0; j < image.n; j++) image[j] = 1;
    for (int64_t j = 0; j < weight.n; j++) weight[j] = 1;
    CHECK(test::run("convolution", glorot::kFloat32, {image, weight, y}, changed).kind == ErrorKind::kNone);
    double sum = 0;
    for (int64_t j = 0; j < y.n; j++) sum += y[j];
    CHECK(sum == (i == 1 ? 96 : 0), "a sum of %g", sum);
  }
  for (double v : {0.0, -1.0, 0.5, 1e18}) {
    auto changed = sizes;
    changed[10] = v;
    CHECK(test::run("convolution", glorot::kFloat32, {x, w, out, bias}, changed).kind == ErrorKind::kLaunch);
  }
}

/** A nan reaches the weights of those taps that see it, and no others. */
template <class T> static void unseen(int64_t stride) {
  const Geometry g(1, 1, 1, 1, {1, 5, 7, 1, 3, 3, 1, stride, stride, 0, 1, 1, 1, 1, 1});
  Array<T> x(35), grad(Geometry::product(g.out)), dw(9);
  for (int64_t i = 0; i < x.n; i++) x[i] = i == 0 ? static_cast<T>(NAN) : T(1);
  for (int64_t i = 0; i < grad.n; i++) grad[i] = 1;
  CHECK(test::run("convolutionWeight", test::dtypeOf<T>(), {x, grad, dw}, g.sizes()).kind == ErrorKind::kNone);
  bool sees[9] = {};
  g.each([&](int64_t, int64_t t, int64_t at) { sees[t] |= at == 0; });
  for (int64_t t = 0; t < 9; t++) CHECK(std::isnan(static_cast<double>(dw[t])) == sees[t], "tap %d", static_cast<int>(t));
}
static void nans() {
  for (int64_t stride : {1, 2}) unseen<float>(stride), unseen<double>(stride);
}

int main() {
  return test::main_({{"geometries", geometries}, {"nans", nans}, {"pooling", pooling}, {"refusals", refusals}});
}
