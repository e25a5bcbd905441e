// The command line of an evaluator, with its places for {policy}, {seed} and {trial}.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::cli {

// `text` as one word of a POSIX shell.
std::string ShellQuoted(std::string_view text);

// What: fills the places of a command line. Owner: the options. Thread: any. Cost: a copy.
class EvaluatorCommand {
 public:
  explicit EvaluatorCommand(std::string text) : text_(std::move(text)) {}

  // For /bin/sh -c. Values are quoted so that they arrive as they are, also where the place stands
  // between quotes, in $(...) or in backticks of the command itself. Other names in braces stay as
  // they are: they may be the shell's or awk's.
  std::string Fill(std::string_view policy_path, uint64_t seed, uint64_t trial) const;
  bool Has(std::string_view name) const;  // a place of that name, without braces

 private:
  std::string text_;
};

}  // namespace headrace::cli
