#include "bindings/cli/evaluator_output.h"

#include <charconv>
#include <cmath>
#include <cstdlib>
#include <optional>

#include "bindings/cli/console.h"
#include "bindings/cli/search_json.h"

namespace headrace::cli {
namespace {

constexpr std::string_view kSpaces = " \t\r\n\v\f";
constexpr size_t kShownBytes = 80;
// The library takes what is larger for a failure: sums of such scores are not finite.
constexpr double kScoreMax = 1e100;

std::string_view Trimmed(std::string_view text) {
  const size_t begin = text.find_first_not_of(kSpaces);
  if (begin == text.npos) return {};
  return text.substr(begin, text.find_last_not_of(kSpaces) - begin + 1);
}

// The whole of `text` as a number; also nan and inf, which have to be told apart from no number.
std::optional<double> NumberIn(std::string_view text) {
  if (text.starts_with('+') && !text.starts_with("+-")) text.remove_prefix(1);
  double number = 0;
  const auto [end, code] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (end != text.data() + text.size() || text.empty()) return std::nullopt;
  if (code == std::errc::result_out_of_range) {
    // Too large, which is no score either, or too small, which is 0: only strtod tells them apart.
    return std::strtod(std::string(text).c_str(), nullptr);
  }
  if (code != std::errc()) return std::nullopt;
  return number;
}

}  // namespace

void LastLine::Add(std::string_view bytes) {
  while (!bytes.empty()) {
    const size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    const size_t room = kLineBytesMax - current_.size();
    current_ += part.substr(0, room);
    current_is_cut_ = current_is_cut_ || part.size() > room;
    if (end == bytes.npos) return;
    if (!Trimmed(current_).empty()) {
      last_.swap(current_);
      last_is_cut_ = current_is_cut_;
    }
    current_.clear();
    current_is_cut_ = false;
    bytes.remove_prefix(end + 1);
  }
}

std::string LastLine::Get() const {
  const std::string_view current = Trimmed(current_);
  return std::string(current.empty() ? Trimmed(last_) : current);
}

bool LastLine::is_cut() const { return Trimmed(current_).empty() ? last_is_cut_ : current_is_cut_; }

void Tail::Add(std::string_view bytes) {
  bytes_ += bytes;
  if (bytes_.size() <= kBytesMax) return;
  bytes_.erase(0, bytes_.size() - kBytesMax);
  is_cut_ = true;
}

std::string Tail::Get() const {
  std::string_view kept = bytes_;
  const size_t line_end = kept.find('\n');
  if (is_cut_ && line_end != kept.npos) kept.remove_prefix(line_end + 1);
  std::string text;
  kept = Trimmed(kept);
  while (!kept.empty()) {
    const size_t end = std::min(kept.find('\n'), kept.size());
    std::string_view line = kept.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    // A progress bar draws over itself: what it came to is what is wanted.
    if (const size_t drawn = line.rfind('\r'); drawn != line.npos) line.remove_prefix(drawn + 1);
    text.append(text.empty() ? "" : "\n").append(Printable(line));
    kept.remove_prefix(std::min(end + 1, kept.size()));
  }
  return text;
}

void ReadScore(const LastLine& last, Outcome* outcome) {
  const std::string line = last.Get();
  outcome->cause = {FailureKind::kNoScore, 0};
  if (line.empty()) {
    outcome->reason = "printed nothing: the last line of stdout has to be the score";
    return;
  }
  if (last.is_cut()) {
    outcome->reason = "the last line of stdout is longer than 1 MiB";
    return;
  }
  std::optional<double> score = NumberIn(line);
  if (!score) score = ScoreOfJson(line);
  std::string shown = "\"";
  shown.append(Printable(line.substr(0, kShownBytes)));
  shown.append(line.size() > kShownBytes ? "...\"" : "\"");
  if (!score) {
    outcome->reason = "the last line of stdout is " + shown +
                      ", neither a number nor JSON with a number \"score\"";
    return;
  }
  if (!(std::abs(*score) <= kScoreMax)) {  // NaN is not
    outcome->cause = {FailureKind::kNotFinite, 0};
    outcome->reason =
        (std::isfinite(*score) ? "the score is beyond 1e100: " : "the score is not finite: ") +
        shown;
    return;
  }
  outcome->cause = {};
  outcome->score = *score;
}

}  // namespace headrace::cli
