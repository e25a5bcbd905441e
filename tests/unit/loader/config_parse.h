// Shorthand of the configuration tests: parse a text and look at what comes out.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "loader/config_report.h"
#include "loader/config_toml.h"

namespace headrace::loader {

struct Parsed {
  bool good = false;
  Config config;
  ConfigError error;
};

inline Parsed Parse(std::string_view text, const std::vector<std::string>& overrides = {}) {
  ConfigSource source;
  source.text = text;
  source.name = "train.toml";
  source.folder = "/sets";
  source.overrides = overrides;
  Parsed parsed;
  parsed.good = ParseConfig(source, &parsed.config, &parsed.error);
  return parsed;
}

inline constexpr std::string_view kDataset = "[dataset]\npath = \"cats\"\n";

// `body` after a [dataset] table of two lines: its first line is line 3.
inline Parsed ParseBody(std::string_view body, const std::vector<std::string>& overrides = {}) {
  return Parse(std::string(kDataset) + std::string(body), overrides);
}

// What every error text promises: one bounded line of printable characters.
inline void ExpectOneLine(const ConfigError& error) {
  EXPECT_FALSE(error.text.empty());
  EXPECT_LE(error.text.size(), kConfigErrorBytesMax);
  EXPECT_TRUE(std::ranges::none_of(error.text, [](char c) {
    return static_cast<unsigned char>(c) < 32 || c == 127;
  })) << error.text;
}

inline void ExpectError(const Parsed& parsed, Code code, const std::string& text) {
  EXPECT_FALSE(parsed.good);
  EXPECT_EQ(CodeName(parsed.error.code), std::string(CodeName(code)));
  EXPECT_EQ(parsed.error.text, text);
  ExpectOneLine(parsed.error);
}

inline void ExpectErrorWith(const Parsed& parsed, Code code,
                            const std::vector<std::string>& parts) {
  EXPECT_FALSE(parsed.good);
  EXPECT_EQ(CodeName(parsed.error.code), std::string(CodeName(code)));
  for (const std::string& part : parts) {
    EXPECT_NE(parsed.error.text.find(part), std::string::npos)
        << "no <" << part << "> in <" << parsed.error.text << ">";
  }
  ExpectOneLine(parsed.error);
}

}  // namespace headrace::loader
