// What a family file lists its kernels with. A kernel is a function `template <class T> void name(Launch&) noexcept` in the
// family's unnamed namespace; its line in the family's list at the foot of the file is all that makes it known.
#pragma once
#include "launch.h"
#include "simd/vec.h"

namespace glorot {

/** Kernels of one family in the least ISA, by name. */
struct Family {
  const Kernel* kernels;
  int count;
};

/** float32 and float64 of a kernel in another ISA, null where it is taken from the least one, as names and other dtypes are. */
struct Variant {
  KernelFn fn[2];
};
struct Variants {
  const Variant* kernels;
  int count;
};

namespace GLOROT_ISA {

// float32 is compiled for every ISA. The other dtypes serve gradient checks and indices: they are compiled for the least ISA
// alone, and table.cpp lets the others use that code. It halves the binary.
#if GLOROT_BASE
using OwnKernel = Kernel;
using OwnFamily = Family;
#define FLOATS(name) {#name, {name<float>, name<double>, nullptr, nullptr}}
#define NUMBERS(name) {#name, {name<float>, name<double>, name<int32_t>, nullptr}}
#define ANY(name) {#name, {name<float>, name<double>, name<int32_t>, name<uint8_t>}}
#define ONE(name) {#name, {name, name, name, name}}
#define FLOATS_PER_ISA(name) FLOATS(name)
#else
using OwnKernel = Variant;
using OwnFamily = Variants;
#define FLOATS(name) {{name<float>, nullptr}}
#define NUMBERS(name) FLOATS(name)
#define ANY(name) FLOATS(name)
/** One function for every dtype: it does not compute on elements of the launch's dtype. */
#define ONE(name) {{name, name}}
/** float32 and float64 for every ISA, for what float64 users wait for; an ISA that borrows takes the lender's float64. */
#ifdef GLOROT_LENDER
#define FLOATS_PER_ISA(name) FLOATS(name)
#else
#define FLOATS_PER_ISA(name) {{name<float>, name<double>}}
#endif
#endif

#define GLOROT_FAMILY(family, ...)                                                           \
  static const OwnKernel family##Kernels[] = {__VA_ARGS__};                                  \
  extern const OwnFamily family##Family;                                                     \
  const OwnFamily family##Family = {family##Kernels, sizeof family##Kernels / sizeof(OwnKernel)};

}  // namespace GLOROT_ISA
}  // namespace glorot
