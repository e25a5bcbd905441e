#include "eventcount_programs.h"
#include "model_main.h"

namespace headrace::model {
namespace {

using Semaphore = SemaphoreProgram<ModelWorld>;
using HandOver = HandOverProgram<ModelWorld>;

std::function<std::unique_ptr<Program>()> Items(const Semaphore::Sizes& sizes) {
  return [sizes] { return std::make_unique<Semaphore>(sizes); };
}
std::function<std::unique_ptr<Program>()> Data(Notify notify, HandOver::Waiting waiting) {
  return [notify, waiting] { return std::make_unique<HandOver>(notify, waiting); };
}

constexpr Semaphore::Sizes kOneToOne{.producers = 1, .consumers = 1, .items_each = 1};
constexpr Semaphore::Sizes kOneToOneAll{
    .producers = 1, .consumers = 1, .items_each = 1, .notify = Notify::kAll};
constexpr Semaphore::Sizes kOneToTwo{.producers = 1, .consumers = 2, .items_each = 2};
constexpr Semaphore::Sizes kTwoToTwo{.producers = 2, .consumers = 2, .items_each = 1};
constexpr Semaphore::Sizes kTwoToTwoAll{
    .producers = 2, .consumers = 2, .items_each = 1, .notify = Notify::kAll};
constexpr Semaphore::Sizes kImpatient{
    .producers = 1, .consumers = 1, .items_each = 2, .impatient = 1};

}  // namespace
}  // namespace headrace::model

int main(int argc, char** argv) {
  using namespace headrace::model;  // NOLINT: a table of this program's cases
  using Waiting = HandOver::Waiting;
  return RunCases(
      argc, argv,
      {
          {"notify one, 1 to 1", Bounded(4, 3), Items(kOneToOne)},
          {"notify all, 1 to 1", Bounded(4, 3), Items(kOneToOneAll)},
          {"notify one, 1 to 1, early wakes", Bounded(2, 1, 2), Items(kOneToOne)},
          {"hand over by notify one", Bounded(4, 3, 1), Data(Notify::kOne, Waiting::kForever)},
          {"hand over by notify all", Bounded(4, 3, 1), Data(Notify::kAll, Waiting::kForever)},
          {"hand over with a limit", Bounded(4, 3, 1), Data(Notify::kOne, Waiting::kLimited)},
          {"notify one, 1 to 2", Bounded(2, 1), Items(kOneToTwo)},
          {"notify one, 2 to 2", Bounded(2, 1), Items(kTwoToTwo)},
          {"notify all, 2 to 2", Bounded(2, 1), Items(kTwoToTwoAll)},
          {"notify one, one waiter with a limit", Bounded(2, 1, 1), Items(kImpatient)},
          {"notify one, 1 to 2, deep", Bounded(3, 2), Items(kOneToTwo), Case::When::kLong},
          {"notify one, 2 to 2, deep", Bounded(3, 1), Items(kTwoToTwo), Case::When::kLong},
          {"notify one, one waiter with a limit, deep", Bounded(3, 2, 1), Items(kImpatient),
           Case::When::kLong},
          {"notify one, 2 to 2, random", Random(1'000'000), Items(kTwoToTwo), Case::When::kLong},
      });
}
