#include "model_main.h"
#include "slot_pool_programs.h"

namespace headrace::model {
namespace {

using Pool = SlotPoolProgram<ModelWorld>;

std::function<std::unique_ptr<Program>()> Slots(const Pool::Sizes& sizes) {
  return [sizes] { return std::make_unique<Pool>(sizes); };
}
std::function<std::unique_ptr<Program>()> Arrivals(int threads) {
  return [threads] { return std::make_unique<CountDownProgram<ModelWorld>>(threads); };
}
std::function<std::unique_ptr<Program>()> Requests(int requesters) {
  return [requesters] { return std::make_unique<StopFlagProgram<ModelWorld>>(requesters); };
}

}  // namespace
}  // namespace headrace::model

int main(int argc, char** argv) {
  using namespace headrace::model;  // NOLINT: a table of this program's cases
  constexpr Pool::Sizes kTwo{.threads = 2, .slots = 2, .hold = 2, .rounds = 2};
  constexpr Pool::Sizes kTurning{.threads = 2, .slots = 3, .hold = 3, .rounds = 1};
  constexpr Pool::Sizes kThree{.threads = 3, .slots = 2, .hold = 2, .rounds = 1};
  constexpr auto kLong = Case::When::kLong;
  return RunCases(argc, argv,
                  {
                      {"pool, 2 threads, 2 slots", Bounded(3, 2), Slots(kTwo)},
                      {"pool, 2 threads, 3 slots", Bounded(3, 2), Slots(kTurning)},
                      {"pool, 3 threads, 2 slots", Bounded(2, 1), Slots(kThree)},
                      {"pool, 3 threads, 2 slots, random", Random(100'000), Slots(kThree)},
                      {"count down, 2 threads", Bounded(4, 2), Arrivals(2)},
                      {"count down, 4 threads", Bounded(3, 2), Arrivals(4)},
                      {"stop flag, 1 request", Bounded(3, 2), Requests(1)},
                      {"stop flag, 3 requests", Bounded(3, 2), Requests(3)},
                      {"pool, 2 threads, 2 slots, deep", Bounded(4, 2), Slots(kTwo), kLong},
                      {"pool, 3 threads, 2 slots, deep", Bounded(3, 2), Slots(kThree), kLong},
                      {"pool, 3 threads, more random", Random(2'000'000), Slots(kThree), kLong},
                  });
}
