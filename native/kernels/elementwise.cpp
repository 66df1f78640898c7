// Two operands with broadcasting: arithmetic, the larger and the smaller, comparisons, logic. Launches: see binary in
// simd/operands.h; `out` has the operands' dtype, of comparisons and logic it is bool.
#include "kernels/kernels.h"
#include "simd/operands.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

// int32 wraps around; C++ leaves the overflow of a signed number undefined. bool adds as or and multiplies as and.
template <class T> T sumOf(T a, T b) { return a + b; }
template <class T> T differenceOf(T a, T b) { return a - b; }
template <class T> T productOf(T a, T b) { return a * b; }
inline int32_t sumOf(int32_t a, int32_t b) { return (int32_t)((uint32_t)a + (uint32_t)b); }
inline int32_t differenceOf(int32_t a, int32_t b) { return (int32_t)((uint32_t)a - (uint32_t)b); }
inline int32_t productOf(int32_t a, int32_t b) { return (int32_t)((uint32_t)a * (uint32_t)b); }
inline VecI sumOf(VecI a, VecI b) { return (VecI)((VecU)a + (VecU)b); }
inline VecI differenceOf(VecI a, VecI b) { return (VecI)((VecU)a - (VecU)b); }
inline VecI productOf(VecI a, VecI b) { return (VecI)((VecU)a * (VecU)b); }
inline uint8_t sumOf(uint8_t a, uint8_t b) { return a | b; }
inline uint8_t productOf(uint8_t a, uint8_t b) { return a & b; }
inline Bytes16 sumOf(Bytes16 a, Bytes16 b) { return a | b; }
inline Bytes16 productOf(Bytes16 a, Bytes16 b) { return a & b; }

#define BINARY(name, expression)                                                           \
  struct name##F {                                                                         \
    using Common = void;                                                                   \
    using Whole = void;                                                                    \
    template <class T> T operator()(T a, T b) const { return (T)(expression); }            \
  };                                                                                       \
  template <class T> void name(Launch& l) noexcept { binary<T, T>(l, name##F{}); }

#define TRUTH(name, expression)                                                            \
  struct name##F {                                                                         \
    using Whole = void;                                                                    \
    template <class T> auto operator()(T a, T b) const { return expression; }              \
  };                                                                                       \
  template <class T> void name(Launch& l) noexcept { binary<T, uint8_t>(l, name##F{}); }

BINARY(add, sumOf(a, b))
BINARY(sub, differenceOf(a, b))
BINARY(mul, productOf(a, b))
BINARY(div, a / b)
// nan wins over any number, as in PyTorch.
BINARY(maximum, (a != a) | (a > b) ? a : b)
BINARY(minimum, (a != a) | (a < b) ? a : b)
TRUTH(eq, a == b)
TRUTH(ne, a != b)
TRUTH(lt, a < b)
TRUTH(le, a <= b)
TRUTH(gt, a > b)
TRUTH(ge, a >= b)
TRUTH(logicalAnd, (a != T{}) & (b != T{}))
TRUTH(logicalOr, (a != T{}) | (b != T{}))
TRUTH(logicalXor, (a != T{}) ^ (b != T{}))

/** The gradient of x among x and y, at ties half: dx = g where x won, g/2 where x = y; nan counts as won by both.
 *  Three operands x, y, g with broadcasting: see broadcast. */
struct MaximumBackwardF {
  template <class T> T operator()(T x, T y, T g) const {
    return x < y ? like(g, 0) : x == y ? g * like(g, 0.5) : g;
  }
};
struct MinimumBackwardF {
  template <class T> T operator()(T x, T y, T g) const { return MaximumBackwardF{}(y, x, g); }
};
template <class T> void maximumBackward(Launch& l) noexcept { broadcast<3, T, T>(l, 0, MaximumBackwardF{}); }
template <class T> void minimumBackward(Launch& l) noexcept { broadcast<3, T, T>(l, 0, MinimumBackwardF{}); }

}  // namespace

GLOROT_FAMILY(elementwise, ANY(add), NUMBERS(sub), ANY(mul), FLOATS(div), ANY(maximum), ANY(minimum), ANY(eq), ANY(ne),
              ANY(lt), ANY(le), ANY(gt), ANY(ge), ANY(logicalAnd), ANY(logicalOr), ANY(logicalXor),
              FLOATS(maximumBackward), FLOATS(minimumBackward))

}  // namespace GLOROT_ISA
}  // namespace glorot
