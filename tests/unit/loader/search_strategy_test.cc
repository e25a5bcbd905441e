// What the strategies find, on an objective whose right answer is known.
#include <cmath>

#include "base/real_math.h"
#include "loader/search/policy_gradient.h"
#include "search_runs.h"

namespace headrace::loader {
namespace {

constexpr uint64_t kSeeds = 10;

SearchOptions Options(SearchStrategy strategy, uint64_t seed, uint32_t trials) {
  return {
      .strategy = strategy, .seed = seed, .trials = trials, .rescore_top = 10, .rescore_seeds = 5};
}

struct Found {
  std::vector<double> picks;  // a seed each
  double first = 0;           // mean true score of the first and the last 50 asks
  double last = 0;
};

Found Search(SearchStrategy strategy, uint32_t trials, const Evaluator& evaluate,
             uint32_t parallel = 1) {
  Found found;
  for (uint64_t seed = 0; seed < kSeeds; ++seed) {
    SearchOptions options = Options(strategy, seed, trials);
    options.parallel = parallel;
    SearchRun run(MustMake(options), evaluate);
    run.Finish();
    EXPECT_EQ(run.asked().size(), trials + 50);
    found.picks.push_back(run.Pick());
    found.first += run.MeanTruth(0, 50) / kSeeds;
    found.last += run.MeanTruth(trials - 50, trials) / kSeeds;
  }
  return found;
}

double Mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double StandardError(const std::vector<double>& values) {
  const double mean = Mean(values);
  double squares = 0;
  for (const double value : values) squares += (value - mean) * (value - mean);
  const auto count = static_cast<double>(values.size());
  return std::sqrt(squares / (count - 1) / count);
}

size_t Beats(const Found& found, const Found& other) {
  size_t wins = 0;
  for (size_t i = 0; i < found.picks.size(); ++i) wins += found.picks[i] > other.picks[i];
  return wins;
}

TEST(SearchStrategyTest, ThePlantedObjectiveIsWhatItSays) {
  // Ops 4, 0, 11 and 2 twice each at their magnitudes and p = 1, and two slots of nothing.
  const Genome best = {4,  10, 5, 4, 10, 5, 0, 10, 6, 0,  10, 6, 11, 10, 5,
                       11, 10, 5, 2, 10, 4, 2, 10, 4, 15, 0,  0, 15, 0,  0};
  EXPECT_DOUBLE_EQ(PlantedScore(best), 1.0);
  Genome third = best;
  for (size_t i = 24; i < 30; i += 3) third[i] = 4, third[i + 1] = 10, third[i + 2] = 5;
  EXPECT_DOUBLE_EQ(PlantedScore(third), 1.0) << "a third use gives no more";
  Genome harmful = best;
  harmful[24] = 6, harmful[25] = 10, harmful[26] = 9;
  EXPECT_DOUBLE_EQ(PlantedScore(harmful), 1.0 - 1.0 / 6);
  EXPECT_DOUBLE_EQ(PlantedScore(Genome(30, 0)), 0.0);
}

TEST(SearchStrategyTest, At300EvaluationsEachBeatsRandomSearch) {
  const Found random = Search(SearchStrategy::kRandom, 300, PlantedEvaluator);
  const Found evolution = Search(SearchStrategy::kEvolution, 300, PlantedEvaluator);
  const Found reinforce = Search(SearchStrategy::kReinforce, 300, PlantedEvaluator);
  const Found ppo = Search(SearchStrategy::kPpo, 300, PlantedEvaluator);
  EXPECT_GE(Beats(evolution, random), 9u);
  EXPECT_GE(Mean(evolution.picks), 0.60);
  EXPECT_GE(Beats(ppo, random), 9u);
  EXPECT_GE(Mean(ppo.picks), 0.60);
  EXPECT_GE(Beats(reinforce, random), 9u);
  EXPECT_GE(Mean(reinforce.picks), 0.45);
  EXPECT_GE(reinforce.last, 3 * reinforce.first);
  // And random search is what it should be: no better late than early.
  EXPECT_NEAR(random.last, random.first, 0.05);
  EXPECT_LE(Mean(random.picks), 0.45);
}

TEST(SearchStrategyTest, At1000EvaluationsTheyAreNearTheBest) {
  for (const SearchStrategy strategy :
       {SearchStrategy::kEvolution, SearchStrategy::kReinforce, SearchStrategy::kPpo}) {
    EXPECT_GE(Mean(Search(strategy, 1000, PlantedEvaluator).picks), 0.80) << NameOf(strategy);
  }
}

TEST(SearchStrategyTest, EightAtOnceFindLittleLess) {
  const Found random = Search(SearchStrategy::kRandom, 300, PlantedEvaluator, 8);
  for (const SearchStrategy strategy : {SearchStrategy::kEvolution, SearchStrategy::kPpo}) {
    const Found found = Search(strategy, 300, PlantedEvaluator, 8);
    EXPECT_GE(Beats(found, random), 9u) << NameOf(strategy);
    EXPECT_GE(Mean(found.picks), 0.55) << NameOf(strategy);
  }
}

TEST(SearchStrategyTest, AFifthThatFailsDoesNotBreakIt) {
  const Found random = Search(SearchStrategy::kRandom, 300, FailingEvaluator);
  for (const SearchStrategy strategy :
       {SearchStrategy::kEvolution, SearchStrategy::kReinforce, SearchStrategy::kPpo}) {
    const Found found = Search(strategy, 300, FailingEvaluator);
    EXPECT_GE(Beats(found, random), 9u) << NameOf(strategy);
    EXPECT_GE(Mean(found.picks), 0.45) << NameOf(strategy);
  }
}

TEST(SearchStrategyTest, NothingButFailuresIsSurvived) {
  for (const SearchStrategy strategy : kAllStrategies) {
    SearchRun run(MustMake(Options(strategy, 3, 60)),
                  [](const TrialFacts&) { return std::numeric_limits<double>::quiet_NaN(); });
    run.Finish();
    EXPECT_EQ(run.asked().size(), 60u) << "there is nothing to score again";
    EXPECT_EQ(run.searcher().Counts().failed, 60u);
    EXPECT_TRUE(run.searcher().Standings().empty());
  }
}

// Scores that are those of other policies: whoever gets better on them has found a way to cheat.
TEST(SearchStrategyTest, ShuffledScoresTeachNothing) {
  constexpr uint32_t kTrials = 300;
  for (const SearchStrategy strategy :
       {SearchStrategy::kEvolution, SearchStrategy::kReinforce, SearchStrategy::kPpo}) {
    std::vector<double> gains;
    for (uint64_t seed = 0; seed < kSeeds; ++seed) {
      SearchRun random(MustMake(Options(SearchStrategy::kRandom, seed + 100, kTrials)));
      random.Finish(kTrials);
      std::vector<double> scores;
      for (const AskedTrial& trial : random.asked()) scores.push_back(trial.truth);
      RandomStream stream({.seed = seed, .name = "test/shuffle"});
      for (uint32_t i = kTrials - 1; i > 0; --i)
        std::swap(scores[i], scores[stream.NextBelow(i + 1)]);
      SearchRun run(MustMake(Options(strategy, seed, kTrials)),
                    [&](const TrialFacts& facts) { return scores[facts.id]; });
      run.Finish(kTrials);
      gains.push_back(run.MeanTruth(kTrials - 50, kTrials) -
                      random.MeanTruth(kTrials - 50, kTrials));
    }
    EXPECT_LE(Mean(gains), 2 * StandardError(gains)) << NameOf(strategy);
  }
}

TEST(SearchStrategyTest, ScoresOfAnySizeAreSurvived) {
  for (const SearchStrategy strategy : {SearchStrategy::kReinforce, SearchStrategy::kPpo}) {
    SearchRun run(MustMake(Options(strategy, 3, 60)), [](const TrialFacts& facts) {
      constexpr double kScores[] = {1e308, -1e100, 1e100, 1e-300, 0, -0.0};
      return kScores[facts.id % 6];
    });
    run.Finish();
    EXPECT_EQ(run.searcher().Counts().search_failed, 10u) << "1e308 is nobody's score";
    const auto& gradient = dynamic_cast<const PolicyGradient&>(run.searcher().strategy());
    for (const double logit : gradient.logits()) EXPECT_TRUE(std::isfinite(logit));
  }
}

const PolicyGradient& GradientOf(SearchRun& run) {
  return dynamic_cast<const PolicyGradient&>(run.searcher().strategy());
}

TEST(SearchStrategyTest, AConstantScoreDecidesNothing) {
  for (const SearchStrategy strategy : {SearchStrategy::kReinforce, SearchStrategy::kPpo}) {
    SearchRun run(MustMake(Options(strategy, 0, 2000)), [](const TrialFacts&) { return 0.7; });
    run.Finish(2000);
    const PolicyGradient& gradient = GradientOf(run);
    // What Adam makes of the rounding of a mean.
    for (const double logit : gradient.logits()) EXPECT_LT(std::fabs(logit), 0.1);
    EXPECT_GT(gradient.MeanEntropy(), 0.9 * gradient.MeanEntropyMax()) << NameOf(strategy);
  }
}

TEST(SearchStrategyTest, NoiseAloneLeavesLogitsBounded) {
  for (const SearchStrategy strategy : {SearchStrategy::kReinforce, SearchStrategy::kPpo}) {
    SearchRun run(MustMake(Options(strategy, 0, 5000)), [](const TrialFacts& facts) {
      RandomStream stream({.seed = facts.seed, .name = "test/noise"});
      return 1e6 * stream.NextNormal();
    });
    run.Finish(5000);
    for (const double logit : GradientOf(run).logits()) EXPECT_LE(std::fabs(logit), 10.0);
  }
}

TEST(SearchStrategyTest, EntropyFallsWhereThereIsSomethingToLearn) {
  for (const SearchStrategy strategy : {SearchStrategy::kReinforce, SearchStrategy::kPpo}) {
    SearchRun run(MustMake(Options(strategy, 0, 1000)));
    double before = GradientOf(run).MeanEntropyMax();
    EXPECT_NEAR(GradientOf(run).MeanEntropy(), before, 1e-9);
    for (const size_t asked : {200, 400, 600, 800}) {
      run.Finish(asked);
      EXPECT_LT(GradientOf(run).MeanEntropy(), before) << NameOf(strategy) << " at " << asked;
      before = GradientOf(run).MeanEntropy();
    }
    EXPECT_LT(before, 0.6 * GradientOf(run).MeanEntropyMax()) << NameOf(strategy);
  }
}

// The gradient of the objective, by differences: what one update does to logits at 0.
TEST(SearchStrategyTest, AnUpdateRaisesWhatScoredAboveTheMean) {
  const PolicySpace space(SearchConfig{});
  PolicyGradient gradient(space, kReinforceSettings);
  const Genome good(30, 1), bad(30, 2);
  for (int i = 0; i < 5; ++i) gradient.Learn({.genome = good}, 1.0);
  for (int i = 0; i < 5; ++i) gradient.Learn({.genome = bad}, 0.0);
  size_t begin = 0;
  for (const Gene& gene : space.genes()) {
    // Adam's first step is the learning rate in the direction of the gradient.
    EXPECT_NEAR(gradient.logits()[begin + 1], kReinforceSettings.learning_rate, 1e-6);
    EXPECT_NEAR(gradient.logits()[begin + 2], -kReinforceSettings.learning_rate, 1e-6);
    // The two cancel for all others.
    EXPECT_LT(std::fabs(gradient.logits()[begin + 0]), 1e-6);
    begin += gene.values;
  }
}

TEST(SearchStrategyTest, SmallSpacesAreSearchedToo) {
  SearchConfig rand;
  rand.space = SearchSpace::kRandAugment;
  rand.num_ops = 3;
  rand.bins = 31;
  SearchConfig one;
  one.space = SearchSpace::kSubPolicy;
  one.sub_policies = 1;
  for (const SearchStrategy strategy : kAllStrategies) {
    const SearchOptions options{
        .strategy = strategy, .seed = 5, .trials = 400, .rescore_top = 10, .baselines = true};
    // Best at two ops and magnitude 12.
    SearchRun of_rand(MustMake(options, rand), [](const TrialFacts& facts) {
      if (facts.genome.empty()) return 0.0;
      return -std::fabs(facts.genome[0] - 1.0) - std::fabs(facts.genome[1] - 12.0) / 10;
    });
    of_rand.Finish();
    EXPECT_EQ(of_rand.searcher().PolicyOf(of_rand.searcher().Standings()[0]).magnitude, 12)
        << NameOf(strategy);
    EXPECT_LE(of_rand.searcher().Standings().size(), 93u);
    SearchRun of_one(MustMake(options, one));
    of_one.Finish();
    EXPECT_GE(of_one.Pick(), 0.15) << NameOf(strategy);
  }
}

}  // namespace
}  // namespace headrace::loader
