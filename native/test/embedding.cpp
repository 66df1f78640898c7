// Rows of a table, alone and in bags, and their gradients against plain loops; nothing is written where an index is wrong.
#include "axis.h"

using namespace test;
using glorot::ErrorKind;

template <class T>
static void values() {
  Random random;
  for (int64_t V : {1, 9})
    for (int64_t D : {1, 5, 64, 300})
      for (int64_t count : {0, 1, 40}) {
        Array<T> w(V * D), y(count * D), dy(count * D), dw(V * D);
        Array<int32_t> index(count);
        fillRandom(w), fillRandom(dy), fillRandom(dw);
        for (int64_t i = 0; i < count; i++) index[i] = static_cast<int32_t>(random(0, double(V)));
        CHECK(run("embedding", dtypeOf<T>(), {w, index, y}, {double(V), double(D), double(count)}).kind == ErrorKind::kNone);
        for (int64_t i = 0; i < count * D; i++) CHECK(y[i] == w[index[i / D] * D + i % D]);
        for (int frequency : {0, 1}) {
          const double padding = V > 1 ? 1 : -1;
          CHECK(run("embeddingBackward", dtypeOf<T>(), {dy, index, dw}, {double(V), double(D), double(count), padding + 1, double(frequency)}).kind == ErrorKind::kNone);
          for (int64_t v = 0; v < V; v++)
            for (int64_t j = 0; j < D; j++) {
              double want = 0, named = 0;
              for (int64_t i = 0; i < count; i++)
                if (index[i] == v) named++, want += double(dy[i * D + j]);
              if (v == padding) want = 0;
              CHECK(near(double(dw[v * D + j]), frequency && named > 0 ? want / named : want, tolerance<T>()));
            }
        }
      }
}

static void renorm() {
  for (double p : {1.0, 2.0, 3.0, double(INFINITY)}) {
    Array<float> w{3, -4, 0.3f, 0.4f, 30, 40}, before{3, -4, 0.3f, 0.4f, 30, 40};
    Array<int32_t> index{0, 1, 0};
    CHECK(run("embeddingRenorm", glorot::kFloat32, {w, index}, {3, 2, 3}, {1, p}).kind == ErrorKind::kNone);
    const double norm = std::isinf(p) ? 4 : std::pow(std::pow(3, p) + std::pow(4, p), 1 / p);
    CHECK(near(double(w[0]), 3 / norm, 1e-6) && near(double(w[1]), -4 / norm, 1e-6));
    for (int64_t i = 2; i < 6; i++) CHECK(w[i] == before[i]);  // short, or not named
  }
}

template <class T>
static void bags() {
  const int64_t V = 7, D = 37, count = 12, bags = 4;
  Array<int32_t> index{0, 3, 3, 6, 2, 1, 2, 5, 0, 2, 2, 4}, offsets{0, 3, 3, 8}, closed{0, 3, 3, 8, 11};
  Array<T> w(V * D), y(bags * D), dy(bags * D), dw(V * D), weights(count), dWeights(count);
  Array<int32_t> entries(bags * D);
  fillRandom(w), fillRandom(dy), fillRandom(weights);
  for (int mode : {0, 1, 2})
    for (int64_t padding : {-1, 2})
      for (int given : {0, 1, 2, 3}) {
        if (mode != 0 && (given & 1)) continue;
        const bool weighted = given & 1, ended = given & 2;
        std::vector<double> sizes = {double(V), double(D), double(count), double(bags), double(mode), double(padding + 1), double(given)};
        std::vector<glorot::Buffer> extra;
        if (weighted) extra.push_back(weights);
        if (mode == 2) extra.push_back(entries);
        std::vector<glorot::Buffer> forward = {w, index, ended ? closed : offsets, y}, backward = {dy, index, ended ? closed : offsets, dw};
        forward.insert(forward.end(), extra.begin(), extra.end()), backward.insert(backward.end(), extra.begin(), extra.end());
        CHECK(run("embeddingBag", dtypeOf<T>(), forward, sizes).kind == ErrorKind::kNone);
        sizes.push_back(0);
        CHECK(run("embeddingBagBackward", dtypeOf<T>(), backward, sizes).kind == ErrorKind::kNone);
        std::vector<double> wantDw(static_cast<size_t>(V * D), 0.0), wantWeights(static_cast<size_t>(count), 0.0);
        for (int64_t b = 0; b < bags; b++)
          for (int64_t j = 0; j < D; j++) {
            const int64_t end = b + 1 < bags || ended ? closed[b + 1] : count;
            double sum = 0, n = 0;
            int64_t best = -1;
            const auto value = [&](int64_t i) { return double(w[index[i] * D + j]) * (weighted ? double(weights[i]) : 1); };
            for (int64_t i = closed[b]; i < end; i++)
              if (index[i] != padding) n++, sum += value(i), best = best < 0 || value(i) > value(best) ? i : best;
            CHECK(near(double(y[b * D + j]), n == 0 ? 0 : mode == 2 ? value(best) : mode == 1 ? sum / n : sum, tolerance<T>()));
            const double g = double(dy[b * D + j]);
            for (int64_t i = closed[b]; i < end; i++) {
              if (index[i] == padding || (mode == 2 && i != best)) continue;
              wantDw[index[i] * D + j] += g * (mode == 1 ? 1 / n : weighted ? double(weights[i]) : 1);
              wantWeights[i] += g * double(w[index[i] * D + j]);
            }
          }
        for (int64_t i = 0; i < V * D; i++) CHECK(near(double(dw[i]), wantDw[i], tolerance<T>()));
        if (!weighted) continue;
        CHECK(run("embeddingBagWeights", dtypeOf<T>(), {w, index, ended ? closed : offsets, dy, dWeights}, sizes).kind == ErrorKind::kNone);
        for (int64_t i = 0; i < count; i++) CHECK(near(double(dWeights[i]), wantWeights[i], 4 * tolerance<T>()));
      }
}

static void refused() {
  Array<float> w(6), y(6);
  for (int32_t wrong : {-1, 3, INT32_MIN, INT32_MAX}) {
    Array<int32_t> index{0, wrong}, offsets{0};
    for (int64_t i = 0; i < 6; i++) y[i] = 1, w[i] = 9;
    CHECK(run("embedding", glorot::kFloat32, {w, index, y}, {3, 2, 2}).kind == ErrorKind::kIndex);
    CHECK(run("embeddingBackward", glorot::kFloat32, {w, index, y}, {3, 2, 2, 0, 0}).kind == ErrorKind::kIndex);
    CHECK(run("embeddingRenorm", glorot::kFloat32, {w, index}, {3, 2, 2}, {1, 2}).kind == ErrorKind::kIndex);
    CHECK(run("embeddingBag", glorot::kFloat32, {w, index, offsets, y}, {3, 2, 2, 1, 0, 0, 0}).kind == ErrorKind::kIndex);
    for (int64_t i = 0; i < 6; i++) CHECK(y[i] == 1 && w[i] == 9);
  }
  Array<int32_t> index{0, 1, 2};
  for (Array<int32_t>* offsets : {new Array<int32_t>{1, 2}, new Array<int32_t>{0, 4}, new Array<int32_t>{0, -1}}) {
    CHECK(run("embeddingBag", glorot::kFloat32, {w, index, *offsets, y}, {3, 2, 3, 2, 0, 0, 0}).kind == ErrorKind::kIndex);
    delete offsets;
  }
  CHECK(run("embedding", glorot::kFloat32, {w, index, y}, {1e12, 1e12, 3}).kind == ErrorKind::kLaunch);
  CHECK(run("embedding", glorot::kFloat32, {w, index, y}, {3, 2, 4}).kind == ErrorKind::kLaunch);
  CHECK(run("embeddingBackward", glorot::kFloat32, {w, index, y}, {4, 2, 3, 0, 0}).kind == ErrorKind::kLaunch);
}

int main() {
  return main_({{"float32", values<float>}, {"float64", values<double>}, {"renorm", renorm}, {"bags, float32", bags<float>},
                {"bags, float64", bags<double>}, {"refused", refused}});
}
