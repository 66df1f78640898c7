// Tensors' memory comes from the C library's malloc, through V8. glibc hands what is freed back to the system at once, and a page fault
// per 4 KB when it takes it again costs up to ten times the arithmetic of an operation (relu of 1e6 floats: 1.8 ms with, 0.3 without).
#include "memory.h"

#include <cstdlib>
#include <cstring>

// The C library says who it is in its headers.
#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace glorot {

void keepMemory() {
#if defined(__GLIBC__)
  constexpr int kBlock = 64 << 20, kKept = 256 << 20;
  const char* tunables = std::getenv("GLIBC_TUNABLES");
  if ((tunables && std::strstr(tunables, "glibc.malloc.")) || std::getenv("MALLOC_TRIM_THRESHOLD_") || std::getenv("MALLOC_MMAP_THRESHOLD_"))
    return;
  // Both or none: with one set by hand glibc no longer adapts the other. Old versions refuse a block of over 32 MB.
  if (mallopt(M_MMAP_THRESHOLD, kBlock) || mallopt(M_MMAP_THRESHOLD, kBlock / 2)) mallopt(M_TRIM_THRESHOLD, kKept);
#endif
}

}  // namespace glorot
