// Attention against the formula written out, with strides, shared heads, masks and dropout; float gradients against those of doubles,
// which gradcheck holds to differences.
#include "harness.h"

using test::Array;

namespace {

struct Case {
  int64_t N, heads, group, L, S, E, D;
  bool causal, masked, noisy;
};

template <class T> struct Call {
  Case c;
  int64_t shared = c.heads / c.group, rowQ = c.heads * c.E + 3, rowK = shared * c.E, rowV = shared * c.D, rowO = c.heads * c.D;
  Array<T> Q, K, V, O, lse, dO, dQ, dK, dV, mask;
  Array<uint8_t> noise;

  explicit Call(const Case& of)
      : c(of), Q(c.N * c.L * rowQ), K(c.N * c.S * rowK), V(c.N * c.S * rowV), O(c.N * c.L * rowO), lse(c.N * c.heads * c.L), dO(O.n), dQ(Q.n),
        dK(K.n), dV(V.n), mask(c.L * c.S), noise(c.N * c.heads * c.L * c.S) {
    test::Random random;
    for (auto* a : {&Q, &K, &V, &dO, &mask})
      for (int64_t i = 0; i < a->n; i++) (*a)[i] = static_cast<T>(static_cast<float>(random()));
    for (int64_t i = 0; c.masked && i < mask.n; i++)
      if (random() > 0.5 || i < c.S) mask[i] = -INFINITY;  // the first query sees nothing
    for (int64_t i = 0; i < noise.n; i++) noise[i] = random() > -0.5;
  }
  std::vector<double> sizes(bool backward) const {
    std::vector<int64_t> s{c.N, c.heads, c.group, c.L, c.S, c.E, c.D, c.causal, c.masked, c.noisy};
    const auto add = [&](int64_t rows, int64_t row, int64_t width) { s.push_back(rows * row), s.push_back(width), s.push_back(row); };
    add(c.L, rowQ, c.E), add(c.S, rowK, c.E), add(c.S, rowV, c.D), add(c.L, rowO, c.D);
    s.push_back(0), s.push_back(0), s.push_back(c.S);
    if (backward) add(c.L, rowO, c.D), add(c.L, rowQ, c.E), add(c.S, rowK, c.E), add(c.S, rowV, c.D);
    return {s.begin(), s.end()};
  }
  glorot::ErrorKind run(bool backward) {
    std::vector<glorot::Buffer> b{Q, K, V, O, lse};
    if (backward) b.push_back(dO), b.push_back(dQ), b.push_back(dK), b.push_back(dV);
    if (c.masked) b.push_back(mask);
    if (c.noisy) b.push_back(noise);
    return test::run(backward ? "attentionBackward" : "attention", test::dtypeOf<T>(), b, sizes(backward), {0.4, c.noisy ? 1.25 : 1}).kind;
  }
};

void checkForward(Call<float>& f) {
  const Case& c = f.c;
  std::vector<double> p(static_cast<size_t>(c.S));
  for (int64_t n = 0; n < c.N; n++)
    for (int64_t h = 0; h < c.heads; h++)
      for (int64_t i = 0; i < c.L; i++) {
        double sum = 0;
        for (int64_t j = 0; j < c.S; j++) {
          double s = 0;
          for (int64_t e = 0; e < c.E; e++) s += double{f.Q[(n * c.L + i) * f.rowQ + h * c.E + e]} * f.K[(n * c.S + j) * f.rowK + h / c.group * c.E + e];
          s = 0.4 * s + (c.masked ? double{f.mask[i * c.S + j]} : 0.0);
          sum += p[static_cast<size_t>(j)] = c.causal && j > i ? 0 : std::exp(s);
        }
        for (int64_t d = 0; d < c.D; d++) {
          double want = 0;
          for (int64_t j = 0; j < c.S; j++) {
            const double kept = !c.noisy ? 1 : f.noise[((n * c.heads + h) * c.L + i) * c.S + j] ? 1.25 : 0;
            if (sum > 0) want += p[static_cast<size_t>(j)] / sum * kept * f.V[(n * c.S + j) * f.rowV + h / c.group * c.D + d];
          }
          const double got = f.O[(n * c.L + i) * f.rowO + h * c.D + d];
          CHECK(std::fabs(got - want) <= 3e-6, "query %d: %g, expected %g", static_cast<int>(i), got, want);
        }
      }
}

void same(const char* what, Array<float>& got, Array<double>& want) {
  for (int64_t i = 0; i < want.n; i++)
    CHECK(std::fabs(got[i] - want[i]) <= 2e-5 * std::max(1.0, std::fabs(want[i])), "%s: %g, expected %g", what, static_cast<double>(got[i]), want[i]);
}

void check(const Case& c) {
  Call<float> f(c);
  Call<double> d(c);
  CHECK(f.run(false) == glorot::ErrorKind::kNone && d.run(false) == glorot::ErrorKind::kNone);
  checkForward(f);
  CHECK(f.run(true) == glorot::ErrorKind::kNone && d.run(true) == glorot::ErrorKind::kNone);
  same("dQ", f.dQ, d.dQ), same("dK", f.dK, d.dK), same("dV", f.dV, d.dV);
}

void heads() {
  check({2, 4, 2, 5, 7, 3, 6, false, false, false});
  check({1, 2, 1, 70, 300, 17, 5, false, true, true});
  check({1, 2, 2, 130, 270, 8, 16, true, false, true});
  check({2, 1, 1, 66, 3, 1, 1, true, true, false});
  check({0, 2, 1, 3, 3, 2, 2, false, false, false});
  check({1, 2, 1, 3, 0, 2, 2, false, false, false});
  check({1, 2, 1, 0, 3, 2, 2, false, false, false});
}

void refusals() {
  Call<float> f({1, 4, 2, 5, 7, 3, 6, false, true, true});
  const std::vector<glorot::Buffer> buffers{f.Q, f.K, f.V, f.O, f.lse, f.mask, f.noise};
  const auto kind = [&](int at, double value) {
    std::vector<double> s = f.sizes(false);
    s[static_cast<size_t>(at)] = value;
    return test::run("attention", glorot::kFloat32, buffers, s, {1, 1}).kind;
  };
  for (int at : {0, 1, 3, 4, 5, 6}) CHECK(kind(at, 1000) == glorot::ErrorKind::kLaunch, "size %d", at);
  CHECK(kind(2, 0) == glorot::ErrorKind::kLaunch && kind(2, 3) == glorot::ErrorKind::kLaunch);
  CHECK(kind(12, 1e6) == glorot::ErrorKind::kLaunch);
  std::vector<double> endless(37, 0);
  endless[0] = endless[1] = 1099511627776.0, endless[2] = 1;
  CHECK(test::run("attentionBackward", glorot::kFloat32, {f.Q, f.K, f.V, f.O, f.lse, f.dO, f.dQ, f.dK, f.dV}, endless, {1, 1}).kind == glorot::ErrorKind::kLaunch);
}

/** One wrong number at a time: refused or computed, but within the buffers, which the sanitizer watches. */
void mutations() {
  const Case c{2, 4, 2, 5, 7, 3, 6, true, true, true};
  for (const bool backward : {false, true}) {
    Call<float> f(c);
    CHECK(f.run(false) == glorot::ErrorKind::kNone);
    std::vector<glorot::Buffer> b{f.Q, f.K, f.V, f.O, f.lse};
    if (backward) b.insert(b.end(), {f.dO, f.dQ, f.dK, f.dV});
    b.push_back(f.mask), b.push_back(f.noise);
    const std::vector<double> good = f.sizes(backward);
    for (size_t at = 0; at < good.size(); at++)
      for (double value : {0.0, 1.0, 2.0, 3.0, 6.0, 8.0, 64.0, 2147483648.0, 1099511627776.0}) {
        std::vector<double> s = good;
        s[at] = value;
        const auto kind = test::run(backward ? "attentionBackward" : "attention", glorot::kFloat32, b, s, {1, 1}).kind;
        CHECK(kind == glorot::ErrorKind::kNone || kind == glorot::ErrorKind::kLaunch);
      }
  }
}

}  // namespace

int main() { return test::main_({{"heads", heads}, {"refusals", refusals}, {"mutations", mutations}}); }
