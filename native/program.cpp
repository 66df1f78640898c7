#include "program.h"

#include <atomic>
#include <functional>
#include <new>

#include "pool.h"

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

/** Elements of a tile: a few tiles of 16 kB fit into the first-level cache of most CPUs, and a launch takes longer to compute one
 *  than to start. A multiple of every vector's lanes, so that only the last tile has a tail, as without tiles. */
constexpr int64_t kTile = 4096;
constexpr size_t kTileBytes = kTile * sizeof(float);
constexpr size_t kMaxChain = 256;
constexpr size_t kBorrowed = 1 << 14;  // bytes of an input that take longer to copy than to compare with all memory of a program

bool contains(const Buffer& b, const unsigned char* p) noexcept { return std::less_equal<>{}(b.data, p) && std::less<>{}(p, b.data + b.bytes); }

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
  std::vector<size_t> borrowable;
  if (!r.whole(kMaxBuffers + 1, &ends[0]) || !r.whole(kMaxBuffers + 1, &ends[1])) return refuse("too many inputs or outputs");
  for (size_t i = 0; i < ends[0] + ends[1]; i++) {
    size_t k, offset, bytes;
    if (!r.whole(static_cast<double>(nBuffers), &k)) return refuse("no such buffer");
    if (!r.whole(static_cast<double>(buffers[k].bytes) + 1, &offset) ||
        !r.whole(static_cast<double>(buffers[k].bytes - offset) + 1, &bytes))
      return refuse("an input or output ends past its buffer");
    (i < ends[0] ? p->inputs_ : p->outputs_).push_back({buffers[k].data + offset, bytes});
    size_t borrowed = 0;
    if (i < ends[0] && !r.whole(2, &borrowed)) return refuse("an input is borrowed or not");
    if (borrowed && bytes >= kBorrowed) borrowable.push_back(i);
  }
  const size_t codes = static_cast<size_t>(table.count) * kDTypes;
  size_t longest = 0, inChain = 0;  // launches that the open chain still lacks
  for (size_t i = 0; i < nBuffers; i++) longest = buffers[i].bytes > longest ? buffers[i].bytes : longest;
  std::vector<size_t> elementsAt;
  while (r.at != r.end) {
    size_t code, n, sizes, floats;
    if (!r.whole(static_cast<double>(codes) + 1, &code)) return refuse("no such kernel");
    if (code == codes) {
      Chain c{p->steps_.size(), 0, 0, 0};
      size_t elements;
      if (inChain > 0 || !r.whole(kMaxChain + 1, &c.count) || c.count == 0 ||
          !r.whole(static_cast<double>(longest / sizeof(float)) + 1, &elements) || !r.whole(kMaxChain, &c.temporaries))
        return refuse("no such chain");
      c.elements = static_cast<int64_t>(elements);
      elementsAt.assign(c.count, 0);
      for (size_t& at : elementsAt)
        if (!r.whole(kMaxSizes, &at)) return refuse("no such size");
      inChain = c.count;
      p->chains_.push_back(c);
      continue;
    }
    if (!r.whole((inChain > 0 ? kMaxBuffers : kMaxMerged) + 1, &n) || !r.whole(kMaxSizes + 1, &sizes) || !r.whole(kMaxFloats + 1, &floats))
      return refuse("too many buffers or numbers");
    const Kernel& kernel = table.kernels[code / kDTypes];
    const KernelFn fn = kernel.fn[code % kDTypes];
    if (!fn) return refuse("a kernel does not support its dtype");
    Step step{fn, kernel.name, p->operands_.size(), p->numbers_.size(), static_cast<int>(n), static_cast<int>(sizes),
              static_cast<int>(floats)};
    const Chain* chain = inChain > 0 ? &p->chains_.back() : nullptr;
    const size_t chainBytes = chain ? static_cast<size_t>(chain->elements) * sizeof(float) : 0;
    for (size_t i = 0; i < n; i++) {
      size_t k, offset;
      if (!r.whole(static_cast<double>(nBuffers + (chain ? chain->temporaries : 0)), &k)) return refuse("no such buffer");
      if (k >= nBuffers) {
        if (!r.whole(1, &offset)) return refuse("a temporary has no offset");
        p->operands_.push_back({nullptr, k - nBuffers});
        continue;
      }
      if (!r.whole(static_cast<double>(buffers[k].bytes) + 1, &offset)) return refuse("a buffer starts past its end");
      const size_t bytes = buffers[k].bytes - offset;
      if (bytes < chainBytes) return refuse("a buffer is too short for its chain");
      p->operands_.push_back({buffers[k].data + offset, bytes});
      const Buffer& operand = p->operands_.back();
      for (const size_t input : borrowable) {
        const Buffer& own = p->inputs_[input];
        if (!contains(own, operand.data)) continue;
        if (own.bytes - static_cast<size_t>(operand.data - own.data) < chainBytes) return refuse("an input is too short for its chain");
        p->uses_.push_back({p->operands_.size() - 1, input, operand});
      }
    }
    if (static_cast<size_t>(r.end - r.at) < sizes + floats) return refuse("the list ends within a launch");
    if (chain) {
      step.elementsAt = static_cast<int>(elementsAt[elementsAt.size() - inChain--]);
      if (sizes > kMaxDims || step.elementsAt >= step.nSizes) return refuse("no such size");
    }
    p->steps_.push_back(step);
    p->numbers_.insert(p->numbers_.end(), r.at, r.at + sizes + floats);
    r.at += sizes + floats;
  }
  return inChain > 0 ? refuse("the list ends within a chain") : p;
}

bool Program::borrow(size_t i, const Buffer& from) noexcept {
  const Buffer own = inputs_[i], lent{from.data, own.bytes};
  if (reinterpret_cast<uintptr_t>(from.data) % 64 != 0) return false;
  bool used = false;
  for (const Use& u : uses_) used |= u.input == i;
  if (!used) return false;
  for (const Buffer& b : memory_)
    if (contains(b, lent.data) || contains(lent, b.data)) return false;
  for (const Use& u : uses_) {
    const size_t at = static_cast<size_t>(u.own.data - own.data);
    if (u.input == i) operands_[u.operand] = {lent.data + at, lent.bytes - at};
  }
  return borrows_ = true;
}

void Program::giveBack() noexcept {
  if (borrows_)
    for (const Use& u : uses_) operands_[u.operand] = u.own;
  borrows_ = false;
}

bool Program::runStep(size_t i, Failure* failure) const noexcept {
  const Step& s = steps_[i];
  const double* numbers = numbers_.data() + s.numbersAt;
  Launch l{operands_.data() + s.buffersAt, numbers, numbers + s.nSizes, s.nBuffers, s.nSizes, s.nFloats};
  s.fn(l);
  if (l.ok()) return true;
  *failure = {s.name, l.error, i};
  return false;
}

bool Program::runChain(const Chain& c, Failure* failure) const noexcept {
  std::atomic<bool> failed{false};
  const auto fail = [&](const Failure& f) {
    if (!failed.exchange(true)) *failure = f;
  };
  // Four tiles are the grain that elementwise kernels have by themselves.
  parallel((c.elements + kTile - 1) / kTile, 4, [&](int64_t begin, int64_t end) {
    unsigned char* own = c.temporaries ? static_cast<unsigned char*>(scratch(4, c.temporaries * kTileBytes)) : nullptr;
    if (c.temporaries && !own) return fail({"replay", {ErrorKind::kLaunch, "out of memory"}, c.first});
    for (int64_t tile = begin; tile < end; tile++) {
      const int64_t at = tile * kTile, n = c.elements - at < kTile ? c.elements - at : kTile;
      for (size_t i = c.first; i < c.first + c.count; i++) {
        const Step& s = steps_[i];
        const double* numbers = numbers_.data() + s.numbersAt;
        double sizes[kMaxDims];
        for (int k = 0; k < s.nSizes; k++) sizes[k] = numbers[k];
        sizes[s.elementsAt] = static_cast<double>(n);
        Buffer buffers[kMaxBuffers];
        for (int k = 0; k < s.nBuffers; k++) {
          const Buffer& b = operands_[s.buffersAt + static_cast<size_t>(k)];
          const size_t offset = static_cast<size_t>(at) * sizeof(float);
          buffers[k] = b.data ? Buffer{b.data + offset, b.bytes - offset} : Buffer{own + b.bytes * kTileBytes, kTileBytes};
        }
        Launch l{buffers, sizes, numbers + s.nSizes, s.nBuffers, s.nSizes, s.nFloats};
        s.fn(l);
        if (!l.ok()) return fail({s.name, l.error, i});
      }
    }
  });
  return !failed.load();
}

bool Program::run(Failure* failure) const noexcept {
  const Chain* chain = chains_.data();
  const Chain* const end = chain + chains_.size();
  for (size_t i = 0; i < steps_.size(); i++) {
    if (chain != end && chain->first == i) {
      if (!runChain(*chain, failure)) return false;
      i += chain->count - 1;
      chain++;
    } else if (!runStep(i, failure)) return false;
  }
  return true;
}

}  // namespace glorot
