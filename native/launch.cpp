#include "launch.h"

namespace glorot {

bool Launch::fail(ErrorKind kind, const char* text, double a, double b) noexcept {
  if (ok()) error = {kind, text, a, b};
  return false;
}

int64_t Launch::size(int i) noexcept {
  if (i >= nSizes) return fail(ErrorKind::kLaunch, "size %g is missing", i), 0;
  const double v = sizes[i];
  if (!(v >= 0 && v <= kMaxSize) || v != static_cast<double>(static_cast<int64_t>(v)))
    return fail(ErrorKind::kLaunch, "size %g is %g, not a whole number from 0 to 2^40", i, v), 0;
  return static_cast<int64_t>(v);
}

void Launch::read(int at, int n, int64_t* to) noexcept {
  // Added to 2^52, a whole number is the low bits of the sum: two of them at a time, and one branch for all. What is no size
  // has other bits left, or does not come back; size() then says what is wrong.
  using Pair = double __attribute__((vector_size(16)));
  using Bits = int64_t __attribute__((vector_size(16)));
  constexpr Pair kOffset = {4503599627370496.0, 4503599627370496.0};
  constexpr int64_t kOthers = ~((int64_t{1} << 40) - 1);
  int d = 0;
  if (at + n <= nSizes) {
    Bits wrong{};
    for (; d + 2 <= n; d += 2) {
      Pair v;
      __builtin_memcpy(&v, sizes + at + d, sizeof v);
      const Pair raised = v + kOffset;
      const Bits whole = reinterpret_cast<Bits>(raised) ^ reinterpret_cast<Bits>(kOffset);
      __builtin_memcpy(to + d, &whole, sizeof whole);
      wrong |= (whole & Bits{kOthers, kOthers}) | (reinterpret_cast<Bits>(raised - kOffset) ^ reinterpret_cast<Bits>(v));
    }
    if (wrong[0] | wrong[1]) d = 0;
  }
  for (; d < n; d++) to[d] = size(at + d);
}

int Launch::choice(int i, int n) noexcept {
  const int64_t v = size(i);
  if (v >= n) return fail(ErrorKind::kLaunch, "size %g is %g, not a known choice", i, static_cast<double>(v)), 0;
  return static_cast<int>(v);
}

double Launch::num(int i) noexcept {
  if (i >= nFloats) return fail(ErrorKind::kLaunch, "float %g is missing", i), 0;
  return floats[i];
}

void* Launch::memory(int i, int64_t n, size_t elementBytes) noexcept {
  if (i >= nBuffers) return fail(ErrorKind::kLaunch, "buffer %g is missing", i), nullptr;
  const Buffer& b = buffers[i];
  uint64_t bytes;
  if (n < 0 || __builtin_mul_overflow(static_cast<uint64_t>(n), elementBytes, &bytes) || bytes > b.bytes) {
    fail(ErrorKind::kLaunch, "buffer %g is too short or detached, it needs %g elements", i, static_cast<double>(n));
    return nullptr;
  }
  if (reinterpret_cast<uintptr_t>(b.data) & (elementBytes - 1))
    return fail(ErrorKind::kLaunch, "buffer %g is not aligned to its elements", i), nullptr;
  return b.data;
}

void* Launch::writable(int i, int64_t n, size_t elementBytes) noexcept {
  if (i < kMaxBuffers) written |= uint64_t{1} << i;
  return memory(i, n, elementBytes);
}

int64_t Launch::span(int ndim, const int64_t* shape, const int64_t* strides) noexcept {
  int64_t last = 0;
  for (int d = 0; d < ndim; d++) {
    if (shape[d] == 0) return 0;
    last = plus(last, times(shape[d] - 1, strides[d]));
  }
  return plus(last, 1);
}

}  // namespace glorot
