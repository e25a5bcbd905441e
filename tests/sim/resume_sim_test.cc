// Thousands of runs on paper: sampler and state alone, over any number of ranks, stopped and
// resumed with others. Every position of an epoch comes exactly once, and in one order.
//
// HEADRACE_SIM_RUNS sets how many runs are tried (10,000), HEADRACE_SIM_FIRST the first of them: a
// failure prints its seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <set>
#include <string>
#include <vector>

#include "loader/sampler.h"
#include "loader/state.h"
#include "tests/sim/simulated_reader.h"
#include "tests/support/run_dataset.h"

namespace headrace::testing {
namespace {

using loader::ConfigError;
using loader::RunPlace;
using loader::Sampler;
using loader::Shuffle;
using loader::Tail;

uint64_t FromEnvironment(const char* name, uint64_t otherwise) {
  const char* text = getenv(name);
  return text != nullptr ? strtoull(text, nullptr, 10) : otherwise;
}

class Dice {
 public:
  explicit Dice(uint64_t seed) : state_(Mix(seed)) {}
  uint64_t Below(uint64_t bound) { return (state_ = Mix(state_)) % bound; }

 private:
  uint64_t state_;
};

// One run: what stays the same from start to end.
struct PaperRun {
  explicit PaperRun(Dice* dice) : dataset(Lengths(dice)) {
    config.loader.seed = dice->Below(1000);
    config.loader.shuffle = static_cast<Shuffle>(dice->Below(3));
    config.loader.shuffle_window = static_cast<uint32_t>(1 + dice->Below(40));
    tail = static_cast<Tail>(dice->Below(3));
    epoch = static_cast<uint32_t>(dice->Below(5));
    identity = IdentityOf(config, dataset);
  }

  // Runs of ids, now and then an empty one.
  static std::vector<uint64_t> Lengths(Dice* dice) {
    std::vector<uint64_t> lengths(1 + dice->Below(8));
    const uint64_t longest = dice->Below(20) == 0 ? 600 : 40;
    for (uint64_t& length : lengths) length = dice->Below(4) == 0 ? 0 : 1 + dice->Below(longest);
    lengths.back() = 1 + dice->Below(longest);
    return lengths;
  }

  Sampler SamplerOf(uint32_t batch_size, uint32_t rank, uint32_t world_size) const {
    return {dataset.size(),
            config.loader.shuffle,
            config.loader.seed,
            batch_size,
            rank,
            world_size,
            tail,
            &dataset,
            config.loader.shuffle_window};
  }

  // Through the bytes, as a loader would.
  RunPlace SaveAndLoad(uint64_t position) const {
    const auto bytes = WriteState(identity, {.epoch = epoch, .position = position});
    RunPlace place;
    ConfigError error;
    EXPECT_TRUE(ReadState(bytes, identity, &place, &error)) << error.text;
    EXPECT_EQ(place.epoch, epoch);
    return place;
  }

  RunDataset dataset;
  loader::Config config;
  Tail tail = Tail::kDrop;
  uint32_t epoch = 0;
  loader::StateIdentity identity;
};

// What came of an epoch.
struct Seen {
  explicit Seen(uint64_t samples) : times(samples), ids(samples) {}
  std::vector<int> times;
  std::vector<uint64_t> ids;  // by position
  uint64_t padding = 0;
};

// One launch of `world_size` ranks from `base` on, every rank taking `steps` batches at most. Gives
// the position after it.
uint64_t Launch(const PaperRun& run, uint64_t base, uint32_t batch_size, uint32_t world_size,
                uint64_t steps, Seen* seen) {
  std::set<uint64_t> numbers;
  uint64_t taken = 0;
  for (uint32_t rank = 0; rank < world_size; ++rank) {
    const Sampler sampler = run.SamplerOf(batch_size, rank, world_size);
    const Sampler::Order order = sampler.OrderOf(run.epoch);
    const uint64_t batches = std::min(steps, sampler.Batches(base));
    taken = std::max(taken, batches);
    for (uint64_t batch = 0; batch < batches; ++batch) {
      EXPECT_TRUE(numbers.insert(sampler.GlobalBatch(batch, base)).second);
      const uint64_t first = sampler.FirstPosition(batch, base);
      const uint32_t count = sampler.Count(batch, base);
      EXPECT_LE(count, batch_size);
      if (run.tail != Tail::kPad) {
        EXPECT_GT(count, 0u);
      }
      if (run.tail == Tail::kDrop) {
        EXPECT_EQ(count, batch_size);
      }
      if (run.tail == Tail::kPad) seen->padding += batch_size - count;
      for (uint32_t i = 0; i < count; ++i) {
        ++seen->times[first + i];
        seen->ids[first + i] = order.IdAt(first + i);
      }
    }
  }
  return run.SamplerOf(batch_size, 0, world_size).PositionAfter(taken, base);
}

// The batches of each rank: alike with drop and pad, and at most one apart with exact.
void CheckBatches(const PaperRun& run, uint64_t base, uint32_t batch_size, uint32_t world_size) {
  const uint64_t first = run.SamplerOf(batch_size, 0, world_size).Batches(base);
  for (uint32_t rank = 1; rank < world_size; ++rank) {
    const uint64_t batches = run.SamplerOf(batch_size, rank, world_size).Batches(base);
    if (run.tail == Tail::kExact) {
      EXPECT_LE(batches, first);
      EXPECT_LE(first, batches + 1);
    } else {
      EXPECT_EQ(batches, first);
    }
  }
}

void TryRun(uint64_t seed) {
  Dice dice(seed);
  const PaperRun run(&dice);
  const uint64_t samples = run.dataset.size();
  Seen seen(samples);
  const uint64_t resumes = dice.Below(6);  // 0 is the unbroken run
  const bool same_shape = dice.Below(3) == 0;
  uint32_t batch_size = 0;
  uint32_t world_size = 0;
  uint64_t base = 0;
  uint64_t padding = 0;
  for (uint64_t launch = 0; launch <= resumes; ++launch) {
    if (launch == 0 || !same_shape) {
      batch_size = static_cast<uint32_t>(1 + dice.Below(24));
      world_size = static_cast<uint32_t>(1 + dice.Below(8));
    }
    CheckBatches(run, base, batch_size, world_size);
    const bool last = launch == resumes;
    const uint64_t batches = run.SamplerOf(batch_size, 0, world_size).Batches(base);
    // The first and the last batch of an epoch are favourites.
    const uint64_t steps = last                 ? UINT64_MAX
                           : dice.Below(4) == 0 ? dice.Below(2) * batches
                                                : dice.Below(batches + 1);
    if (run.tail == Tail::kPad && steps >= batches) {
      padding += batches * batch_size * world_size - (samples - std::min(base, samples));
    }
    const uint64_t after = Launch(run, base, batch_size, world_size, steps, &seen);
    if (!last) base = run.SaveAndLoad(after).position;
  }

  // Nothing twice, nothing left out but what drop drops, nothing padded but what pad pads.
  const uint64_t step = uint64_t{batch_size} * world_size;
  const uint64_t left = samples - std::min(base, samples);  // for the last launch
  uint64_t dropped = 0;
  for (uint64_t position = 0; position < samples; ++position) {
    EXPECT_LE(seen.times[position], 1) << "position " << position;
    if (seen.times[position] == 1) continue;
    EXPECT_GE(position, samples - left % step) << "position " << position;
    ++dropped;
  }
  EXPECT_EQ(dropped, run.tail == Tail::kDrop ? left % step : 0);
  EXPECT_EQ(seen.padding, padding);

  // The ids are those of the unbroken run, whoever took them; together each id once.
  const Sampler whole = run.SamplerOf(1, 0, 1);
  const Sampler::Order order = whole.OrderOf(run.epoch);
  std::set<uint64_t> ids;
  for (uint64_t position = 0; position < samples; ++position) {
    const uint64_t id = order.IdAt(position);
    EXPECT_TRUE(ids.insert(id).second) << "id " << id << " comes twice";
    EXPECT_LT(id, samples);
    if (seen.times[position] == 1) {
      EXPECT_EQ(seen.ids[position], id);
    }
  }
}

TEST(ResumeSimTest, I01_EverySampleComesExactlyOnceHoweverOftenTheRunIsResumed) {
  const uint64_t first = FromEnvironment("HEADRACE_SIM_FIRST", 1);
  const uint64_t runs = FromEnvironment("HEADRACE_SIM_RUNS", 10'000);
  for (uint64_t seed = first; seed < first + runs; ++seed) {
    TryRun(seed);
    ASSERT_FALSE(HasFailure()) << "HEADRACE_SIM_FIRST=" << seed;
  }
}

// Of one rank: what a resumed run gives, seen as (number, first position) of its batches, is the
// rest of what the unbroken one gives.
TEST(ResumeSimTest, I06_NumbersOfBatchesGoOnAsIfNothingHadHappened) {
  for (uint64_t seed = 1; seed <= 500; ++seed) {
    Dice dice(seed);
    const PaperRun run(&dice);
    const auto batch_size = static_cast<uint32_t>(1 + dice.Below(9));
    const auto world_size = static_cast<uint32_t>(1 + dice.Below(4));
    const auto rank = static_cast<uint32_t>(dice.Below(world_size));
    const Sampler sampler = run.SamplerOf(batch_size, rank, world_size);
    const uint64_t done = dice.Below(sampler.Batches(0) + 1);
    const uint64_t base = run.SaveAndLoad(sampler.PositionAfter(done, 0)).position;
    ASSERT_EQ(sampler.Batches(base), sampler.Batches(0) - done) << "seed " << seed;
    for (uint64_t batch = 0; batch < sampler.Batches(base); ++batch) {
      ASSERT_EQ(sampler.FirstPosition(batch, base), sampler.FirstPosition(done + batch));
      ASSERT_EQ(sampler.Count(batch, base), sampler.Count(done + batch));
      ASSERT_EQ(sampler.GlobalBatch(batch, base), sampler.GlobalBatch(done + batch));
      ASSERT_EQ(sampler.OwnBatch(batch, base), sampler.OwnBatch(done + batch));
    }
  }
}

}  // namespace
}  // namespace headrace::testing
