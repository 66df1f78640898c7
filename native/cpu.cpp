#include "cpu.h"

#include <cstdlib>
#include <cstring>

namespace glorot {

#define GLOROT_DECLARE(isa) \
  namespace isa { const KernelTable& table() noexcept; }
#if GLOROT_HAS_v2
GLOROT_DECLARE(v2)
GLOROT_DECLARE(v3)
GLOROT_DECLARE(v4)
#endif
#if GLOROT_HAS_neon
GLOROT_DECLARE(neon)
#endif

namespace {

struct Isa {
  const char* name;
  bool (*supported)() noexcept;
  const KernelTable& (*table)() noexcept;
};

#if GLOROT_HAS_v2
// The compiler's runtime behind __builtin_cpu_supports also asks the OS (xgetbv) whether it saves these registers.
bool hasV4() noexcept {
  return __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
}
bool hasV3() noexcept {
  return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi2");
}
bool hasV2() noexcept { return __builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt"); }
#endif

#if GLOROT_HAS_v2
const Isa isas[] = {{"v4", hasV4, v4::table}, {"v3", hasV3, v3::table}, {"v2", hasV2, v2::table}};
#else
bool always() noexcept { return true; }
const Isa isas[] = {{"neon", always, neon::table}};
#endif

struct Choice {
  const KernelTable* table;
  const char* reason;
};

Choice choose() noexcept {
  const char* forced = std::getenv("GLOROT_ISA");
  if (forced && !*forced) forced = nullptr;
  for (const Isa& isa : isas) {
    if (forced && std::strcmp(forced, isa.name) != 0) continue;
    if (isa.supported()) return {&isa.table(), nullptr};
    if (forced) return {nullptr, "GLOROT_ISA names an instruction set that this CPU or its operating system lacks"};
  }
  if (forced) return {nullptr, "GLOROT_ISA names an instruction set that this build does not have"};
  return {nullptr, "this CPU is older than x86-64-v2 (SSE4.2), the least that glorot runs on"};
}

}  // namespace

const KernelTable* kernelTable(const char** reason) noexcept {
  static const Choice choice = choose();
  *reason = choice.reason;
  return choice.table;
}

const KernelTable* availableTable(int n) noexcept {
  for (const Isa& isa : isas)
    if (isa.supported() && n-- == 0) return &isa.table();
  return nullptr;
}

}  // namespace glorot
