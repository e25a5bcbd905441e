// The command line: what a command takes, its parsing, its help.
//
// Options and operands come in any order; `--name value`, `--name=value`, `-n value` and `-nvalue`
// are the same; `--` ends the options. An unknown name is an error that suggests the nearest known
// one.
#pragma once

#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace headrace::cli {

struct OptionSpec {
  std::string_view long_name;   // without dashes; empty: only the short form exists
  char short_name = 0;          // 0: only the long form exists
  std::string_view value_name;  // empty: a flag
  std::string_view help;        // one sentence, wrapped by the help printer
};

struct CommandSpec {
  std::string_view name;
  std::string_view summary;        // one line, for the list of commands
  std::string_view operands_text;  // "CONFIG"
  size_t operand_min = 0;
  size_t operand_max = 0;
  std::span<const OptionSpec> options;
  std::string_view details;  // what it prints, in full; lines ready to print
  std::string_view example;  // lines ready to print
};

// What was given. Options are found by their long name, or by the short letter when they have no
// other.
class ParsedArgs {
 public:
  bool Has(std::string_view option) const;
  // The last value given, or `fallback`.
  std::string_view Value(std::string_view option, std::string_view fallback = "") const;
  const std::vector<std::string>& Values(std::string_view option) const;

  const std::vector<std::string>& operands() const { return operands_; }
  bool help() const { return help_; }

 private:
  friend class ArgsParser;
  std::map<std::string, std::vector<std::string>, std::less<>> options_;
  std::vector<std::string> operands_;
  bool help_ = false;
};

// False: *error is one line for the user. `--help` (-h) wins over every error that follows it.
[[nodiscard]] bool ParseArgs(const CommandSpec& command, std::span<const char* const> tokens,
                             ParsedArgs* args, std::string* error);

// Numbers of options: untouched when the option is absent, false with *error when it is no number
// of the range (bounds included).
[[nodiscard]] bool ReadUnsigned(const ParsedArgs& args, std::string_view option, uint64_t low,
                                uint64_t high, uint64_t* value, std::string* error);
[[nodiscard]] bool ReadPositive(const ParsedArgs& args, std::string_view option, double* value,
                                std::string* error);

std::string HelpText(const CommandSpec& command);

// The candidate nearest to `word`, or an empty view when none is near enough to be a misspelling.
std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates);

}  // namespace headrace::cli
