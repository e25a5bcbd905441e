#include "bindings/c/json_text.h"

#include <cstdio>

namespace headrace::capi {

std::string Quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (byte < 0x20) {
      char escaped[8];
      snprintf(escaped, sizeof escaped, "\\u%04x", byte);
      out += escaped;
    } else {
      out += c;
    }
  }
  return out + '"';
}

void AddMember(std::string* json, std::string_view key, const std::string& value) {
  if (json->size() > 1) *json += ", ";
  *json += Quoted(key) + ": " + value;
}

}  // namespace headrace::capi
