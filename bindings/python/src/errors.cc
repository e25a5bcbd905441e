#include "bindings/python/src/errors.h"

#include <nanobind/nanobind.h>

#include <cstring>

namespace nb = nanobind;

namespace headrace::python {

void Raise(hr_status status, const hr_error& error) {
  // An error's text may have been cut in the middle of a character.
  const nb::object text = nb::steal(
      PyUnicode_DecodeUTF8(error.text, static_cast<Py_ssize_t>(strlen(error.text)), "replace"));
  if (!text.is_valid()) throw nb::python_error();
  const nb::object exception =
      nb::module_::import_("headrace._errors")
          .attr("from_status")(static_cast<int>(status), text, error.errno_value, error.sample_id);
  PyErr_SetObject(exception.type().ptr(), exception.ptr());
  throw nb::python_error();
}

void Raise(hr_status status, const char* text) {
  HR_INIT(hr_error, error);
  error.sample_id = -1;
  strncpy(error.text, text, sizeof error.text - 1);
  Raise(status, error);
}

void RaiseClosed(const char* text) {
  const nb::object type = nb::module_::import_("headrace._errors").attr("ClosedError");
  PyErr_SetObject(type.ptr(), type(text).ptr());
  throw nb::python_error();
}

}  // namespace headrace::python
