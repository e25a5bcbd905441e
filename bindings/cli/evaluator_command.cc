#include "bindings/cli/evaluator_command.h"

#include <algorithm>

namespace headrace::cli {
namespace {

// Letters that no shell treats specially anywhere in a word.
bool IsPlain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("_-./,:=@%+").find(c) != std::string_view::npos;
}

// Between which quotes and in which substitutions of the shell a place in the command stands.
class QuoteTracker {
 public:
  void Pass(char c) {
    const char before = before_;
    before_ = escaped_ ? 'x' : c;  // an escaped letter begins nothing
    if (in_comment_) {
      in_comment_ = c != '\n';
      if (c == '`') LeaveBackticks();
    } else if (escaped_) {
      escaped_ = false;
    } else if (c == '`' && in_backticks()) {
      LeaveBackticks();
    } else if (quote() == '\'') {
      if (c == '\'') open_.pop_back();
    } else if (c == '\\') {
      escaped_ = true;
    } else if (c == '`' || (c == '(' && before == '$')) {
      open_.push_back(c);
    } else if (quote() == '"') {
      if (c == '"') open_.pop_back();
    } else if (c == '"' || c == '\'' || c == '(') {
      open_.push_back(c);
    } else if (c == ')') {
      if (!open_.empty() && open_.back() == '(') open_.pop_back();
    } else if (c == '#') {
      in_comment_ = std::string_view(" \t\n;&|(`").find(before) != std::string_view::npos;
    }
  }
  // ' or "; 0 between none, as at the beginning of a command in a substitution.
  char quote() const {
    const char open = open_.empty() ? '\0' : open_.back();
    return open == '\'' || open == '"' ? open : '\0';
  }
  bool in_backticks() const { return open_.find('`') != std::string::npos; }

 private:
  // The shell looks for their end before it looks at what is in them.
  void LeaveBackticks() {
    if (!in_backticks()) return;
    open_.resize(open_.rfind('`'));
    in_comment_ = false;
  }

  std::string open_;  // of ', ", ( and `, the innermost last
  char before_ = '\n';
  bool escaped_ = false;
  bool in_comment_ = false;
};

// The quotes of the command are closed for the value and opened again.
std::string Inserted(std::string_view value, const QuoteTracker& place) {
  if (std::all_of(value.begin(), value.end(), IsPlain)) return std::string(value);
  std::string quoted = ShellQuoted(value);
  if (const char quote = place.quote(); quote != 0) {
    quoted.insert(0, 1, quote);
    quoted += quote;
  }
  if (!place.in_backticks()) return quoted;
  // The shell takes the text of backticks apart before it looks at quotes.
  std::string escaped;
  for (const char c : quoted) {
    if (c == '`' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return escaped;
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
      filled += Inserted(found->value, quotes);
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
