// The first policies of each strategy, as they are: who searches with a seed today gets the same
// search tomorrow, on any machine. A change here needs a higher kStrategiesVersion.
#include "search_runs.h"

namespace headrace::loader {
namespace {

struct Golden {
  SearchStrategy strategy;
  uint64_t trial;
  const char* line;
};

constexpr Golden kGolden[] = {
    {SearchStrategy::kRandom, 0,
     "hraa1/torchvision/"
     "10:Bri:0:2+Id:0.4:-|Sha:0.2:2+ShY:0.7:6|Inv:0:-+Col:0:4|TrX:1:1+Sha:0.6:6|ShY:0.8:1+Cut:0.1:"
     "0"},
    {SearchStrategy::kRandom, 1,
     "hraa1/torchvision/"
     "10:TrY:0:4+Inv:0.9:-|Inv:0.5:-+ShY:0.4:9|Eq:0.5:-+Cut:0.7:5|Inv:0.3:-+TrX:0.4:2|Id:0.9:-+Inv:"
     "0.8:-"},
    {SearchStrategy::kRandom, 399,
     "hraa1/torchvision/"
     "10:Sha:0.3:3+Inv:0.4:-|Con:0.4:0+TrX:0.4:8|Con:0.7:0+Bri:0.8:5|ShY:0.7:0+Id:0.2:-|Bri:0.7:0+"
     "Id:0.9:-"},
    {SearchStrategy::kEvolution, 0,
     "hraa1/torchvision/"
     "10:Id:0.7:-+TrY:0.9:8|Sha:0.9:1+ShY:0.1:6|Rot:0.6:3+Pos:0.2:9|Con:0.6:6+Id:0.3:-|Con:0.9:7+"
     "Eq:0:-"},
    {SearchStrategy::kEvolution, 1,
     "hraa1/torchvision/"
     "10:Con:0.1:2+Inv:1:-|TrY:0.5:7+AC:0.5:-|Sol:0.1:6+TrX:0.7:0|TrX:0.1:1+Eq:0.4:-|TrY:0.7:7+ShY:"
     "0.2:0"},
    {SearchStrategy::kEvolution, 399,
     "hraa1/torchvision/"
     "10:Col:0.8:5+ShX:0.8:2|ShX:0.5:7+Col:0.6:4|ShX:1:6+Pos:0.5:3|TrY:0.7:4+Rot:0.9:5|Rot:0:8+Rot:"
     "0.4:4"},
    {SearchStrategy::kReinforce, 0,
     "hraa1/torchvision/"
     "10:Bri:0.9:0+TrX:0.6:4|Pos:0.2:7+Pos:0.9:6|Pos:0.2:7+Col:0.9:9|Inv:0.2:-+Col:0.6:5|TrX:0.3:5+"
     "Cut:0.4:6"},
    {SearchStrategy::kReinforce, 1,
     "hraa1/torchvision/"
     "10:Cut:0.3:5+Id:0.2:-|TrY:0.7:8+TrX:0.1:4|Con:1:7+TrX:1:4|Pos:0.7:4+Pos:0.8:7|Sol:0.2:0+ShX:"
     "0.2:4"},
    {SearchStrategy::kReinforce, 399,
     "hraa1/torchvision/"
     "10:Rot:0.9:4+TrY:0.5:6|ShX:0.5:3+ShX:1:3|Pos:0.9:2+Rot:0.7:5|Rot:0.4:9+ShX:0.1:4|ShX:0.9:3+"
     "Col:0.9:7"},
    {SearchStrategy::kPpo, 0,
     "hraa1/torchvision/"
     "10:Rot:1:2+TrY:0.4:9|Bri:0.1:7+Bri:0.8:1|Rot:0.2:3+TrY:0.7:8|Sol:0:9+TrY:1:0|Col:0.9:1+Rot:1:"
     "6"},
    {SearchStrategy::kPpo, 1,
     "hraa1/torchvision/"
     "10:Cut:0.8:9+Rot:0.6:6|ShY:0:1+Con:0.9:8|Id:0:-+TrX:0.2:5|ShY:0.1:0+Cut:0:0|ShX:0.5:5+Inv:0:"
     "-"},
    {SearchStrategy::kPpo, 399,
     "hraa1/torchvision/"
     "10:Col:0.7:0+Rot:0.7:4|Rot:1:7+Sol:0.7:6|Rot:0.9:8+ShX:1:7|ShX:0.7:3+Bri:1:6|ShX:1:6+Rot:0.8:"
     "2"},
};

TEST(SearchGoldenTest, TheSequencesOfSeed0AreAsTheyWere) {
  for (const SearchStrategy strategy : kAllStrategies) {
    SearchRun run(MustMake({.strategy = strategy, .seed = 0, .parallel = 2, .trials = 400}));
    run.Finish();
    for (const Golden& golden : kGolden) {
      if (golden.strategy != strategy) continue;
      EXPECT_EQ(run.asked()[golden.trial].line, golden.line) << NameOf(strategy);
    }
  }
}

}  // namespace
}  // namespace headrace::loader
