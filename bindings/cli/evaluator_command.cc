#include "bindings/cli/evaluator_command.h"

#include <algorithm>

namespace headrace::cli {
namespace {

// Letters that no shell treats specially anywhere in a word.
bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./,:=@%+").find(c) != std::string_view::npos;
}

// Between which quotes of the shell a place in the command stands.
class QuoteTracker {
 public:
  void Pass(char c) {
    if (escaped_) {
      escaped_ = false;
    } else if (open_ == '\'') {
      if (c == '\'') open_ = 0;
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == open_) {
      open_ = 0;
    } else if (open_ == 0 && (c == '\'' || c == '"')) {
      open_ = c;
    }
  }
  char open() const { return open_; }

 private:
  char open_ = 0;  // ', " or 0
  bool escaped_ = false;
};

// The quotes of the command are closed for the value and opened again.
std::string Inserted(std::string_view value, char open) {
  if (std::all_of(value.begin(), value.end(), IsPlain)) return std::string(value);
  const std::string around = open == 0 ? std::string() : std::string(1, open);
  return around + ShellQuoted(value) + around;
}

}  // namespace

std::string ShellQuoted(std::string_view text) {
  std::string quoted = "'";
  for (const char c : text) {
    if (c == '\'') {
      quoted += "'\\''";
    } else {
      quoted += c;
    }
  }
  return quoted + "'";
}

bool EvaluatorCommand::Has(std::string_view name) const {
  std::string place = "{";
  place.append(name).append("}");
  return text_.find(place) != std::string::npos;
}

std::string EvaluatorCommand::Fill(std::string_view policy_path, uint64_t seed,
                                   uint64_t trial) const {
  const std::string seed_text = std::to_string(seed);
  const std::string trial_text = std::to_string(trial);
  const struct {
    std::string_view place;
    std::string_view value;
  } places[] = {{"{policy}", policy_path}, {"{seed}", seed_text}, {"{trial}", trial_text}};
  std::string filled;
  QuoteTracker quotes;
  std::string_view rest = text_;
  while (!rest.empty()) {
    const auto* found =
        std::find_if(std::begin(places), std::end(places),
                     [&](const auto& candidate) { return rest.starts_with(candidate.place); });
    if (found != std::end(places)) {
      filled += Inserted(found->value, quotes.open());
      rest.remove_prefix(found->place.size());
      continue;
    }
    quotes.Pass(rest[0]);
    filled += rest[0];
    rest.remove_prefix(1);
  }
  return filled;
}

}  // namespace headrace::cli
