#include "bindings/cli/args.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace headrace::cli {
namespace {

constexpr OptionSpec kHelpOption = {"help", 'h', "", "This text."};

std::string_view KeyOf(const OptionSpec& option) {
  return option.long_name.empty() ? std::string_view(&option.short_name, 1) : option.long_name;
}

std::string Dashed(const OptionSpec& option) {
  if (option.long_name.empty()) return std::string("-") + option.short_name;
  return std::string("--").append(option.long_name);
}

// Edits (insert, delete, replace, swap of neighbours) that turn one word into the other.
size_t EditDistance(std::string_view a, std::string_view b) {
  std::vector<std::vector<size_t>> cost(a.size() + 1, std::vector<size_t>(b.size() + 1));
  for (size_t i = 0; i <= a.size(); ++i) cost[i][0] = i;
  for (size_t j = 0; j <= b.size(); ++j) cost[0][j] = j;
  for (size_t i = 1; i <= a.size(); ++i) {
    for (size_t j = 1; j <= b.size(); ++j) {
      const size_t replace = cost[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      cost[i][j] = std::min({cost[i - 1][j] + 1, cost[i][j - 1] + 1, replace});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        cost[i][j] = std::min(cost[i][j], cost[i - 2][j - 2] + 1);
      }
    }
  }
  return cost[a.size()][b.size()];
}

// Breaks `text` at spaces so that no line passes `width`; later lines begin with `indent` spaces.
std::string Wrapped(std::string_view text, size_t indent, size_t width) {
  std::string out;
  size_t column = indent;
  while (!text.empty()) {
    const size_t end = std::min(text.find(' '), text.size());
    const std::string_view word = text.substr(0, end);
    if (column != indent && column + 1 + word.size() > width) {
      out += "\n" + std::string(indent, ' ');
      column = indent;
    } else if (column != indent) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string OptionLine(const OptionSpec& option) {
  std::string left = "  ";
  if (option.short_name != 0) left += std::string("-") + option.short_name;
  if (!option.long_name.empty()) {
    if (option.short_name != 0) left += ", ";
    left.append("--").append(option.long_name);
  }
  if (!option.value_name.empty()) left.append(" ").append(option.value_name);
  constexpr size_t kHelpColumn = 24;
  if (left.size() + 2 > kHelpColumn) {
    left += "\n" + std::string(kHelpColumn, ' ');
  } else {
    left.resize(kHelpColumn, ' ');
  }
  return left + Wrapped(option.help, kHelpColumn, 92) + "\n";
}

}  // namespace

bool ParsedArgs::Has(std::string_view option) const { return options_.contains(option); }

std::string_view ParsedArgs::Value(std::string_view option, std::string_view fallback) const {
  const auto found = options_.find(option);
  return found == options_.end() ? fallback : std::string_view(found->second.back());
}

const std::vector<std::string>& ParsedArgs::Values(std::string_view option) const {
  static const std::vector<std::string> kNone;
  const auto found = options_.find(option);
  return found == options_.end() ? kNone : found->second;
}

class ArgsParser {
 public:
  ArgsParser(const CommandSpec& command, std::span<const char* const> tokens, ParsedArgs* args,
             std::string* error)
      : command_(command), tokens_(tokens), args_(args), error_(error) {}

  bool Run() {
    bool options_over = false;
    while (next_ < tokens_.size()) {
      const std::string_view token = tokens_[next_++];
      bool good = true;
      if (options_over || token == "-" || !token.starts_with('-')) {
        good = Operand(token);
      } else if (token == "--") {
        options_over = true;
      } else {
        good = token.starts_with("--") ? LongOption(token) : ShortOptions(token);
      }
      if (args_->help_) return true;
      if (!good) return false;
    }
    return EnoughOperands();
  }

 private:
  bool Fail(std::string text) {
    *error_ = std::move(text);
    return false;
  }

  const OptionSpec* Find(std::string_view long_name, char short_name) const {
    const auto matches = [&](const OptionSpec& option) {
      return short_name != 0 ? option.short_name == short_name : option.long_name == long_name;
    };
    if (matches(kHelpOption)) return &kHelpOption;
    const auto found = std::find_if(command_.options.begin(), command_.options.end(), matches);
    return found == command_.options.end() ? nullptr : &*found;
  }

  bool IsKnownOption(std::string_view token) const {
    if (token.starts_with("--")) return token.size() > 2 && Find(token.substr(2), 0) != nullptr;
    return token.size() == 2 && token[0] == '-' && Find("", token[1]) != nullptr;
  }

  bool Operand(std::string_view token) {
    if (args_->operands_.size() == command_.operand_max) {
      return Fail("unexpected operand \"" + std::string(token) + "\"" + UsageHint());
    }
    args_->operands_.emplace_back(token);
    return true;
  }

  bool EnoughOperands() {
    if (args_->operands_.size() >= command_.operand_min) return true;
    return Fail("missing " + std::string(command_.operands_text) + UsageHint());
  }

  std::string UsageHint() const {
    return "; see headrace " + std::string(command_.name) + " --help";
  }

  bool LongOption(std::string_view token) {
    const size_t equals = token.find('=');
    const std::string_view name = token.substr(2, equals == token.npos ? equals : equals - 2);
    const OptionSpec* option = Find(name, 0);
    if (option == nullptr) return UnknownOption(name);
    if (option->value_name.empty()) {
      if (equals != token.npos) return Fail("--" + std::string(name) + " takes no value");
      return Store(*option, "");
    }
    if (equals != token.npos) return Store(*option, token.substr(equals + 1));
    return StoreNext(*option);
  }

  bool ShortOptions(std::string_view token) {
    for (size_t i = 1; i < token.size(); ++i) {
      const OptionSpec* option = Find("", token[i]);
      if (option == nullptr) {
        return Fail("unknown option \"-" + std::string(1, token[i]) + "\"" + UsageHint());
      }
      if (!option->value_name.empty()) {
        if (i + 1 < token.size()) return Store(*option, token.substr(i + 1));
        return StoreNext(*option);
      }
      if (!Store(*option, "")) return false;
    }
    return true;
  }

  bool UnknownOption(std::string_view name) {
    std::vector<std::string_view> known{kHelpOption.long_name};
    for (const OptionSpec& option : command_.options) {
      if (!option.long_name.empty()) known.push_back(option.long_name);
    }
    const std::string_view nearest = Nearest(name, known);
    const std::string text = "unknown option \"--" + std::string(name) + "\"";
    if (nearest.empty()) return Fail(text + UsageHint());
    return Fail(text + "; did you mean \"--" + std::string(nearest) + "\"?");
  }

  // A value that is itself an option of the command is a forgotten value.
  bool StoreNext(const OptionSpec& option) {
    if (next_ == tokens_.size() || IsKnownOption(tokens_[next_])) {
      return Fail(Dashed(option) + " needs a value: " + std::string(option.value_name));
    }
    return Store(option, tokens_[next_++]);
  }

  bool Store(const OptionSpec& option, std::string_view value) {
    if (&option == &kHelpOption) args_->help_ = true;
    args_->options_[std::string(KeyOf(option))].emplace_back(value);
    return true;
  }

  const CommandSpec& command_;
  std::span<const char* const> tokens_;
  ParsedArgs* args_;
  std::string* error_;
  size_t next_ = 0;
};

bool ParseArgs(const CommandSpec& command, std::span<const char* const> tokens, ParsedArgs* args,
               std::string* error) {
  return ArgsParser(command, tokens, args, error).Run();
}

bool ReadUnsigned(const ParsedArgs& args, std::string_view option, uint64_t low, uint64_t high,
                  uint64_t* value, std::string* error) {
  if (!args.Has(option)) return true;
  const std::string_view text = args.Value(option);
  uint64_t number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || number < low || number > high) {
    *error = "--" + std::string(option) + ": found \"" + std::string(text) +
             "\", expected a whole number from " + std::to_string(low) + " to " +
             std::to_string(high);
    return false;
  }
  *value = number;
  return true;
}

bool ReadPositive(const ParsedArgs& args, std::string_view option, double* value,
                  std::string* error) {
  if (!args.Has(option)) return true;
  const std::string_view text = args.Value(option);
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (code != std::errc() || end != text.data() + text.size() || !std::isfinite(number) ||
      number <= 0) {
    *error = "--" + std::string(option) + ": found \"" + std::string(text) +
             "\", expected a number above 0";
    return false;
  }
  *value = number;
  return true;
}

std::string HelpText(const CommandSpec& command) {
  std::string text = "headrace " + std::string(command.name) + ": " + std::string(command.summary) +
                     "\n\nUsage: headrace " + std::string(command.name);
  if (!command.operands_text.empty()) text.append(" ").append(command.operands_text);
  text += " [options]\n\nOptions:\n";
  for (const OptionSpec& option : command.options) text += OptionLine(option);
  text += OptionLine(kHelpOption);
  if (!command.details.empty()) text.append("\n").append(command.details);
  text.append("\nExample:\n").append(command.example);
  text += "\nExit status: 0 good; 2 wrong command line or configuration; 1 anything else.\n";
  return text;
}

std::string_view Nearest(std::string_view word, std::span<const std::string_view> candidates) {
  // A third of the letters may be wrong, and two always.
  const size_t allowed = std::max<size_t>(2, word.size() / 3);
  std::string_view best;
  size_t best_distance = allowed + 1;
  for (const std::string_view candidate : candidates) {
    const size_t distance = EditDistance(word, candidate);
    if (distance < best_distance && distance < candidate.size()) {
      best = candidate;
      best_distance = distance;
    }
  }
  return best;
}

}  // namespace headrace::cli
