#include "loader/search/searcher.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include "loader/config_report.h"
#include "loader/search/baselines.h"

namespace headrace::loader {
namespace {

// A policy that was had before is drawn again so often; in a small space, or by a strategy that has
// made up its mind, it is had twice then.
constexpr int kRedraws = 20;

constexpr std::string_view kStreamNames[] = {"search/random", "search/evolution",
                                             "search/reinforce", "search/ppo"};

// Seeds of evaluators: below 2^31, so that any library takes them; those of re-scores are odd and
// all others even, so that no re-score sees a seed that chose the policy.
uint64_t EvenSeed(uint32_t word) { return (word >> 1) & ~1u; }
uint64_t OddSeed(uint32_t word) { return (word >> 1) | 1u; }

Outcome OutcomeOf(double score, std::string_view failed) {
  if (!failed.empty()) {
    return {.state = TrialState::kFailed, .failed = Printable(failed, kFailedBytesMax)};
  }
  if (!std::isfinite(score)) {
    return {.state = TrialState::kFailed,
            .failed = std::isnan(score) ? "the score is not a number" : "the score is infinite"};
  }
  if (std::fabs(score) > kScoreMax) {
    return {.state = TrialState::kFailed, .failed = "the score is beyond 1e100"};
  }
  return {.state = TrialState::kScored, .score = score == 0 ? 0 : score};  // no -0
}

bool IsTold(const Outcome& outcome) { return outcome.state != TrialState::kOut; }

std::string TrialText(uint64_t id) {
  std::string text = "trial ";
  return text.append(std::to_string(id));
}

}  // namespace

void Searcher::ScoreBook::Add(double score) {
  worst_ = empty() ? score : std::min(worst_, score);
  count_ += 1;
  const double shift = score - mean_;
  mean_ += shift / count_;
  squares_ += shift * (score - mean_);
}

double Searcher::ScoreBook::Failure() const { return worst_ - std::sqrt(squares_ / count_); }

Searcher::Searcher(const SearchConfig& config, const SearchOptions& options)
    : options_(options),
      space_(std::make_unique<PolicySpace>(config)),
      strategy_(MakeStrategy(options.strategy, *space_)) {}

bool Searcher::Make(const SearchConfig& config, const SearchOptions& options,
                    std::unique_ptr<Searcher>* out, ConfigError* error) {
  const auto check = [&](const char* name, uint64_t value, uint64_t low, uint64_t high) {
    if (value >= low && value <= high) return true;
    std::string text(name);
    text.append(": found ").append(std::to_string(value));
    text.append("; allowed: ").append(std::to_string(low)).append(" to ");
    return Fail(error, Code::kInvalidArgument, text.append(std::to_string(high)));
  };
  if (!check("strategy", static_cast<uint64_t>(options.strategy), 0, 3) ||
      !check("parallel", options.parallel, 1, kSearchParallelMax) ||
      !check("trials", options.trials, 0, kSearchTrialsMax) ||
      !check("rescore_top", options.rescore_top, 0, kRescoreTopMax) ||
      !check("rescore_seeds", options.rescore_seeds, 1, kRescoreSeedsMax)) {
    return false;
  }
  *out = std::unique_ptr<Searcher>(new Searcher(config, options));
  return true;
}

uint64_t Searcher::TrialsMax() const {
  return options_.trials > 0 ? options_.trials : kSearchTrialsMax;
}

uint64_t Searcher::FirstUntold() const {
  uint64_t id = learnt_;
  while (id < trials_.size() && IsTold(trials_[id].outcome)) ++id;
  return id;
}

Code Searcher::Ask(uint64_t* id, std::string* why) {
  if (!waiting_.empty()) {
    *id = *waiting_.begin();
    waiting_.erase(waiting_.begin());
    trials_[*id].out = true;
    return Code::kOk;
  }
  const auto must_wait = [&](uint64_t trial, const std::string& before) {
    *why = "tell " + TrialText(trial) + " first: " + before;
    return Code::kTimeout;
  };
  if (trials_.size() < TrialsMax()) {
    const uint64_t next = trials_.size();
    if (next >= options_.parallel) {
      const uint64_t needed = next - options_.parallel;
      if (const uint64_t untold = FirstUntold(); untold <= needed) {
        return must_wait(untold, TrialText(next) + " depends on its score");
      }
      LearnBefore(needed + 1);
    }
    Propose();
    trials_.back().out = true;
    *id = next;
    return Code::kOk;
  }
  if (options_.trials == 0) return Code::kEndOfEpoch;
  if (!MakeFinals()) {
    return must_wait(FirstUntold(), "which policies are scored again depends on its score");
  }
  while (next_final_ < finals_.size() && final_outcomes_.contains(finals_[next_final_])) {
    ++next_final_;
  }
  if (next_final_ == finals_.size()) return Code::kEndOfEpoch;
  finals_out_.insert(finals_[next_final_]);
  *id = trials_.size() + next_final_++;
  return Code::kOk;
}

void Searcher::LearnBefore(uint64_t end) {
  for (; learnt_ < end; ++learnt_) {
    SearchTrial& trial = trials_[learnt_];
    Proposal proposal = trial.proposal;
    trial.proposal.log_probability = {};
    if (trial.outcome.state == TrialState::kScored) {
      book_.Add(trial.outcome.score);
      strategy_->Learn(std::move(proposal), trial.outcome.score);
    } else if (!book_.empty()) {
      strategy_->Learn(std::move(proposal), book_.Failure());
    }
    // A failure before the first score says nothing yet about what is better.
  }
}

void Searcher::Propose() {
  const uint64_t id = trials_.size();
  RandomStream stream({.seed = options_.seed,
                       .unit = id,
                       .name = kStreamNames[static_cast<size_t>(options_.strategy)]});
  SearchTrial trial;
  for (int draw = 0; draw <= kRedraws; ++draw) {
    trial.proposal = strategy_->Propose(&stream);
    trial.hash = PolicyHash(space_->Decode(trial.proposal.genome));
    if (seen_.insert(trial.hash).second) break;
  }
  trials_.push_back(std::move(trial));
}

std::vector<Standing> Searcher::Scored() const {
  std::vector<Standing> scored;
  for (uint64_t id = 0; id < trials_.size(); ++id) {
    const SearchTrial& trial = trials_[id];
    if (trial.outcome.state != TrialState::kScored) continue;
    scored.push_back({.id = id, .hash = trial.hash, .score = trial.outcome.score, .rescored = {}});
  }
  SortByScore(&scored);
  return scored;
}

bool Searcher::MakeFinals() {
  if (has_finals_) return true;
  const bool over =
      options_.trials > 0 && trials_.size() >= options_.trials && FirstUntold() == trials_.size();
  if (!over) return false;
  std::vector<Standing> scored = Scored();
  if (scored.size() > options_.rescore_top) scored.resize(options_.rescore_top);
  // Seed by seed: whoever stops early has compared like with like.
  for (uint32_t seed = 0; seed < options_.rescore_seeds; ++seed) {
    for (const Standing& standing : scored) {
      finals_.push_back({TrialKind::kRescore, standing.id, seed});
    }
  }
  for (uint32_t seed = 0; options_.baselines && seed < options_.rescore_seeds; ++seed) {
    for (uint32_t index = 0; index < kBaselines; ++index) {
      finals_.push_back({TrialKind::kBaseline, index, seed});
    }
  }
  has_finals_ = true;
  return true;
}

bool Searcher::Tell(uint64_t id, double score, std::string_view failed, ConfigError* error) {
  const auto refuse = [&](const char* why) {
    return loader::Fail(error, Code::kInvalidArgument, TrialText(id) + " was " + why);
  };
  Outcome outcome = OutcomeOf(score, failed);
  if (id < trials_.size()) {
    SearchTrial& trial = trials_[id];
    if (IsTold(trial.outcome)) return refuse("told before");
    if (!trial.out) return refuse("not asked since the state was loaded");
    trial.out = false;
    trial.outcome = std::move(outcome);
  } else {
    const uint64_t at = id - trials_.size();
    if (at >= finals_.size() ||
        (!finals_out_.contains(finals_[at]) && !final_outcomes_.contains(finals_[at]))) {
      return refuse("not asked");
    }
    if (final_outcomes_.contains(finals_[at])) return refuse("told before");
    finals_out_.erase(finals_[at]);
    final_outcomes_[finals_[at]] = std::move(outcome);
  }
  standings_stale_ = true;
  return true;
}

uint64_t Searcher::FreshSeed(uint32_t index) const {
  RandomStream stream({.seed = options_.seed, .unit = index, .name = "search/rescore"});
  return OddSeed(stream.NextU32());
}

bool Searcher::Find(uint64_t id, TrialFacts* facts) {
  *facts = {.id = id, .of = id, .policy = {}, .genome = {}, .outcome = {}};
  if (id < trials_.size()) {
    const SearchTrial& trial = trials_[id];
    RandomStream stream({.seed = options_.seed, .unit = id, .name = "search/seed"});
    facts->seed = EvenSeed(stream.NextU32());
    facts->policy = space_->Decode(trial.proposal.genome);
    facts->genome = trial.proposal.genome;
    facts->outcome = trial.outcome;
    return true;
  }
  if (!MakeFinals() || id - trials_.size() >= finals_.size()) return false;
  const FinalTrial& final_trial = finals_[id - trials_.size()];
  const auto told = final_outcomes_.find(final_trial);
  if (told == final_outcomes_.end() && !finals_out_.contains(final_trial)) return false;
  if (told != final_outcomes_.end()) facts->outcome = told->second;
  facts->kind = final_trial.kind;
  facts->of = final_trial.of;
  facts->seed = FreshSeed(final_trial.seed);
  if (final_trial.kind == TrialKind::kRescore) {
    facts->genome = trials_[final_trial.of].proposal.genome;
    facts->policy = space_->Decode(facts->genome);
    return true;
  }
  const auto index = static_cast<uint32_t>(final_trial.of);
  facts->name = kBaselineNames[index];
  facts->policy = BaselinePolicy(index, *space_, options_.seed);
  std::string why;
  if (!space_->Encode(facts->policy, &facts->genome, &why)) facts->genome.clear();
  return true;
}

SearchCounts Searcher::Counts() {
  SearchCounts counts;
  counts.best_score = std::numeric_limits<double>::quiet_NaN();
  for (uint64_t id = 0; id < trials_.size(); ++id) {
    const SearchTrial& trial = trials_[id];
    counts.out += trial.out;
    counts.search_failed += trial.outcome.state == TrialState::kFailed;
    if (trial.outcome.state != TrialState::kScored) continue;
    ++counts.scored;
    if (counts.best_score >= trial.outcome.score) continue;
    counts.best_id = id;
    counts.best_score = trial.outcome.score;
  }
  counts.failed = counts.search_failed;
  counts.search_told = counts.scored + counts.failed;
  counts.asked = trials_.size() - waiting_.size();
  if (options_.trials == 0) return counts;
  if (!MakeFinals()) {
    const uint64_t top = std::min(options_.rescore_top, options_.trials);
    const uint64_t policies = top + (options_.baselines ? kBaselines : 0);
    counts.trials = options_.trials + policies * options_.rescore_seeds;
    return counts;
  }
  counts.trials = trials_.size() + finals_.size();
  for (const FinalTrial& final_trial : finals_) {
    const auto told = final_outcomes_.find(final_trial);
    const bool is_told = told != final_outcomes_.end();
    counts.scored += is_told && told->second.state == TrialState::kScored;
    counts.failed += is_told && told->second.state == TrialState::kFailed;
    counts.out += finals_out_.contains(final_trial);
    counts.asked += is_told || finals_out_.contains(final_trial);
  }
  size_t next = next_final_;
  while (next < finals_.size() && final_outcomes_.contains(finals_[next])) ++next;
  if (!finals_.empty()) counts.kind = finals_[std::min(next, finals_.size() - 1)].kind;
  return counts;
}

const std::vector<Standing>& Searcher::Standings() {
  if (!standings_stale_) return standings_;
  standings_ = Scored();
  // Trials of equal policies share what their re-scores came to.
  std::map<uint64_t, std::vector<Outcome>> rescores;
  for (const auto& [final_trial, outcome] : final_outcomes_) {
    if (final_trial.kind != TrialKind::kRescore) continue;
    rescores[trials_[final_trial.of].hash].push_back(outcome);
  }
  for (Standing& standing : standings_) {
    const auto found = rescores.find(standing.hash);
    if (found != rescores.end()) standing.rescored = SpreadOf(found->second);
  }
  SortByMean(&standings_);
  standings_stale_ = false;
  return standings_;
}

PolicyFile Searcher::PolicyOf(const Standing& standing) const {
  return space_->Decode(trials_[standing.id].proposal.genome);
}

ScoreSpread Searcher::BaselineSpread(uint32_t index) const {
  std::vector<Outcome> outcomes;
  for (const auto& [final_trial, outcome] : final_outcomes_) {
    const bool own = final_trial.kind == TrialKind::kBaseline && final_trial.of == index;
    if (own) outcomes.push_back(outcome);
  }
  return SpreadOf(outcomes);
}

bool Searcher::Concat(uint32_t count, PolicyFile* file, ConfigError* error) {
  const auto refuse = [&](std::string why) {
    return loader::Fail(error, Code::kInvalidArgument, std::move(why));
  };
  if (!space_->has_sub_policies()) {
    return refuse("policies of the space rand_augment have no sub-policies to join");
  }
  const std::vector<Standing>& standings = Standings();
  if (standings.empty() || count == 0) return refuse("no policy has a score yet, or count is 0");
  const size_t joined = std::min<size_t>(count, standings.size());
  if (joined * space_->config().sub_policies > kSubPoliciesMax) {
    return refuse(std::to_string(joined) + " policies have more than 1000 sub-policies");
  }
  *file = PolicyOf(standings[0]);
  for (size_t i = 1; i < joined; ++i) {
    const PolicyFile next = PolicyOf(standings[i]);
    auto& sub_policies = file->policy.sub_policies;
    sub_policies.insert(sub_policies.end(), next.policy.sub_policies.begin(),
                        next.policy.sub_policies.end());
  }
  return true;
}

}  // namespace headrace::loader
