#include "pool.h"

#include <atomic>
#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <new>
#include <thread>
#include <vector>

#if defined(__linux__)
#include <sched.h>
#endif
#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace glorot {
namespace {

constexpr int kMaxThreads = 256;
// A thread that waits for the next loop spins this many pauses (a few microseconds) before it sleeps: waking a sleeper
// costs more than most loops that follow each other within one training step.
constexpr int kSpins = 2000;

inline void pause() noexcept {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

int defaultThreads() noexcept {
  if (const char* s = std::getenv("GLOROT_NUM_THREADS")) {
    const int n = std::atoi(s);
    if (n >= 1) return n < kMaxThreads ? n : kMaxThreads;
  }
#if defined(__linux__)
  cpu_set_t set;
  if (sched_getaffinity(0, sizeof set, &set) == 0) {
    const int n = CPU_COUNT(&set);
    if (n >= 1) return n < kMaxThreads ? n : kMaxThreads;
  }
#endif
  const int n = static_cast<int>(std::thread::hardware_concurrency());
  return n < 1 ? 1 : n < kMaxThreads ? n : kMaxThreads;
}

struct Loop {
  RangeFn fn;
  void* context;
  int64_t n, grain;
};

class Pool {
 public:
  int threads() noexcept { return threads_.load(std::memory_order_relaxed); }
  void setThreads(int n) noexcept {
    threads_.store(n < 1 ? 1 : n > kMaxThreads ? kMaxThreads : n, std::memory_order_relaxed);
  }

  /** False where the pool is in use (by another environment, or by a loop around this one) or cannot start. */
  bool run(const Loop& loop) noexcept {
    const int64_t ranges = (loop.n + loop.grain - 1) / loop.grain;
    int helpers = threads() - 1;
    if (helpers > ranges - 1) helpers = static_cast<int>(ranges - 1);
    if (helpers < 1 || !busy_.try_lock()) return false;
    helpers = start(helpers);
    next_.store(0, std::memory_order_relaxed);
    {
      std::lock_guard<std::mutex> lock(mutex_);
      loop_ = loop;
      invited_ = helpers;
      generation_.fetch_add(1, std::memory_order_release);
    }
    if (sleeping_.load(std::memory_order_acquire) > 0) wake_.notify_all();
    work(loop);
    // Nothing is left to share: a helper that has not come yet (on a busy machine it may take long) is not waited for.
    {
      std::lock_guard<std::mutex> lock(mutex_);
      invited_ = 0;
    }
    for (int spins = 0; working_.load(std::memory_order_acquire) > 0;)
      if (++spins < kSpins) pause();
      else std::this_thread::yield();
    busy_.unlock();
    return true;
  }

 private:
  int start(int wanted) noexcept {
    while (static_cast<int>(started_) < wanted) {
      try {
        std::thread([this, id = started_, seen = generation_.load()] { loop(id, seen); }).detach();
      } catch (...) {
        break;  // no more threads from this system: go on with those there are
      }
      started_++;
    }
    return wanted < started_ ? wanted : started_;
  }

  void work(const Loop& loop) noexcept {
    for (;;) {
      const int64_t begin = next_.fetch_add(loop.grain, std::memory_order_relaxed);
      if (begin >= loop.n) return;
      const int64_t end = loop.n - begin < loop.grain ? loop.n : begin + loop.grain;
      loop.fn(loop.context, begin, end);
    }
  }

  void loop(int id, uint64_t seen) noexcept {
    for (;;) {
      int spins = 0;
      while (generation_.load(std::memory_order_acquire) == seen && ++spins < kSpins) pause();
      if (generation_.load(std::memory_order_acquire) == seen) {
        std::unique_lock<std::mutex> lock(mutex_);
        sleeping_.fetch_add(1, std::memory_order_acq_rel);
        wake_.wait(lock, [&] { return generation_.load(std::memory_order_acquire) != seen; });
        sleeping_.fetch_sub(1, std::memory_order_acq_rel);
      }
      // One loop at a time: its starter takes the invitation back under the lock, then waits for those who took part.
      std::unique_lock<std::mutex> lock(mutex_);
      seen = generation_.load(std::memory_order_acquire);
      if (id >= invited_) continue;
      working_.fetch_add(1, std::memory_order_relaxed);
      const Loop loop = loop_;
      lock.unlock();
      work(loop);
      working_.fetch_sub(1, std::memory_order_acq_rel);
    }
  }

  std::mutex busy_;
  std::atomic<int> threads_{defaultThreads()};
  int started_ = 0;  // guarded by busy_

  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<uint64_t> generation_{0};
  std::atomic<int> sleeping_{0};
  Loop loop_{};
  int invited_ = 0;
  std::atomic<int64_t> next_{0};
  std::atomic<int> working_{0};
};

// Never destroyed: its threads outlive static destruction.
Pool& pool() noexcept {
  alignas(Pool) static unsigned char memory[sizeof(Pool)];
  static Pool* const it = new (memory) Pool;
  return *it;
}

struct Scratch {
  void* memory = nullptr;
  size_t bytes = 0;
  ~Scratch() { release(); }
  void release() noexcept { ::operator delete(memory, std::align_val_t{64}); }
};
thread_local Scratch slots[6];

}  // namespace

void parallelFor(int64_t n, int64_t grain, RangeFn fn, void* context) noexcept {
  if (n <= 0) return;
  if (grain < 1) grain = 1;
  if (n > grain && pool().run({fn, context, n, grain})) return;
  for (int64_t begin = 0; begin < n; begin += grain) fn(context, begin, n - begin < grain ? n : begin + grain);
}

int numThreads() noexcept { return pool().threads(); }
void setNumThreads(int n) noexcept { pool().setThreads(n); }

void* scratch(int slot, size_t bytes) noexcept {
  Scratch& s = slots[slot];
  if (s.bytes < bytes) {
    s.release();
    s.bytes = (bytes + 63) / 64 * 64;
    s.memory = ::operator new(s.bytes, std::align_val_t{64}, std::nothrow);
    if (!s.memory) s.bytes = 0;
  }
  return s.memory;
}

}  // namespace glorot
