// Clocks, memory and threads of the measurements.
#pragma once
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdlib>
#include <ctime>
#include <memory>
#include <thread>
#include <vector>

namespace roofline {

inline double wallTime() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

/** Seconds of this thread's own time, so that other processes count less. */
inline double ownTime() {
#if defined(__linux__)
  timespec t;
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
  return static_cast<double>(t.tv_sec) + 1e-9 * static_cast<double>(t.tv_nsec);
#else
  return wallTime();
#endif
}

/** n floats at a multiple of 64 bytes, in pages of their own. */
struct Floats {
  std::unique_ptr<float, decltype(&std::free)> memory;
  size_t n;
  explicit Floats(size_t size) : memory(static_cast<float*>(std::aligned_alloc(4096, (size * 4 + 4095) / 4096 * 4096)), std::free), n(size) {
    if (!memory) std::abort();
  }
  float* data() const { return memory.get(); }
};

/** Seconds of a turn of f by this thread's clock, in samples of about `sample` seconds: sorted. */
template <class F> std::vector<double> timesOf(const F& f, int samples, double sample) {
  f();
  int repeats = 1;
  for (;;) {
    const double start = ownTime();
    for (int i = 0; i < repeats; i++) f();
    const double spent = ownTime() - start;
    if (spent >= sample / 2 || repeats >= 1 << 28) break;
    repeats = spent <= sample / 64 ? repeats * 8 : static_cast<int>(repeats * std::min(8.0, 1.1 * sample / spent)) + 1;
  }
  std::vector<double> times;
  for (int s = 0; s < samples; s++) {
    const double start = ownTime();
    for (int i = 0; i < repeats; i++) f();
    times.push_back((ownTime() - start) / repeats);
  }
  std::sort(times.begin(), times.end());
  return times;
}

/** Runs f(thread) on n threads that start together; gives the seconds until the last one is through. */
template <class F> double together(int n, const F& f) {
  std::atomic<int> waiting{n};
  std::atomic<bool> go{false};
  std::vector<std::thread> threads;
  for (int t = 0; t < n; t++)
    threads.emplace_back([&, t] {
      waiting--;
      while (!go) {}
      f(t);
    });
  while (waiting > 0) {}
  const double start = wallTime();
  go = true;
  for (std::thread& t : threads) t.join();
  return wallTime() - start;
}

}  // namespace roofline
