#include "loader/search/search_journal.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "base/number_text.h"
#include "loader/config_report.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kFormat = "headrace-search";
constexpr uint64_t kVersion = 1;
constexpr size_t kNameBytesMax = 32;
constexpr size_t kValueBytesMax = 400;
constexpr size_t kIdentityMax = 32;
constexpr size_t kPolicyBytesMax = size_t{1} << 20;
constexpr std::string_view kKinds[] = {"search", "rescore", "baseline"};
static_assert(static_cast<size_t>(TrialKind::kBaseline) == 2);

// Texts of ours have no control characters: quotes and backslashes are all there is to escape.
std::string Escaped(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string OutcomeText(const Outcome& outcome) {
  switch (outcome.state) {
    case TrialState::kScored: return ", \"score\": " + ShortestText(outcome.score);
    case TrialState::kFailed: return ", \"failed\": " + Escaped(outcome.failed);
    case TrialState::kOut: break;
  }
  return {};
}

// Takes the parser's events. The schema is flat, so a place is one of a few.
class JournalReader final : public nlohmann::json_sax<nlohmann::json> {
 public:
  explicit JournalReader(SearchJournal* journal) : journal_(*journal) {}

  std::string problem;
  bool other_version = false;

  bool null() override { return Wrong("null"); }
  bool boolean(bool) override { return Wrong("true or false"); }
  bool binary(binary_t&) override { return Wrong("binary"); }
  bool number_integer(number_integer_t value) override {
    return key_ == "score" ? Score(static_cast<double>(value)) : Wrong("a number below 0");
  }
  bool number_unsigned(number_unsigned_t value) override;
  bool number_float(number_float_t value, const string_t&) override {
    return key_ == "score" ? Score(value) : Wrong("a fraction");
  }
  bool string(string_t& value) override;
  bool key(string_t& value) override {
    key_.assign(value, 0, kNameBytesMax);
    return true;
  }
  bool start_object(size_t) override;
  bool end_object() override;
  bool start_array(size_t) override;
  bool end_array() override {
    place_ = Place::kTop;
    return true;
  }
  bool parse_error(size_t at, const std::string&, const nlohmann::json::exception&) override {
    problem = "no JSON from byte ";
    problem.append(std::to_string(at)).append(" on");
    return false;
  }

  bool Finish() {
    if (!has_format_) return Stop("it does not say \"format\": \"headrace-search\"");
    return true;
  }

 private:
  enum class Place : uint8_t { kNone, kTop, kSearch, kTrials, kTrial, kFinals, kFinal };

  bool Stop(std::string text) {
    problem = std::move(text);
    return false;
  }
  bool Wrong(std::string_view what) {
    std::string text = "found ";
    text.append(what).append(" at ").append(Quoted(key_, kNameBytesMax)).append(Where());
    return Stop(std::move(text));
  }
  std::string Where() const {
    if (place_ == Place::kTrial || place_ == Place::kTrials) {
      return " of trial " + std::to_string(journal_.trials.size());
    }
    if (place_ == Place::kFinal || place_ == Place::kFinals) {
      return " of entry " + std::to_string(journal_.finals.size()) + " of \"finals\"";
    }
    return {};
  }
  bool Score(double value) {
    if (place_ != Place::kTrial && place_ != Place::kFinal) return Wrong("a number");
    if (!(std::fabs(value) <= kScoreMax)) return Wrong("a number beyond 1e100");
    return Settle({.state = TrialState::kScored, .score = value});
  }
  bool Settle(Outcome outcome) {
    Outcome& out = place_ == Place::kTrial ? asked_.outcome : final_.outcome;
    if (out.state != TrialState::kOut) return Wrong("a second outcome");
    out = std::move(outcome);
    return true;
  }
  bool AddIdentity(std::string value) {
    if (journal_.identity.size() == kIdentityMax) return Wrong("more keys than there are");
    journal_.identity.emplace_back(key_, std::move(value));
    return true;
  }

  SearchJournal& journal_;
  Place place_ = Place::kNone;
  std::string key_;
  SearchJournal::Asked asked_;
  SearchJournal::Final final_;
  bool has_format_ = false;
};

bool JournalReader::number_unsigned(number_unsigned_t value) {
  if (place_ == Place::kSearch) return AddIdentity(std::to_string(value));
  if (key_ == "score") return Score(static_cast<double>(value));
  if (place_ == Place::kTop && key_ == "version") {
    if (value == kVersion) return true;
    other_version = true;
    return Stop("it is of version " + std::to_string(value) + ", this headrace reads " +
                std::to_string(kVersion));
  }
  if (place_ == Place::kTop && key_ == "strategies") {
    journal_.strategies = value;
    return true;
  }
  if (place_ == Place::kFinal && key_ == "of") {
    final_.trial.of = value;
    return true;
  }
  if (place_ == Place::kFinal && key_ == "seed" && value <= UINT32_MAX) {
    final_.trial.seed = static_cast<uint32_t>(value);
    return true;
  }
  return Wrong("a number");
}

bool JournalReader::string(string_t& value) {
  if (place_ == Place::kTop && key_ == "format") {
    has_format_ = value == kFormat;
    return has_format_ || Wrong(Quoted(value, 40));
  }
  if (place_ == Place::kSearch) return AddIdentity(Printable(value, kValueBytesMax));
  const bool trial = place_ == Place::kTrial || place_ == Place::kFinal;
  if (trial && key_ == "failed") {
    return Settle({.state = TrialState::kFailed, .failed = Printable(value, kFailedBytesMax)});
  }
  if (place_ == Place::kTrial && key_ == "policy" && value.size() <= kPolicyBytesMax) {
    asked_.policy = value;
    return true;
  }
  if (place_ == Place::kFinal && key_ == "kind") {
    if (value == kKinds[1]) final_.trial.kind = TrialKind::kRescore;
    if (value == kKinds[2]) final_.trial.kind = TrialKind::kBaseline;
    return value == kKinds[1] || value == kKinds[2] || Wrong(Quoted(value, 40));
  }
  return Wrong("a text");
}

bool JournalReader::start_object(size_t) {
  switch (place_) {
    case Place::kNone: place_ = Place::kTop; return true;
    case Place::kTop:
      if (key_ != "search") return Wrong("an object");
      place_ = Place::kSearch;
      return true;
    case Place::kTrials:
      if (journal_.trials.size() == kSearchTrialsMax) return Wrong("more than a million trials");
      asked_ = {};
      place_ = Place::kTrial;
      return true;
    case Place::kFinals:
      if (journal_.finals.size() == kSearchTrialsMax) return Wrong("more than a million trials");
      final_ = {};
      place_ = Place::kFinal;
      return true;
    default: return Wrong("an object");
  }
}

bool JournalReader::end_object() {
  switch (place_) {
    case Place::kTrial:
      journal_.trials.push_back(std::move(asked_));
      place_ = Place::kTrials;
      return true;
    case Place::kFinal:
      if (final_.outcome.state == TrialState::kOut) return Wrong("no outcome");
      journal_.finals.push_back(std::move(final_));
      place_ = Place::kFinals;
      return true;
    default: place_ = place_ == Place::kSearch ? Place::kTop : Place::kNone; return true;
  }
}

bool JournalReader::start_array(size_t) {
  if (place_ != Place::kTop) return Wrong("a list");
  if (key_ == "trials") {
    place_ = Place::kTrials;
  } else if (key_ == "finals") {
    place_ = Place::kFinals;
  } else {
    return Wrong("a list");
  }
  return true;
}

}  // namespace

std::string WriteJournal(const SearchJournal& journal) {
  std::string text = "{\"format\": ";
  text.append(Escaped(kFormat)).append(", \"version\": ").append(std::to_string(kVersion));
  text.append(", \"strategies\": ").append(std::to_string(journal.strategies));
  text.append(",\n\"search\": {");
  for (size_t i = 0; i < journal.identity.size(); ++i) {
    const auto& [name, value] = journal.identity[i];
    text.append(i > 0 ? ", " : "").append(Escaped(name)).append(": ").append(Escaped(value));
  }
  text.append("},\n\"trials\": [");
  for (size_t i = 0; i < journal.trials.size(); ++i) {
    const SearchJournal::Asked& asked = journal.trials[i];
    text.append(i > 0 ? ",\n" : "\n").append("{\"policy\": ").append(Escaped(asked.policy));
    text.append(OutcomeText(asked.outcome)).append("}");
  }
  text.append("],\n\"finals\": [");
  for (size_t i = 0; i < journal.finals.size(); ++i) {
    const auto& [trial, outcome] = journal.finals[i];
    text.append(i > 0 ? ",\n" : "\n").append("{\"kind\": ");
    text.append(Escaped(kKinds[static_cast<size_t>(trial.kind)]));
    text.append(", \"of\": ").append(std::to_string(trial.of));
    text.append(", \"seed\": ").append(std::to_string(trial.seed));
    text.append(OutcomeText(outcome)).append("}");
  }
  return text.append("]}\n");
}

bool ReadJournal(std::string_view text, SearchJournal* journal, ConfigError* error) {
  *journal = {};
  if (text.size() > kJournalBytesMax) {
    return Fail(error, Code::kCorrupt, "the state of a search has more than 256 MiB");
  }
  JournalReader reader(journal);
  if (nlohmann::json::sax_parse(text.begin(), text.end(), &reader) && reader.Finish()) return true;
  const Code code = reader.other_version ? Code::kNotInThisVersion : Code::kCorrupt;
  return Fail(error, code, "the state of the search cannot be read: " + reader.problem);
}

}  // namespace headrace::loader
