// The two halves of the program. Each prints a line of JSON per measurement; bench/roofline/output.ts says what they hold.
#pragma once

namespace roofline {

void measureRoofs();
void measureKernels();

}  // namespace roofline
