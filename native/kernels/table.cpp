// Joins the families into this ISA's table. Kernel ids are positions in it, the same for every ISA.
#include <initializer_list>

#include "kernels/kernels.h"

// Where a family lives: OWN code of this ISA, or LENT by a narrower one (GLOROT_LENT in CMakeLists.txt).
#define OWN GLOROT_ISA
#ifdef GLOROT_LENDER
#define LENT GLOROT_LENDER
#else
#define LENT GLOROT_ISA
#endif

#define GLOROT_FAMILIES(X) \
  X(activation, OWN)      \
  X(attention, OWN)       \
  X(batchNorm, LENT)      \
  X(choice, LENT)         \
  X(classLoss, LENT)      \
  X(conv, OWN)            \
  X(copy, LENT)           \
  X(create, LENT)         \
  X(crossEntropy, OWN)    \
  X(division, OWN)        \
  X(elementwise, OWN)     \
  X(embedding, LENT)      \
  X(extremum, LENT)       \
  X(gather, LENT)         \
  X(indexing, LENT)       \
  X(gated, OWN)           \
  X(loss, OWN)            \
  X(matmul, OWN)          \
  X(moments, LENT)        \
  X(norm, LENT)           \
  X(optim, LENT)          \
  X(plane, LENT)          \
  X(pooling, LENT)        \
  X(power, OWN)           \
  X(random, OWN)          \
  X(rearrange, LENT)      \
  X(recurrent, OWN)       \
  X(reduce, LENT)         \
  X(rowNorm, OWN)         \
  X(resample, LENT)       \
  X(scan, LENT)           \
  X(softmax, OWN)         \
  X(sort, LENT)           \
  X(unary, OWN)          

namespace glorot {

/** What this ISA has no version of, it takes from that one. */
#ifdef GLOROT_LENDER
#define FALLBACK GLOROT_LENDER
#elif !GLOROT_BASE
#define FALLBACK GLOROT_BASE_ISA
#endif
#ifdef FALLBACK
namespace FALLBACK {
const KernelTable& table() noexcept;
}
#endif

#define DECLARE(family, isa) namespace isa { extern const GLOROT_ISA::OwnFamily family##Family; }
GLOROT_FAMILIES(DECLARE)

namespace GLOROT_ISA {

const KernelTable& table() noexcept;
const KernelTable& table() noexcept {
  constexpr int kMaxKernels = 1024;
  static Kernel kernels[kMaxKernels];
  static KernelTable all = [] {
    KernelTable t{GLOROT_ISA_NAME, 0, kernels};
#define ADDRESS(family, isa) &isa::family##Family,
    for (const OwnFamily* family : {GLOROT_FAMILIES(ADDRESS)})
      for (int i = 0; i < family->count && t.count < kMaxKernels; i++) {
        Kernel& kernel = kernels[t.count];
#ifdef FALLBACK
        kernel = FALLBACK::table().kernels[t.count];
        const KernelFn* own = family->kernels[i].fn;
        for (int d = 0; d < 2; d++)
          if (own[d]) kernel.fn[d] = own[d];
        if (own[0] == own[1]) kernel.fn[2] = kernel.fn[3] = own[0];
#else
        kernel = family->kernels[i];
#endif
        t.count++;
      }
    return t;
  }();
  return all;
}

}  // namespace GLOROT_ISA
}  // namespace glorot
