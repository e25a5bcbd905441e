// What the lock-free parts need from the machine, as a policy: production uses StdAtomics, the model
// checker in tests/model its own, so that the checked code is the code that runs.
#pragma once

#include <atomic>
#include <cstdint>

namespace headrace::loader {

struct StdAtomics {
  template <class T>
  using Atomic = std::atomic<T>;
  // Plain data that is handed from thread to thread; the checker watches these for races.
  template <class T>
  using Var = T;

  static void Fence(std::memory_order order) { std::atomic_thread_fence(order); }

  // Sleeps while `word` equals `expected`, at most timeout_ns (negative: no limit). May wake early.
  static void FutexWait(const std::atomic<uint32_t>& word, uint32_t expected, int64_t timeout_ns);
  static void FutexWakeAll(const std::atomic<uint32_t>& word);
  static void FutexWakeOne(const std::atomic<uint32_t>& word);
};

}  // namespace headrace::loader
