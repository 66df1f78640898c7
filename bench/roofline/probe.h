// What one ISA can do on this machine at best: loops that do nothing but multiply and add, or nothing but move memory.
#pragma once
#include <cstdint>

namespace roofline {

struct Probe {
  const char* isa;
  /** Does `rounds` rounds of independent multiply-adds in registers; gives how many floating point operations that was. */
  double (*multiplyAdd)(int64_t rounds);
  /** Loops over n floats; n is a multiple of 1024, memory is aligned to 64 bytes. The two with `Past` store past the caches, those with
   *  `Apart` go through four places of the memory at once, as kernels of several operands do. */
  float (*read)(const float* x, int64_t n);
  float (*readApart)(const float* x, int64_t n);
  void (*write)(float* y, int64_t n);
  void (*writePast)(float* y, int64_t n);
  void (*copy)(const float* x, float* y, int64_t n);
  void (*copyPast)(const float* x, float* y, int64_t n);
  void (*copyApart)(const float* x, float* y, int64_t n);
  void (*copyPastApart)(const float* x, float* y, int64_t n);
  /** f of each of n floats, summed and not stored: what the formula alone costs. */
  float (*exp)(const float* x, int64_t n);
  float (*sigmoid)(const float* x, int64_t n);
  float (*tanh)(const float* x, int64_t n);
};

#define PROBE(isa) extern const Probe isa##Probe;
GLOROT_PROBES
#undef PROBE

}  // namespace roofline
