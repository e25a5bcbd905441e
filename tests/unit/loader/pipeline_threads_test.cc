// The programs of tests/model on real threads. That they hold here says little about memory orders
// (the model check does that); they are here for ThreadSanitizer, for the futex of the kernel, and
// for lengths that no model check reaches.
#include <gtest/gtest.h>

#include "tests/model/eventcount_programs.h"
#include "tests/model/pipeline_programs.h"
#include "tests/model/ring_programs.h"
#include "tests/model/slot_pool_programs.h"

namespace headrace::model {
namespace {

template <class Made, class... Args>
void Repeat(int times, Args... args) {
  for (int i = 0; i < times; ++i) {
    const char* failure = RunOnThreads([&] { return std::make_unique<Made>(args...); });
    ASSERT_EQ(failure, nullptr) << failure << ", in run " << i;
  }
}

TEST(PipelineThreadsTest, RingKeepsEveryItem) {
  Repeat<RingProgram<ThreadWorld>>(
      20,
      RingSizes{
          .producers = 2, .consumers = 2, .items_each = 5000, .pops_each = 6000, .capacity = 64});
}

TEST(PipelineThreadsTest, SmallRingKeepsEveryItem) {
  Repeat<RingProgram<ThreadWorld>>(
      20,
      RingSizes{
          .producers = 3, .consumers = 3, .items_each = 5000, .pops_each = 5000, .capacity = 2});
}

TEST(PipelineThreadsTest, RingWithACellForEachTokenIsNeverFull) {
  using Tokens = TokenProgram<ThreadWorld>;
  Repeat<Tokens>(20, Tokens::Sizes{.threads = 4, .first_rounds = 5000, .rounds = 5000});
}

TEST(PipelineThreadsTest, EventCountLosesNoWakeUp) {
  using Semaphore = SemaphoreProgram<ThreadWorld>;
  Repeat<Semaphore>(200, Semaphore::Sizes{.producers = 2, .consumers = 2, .items_each = 1});
  Repeat<Semaphore>(200, Semaphore::Sizes{.producers = 1, .consumers = 4, .items_each = 4});
  Repeat<Semaphore>(
      200, Semaphore::Sizes{.producers = 1, .consumers = 3, .items_each = 4, .impatient = 1});
}

TEST(PipelineThreadsTest, EventCountHandsDataOver) {
  using HandOver = HandOverProgram<ThreadWorld>;
  Repeat<HandOver>(200, Notify::kOne, HandOver::Waiting::kForever);
  Repeat<HandOver>(200, Notify::kAll, HandOver::Waiting::kForever);
  Repeat<HandOver>(200, Notify::kOne, HandOver::Waiting::kLimited);
}

TEST(PipelineThreadsTest, SlotPoolGivesASlotToOneHolder) {
  using Pool = SlotPoolProgram<ThreadWorld>;
  Repeat<Pool>(20, Pool::Sizes{.threads = 4, .slots = 3, .hold = 3, .rounds = 5000});
}

TEST(PipelineThreadsTest, CountDownHasOneLast) { Repeat<CountDownProgram<ThreadWorld>>(500, 4); }

TEST(PipelineThreadsTest, StopFlagHasOneFirst) {
  Repeat<StopFlagProgram<ThreadWorld>>(200, 1);
  Repeat<StopFlagProgram<ThreadWorld>>(200, 3);
}

TEST(PipelineThreadsTest, QueueDeliversEverythingBeforeTheEnd) {
  Repeat<QueueProgram<ThreadWorld>>(
      10, QueueSizes{.producers = 2, .consumers = 2, .items_each = 5000, .capacity = 16});
  Repeat<QueueProgram<ThreadWorld>>(
      10, QueueSizes{.producers = 3, .consumers = 3, .items_each = 2000, .capacity = 2});
}

TEST(PipelineThreadsTest, QueueWakesAConsumerForEachItem) {
  Repeat<QueueProgram<ThreadWorld>>(200, QueueSizes{.producers = 2,
                                                    .consumers = 4,
                                                    .items_each = 100,
                                                    .capacity = 8,
                                                    .stop = QueueSizes::Stop::kNever});
}

TEST(PipelineThreadsTest, QueueStopsAtAnyTimeWithoutLoss) {
  Repeat<QueueProgram<ThreadWorld>>(200, QueueSizes{.producers = 2,
                                                    .consumers = 2,
                                                    .items_each = 500,
                                                    .capacity = 4,
                                                    .stop = QueueSizes::Stop::kAnyTime});
}

TEST(PipelineThreadsTest, LanesComeBack) {
  using Lanes = LaneProgram<ThreadWorld>;
  Repeat<Lanes>(10, Lanes::Sizes{.workers = 3, .lanes = 2, .samples = 5000});
  Repeat<Lanes>(10, Lanes::Sizes{.workers = 2, .lanes = 16, .samples = 5000});
}

}  // namespace
}  // namespace headrace::model
