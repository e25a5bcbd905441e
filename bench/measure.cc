#include "bench/measure.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

namespace headrace::bench {
namespace {

std::string Quoted(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return quoted + '"';
}

}  // namespace

Spread SpreadOf(std::vector<double> values) {
  if (values.empty()) return {};
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  const double median = n % 2 == 1 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
  return {median, values.front(), values.back()};
}

std::string SpreadText(const Spread& spread) {
  char text[64];
  snprintf(text, sizeof text, "%.2f (%.2f to %.2f)", spread.median, spread.low, spread.high);
  return text;
}

void JsonReport::Number(const std::string& name, double value) {
  char text[32];
  snprintf(text, sizeof text, "%.6g", value);
  fields_.emplace_back(name, std::isfinite(value) ? text : "null");
}

void JsonReport::Text(const std::string& name, const std::string& value) {
  fields_.emplace_back(name, Quoted(value));
}

void JsonReport::Values(const std::string& name, const Spread& spread) {
  Number(name, spread.median);
  Number(name + "_min", spread.low);
  Number(name + "_max", spread.high);
}

void JsonReport::Write(const std::string& path) const {
  if (path.empty()) return;
  FILE* file = path == "-" ? stdout : fopen(path.c_str(), "w");
  if (file == nullptr) Fail("cannot write " + path);
  const char* before = "{";
  for (const auto& [name, value] : fields_) {
    fprintf(file, "%s%s: %s", before, Quoted(name).c_str(), value.c_str());
    before = ",\n ";
  }
  fprintf(file, "}\n");
  const bool written = ferror(file) == 0;
  const bool closed = file == stdout ? fflush(file) == 0 : fclose(file) == 0;
  if (!written || !closed) Fail("cannot write " + path);
}

Arguments::Arguments(int argc, char** argv, const std::vector<std::string>& names) {
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    if (!word.starts_with("--")) {
      words_.push_back(word);
      continue;
    }
    if (std::find(names.begin(), names.end(), word.substr(2)) == names.end()) {
      Fail("unknown option " + word);
    }
    if (i + 1 == argc) Fail(word + " needs a value");
    values_.emplace_back(word.substr(2), argv[++i]);
  }
}

std::string Arguments::Text(const std::string& name) const {
  std::string text;
  for (const auto& [key, value] : values_) {
    if (key == name) text = value;
  }
  return text;
}

uint32_t Arguments::Count(const std::string& name, uint32_t otherwise) const {
  const std::string text = Text(name);
  if (text.empty()) return otherwise;
  uint32_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (error != std::errc() || end != text.data() + text.size() || count == 0) {
    Fail("--" + name + ": a number from 1 on was expected, not " + text);
  }
  return count;
}

TemporaryFolder::TemporaryFolder(const std::string& name) {
  path_ = (std::filesystem::temp_directory_path() / (name + "-XXXXXX")).string();
  if (mkdtemp(path_.data()) == nullptr) Fail("cannot make a temporary folder " + path_);
}

TemporaryFolder::~TemporaryFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace headrace::bench
