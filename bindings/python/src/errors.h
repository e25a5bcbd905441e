// A status of the C API as a Python exception.
#pragma once

#include <headrace.h>

namespace headrace::python {

// Raises the exception of headrace._errors that belongs to `status`. With the GIL.
[[noreturn]] void Raise(hr_status status, const hr_error& error);
// The same with a text of the binding's own.
[[noreturn]] void Raise(hr_status status, const char* text);
// Raises headrace.ClosedError.
[[noreturn]] void RaiseClosed(const char* text);

inline void Check(hr_status status, const hr_error& error) {
  if (status != HR_OK) Raise(status, error);
}

}  // namespace headrace::python
