// JsonWriter: values in, JSON text out, always well formed as long as Begin and End pair up.
//
// Objects are written a key a line, unless all is to be on one; arrays of numbers stay on one line.
// Text that is not UTF-8 (file names may be anything) gets U+FFFD for the bad bytes; NaN and
// infinities, which JSON has not, are null.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::cli {

class JsonWriter {
 public:
  enum class Lines { kMany, kOne };
  explicit JsonWriter(Lines lines = Lines::kMany) : lines_(lines) {}

  void BeginObject();
  void EndObject();
  void BeginArray();
  void EndArray();
  void Key(std::string_view key);

  void String(std::string_view value);
  void Number(double value);
  void Unsigned(uint64_t value);
  void Integer(int64_t value);
  void Bool(bool value);

  // Key and value in one.
  void Field(std::string_view key, std::string_view value);
  void Field(std::string_view key, const char* value) { Field(key, std::string_view(value)); }
  void Field(std::string_view key, double value);
  void Field(std::string_view key, uint64_t value);
  void Field(std::string_view key, uint32_t value) { Field(key, uint64_t{value}); }
  void Field(std::string_view key, int64_t value);
  void Field(std::string_view key, int32_t value) { Field(key, int64_t{value}); }

  // The finished text with a final newline; the writer is empty after it.
  std::string Take();

 private:
  struct Level {
    bool is_array = false;
    bool has_items = false;
    bool broken = false;  // over several lines
  };

  void BeforeValue(bool is_container);
  void End(char bracket);
  void NewLine();
  void Quoted(std::string_view text);

  const Lines lines_;
  std::string text_;
  std::vector<Level> levels_;
  bool after_key_ = false;
};

}  // namespace headrace::cli
