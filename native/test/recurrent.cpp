// Recurrent layers against the formulas written out, with rows that differ from step to step, in both directions; float gradients
// against those of doubles, which gradcheck holds to differences.
#include "harness.h"

using test::Array;

namespace {

struct Case {
  int cell;
  int64_t T, B, I, H;
  bool reverse, started, biased, packed;
  std::vector<int64_t> counts() const {
    std::vector<int64_t> n;
    for (int64_t t = 0; t < T; t++) n.push_back(packed ? std::max<int64_t>(1, B - t / 2 * 3) : B);
    return n;
  }
  int64_t gates() const { return cell == 2 ? 4 : cell == 3 ? 3 : 1; }
};

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

template <class T> struct Layer {
  Case c;
  std::vector<int64_t> n = c.counts(), begin;
  int64_t N = 0, G = c.gates() * c.H, ldy = c.H + 3;
  Array<T> x, Wx, Wh, h0, c0, y, gates, kept, hn, cn, bx, bh, dy, dhn, dcn, dh0, dc0, dx, dWx, dWh, dbx, dbh;
  Array<int32_t> rows;

  static int64_t total(const Case& c) {
    int64_t sum = 0;
    for (int64_t v : c.counts()) sum += v;
    return sum;
  }
  explicit Layer(const Case& of)
      : c(of), N(total(of)), x(N * c.I), Wx(G * c.I), Wh(G * c.H), h0(c.B * c.H), c0(c.B * c.H), y((N - 1) * ldy + c.H), gates(N * G),
        kept(N * c.H * (c.cell == 2 ? 2 : 1)), hn(c.B * c.H), cn(c.B * c.H), bx(G), bh(G), dy(y.n), dhn(c.B * c.H), dcn(c.B * c.H), dh0(c.B * c.H), dc0(c.B * c.H),
        dx(x.n), dWx(Wx.n), dWh(Wh.n), dbx(G), dbh(G), rows(c.T) {
    test::Random random;
    for (auto* a : {&x, &Wx, &Wh, &h0, &c0, &bx, &bh, &dy, &dhn, &dcn})
      for (int64_t i = 0; i < a->n; i++) (*a)[i] = static_cast<T>(static_cast<float>(random()));
    for (int64_t t = 0, at = 0; t < c.T; at += n[static_cast<size_t>(t)], t++) {
      rows[t] = static_cast<int32_t>(n[static_cast<size_t>(t)]);
      begin.push_back(at);
    }
  }
  std::vector<double> sizes() const {
    std::vector<double> s;
    for (int64_t v : {int64_t{c.cell}, N, c.T, c.B, c.I, c.H, ldy, int64_t{c.reverse}, int64_t{c.started}, int64_t{c.biased}, int64_t{c.packed}})
      s.push_back(static_cast<double>(v));
    return s;
  }
  glorot::ErrorKind forward() {
    std::vector<glorot::Buffer> b{x, Wx, Wh, h0, c0, y, gates, kept, hn, cn};
    if (c.biased) b.push_back(bx), b.push_back(bh);
    if (c.packed) b.push_back(rows);
    return test::run("recurrent", test::dtypeOf<T>(), b, sizes()).kind;
  }
  glorot::ErrorKind backward() {
    std::vector<glorot::Buffer> b{x, Wx, Wh, h0, c0, y, gates, kept, dy, dhn, dcn, dh0, dc0, dx, dWx, dWh};
    if (c.biased) b.push_back(dbx), b.push_back(dbh);
    if (c.packed) b.push_back(rows);
    std::vector<double> s = sizes();
    s.push_back(c.biased ? 15 : 7), s.push_back(0);
    return test::run("recurrentBackward", test::dtypeOf<T>(), b, s).kind;
  }
};

/** y and last h by the formulas, step by step. */
void checkForward(Layer<float>& l) {
  const Case& c = l.c;
  std::vector<double> h(static_cast<size_t>(c.B * c.H), 0), m = h;
  for (int64_t i = 0; c.started && i < c.B * c.H; i++) h[static_cast<size_t>(i)] = l.h0[i], m[static_cast<size_t>(i)] = l.c0[i];
  for (int64_t k = 0; k < c.T; k++) {
    const int64_t t = c.reverse ? c.T - 1 - k : k;
    for (int64_t r = 0; r < l.n[static_cast<size_t>(t)]; r++) {
      const int64_t row = l.begin[static_cast<size_t>(t)] + r;
      std::vector<double> a(static_cast<size_t>(l.G)), b = a;
      for (int64_t g = 0; g < l.G; g++) {
        double fromX = c.biased ? l.bx[g] : 0, fromH = c.biased ? l.bh[g] : 0;
        for (int64_t j = 0; j < c.I; j++) fromX += double{l.x[row * c.I + j]} * l.Wx[g * c.I + j];
        for (int64_t j = 0; j < c.H; j++) fromH += h[static_cast<size_t>(r * c.H + j)] * l.Wh[g * c.H + j];
        a[static_cast<size_t>(g)] = fromX, b[static_cast<size_t>(g)] = fromH;
      }
      for (int64_t j = 0; j < c.H; j++) {
        const auto at = [&](int64_t gate) { return static_cast<size_t>(gate * c.H + j); };
        const auto sum = [&](int64_t gate) { return a[at(gate)] + b[at(gate)]; };
        double& state = h[static_cast<size_t>(r * c.H + j)];
        double& memory = m[static_cast<size_t>(r * c.H + j)];
        if (c.cell == 0) state = std::tanh(sum(0));
        else if (c.cell == 1) state = std::max(0.0, sum(0));
        else if (c.cell == 2) {
          memory = logistic(sum(1)) * memory + logistic(sum(0)) * std::tanh(sum(2));
          state = logistic(sum(3)) * std::tanh(memory);
        } else {
          const double z = logistic(sum(1)), fresh = std::tanh(a[at(2)] + logistic(sum(0)) * b[at(2)]);
          state = (1 - z) * fresh + z * state;
        }
        const double got = l.y[row * l.ldy + j];
        CHECK(std::fabs(got - state) <= 2e-5 * std::max(1.0, std::fabs(state)), "cell %d H %d step %d: %g, expected %g", c.cell,
              static_cast<int>(c.H), static_cast<int>(t), got, state);
      }
    }
  }
  for (int64_t i = 0; i < c.B * c.H; i++) CHECK(std::fabs(l.hn[i] - h[static_cast<size_t>(i)]) <= 2e-5 * std::max(1.0, std::fabs(h[static_cast<size_t>(i)])));
  for (int64_t i = 0; c.cell == 2 && i < c.B * c.H; i++) CHECK(std::fabs(l.cn[i] - m[static_cast<size_t>(i)]) <= 2e-5);
}

void same(const char* what, const Case& c, Array<float>& got, Array<double>& want) {
  double largest = 1;
  for (int64_t i = 0; i < want.n; i++) largest = std::max(largest, std::fabs(want[i]));
  for (int64_t i = 0; i < want.n; i++)
    CHECK(std::fabs(got[i] - want[i]) <= 2e-5 * largest, "%s of cell %d, H %d: %g, expected %g", what, c.cell, static_cast<int>(c.H),
          static_cast<double>(got[i]), want[i]);
}

void check(const Case& c) {
  Layer<float> f(c);
  Layer<double> d(c);
  CHECK(f.forward() == glorot::ErrorKind::kNone && d.forward() == glorot::ErrorKind::kNone);
  checkForward(f);
  CHECK(f.backward() == glorot::ErrorKind::kNone && d.backward() == glorot::ErrorKind::kNone);
  same("dx", c, f.dx, d.dx), same("dWx", c, f.dWx, d.dWx), same("dWh", c, f.dWh, d.dWh);
  if (c.biased) same("dbx", c, f.dbx, d.dbx), same("dbh", c, f.dbh, d.dbh);
  if (!c.started) return;
  same("dh0", c, f.dh0, d.dh0);
  if (c.cell == 2) same("dc0", c, f.dc0, d.dc0);
}

void layers() {
  for (int cell = 0; cell < 4; cell++)
    for (int64_t H : {1, 5, 16, 37}) {
      check({cell, 5, 3, 4, H, false, true, true, false});
      check({cell, 6, 7, 1, H, true, true, true, true});
      check({cell, 5, 9, 3, H, false, false, false, true});
      check({cell, 4, 3, 2, H, true, false, false, false});
      check({cell, 4, 3, 8, H, false, false, true, false});
    }
  check({2, 40, 33, 1, 20, false, false, true, false});  // several chunks
  check({3, 40, 33, 2, 30, true, true, true, true});
}

void refusals() {
  const Case c{2, 4, 3, 2, 5, false, true, true, true};
  for (int i = 0; i < 3; i++) {
    Layer<float> l(c);
    l.y[0] = 42;
    if (i == 0) l.rows[1] = 4;                     // more than before
    else if (i == 1) l.rows[3] = 0;                // none
    else l.rows[1] = 2;                            // fewer rows than the input has
    CHECK(l.forward() == glorot::ErrorKind::kValue && l.backward() == glorot::ErrorKind::kValue);
    CHECK(l.y[0] == 42, "written before it was checked");
  }
  Layer<float> l(c);
  std::vector<double> s = l.sizes();
  s[2] = 1099511627776.0;
  CHECK(test::run("recurrent", glorot::kFloat32, {l.x, l.Wx, l.Wh, l.h0, l.c0, l.y, l.gates, l.kept, l.hn, l.cn, l.bx, l.bh, l.rows}, s).kind == glorot::ErrorKind::kLaunch);
}

/** One wrong number at a time: refused or computed, but within the buffers, which the sanitizer watches. */
void mutations() {
  for (int cell = 0; cell < 4; cell++)
    for (const bool backward : {false, true}) {
      Layer<float> l({cell, 4, 3, 2, 5, true, true, true, true});
      CHECK(l.forward() == glorot::ErrorKind::kNone);
      std::vector<glorot::Buffer> b{l.x, l.Wx, l.Wh, l.h0, l.c0, l.y, l.gates, l.kept};
      if (backward) b.insert(b.end(), {l.dy, l.dhn, l.dcn, l.dh0, l.dc0, l.dx, l.dWx, l.dWh, l.dbx, l.dbh, l.rows});
      else b.insert(b.end(), {l.hn, l.cn, l.bx, l.bh, l.rows});
      std::vector<double> good = l.sizes();
      if (backward) good.push_back(15), good.push_back(0);
      for (size_t at = 0; at < good.size(); at++)
        for (double value : {0.0, 1.0, 2.0, 3.0, 7.0, 9.0, 64.0, 2147483648.0, 1099511627776.0}) {
          std::vector<double> s = good;
          s[at] = value;
          const auto kind = test::run(backward ? "recurrentBackward" : "recurrent", glorot::kFloat32, b, s).kind;
          CHECK(kind == glorot::ErrorKind::kNone || kind == glorot::ErrorKind::kLaunch || kind == glorot::ErrorKind::kValue);
        }
    }
}

}  // namespace

int main() { return test::main_({{"layers", layers}, {"refusals", refusals}, {"mutations", mutations}}); }
