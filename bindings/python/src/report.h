// Structs of the C API as dictionaries of Python's.
#pragma once

#include <headrace.h>
#include <nanobind/nanobind.h>

#include "bindings/python/src/errors.h"

namespace headrace::python {

// Every field of the struct but struct_size and reserved, by its name; an array with its count is a
// list, or None. With the GIL.
nanobind::dict ToDict(const hr_length& length);
nanobind::dict ToDict(const hr_memory& memory);
nanobind::dict ToDict(const hr_stats& stats);
nanobind::dict ToDict(const hr_ace_report& report);
nanobind::dict ToDict(const hr_rmix_report& report);
nanobind::dict ToDict(const hr_trial& trial);
nanobind::dict ToDict(const hr_search_result& result);
nanobind::dict ToDict(const hr_search_counts& counts);
nanobind::dict ToDict(const hr_policy& policy);

// The dictionary of what function(arguments..., &out, &error) fills in. Raises for a status that is
// not HR_OK.
template <class Struct, class Function, class... Arguments>
nanobind::dict DictOf(Function function, Arguments... arguments) {
  HR_INIT(Struct, out);
  HR_INIT(hr_error, error);
  Check(function(arguments..., &out, &error), error);
  return ToDict(out);
}

}  // namespace headrace::python
