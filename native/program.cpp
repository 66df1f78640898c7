#include "program.h"

#include <new>

namespace glorot {
namespace {

/** Reads doubles one after the other; false past the end. */
struct Reader {
  const double* at;
  const double* end;
  /** A whole number in [0, below). */
  bool whole(double below, size_t* to) noexcept {
    if (at == end || !(*at >= 0 && *at < below)) return false;
    *to = static_cast<size_t>(*at);
    return static_cast<double>(*to) == *at++;
  }
};

}  // namespace

Program* Program::parse(const KernelTable& table, const double* numbers, size_t count, const Buffer* buffers, size_t nBuffers,
                        const char** why) {
  Program* p = new (std::nothrow) Program;
  const auto refuse = [&](const char* text) -> Program* {
    *why = text;
    delete p;
    return nullptr;
  };
  if (!p) return refuse("out of memory");
  p->memory_.assign(buffers, buffers + nBuffers);
  Reader r{numbers, numbers + count};
  size_t ends[2];
  if (!r.whole(kMaxBuffers + 1, &ends[0]) || !r.whole(kMaxBuffers + 1, &ends[1])) return refuse("too many inputs or outputs");
  for (size_t i = 0; i < ends[0] + ends[1]; i++) {
    size_t k, offset, bytes;
    if (!r.whole(static_cast<double>(nBuffers), &k)) return refuse("no such buffer");
    if (!r.whole(static_cast<double>(buffers[k].bytes) + 1, &offset) ||
        !r.whole(static_cast<double>(buffers[k].bytes - offset) + 1, &bytes))
      return refuse("an input or output ends past its buffer");
    (i < ends[0] ? p->inputs_ : p->outputs_).push_back({buffers[k].data + offset, bytes});
  }
  while (r.at != r.end) {
    size_t code, n, sizes, floats;
    if (!r.whole(static_cast<double>(table.count) * kDTypes, &code)) return refuse("no such kernel");
    if (!r.whole(kMaxBuffers + 1, &n) || !r.whole(kMaxSizes + 1, &sizes) || !r.whole(kMaxFloats + 1, &floats))
      return refuse("too many buffers or numbers");
    const Kernel& kernel = table.kernels[code / kDTypes];
    const KernelFn fn = kernel.fn[code % kDTypes];
    if (!fn) return refuse("a kernel does not support its dtype");
    p->steps_.push_back({fn, kernel.name, p->operands_.size(), p->numbers_.size(), static_cast<int>(n), static_cast<int>(sizes),
                         static_cast<int>(floats)});
    for (size_t i = 0; i < n; i++) {
      size_t k, offset;
      if (!r.whole(static_cast<double>(nBuffers), &k)) return refuse("no such buffer");
      if (!r.whole(static_cast<double>(buffers[k].bytes) + 1, &offset)) return refuse("a buffer starts past its end");
      p->operands_.push_back({buffers[k].data + offset, buffers[k].bytes - offset});
    }
    if (static_cast<size_t>(r.end - r.at) < sizes + floats) return refuse("the list ends within a launch");
    p->numbers_.insert(p->numbers_.end(), r.at, r.at + sizes + floats);
    r.at += sizes + floats;
  }
  return p;
}

bool Program::run(const char** kernel, LaunchError* error) const noexcept {
  for (const Step& s : steps_) {
    const double* numbers = numbers_.data() + s.numbersAt;
    Launch l{operands_.data() + s.buffersAt, numbers, numbers + s.nSizes, s.nBuffers, s.nSizes, s.nFloats};
    s.fn(l);
    if (l.ok()) continue;
    *kernel = s.name;
    *error = l.error;
    return false;
  }
  return true;
}

}  // namespace glorot
