// Which instruction sets this build holds, which this machine can run, and the one in use.
#pragma once
#include "launch.h"

namespace glorot {

/** The kernels in use: the best the CPU and its OS allow, or the one GLOROT_ISA names. Null, and a reason, if that one is
 *  unknown or the CPU lacks it: a forced ISA never falls back. Chosen once per process. */
const KernelTable* kernelTable(const char** reason) noexcept;

/** The n-th table of this build that this machine can run, best first; null past the end. */
const KernelTable* availableTable(int n) noexcept;

}  // namespace glorot
