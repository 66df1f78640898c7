// One process-wide pool of threads, and scratch memory per thread. Shared by all Node environments (worker_threads) of the
// process; when one of them is using the pool, another runs its loop alone instead of waiting.
#pragma once
#include <cstddef>
#include <cstdint>

namespace glorot {

using RangeFn = void (*)(void* context, int64_t begin, int64_t end);

/** Calls fn on consecutive ranges that cover [0, n): one call on this thread where n <= grain, else ranges of `grain`
 *  shared among the threads. Results must not depend on who runs a range: ranges are cut by size alone. */
void parallelFor(int64_t n, int64_t grain, RangeFn fn, void* context) noexcept;

/** The same over a callable: parallel(n, grain, [&](int64_t begin, int64_t end) { … }). */
template <class F>
void parallel(int64_t n, int64_t grain, const F& f) noexcept {
  if (n <= grain) {
    if (n > 0) f(int64_t{0}, n);
    return;
  }
  parallelFor(n, grain, [](void* context, int64_t begin, int64_t end) { (*static_cast<const F*>(context))(begin, end); },
              const_cast<F*>(&f));
}

/** Threads that take part, the caller included. Default: the CPUs this process may use, or GLOROT_NUM_THREADS. */
int numThreads() noexcept;
void setNumThreads(int n) noexcept;

/** 64-byte aligned memory that lives as long as the thread; grows, never shrinks. Slots keep nested uses apart: 0 to 3 are the
 *  kernels'; 4 holds what a program's chain passes from one launch to the next, or a convolution's weights: no chain has one; 5 is
 *  the convolutions'.
 *  Null if the system has no memory left. */
void* scratch(int slot, size_t bytes) noexcept;

}  // namespace glorot
