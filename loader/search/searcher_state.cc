// Saving a search and going on with it.
#include <algorithm>
#include <utility>

#include "loader/config_report.h"
#include "loader/search/baselines.h"
#include "loader/search/searcher.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kSpaceNames[] = {"auto_augment", "rand_augment", "sub_policy"};

// Two values of this length fit into an hr_error; the longest of ours, all ops, is shorter.
constexpr size_t kShownMax = 170;

bool Damaged(ConfigError* error, std::string what) {
  return Fail(error, Code::kCorrupt, "the state of the search is damaged: " + std::move(what));
}

}  // namespace

// What the sequence of policies depends on.
std::vector<std::pair<std::string, std::string>> Searcher::Identity() const {
  const SearchConfig& config = space_->config();
  std::vector<std::pair<std::string, std::string>> identity;
  identity.emplace_back("space", kSpaceNames[static_cast<size_t>(config.space)]);
  identity.emplace_back("profile", kPolicyProfileNames[static_cast<size_t>(config.profile)]);
  if (space_->has_sub_policies()) {
    std::string ops;
    for (const PolicyOp op : config.ops) {
      ops.append(ops.empty() ? "" : " ").append(PolicyOpName(op));
    }
    identity.emplace_back("ops", std::move(ops));
    identity.emplace_back("sub_policies", std::to_string(config.sub_policies));
    identity.emplace_back("probabilities", std::to_string(config.probabilities));
  }
  identity.emplace_back("num_ops", std::to_string(config.num_ops));
  identity.emplace_back("bins", std::to_string(config.bins));
  identity.emplace_back("strategy", kSearchStrategyNames[static_cast<size_t>(options_.strategy)]);
  identity.emplace_back("seed", std::to_string(options_.seed));
  identity.emplace_back("parallel", std::to_string(options_.parallel));
  return identity;
}

std::string Searcher::Save() const {
  SearchJournal journal;
  journal.strategies = kStrategiesVersion;
  journal.identity = Identity();
  for (const SearchTrial& trial : trials_) {
    journal.trials.push_back({PolicyLine(space_->Decode(trial.proposal.genome)), trial.outcome});
  }
  for (const auto& [final_trial, outcome] : final_outcomes_) {
    journal.finals.push_back({final_trial, outcome});
  }
  return WriteJournal(journal);
}

bool Searcher::CheckIdentity(const SearchJournal& journal, ConfigError* error) const {
  if (journal.strategies != kStrategiesVersion) {
    return Fail(error, Code::kNotInThisVersion,
                "the state is of version " + std::to_string(journal.strategies) +
                    " of the strategies, this headrace has " + std::to_string(kStrategiesVersion) +
                    "; go on with the headrace that saved it, or begin without a state");
  }
  for (const auto& [name, here] : Identity()) {
    const auto saved =
        std::ranges::find(journal.identity, name, &std::pair<std::string, std::string>::first);
    if (saved == journal.identity.end()) {
      return Damaged(error, Quoted(name) + " of \"search\" is missing");
    }
    if (saved->second == here) continue;
    return Fail(error, Code::kConfigValue,
                "the state is of another search: " + name + ' ' +
                    Printable(saved->second, kShownMax) + " against " + here +
                    " here; give what saved it, or begin without a state");
  }
  return true;
}

bool Searcher::Load(std::string_view text, ConfigError* error) {
  if (!trials_.empty()) {
    return Fail(error, Code::kInvalidArgument,
                "a state is loaded before the first ask: this search has asked already");
  }
  SearchJournal journal;
  if (!ReadJournal(text, &journal, error) || !CheckIdentity(journal, error)) return false;
  Searcher fresh(space_->config(), options_);
  if (!fresh.Replay(std::move(journal), error)) return false;
  *this = std::move(fresh);
  return true;
}

// Asks for every trial of the journal again: what comes must be what it says.
bool Searcher::Replay(SearchJournal journal, ConfigError* error) {
  if (journal.trials.size() > TrialsMax()) {
    return Fail(error, Code::kConfigValue,
                "the state has " + std::to_string(journal.trials.size()) +
                    " trials, more than trials = " + std::to_string(TrialsMax()) + " here");
  }
  for (uint64_t id = 0; id < journal.trials.size(); ++id) {
    SearchJournal::Asked& asked = journal.trials[id];
    if (id >= options_.parallel) {
      const uint64_t needed = id - options_.parallel;
      if (FirstUntold() <= needed) {
        return Damaged(error, "trial " + std::to_string(id) + " was asked, trial " +
                                  std::to_string(FirstUntold()) + " before it has no outcome");
      }
      LearnBefore(needed + 1);
    }
    Propose();
    const std::string line = PolicyLine(space_->Decode(trials_.back().proposal.genome));
    if (line != asked.policy) {
      return Damaged(error, "trial " + std::to_string(id) + " is " + Quoted(asked.policy, 100) +
                                ", the strategy comes to " + Quoted(line, 100));
    }
    trials_.back().outcome = std::move(asked.outcome);
    if (trials_.back().outcome.state == TrialState::kOut) waiting_.insert(id);
  }
  for (SearchJournal::Final& entry : journal.finals) {
    if (!TakeFinal(std::move(entry), error)) return false;
  }
  standings_stale_ = true;
  return true;
}

bool Searcher::TakeFinal(SearchJournal::Final entry, ConfigError* error) {
  const FinalTrial& trial = entry.trial;
  const uint64_t count = trial.kind == TrialKind::kRescore ? trials_.size() : uint64_t{kBaselines};
  const bool good =
      trial.of < count && trial.seed < kRescoreSeedsMax &&
      (trial.kind != TrialKind::kRescore || trials_[trial.of].outcome.state == TrialState::kScored);
  if (!good) {
    return Damaged(error, "an entry of \"finals\" is of " + std::to_string(trial.of) + ", seed " +
                              std::to_string(trial.seed) + ", which is none");
  }
  if (final_outcomes_.emplace(trial, std::move(entry.outcome)).second) return true;
  return Damaged(error, "an entry of \"finals\" is there twice: of " + std::to_string(trial.of) +
                            ", seed " + std::to_string(trial.seed));
}

}  // namespace headrace::loader
