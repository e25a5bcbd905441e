#include "model_main.h"
#include "pipeline_programs.h"

namespace headrace::model {
namespace {

using Stop = QueueSizes::Stop;
using Lanes = LaneProgram<ModelWorld>;

std::function<std::unique_ptr<Program>()> Queue(int producers, int consumers, int items_each,
                                                Stop stop = Stop::kAfterLastItem) {
  const QueueSizes sizes{
      .producers = producers, .consumers = consumers, .items_each = items_each, .stop = stop};
  return [sizes] { return std::make_unique<QueueProgram<ModelWorld>>(sizes); };
}
std::function<std::unique_ptr<Program>()> Lane(int workers, uint32_t lanes, int samples) {
  const Lanes::Sizes sizes{.workers = workers, .lanes = lanes, .samples = samples};
  return [sizes] { return std::make_unique<Lanes>(sizes); };
}

}  // namespace
}  // namespace headrace::model

int main(int argc, char** argv) {
  using namespace headrace::model;  // NOLINT: a table of this program's cases
  constexpr auto kLong = Case::When::kLong;
  return RunCases(
      argc, argv,
      {
          {"queue 1 to 1, 3 items", Bounded(2, 1), Queue(1, 1, 3)},
          {"queue 2 to 1, 1 item", Bounded(2, 1), Queue(2, 1, 1)},
          {"queue 2 to 2, 2 items, random", Random(100'000), Queue(2, 2, 2)},
          {"queue 1 to 1, stop at any time", Bounded(2, 1), Queue(1, 1, 3, Stop::kAnyTime)},
          {"queue 1 to 2, an item each", Bounded(2, 1), Queue(1, 2, 2, Stop::kNever)},
          {"queue 2 to 2, an item each", Bounded(1, 1), Queue(2, 2, 1, Stop::kNever)},
          {"queue 2 to 2, an item each, random", Random(100'000), Queue(2, 2, 1, Stop::kNever)},
          {"queue 2 to 2, stop, random", Random(50'000), Queue(2, 2, 2, Stop::kAnyTime)},
          {"lanes, 1 worker, 3 samples", Bounded(2, 1), Lane(1, 2, 3)},
          {"lanes, 2 workers, 3 samples", Bounded(1, 1), Lane(2, 2, 3)},
          {"lanes, 2 workers, 4 samples, random", Random(50'000), Lane(2, 2, 4)},
          {"queue 1 to 1, 3 items, deep", Bounded(3, 1), Queue(1, 1, 3), kLong},
          {"queue 2 to 1, 2 items, deep", Bounded(2, 1), Queue(2, 1, 2), kLong},
          {"queue 1 to 2, 2 items, deep", Bounded(2, 1), Queue(1, 2, 2), kLong},
          {"queue 2 to 1, stop, deep", Bounded(2, 1), Queue(2, 1, 1, Stop::kAnyTime), kLong},
          {"queue 2 to 2, 2 items, more random", Random(2'000'000), Queue(2, 2, 2), kLong},
          {"lanes, 2 workers, 3 samples, deep", Bounded(2, 1), Lane(2, 2, 3), kLong},
          {"queue 2 to 2, an item each, deep", Bounded(2, 1), Queue(2, 2, 1, Stop::kNever), kLong},
          {"lanes, 3 workers, more random", Random(1'000'000), Lane(3, 2, 4), kLong},
      });
}
