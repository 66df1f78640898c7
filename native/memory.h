#pragma once
#include <cstddef>

namespace glorot {

/** Lets the process keep the memory of tensors that were collected, for the next ones. Doing it again changes nothing. */
void keepMemory();

/** Asks the system to back this memory by pages of 2 MB, as all else of the C library's main heap. Linux alone, and a wish: it may be off there. */
void enlargePages(const void* data, size_t bytes);

}  // namespace glorot
