// The thread pool: every range once, whatever the thread count; nested and concurrent loops; sleeping helpers wake.
#include <atomic>
#include <chrono>
#include <thread>

#include "harness.h"

static void covers() {
  for (int threads : {1, 2, 3, 8}) {
    glorot::setNumThreads(threads);
    for (int64_t n : {int64_t{0}, int64_t{1}, int64_t{7}, int64_t{1000}, int64_t{1001}}) {
      for (int64_t grain : {int64_t{1}, int64_t{10}, int64_t{2000}}) {
        std::vector<std::atomic<int>> seen(static_cast<size_t>(n));
        glorot::parallel(n, grain, [&](int64_t begin, int64_t end) {
          for (int64_t i = begin; i < end; i++) seen[static_cast<size_t>(i)]++;
        });
        for (auto& s : seen) CHECK(s == 1);
      }
    }
  }
  glorot::setNumThreads(2);
}

static void nested() {
  std::atomic<int64_t> sum{0};
  glorot::parallel(100, 1, [&](int64_t b, int64_t e) {
    for (int64_t i = b; i < e; i++)
      glorot::parallel(100, 10, [&](int64_t begin, int64_t end) { sum += end - begin; });
  });
  CHECK(sum == 10000);
}

static void concurrent() {
  std::atomic<int64_t> sum{0};
  std::vector<std::thread> users;
  for (int u = 0; u < 4; u++)
    users.emplace_back([&] {
      for (int k = 0; k < 500; k++) glorot::parallel(64, 4, [&](int64_t begin, int64_t end) { sum += end - begin; });
    });
  for (auto& u : users) u.join();
  CHECK(sum == 4 * 500 * 64);
}

static void sleepers() {
  glorot::setNumThreads(4);
  for (int k = 0; k < 5; k++) {
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
    std::atomic<int64_t> sum{0};
    glorot::parallel(1000, 10, [&](int64_t begin, int64_t end) { sum += end - begin; });
    CHECK(sum == 1000);
  }
  glorot::setNumThreads(2);
}

int main() { return test::main_({{"covers", covers}, {"nested", nested}, {"concurrent", concurrent}, {"sleepers", sleepers}}); }
