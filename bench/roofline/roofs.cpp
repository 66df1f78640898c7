// The roofs: multiply-adds per second of each ISA, bytes per second of each level of memory. Best of several samples.
#include <cmath>
#include <cstdio>
#include <fstream>
#include <string>

#include "cpu.h"
#include "measure.h"
#include "probe.h"
#include "roofline.h"

namespace roofline {
namespace {

constexpr int kSamples = 9;
constexpr double kSample = 0.01;

const Probe* const probes[] = {
#define PROBE(isa) &isa##Probe,
    GLOROT_PROBES
#undef PROBE
};

const Probe& probeOf(const std::string& isa) {
  for (const Probe* p : probes)
    if (isa == p->isa) return *p;
  std::abort();
}

int hardwareThreads() { return static_cast<int>(std::max(1u, std::thread::hardware_concurrency())); }

void peak(const Probe& probe) {
  constexpr int64_t kRounds = 1000;
  const double flops = probe.multiplyAdd(kRounds);
  const auto once = [&] { probe.multiplyAdd(kRounds); };
  const double seconds = timesOf(once, kSamples, kSample)[0];
  std::printf("{\"kind\":\"peak\",\"isa\":\"%s\",\"threads\":1,\"flops\":%.4g}\n", probe.isa, flops / seconds);
}

void peakOfAll(const Probe& probe) {
  const int threads = hardwareThreads();
  if (threads == 1) return;
  const int64_t rounds = 4000000;
  double best = 0;
  for (int s = 0; s < 5; s++) {
    std::vector<double> flops(static_cast<size_t>(threads));
    const double seconds = together(threads, [&](int t) { flops[static_cast<size_t>(t)] = probe.multiplyAdd(rounds); });
    best = std::max(best, flops[0] * threads / seconds);
  }
  std::printf("{\"kind\":\"peak\",\"isa\":\"%s\",\"threads\":%d,\"flops\":%.4g}\n", probe.isa, threads, best);
}

/** Bytes of the cache of a level that holds data, as Linux tells them; else what is usual. */
size_t cacheBytes(int level, size_t usual) {
  for (int i = 0; i < 8; i++) {
    const std::string folder = "/sys/devices/system/cpu/cpu0/cache/index" + std::to_string(i) + "/";
    std::ifstream levels(folder + "level"), types(folder + "type"), sizes(folder + "size");
    int found = 0;
    std::string type, size;
    if (!(levels >> found) || !(types >> type) || !(sizes >> size) || found != level || type == "Instruction") continue;
    return std::stoul(size) * (size.back() == 'M' ? 1 << 20 : 1 << 10);
  }
  return usual;
}

struct Speeds {
  double read, write, copy;
};

/** Bytes per second in a working set; a copy's count twice, read and written. */
Speeds speeds(const Probe& p, size_t bytes) {
  const size_t n = bytes / 4 / 2048 * 2048, half = n / 2;
  const Floats memory(n);
  std::fill(memory.data(), memory.data() + n, 1.0f);
  float* const x = memory.data();
  const auto best = [&](size_t floats, const auto& f) { return 4.0 * static_cast<double>(floats) / timesOf(f, kSamples, kSample)[0]; };
  const auto N = static_cast<int64_t>(n), H = static_cast<int64_t>(half);
  Speeds s{};
  s.read = std::max(best(n, [&] { p.read(x, N); }), best(n, [&] { p.readApart(x, N); }));
  s.write = std::max(best(n, [&] { p.write(x, N); }), best(n, [&] { p.writePast(x, N); }));
  s.copy = 0;
  for (const auto copy : {p.copy, p.copyPast, p.copyApart, p.copyPastApart}) s.copy = std::max(s.copy, best(n, [&] { copy(x, x + half, H); }));
  return s;
}

/** All threads at once, each in memory of its own. */
Speeds speedsOfAll(const Probe& p, size_t bytes, int threads) {
  const size_t n = bytes / 4 / 2048 * 2048, half = n / 2;
  std::vector<Floats> memory;
  for (int t = 0; t < threads; t++) {
    memory.emplace_back(n);
    std::fill(memory.back().data(), memory.back().data() + n, 1.0f);
  }
  const auto best = [&](const auto& f) {
    double least = INFINITY;
    for (int s = 0; s < 5; s++) least = std::min(least, together(threads, [&](int t) { f(memory[static_cast<size_t>(t)].data()); }));
    return 4.0 * static_cast<double>(n) * threads / least;
  };
  const auto N = static_cast<int64_t>(n), H = static_cast<int64_t>(half);
  return {std::max(best([&](float* x) { p.read(x, N); }), best([&](float* x) { p.readApart(x, N); })), best([&](float* x) { p.writePast(x, N); }),
          std::max(best([&](float* x) { p.copyPast(x, x + half, H); }), best([&](float* x) { p.copyPastApart(x, x + half, H); }))};
}

void print(const char* level, size_t cache, size_t bytes, int threads, const Speeds& s) {
  std::printf("{\"kind\":\"memory\",\"level\":\"%s\",\"cache\":%zu,\"bytes\":%zu,\"threads\":%d,\"read\":%.4g,\"write\":%.4g,\"copy\":%.4g}\n", level,
              cache, bytes, threads, s.read, s.write, s.copy);
  std::fflush(stdout);
}

void formula(const char* name, float (*f)(const float*, int64_t)) {
  constexpr int64_t n = 1024;
  const Floats x(n);
  for (int64_t i = 0; i < n; i++) x.data()[i] = static_cast<float>(i % 97) / 16.0f - 3.0f;
  const double seconds = timesOf([&] { f(x.data(), n); }, kSamples, kSample)[0];
  std::printf("{\"kind\":\"formula\",\"name\":\"%s\",\"seconds\":%.4g}\n", name, seconds / n);
}

}  // namespace

void measureRoofs() {
  for (int i = 0; const glorot::KernelTable* table = glorot::availableTable(i); i++) peak(probeOf(table->isa));
  const Probe& best = probeOf(glorot::availableTable(0)->isa);
  peakOfAll(best);

  const size_t L1 = cacheBytes(1, 32 << 10), L2 = cacheBytes(2, 1 << 20), L3 = cacheBytes(3, 0);
  print("L1", L1, L1 / 2, 1, speeds(best, L1 / 2));
  print("L2", L2, L2 / 2, 1, speeds(best, L2 / 2));
  if (L3 > 0) print("L3", L3, L3 / 4, 1, speeds(best, L3 / 4));
  // Four times the last cache leaves nothing of it; 256 MB are enough for any.
  const size_t beyond = std::min(size_t{256} << 20, 4 * std::max(L3, L2));
  print("DRAM", 0, beyond, 1, speeds(best, beyond));
  const int threads = hardwareThreads();
  if (threads > 1) print("DRAM", 0, beyond, threads, speedsOfAll(best, beyond, threads));

  formula("exp", best.exp), formula("sigmoid", best.sigmoid), formula("tanh", best.tanh);
}

}  // namespace roofline
