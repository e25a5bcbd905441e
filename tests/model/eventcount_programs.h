// Programs for EventCount alone.
#pragma once

#include <cstdint>

#include "loader/pipeline/eventcount.h"
#include "tests/model/program_traits.h"

namespace headrace::model {

enum class Notify : uint8_t { kOne, kAll };

// A semaphore on an eventcount: each producer makes one item with relaxed operations only, each
// consumer takes one. With all orders relaxed outside, the eventcount must do it alone. Loss is a
// deadlock.
template <class World>
class SemaphoreProgram : public Program {
 public:
  // impatient consumers wait with a limit, once, and may go away without an item.
  struct Sizes {
    int producers = 1;
    int consumers = 1;
    int items_each = 1;
    int impatient = 0;
    Notify notify = Notify::kOne;
  };
  explicit SemaphoreProgram(const Sizes& sizes) : sizes_(sizes) {}

  int ThreadCount() const override {
    return sizes_.producers + sizes_.consumers + sizes_.impatient;
  }

  void Run(int thread) override {
    if (thread < sizes_.producers) {
      for (int i = 0; i < sizes_.items_each; ++i) {
        items_.fetch_add(1, std::memory_order_relaxed);
        sizes_.notify == Notify::kOne ? event_.NotifyOne() : event_.NotifyAll();
      }
    } else if (thread < sizes_.producers + sizes_.consumers) {
      while (!Take()) {
        const auto key = event_.PrepareWait();
        if (Take()) {
          event_.CancelWait();
          break;
        }
        event_.Wait(key);
      }
    } else {
      BeImpatient();
    }
  }

  void Finish() override {
    World::Check(static_cast<int>(items_.load()) ==
                     sizes_.producers * sizes_.items_each - sizes_.consumers - taken_early_,
                 "items left");
  }

 private:
  bool Take() {
    uint32_t items = items_.load(std::memory_order_relaxed);
    while (items != 0) {
      if (items_.compare_exchange_strong(items, items - 1, std::memory_order_relaxed)) return true;
    }
    return false;
  }

  void BeImpatient() {
    const auto key = event_.PrepareWait();
    if (Take()) {
      event_.CancelWait();
    } else if (!event_.WaitFor(key, 1000) || !Take()) {
      return;
    }
    ++taken_early_;  // there is at most one of these threads
  }

  using Word = typename World::Atomics::template Atomic<uint32_t>;
  const Sizes sizes_;
  Word items_{0};
  loader::EventCount<typename World::Atomics> event_;
  int taken_early_ = 0;
};

// What the notifier did before is seen after a wait, without any other synchronisation: plain data.
template <class World>
class HandOverProgram : public Program {
 public:
  enum class Waiting : uint8_t { kForever, kLimited };
  HandOverProgram(Notify notify, Waiting waiting) : notify_(notify), waiting_(waiting) {}

  int ThreadCount() const override { return 2; }

  void Run(int thread) override { thread == 0 ? NotifySide() : WaitSide(); }

 private:
  // Who comes first, decided without ordering anything else.
  static constexpr uint32_t kNotifier = 1, kWaiter = 2;

  void NotifySide() {
    if (first_.fetch_or(kNotifier, std::memory_order_relaxed) == 0) return;  // nobody waits yet
    data_ = 77;
    notify_ == Notify::kOne ? event_.NotifyOne() : event_.NotifyAll();
  }

  void WaitSide() {
    const auto key = event_.PrepareWait();
    if (first_.fetch_or(kWaiter, std::memory_order_relaxed) != 0) {
      event_.CancelWait();
      return;
    }
    if (waiting_ == Waiting::kForever) {
      event_.Wait(key);
    } else if (!event_.WaitFor(key, 1000)) {
      return;
    }
    World::Check(data_ == 77u, "what the notifier wrote");
  }

  const Notify notify_;
  const Waiting waiting_;
  typename World::Atomics::template Atomic<uint32_t> first_{0};
  typename World::Atomics::template Var<uint32_t> data_{};
  loader::EventCount<typename World::Atomics> event_;
};

}  // namespace headrace::model
