// Counts calls of operator new in the whole test binary, for "this does not allocate" tests.
// Linking allocation_counter.cc replaces the global operators.
#pragma once

#include <cstdint>

namespace headrace::testing {

// Calls of operator new so far, by any thread.
uint64_t AllocationCount();
// What they asked for, together.
uint64_t AllocatedBytes();
// From now on calls for more than this throw bad_alloc.
void SetAllocationMax(uint64_t bytes);

}  // namespace headrace::testing
