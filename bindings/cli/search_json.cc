#include "bindings/cli/search_json.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace headrace::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "headrace-search-run/2";
// The older form, of one object: it has the trials as a list, and `search` knows all of them.
constexpr std::string_view kFormatOfOne = "headrace-search-run/1";

// Not thrown but found: a parsed document, or a discarded value.
json Parse(std::string_view text) { return json::parse(text, nullptr, /*allow_exceptions=*/false); }

const json* Find(const json& object, const char* key) {
  if (!object.is_object()) return nullptr;
  const auto found = object.find(key);
  return found == object.end() ? nullptr : &*found;
}

bool Read(const json& object, const char* key, std::string* out) {
  const json* value = Find(object, key);
  if (value == nullptr || !value->is_string()) return false;
  *out = value->get<std::string>();
  return true;
}

bool Read(const json& object, const char* key, uint64_t* out) {
  const json* value = Find(object, key);
  if (value == nullptr || !value->is_number_unsigned()) return false;
  *out = value->get<uint64_t>();
  return true;
}

bool Read(const json& object, const char* key, double* out) {
  const json* value = Find(object, key);
  if (value == nullptr || !value->is_number()) return false;
  *out = value->get<double>();
  return std::isfinite(*out);
}

void Write(const Trial& trial, JsonWriter* writer) {
  writer->Field("id", trial.id);
  writer->Field("kind", TrialKindName(trial.kind));
  writer->Field("of", trial.of);
  writer->Field("seed", trial.seed);
  writer->Field("name", trial.name);
}

bool Read(const json& object, Trial* trial) {
  std::string kind;
  if (!Read(object, "id", &trial->id) || !Read(object, "kind", &kind) ||
      !Read(object, "of", &trial->of) || !Read(object, "seed", &trial->seed) ||
      !Read(object, "name", &trial->name)) {
    return false;
  }
  for (const TrialKind known : {TrialKind::kSearch, TrialKind::kRescore, TrialKind::kBaseline}) {
    if (kind != TrialKindName(known)) continue;
    trial->kind = known;
    return true;
  }
  return false;
}

void Write(const Outcome& outcome, JsonWriter* writer) {
  writer->Field("seconds", outcome.seconds);
  if (outcome.is_good()) {
    writer->Field("score", outcome.score);
    return;
  }
  writer->Field("failure", static_cast<uint64_t>(outcome.cause.kind));
  writer->Field("failure_number", static_cast<uint64_t>(outcome.cause.number));
  writer->Field("reason", outcome.reason);
  writer->Field("stderr", outcome.stderr_tail);
}

bool Read(const json& object, Outcome* outcome) {
  if (!Read(object, "seconds", &outcome->seconds)) return false;
  if (Find(object, "score") != nullptr) return Read(object, "score", &outcome->score);
  uint64_t kind = 0;
  uint64_t number = 0;
  if (!Read(object, "failure", &kind) || !Read(object, "failure_number", &number) ||
      !Read(object, "reason", &outcome->reason) || !Read(object, "stderr", &outcome->stderr_tail)) {
    return false;
  }
  if (kind == 0 || kind > static_cast<uint64_t>(FailureKind::kNotFinite)) return false;
  if (number > static_cast<uint64_t>(std::numeric_limits<int>::max())) return false;
  outcome->cause = {static_cast<FailureKind>(kind), static_cast<int>(number)};
  return true;
}

// hr_search_open takes 32 bits of them, and says itself what is wrong with those.
bool FitsPlan(const SearchPlan& plan) {
  return plan.trials > 0 && plan.trials <= UINT32_MAX && plan.rescore_top <= UINT32_MAX &&
         plan.rescore_seeds <= UINT32_MAX;
}

bool ReadCommon(const json& head, SavedSearch* saved) {
  return Read(head, "evaluate", &saved->evaluate) && Read(head, "seconds", &saved->seconds) &&
         Read(head, "search", &saved->search);
}

bool ReadHead(const json& head, SavedSearch* saved, std::string* error) {
  SearchPlan& plan = saved->plan;
  uint64_t baselines = 0;
  if (ReadCommon(head, saved) && Read(head, "trials", &plan.trials) &&
      Read(head, "rescore_top", &plan.rescore_top) &&
      Read(head, "rescore_seeds", &plan.rescore_seeds) && Read(head, "baselines", &baselines) &&
      Read(head, "known", &saved->known) && FitsPlan(plan) && baselines <= 1) {
    plan.baselines = baselines == 1;
    return true;
  }
  *error = "is damaged: a key of the first line is missing, of another type or out of range";
  return false;
}

bool ReadLines(std::string_view text, SavedSearch* saved, std::string* error) {
  for (size_t end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    const json line = Parse(text.substr(0, end));
    text.remove_prefix(end + 1);
    FinishedTrial& finished = saved->trials.emplace_back();
    if (Read(line, &finished.trial) && Read(line, &finished.outcome) &&
        Read(line, "run_seconds", &saved->seconds)) {
      continue;
    }
    *error = "is damaged: line " + std::to_string(saved->trials.size() + 1);
    return false;
  }
  if (saved->known <= saved->trials.size()) return true;
  *error = "is damaged: found the lines of " + std::to_string(saved->trials.size()) +
           " trials, expected " + std::to_string(saved->known) + " at least";
  return false;
}

bool ReadTrialsOfOne(const json& head, SavedSearch* saved, std::string* error) {
  const json* trials = Find(head, "trials");
  if (!ReadCommon(head, saved) || trials == nullptr || !trials->is_array()) {
    *error = "is damaged: evaluate, seconds, search or trials is missing or of another type";
    return false;
  }
  for (const json& entry : *trials) {
    FinishedTrial& finished = saved->trials.emplace_back();
    if (Read(entry, &finished.trial) && Read(entry, &finished.outcome)) continue;
    *error = "is damaged: entry " + std::to_string(saved->trials.size() - 1) + " of trials";
    return false;
  }
  saved->known = saved->trials.size();
  return true;
}

}  // namespace

std::optional<double> ScoreOfJson(std::string_view text) {
  const json object = Parse(text);
  const json* score = Find(object, "score");
  if (score == nullptr || !score->is_number()) return std::nullopt;
  return score->get<double>();
}

std::string SavedSearchText(const SavedSearch& saved) {
  JsonWriter head(JsonWriter::Lines::kOne);
  head.BeginObject();
  head.Field("format", kFormat);
  head.Field("evaluate", saved.evaluate);
  head.Field("seconds", saved.seconds);
  head.Field("trials", saved.plan.trials);
  head.Field("rescore_top", saved.plan.rescore_top);
  head.Field("rescore_seeds", saved.plan.rescore_seeds);
  head.Field("baselines", uint64_t{saved.plan.baselines});
  head.Field("known", saved.known);
  head.Field("search", saved.search);
  head.EndObject();
  std::string text = head.Take();
  for (const FinishedTrial& finished : saved.trials) {
    text += SavedTrialLine(finished, saved.seconds);
  }
  return text;
}

std::string SavedTrialLine(const FinishedTrial& finished, double seconds) {
  JsonWriter line(JsonWriter::Lines::kOne);
  line.BeginObject();
  line.Field("run_seconds", seconds);
  Write(finished.trial, &line);
  Write(finished.outcome, &line);
  line.EndObject();
  return line.Take();
}

bool ReadSavedSearch(std::string_view text, SavedSearch* saved, std::string* error) {
  const size_t head_end = std::min(text.find('\n'), text.size());
  json head = Parse(text.substr(0, head_end));
  // The older format is one object over many lines.
  if (!head.is_object()) head = Parse(text);
  std::string format;
  if (!Read(head, "format", &format)) {
    *error = "is no state of a search: found no JSON with \"format\": \"";
    error->append(kFormat).append("\"");
    return false;
  }
  if (format == kFormatOfOne) return ReadTrialsOfOne(head, saved, error);
  if (format == kFormat) {
    return ReadHead(head, saved, error) &&
           ReadLines(text.substr(std::min(head_end + 1, text.size())), saved, error);
  }
  *error = "found format \"" + format + "\", expected \"";
  error->append(kFormat).append("\"");
  return false;
}

std::string TrialJson(const Trial& trial) {
  JsonWriter writer;
  writer.BeginObject();
  Write(trial, &writer);
  writer.Field("policy", trial.policy);
  writer.EndObject();
  return writer.Take();
}

std::string RemoteJobJson(const RemoteJob& job) {
  JsonWriter writer;
  writer.BeginObject();
  writer.Field("master", job.master);
  writer.Field("number", job.number);
  writer.Field("command", job.command);
  writer.Field("timeout_seconds", job.timeout_seconds);
  writer.Field("retries", job.retries);
  Write(job.trial, &writer);
  writer.Field("policy", job.trial.policy);
  writer.EndObject();
  return writer.Take();
}

bool ReadRemoteJob(std::string_view text, RemoteJob* job) {
  const json object = Parse(text);
  return Read(object, "master", &job->master) && Read(object, "number", &job->number) &&
         Read(object, "command", &job->command) &&
         Read(object, "timeout_seconds", &job->timeout_seconds) &&
         Read(object, "retries", &job->retries) && Read(object, &job->trial) &&
         Read(object, "policy", &job->trial.policy);
}

std::string RemoteAnswerJson(const RemoteAnswer& answer) {
  JsonWriter writer;
  writer.BeginObject();
  writer.Field("master", answer.master);
  writer.Field("number", answer.number);
  Write(answer.outcome, &writer);
  writer.EndObject();
  return writer.Take();
}

bool ReadRemoteAnswer(std::string_view text, RemoteAnswer* answer) {
  const json object = Parse(text);
  return Read(object, "master", &answer->master) && Read(object, "number", &answer->number) &&
         Read(object, &answer->outcome);
}

}  // namespace headrace::cli
