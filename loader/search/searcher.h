// The search for a policy, by ask and tell.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/search/search_journal.h"
#include "loader/search/standings.h"
#include "loader/search/strategy.h"
#include "loader/search/trial.h"

namespace headrace::loader {

struct SearchOptions {
  SearchStrategy strategy = SearchStrategy::kRandom;
  uint64_t seed = 0;
  uint32_t parallel = 1;  // K
  uint32_t trials = 0;    // of the search proper; 0: no end
  uint32_t rescore_top = 0;
  uint32_t rescore_seeds = 3;
  bool baselines = false;
};
inline constexpr uint32_t kSearchParallelMax = 1024;
inline constexpr uint32_t kRescoreSeedsMax = 64;
inline constexpr uint32_t kRescoreTopMax = 10000;

struct SearchCounts {
  TrialKind kind = TrialKind::kSearch;  // of the next ask
  uint64_t trials = 0;                  // in all; 0: no end
  uint64_t asked = 0;
  uint64_t out = 0;
  uint64_t scored = 0;
  uint64_t failed = 0;
  uint64_t search_told = 0;
  uint64_t search_failed = 0;
  uint64_t best_id = 0;
  double best_score = 0;  // NaN: none
};

// What: a search. Trial i is asked from what trials 0 to i - K came to and nothing else, told to
// the strategy in their order; scores that come earlier wait. So the policies are a function of
// space, strategy, seed and K. After the search proper the best are scored again on fresh seeds,
// then the baselines. Owner: hr_search. Thread: one at a time. Cost: a trial is a microsecond to a
// millisecond and about a KB, kept for good; a load asks and tells all trials again.
class Searcher {
 public:
  [[nodiscard]] static bool Make(const SearchConfig& config, const SearchOptions& options,
                                 std::unique_ptr<Searcher>* out, ConfigError* error);

  const PolicySpace& space() const { return *space_; }
  const SearchOptions& options() const { return options_; }
  const Strategy& strategy() const { return *strategy_; }  // for tests

  // kOk: *id is out now. kTimeout: *why names the trial that must be told first. kEndOfEpoch: all
  // are out or told.
  Code Ask(uint64_t* id, std::string* why);
  // `failed` empty: a score. One that is not finite is a failure.
  [[nodiscard]] bool Tell(uint64_t id, double score, std::string_view failed, ConfigError* error);

  // False: it was never asked.
  bool Find(uint64_t id, TrialFacts* facts);
  SearchCounts Counts();
  // The best first; see SortByMean.
  const std::vector<Standing>& Standings();
  PolicyFile PolicyOf(const Standing& standing) const;
  ScoreSpread BaselineSpread(uint32_t index) const;
  // The best `count` as one policy.
  [[nodiscard]] bool Concat(uint32_t count, PolicyFile* file, ConfigError* error);

  std::string Save() const;
  // Before the first ask; leaves the search as it was when it fails.
  [[nodiscard]] bool Load(std::string_view text, ConfigError* error);

 private:
  struct SearchTrial {
    Proposal proposal;  // its probabilities until the strategy has learnt the score
    uint64_t hash = 0;
    Outcome outcome;
    bool out = false;
  };
  // What a failure is worth: worse than all that was seen.
  class ScoreBook {
   public:
    void Add(double score);
    bool empty() const { return count_ == 0; }
    double Failure() const;

   private:
    double count_ = 0, mean_ = 0, squares_ = 0, worst_ = 0;
  };

  Searcher(const SearchConfig& config, const SearchOptions& options);

  uint64_t TrialsMax() const;
  void Propose();
  void LearnBefore(uint64_t end);
  // Lists what comes after the search proper, once it is over; false: it is not.
  bool MakeFinals();
  uint64_t FirstUntold() const;
  uint64_t FreshSeed(uint32_t index) const;
  std::vector<Standing> Scored() const;
  std::vector<std::pair<std::string, std::string>> Identity() const;
  bool CheckIdentity(const SearchJournal& journal, ConfigError* error) const;
  bool Replay(SearchJournal journal, ConfigError* error);
  bool TakeFinal(SearchJournal::Final entry, ConfigError* error);

  SearchOptions options_;
  std::unique_ptr<const PolicySpace> space_;  // at one address: the strategy refers to it
  std::unique_ptr<Strategy> strategy_;

  std::vector<SearchTrial> trials_;
  std::unordered_set<uint64_t> seen_;  // hashes of policies
  std::set<uint64_t> waiting_;         // trials of a loaded state that were out when it was saved
  uint64_t learnt_ = 0;                // trials that the strategy was told
  ScoreBook book_;

  std::map<FinalTrial, Outcome> final_outcomes_;
  std::vector<FinalTrial> finals_;  // in the order of their ids
  bool has_finals_ = false;
  size_t next_final_ = 0;
  std::set<FinalTrial> finals_out_;

  std::vector<Standing> standings_;
  bool standings_stale_ = false;
};

}  // namespace headrace::loader
