// Joins the families into this ISA's table. Kernel ids are positions in it, the same for every ISA.
#include "kernels/kernels.h"

#define GLOROT_FAMILIES(X) \
  X(activation)            \
  X(choice)                \
  X(classLoss)             \
  X(copy)                  \
  X(create)                \
  X(crossEntropy)          \
  X(division)              \
  X(elementwise)           \
  X(extremum)              \
  X(gather)                \
  X(indexing)              \
  X(gated)                 \
  X(loss)                  \
  X(matmul)                \
  X(moments)               \
  X(norm)                  \
  X(optim)                 \
  X(plane)                 \
  X(power)                 \
  X(random)                \
  X(rearrange)             \
  X(reduce)                \
  X(scan)                  \
  X(softmax)               \
  X(sort)                  \
  X(unary)

namespace glorot {

#if !GLOROT_BASE
namespace GLOROT_BASE_ISA {
const KernelTable& table() noexcept;
}
#endif

namespace GLOROT_ISA {

#define DECLARE(family) extern const Family family##Family;
GLOROT_FAMILIES(DECLARE)

const KernelTable& table() noexcept;
const KernelTable& table() noexcept {
  constexpr int kMaxKernels = 1024;
  static Kernel kernels[kMaxKernels];
  static KernelTable all = [] {
    KernelTable t{GLOROT_ISA_NAME, 0, kernels};
#define APPEND(family) \
  for (int i = 0; i < family##Family.count && t.count < kMaxKernels; i++) kernels[t.count++] = family##Family.kernels[i];
    GLOROT_FAMILIES(APPEND)
#if !GLOROT_BASE
    const KernelTable& base = GLOROT_BASE_ISA::table();
    for (int i = 0; i < t.count; i++)
      for (int d = 0; d < kDTypes; d++)
        if (!kernels[i].fn[d]) kernels[i].fn[d] = base.kernels[i].fn[d];
#endif
    return t;
  }();
  return all;
}

}  // namespace GLOROT_ISA
}  // namespace glorot
