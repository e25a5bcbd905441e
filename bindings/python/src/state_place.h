// Where a saved state says that a run stands.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace headrace::python {

// Of `epoch`, all positions below `position` are done.
struct Place {
  uint32_t epoch = 0;
  uint64_t position = 0;
};

// `state`: what hr_loader_state_save gave, or hr_loader_state_load took.
Place PlaceOf(std::span<const char> state);
// The same state with another place, valid as the one before.
void PutPlace(std::span<char> state, const Place& place);

}  // namespace headrace::python
