#include "loader/pipeline/atomics.h"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <climits>
#include <ctime>

#include "base/clock.h"

namespace headrace::loader {
namespace {

static_assert(sizeof(std::atomic<uint32_t>) == sizeof(uint32_t), "the kernel reads the bare word");
static_assert(std::atomic<uint32_t>::is_always_lock_free);

constexpr int64_t kNsPerSecond = 1'000'000'000;

long Futex(const std::atomic<uint32_t>& word, int operation, uint32_t value,
           const timespec* deadline) {
  // FUTEX_WAIT_BITSET takes an absolute time of CLOCK_MONOTONIC; the wakes ignore the last three.
  return syscall(SYS_futex, &word, operation | FUTEX_PRIVATE_FLAG, value, deadline, nullptr,
                 FUTEX_BITSET_MATCH_ANY);
}

}  // namespace

int64_t StdAtomics::DeadlineAfter(int64_t timeout_ns) {
  if (timeout_ns < 0) return -1;
  const int64_t now_ns = NowNs();
  return timeout_ns > INT64_MAX - now_ns ? INT64_MAX : now_ns + timeout_ns;  // 292 years are enough
}

bool StdAtomics::FutexWait(const std::atomic<uint32_t>& word, uint32_t expected,
                           int64_t deadline_ns) {
  timespec deadline{};
  const timespec* limit = nullptr;
  if (deadline_ns >= 0) {
    deadline.tv_sec = static_cast<time_t>(deadline_ns / kNsPerSecond);
    deadline.tv_nsec = static_cast<long>(deadline_ns % kNsPerSecond);
    limit = &deadline;
  }
  if (Futex(word, FUTEX_WAIT_BITSET, expected, limit) == 0) return true;
  // EAGAIN: the word had changed already. EINTR: a signal handler of the application ran.
  return errno != ETIMEDOUT;
}

void StdAtomics::FutexWakeAll(const std::atomic<uint32_t>& word) {
  Futex(word, FUTEX_WAKE, INT_MAX, nullptr);
}

void StdAtomics::FutexWakeOne(const std::atomic<uint32_t>& word) {
  Futex(word, FUTEX_WAKE, 1, nullptr);
}

}  // namespace headrace::loader
