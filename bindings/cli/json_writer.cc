#include "bindings/cli/json_writer.h"

#include <charconv>
#include <cmath>
#include <cstdio>
#include <utility>

namespace headrace::cli {
namespace {

// Bytes of the well-formed UTF-8 sequence that `text` begins with; 0 when it begins with none.
size_t Utf8Length(std::string_view text) {
  const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(0);
  size_t length = 0;
  uint32_t low = 0;  // the smallest code point that needs this length: shorter ones are overlong
  uint32_t point = 0;
  if (lead < 0x80) return 1;
  if (lead >= 0xc0 && lead < 0xe0) {
    length = 2, low = 0x80, point = lead & 0x1fu;
  } else if (lead >= 0xe0 && lead < 0xf0) {
    length = 3, low = 0x800, point = lead & 0x0fu;
  } else if (lead >= 0xf0 && lead < 0xf8) {
    length = 4, low = 0x10000, point = lead & 0x07u;
  }
  if (length == 0 || text.size() < length) return 0;
  for (size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xc0) != 0x80) return 0;
    point = point << 6 | (byte(i) & 0x3fu);
  }
  const bool is_surrogate = point >= 0xd800 && point < 0xe000;
  return point < low || point > 0x10ffff || is_surrogate ? 0 : length;
}

template <class T>
void AppendNumber(std::string* out, T value) {
  char digits[40];
  const auto result = std::to_chars(digits, digits + sizeof digits, value);
  out->append(digits, result.ptr);
}

}  // namespace

void JsonWriter::NewLine() {
  if (lines_ == Lines::kOne) {
    if (text_.ends_with(',')) text_ += ' ';
    return;
  }
  text_ += '\n';
  text_.append(levels_.size() * 2, ' ');
}

void JsonWriter::BeforeValue(bool is_container) {
  if (std::exchange(after_key_, false) || levels_.empty()) return;
  Level& level = levels_.back();
  if (level.has_items) text_ += ',';
  if (is_container) {
    level.broken = true;
    NewLine();
  } else if (level.has_items) {
    text_ += ' ';
  }
  level.has_items = true;
}

void JsonWriter::BeginObject() {
  BeforeValue(true);
  text_ += '{';
  levels_.push_back({.is_array = false});
}

void JsonWriter::BeginArray() {
  BeforeValue(true);
  text_ += '[';
  levels_.push_back({.is_array = true});
}

void JsonWriter::End(char bracket) {
  const Level level = levels_.back();
  levels_.pop_back();
  if (level.broken) NewLine();
  text_ += bracket;
}

void JsonWriter::EndObject() { End('}'); }
void JsonWriter::EndArray() { End(']'); }

void JsonWriter::Key(std::string_view key) {
  Level& level = levels_.back();
  if (level.has_items) text_ += ',';
  level.has_items = true;
  level.broken = true;
  NewLine();
  Quoted(key);
  text_ += ": ";
  after_key_ = true;
}

void JsonWriter::Quoted(std::string_view text) {
  text_ += '"';
  while (!text.empty()) {
    const size_t length = Utf8Length(text);
    const char c = text[0];
    if (length == 0) {
      text_ += "\xef\xbf\xbd";
    } else if (c == '"' || c == '\\') {
      text_ += '\\';
      text_ += c;
    } else if (length == 1 && static_cast<unsigned char>(c) < 0x20) {
      char escaped[8];
      std::snprintf(escaped, sizeof escaped, "\\u%04x", static_cast<unsigned>(c));
      text_ += escaped;
    } else {
      text_ += text.substr(0, length);
    }
    text.remove_prefix(length == 0 ? 1 : length);
  }
  text_ += '"';
}

void JsonWriter::String(std::string_view value) {
  BeforeValue(false);
  Quoted(value);
}

void JsonWriter::Number(double value) {
  BeforeValue(false);
  if (std::isfinite(value)) {
    AppendNumber(&text_, value);
  } else {
    text_ += "null";
  }
}

void JsonWriter::Unsigned(uint64_t value) {
  BeforeValue(false);
  AppendNumber(&text_, value);
}

void JsonWriter::Integer(int64_t value) {
  BeforeValue(false);
  AppendNumber(&text_, value);
}

void JsonWriter::Bool(bool value) {
  BeforeValue(false);
  text_ += value ? "true" : "false";
}

void JsonWriter::Field(std::string_view key, std::string_view value) {
  Key(key);
  String(value);
}

void JsonWriter::Field(std::string_view key, double value) {
  Key(key);
  Number(value);
}

void JsonWriter::Field(std::string_view key, uint64_t value) {
  Key(key);
  Unsigned(value);
}

void JsonWriter::Field(std::string_view key, int64_t value) {
  Key(key);
  Integer(value);
}

std::string JsonWriter::Take() {
  text_ += '\n';
  levels_.clear();
  after_key_ = false;
  return std::exchange(text_, {});
}

}  // namespace headrace::cli
