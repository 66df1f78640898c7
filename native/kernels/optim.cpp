// Optimizers: whole steps over many parameters (optim/rules.h says which numbers and state each takes, optim/sweep.h how a launch
// lays them out), and gradient clipping (optim/clip.h).
#include "kernels/optim/rules.h"
#include "kernels/kernels.h"
#include "kernels/optim/clip.h"

namespace glorot {
namespace GLOROT_ISA {
namespace {

template <class T> void sgd(Launch& l) noexcept { steps<T, Sgd>(l); }
template <class T> void adam(Launch& l) noexcept { steps<T, Adam>(l); }
template <class T> void nadam(Launch& l) noexcept { steps<T, Nadam>(l); }
template <class T> void radam(Launch& l) noexcept { steps<T, Radam>(l); }
template <class T> void adamax(Launch& l) noexcept { steps<T, Adamax>(l); }
template <class T> void rmsprop(Launch& l) noexcept { steps<T, Rmsprop>(l); }
template <class T> void adagrad(Launch& l) noexcept { steps<T, Adagrad>(l); }
template <class T> void adadelta(Launch& l) noexcept { steps<T, Adadelta>(l); }
template <class T> void asgd(Launch& l) noexcept { steps<T, Asgd>(l); }
template <class T> void rprop(Launch& l) noexcept { steps<T, Rprop>(l); }

}  // namespace

GLOROT_FAMILY(optim, FLOATS(sgd), FLOATS(adam), FLOATS(nadam), FLOATS(radam), FLOATS(adamax), FLOATS(rmsprop), FLOATS(adagrad),
              FLOATS(adadelta), FLOATS(asgd), FLOATS(rprop), FLOATS(norms), FLOATS(totalNorm), FLOATS(scaleAll), FLOATS(clampAll))

}  // namespace GLOROT_ISA
}  // namespace glorot
