// The rules: PyTorch 2.13's optimizers (torch/optim, the functions _single_tensor_*). g is the gradient with its sign turned under
// maximize and weightDecay p added; t counts from 1; numbers are in double until they meet an element.
#pragma once
#include "kernels/optim/sweep.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

inline double power(double x, double y) { return __builtin_pow(x, y); }
inline double root(double x) { return __builtin_sqrt(x); }

/** a + weight (b - a), from the nearer end. */
template <class V> inline V lerp(V a, V b, double weight) {
  return weight < 0.5 ? fma(like(a, weight), b - a, a) : fma(like(a, 1 - weight), a - b, b);
}
/** keep a + add b b */
template <class V> inline V decayingSquare(V a, V b, double keep, double add) { return fma(like(a, add) * b, b, like(a, keep) * a); }

/** What every rule shares. */
struct Base {
  double sign, l2 = 0, shrink = 1;
  /** `decoupled`: weight decay shrinks the parameter instead of joining the gradient. */
  void base(double lr, double weightDecay, double maximize, double decoupled = 0) {
    sign = maximize != 0 ? -1 : 1;
    l2 = decoupled != 0 ? 0 : weightDecay;
    shrink = decoupled != 0 ? 1 - lr * weightDecay : 1;
  }
  template <class T> Pack<T> param(const Here<T>& x) const { return shrink == 1 ? x.param() : x.param() * x.number(shrink); }
  template <class T> Pack<T> grad(const Here<T>& x, Pack<T> p) const {
    const Pack<T> g = x.grad() * x.number(sign);
    return l2 == 0 ? g : fma(p, x.number(l2), g);
  }
};

/** b = momentum b + (1 - dampening) g, at first b = g; p -= lr (b, or g + momentum b under nesterov).
 *  hyper: lr, momentum, dampening, weightDecay, nesterov, maximize.  variant 1: with momentum; state: b. */
struct Sgd : Base {
  static constexpr int kHyper = 6, kVariants = 2;
  static constexpr bool kByStepAlone = true;
  static int arrays(int variant) { return variant; }
  double lr, momentum, keep, add;
  bool nesterov, plain;
  void prepare(const double* h, double t, float*, int variant) {
    base(h[0], h[3], h[5]);
    lr = h[0], momentum = h[1], nesterov = h[4] != 0, plain = variant == 0;
    keep = t > 1 ? momentum : 0, add = t > 1 ? 1 - h[2] : 1;
  }
  template <class T> void operator()(Here<T> x) const {
    const Pack<T> p = x.param();
    Pack<T> g = grad(x, p);
    if (!plain) {
      const Pack<T> b = fma(x.number(keep), x.state(0), x.number(add) * g);
      x.state(0, b);
      g = nesterov ? fma(x.number(momentum), b, g) : b;
    }
    x.param(fma(x.number(-lr), g, p));
  }
};

/** m = lerp(m, g, 1 - beta1); v = beta2 v + (1 - beta2) g^2; p -= lr m / (1 - beta1^t) / (sqrt(v / (1 - beta2^t)) + eps).
 *  hyper: lr, beta1, beta2, eps, weightDecay, maximize, decoupled.  variant 1: amsgrad, the largest v so far in place of v.
 *  state: m, v, largest v.  Kingma and Ba 2015; Loshchilov and Hutter 2019; Reddi, Kale and Kumar 2018. */
struct Adam : Base {
  static constexpr int kHyper = 7, kVariants = 2;
  static constexpr bool kByStepAlone = true;
  static int arrays(int variant) { return 2 + variant; }
  double beta1, beta2, eps, size, scale;
  bool amsgrad;
  void prepare(const double* h, double t, float*, int variant) {
    base(h[0], h[4], h[5], h[6]);
    beta1 = h[1], beta2 = h[2], eps = h[3], amsgrad = variant == 1;
    size = -h[0] / (1 - power(beta1, t));
    scale = 1 / root(1 - power(beta2, t));
  }
  template <class T> void operator()(Here<T> x) const {
    const Pack<T> p = param(x), g = grad(x, p);
    const Pack<T> m = lerp(x.state(0), g, 1 - beta1);
    Pack<T> v = decayingSquare(x.state(1), g, beta2, 1 - beta2);
    x.state(0, m), x.state(1, v);
    if (amsgrad) x.state(2, v = Largest{}(x.state(2), v));
    x.param(p + x.number(size) * m / fma(sqrt(v), x.number(scale), x.number(eps)));
  }
};

/** As Adam, with Nesterov's momentum of a schedule mu.  hyper: lr, beta1, beta2, eps, weightDecay, momentumDecay, maximize,
 *  decoupled.  state: m, v; scalar 1: the product of all mu, at first 1.  Dozat 2016. */
struct Nadam : Base {
  static constexpr int kHyper = 8, kVariants = 1;
  static constexpr bool kByStepAlone = false;
  static int arrays(int) { return 2; }
  double beta1, beta2, eps, scale, ofGrad, ofMean;
  void prepare(const double* h, double t, float* scalars, int) {
    base(h[0], h[4], h[6], h[7]);
    beta1 = h[1], beta2 = h[2], eps = h[3];
    const double mu = beta1 * (1 - 0.5 * power(0.96, t * h[5])), next = beta1 * (1 - 0.5 * power(0.96, (t + 1) * h[5]));
    const double product = static_cast<double>(scalars[1] *= static_cast<float>(mu));
    scale = 1 / root(1 - power(beta2, t));
    ofGrad = -h[0] * (1 - mu) / (1 - product);
    ofMean = -h[0] * next / (1 - product * next);
  }
  template <class T> void operator()(Here<T> x) const {
    const Pack<T> p = param(x), g = grad(x, p);
    const Pack<T> m = lerp(x.state(0), g, 1 - beta1), v = decayingSquare(x.state(1), g, beta2, 1 - beta2);
    x.state(0, m), x.state(1, v);
    x.param(p + fma(x.number(ofGrad), g, x.number(ofMean) * m) / fma(sqrt(v), x.number(scale), x.number(eps)));
  }
};

/** As Adam, with the variance of its adaptive rate rectified, and not adaptive while that is infinite.
 *  hyper: as Adam's.  state: m, v.  Liu et al. 2020. */
struct Radam : Base {
  static constexpr int kHyper = 7, kVariants = 1;
  static constexpr bool kByStepAlone = true;
  static int arrays(int) { return 2; }
  double beta1, beta2, eps, size;
  bool adaptive;
  void prepare(const double* h, double t, float*, int) {
    base(h[0], h[4], h[5], h[6]);
    beta1 = h[1], beta2 = h[2], eps = h[3];
    const double decayed = power(beta2, t), longest = 2 / (1 - beta2) - 1, length = longest - 2 * t * decayed / (1 - decayed);
    size = -h[0] / (1 - power(beta1, t));
    adaptive = length > 5;
    if (adaptive)
      size *= root(1 - decayed) * root((length - 4) * (length - 2) * longest / ((longest - 4) * (longest - 2) * length));
  }
  template <class T> void operator()(Here<T> x) const {
    const Pack<T> p = param(x), g = grad(x, p);
    const Pack<T> m = lerp(x.state(0), g, 1 - beta1), v = decayingSquare(x.state(1), g, beta2, 1 - beta2);
    x.state(0, m), x.state(1, v);
    const Pack<T> step = x.number(size) * m;
    x.param(p + (adaptive ? step / (sqrt(v) + x.number(eps)) : step));
  }
};

/** m = lerp(m, g, 1 - beta1); u = max(beta2 u, |g| + eps); p -= lr / (1 - beta1^t) m / u.
 *  hyper: lr, beta1, beta2, eps, weightDecay, maximize.  state: m, u.  Kingma and Ba 2015. */
struct Adamax : Base {
  static constexpr int kHyper = 6, kVariants = 1;
  static constexpr bool kByStepAlone = true;
  static int arrays(int) { return 2; }
  double beta1, beta2, eps, size;
  void prepare(const double* h, double t, float*, int) {
    base(h[0], h[4], h[5]);
    beta1 = h[1], beta2 = h[2], eps = h[3], size = -h[0] / (1 - power(beta1, t));
  }
  template <class T> void operator()(Here<T> x) const {
    const Pack<T> p = x.param(), g = grad(x, p);
    const Pack<T> m = lerp(x.state(0), g, 1 - beta1);
    const Pack<T> u = Largest{}(x.state(1) * x.number(beta2), abs(g) + x.number(eps));
    x.state(0, m), x.state(1, u);
    x.param(p + x.number(size) * m / u);
  }
};

/** v = alpha v + (1 - alpha) g^2; d = g / (sqrt(v) + eps), or of v - a^2 with a = lerp(a, g, 1 - alpha) where centered;
 *  p -= lr d, or lr b with b = momentum b + d.
 *  hyper: lr, alpha, eps, weightDecay, momentum, maximize.  variant: 1 centered + 2 momentum; state: v, then a, then b.
 *  Hinton, lecture 6e; Graves 2013. */
struct Rmsprop : Base {
  static constexpr int kHyper = 6, kVariants = 4;
  static constexpr bool kByStepAlone = true;
  static int arrays(int variant) { return 1 + (variant & 1) + (variant >> 1); }
  double lr, alpha, eps, momentum;
  int variant;
  void prepare(const double* h, double, float*, int kind) {
    base(h[0], h[3], h[5]);
    lr = h[0], alpha = h[1], eps = h[2], momentum = h[4], variant = kind;
  }
  template <class T> void operator()(Here<T> x) const {
    const Pack<T> p = x.param(), g = grad(x, p);
    Pack<T> v = decayingSquare(x.state(0), g, alpha, 1 - alpha);
    x.state(0, v);
    if (variant & 1) {
      const Pack<T> a = lerp(x.state(1), g, 1 - alpha);
      x.state(1, a);
      v = v - a * a;
    }
    Pack<T> d = g / (sqrt(v) + x.number(eps));
    if (variant & 2) {
      const int k = 1 + (variant & 1);
      d = fma(x.number(momentum), x.state(k), d);
      x.state(k, d);
    }
    x.param(fma(x.number(-lr), d, p));
  }
};

/** s += g^2; p -= lr / (1 + (t-1) lrDecay) g / (sqrt(s) + eps).
 *  hyper: lr, lrDecay, weightDecay, eps, maximize.  state: s.  Duchi, Hazan and Singer 2011. */
struct Adagrad : Base {
  static constexpr int kHyper = 5, kVariants = 1;
  static constexpr bool kByStepAlone = true;
  static int arrays(int) { return 1; }
  double eps, size;
  void prepare(const double* h, double t, float*, int) {
    base(h[0], h[2], h[4]);
    eps = h[3], size = -h[0] / (1 + (t - 1) * h[1]);
  }
  template <class T> void operator()(Here<T> x) const {
    const Pack<T> p = x.param(), g = grad(x, p), s = fma(g, g, x.state(0));
    x.state(0, s);
    x.param(p + x.number(size) * g / (sqrt(s) + x.number(eps)));
  }
};

/** v = rho v + (1 - rho) g^2; d = sqrt(u + eps) / sqrt(v + eps) g; u = rho u + (1 - rho) d^2; p -= lr d.
 *  hyper: lr, rho, eps, weightDecay, maximize.  state: v, u.  Zeiler 2012. */
struct Adadelta : Base {
  static constexpr int kHyper = 5, kVariants = 1;
  static constexpr bool kByStepAlone = true;
  static int arrays(int) { return 2; }
  double lr, rho, eps;
  void prepare(const double* h, double, float*, int) {
    base(h[0], h[3], h[4]);
    lr = h[0], rho = h[1], eps = h[2];
  }
  template <class T> void operator()(Here<T> x) const {
    const Pack<T> p = x.param(), g = grad(x, p), e = x.number(eps);
    const Pack<T> v = decayingSquare(x.state(0), g, rho, 1 - rho), u = x.state(1);
    const Pack<T> d = sqrt(u + e) / sqrt(v + e) * g;
    x.state(0, v), x.state(1, decayingSquare(u, d, rho, 1 - rho));
    x.param(fma(x.number(-lr), d, p));
  }
};

/** p = (1 - lambd eta) p - eta g; a = p, or a + mu (p - a) once mu < 1; then eta = lr / (1 + lambd lr t)^alpha,
 *  mu = 1 / max(1, t - t0).
 *  hyper: lr, lambd, alpha, t0, weightDecay, maximize.  state: a; scalars 1 and 2: eta, at first lr, and mu, at first 1.
 *  Polyak and Juditsky 1992. */
struct Asgd : Base {
  static constexpr int kHyper = 6, kVariants = 1;
  static constexpr bool kByStepAlone = false;
  static int arrays(int) { return 1; }
  double keep, eta, mu;
  void prepare(const double* h, double t, float* scalars, int) {
    base(h[0], h[4], h[5]);
    eta = static_cast<double>(scalars[1]), mu = static_cast<double>(scalars[2]);
    keep = 1 - h[1] * eta;
    scalars[1] = static_cast<float>(h[0] / power(1 + h[1] * h[0] * t, h[2]));
    scalars[2] = static_cast<float>(1 / (t - h[3] > 1 ? t - h[3] : 1));
  }
  template <class T> void operator()(Here<T> x) const {
    const Pack<T> old = x.param(), g = grad(x, old);
    const Pack<T> p = fma(x.number(-eta), g, x.number(keep) * old);
    x.param(p);
    x.state(0, mu == 1 ? p : fma(p - x.state(0), x.number(mu), x.state(0)));
  }
};

/** s *= etaPlus where g keeps its sign, etaMinus where it turns (then g = 0), within [least, most]; p -= sign(g) s.
 *  hyper: etaMinus, etaPlus, least, most, maximize.  state: the last g, s at first lr.  Riedmiller and Braun 1993. */
struct Rprop : Base {
  static constexpr int kHyper = 5, kVariants = 1;
  static constexpr bool kByStepAlone = true;
  static int arrays(int) { return 2; }
  double minus, plus, least, most;
  void prepare(const double* h, double, float*, int) {
    base(0, 0, h[4]);
    minus = h[0], plus = h[1], least = h[2], most = h[3];
  }
  template <class T> void operator()(Here<T> x) const {
    const Pack<T> p = x.param(), zero = x.number(0);
    Pack<T> g = grad(x, p);
    const Pack<T> turn = g * x.state(0);
    const Pack<T> factor = select(turn > zero, x.number(plus), select(turn < zero, x.number(minus), x.number(1)));
    const Pack<T> size = min(max(x.state(1) * factor, x.number(least)), x.number(most));
    g = select(turn < zero, zero, g);
    x.state(0, g), x.state(1, size);
    x.param(p - select(g > zero, size, select(g < zero, -size, g)));
  }
};

}  // namespace
}  // namespace GLOROT_ISA
}  // namespace glorot
