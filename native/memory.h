#pragma once

namespace glorot {

/** Lets the process keep the memory of tensors that were collected, for the next ones. Doing it again changes nothing. */
void keepMemory();

}  // namespace glorot
