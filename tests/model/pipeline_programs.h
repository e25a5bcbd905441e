// Programs that put the parts together as the loader does.
#pragma once

#include <cstdint>
#include <vector>

#include "loader/pipeline/count_down.h"
#include "loader/pipeline/eventcount.h"
#include "loader/pipeline/ring_queue.h"
#include "loader/pipeline/slot_pool.h"
#include "loader/pipeline/stop_flag.h"
#include "tests/model/program_traits.h"

namespace headrace::model {

struct QueueSizes {
  enum class Stop : uint8_t { kAfterLastItem, kAnyTime, kNever };
  int producers = 1;
  int consumers = 1;
  int items_each = 3;
  uint32_t capacity = 2;
  Stop stop = Stop::kAfterLastItem;
};

// A blocking queue: ring, one eventcount a side, stop flag. With kAfterLastItem the last producer
// ends the stream and every item must arrive; with kAnyTime one more thread stops at any moment,
// all threads must come home, and every item is delivered, still in the queue, or was refused.
template <class World>
class QueueProgram : public Program {
 public:
  explicit QueueProgram(const QueueSizes& sizes)
      : sizes_(sizes),
        ring_(sizes.capacity),
        payload_(Items()),
        got_(static_cast<size_t>(sizes.consumers)),
        refused_(static_cast<size_t>(sizes.producers)) {
    producers_left_.Reset(static_cast<uint32_t>(sizes.producers));
    for (auto& list : got_) list.reserve(Items());
  }

  int ThreadCount() const override {
    return sizes_.producers + sizes_.consumers + (AnyTime() ? 1 : 0);
  }

  void Run(int thread) override {
    if (thread < sizes_.producers) {
      Produce(thread);
    } else if (thread < sizes_.producers + sizes_.consumers) {
      Consume(got_[static_cast<size_t>(thread - sizes_.producers)]);
    } else {
      Stop();
    }
  }

  void Finish() override {
    std::vector<int> seen(Items());
    uint32_t item = 0;
    size_t count = 0;
    while (ring_.TryPop(&item)) {
      World::Check(AnyTime(), "an item was left behind");
      ++seen[item];
      ++count;
    }
    for (const auto& list : got_) {
      for (const uint32_t value : list) ++seen[value];
      count += list.size();
    }
    for (const int times : seen) World::Check(times <= 1, "an item came twice");
    for (const size_t refused : refused_) count += refused;
    World::Check(count == Items(), "an item was lost");
  }

 private:
  size_t Items() const { return static_cast<size_t>(sizes_.producers * sizes_.items_each); }
  bool AnyTime() const { return sizes_.stop == QueueSizes::Stop::kAnyTime; }

  void Stop() {
    stop_.Request();
    items_.NotifyAll();
    space_.NotifyAll();
  }

  void Produce(int producer) {
    for (int i = 0; i < sizes_.items_each; ++i) {
      const uint32_t item = static_cast<uint32_t>(producer * sizes_.items_each + i);
      payload_[item] = item + 1;
      if (!Push(item)) {
        refused_[static_cast<size_t>(producer)] = static_cast<size_t>(sizes_.items_each - i);
        return;
      }
    }
    const bool last = producers_left_.Arrive();
    if (last && sizes_.stop == QueueSizes::Stop::kAfterLastItem) Stop();
  }

  bool Push(uint32_t item) {
    while (!ring_.TryPush(item)) {
      if (AnyTime() && stop_.Requested()) return false;
      const auto key = space_.PrepareWait();
      if (ring_.TryPush(item)) {
        space_.CancelWait();
        break;
      }
      if (AnyTime() && stop_.Requested()) {
        space_.CancelWait();
        return false;
      }
      space_.Wait(key);
    }
    items_.NotifyOne();
    return true;
  }

  void Consume(std::vector<uint32_t>& got) {
    uint32_t item = 0;
    const size_t share = sizes_.stop == QueueSizes::Stop::kNever
                             ? Items() / static_cast<size_t>(sizes_.consumers)
                             : SIZE_MAX;
    while (got.size() < share && Pop(&item)) {
      World::Check(payload_[item] == item + 1, "the producer's work");
      got.push_back(item);
    }
  }

  // The flag is read before the ring: "stopped, and then empty" means that nothing will come.
  bool Pop(uint32_t* item) {
    for (;;) {
      const bool stopping = stop_.Requested();
      if (ring_.TryPop(item)) break;
      if (stopping) return false;
      const auto key = items_.PrepareWait();
      if (stop_.Requested() || !ring_.Empty()) {
        items_.CancelWait();
        continue;
      }
      items_.Wait(key);
    }
    space_.NotifyOne();
    return true;
  }

  using Atomics = typename World::Atomics;
  const QueueSizes sizes_;
  loader::RingQueue<uint32_t, Atomics> ring_;
  loader::EventCount<Atomics> items_;
  loader::EventCount<Atomics> space_;
  loader::StopFlag<Atomics> stop_;
  loader::CountDown<Atomics> producers_left_;
  std::vector<typename Atomics::template Var<uint32_t>> payload_;
  std::vector<std::vector<uint32_t>> got_;
  std::vector<size_t> refused_;
};

// Back-pressure as in the loader: a reader takes a lane, fills it and queues it; workers use it and
// give it back. No free lane, no read. The ring has a cell for each lane, and still the reader has
// to be able to wait for a cell: a worker may stand between claiming the cell and freeing it while
// others go on.
template <class World>
class LaneProgram : public Program {
 public:
  struct Sizes {
    int workers = 1;
    uint32_t lanes = 2;
    int samples = 3;
  };
  explicit LaneProgram(const Sizes& sizes)
      : sizes_(sizes), pool_(sizes.lanes), ring_(sizes.lanes), bytes_(sizes.lanes) {}

  int ThreadCount() const override { return 1 + sizes_.workers; }

  void Run(int thread) override { thread == 0 ? Read() : Work(); }

  void Finish() override {
    World::Check(static_cast<int>(done_.load()) == sizes_.samples, "a sample was lost");
    World::Check(pool_.ApproxFree() == sizes_.lanes, "a lane was not given back");
  }

 private:
  void Read() {
    for (int sample = 0; sample < sizes_.samples; ++sample) {
      const uint32_t lane = TakeLane();
      bytes_[lane] = static_cast<uint32_t>(sample) + 10;
      World::Check(ring_.TryPush(lane), "the ring has a cell for each lane");
      filled_.NotifyOne();
    }
    stop_.Request();
    filled_.NotifyAll();
  }

  uint32_t TakeLane() {
    uint32_t lane = 0;
    while (!pool_.TryAcquire(&lane)) {
      const auto key = given_back_.PrepareWait();
      if (pool_.TryAcquire(&lane)) {
        given_back_.CancelWait();
        break;
      }
      given_back_.Wait(key);
    }
    return lane;
  }

  void Work() {
    uint32_t lane = 0;
    while (NextLane(&lane)) UseLane(lane);
  }

  bool NextLane(uint32_t* lane) {
    for (;;) {
      const bool stopping = stop_.Requested();
      if (ring_.TryPop(lane)) return true;
      if (stopping) return false;
      const auto key = filled_.PrepareWait();
      if (stop_.Requested() || !ring_.Empty()) {
        filled_.CancelWait();
        continue;
      }
      filled_.Wait(key);
    }
  }

  void UseLane(uint32_t lane) {
    World::Check(bytes_[lane] >= 10u, "the bytes of the sample");
    bytes_[lane] = 1;  // as decoding in place would
    done_.fetch_add(1, std::memory_order_relaxed);
    pool_.Release(lane);
    given_back_.NotifyOne();
  }

  using Atomics = typename World::Atomics;
  const Sizes sizes_;
  loader::SlotPool<Atomics> pool_;
  loader::RingQueue<uint32_t, Atomics> ring_;
  loader::EventCount<Atomics> filled_;
  loader::EventCount<Atomics> given_back_;
  loader::StopFlag<Atomics> stop_;
  std::vector<typename Atomics::template Var<uint32_t>> bytes_;
  typename Atomics::template Atomic<uint32_t> done_{0};
};

}  // namespace headrace::model
