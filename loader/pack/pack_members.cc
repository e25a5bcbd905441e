#include "loader/pack/pack_members.h"

#include <cstdio>

namespace headrace::loader {
namespace {

// Length of the UTF-8 character that `text` begins with, or 0: it begins with none.
size_t CharacterBytes(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = byte(0);
  if (first < 0x80) return 1;
  size_t bytes = 0;
  uint32_t value = 0;
  if (first >= 0xC2 && first <= 0xDF) {
    bytes = 2;
    value = first & 0x1Fu;
  } else if (first >= 0xE0 && first <= 0xEF) {
    bytes = 3;
    value = first & 0x0Fu;
  } else if (first >= 0xF0 && first <= 0xF4) {
    bytes = 4;
    value = first & 0x07u;
  }
  if (bytes == 0 || bytes > text.size()) return 0;
  for (size_t i = 1; i < bytes; ++i) {
    if ((byte(i) & 0xC0) != 0x80) return 0;
    value = value << 6 | (byte(i) & 0x3Fu);
  }
  // Overlong forms, surrogates, and what lies beyond Unicode.
  if ((bytes == 3 && value < 0x800) || (bytes == 4 && value < 0x10000)) return 0;
  if ((value >= 0xD800 && value <= 0xDFFF) || value > 0x10FFFF) return 0;
  return bytes;
}

// JSON's quotes. Names of files may be any bytes, and JSON is UTF-8: what is none becomes U+FFFD
// here. The index has the bytes.
void AppendQuoted(std::string_view text, std::string* out) {
  *out += '"';
  while (!text.empty()) {
    const size_t bytes = CharacterBytes(text);
    const auto c = static_cast<unsigned char>(text[0]);
    if (bytes == 0) {
      *out += "\xEF\xBF\xBD";
    } else if (c == '"' || c == '\\') {
      *out += '\\';
      *out += text[0];
    } else if (c < 0x20) {
      char code[8];
      std::snprintf(code, sizeof code, "\\u%04x", c);
      *out += code;
    } else {
      *out += text.substr(0, bytes);
    }
    text.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  *out += '"';
}

bool EndsIn(std::string_view path, std::string_view lower) {
  if (path.size() < lower.size()) return false;
  const std::string_view tail = path.substr(path.size() - lower.size());
  for (size_t i = 0; i < tail.size(); ++i) {
    const char c =
        tail[i] >= 'A' && tail[i] <= 'Z' ? static_cast<char>(tail[i] - 'A' + 'a') : tail[i];
    if (c != lower[i]) return false;
  }
  return true;
}

}  // namespace

std::string MemberName(uint64_t id, std::string_view extension) {
  char digits[24];
  std::snprintf(digits, sizeof digits, "%012llu.", static_cast<unsigned long long>(id));
  return std::string(digits).append(extension);
}

std::string_view CopiedExtension(std::string_view of_format, std::string_view source_path) {
  for (const std::string_view known : {"jpg", "png", "webp", "hrc"}) {
    if (of_format == known) return known;
  }
  if (EndsIn(source_path, ".png")) return "png";
  if (EndsIn(source_path, ".webp")) return "webp";
  return "jpg";
}

std::string LabelText(int64_t label) { return std::to_string(label); }

std::string Utf8Name(std::string_view name) {
  std::string text;
  while (!name.empty()) {
    const size_t bytes = CharacterBytes(name);
    text += bytes == 0 ? std::string_view("\xEF\xBF\xBD") : name.substr(0, bytes);
    name.remove_prefix(bytes == 0 ? 1 : bytes);
  }
  return text;
}

std::string JsonText(const MemberText& sample) {
  std::string text = "{\"id\": " + std::to_string(sample.id) +
                     ", \"label\": " + std::to_string(sample.label) + ", \"class\": ";
  AppendQuoted(sample.class_name, &text);
  text += ", \"path\": ";
  AppendQuoted(sample.path, &text);
  text += ", \"classes\": " + std::to_string(sample.classes) +
          ", \"samples\": " + std::to_string(sample.samples) + "}\n";
  return text;
}

}  // namespace headrace::loader
