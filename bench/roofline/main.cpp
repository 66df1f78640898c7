// What kernels achieve beside what the machine can do: bench_roofline [roofs|kernels]. Reports a JSON object a line.
#include <cstdio>
#include <cstring>

#include "cpu.h"
#include "roofline.h"

int main(int argc, char** argv) {
  const char* only = argc > 1 ? argv[1] : "";
  std::printf("{\"kind\":\"isa\",\"isa\":\"%s\"}\n", glorot::availableTable(0)->isa);
  if (std::strcmp(only, "kernels") != 0) roofline::measureRoofs();
  if (std::strcmp(only, "roofs") != 0) roofline::measureKernels();
}
