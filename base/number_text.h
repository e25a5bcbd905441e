// Numbers as text.
#pragma once

#include <charconv>
#include <string>

namespace headrace {

// The shortest decimal text that reads back to the same number: "0.1", "1", "1e-05". Any locale.
inline std::string ShortestText(double value) {
  char buffer[32];  // 24 is the longest: -2.2250738585072014e-308
  return {buffer, std::to_chars(buffer, buffer + sizeof buffer, value).ptr};
}

}  // namespace headrace
