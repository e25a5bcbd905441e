// headrace._core: the C API for the Python files beside it. Nothing of headrace but headrace.h.
#include <headrace.h>
#include <nanobind/nanobind.h>

#include "bindings/python/src/batch.h"
#include "bindings/python/src/call.h"
#include "bindings/python/src/loader.h"
#include "bindings/python/src/search.h"
#include "bindings/python/src/transform.h"

namespace nb = nanobind;

NB_MODULE(_core, module) {
  // Batches that are held when the interpreter ends are the user's right, and the system takes
  // them.
  nb::set_leak_warnings(false);
  module.doc() = "The C API of headrace for the modules of the package; not for users.";
  module.def(
      "version", [] { return hr_version(); }, "Of the library, such as \"0.1.0\".");
  module.def(
      "status_name", [](int status) { return hr_status_name(static_cast<hr_status>(status)); },
      nb::arg("status"), "Such as \"HR_NOT_FOUND\".");
  module.def("exit_begins", &headrace::python::ExitBegins,
             "Called once, before loaders are closed because the interpreter ends.");
  headrace::python::BindBatch(module);
  headrace::python::BindLoader(module);
  headrace::python::BindSearch(module);
  headrace::python::BindTransform(module);
}
