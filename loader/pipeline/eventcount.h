// Sleeping until a condition on lock-free data may have become true.
#pragma once

#include <cstdint>

#include "loader/pipeline/atomics.h"

namespace headrace::loader {

// A condition variable for conditions that no mutex guards.
//
//   for (;;) {                                  // waiter
//     if (queue.TryPop(&item)) return item;
//     const auto key = event.PrepareWait();
//     if (queue.TryPop(&item)) { event.CancelWait(); return item; }   // the check that counts
//     event.Wait(key);
//   }
//   queue.TryPush(item); event.NotifyOne();     // notifier: first make it true, then notify
//
// Idea: a waiter counts itself, then looks at its condition; a notifier makes the condition true,
// then looks at the count. A full fence between the two steps on both sides means that at least one
// sees the other. The epoch, moved by each notify that finds a waiter, closes the gap between the
// waiter's look and its sleep: a key of an older epoch does not sleep.
//
// Owner: the loader; it outlives all waiters. Threads: any. Cost: notify is one fence and one load
// when nobody waits, else a system call; no allocation. The epoch wraps after 2^32 notifies, and a
// waiter would have to stand still between PrepareWait and Wait for exactly that many.
//
// Between PrepareWait and the Wait, WaitFor or CancelWait that must follow it, a waiter only
// checks. NotifyOne is for waiters who wait for the same thing and of whom one is enough; a waiter
// that is woken and cannot use what it was woken for passes the wake on. When in doubt, NotifyAll.
template <class Atomics = StdAtomics>
class EventCount {
 public:
  struct Key {
    uint32_t epoch;
  };

  EventCount() = default;
  EventCount(const EventCount&) = delete;
  EventCount& operator=(const EventCount&) = delete;

  // Announces a wait. The caller checks its condition once more after this.
  [[nodiscard]] Key PrepareWait() {
    // Relaxed: the fence orders it before the caller's check.
    waiters_.fetch_add(1, std::memory_order_relaxed);
    // Pairs with the fence in HasWaiters: either that notifier sees our count, or the caller's
    // check sees what it did before notifying.
    Atomics::Fence(std::memory_order_seq_cst);
    // Pairs with the release in MoveEpoch: with a key of the new epoch, the caller's check sees
    // what that notifier did, and needs no wake for it.
    return Key{epoch_.load(std::memory_order_acquire)};
  }

  // The condition was true after all.
  void CancelWait() { Leave(); }

  // Sleeps until a notify that came after the key was taken. The caller checks again: another
  // thread may have been faster.
  void Wait(Key key) { static_cast<void>(WaitFor(key, -1)); }

  // The same with a limit: false when the time is over. A negative time means no limit, 0 only
  // looks.
  [[nodiscard]] bool WaitFor(Key key, int64_t timeout_ns) {
    const int64_t deadline_ns = Atomics::DeadlineAfter(timeout_ns);
    bool in_time = true;
    while (in_time && !MovedOn(key)) {
      // When the time is over the kernel has taken us off its list, so that a wake which crosses
      // with it goes to another waiter: nothing is lost by not looking again.
      in_time = Atomics::FutexWait(epoch_, key.epoch, deadline_ns);
    }
    Leave();
    return in_time;
  }

  // Wakes a waiter, if there is one.
  void NotifyOne() {
    if (!HasWaiters()) return;
    MoveEpoch();
    Atomics::FutexWakeOne(epoch_);
  }

  // Wakes all that wait now.
  void NotifyAll() {
    if (!HasWaiters()) return;
    MoveEpoch();
    Atomics::FutexWakeAll(epoch_);
  }

 private:
  bool HasWaiters() const {
    // Pairs with the fence in PrepareWait.
    Atomics::Fence(std::memory_order_seq_cst);
    return waiters_.load(std::memory_order_relaxed) != 0;
  }

  // Pairs with the acquires in PrepareWait and MovedOn. The fence in HasWaiters releases already;
  // the order is written down again for ThreadSanitizer, which does not know fences.
  void MoveEpoch() { epoch_.fetch_add(1, std::memory_order_release); }

  bool MovedOn(Key key) const {
    // Pairs with the release in MoveEpoch: a waiter that was notified sees what the notifier did.
    return epoch_.load(std::memory_order_acquire) != key.epoch;
  }

  // Relaxed: who sees the old count notifies once too often, which costs a system call.
  void Leave() { waiters_.fetch_sub(1, std::memory_order_relaxed); }

  // One line for both: a notifier who finds waiters needs both, the others only read.
  alignas(kCacheLineBytes) typename Atomics::template Atomic<uint32_t> waiters_{0};
  typename Atomics::template Atomic<uint32_t> epoch_{0};
};

}  // namespace headrace::loader
