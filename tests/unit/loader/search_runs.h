// Runs a search on the planted objective and notes what it asked.
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "planted_objective.h"

namespace headrace::loader {

struct AskedTrial {
  TrialKind kind = TrialKind::kSearch;
  uint64_t of = 0;
  uint64_t seed = 0;
  std::string line;
  double truth = 0;  // without noise; of baselines 0
  friend bool operator==(const AskedTrial&, const AskedTrial&) = default;
};

// What a trial comes to: a score, or NaN for a failure.
using Evaluator = std::function<double(const TrialFacts&)>;

inline double PlantedEvaluator(const TrialFacts& facts) {
  return facts.genome.empty() ? 0 : NoisyScore(facts.genome, facts.seed);
}

// Every fifth trial fails, by no rule that a strategy could learn.
inline double FailingEvaluator(const TrialFacts& facts) {
  RandomStream stream({.seed = facts.seed, .name = "test/failure"});
  if (stream.NextUnit() < 0.2) return std::numeric_limits<double>::quiet_NaN();
  return PlantedEvaluator(facts);
}

class SearchRun {
 public:
  explicit SearchRun(std::unique_ptr<Searcher> searcher, Evaluator evaluate = PlantedEvaluator)
      : searcher_(std::move(searcher)), evaluate_(std::move(evaluate)) {}

  Searcher& searcher() { return *searcher_; }
  const std::vector<AskedTrial>& asked() const { return asked_; }
  const std::deque<uint64_t>& out() const { return out_; }

  // One more trial is out; false: not now.
  bool Ask() {
    uint64_t id = 0;
    std::string why;
    if (searcher_->Ask(&id, &why) != Code::kOk) return false;
    TrialFacts facts;
    EXPECT_TRUE(searcher_->Find(id, &facts));
    if (id >= asked_.size()) asked_.resize(id + 1);
    const bool planted = facts.genome.size() % 3 == 0 && !facts.genome.empty();
    asked_[id] = {facts.kind, facts.of, facts.seed, PolicyLine(facts.policy),
                  planted ? PlantedScore(facts.genome) : 0};
    out_.push_back(id);
    return true;
  }

  void Tell(uint64_t id) {
    TrialFacts facts;
    ConfigError error;
    EXPECT_TRUE(searcher_->Find(id, &facts));
    EXPECT_TRUE(searcher_->Tell(id, evaluate_(facts), {}, &error)) << error.text;
    out_.erase(std::ranges::find(out_, id));
  }

  // As many as may be out, the oldest told first, to the end or until `end` were asked.
  void Finish(size_t end = std::numeric_limits<size_t>::max()) {
    for (;;) {
      while (asked_.size() < end && Ask()) {
      }
      if (out_.empty()) return;
      Tell(out_.front());
    }
  }

  // The true score of the policy that the search would name.
  double Pick() {
    TrialFacts facts;
    EXPECT_TRUE(searcher_->Find(searcher_->Standings().at(0).id, &facts));
    return PlantedScore(facts.genome);
  }

  // The mean true score of asks `begin` to `end` - 1.
  double MeanTruth(size_t begin, size_t end) const {
    double sum = 0;
    for (size_t i = begin; i < end; ++i) sum += asked_[i].truth;
    return sum / static_cast<double>(end - begin);
  }

 private:
  std::unique_ptr<Searcher> searcher_;
  Evaluator evaluate_;
  std::vector<AskedTrial> asked_;
  std::deque<uint64_t> out_;
};

inline constexpr SearchStrategy kAllStrategies[] = {
    SearchStrategy::kRandom, SearchStrategy::kEvolution, SearchStrategy::kReinforce,
    SearchStrategy::kPpo};
inline std::string NameOf(SearchStrategy strategy) {
  return std::string(kSearchStrategyNames[static_cast<size_t>(strategy)]);
}

}  // namespace headrace::loader
