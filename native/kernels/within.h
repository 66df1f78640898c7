// Functions that are kernels of their own and are also computed within a linear layer: both take their formulas from here.
#pragma once
#include "kernels/pointwise.h"
#include "simd/math.h"

namespace glorot {
namespace GLOROT_ISA {

/** x for positive and nan, else 0; its backward is given the result. */
FORMULA_OF(relu, 0, select(x <= C(0), C(0), x))
SLOPE_OF(relu, 0, select(x <= C(0), C(0), dy))
FORMULA_OF(sigmoid, 0, sigmoid(x))
SLOPE_OF(sigmoid, 0, dy * (C(1) - x) * x)  // y
FORMULA_OF(tanh, 0, tanh(x))
SLOPE_OF(tanh, 0, dy * (C(1) - x * x))  // y

}  // namespace GLOROT_ISA
}  // namespace glorot
