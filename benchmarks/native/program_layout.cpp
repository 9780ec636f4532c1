// Compiled into each program anew, with its own number.
#include "native/program_layout.hpp"

const unsigned limiterbench::bench::program_layout = LIMITERBENCH_PROGRAM_LAYOUT;
