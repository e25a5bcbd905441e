#include "bindings/cli/search_session.h"

#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "bindings/cli/command.h"

namespace headrace::cli {
namespace {

std::string TextOf(hr_status status, const hr_error& error) {
  return error.text[0] != '\0' ? error.text : hr_status_name(status);
}

Trial TrialOf(const hr_trial& asked) {
  Trial trial;
  trial.id = asked.id;
  trial.of = asked.of;
  trial.seed = asked.seed;
  trial.policy = asked.policy;
  trial.name = asked.name[0] != '\0' ? asked.name : asked.text;
  trial.kind = asked.kind == HR_TRIAL_RESCORE    ? TrialKind::kRescore
               : asked.kind == HR_TRIAL_BASELINE ? TrialKind::kBaseline
                                                 : TrialKind::kSearch;
  return trial;
}

ScoredPolicy PolicyOf(const hr_search_result& result) {
  return {.trial = result.id,
          .score = result.score,
          .mean = result.mean,
          .standard_error = result.standard_error,
          .rescores = result.rescores,
          .rescores_failed = result.rescores_failed,
          .policy = result.policy,
          .text = result.text,
          .name = result.name};
}

bool IsTheSame(const Trial& a, const Trial& b) {
  return a.kind == b.kind && a.of == b.of && a.seed == b.seed && a.name == b.name;
}

// Reasons are not compared: the library keeps less of them.
bool IsTheSame(const FinishedTrial& finished, const hr_trial& known) {
  const bool is_good = finished.outcome.is_good();
  if (known.state != (is_good ? HR_TRIAL_SCORED : HR_TRIAL_FAILED)) return false;
  if (is_good && known.score != finished.outcome.score) return false;
  return IsTheSame(finished.trial, TrialOf(known));
}

bool Save(const hr_search* search, std::string* state, std::string* error) {
  HR_INIT(hr_error, failure);
  size_t needed = 0;
  (void)hr_search_save(search, nullptr, 0, &needed, nullptr);
  state->resize(needed);
  const hr_status status = hr_search_save(search, state->data(), needed, &needed, &failure);
  if (status != HR_OK) {
    *error = TextOf(status, failure);
    return false;
  }
  state->resize(needed - 1);  // without the NUL
  return true;
}

}  // namespace

int SearchSession::OpenSearch(const SearchPlan& plan, Handle* search) {
  const hr_options given = overrides_.ToOptions(*console_);
  HR_INIT(hr_search_options, options);
  options.strategy = options_.strategy;
  options.seed = options_.seed;
  options.parallel = static_cast<uint32_t>(parallel_);
  options.trials = static_cast<uint32_t>(plan.trials);
  options.rescore_top = static_cast<uint32_t>(plan.rescore_top);
  options.rescore_seeds = static_cast<uint32_t>(plan.rescore_seeds);
  options.baselines = plan.baselines ? 1 : 0;
  options.overrides = given.overrides;
  options.override_count = given.override_count;
  HR_INIT(hr_error, error);
  hr_search* opened = nullptr;
  const hr_status status = hr_search_open_file(options_.config.c_str(), &options, &opened, &error);
  if (status != HR_OK) return console_->Fail(status, error);
  search->reset(opened);
  return kExitGood;
}

int SearchSession::Open(uint64_t parallel, const Overrides& overrides) {
  std::string text;
  if (!options_.state.empty() && !file_.Open(options_.state, &text)) return console_->Fail(text);
  parallel_ = parallel;
  overrides_ = overrides;
  saved_.evaluate = options_.evaluator.command;
  saved_.plan = {.trials = options_.trials,
                 .rescore_top = options_.rescore_top,
                 .rescore_seeds = options_.rescore_seeds,
                 .baselines = options_.baselines};
  if (const int opened = OpenSearch(saved_.plan, &search_); opened != kExitGood) return opened;
  HR_INIT(hr_gene, gene);
  if (options_.concat > 0 && hr_search_gene(search_.get(), 0, &gene, nullptr) == HR_OK &&
      gene.kind == HR_GENE_NUM_OPS) {
    return console_->Usage(
        "--concat: policies of the rand_augment space have nothing to be joined");
  }
  return options_.state.empty() ? kExitGood : Load();
}

int SearchSession::FailOnState(const std::string& text) {
  return console_->Fail("--state " + options_.state + ": " + text);
}

int SearchSession::Load() {
  std::optional<SavedSearch> saved;
  std::string text;
  if (!file_.Read(&saved, &text)) return console_->Fail(text);
  if (!saved) return kExitGood;
  if (const int caught_up = CatchUp(&*saved); caught_up != kExitGood) return caught_up;
  if (const int loaded = LoadInto(search_.get(), saved->search); loaded != kExitGood) return loaded;
  if (saved->evaluate != saved_.evaluate) {
    console_->Warning("--evaluate was " + saved->evaluate +
                      " before: scores of two evaluators may not compare");
  }
  saved_.seconds = seconds_before_ = saved->seconds;
  saved_.trials = std::move(saved->trials);
  return CheckTrials();
}

int SearchSession::LoadInto(hr_search* search, const std::string& state) {
  HR_INIT(hr_error, error);
  const hr_status status = hr_search_load(search, state.data(), state.size(), &error);
  if (status == HR_OK) return kExitGood;
  hr_error with_name = error;
  const std::string line = "--state " + options_.state + ": " + TextOf(status, error);
  with_name.text[line.copy(with_name.text, sizeof with_name.text - 1)] = '\0';
  return console_->Fail(status, with_name);
}

// The trials that were added are asked for as the run asked that added them: of a search of its
// own, as it may have been one of another number of trials.
int SearchSession::CatchUp(SavedSearch* saved) {
  if (saved->known == saved->trials.size()) return kExitGood;
  Handle search;
  if (const int opened = OpenSearch(saved->plan, &search); opened != kExitGood) return opened;
  if (const int loaded = LoadInto(search.get(), saved->search); loaded != kExitGood) return loaded;
  std::unordered_map<uint64_t, Trial> asked;
  for (size_t i = saved->known; i < saved->trials.size(); ++i) {
    const auto& [trial, outcome] = saved->trials[i];
    HR_INIT(hr_trial, next);
    while (!asked.contains(trial.id) && hr_search_ask(search.get(), &next, nullptr) == HR_OK) {
      asked[next.id] = TrialOf(next);
    }
    const auto found = asked.find(trial.id);
    if (found == asked.end() || !IsTheSame(found->second, trial) ||
        hr_search_tell(search.get(), trial.id, outcome.score,
                       outcome.is_good() ? nullptr : outcome.reason.c_str(), nullptr) != HR_OK) {
      return FailOnState("is damaged: line " + std::to_string(i + 2) +
                         " is not of a trial that the search has asked for");
    }
    asked.erase(found);
  }
  std::string text;
  return Save(search.get(), &saved->search, &text) ? kExitGood : FailOnState(text);
}

// The file has what the search knows a second time, with times and reasons: they must agree. What
// comes after the search proper has other ids when the number of trials is another, and is the
// library's to check.
int SearchSession::CheckTrials() {
  std::unordered_set<uint64_t> seen;
  for (const FinishedTrial& finished : saved_.trials) {
    if (finished.trial.kind != TrialKind::kSearch) continue;
    HR_INIT(hr_trial, known);
    const hr_status status = hr_search_trial(search_.get(), finished.trial.id, &known, nullptr);
    if (status == HR_OK && IsTheSame(finished, known) && seen.insert(finished.trial.id).second) {
      continue;
    }
    return FailOnState("is damaged: trial " + std::to_string(finished.trial.id) +
                       " is not what the search says about it");
  }
  if (const uint64_t told = Counts().search_trials; told != seen.size()) {
    return FailOnState("is damaged: it lists " + std::to_string(seen.size()) +
                       " trials, and the search knows the outcomes of " + std::to_string(told));
  }
  return kExitGood;
}

bool SearchSession::Ask(Trial* trial, Asked* asked, std::string* error) {
  HR_INIT(hr_trial, out);
  HR_INIT(hr_error, failure);
  const hr_status status = hr_search_ask(search_.get(), &out, &failure);
  if (status == HR_TIMEOUT) {
    *asked = Asked::kLater;
  } else if (status == HR_END_OF_EPOCH) {
    *asked = Asked::kNoMore;
  } else if (status == HR_OK) {
    *asked = Asked::kTrial;
    *trial = TrialOf(out);
  } else {
    *error = TextOf(status, failure);
    return false;
  }
  return true;
}

bool SearchSession::Finish(const FinishedTrial& finished, double seconds, std::string* error) {
  const Outcome& outcome = finished.outcome;
  HR_INIT(hr_error, failure);
  const hr_status told =
      hr_search_tell(search_.get(), finished.trial.id, outcome.score,
                     outcome.is_good() ? nullptr : outcome.reason.c_str(), &failure);
  if (told != HR_OK) {
    *error = TextOf(told, failure);
    return false;
  }
  saved_.trials.push_back(finished);
  saved_.trials.back().trial.policy.clear();
  saved_.seconds = seconds_before_ + seconds;
  if (options_.state.empty()) return true;
  if (file_.CanAdd()) return file_.Add(finished, saved_.seconds, error);
  if (!Save(search_.get(), &saved_.search, error)) return false;
  saved_.known = saved_.trials.size();
  return file_.Write(saved_, error);
}

hr_search_counts SearchSession::Counts() const {
  HR_INIT(hr_search_counts, counts);
  // Cannot fail with a struct of the library's own size.
  if (hr_search_progress(search_.get(), &counts, nullptr) != HR_OK) counts = {};
  return counts;
}

std::optional<ScoredPolicy> SearchSession::Best(uint32_t rank) const {
  HR_INIT(hr_search_result, result);
  if (hr_search_best(search_.get(), rank, &result, nullptr) != HR_OK) return std::nullopt;
  return PolicyOf(result);
}

std::optional<ScoredPolicy> SearchSession::Baseline(uint32_t index) const {
  HR_INIT(hr_search_result, result);
  if (hr_search_baseline(search_.get(), index, &result, nullptr) != HR_OK) return std::nullopt;
  return PolicyOf(result);
}

std::string SearchSession::PolicyToml(const std::string& line) const {
  HR_INIT(hr_policy, policy);
  const hr_status status =
      hr_search_policy_of_text(search_.get(), line.data(), line.size(), &policy, nullptr);
  return status == HR_OK ? policy.toml : "";
}

bool SearchSession::Concat(uint32_t count, std::string* toml, std::string* error) const {
  HR_INIT(hr_error, failure);
  size_t needed = 0;
  (void)hr_search_concat(search_.get(), count, nullptr, 0, &needed, nullptr);
  toml->resize(needed);
  const hr_status status =
      hr_search_concat(search_.get(), count, toml->data(), needed, &needed, &failure);
  if (status != HR_OK) {
    *error = TextOf(status, failure);
    return false;
  }
  toml->resize(needed - 1);
  return true;
}

}  // namespace headrace::cli
