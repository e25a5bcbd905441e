// Fuzzes the configuration: any text gives a configuration or one bounded line. The input is the
// TOML, then, after a line of three dashes, overrides, one a line; the same text is also read as an
// op's inline table.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "loader/config_report.h"
#include "loader/config_toml.h"

namespace {

using headrace::Code;
using headrace::loader::Config;
using headrace::loader::ConfigError;

void Require(bool condition) {
  if (!condition) std::abort();
}

void CheckOutcome(bool good, const ConfigError& error) {
  Require(good == (error.code == Code::kOk));
  Require(good == error.text.empty());
  Require(error.code != Code::kInternal);
  Require(error.text.size() <= headrace::loader::kConfigErrorBytesMax);
  for (const char c : error.text) Require(static_cast<unsigned char>(c) >= 32 && c != 127);
}

std::vector<std::string> Lines(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty() && lines.size() < 16) {
    const size_t end = text.find('\n');
    lines.emplace_back(text.substr(0, end));
    text = end == text.npos ? std::string_view() : text.substr(end + 1);
  }
  return lines;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  constexpr std::string_view kDivider = "\n---\n";
  const size_t divider = input.find(kDivider);
  headrace::loader::ConfigSource source;
  source.text = input.substr(0, divider);
  source.name = "fuzz.toml";
  std::vector<std::string> overrides;
  if (divider != input.npos) overrides = Lines(input.substr(divider + kDivider.size()));
  source.overrides = overrides;

  Config config;
  ConfigError error;
  const bool good = headrace::loader::ParseConfig(source, &config, &error);
  CheckOutcome(good, error);
  Require(!good || config.dataset.path.size() == 1);

  std::vector<headrace::loader::OpConfig> ops;
  const std::vector<std::string> tables = {std::string(source.text)};
  const bool ops_good = headrace::loader::ParseOps(tables, &ops, &error);
  CheckOutcome(ops_good, error);
  return 0;
}
