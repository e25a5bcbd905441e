#include "loader/file_lookup.h"

#include <fcntl.h>
#include <pthread.h>
#include <sys/stat.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <system_error>
#include <thread>
#include <vector>

#include "base/blocked_signals.h"
#include "base/scope_guard.h"
#include "loader/file_times.h"

namespace headrace::loader {
namespace {

constexpr uint64_t kBlockFiles = 1024;  // that a thread takes at a time
constexpr uint64_t kThreadsMax = 16;

FoundFile LookUp(int root, const char* path) {
  struct stat info;
  if (fstatat(root, path, &info, 0) != 0) return {.error_number = errno};
  return {.bytes = static_cast<uint64_t>(info.st_size),
          .mtime_ns = NanosecondsOf(info.st_mtim),
          .is_regular = S_ISREG(info.st_mode)};
}

}  // namespace

void LookUpFiles(int root, const std::function<const char*(uint64_t)>& path_of,
                 std::span<FoundFile> found) {
  // Only hands out blocks: what is found is published by the joins.
  std::atomic<uint64_t> next{0};
  const auto work = [&]() noexcept {
    for (;;) {
      const uint64_t begin = next.fetch_add(kBlockFiles, std::memory_order_relaxed);
      if (begin >= found.size()) return;
      const uint64_t end = std::min<uint64_t>(begin + kBlockFiles, found.size());
      for (uint64_t i = begin; i < end; ++i) found[i] = LookUp(root, path_of(i));
    }
  };
  std::vector<std::thread> threads;
  const ScopeGuard joining([&threads] {
    for (std::thread& thread : threads) thread.join();
  });
  const uint64_t helpers = std::min(kThreadsMax - 1, found.size() / kBlockFiles);
  threads.reserve(helpers);
  try {
    const BlockedSignals no_signals;
    for (uint64_t i = 0; i < helpers; ++i) threads.emplace_back(work);
  } catch (const std::system_error&) {  // those that there are will do it
  }
  work();
}

}  // namespace headrace::loader
