// headrace._core.Transform: hr_transform for Python; and the schema of configurations.
#pragma once

#include <nanobind/nanobind.h>

namespace headrace::python {

void BindTransform(nanobind::module_& module);

}  // namespace headrace::python
