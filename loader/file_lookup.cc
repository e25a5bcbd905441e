#include "loader/file_lookup.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <system_error>
#include <thread>
#include <vector>

#include "base/blocked_signals.h"
#include "base/scope_guard.h"
#include "loader/file_times.h"
#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

constexpr uint64_t kBlockFiles = 1024;  // that a thread takes at a time
constexpr uint64_t kThreadsMax = 16;
constexpr auto kLookEvery = std::chrono::nanoseconds(OpenWatch::kEveryNs);

FoundFile LookUp(int root, const char* path) {
  struct stat info;
  if (fstatat(root, path, &info, 0) != 0) return {.error_number = errno};
  return {.bytes = static_cast<uint64_t>(info.st_size),
          .mtime_ns = NanosecondsOf(info.st_mtim),
          .is_regular = S_ISREG(info.st_mode)};
}

}  // namespace

bool LookUpFiles(int root, const std::function<const char*(uint64_t)>& path_of,
                 std::span<FoundFile> found, ConfigError* error) {
  // Only hands out blocks: what is found is published by the joins.
  std::atomic<uint64_t> next{0};
  std::atomic<uint64_t> done{0};
  std::atomic<bool> stop{false};
  const auto work = [&](const auto& goes_on) {
    while (!stop.load(std::memory_order_relaxed)) {
      const uint64_t begin = next.fetch_add(kBlockFiles, std::memory_order_relaxed);
      if (begin >= found.size()) return;
      const uint64_t end = std::min<uint64_t>(begin + kBlockFiles, found.size());
      for (uint64_t i = begin; i < end; ++i) {
        if (!goes_on()) return;
        found[i] = LookUp(root, path_of(i));
        done.fetch_add(1, std::memory_order_relaxed);
      }
    }
  };
  const auto watch = [&] {
    OpeningIsAt({.samples_done = done.load(std::memory_order_relaxed)});
    if (!OpeningGoesOn()) stop.store(true, std::memory_order_relaxed);
    return !stop.load(std::memory_order_relaxed);
  };
  std::mutex mutex;
  std::condition_variable changed;
  size_t running = 0;  // under the mutex
  std::vector<std::thread> threads;
  const ScopeGuard joining([&] {
    stop.store(true, std::memory_order_relaxed);
    for (std::thread& thread : threads) thread.join();
  });
  const uint64_t helpers = std::min(kThreadsMax - 1, found.size() / kBlockFiles);
  threads.reserve(helpers);
  const auto help = [&]() noexcept {
    work([&stop] { return !stop.load(std::memory_order_relaxed); });
    const std::lock_guard lock(mutex);
    --running;
    changed.notify_all();
  };
  try {
    const BlockedSignals no_signals;
    for (uint64_t i = 0; i < helpers; ++i) {
      const std::lock_guard lock(mutex);  // a helper that ends at once waits for the count
      threads.emplace_back(help);
      ++running;
    }
  } catch (const std::system_error&) {  // those that there are will do it
  }
  work(watch);
  std::unique_lock lock(mutex);
  while (running > 0) {
    changed.wait_for(lock, kLookEvery);
    lock.unlock();
    (void)watch();
    lock.lock();
  }
  lock.unlock();
  return OpeningGoesOn(error);
}

}  // namespace headrace::loader
