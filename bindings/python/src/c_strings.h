// Strings on their way into the C API, and out of it by its size protocol.
#pragma once

#include <headrace.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "bindings/python/src/errors.h"

namespace headrace::python {

// As arrays of the C API want them; valid as long as `texts` is unchanged.
inline std::vector<const char*> Pointers(const std::vector<std::string>& texts) {
  std::vector<const char*> pointers;
  pointers.reserve(texts.size());
  for (const std::string& text : texts) pointers.push_back(text.c_str());
  return pointers;
}

// What write(buffer, capacity, needed, error) -> hr_status gives: called once for the size and once
// more to fill it. `guess`: bytes to begin with instead, for a call that does its work each time.
// Raises for a status that is not HR_OK. With the GIL, which `write` may give up.
template <class Write>
std::string BytesOf(const Write& write, size_t guess = 0) {
  std::string bytes(guess, '\0');
  for (;;) {
    size_t needed = 0;
    HR_INIT(hr_error, error);
    const hr_status status = write(bytes.data(), bytes.size(), &needed, &error);
    if (needed <= bytes.size()) {
      Check(status, error);
      bytes.resize(needed);
      return bytes;
    }
    bytes.resize(needed);
  }
}

// The same for text, which the C API ends with a NUL.
template <class Write>
std::string TextOf(const Write& write, size_t guess = 0) {
  std::string text = BytesOf(write, guess);
  text.resize(std::min(text.find('\0'), text.size()));
  return text;
}

}  // namespace headrace::python
