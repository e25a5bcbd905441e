#include "bindings/cli/search_json.h"

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

namespace headrace::cli {
namespace {

using nlohmann::json;

constexpr std::string_view kFormat = "headrace-search-run/1";

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

}  // namespace

std::optional<double> ScoreOfJson(std::string_view text) {
  const json object = Parse(text);
  const json* score = Find(object, "score");
  if (score == nullptr || !score->is_number()) return std::nullopt;
  return score->get<double>();
}

std::string SavedSearchJson(const SavedSearch& saved) {
  JsonWriter writer;
  writer.BeginObject();
  writer.Field("format", kFormat);
  writer.Field("evaluate", saved.evaluate);
  writer.Field("seconds", saved.seconds);
  writer.Field("search", saved.search);
  writer.Key("trials");
  writer.BeginArray();
  for (const FinishedTrial& finished : saved.trials) {
    writer.BeginObject();
    Write(finished.trial, &writer);
    Write(finished.outcome, &writer);
    writer.EndObject();
  }
  writer.EndArray();
  writer.EndObject();
  return writer.Take();
}

bool ReadSavedSearch(std::string_view text, SavedSearch* saved, std::string* error) {
  const json object = Parse(text);
  std::string format;
  if (!Read(object, "format", &format)) {
    *error = "is no state of a search: found no JSON with \"format\": \"";
    error->append(kFormat).append("\"");
    return false;
  }
  if (format != kFormat) {
    *error = "found format \"" + format + "\", expected \"";
    error->append(kFormat).append("\"");
    return false;
  }
  const json* trials = Find(object, "trials");
  if (!Read(object, "evaluate", &saved->evaluate) || !Read(object, "seconds", &saved->seconds) ||
      !Read(object, "search", &saved->search) || trials == nullptr || !trials->is_array()) {
    *error = "is damaged: evaluate, seconds, search or trials is missing or of another type";
    return false;
  }
  for (const json& entry : *trials) {
    FinishedTrial& finished = saved->trials.emplace_back();
    if (Read(entry, &finished.trial) && Read(entry, &finished.outcome)) continue;
    *error = "is damaged: entry " + std::to_string(saved->trials.size() - 1) + " of trials";
    return false;
  }
  return true;
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
