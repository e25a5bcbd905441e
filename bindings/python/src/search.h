// headrace._core.Search: hr_search for Python.
#pragma once

#include <nanobind/nanobind.h>

namespace headrace::python {

void BindSearch(nanobind::module_& module);

}  // namespace headrace::python
