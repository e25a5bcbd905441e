// What the lock-free parts need from the machine, as a policy: production uses StdAtomics, the
// model checker in tests/model its own, so that the checked code is the code that runs.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace headrace::loader {

// What two threads must not share when both write. x86-64 and most arm64 parts have 64.
inline constexpr size_t kCacheLineBytes = 64;

struct StdAtomics {
  template <class T>
  using Atomic = std::atomic<T>;
  // Plain data that is handed from thread to thread; the checker watches these for races.
  template <class T>
  using Var = T;

  // ThreadSanitizer does not know fences. We use them only to order a store before a later load
  // (the eventcount); data is handed over by release stores and acquire loads, which it does know.
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wtsan"
#endif
  static void Fence(std::memory_order order) { std::atomic_thread_fence(order); }
#if defined(__SANITIZE_THREAD__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

  // The moment that a wait of timeout_ns ends, on the monotonic clock; negative: never.
  static int64_t DeadlineAfter(int64_t timeout_ns);
  // Sleeps while `word` equals `expected`. False when the deadline is over; true when woken, when
  // the word differs, or for no reason at all.
  static bool FutexWait(const std::atomic<uint32_t>& word, uint32_t expected, int64_t deadline_ns);
  static void FutexWakeAll(const std::atomic<uint32_t>& word);
  static void FutexWakeOne(const std::atomic<uint32_t>& word);
};

}  // namespace headrace::loader
