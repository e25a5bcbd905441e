// Names that came from a file, as messages show them.
#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace headrace::loader {

// A control character as \xNN.
inline void AppendShown(char c, std::string* text) {
  const auto byte = static_cast<unsigned char>(c);
  if (byte >= 0x20 && byte != 0x7F) {
    *text += c;
    return;
  }
  char escaped[8];
  std::snprintf(escaped, sizeof escaped, "\\x%02x", byte);
  *text += escaped;
}

// So that a message stays one line.
inline std::string ShownName(std::string_view name) {
  std::string text;
  for (const char c : name) AppendShown(c, &text);
  return text;
}

}  // namespace headrace::loader
