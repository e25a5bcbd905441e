#include "loader/plan.h"

#include <gtest/gtest.h>

#include <vector>

#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

class FakeDataset : public Dataset {
 public:
  FakeDataset(uint64_t size, uint64_t bytes) : size_(size), bytes_(bytes) {}
  uint64_t size() const override { return size_; }
  // Every second file is of the given size, the others are small.
  Extent Locate(uint64_t id) const override {
    return {.path = "x", .bytes = id % 2 == 0 ? bytes_ : 1000};
  }
  int64_t Label(uint64_t) const override { return 0; }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return size_ * 40; }

 private:
  uint64_t size_;
  uint64_t bytes_;
  std::vector<std::string> classes_{"a"};
  std::string root_;
};

constexpr uint64_t kMiB = uint64_t{1} << 20;

BatchShape DefaultShape(uint32_t batch_size) {
  return {.batch_size = batch_size, .channels = 3, .height = 224, .width = 224, .classes = 10};
}

Plan MustPlan(const Config& config, const Dataset& dataset) {
  Plan plan;
  ConfigError error;
  EXPECT_TRUE(
      MakePlan(config, dataset, DefaultShape(config.loader.batch_size), false, {}, &plan, &error))
      << error.text;
  return plan;
}

TEST(PlanTest, I10_TheTermsAddUpAndStayWithinTheBudget) {
  Config config;
  config.loader.workers = 2;
  const Plan plan = MustPlan(config, FakeDataset(1000, 100000));
  EXPECT_EQ(plan.total_bytes, plan.batch_bytes + plan.lane_bytes + plan.scratch_bytes +
                                  plan.big_image_bytes + plan.index_bytes + plan.other_bytes);
  EXPECT_LE(plan.total_bytes, config.loader.max_host_bytes);
  EXPECT_EQ(plan.batch_buffers, 4u);
  EXPECT_GE(plan.batch_buffers_max, plan.batch_buffers);
  EXPECT_LE(plan.total_bytes +
                (plan.batch_buffers_max - plan.batch_buffers) * plan.batch_buffer_bytes_each,
            config.loader.max_host_bytes);
}

TEST(PlanTest, ManyWorkersGetSmallerScratchBeforeFewerWorkers) {
  Config config;
  config.loader.workers = 32;  // 1.6 GB of full scratch
  config.loader.batch_size = 64;
  const Plan plan = MustPlan(config, FakeDataset(1000, 100000));
  EXPECT_EQ(plan.workers, 32u);
  EXPECT_LT(plan.scratch_pixels, config.limits.scratch_pixels);
  EXPECT_LE(plan.total_bytes, config.loader.max_host_bytes);
}

TEST(PlanTest, SaysHowMuchIsNeeded) {
  Config config;
  config.loader.workers = 2;
  config.loader.max_host_bytes = 100 * kMiB;
  Plan plan;
  ConfigError error;
  EXPECT_FALSE(
      MakePlan(config, FakeDataset(1000, 1000), DefaultShape(64), false, {}, &plan, &error));
  EXPECT_EQ(error.code, Code::kOverBudget);
  EXPECT_NE(error.text.find("max_host_bytes: 100 MiB is too small, the plan needs"),
            std::string::npos)
      << error.text;
}

TEST(PlanTest, CheckpointsAreCountedAndHaveRoomInTheLanes) {
  Config config;
  config.loader.workers = 2;
  const FakeDataset photographs(1000, 3 * kMiB);
  const Plan with = MustPlan(config, photographs);
  config.decode.checkpoints = "off";
  const Plan without = MustPlan(config, photographs);
  EXPECT_EQ(without.reads_max, without.lanes);
  EXPECT_EQ(with.reads_max, 2 * with.lanes);
  EXPECT_GE(with.lane_bytes_each, 3 * kMiB + 1 + 64 * 1024);
  EXPECT_LT(without.lane_bytes_each, with.lane_bytes_each);
  // 8 bytes a sample, what open and close take, and the workers' buffers.
  EXPECT_GE(with.index_bytes, without.index_bytes + 1000 * 24 + 2 * 2 * 128 * 1024);
  EXPECT_EQ(with.total_bytes, with.batch_bytes + with.lane_bytes + with.scratch_bytes +
                                  with.big_image_bytes + with.index_bytes + with.other_bytes);
  // A file that fits a lane by itself, but not with its record.
  EXPECT_EQ(MustPlan(config, FakeDataset(1000, kMiB - 100)).lane_bytes_each, kMiB);
  config.decode.checkpoints = "auto";
  EXPECT_GT(MustPlan(config, FakeDataset(1000, kMiB - 100)).lane_bytes_each, kMiB);
}

TEST(PlanTest, TheObjectsOfTheSampleThatHasMostAreCounted) {
  class WithObjects final : public FakeDataset {
   public:
    explicit WithObjects(uint64_t list_bytes) : FakeDataset(1000, 1000), list_bytes_(list_bytes) {}
    bool has_objects() const override { return true; }
    uint64_t ObjectListBytesMax() const override { return list_bytes_; }

   private:
    uint64_t list_bytes_;
  };
  Config config;
  config.loader.workers = 2;
  const Plan none = MustPlan(config, FakeDataset(1000, 1000));
  const Plan few = MustPlan(config, WithObjects(1000));
  EXPECT_GE(few.other_bytes, none.other_bytes + 2 * (2 * kMiB + 224 * 224));
  const Plan many = MustPlan(config, WithObjects(50 * kMiB));
  EXPECT_GE(many.other_bytes, none.other_bytes + 2 * 4 * 50 * kMiB);
  Plan plan;
  ConfigError error;
  EXPECT_FALSE(
      MakePlan(config, WithObjects(UINT64_MAX / 2), DefaultShape(64), false, {}, &plan, &error));
  EXPECT_EQ(error.code, Code::kOverBudget);
}

TEST(PlanTest, SetsOfLargeFilesGetLargerLanesWithinABound) {
  Config config;
  config.loader.workers = 2;
  EXPECT_EQ(MustPlan(config, FakeDataset(1000, 500000)).lane_bytes_each, kMiB);
  const Plan photographs = MustPlan(config, FakeDataset(1000, 3 * kMiB));
  EXPECT_GT(photographs.lane_bytes_each, 3 * kMiB);
  EXPECT_LE(photographs.lane_bytes, 100 * kMiB);
  EXPECT_GE(photographs.lanes, 2 * photographs.workers + 2);
  const Plan huge = MustPlan(config, FakeDataset(1000, 200 * kMiB));
  EXPECT_EQ(huge.lane_bytes_each, 16 * kMiB);
}

// Of 200 files two may be larger than a lane.
TEST(PlanTest, ALaneHoldsAllFilesButOneInAHundred) {
  class Sizes final : public FakeDataset {
   public:
    explicit Sizes(const std::vector<uint64_t>& large) : FakeDataset(200, 1000), large_(large) {}
    Extent Locate(uint64_t id) const override {
      return {.path = "x", .bytes = id < large_.size() ? large_[id] : 1000};
    }

   private:
    const std::vector<uint64_t> large_;
  };
  Config config;
  config.loader.workers = 2;
  config.decode.checkpoints = "off";  // whose records would take room too
  const auto lane_of = [&](const std::vector<uint64_t>& large) {
    return MustPlan(config, Sizes(large)).lane_bytes_each;
  };
  EXPECT_EQ(lane_of({5 * kMiB, 4 * kMiB}), kMiB);
  EXPECT_EQ(lane_of({kMiB, 5 * kMiB, 4 * kMiB}), kMiB + 64 * 1024);
  EXPECT_EQ(lane_of({kMiB - 1, 5 * kMiB, 4 * kMiB}), kMiB);
  EXPECT_EQ(lane_of({5 * kMiB, 2 * kMiB - 1, 3 * kMiB - 1, 4 * kMiB}), 3 * kMiB);
  EXPECT_EQ(lane_of({UINT64_MAX, UINT64_MAX, UINT64_MAX}), 16 * kMiB);
}

TEST(PlanTest, PlanningEndsWithTheOpening) {
  Config config;
  config.loader.workers = 2;
  config.loader.cache = Cache::kMemory;
  const auto plan = [&config](int* steps, int last) {
    OpenWatch watch([&](const JobProgress&) { return ++*steps != last; }, OpenWatch::First::kAtOnce,
                    0);
    Plan made;
    ConfigError error;
    const bool good =
        MakePlan(config, FakeDataset(1000, 1000), DefaultShape(8), false, {}, &made, &error);
    EXPECT_EQ(error.code, good ? Code::kOk : Code::kStopped) << error.text;
    return good;
  };
  int whole = 0;
  ASSERT_TRUE(plan(&whole, -1));
  EXPECT_GE(whole, 16);  // both looks at 1000 samples
  for (int last = 1; last <= whole; ++last) {
    int steps = 0;
    EXPECT_FALSE(plan(&steps, last)) << last;
  }
}

}  // namespace
}  // namespace headrace::loader
