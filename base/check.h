// Conditions that only our own bug can break.
//
// HR_DCHECK aborts in builds with assertions (debug, sanitizers, fuzz) and costs nothing in
// release. HR_ENSURE returns kInternal from the enclosing function in every build.
#pragma once

#include <cassert>

#include "base/status.h"

#define HR_DCHECK(condition) assert(condition)
#define HR_ENSURE(condition, text)                                  \
  do {                                                              \
    if (!(condition)) [[unlikely]]                                  \
      return ::headrace::Status(::headrace::Code::kInternal, text); \
  } while (false)
