// A program: launches in the order they were recorded, run by one call. It points into buffers that it does not own; whoever
// runs it shows them first, so that one which has moved or vanished is refused instead of written to.
#pragma once
#include <vector>

#include "launch.h"

namespace glorot {

class Program {
 public:
  /** Reads a program from `numbers`: how many inputs and outputs there are, the (buffer, byte offset, bytes) of each and, of an
   *  input, 1 if launches may read it where its caller has it, for whom none writes to it and nobody looks for it here after a
   *  run; then the launches: of each its code, how many buffers, sizes and floats, the (buffer, byte offset) of each buffer, the sizes, the floats.
   *  In place of a code, the one past all codes starts a chain: how many of the next launches, elements, temporaries; of each launch
   *  which of its sizes is the elements. Their buffers are of 4-byte elements; buffer numbers past the last are the temporaries.
   *  Null, with `why`, where that is no program of this table on these buffers. */
  static Program* parse(const KernelTable& table, const double* numbers, size_t count, const Buffer* buffers, size_t nBuffers,
                        const char** why);

  size_t bufferCount() const noexcept { return memory_.size(); }
  /** Whether buffer i still is where it was. */
  bool holds(size_t i, const Buffer& b) const noexcept { return memory_[i].data == b.data && memory_[i].bytes == b.bytes; }

  /** Where what a caller passes goes before a run, and where its results are after it. */
  const std::vector<Buffer>& inputs() const noexcept { return inputs_; }
  const std::vector<Buffer>& outputs() const noexcept { return outputs_; }

  /** Lets the next run read input i where the caller has it, aligned as tensors are; false where it is to be copied in: it is
   *  small, is needed here, no launch reads it, or that memory is the program's as well. */
  bool borrow(size_t i, const Buffer& from) noexcept;
  /** Ends that: runs read what was copied in. */
  void giveBack() noexcept;

  /** The launch that refused: its kernel, what it said, and its place among all launches. */
  struct Failure {
    const char* kernel = nullptr;
    LaunchError error;
    size_t at = 0;
  };

  /** Runs the launches; the first that refuses ends the run. */
  bool run(Failure* failure) const noexcept;

  /** A run is under way on another thread. */
  bool busy = false;

 private:
  struct Step {
    KernelFn fn;
    const char* name;
    size_t buffersAt, numbersAt;
    int nBuffers, nSizes, nFloats;
    int elementsAt = 0;  // in a chain: which of the sizes
  };
  /** Elementwise launches run tile by tile, so that what one passes to the next stays in the cache. Temporaries have no other place. */
  struct Chain {
    size_t first, count;
    int64_t elements;
    size_t temporaries;
  };
  /** An operand that lies in an input. */
  struct Use {
    size_t operand, input;
    Buffer own;
  };
  bool runStep(size_t i, Failure* failure) const noexcept;
  bool runChain(const Chain& c, Failure* failure) const noexcept;
  std::vector<Buffer> memory_, operands_, inputs_, outputs_;
  std::vector<Use> uses_;  // of inputs that may be borrowed
  bool borrows_ = false;
  std::vector<double> numbers_;
  std::vector<Step> steps_;
  std::vector<Chain> chains_;  // in the order of their first steps
};

}  // namespace glorot
