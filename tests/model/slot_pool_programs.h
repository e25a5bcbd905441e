// Programs for SlotPool, CountDown and StopFlag alone.
#pragma once

#include <cstdint>
#include <vector>

#include "loader/pipeline/count_down.h"
#include "loader/pipeline/slot_pool.h"
#include "loader/pipeline/stop_flag.h"
#include "tests/model/program_traits.h"

namespace headrace::model {

// Each thread takes up to `hold` slots, writes them, and gives them back in the order taken (which
// is what turns the stack over, as ABA needs), some rounds.
template <class World>
class SlotPoolProgram : public Program {
 public:
  struct Sizes {
    int threads = 2;
    uint32_t slots = 2;
    int hold = 2;
    int rounds = 1;
  };
  explicit SlotPoolProgram(const Sizes& sizes)
      : sizes_(sizes), pool_(sizes.slots), memory_(sizes.slots) {}

  int ThreadCount() const override { return sizes_.threads; }

  void Run(int thread) override {
    const uint32_t me = static_cast<uint32_t>(thread) + 1;
    for (int round = 0; round < sizes_.rounds; ++round) {
      uint32_t held[4];
      int count = 0;
      // The first thread holds most, the others one each: more shapes for the same number of steps.
      const int want = thread == 0 ? sizes_.hold : 1;
      while (count < want && pool_.TryAcquire(&held[count])) {
        World::Check(held[count] < sizes_.slots, "an index that does not exist");
        memory_[held[count]] = me;
        ++count;
      }
      for (int i = 0; i < count; ++i) {
        World::Check(memory_[held[i]] == me, "two holders of one slot");
        pool_.Release(held[i]);
      }
    }
  }

  void Finish() override {
    World::Check(pool_.ApproxFree() == sizes_.slots, "slots lost");
    std::vector<int> seen(sizes_.slots);
    uint32_t index = 0;
    uint32_t count = 0;
    while (count <= sizes_.slots && pool_.TryAcquire(&index)) {
      if (index < sizes_.slots) ++seen[index];
      ++count;
    }
    World::Check(count == sizes_.slots, "not all slots come out again");
    for (const int times : seen) World::Check(times == 1, "a slot twice in the list");
  }

 private:
  const Sizes sizes_;
  loader::SlotPool<typename World::Atomics> pool_;
  std::vector<typename World::Atomics::template Var<uint32_t>> memory_;
};

// Threads bring a part each; the last one reads all parts.
template <class World>
class CountDownProgram : public Program {
 public:
  explicit CountDownProgram(int threads) : parts_(static_cast<size_t>(threads)) {
    count_down_.Reset(static_cast<uint32_t>(threads));
  }

  int ThreadCount() const override { return static_cast<int>(parts_.size()); }

  void Run(int thread) override {
    parts_[static_cast<size_t>(thread)] = static_cast<uint32_t>(thread) + 1;
    if (!count_down_.Arrive()) return;
    uint32_t last_before = last_;
    last_ = last_before + 1;
    for (size_t i = 0; i < parts_.size(); ++i) {
      World::Check(parts_[i] == i + 1, "the part of another thread");
    }
  }

  void Finish() override {
    World::Check(last_ == 1u, "not exactly one was last");
    World::Check(count_down_.Remaining() == 0, "arrivals missing");
  }

 private:
  using Word = typename World::Atomics::template Var<uint32_t>;
  loader::CountDown<typename World::Atomics> count_down_;
  std::vector<Word> parts_;
  Word last_{};
};

// Several ask for a stop, one looks.
template <class World>
class StopFlagProgram : public Program {
 public:
  explicit StopFlagProgram(int requesters) : requesters_(requesters) {}

  int ThreadCount() const override { return requesters_ + 1; }

  void Run(int thread) override {
    if (thread < requesters_) {
      if (thread == 0) reason_ = 5;
      if (stop_.Request()) first_.fetch_add(1, std::memory_order_relaxed);
    } else if (stop_.Requested() && requesters_ == 1) {
      World::Check(reason_ == 5u, "the reason for the stop");
    }
  }

  void Finish() override {
    World::Check(first_.load() == 1, "not exactly one was first");
    World::Check(stop_.Requested(), "the flag is not up");
  }

 private:
  const int requesters_;
  loader::StopFlag<typename World::Atomics> stop_;
  typename World::Atomics::template Atomic<uint32_t> first_{0};
  typename World::Atomics::template Var<uint32_t> reason_{};
};

}  // namespace headrace::model
