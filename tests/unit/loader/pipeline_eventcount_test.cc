#include <gtest/gtest.h>

#include <pthread.h>
#include <signal.h>

#include <atomic>
#include <cstdint>
#include <limits>
#include <thread>

#include "base/clock.h"
#include "loader/pipeline/eventcount.h"

namespace headrace::loader {
namespace {

constexpr int64_t kMillisecondNs = 1'000'000;

// The real thing, with the system calls counted.
struct CountingAtomics : StdAtomics {
  static inline std::atomic<int> waits{0};
  static inline std::atomic<int> wakes{0};
  static bool FutexWait(const std::atomic<uint32_t>& word, uint32_t expected, int64_t deadline_ns) {
    waits.fetch_add(1);
    return StdAtomics::FutexWait(word, expected, deadline_ns);
  }
  static void FutexWakeAll(const std::atomic<uint32_t>& word) {
    wakes.fetch_add(1);
    StdAtomics::FutexWakeAll(word);
  }
  static void FutexWakeOne(const std::atomic<uint32_t>& word) {
    wakes.fetch_add(1);
    StdAtomics::FutexWakeOne(word);
  }
};

class EventCountTest : public testing::Test {
 protected:
  void SetUp() override { CountingAtomics::waits = CountingAtomics::wakes = 0; }
  // A notify makes a system call exactly if the waiter count is not 0.
  bool HasWaiters() {
    const int before = CountingAtomics::wakes;
    event_.NotifyAll();
    return CountingAtomics::wakes != before;
  }
  EventCount<CountingAtomics> event_;
};

TEST_F(EventCountTest, NotifyMakesNoSystemCallWhenNobodyWaits) {
  event_.NotifyOne();
  event_.NotifyAll();
  EXPECT_EQ(CountingAtomics::wakes, 0);
}

TEST_F(EventCountTest, WaitReturnsAtOnceAfterANotifyThatCameInBetween) {
  const auto key = event_.PrepareWait();
  event_.NotifyOne();
  event_.Wait(key);
  EXPECT_EQ(CountingAtomics::waits, 0);
  EXPECT_FALSE(HasWaiters());
}

TEST_F(EventCountTest, CancelTakesTheWaiterOutOfTheCount) {
  static_cast<void>(event_.PrepareWait());
  EXPECT_TRUE(HasWaiters());
  event_.CancelWait();
  EXPECT_FALSE(HasWaiters());
}

TEST_F(EventCountTest, WaitForEndsByTimeAndLeavesTheCountRight) {
  const int64_t start_ns = NowNs();
  EXPECT_FALSE(event_.WaitFor(event_.PrepareWait(), 20 * kMillisecondNs));
  EXPECT_GE(NowNs() - start_ns, 20 * kMillisecondNs);
  EXPECT_FALSE(HasWaiters());
}

TEST_F(EventCountTest, WaitForZeroOnlyLooks) {
  EXPECT_FALSE(event_.WaitFor(event_.PrepareWait(), 0));
  const auto key = event_.PrepareWait();
  event_.NotifyAll();
  EXPECT_TRUE(event_.WaitFor(key, 0));
  EXPECT_FALSE(HasWaiters());
}

TEST_F(EventCountTest, WaitForTakesTheLongestTime) {
  const auto key = event_.PrepareWait();
  std::jthread notifier([this] { event_.NotifyOne(); });
  EXPECT_TRUE(event_.WaitFor(key, std::numeric_limits<int64_t>::max()));
}

TEST_F(EventCountTest, ANotifyWakesASleeper) {
  std::atomic<bool> ready{false};
  std::jthread waiter([&] {
    while (!ready.load()) {
      const auto key = event_.PrepareWait();
      if (ready.load()) {
        event_.CancelWait();
        break;
      }
      event_.Wait(key);
    }
  });
  while (CountingAtomics::waits == 0) std::this_thread::yield();
  ready = true;
  event_.NotifyOne();
  waiter.join();
  EXPECT_GE(CountingAtomics::wakes, 1);
  EXPECT_FALSE(HasWaiters());
}

// A waiter whose notify never comes ends by time, however many signals arrive: they neither end the
// wait early as "notified" nor stretch it.
TEST_F(EventCountTest, SignalsDoNotEndAWait) {
  struct sigaction action = {};
  action.sa_handler = [](int) {};
  struct sigaction before = {};
  ASSERT_EQ(sigaction(SIGUSR1, &action, &before), 0);
  std::atomic<bool> over{false};
  bool notified = true;
  int64_t took_ns = 0;
  std::jthread waiter([&] {
    const int64_t start_ns = NowNs();
    notified = event_.WaitFor(event_.PrepareWait(), 50 * kMillisecondNs);
    took_ns = NowNs() - start_ns;
    over = true;
  });
  while (!over) {
    pthread_kill(waiter.native_handle(), SIGUSR1);
    std::this_thread::yield();
  }
  waiter.join();
  EXPECT_FALSE(notified);
  EXPECT_GE(took_ns, 50 * kMillisecondNs);
  ASSERT_EQ(sigaction(SIGUSR1, &before, nullptr), 0);
}

}  // namespace
}  // namespace headrace::loader
