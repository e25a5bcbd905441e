// The lock-free parts of loader/pipeline beside their mutex twins. Each operation pair is timed
// without contention, with as many threads as the machine has, and with more; the eventcount also
// for what a notify costs when nobody waits, and for a round trip through a sleeping thread.
#include <benchmark/benchmark.h>

#include <atomic>
#include <cstdint>
#include <thread>

#include "loader/pipeline/count_down.h"
#include "loader/pipeline/eventcount.h"
#include "loader/pipeline/ring_queue.h"
#include "loader/pipeline/slot_pool.h"
#include "tests/support/mutex_pipeline.h"

namespace headrace::loader {
namespace {

constexpr size_t kRingCapacity = 256;
constexpr uint32_t kSlots = 256;

// A push and a pop; with more threads each does both, as workers that pass lanes on do.
template <class Ring>
void PushPop(benchmark::State& state) {
  static Ring ring(kRingCapacity);
  uint64_t refused = 0;
  for (auto _ : state) {
    uint32_t value = 1;
    if (!ring.TryPush(value)) ++refused;
    if (!ring.TryPop(&value)) ++refused;
    benchmark::DoNotOptimize(value);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
  state.counters["refused"] = static_cast<double>(refused);
}
BENCHMARK(PushPop<RingQueue<uint32_t>>)->Name("ring/lock_free")->ThreadRange(1, 4)->UseRealTime();
BENCHMARK(PushPop<test::MutexRing<uint32_t>>)->Name("ring/mutex")->ThreadRange(1, 4)->UseRealTime();

template <class Pool>
void AcquireRelease(benchmark::State& state) {
  static Pool pool(kSlots);
  for (auto _ : state) {
    uint32_t index = 0;
    if (pool.TryAcquire(&index)) pool.Release(index);
    benchmark::DoNotOptimize(index);
  }
  state.SetItemsProcessed(static_cast<int64_t>(state.iterations()));
}
BENCHMARK(AcquireRelease<SlotPool<>>)
    ->Name("slot_pool/lock_free")
    ->ThreadRange(1, 4)
    ->UseRealTime();
BENCHMARK(AcquireRelease<test::MutexSlotPool>)
    ->Name("slot_pool/mutex")
    ->ThreadRange(1, 4)
    ->UseRealTime();

template <class Event>
void NotifyNobody(benchmark::State& state) {
  static Event event;
  for (auto _ : state) event.NotifyOne();
}
BENCHMARK(NotifyNobody<EventCount<>>)->Name("notify_nobody/lock_free")->ThreadRange(1, 2);
BENCHMARK(NotifyNobody<test::MutexEventCount>)->Name("notify_nobody/mutex")->ThreadRange(1, 2);

// Sleeps until `word` is `value`.
template <class Event>
void Await(Event& event, const std::atomic<uint64_t>& word, uint64_t value) {
  while (word.load(std::memory_order_acquire) != value) {
    const auto key = event.PrepareWait();
    if (word.load(std::memory_order_acquire) == value) {
      event.CancelWait();
      return;
    }
    event.Wait(key);
  }
}

// There and back between two threads that sleep in turn: two wakes.
template <class Event>
void RoundTrip(benchmark::State& state) {
  constexpr uint64_t kEnd = UINT64_MAX;
  Event there;
  Event back;
  std::atomic<uint64_t> question{0};
  std::atomic<uint64_t> answer{0};
  std::jthread other([&] {
    for (uint64_t round = 1;; ++round) {
      for (uint64_t asked; (asked = question.load(std::memory_order_acquire)) != round;) {
        if (asked == kEnd) return;
        const auto key = there.PrepareWait();
        if (question.load(std::memory_order_acquire) != asked) {
          there.CancelWait();
        } else {
          there.Wait(key);
        }
      }
      answer.store(round, std::memory_order_release);
      back.NotifyOne();
    }
  });
  uint64_t round = 0;
  for (auto _ : state) {
    question.store(++round, std::memory_order_release);
    there.NotifyOne();
    Await(back, answer, round);
  }
  question.store(kEnd, std::memory_order_release);
  there.NotifyOne();
}
BENCHMARK(RoundTrip<EventCount<>>)->Name("round_trip/lock_free")->UseRealTime();
BENCHMARK(RoundTrip<test::MutexEventCount>)->Name("round_trip/mutex")->UseRealTime();

void Arrive(benchmark::State& state) {
  static CountDown<> count_down;
  if (state.thread_index() == 0) count_down.Reset(UINT32_MAX);
  for (auto _ : state) benchmark::DoNotOptimize(count_down.Arrive());
}
BENCHMARK(Arrive)->Name("count_down/lock_free")->ThreadRange(1, 4)->UseRealTime();

}  // namespace
}  // namespace headrace::loader

BENCHMARK_MAIN();
