// Tensors' memory comes from the C library's malloc, through V8. glibc hands what is freed back to the system at once, and a page fault
// per 4 KB when it takes it again costs up to ten times the arithmetic of an operation (relu of 1e6 floats: 1.8 ms with, 0.3 without).
// And the collector frees many megabytes at a time, so that results are seldom in the cache: 4 KB pages then miss in the TLB as well.
#include "memory.h"

#include <cstdlib>
#include <cstring>

// The C library says who it is in its headers.
#if defined(__GLIBC__)
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <atomic>
#include <cstdint>
#endif

namespace glorot {

#if defined(__GLIBC__)
namespace {

constexpr int kBlock = 64 << 20, kKept = 256 << 20, kGrowth = 32 << 20;
constexpr uintptr_t kPage = 2 << 20;  // on x86-64, and on arm64 with its usual small pages

std::atomic<bool> kept{false};  // by each thread that loads the library
std::atomic<uintptr_t> loaded{0};  // where the heap ended when the first of them did
std::atomic<uintptr_t> advised{0};  // where the part of the heap ends that was asked for

void advise(uintptr_t begin, uintptr_t end) {
  // Refused where the kernel was built without: nothing is lost then.
  if (begin < end) madvise(reinterpret_cast<void*>(begin), end - begin, MADV_HUGEPAGE);
}

}  // namespace

void keepMemory() {
  const char* tunables = std::getenv("GLIBC_TUNABLES");
  if ((tunables && std::strstr(tunables, "glibc.malloc.")) || std::getenv("MALLOC_TRIM_THRESHOLD_") || std::getenv("MALLOC_MMAP_THRESHOLD_"))
    return;
  // Both or none: with one set by hand glibc no longer adapts the other. Old versions refuse a block of over 32 MB.
  kept = (mallopt(M_MMAP_THRESHOLD, kBlock) || mallopt(M_MMAP_THRESHOLD, kBlock / 2)) && mallopt(M_TRIM_THRESHOLD, kKept);
  // A page is large only where no part of it was touched before it was asked for: the heap grows by many.
  if (kept) mallopt(M_TOP_PAD, kGrowth);
  uintptr_t none = 0;
  loaded.compare_exchange_strong(none, reinterpret_cast<uintptr_t>(sbrk(0)));
}

void enlargePages(const void* data, size_t bytes) {
  const auto begin = reinterpret_cast<uintptr_t>(data), end = begin + bytes, top = reinterpret_cast<uintptr_t>(sbrk(0));
  if (!kept) return;
  // Blocks of their own, and other threads' heaps, lie above the main heap or, by the system's settings, below it. There only what is
  // surely the caller's is asked for.
  if (begin < loaded || end > top) return advise((begin + kPage - 1) & -kPage, end & -kPage);
  uintptr_t from = advised.load(std::memory_order_relaxed);
  if (end <= from && from <= top) return;
  // The heap has shrunk, or this is the first time.
  if (from > top || from == 0) from = begin & -kPage;
  advise(from, top & -kPage);
  advised.store(top & -kPage, std::memory_order_relaxed);
}
#else
void keepMemory() {}
void enlargePages(const void*, size_t) {}
#endif

}  // namespace glorot
