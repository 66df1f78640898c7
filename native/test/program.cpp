// Programs: lists that are none are refused, and those that are run on the memory that they name.
#include "pool.h"
#include "program.h"

#include "harness.h"

using glorot::Buffer;
using glorot::ErrorKind;
using glorot::Program;
using test::Array;

static int codeOf(const char* name) {
  for (int i = 0; i < test::table->count; i++)
    if (std::strcmp(test::table->kernels[i].name, name) == 0) return i * glorot::kDTypes;
  return -1;
}

static Program* parse(const std::vector<double>& list, std::vector<Buffer> buffers, const char** why) {
  return Program::parse(*test::table, list.data(), list.size(), buffers.data(), buffers.size(), why);
}

/** One input and one output of 16 bytes; y = 3 + x by a fill and an addition. */
static std::vector<double> sum(double fill, double add) {
  return {1, 1, 0, 0, 16, 0, 2, 0, 16, fill, 1, 1, 1, 1, 0, 4, 3, add, 3, 4, 0, 0, 0, 1, 0, 2, 0, 1, 4, 1, 1};
}

static void runs() {
  Array<float> x{1, 2, 3, 4}, three(4), y(4);
  const char* why = nullptr;
  Program* p = parse(sum(codeOf("fill"), codeOf("add")), {x, three, y}, &why);
  CHECK(p, "%s", why ? why : "");
  if (!p) return;
  CHECK(p->bufferCount() == 3 && p->inputs().size() == 1 && p->outputs().size() == 1);
  CHECK(p->inputs()[0].data == reinterpret_cast<unsigned char*>(x.data.get()) && p->inputs()[0].bytes == 16);
  CHECK(p->holds(0, x) && !p->holds(0, y) && !p->holds(1, {Buffer(three).data, 15}));
  Program::Failure failure;
  CHECK(p->run(&failure));
  for (int i = 0; i < 4; i++) CHECK(y[i] == 4 + static_cast<float>(i));
  delete p;
}

static void refuses() {
  Array<float> x(4), three(4), y(4);
  const std::vector<double> good = sum(codeOf("fill"), codeOf("add"));
  const char* why = nullptr;
  for (size_t n = 0; n < good.size(); n++) {
    if (n == 9 || n == 17) continue;  // whole launches
    CHECK(!parse({good.begin(), good.begin() + static_cast<long>(n)}, {x, three, y}, &why) && why, "cut at %zu", n);
  }
  for (double wrong : {-1.0, 0.5, 1e300, static_cast<double>(NAN)})
    for (size_t i = 0; i < 15; i++) {
      std::vector<double> list = good;
      list[i] = wrong;
      CHECK(!parse(list, {x, three, y}, &why), "%g at %zu", wrong, i);
    }
  // An addition beyond its buffer is the kernel's own matter: it refuses, and the run names it.
  std::vector<double> list = good;
  list[good.size() - 3] = 5;
  Program* p = parse(list, {x, three, y}, &why);
  CHECK(p);
  Program::Failure failure;
  CHECK(p && !p->run(&failure) && failure.error.kind == ErrorKind::kLaunch && failure.at == 1 && std::strcmp(failure.kernel, "add") == 0);
  delete p;
}

/** y = 2x + x on more elements than a tile has, 2x being a temporary; what a chain writes is within its buffers. */
static void chains() {
  const int n = 40001;
  Array<float> x(n), y(n);
  for (int i = 0; i < n; i++) x[i] = static_cast<float>(i);
  const double add = codeOf("add"), chain = test::table->count * glorot::kDTypes, elements = n;
  const std::vector<double> list = {0, 0, chain, 2, elements, 1, 1, 1, add, 3, 4, 0, 0, 0, 0, 0, 2, 0, 1, elements, 1, 1,
                                    add, 3, 4, 0, 2, 0, 0, 0, 1, 0, 1, elements, 1, 1};
  const char* why = nullptr;
  Program* p = parse(list, {x, y}, &why);
  CHECK(p, "%s", why ? why : "");
  if (!p) return;
  Program::Failure failure;
  for (int threads = 1; threads <= 3; threads++) {
    glorot::setNumThreads(threads);
    for (int i = 0; i < n; i++) y[i] = -1;
    CHECK(p->run(&failure));
    for (int i = 0; i < n; i++) CHECK(y[i] == 3 * static_cast<float>(i), "%d: %g", i, static_cast<double>(y[i]));
  }
  delete p;
  // Its elements may not be more than its buffers hold, or than any holds where all of them are temporaries.
  for (const double more : {elements + 1, 1e12}) {
    std::vector<double> wrong = list;
    wrong[4] = more;
    CHECK(!parse(wrong, {x, y}, &why), "%g", more);
  }
}

/** y = 3 + x of an input that the launches may read elsewhere: once, where none of the program's memory is. */
static void borrows() {
  const int64_t n = 5000;
  const double bytes = 4.0 * static_cast<double>(n), elements = static_cast<double>(n);
  Array<float> x(n), three(n), y(n), given(n + 16);
  for (int64_t i = 0; i < n; i++) x[i] = 1;
  for (int64_t i = 0; i < given.n; i++) given[i] = 2;
  const double fill = codeOf("fill"), add = codeOf("add");
  const auto list = [&](double size, double borrowed) -> std::vector<double> {
    return {1, 0, 0, 0, size, borrowed, fill, 1, 1, 1, 1, 0, elements, 3, add, 3, 4, 0, 0, 0, 1, 0, 2, 0, 1, elements, 1, 1};
  };
  const char* why = nullptr;
  CHECK(!parse(list(bytes, 2), {x, three, y}, &why));
  Program::Failure failure;
  const glorot::Buffer whole = given;
  const size_t skip = (64 - reinterpret_cast<uintptr_t>(whole.data) % 64) % 64;
  const glorot::Buffer aligned{whole.data + skip, whole.bytes - skip};
  for (const double size : {16.0, bytes}) {  // what is small is copied
    Program* refuses = parse(list(size, size == bytes ? 0 : 1), {x, three, y}, &why);
    CHECK(refuses && !refuses->borrow(0, aligned));
    delete refuses;
  }
  Program* p = parse(list(bytes, 1), {x, three, y}, &why);
  CHECK(p);
  CHECK(!p->borrow(0, {aligned.data + 4, aligned.bytes - 4}), "memory that is not aligned");
  CHECK(!p->borrow(0, y) && !p->borrow(0, three) && !p->borrow(0, x), "memory that the program may write to");
  CHECK(p->run(&failure) && y[0] == 4);
  CHECK(p->borrow(0, aligned) && p->run(&failure) && y[0] == 5 && y[n - 1] == 5);
  p->giveBack();
  CHECK(p->run(&failure) && y[0] == 4 && y[n - 1] == 4);
  delete p;

  // A chain may not go on past the input where that is shorter than its buffer.
  const double chain = test::table->count * glorot::kDTypes;
  for (const double shorter : {16384.0, bytes}) {
    const std::vector<double> chained = {1, 0, 0, 0, shorter, 1, chain, 1, elements, 0, 1, add, 3, 4, 0, 0, 0, 0, 0, 1, 0, 1, elements, 1, 1};
    p = parse(chained, {x, y}, &why);
    CHECK((p != nullptr) == (shorter == bytes), "%g", shorter);
    delete p;
  }
}

/** A launch in a program has up to 256 buffers, one in a chain 64. */
static void wideLaunches() {
  Array<float> x(4);
  const double fill = codeOf("fill"), chain = test::table->count * glorot::kDTypes;
  const char* why = nullptr;
  const auto fits = [&](bool chained, size_t buffers) {
    std::vector<double> list{0, 0};
    if (chained) list.insert(list.end(), {chain, 1, 4, 0, 0});
    list.insert(list.end(), {fill, double(buffers), 1, 1});
    list.insert(list.end(), 2 * buffers, 0.0);
    list.insert(list.end(), {4, 7});
    Program* p = parse(list, {x}, &why);
    Program::Failure failure;
    const bool ran = p && p->run(&failure);
    delete p;
    return ran;
  };
  CHECK(fits(false, 256) && x[3] == 7);
  CHECK(!fits(false, 257));
  CHECK(fits(true, 64));
  CHECK(!fits(true, 65));
}

int main() { return test::main_({{"runs", runs}, {"refuses", refuses}, {"chains", chains}, {"borrows", borrows}, {"wide launches", wideLaunches}}); }
