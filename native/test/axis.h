// Shapes [outer, R, inner] that reach every path of a reduction, and the plain loops to compare with.
#pragma once
#include "harness.h"

namespace test {

struct Shape {
  int64_t outer, R, inner;
  int64_t n() const { return outer * R * inner; }
  int64_t kept() const { return outer * inner; }
  std::vector<double> sizes() const { return {static_cast<double>(outer), static_cast<double>(R), static_cast<double>(inner)}; }
};

inline const std::vector<Shape>& shapes() {
  static const std::vector<Shape> all = {{1, 1, 1},  {1, 7, 1},   {3, 10, 1},  {5, 64, 1},   {2, 1025, 1}, {1, 5000, 1},
                                         {3, 1, 5},  {2, 3, 7},   {1, 128, 10}, {2, 65, 33},  {1, 200, 64}, {2, 9, 150},
                                         {17, 16, 1}, {1, 17, 16}, {2, 3, 66}, {0, 3, 2},   {2, 3, 0}};
  return all;
}

/** The R elements that reduce to (o, i), in double. */
template <class T>
std::vector<double> line(Array<T>& x, const Shape& s, int64_t o, int64_t i) {
  std::vector<double> v;
  for (int64_t r = 0; r < s.R; r++) v.push_back(static_cast<double>(x[(o * s.R + r) * s.inner + i]));
  return v;
}

template <class T>
void fillRandom(Array<T>& x, double lo = -1, double hi = 1) {
  static Random random;
  for (int64_t i = 0; i < x.n; i++) x[i] = static_cast<T>(random(lo, hi));
}

/** |got - want| within `tolerance` relative to want, or to 1 where want is smaller; nan equals nan. */
inline bool near(double got, double want, double tolerance) {
  if (std::isnan(got) || std::isnan(want)) return std::isnan(got) && std::isnan(want);
  if (got == want) return true;
  const double size = std::fabs(want) > 1 ? std::fabs(want) : 1;
  return std::fabs(got - want) <= tolerance * size;
}
template <class T> constexpr double tolerance() { return sizeof(T) == 4 ? 3e-6 : 1e-12; }

/** Central difference of f in element i of x. */
template <class F>
double slope(F f, Array<double>& x, int64_t i, double h = 1e-5) {
  const double at = x[i];
  x[i] = at + h;
  const double up = f();
  x[i] = at - h;
  const double down = f();
  x[i] = at;
  return (up - down) / (2 * h);
}

}  // namespace test
