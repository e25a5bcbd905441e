// Saving a search, going on with it, and what is refused.
#include <fstream>

#include "loader/search/search_journal.h"
#include "search_runs.h"

namespace headrace::loader {
namespace {

SearchOptions Options(SearchStrategy strategy, uint32_t parallel, uint32_t trials) {
  return {.strategy = strategy,
          .seed = 21,
          .parallel = parallel,
          .trials = trials,
          .rescore_top = 3,
          .rescore_seeds = 2,
          .baselines = true};
}

std::unique_ptr<Searcher> Loaded(const SearchOptions& options, const std::string& state) {
  auto searcher = MustMake(options);
  ConfigError error;
  EXPECT_TRUE(searcher->Load(state, &error)) << error.text;
  return searcher;
}

ConfigError Refused(const SearchOptions& options, const std::string& state,
                    const SearchConfig& config = {}) {
  const auto searcher = MustMake(options, config);
  ConfigError error;
  EXPECT_FALSE(searcher->Load(state, &error)) << state;
  EXPECT_LE(error.text.size(), 511u);
  // The search is as if nothing had been asked of it.
  EXPECT_EQ(searcher->Save(), MustMake(options, config)->Save());
  return error;
}

// After every ask and every tell, with whatever was out then: the rest is that of the unbroken run.
TEST(SearchStateTest, AResumedSearchAsksWhatTheUnbrokenOneWouldHave) {
  for (const SearchStrategy strategy : kAllStrategies) {
    for (const uint32_t parallel : {1u, 3u}) {
      const SearchOptions options = Options(strategy, parallel, 45);
      SearchRun unbroken(MustMake(options), FailingEvaluator);
      unbroken.Finish();
      SearchRun killed(MustMake(options), FailingEvaluator);
      RandomStream stream({.seed = parallel, .name = "test/kill"});
      for (;;) {
        const bool asked = stream.NextUnit() < 0.6 && killed.Ask();
        if (!asked && killed.out().empty() && !killed.Ask()) break;
        if (!asked && !killed.out().empty()) {
          killed.Tell(killed.out()[stream.NextBelow(static_cast<uint32_t>(killed.out().size()))]);
        }
        const std::string state = killed.searcher().Save();
        SearchRun resumed(Loaded(options, state), FailingEvaluator);
        EXPECT_EQ(resumed.searcher().Save(), state);
        resumed.Finish();
        // The trials that were told are not asked again: fill in what was asked of them.
        ASSERT_LE(resumed.asked().size(), unbroken.asked().size());
        for (size_t i = 0; i < resumed.asked().size(); ++i) {
          if (resumed.asked()[i].line.empty()) continue;
          ASSERT_EQ(resumed.asked()[i], unbroken.asked()[i])
              << NameOf(strategy) << " K " << parallel << " trial " << i;
        }
        ASSERT_EQ(resumed.searcher().Save(), unbroken.searcher().Save());
      }
    }
  }
}

TEST(SearchStateTest, AnUntoldTrialComesAgainAndNoToldOneDoes) {
  const SearchOptions options = Options(SearchStrategy::kEvolution, 3, 45);
  SearchRun run(MustMake(options));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(run.Ask());
  run.Tell(1);
  SearchRun resumed(Loaded(options, run.searcher().Save()));
  ConfigError error;
  EXPECT_FALSE(resumed.searcher().Tell(0, 0.5, {}, &error));
  EXPECT_EQ(error.text, "trial 0 was not asked since the state was loaded");
  EXPECT_TRUE(resumed.Ask());
  EXPECT_TRUE(resumed.Ask());
  EXPECT_FALSE(resumed.Ask());
  EXPECT_EQ(resumed.out(), (std::deque<uint64_t>{0, 2}));
  EXPECT_EQ(resumed.asked()[2], run.asked()[2]);
}

TEST(SearchStateTest, ASearchMayBeMadeLongerWhenItIsOver) {
  const SearchOptions options = Options(SearchStrategy::kPpo, 2, 40);
  SearchRun run(MustMake(options));
  run.Finish();
  SearchOptions longer = options;
  longer.trials = 60;
  SearchRun unbroken(MustMake(longer));
  unbroken.Finish();
  SearchRun resumed(Loaded(longer, run.searcher().Save()));
  resumed.Finish();
  for (size_t i = 40; i < 60; ++i) EXPECT_EQ(resumed.asked()[i], unbroken.asked()[i]) << i;
  EXPECT_EQ(resumed.searcher().Standings()[0].id, unbroken.searcher().Standings()[0].id);
  // The baselines were scored before.
  EXPECT_EQ(resumed.searcher().BaselineSpread(0).scored, 2u);
  SearchOptions shorter = options;
  shorter.trials = 30;
  EXPECT_EQ(Refused(shorter, run.searcher().Save()).text,
            "the state has 40 trials, more than trials = 30 here");
}

TEST(SearchStateTest, AStateOfAnotherSearchIsRefusedWithBothValues) {
  const SearchOptions options = Options(SearchStrategy::kPpo, 2, 40);
  SearchRun run(MustMake(options));
  run.Finish(20);
  const std::string state = run.searcher().Save();
  const auto expect = [&](const SearchOptions& other, const SearchConfig& config,
                          const std::string& what) {
    const ConfigError error = Refused(other, state, config);
    EXPECT_EQ(error.code, Code::kConfigValue);
    EXPECT_EQ(error.text, "the state is of another search: " + what +
                              " here; give what saved it, or begin without a state");
  };
  SearchOptions other = options;
  other.seed = 22;
  expect(other, {}, "seed 21 against 22");
  other = options;
  other.parallel = 3;
  expect(other, {}, "parallel 2 against 3");
  other = options;
  other.strategy = SearchStrategy::kRandom;
  expect(other, {}, "strategy ppo against random");
  SearchConfig config;
  config.bins = 9;
  expect(options, config, "bins 10 against 9");
  config = {};
  config.sub_policies = 4;
  expect(options, config, "sub_policies 5 against 4");
  config = {};
  config.space = SearchSpace::kRandAugment;
  expect(options, config, "space auto_augment against rand_augment");
  config = {};
  config.ops = {PolicyOp::kRotate};
  const ConfigError error = Refused(options, state, config);
  EXPECT_NE(error.text.find("ops shear_x shear_y"), std::string::npos);
  EXPECT_NE(error.text.find("against rotate here"), std::string::npos);
}

TEST(SearchStateTest, AValueThatIsTooLongIsCut) {
  const SearchOptions options = Options(SearchStrategy::kPpo, 2, 40);
  std::string state = MustMake(options)->Save();
  state.insert(state.find("shear_x"), std::string(300, 'x'));
  EXPECT_EQ(Refused(options, state).code, Code::kConfigValue);
}

TEST(SearchStateTest, WhatIsNoStateIsRefusedWithAReason) {
  const SearchOptions options = Options(SearchStrategy::kEvolution, 2, 40);
  SearchRun run(MustMake(options));
  run.Finish(10);
  const std::string state = run.searcher().Save();
  const auto changed = [&](const std::string& from, const std::string& to) {
    std::string text = state;
    const size_t at = text.find(from);
    EXPECT_NE(at, text.npos) << from;
    return text.replace(at, from.size(), to);
  };
  struct Bad {
    std::string state;
    Code code;
    std::string part;
  };
  const Bad kBad[] = {
      {"", Code::kCorrupt, "no JSON from byte"},
      {"{}", Code::kCorrupt, "does not say \"format\": \"headrace-search\""},
      {"[]", Code::kCorrupt, "found a list"},
      {"7", Code::kCorrupt, "found a number"},
      {"{\"format\": \"headrace-policy/1\"}", Code::kCorrupt, "found \"headrace-policy/1\""},
      {state.substr(0, state.size() / 2), Code::kCorrupt, "no JSON from byte"},
      {state + "x", Code::kCorrupt, "no JSON from byte"},
      {changed("\"version\": 1", "\"version\": 2"), Code::kNotInThisVersion,
       "it is of version 2, this headrace reads 1"},
      {changed("\"strategies\": 2", "\"strategies\": 9"), Code::kNotInThisVersion,
       "version 9 of the strategies, this headrace has 2"},
      {changed("\"seed\": \"21\", ", ""), Code::kCorrupt, "\"seed\" of \"search\" is missing"},
      {changed("\"score\"", "\"points\""), Code::kCorrupt, "at \"points\" of trial 0"},
      {changed("\"score\": ", "\"score\": 1, \"score\": "), Code::kCorrupt, "a second outcome"},
      {changed("\"score\": ", "\"score\": 1e999, \"x\": "), Code::kCorrupt, "no JSON"},
      {changed("\"score\": ", "\"score\": null, \"x\": "), Code::kCorrupt, "found null"},
      {changed("hraa1/", "hraa2/"), Code::kCorrupt, "trial 0 is \"hraa2/"},
      {changed("\"finals\": [", "\"finals\": [{\"kind\": \"rescore\", \"of\": 0}"), Code::kCorrupt,
       "no outcome"},
      {changed("\"finals\": [", "\"finals\": [{\"kind\": \"rescore\", \"of\": 99, \"score\": 1}"),
       Code::kCorrupt, "of 99, seed 0, which is none"},
      {changed("\"finals\": [", "\"finals\": [{\"kind\": \"best\", \"of\": 1, \"score\": 1}"),
       Code::kCorrupt, "found \"best\""},
      {changed("\"finals\": [",
               "\"finals\": [{\"kind\": \"baseline\", \"of\": 1, \"score\": 1},"
               "{\"kind\": \"baseline\", \"of\": 1, \"score\": 2}"),
       Code::kCorrupt, "is there twice"},
  };
  for (const Bad& bad : kBad) {
    SCOPED_TRACE(bad.part);
    const ConfigError error = Refused(options, bad.state);
    EXPECT_EQ(error.code, bad.code);
    EXPECT_NE(error.text.find(bad.part), std::string::npos) << error.text;
  }
}

TEST(SearchStateTest, ALateTrialOfAnEarlyGapIsRefused) {
  const SearchOptions options = Options(SearchStrategy::kEvolution, 1, 40);
  SearchRun run(MustMake(options));
  run.Finish(4);
  std::string state = run.searcher().Save();
  const size_t at = state.find(", \"score\"");
  state.erase(at, state.find('}', at) - at);
  const ConfigError error = Refused(options, state);
  EXPECT_EQ(error.code, Code::kCorrupt);
  EXPECT_EQ(error.text,
            "the state of the search is damaged: trial 1 was asked, trial 0 before it has no "
            "outcome");
}

TEST(SearchStateTest, AScoreThatWasChangedLeadsElsewhereAndIsTold) {
  const SearchOptions options = Options(SearchStrategy::kEvolution, 1, 100);
  SearchRun run(MustMake(options));
  run.Finish(60);
  std::string state = run.searcher().Save();
  const size_t at = state.find("\"score\": ") + 9;
  state.replace(at, state.find('}', at) - at, "99");
  const ConfigError error = Refused(options, state);
  EXPECT_EQ(error.code, Code::kCorrupt);
  EXPECT_NE(error.text.find(", the strategy comes to "), std::string::npos);
}

TEST(SearchStateTest, ReasonsOfFailuresAreKeptAsTheyAreShown) {
  const SearchOptions options = Options(SearchStrategy::kRandom, 4, 40);
  const auto searcher = MustMake(options);
  const std::string reasons[] = {"exit status 3: \"quoted\" \\ and\nlines\t\x01 \xff",
                                 std::string(1000, 'x'), "gr\xc3\xbc\xc3\x9f", "a\\nb"};
  uint64_t id = 0;
  std::string why;
  ConfigError error;
  for (const std::string& reason : reasons) {
    ASSERT_EQ(searcher->Ask(&id, &why), Code::kOk);
    ASSERT_TRUE(searcher->Tell(id, 0.5, reason, &error));
  }
  const std::string state = searcher->Save();
  const auto again = Loaded(options, state);
  EXPECT_EQ(again->Save(), state);
  for (id = 0; id < 4; ++id) {
    TrialFacts facts, facts_again;
    ASSERT_TRUE(searcher->Find(id, &facts));
    ASSERT_TRUE(again->Find(id, &facts_again));
    EXPECT_EQ(facts.outcome.failed, facts_again.outcome.failed);
    EXPECT_LE(facts.outcome.failed.size(), 300u);
    EXPECT_TRUE(std::isnan(facts.outcome.score));
  }
}

TEST(SearchStateTest, AStateIsLoadedBeforeTheFirstAsk) {
  const SearchOptions options = Options(SearchStrategy::kRandom, 4, 40);
  SearchRun run(MustMake(options));
  EXPECT_TRUE(run.Ask());
  ConfigError error;
  EXPECT_FALSE(run.searcher().Load(MustMake(options)->Save(), &error));
  EXPECT_EQ(error.code, Code::kInvalidArgument);
}

TEST(SearchStateTest, JsonThatIsDeepOrLongIsRefusedAtOnce) {
  const SearchOptions options = Options(SearchStrategy::kRandom, 4, 40);
  const std::string head = "{\"format\": \"headrace-search\", \"version\": 1, \"trials\": [";
  EXPECT_EQ(Refused(options, std::string(1 << 20, '[')).code, Code::kCorrupt);
  EXPECT_EQ(Refused(options, head + std::string(1 << 20, '[')).code, Code::kCorrupt);
  std::string many = head;
  for (uint64_t i = 0; i <= kSearchTrialsMax; ++i) many += i == 0 ? "{}" : ",{}";
  const ConfigError error = Refused(options, many + "]}");
  EXPECT_NE(error.text.find("more than a million trials"), std::string::npos) << error.text;
}

}  // namespace
}  // namespace headrace::loader
