// That the sequence of policies depends on space, strategy, seed and K, and on nothing else.
#include "loader/search/baselines.h"
#include "search_runs.h"

namespace headrace::loader {
namespace {

SearchOptions Options(SearchStrategy strategy, uint32_t parallel, uint32_t trials = 60) {
  return {.strategy = strategy,
          .seed = 11,
          .parallel = parallel,
          .trials = trials,
          .rescore_top = 4,
          .rescore_seeds = 2,
          .baselines = true};
}

std::vector<AskedTrial> Unbroken(const SearchOptions& options,
                                 const Evaluator& evaluate = PlantedEvaluator) {
  SearchRun run(MustMake(options), evaluate);
  run.Finish();
  return run.asked();
}

TEST(SearchOrderTest, TellsInAnyOrderGiveTheSameSequence) {
  for (const SearchStrategy strategy : kAllStrategies) {
    for (const uint32_t parallel : {2u, 3u, 8u}) {
      const SearchOptions options = Options(strategy, parallel);
      const std::vector<AskedTrial> expected = Unbroken(options, FailingEvaluator);
      // The newest first, whenever no more can be asked; and any one, at any time.
      SearchRun reverse(MustMake(options), FailingEvaluator);
      SearchRun anyhow(MustMake(options), FailingEvaluator);
      RandomStream stream({.seed = parallel, .name = "test/order"});
      for (;;) {
        while (reverse.Ask()) {
        }
        if (reverse.out().empty()) break;
        while (!reverse.out().empty()) reverse.Tell(reverse.out().back());
      }
      for (;;) {
        const bool asked = stream.NextUnit() < 0.5 && anyhow.Ask();
        if (asked) continue;
        if (anyhow.out().empty() && !anyhow.Ask()) break;
        const auto which = stream.NextBelow(static_cast<uint32_t>(anyhow.out().size()));
        anyhow.Tell(anyhow.out()[which]);
      }
      EXPECT_EQ(reverse.asked(), expected) << NameOf(strategy) << " K " << parallel;
      EXPECT_EQ(anyhow.asked(), expected) << NameOf(strategy) << " K " << parallel;
    }
  }
}

TEST(SearchOrderTest, SeedAndParallelMakeADifference) {
  const auto base = Unbroken(Options(SearchStrategy::kPpo, 4));
  SearchOptions other = Options(SearchStrategy::kPpo, 4);
  other.seed = 12;
  EXPECT_NE(Unbroken(other), base);
  EXPECT_NE(Unbroken(Options(SearchStrategy::kPpo, 5)), base);
  EXPECT_EQ(Unbroken(Options(SearchStrategy::kPpo, 4)), base);
  // How many trials there will be does not.
  const auto longer = Unbroken(Options(SearchStrategy::kPpo, 4, 80));
  EXPECT_TRUE(std::equal(base.begin(), base.begin() + 60, longer.begin()));
}

TEST(SearchOrderTest, SoManyMayBeOutAndTheNextNamesWhatItWaitsFor) {
  const auto searcher = MustMake(Options(SearchStrategy::kEvolution, 8));
  uint64_t id = 0;
  std::string why;
  ConfigError error;
  for (uint64_t i = 0; i < 8; ++i) {
    EXPECT_EQ(searcher->Ask(&id, &why), Code::kOk);
    EXPECT_EQ(id, i);
  }
  EXPECT_EQ(searcher->Ask(&id, &why), Code::kTimeout);
  EXPECT_EQ(why, "tell trial 0 first: trial 8 depends on its score");
  for (uint64_t i = 1; i < 8; ++i) EXPECT_TRUE(searcher->Tell(i, 0.5, {}, &error));
  EXPECT_EQ(searcher->Ask(&id, &why), Code::kTimeout);
  EXPECT_TRUE(searcher->Tell(0, 0.5, {}, &error));
  for (uint64_t i = 8; i < 16; ++i) EXPECT_EQ(searcher->Ask(&id, &why), Code::kOk);
  EXPECT_EQ(searcher->Ask(&id, &why), Code::kTimeout);
  EXPECT_EQ(why, "tell trial 8 first: trial 16 depends on its score");
}

TEST(SearchOrderTest, ReScoresWaitForAllTrialsAndThenAreOnFreshSeeds) {
  SearchRun run(MustMake(Options(SearchStrategy::kRandom, 4, 12)));
  while (run.asked().size() < 12) {
    if (!run.Ask()) run.Tell(run.out().front());
  }
  uint64_t id = 0;
  std::string why;
  EXPECT_EQ(run.searcher().Ask(&id, &why), Code::kTimeout);
  EXPECT_NE(why.find("which policies are scored again depends on its score"), std::string::npos);
  while (!run.out().empty()) run.Tell(run.out().back());
  run.Finish();
  const auto& asked = run.asked();
  ASSERT_EQ(asked.size(), 12u + 4 * 2 + kBaselines * 2);
  std::vector<uint64_t> fresh;
  for (size_t i = 0; i < asked.size(); ++i) {
    const TrialKind kind = i < 12   ? TrialKind::kSearch
                           : i < 20 ? TrialKind::kRescore
                                    : TrialKind::kBaseline;
    EXPECT_EQ(asked[i].kind, kind) << i;
    EXPECT_LT(asked[i].seed, uint64_t{1} << 31);
    EXPECT_EQ(asked[i].seed % 2, i < 12 ? 0u : 1u) << "no fresh seed chose a policy";
    if (i < 12) continue;
    fresh.push_back(asked[i].seed);
    if (i < 20) {
      EXPECT_EQ(asked[i].line, asked[asked[i].of].line);
    }
  }
  std::ranges::sort(fresh);
  fresh.erase(std::unique(fresh.begin(), fresh.end()), fresh.end());
  EXPECT_EQ(fresh.size(), 2u) << "all are scored on the same ones";
  EXPECT_EQ(run.searcher().Ask(&id, &why), Code::kEndOfEpoch);
}

TEST(SearchOrderTest, TheWinnerIsTheBestByItsReScores) {
  // A lucky trial, and a policy that is really good.
  const auto evaluate = [](const TrialFacts& facts) {
    if (facts.kind == TrialKind::kSearch) return facts.id == 3 ? 0.9 : facts.id == 5 ? 0.8 : 0.1;
    if (facts.kind == TrialKind::kBaseline) return facts.of * 0.25 + facts.seed % 4 * 1e-3;
    if (facts.of == 3) return 0.2;
    return facts.of == 5 ? 0.7 + facts.seed % 4 * 0.01 : 0.15;
  };
  SearchRun run(MustMake(Options(SearchStrategy::kRandom, 1, 12)), evaluate);
  run.Finish(12);
  EXPECT_EQ(run.searcher().Standings()[0].id, 3u) << "before anything was scored again";
  run.Finish();
  const std::vector<Standing>& standings = run.searcher().Standings();
  ASSERT_EQ(standings.size(), 12u);
  EXPECT_EQ(standings[0].id, 5u);
  EXPECT_EQ(standings[0].score, 0.8);
  EXPECT_EQ(standings[0].rescored.scored, 2u);
  EXPECT_NEAR(standings[0].rescored.mean, 0.72, 0.011);
  EXPECT_EQ(standings[1].id, 3u);
  EXPECT_EQ(standings[4].rescored.scored, 0u) << "four were scored again";
  EXPECT_TRUE(std::isnan(standings[4].rescored.mean));
  EXPECT_NEAR(run.searcher().BaselineSpread(2).mean, 0.5, 0.01);
}

TEST(SearchOrderTest, AReScoreThatFailsIsLeftOutOfTheMeanAndPutsThePolicyBehind) {
  int failures = 0;
  SearchRun run(
      MustMake({.trials = 6, .rescore_top = 6, .rescore_seeds = 4}), [&](const TrialFacts& facts) {
        const bool fails = facts.kind == TrialKind::kRescore && (facts.of == 1 || failures == 0);
        failures += fails;
        return fails ? std::numeric_limits<double>::infinity() : static_cast<double>(facts.of);
      });
  run.Finish();
  const std::vector<Standing>& standings = run.searcher().Standings();
  ASSERT_EQ(standings.size(), 6u);
  EXPECT_EQ(standings[0].id, 4u);
  EXPECT_EQ(standings[4].id, 5u) << "the best mean, of three scores where others have four";
  EXPECT_EQ(standings[4].rescored.scored, 3u);
  EXPECT_EQ(standings[4].rescored.failed, 1u);
  EXPECT_EQ(standings[4].rescored.mean, 5.0);
  EXPECT_EQ(standings[5].id, 1u) << "never scored again, so behind all that were";
  EXPECT_EQ(standings[5].rescored.failed, 4u);
}

TEST(SearchOrderTest, PoliciesAreDrawnAgainWhenTheyWereHadBefore) {
  SearchConfig rand;
  rand.space = SearchSpace::kRandAugment;
  rand.num_ops = 3;
  rand.bins = 31;
  // 93 policies in all.
  SearchRun run(MustMake({.seed = 2, .trials = 60}, rand), [](const TrialFacts&) { return 0.0; });
  run.Finish();
  std::vector<std::string> lines;
  for (const AskedTrial& trial : run.asked()) lines.push_back(trial.line);
  std::ranges::sort(lines);
  EXPECT_EQ(std::unique(lines.begin(), lines.end()) - lines.begin(), 60);
}

TEST(SearchOrderTest, TellsThatCannotBeAreRefused) {
  const auto searcher = MustMake(Options(SearchStrategy::kRandom, 2, 2));
  ConfigError error;
  EXPECT_FALSE(searcher->Tell(0, 0.1, {}, &error));
  EXPECT_EQ(error.text, "trial 0 was not asked");
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  uint64_t id = 0;
  std::string why;
  EXPECT_EQ(searcher->Ask(&id, &why), Code::kOk);
  EXPECT_TRUE(searcher->Tell(0, 0.1, {}, &error));
  EXPECT_FALSE(searcher->Tell(0, 0.2, {}, &error));
  EXPECT_EQ(error.text, "trial 0 was told before");
  EXPECT_EQ(searcher->Ask(&id, &why), Code::kOk);
  EXPECT_TRUE(searcher->Tell(1, 0.1, {}, &error));
  EXPECT_EQ(searcher->Ask(&id, &why), Code::kOk);
  EXPECT_EQ(id, 2u);
  EXPECT_FALSE(searcher->Tell(3, 0.1, {}, &error));
  EXPECT_EQ(error.text, "trial 3 was not asked");
  EXPECT_TRUE(searcher->Tell(2, 0.1, {}, &error));
  EXPECT_FALSE(searcher->Tell(2, 0.1, {}, &error));
  EXPECT_EQ(error.text, "trial 2 was told before");
  EXPECT_FALSE(searcher->Tell(UINT64_MAX, 0.1, {}, &error));
}

TEST(SearchOrderTest, OptionsOutOfBoundsAreRefused) {
  struct Bad {
    SearchOptions options;
    const char* text;
  };
  const Bad kBad[] = {
      {{.parallel = 0}, "parallel: found 0; allowed: 1 to 1024"},
      {{.parallel = 1025}, "parallel: found 1025; allowed: 1 to 1024"},
      {{.trials = 1000001}, "trials: found 1000001; allowed: 0 to 1000000"},
      {{.rescore_top = 10001}, "rescore_top: found 10001; allowed: 0 to 10000"},
      {{.rescore_seeds = 65}, "rescore_seeds: found 65; allowed: 1 to 64"},
  };
  for (const Bad& bad : kBad) {
    std::unique_ptr<Searcher> searcher;
    ConfigError error;
    EXPECT_FALSE(Searcher::Make({}, bad.options, &searcher, &error));
    EXPECT_EQ(error.text, bad.text);
    EXPECT_EQ(error.code, Code::kInvalidArgument);
  }
}

TEST(SearchOrderTest, AFailureOnAFreshSeedIsNoWayToWin) {
  const auto standing = [](uint64_t id, uint32_t scored, double mean) {
    Standing made{.id = id, .hash = id, .score = 1, .rescored = {}};
    made.rescored.scored = scored;
    made.rescored.failed = 3 - scored;
    if (scored > 0) made.rescored.mean = mean;
    return made;
  };
  std::vector<Standing> standings = {standing(0, 0, 0), standing(1, 2, 0.9), standing(2, 3, 0.7),
                                     standing(3, 3, 0.8), standing(4, 2, 0.95)};
  SortByMean(&standings);
  std::vector<uint64_t> order;
  for (const Standing& sorted : standings) order.push_back(sorted.id);
  EXPECT_EQ(order, (std::vector<uint64_t>{3, 2, 4, 1, 0}));
}

TEST(SearchOrderTest, TheBestFiveAreOnePolicy) {
  SearchRun run(MustMake(Options(SearchStrategy::kRandom, 1, 12)));
  PolicyFile file;
  ConfigError error;
  EXPECT_FALSE(run.searcher().Concat(5, &file, &error));
  EXPECT_EQ(error.code, Code::kInvalidArgument);
  run.Finish();
  ASSERT_TRUE(run.searcher().Concat(5, &file, &error)) << error.text;
  ASSERT_EQ(file.policy.sub_policies.size(), 25u);
  const auto& standings = run.searcher().Standings();
  const PolicyFile third = run.searcher().PolicyOf(standings[2]);
  for (size_t s = 0; s < 5; ++s) {
    for (size_t k = 0; k < 2; ++k) {
      EXPECT_EQ(file.policy.sub_policies[10 + s][k].op, third.policy.sub_policies[s][k].op);
    }
  }
  ASSERT_TRUE(run.searcher().Concat(100, &file, &error)) << "all that there are";
  EXPECT_EQ(file.policy.sub_policies.size(), 60u);
}

}  // namespace
}  // namespace headrace::loader
