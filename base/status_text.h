// A Status as messages show it.
#pragma once

#include <cstring>
#include <string>

#include "base/status.h"

namespace headrace {

// Its text, and what the system's error was, if that was the cause: "cannot be opened: No such file
// or directory". Allocates.
inline std::string TextOf(const Status& status) {
  std::string text = status.text();
  if (status.error_number() != 0) {
    text += ": ";
    text += strerror(status.error_number());
  }
  return text;
}

}  // namespace headrace
