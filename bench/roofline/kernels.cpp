// Kernels of the library as they are launched, by this machine's best ISA: what each computes and moves at least, and its time.
#include <cmath>
#include <cstdio>
#include <cstring>
#include <string>

#include "cpu.h"
#include "launch.h"
#include "measure.h"
#include "pool.h"
#include "roofline.h"

namespace roofline {
namespace {

constexpr int kSamples = 11;
constexpr double kSample = 0.015;

using Sizes = std::vector<double>;

/** Of a launch: operations (0: not counted) and bytes that it must at least read and write. */
struct Work {
  double flops, read, written;
};

struct Operand {
  int64_t n;
  bool written;
};
Operand in(int64_t n) { return {n, false}; }
Operand out(int64_t n) { return {n, true}; }

const glorot::Kernel* find(const char* name) {
  const glorot::KernelTable* table = glorot::availableTable(0);
  for (int i = 0; i < table->count; i++)
    if (std::strcmp(table->kernels[i].name, name) == 0) return &table->kernels[i];
  std::fprintf(stderr, "no kernel %s\n", name);
  std::exit(1);
}

/** A repeatable number in [-2, 2). */
float draw(uint64_t& state) {
  state = state * 6364136223846793005ull + 1442695040888963407ull;
  return static_cast<float>(state >> 40) / 4194304.0f - 2.0f;
}

void print(const char* group, const std::string& name, const std::string& size, int64_t elements, const Work& w, double seconds) {
  std::printf("{\"kind\":\"kernel\",\"group\":\"%s\",\"name\":\"%s\",\"size\":\"%s\",\"elements\":%lld,\"flops\":%.10g,\"read\":%.10g,\"written\":%.10g,\"seconds\":%.5g}\n",
              group, name.c_str(), size.c_str(), static_cast<long long>(elements), w.flops, w.read, w.written, seconds);
  std::fflush(stdout);
}

/** Times a launch; bytes are those of its operands. */
void launch(const char* group, const std::string& name, const std::string& size, const char* kernel, const std::vector<Operand>& operands,
            const Sizes& sizes, double flops, int64_t elements, const Sizes& floats = {}) {
  std::vector<Floats> memory;
  std::vector<glorot::Buffer> buffers;
  Work work{flops, 0, 0};
  uint64_t state = 1;
  for (const Operand& o : operands) {
    memory.emplace_back(static_cast<size_t>(o.n));
    for (int64_t i = 0; i < o.n; i++) memory.back().data()[i] = draw(state);
    buffers.push_back({reinterpret_cast<unsigned char*>(memory.back().data()), static_cast<size_t>(o.n) * 4});
    (o.written ? work.written : work.read) += 4.0 * static_cast<double>(o.n);
  }
  const glorot::KernelFn f = find(kernel)->fn[glorot::kFloat32];
  const auto once = [&] {
    glorot::Launch l{buffers.data(), sizes.data(), floats.data(), static_cast<int>(buffers.size()), static_cast<int>(sizes.size()), static_cast<int>(floats.size())};
    f(l);
    if (l.ok()) return;
    std::fprintf(stderr, "%s: ", kernel), std::fprintf(stderr, l.error.text, l.error.a, l.error.b), std::exit(1);
  };
  const std::vector<double> times = timesOf(once, kSamples, kSample);
  print(group, name, size, elements, work, times[times.size() / 2]);
}

std::string join(std::initializer_list<int64_t> sizes) {
  std::string s;
  for (const int64_t n : sizes) s += (s.empty() ? "" : "x") + std::to_string(n);
  return s;
}

void product(const char* group, const char* form, int64_t M, int64_t N, int64_t K) {
  const bool ta = form[0] == 'T', tb = form[1] == 'T';
  const double m = double(M), n = double(N), k = double(K);
  launch(group, std::string("sgemm ") + form, join({M, N, K}), "matmul", {in(M * K), in(K * N), out(M * N)},
         {m, n, k, ta ? 1 : k, ta ? m : 1, tb ? 1 : n, tb ? k : 1, 0}, 2 * m * n * k, M * N);
}

/** A layer of K inputs and N outputs on M rows: forward with its bias, backward with all three gradients. */
void layer(int64_t M, int64_t N, int64_t K) {
  const double m = double(M), n = double(N), k = double(K);
  const std::string size = join({M, N, K});
  launch("linear", "linear", size, "linear", {in(M * K), in(N * K), out(M * N), in(N)}, {m, n, k, k, 1, 1}, 2 * m * n * k + m * n, M * N);
  launch("linear", "linearBackward", size, "linearBackward", {in(M * N), in(M * K), in(N * K), out(M * K), out(N * K), out(N)}, {m, n, k, k, 1, 7},
         4 * m * n * k + m * n, M * N);
}

/** C to K channels of an S x S image under 3 x 3 taps, padded to keep its size. */
void convolution(int64_t N, int64_t C, int64_t K, int64_t S) {
  const double s = double(S), flops = 2.0 * double(N * C * K * S * S) * 9;
  const Sizes sizes = {double(N), 1, double(C), double(K), 1, s, s, 1, s, s, 1, 3, 3, 1, 1, 1, 0, 1, 1, 1, 1, 1, 0};
  const std::string size = join({N, C, S, S}) + " to " + std::to_string(K);
  const int64_t x = N * C * S * S, y = N * K * S * S, w = K * C * 9;
  launch("convolution", "convolution 3x3", size, "convolution", {in(x), in(w), out(y)}, sizes, flops, y);
  launch("convolution", "convolution 3x3, dX", size, "convolutionInput", {in(y), in(w), out(x)}, sizes, flops, x);
  launch("convolution", "convolution 3x3, dW", size, "convolutionWeight", {in(x), in(y), out(w)}, Sizes(sizes.begin(), sizes.end() - 1), flops, w);
}

/** An LSTM from zeros over T steps of B sequences: forward, and backward to its weights and biases. Its first step has no state to multiply. */
void lstm(int64_t I, int64_t H, int64_t T, int64_t B) {
  const int64_t N = T * B, G = 4 * H, S = B * H, multiplied = N - B;
  const std::string size = join({T, B, I}) + " to " + std::to_string(H);
  const Sizes sizes = {2, double(N), double(T), double(B), double(I), double(H), double(H), 0, 0, 1, 0};
  const double inputs = 2.0 * double(N * G * I), state = 2.0 * double(multiplied * G * H);
  const std::vector<Operand> given = {in(N * I), in(G * I), in(G * H), in(S), in(S)};
  std::vector<Operand> forward = given, backward = given;
  for (const int64_t n : {N * H, N * G, 2 * N * H, S, S}) forward.push_back(out(n));
  for (const int64_t n : {G, G}) forward.push_back(in(n));
  for (const int64_t n : {N * H, N * G, 2 * N * H, N * H, S, S}) backward.push_back(in(n));
  for (const int64_t n : {S, S, G * I, G * H, G, G}) backward.push_back(out(n));
  launch("recurrent", "LSTM", size, "recurrent", forward, sizes, inputs + state, N * H);
  Sizes more = sizes;
  more.push_back(14), more.push_back(0);
  launch("recurrent", "LSTM, backward", size, "recurrentBackward", backward, more, inputs + 2 * state, N * H);
}

std::string power(int64_t n) { return "1e" + std::to_string(static_cast<int>(std::lround(std::log10(double(n))))); }

void elementwise(int64_t n) {
  const double d = double(n);
  const std::string size = power(n);
  for (const char* name : {"relu", "exp", "sigmoid", "tanh", "gelu"}) {
    const bool counted = std::strcmp(name, "relu") == 0;
    const std::string back = std::string(name) + "Backward";
    launch("elementwise", name, size, name, {in(n), out(n)}, {d}, counted ? d : 0, n);
    launch("elementwise", back, size, back.c_str(), {in(n), in(n), out(n)}, {d}, counted ? d : 0, n);
  }
  for (const char* name : {"add", "mul"}) launch("elementwise", name, size, name, {in(n), in(n), out(n)}, {1, d, 1, 1}, d, n);
  launch("rows", "sum", size, "sum", {in(n), out(1)}, {1, d, 1}, d, n);

  const int64_t R = n <= 1000 ? 100 : n <= 100000 ? 100 : 1000, rows = n / R;
  const double r = double(R), outer = double(rows);
  for (const char* name : {"softmax", "logSoftmax"}) {
    const std::string back = std::string(name) + "Backward";
    launch("rows", name, size, name, {in(n), out(n)}, {outer, r, 1}, 0, n);
    launch("rows", back, size, back.c_str(), {in(n), in(n), out(n)}, {outer, r, 1}, 0, n);
  }
  launch("rows", "layerNorm", size, "rowNorm", {in(n), out(n), out(2 * rows), in(R), in(R)}, {outer, 1, r, 1, 3}, 0, n, {1e-5});
  launch("rows", "layerNormBackward", size, "rowNormBackward", {in(n), in(n), in(2 * rows), in(R), out(n), out(R), out(R)}, {outer, 1, r, 1, 1 + 8 + 16 + 32}, 0, n);
}

/** A step of Adam over one parameter: it and its two means are read and written, its gradient is read. */
void adam(int64_t n) {
  const size_t stride = (static_cast<size_t>(n) + 15) / 16 * 16;
  double hyper[] = {1e-3, 0.9, 0.999, 1e-8, 0, 0, 0};
  const Floats p(static_cast<size_t>(n)), g(static_cast<size_t>(n)), state(16 + 2 * stride);
  std::fill(state.data(), state.data() + state.n, 0.0f);
  uint64_t seed = 1;
  for (int64_t i = 0; i < n; i++) p.data()[i] = draw(seed), g.data()[i] = draw(seed);
  const auto buffer = [](void* data, size_t bytes) { return glorot::Buffer{static_cast<unsigned char*>(data), bytes}; };
  const glorot::Buffer buffers[] = {buffer(hyper, sizeof hyper), buffer(p.data(), p.n * 4), buffer(g.data(), g.n * 4), buffer(state.data(), state.n * 4)};
  const double sizes[] = {1, 0, double(n)};
  const glorot::KernelFn f = find("adam")->fn[glorot::kFloat32];
  const auto once = [&] {
    glorot::Launch l{buffers, sizes, nullptr, 4, 3, 0};
    f(l);
    if (!l.ok()) std::fprintf(stderr, "adam: %s\n", l.error.text), std::exit(1);
  };
  const std::vector<double> times = timesOf(once, kSamples, kSample);
  print("optimizers", "adam", power(n), n, {0, 16.0 * double(n), 12.0 * double(n)}, times[times.size() / 2]);
}

}  // namespace

void measureKernels() {
  glorot::setNumThreads(1);
  for (const int64_t n : {16, 24, 32, 48, 64, 96, 128, 192, 256, 512, 1024, 2048}) product("squares", "NN", n, n, n);
  for (const char* form : {"NT", "TN"})
    for (const int64_t n : {16, 32, 64, 128, 256, 512, 1024, 2048}) product("squares", form, n, n, n);
  // Forward, dX and dW of 784-512-256-10 in batches of 128.
  const int64_t widths[] = {784, 512, 256, 10};
  for (int i = 0; i < 3; i++) {
    const int64_t K = widths[i], N = widths[i + 1];
    product("MLP", "NT", 128, N, K);
    product("MLP", "NN", 128, K, N);
    product("MLP", "TN", N, K, 128);
  }
  layer(100, 10, 10), layer(64, 64, 64), layer(128, 512, 784), layer(256, 2048, 2048);
  convolution(32, 1, 32, 28), convolution(32, 32, 64, 28), convolution(8, 64, 64, 56);
  lstm(1, 64, 50, 32), lstm(64, 64, 50, 32);
  for (const int64_t n : {1000, 100000, 10000000}) elementwise(n), adam(n);
}

}  // namespace roofline
