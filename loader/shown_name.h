// Names that came from a file, as messages show them.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace headrace::loader {

// Control characters as \xNN, so that a message stays one line.
inline std::string ShownName(std::string_view name) {
  std::string text;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7F) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
      text += escaped;
    } else {
      text += c;
    }
  }
  return text;
}

}  // namespace headrace::loader
