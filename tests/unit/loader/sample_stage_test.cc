// The sample stage where the memory for a sample's objects cannot be had.
#include "loader/pipeline/sample_stage.h"

#include <gtest/gtest.h>

#include <memory>
#include <new>
#include <string>
#include <vector>

namespace headrace::loader {
namespace {

// Pictures whose objects need more memory than there is.
class HugeSet final : public Dataset {
 public:
  uint64_t size() const override { return 4; }
  Extent Locate(uint64_t) const override { return {.path = "a.png", .bytes = 1000}; }
  int64_t Label(uint64_t) const override { return 0; }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return 0; }
  bool has_objects() const override { return true; }
  Status Objects(uint64_t, ObjectList*) const override { throw std::bad_alloc(); }

 private:
  std::vector<std::string> classes_{"a"};
  std::string root_ = ".";
};

TEST(SampleStageTest, ASampleThatFindsNoMemoryIsABadOne) {
  const HugeSet dataset;
  const BatchShape shape = {.batch_size = 1, .channels = 3, .height = 4, .width = 4};
  Config config;
  config.loader.batch_size = 1;
  config.loader.workers = 1;
  config.loader.on_corrupt = OnCorrupt::kMark;
  config.loader.corrupt_budget = 1.0;
  config.limits.max_decoded_bytes = 1 << 20;
  config.limits.scratch_pixels = 65536;
  ConfigError error;
  std::unique_ptr<AugmentProgram> augment;
  ASSERT_TRUE(AugmentProgram::Make({}, dataset.classes(), false, &augment, &error)) << error.text;
  std::unique_ptr<Mixer> mixer;
  ASSERT_TRUE(Mixer::Make({}, shape, &mixer, &error)) << error.text;
  const Sampler sampler(dataset.size(), Shuffle::kNone, 0, 1, 0, 1, Tail::kDrop);
  const simd::ConvertTable convert =
      simd::MakeConvertTable(shape.dtype, shape.layout, 3, nullptr, nullptr);
  Plan plan;
  ASSERT_TRUE(MakePlan(config, dataset, shape, false, {}, &plan, &error)) << error.text;
  PipelineShared shared(config, dataset, sampler, *augment, *mixer, convert, plan, LogSink{});
  auto store = BatchStore::Make({.shape = shape,
                                 .pin = Pin::kNone,
                                 .count = 1,
                                 .count_max = 1,
                                 .mixer = mixer.get(),
                                 .has_targets = true},
                                &shared.read_wanted);
  ASSERT_TRUE(store.ok());
  shared.store = *store;
  BatchAssembler assembler(&shared);
  auto stage = SampleStage::Make(&shared, &assembler, 0);
  ASSERT_TRUE(stage.ok());

  uint32_t index = 0;
  ASSERT_TRUE(shared.lane_pool.TryAcquire(&index));
  Lane& lane = shared.lanes[index];
  lane.id = 2;
  lane.ticket.id = 2;
  lane.ticket.generation = shared.delivery.generation();
  BatchBuffer& buffer = shared.store->at(0);
  buffer.generation = lane.ticket.generation;
  buffer.count = buffer.rows = 1;
  buffer.samples_left.Reset(1);
  buffer.valid[0] = 9;
  (*stage)->Run(index);

  EXPECT_EQ(buffer.valid[0], 0) << "marked";
  ASSERT_EQ(buffer.bad_count.load(), 1u);
  EXPECT_EQ(buffer.bad[0].id, 2u);
  EXPECT_EQ(buffer.bad[0].status.code(), Code::kOutOfMemory);
  EXPECT_EQ(Get(shared.counters.marked), 1u);
  EXPECT_TRUE(shared.delivery.IsReady(0)) << "the batch goes on";
  shared.store->Close();
}

}  // namespace
}  // namespace headrace::loader
