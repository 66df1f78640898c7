// The one record that everything computed is: which kernel, on which memory, with which numbers. Plain data: no JS value,
// no callback, no pointer to the stack, so a list of launches can be replayed. Kernels read it only through the checked
// accessors below, which is why no argument from JavaScript can make one touch memory outside its buffers.
#pragma once
#include <cstddef>
#include <cstdint>

namespace glorot {

enum DType : uint8_t { kFloat32, kFloat64, kInt32, kBool, kDTypes };

constexpr int kMaxBuffers = 64;  // as many as bits in Launch::written
constexpr int kMaxMerged = 256;  // of a launch in a program, where nobody asks what it wrote
constexpr int kMaxSizes = 256;
constexpr int kMaxFloats = 64;
constexpr double kMaxSize = 1099511627776.0;
constexpr int kMaxDims = 16;  // of a strided buffer; a tensor may have more, its contiguous runs count as one

/** A tensor's memory from its first element to the end of its storage. */
struct Buffer {
  unsigned char* data;
  size_t bytes;
};

/** Kinds of error, by their JavaScript class (src/core/errors.ts keeps the same order). */
enum class ErrorKind : uint8_t { kNone, kLaunch, kValue, kIndex };

/** What a kernel refused. `text` is a literal with at most two %g for `a` and `b`. */
struct LaunchError {
  ErrorKind kind = ErrorKind::kNone;
  const char* text = nullptr;
  double a = 0, b = 0;
};

/** a*b and a+b for extents, saturating: an overflow becomes a number no buffer is long enough for. */
static inline int64_t times(int64_t a, int64_t b) noexcept {
  int64_t r;
  return __builtin_mul_overflow(a, b, &r) ? INT64_MAX : r;
}
static inline int64_t plus(int64_t a, int64_t b) noexcept {
  int64_t r;
  return __builtin_add_overflow(a, b, &r) ? INT64_MAX : r;
}

// Members are defined once, in launch.cpp, for the least ISA: inline ones would be weak symbols that ISAs lend each other.
struct Launch {
  const Buffer* buffers;
  const double* sizes;
  const double* floats;
  int nBuffers, nSizes, nFloats;
  LaunchError error{};
  /** Bit i: the kernel asked for buffer i to write to it. */
  uint64_t written = 0;

  /** Records the first refusal; kernels return after it without having written anything. */
  bool fail(ErrorKind kind, const char* text, double a = 0, double b = 0) noexcept;
  __attribute__((always_inline)) bool ok() const noexcept { return error.kind == ErrorKind::kNone; }

  /** Size i: a whole number in [0, 2^40], more than any memory holds: loops over it end. */
  int64_t size(int i) noexcept;
  /** Sizes at … at+n-1 into `to`. */
  void read(int at, int n, int64_t* to) noexcept;
  /** Size i as a choice among n: in [0, n). */
  int choice(int i, int n) noexcept;
  /** Float i. */
  double num(int i) noexcept;

  /** Buffer i as n elements of T, or null and a failed launch. n may be 0: then the pointer is not to be used. */
  template <class T>
  __attribute__((always_inline)) T* out(int i, int64_t n) noexcept {
    return static_cast<T*>(writable(i, n, sizeof(T)));
  }
  template <class T>
  __attribute__((always_inline)) const T* in(int i, int64_t n) noexcept {
    return static_cast<const T*>(memory(i, n, sizeof(T)));
  }

  /** Elements spanned by a strided view (0 if it is empty): 1 + sum (shape-1)*stride. */
  static int64_t span(int ndim, const int64_t* shape, const int64_t* strides) noexcept;

 private:
  void* memory(int i, int64_t n, size_t elementBytes) noexcept;
  void* writable(int i, int64_t n, size_t elementBytes) noexcept;
};

using KernelFn = void (*)(Launch&) noexcept;

/** A kernel's name and its versions by dtype; null where it has none. The name is in it, as an address would take more room in the
 *  binary: one to be relocated. */
struct Kernel {
  char name[40];
  KernelFn fn[kDTypes];
};

struct KernelTable {
  const char* isa;
  int count;
  const Kernel* kernels;
};

}  // namespace glorot
