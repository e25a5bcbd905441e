// Structs of the C API as dictionaries of Python's.
#pragma once

#include <headrace.h>
#include <nanobind/nanobind.h>

namespace headrace::python {

// Every field of the struct but struct_size and reserved, by its name. With the GIL.
nanobind::dict ToDict(const hr_length& length);
nanobind::dict ToDict(const hr_memory& memory);
nanobind::dict ToDict(const hr_stats& stats);
nanobind::dict ToDict(const hr_ace_report& report);
nanobind::dict ToDict(const hr_rmix_report& report);

}  // namespace headrace::python
