#include "bindings/cli/search_summary.h"

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "bindings/cli/progress.h"

namespace headrace::cli {
namespace {

constexpr uint32_t kBestListed = 10;
constexpr uint32_t kBaselinesMax = 16;  // a bound for the loop; the library has a few

void Add(const ScoredPolicy& policy, bool is_baseline, JsonWriter* json) {
  json->BeginObject();
  if (is_baseline) {
    json->Field("name", policy.name);
  } else {
    json->Field("trial", policy.trial);
    json->Field("score", policy.score);
  }
  json->Field("mean", policy.mean);
  json->Field("standard_error", policy.standard_error);
  json->Field("seeds", policy.rescores);
  json->Field("failed", policy.rescores_failed);
  json->Field("policy", policy.text);
  json->EndObject();
}

const ScoredPolicy* BestBaseline(const SearchSummary& summary) {
  const ScoredPolicy* best = nullptr;
  for (const ScoredPolicy& baseline : summary.baselines) {
    if (std::isnan(baseline.mean)) continue;
    if (best == nullptr || baseline.mean > best->mean) best = &baseline;
  }
  return best;
}

}  // namespace

std::string RoundedText(double number) {
  if (std::isnan(number)) return "";
  char text[32];
  std::snprintf(text, sizeof text, "%.5g", number);
  return text;
}

double ValueOf(const ScoredPolicy& policy) {
  return std::isnan(policy.mean) ? policy.score : policy.mean;
}

std::string ScoreText(const ScoredPolicy& policy) {
  const double value = ValueOf(policy);
  if (std::isnan(value)) return "no score";
  std::string text = RoundedText(value);
  if (!std::isnan(policy.standard_error)) text += " \u00b1 " + RoundedText(policy.standard_error);
  return text;
}

SearchSummary SummaryOf(const SearchSession& session, const SearchOptions& options, double seconds,
                        uint64_t world_size) {
  SearchSummary summary;
  summary.counts = session.Counts();
  summary.seconds = session.seconds_before() + seconds;
  summary.world_size = world_size;
  summary.parallel = options.parallel * world_size;
  for (uint32_t rank = 0; rank < kBestListed; ++rank) {
    const std::optional<ScoredPolicy> policy = session.Best(rank);
    if (!policy) break;
    summary.best.push_back(*policy);
  }
  for (uint32_t index = 0; options.baselines && index < kBaselinesMax; ++index) {
    const std::optional<ScoredPolicy> baseline = session.Baseline(index);
    if (!baseline) break;
    summary.baselines.push_back(*baseline);
  }
  return summary;
}

std::string SearchPage(const SearchSummary& summary, const SearchOptions& options) {
  const hr_search_counts& counts = summary.counts;
  std::string text = std::to_string(counts.search_trials) + " policies tried by " +
                     std::string(options.strategy_name) + " in " + DurationText(summary.seconds);
  if (counts.failed > 0) text += "; " + std::to_string(counts.failed) + " trials failed";
  text += "\n";
  if (!std::isnan(counts.best_score)) {
    text += "best score  " + RoundedText(counts.best_score) + " (trial " +
            std::to_string(counts.best_id) + ")\n";
  }
  if (summary.best.empty()) return text;
  const ScoredPolicy& winner = summary.best[0];
  text += "winner      " + ScoreText(winner) + " (trial " + std::to_string(winner.trial);
  if (winner.rescores > 0) {
    text += ", mean of " + std::to_string(winner.rescores) + " fresh seeds \u00b1 standard error";
  }
  text += ")\n";
  for (size_t i = 0; i < summary.baselines.size(); ++i) {
    const ScoredPolicy& baseline = summary.baselines[i];
    text += (i == 0 ? "baselines   " : "            ") + ScoreText(baseline) + " " + baseline.name +
            "\n";
  }
  const ScoredPolicy* best_baseline = BestBaseline(summary);
  if (best_baseline != nullptr && best_baseline->mean >= ValueOf(winner)) {
    text += "            " + best_baseline->name + " is as good as the winner or better\n";
  }
  text += "policy      " + winner.text + "\n";
  if (!options.output.empty()) text += "written to  " + options.output + "\n";
  return text;
}

std::string SearchJson(const SearchSummary& summary, const SearchOptions& options) {
  const hr_search_counts& counts = summary.counts;
  JsonWriter json;
  json.BeginObject();
  json.Field("best_score", counts.best_score);
  json.Field("best_trial", counts.best_id);
  json.Field("trials", counts.search_trials);
  json.Field("failed", counts.search_failed);
  json.Field("evaluations", counts.scored + counts.failed);
  json.Field("evaluations_failed", counts.failed);
  json.Field("strategy", options.strategy_name);
  json.Field("seed", options.seed);
  json.Field("parallel", summary.parallel);
  json.Field("world_size", summary.world_size);
  json.Field("seconds", summary.seconds);
  if (!summary.best.empty()) {
    json.Field("policy", summary.best[0].text);
    json.Key("winner");
    Add(summary.best[0], false, &json);
  }
  if (!options.output.empty()) json.Field("output", options.output);
  json.Key("best");
  json.BeginArray();
  for (const ScoredPolicy& policy : summary.best) Add(policy, false, &json);
  json.EndArray();
  json.Key("baselines");
  json.BeginArray();
  for (const ScoredPolicy& baseline : summary.baselines) Add(baseline, true, &json);
  json.EndArray();
  json.EndObject();
  return json.Take();
}

}  // namespace headrace::cli
