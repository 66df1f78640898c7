// One optimizer step over many parameters in one launch and one pass over memory. A rule holds the numbers of one parameter's
// step and updates packs of elements; the sweep finds the memory and shares it among threads.
//
// Everything that changes from step to step is memory, so that a recorded launch replays as it should: the group's numbers
// (`hyper`, doubles), and for each parameter a block of state: 16 float32 scalars, the first of them the number of steps taken,
// which the kernel advances, then the rule's arrays, each like the parameter and padded to 64 bytes.
#pragma once
#include "launch.h"
#include "simd/fold.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

constexpr int kScalarBytes = 64;

template <class T> struct Parameter {
  T* p;
  const T* g;
  T* state;  // the arrays; null where the rule has none
  float* scalars;
  int64_t n, stride;
};

/** The pack of elements from i on, as a rule sees it. */
template <class T> struct Here {
  const Parameter<T>& of;
  int64_t i;
  using V = Pack<T>;
  V param() const { return loadPack(of.p + i); }
  V grad() const { return loadPack(of.g + i); }
  V state(int k) const { return loadPack(of.state + k * of.stride + i); }
  void param(V v) const { storePack(of.p + i, v); }
  void state(int k, V v) const { storePack(of.state + k * of.stride + i, v); }
  static V number(double c) { return fillPack(static_cast<T>(c)); }
};

template <class T, class Rule>
__attribute__((noinline, flatten)) void packs(const Rule rule, const Parameter<T> of, int64_t end) {
  for (int64_t i = 0; i < end; i += kPack<T>) rule(Here<T>{of, i});
}

/** Elements begin … end-1, where begin is a multiple of a pack. The last ones, if they fill none, are copied to where they do;
 *  the arrays of state are padded for that. */
template <class T, class Rule> void sweep(const Rule& rule, const Parameter<T>& of, int64_t begin, int64_t end) {
  const int64_t rest = (end - begin) % kPack<T>;
  const auto stateAt = [&](int64_t i) { return of.state ? of.state + i : nullptr; };
  packs<T>(rule, {of.p + begin, of.g + begin, stateAt(begin), nullptr, 0, of.stride}, end - begin - rest);
  if (rest == 0) return;
  const int64_t at = end - rest;
  T p[kPack<T>], g[kPack<T>];
  storePack(p, loadPack(of.p + at, rest));
  storePack(g, loadPack(of.g + at, rest));
  packs<T>(rule, {p, g, stateAt(at), nullptr, 0, of.stride}, kPack<T>);
  storePack(of.p + at, loadPack(p), rest);
}

/** f(k, begin, end) for ranges that cover the elements of all tensors, n[k] of tensor k. */
using TensorRange = void (*)(void* context, int k, int64_t begin, int64_t end);

__attribute__((noinline)) void eachRange(int count, const int64_t* n, TensorRange f, void* context) {
  constexpr int64_t kRange = kGrain;
  int64_t ranges = 0, total = 0;
  for (int k = 0; k < count; k++) ranges += (n[k] + kRange - 1) / kRange, total += n[k];
  if (total <= kGrain) {
    for (int k = 0; k < count; k++)
      if (n[k] > 0) f(context, k, 0, n[k]);
    return;
  }
  const auto some = [&](int64_t first, int64_t last) {
    int64_t at = 0;
    for (int k = 0; k < count && at < last; k++) {
      const int64_t mine = (n[k] + kRange - 1) / kRange;
      for (int64_t r = first > at ? first - at : 0; r < mine && at + r < last; r++)
        f(context, k, r * kRange, r + 1 < mine ? (r + 1) * kRange : n[k]);
      at += mine;
    }
  };
  parallel(ranges, 1, some);
}
template <class F> inline void eachRange(int count, const int64_t* n, const F& f) {
  eachRange(count, n, [](void* context, int k, int64_t begin, int64_t end) { (*static_cast<const F*>(context))(k, begin, end); },
            const_cast<F*>(&f));
}

constexpr int kMostParameters = kMaxMerged / 2;

/** The parameters of a launch. */
template <class T> struct Parameters {
  int count, variant;
  Parameter<T> of[kMostParameters];
  int64_t n[kMostParameters];
};

/** False, and a failed launch, where anything does not fit. */
template <class T> __attribute__((noinline)) bool read(Launch& l, Parameters<T>& all, int arrays) {
  constexpr int64_t kAlign = kScalarBytes / sizeof(T);
  const int each = arrays > 0 ? 3 : 2;
  for (int k = 0; k < all.count; k++) {
    Parameter<T>& x = all.of[k];
    x.n = all.n[k] = l.size(2 + k);
    x.p = l.out<T>(1 + each * k, x.n);
    x.g = l.in<T>(2 + each * k, x.n);
    x.state = nullptr, x.scalars = nullptr, x.stride = 0;
    if (!l.ok()) return false;
    if (arrays == 0) continue;
    x.stride = (x.n + kAlign - 1) / kAlign * kAlign;
    x.state = l.out<T>(3 + each * k, plus(kAlign, times(arrays, x.stride)));
    if (!l.ok()) return false;
    x.scalars = reinterpret_cast<float*>(x.state);
    x.state += kAlign;
  }
  return l.ok();
}

/** The hyper of each parameter's group; false, and a failed launch, where a group lacks its own or begins nowhere. */
__attribute__((noinline)) bool readGroups(Launch& l, int count, int each, int numbers, const double** of) {
  const int further = l.nSizes - 2 - count;
  const double* hyper = l.in<double>(0, numbers);
  int j = 0;
  for (int k = 0; k < count; k++) {
    if (j < further && l.size(2 + count + j) == k) hyper = l.in<double>(1 + each * count + j++, numbers);
    of[k] = hyper;
  }
  if (j < further) l.fail(ErrorKind::kLaunch, "%g groups do not begin one after the other within %g parameters", further, count);
  return l.ok();
}

/** A place for as many as there are: making those that are not used would take longer than a small step. */
template <class Rule> union Rules {
  Rules() {}
  Rule of[kMostParameters];
};

/** buffers: hyper (doubles), then for each parameter: it, its gradient, its state (where the rule has arrays), then the hyper of
 *  further groups.  sizes: count, variant, elements of each parameter, the first parameter of each further group. */
template <class T, class Rule> void steps(Launch& l) noexcept {
  Parameters<T> all;
  all.count = l.choice(0, kMostParameters), all.variant = l.choice(1, Rule::kVariants);
  const int arrays = Rule::arrays(all.variant);
  const double* hyper[kMostParameters];
  if (!l.ok() || !readGroups(l, all.count, arrays > 0 ? 3 : 2, Rule::kHyper, hyper) || !read(l, all, arrays)) return;

  Rules<Rule> rules;
  float none = 0, before = -1;
  for (int k = 0; k < all.count; k++) {
    float* scalars = arrays > 0 ? all.of[k].scalars : &none;
    const float t = scalars[0] += 1;
    // Two powers a parameter would cost more than the arithmetic of a small one.
    if (Rule::kByStepAlone && k > 0 && t == before && hyper[k] == hyper[k - 1]) rules.of[k] = rules.of[k - 1];
    else rules.of[k] = Rule{}, rules.of[k].prepare(hyper[k], static_cast<double>(t), scalars, all.variant);
    before = t;
  }
  eachRange(all.count, all.n, [&](int k, int64_t begin, int64_t end) { sweep<T>(rules.of[k], all.of[k], begin, end); });
}

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
