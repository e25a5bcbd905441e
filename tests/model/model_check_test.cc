// The checker itself: known small programs, of which the standard says what can happen. A checker
// that misses what is allowed would prove nothing; one that allows too much would cry wolf.
#include "tests/model/model_check.h"

#include <gtest/gtest.h>

namespace headrace::model {
namespace {

constexpr auto kRelaxed = std::memory_order_relaxed;
constexpr auto kAcquire = std::memory_order_acquire;
constexpr auto kRelease = std::memory_order_release;
constexpr auto kAcqRel = std::memory_order_acq_rel;
constexpr auto kSeqCst = std::memory_order_seq_cst;

// Two to four functions as the threads; check is called at the end.
struct Memory {
  Atomic<uint32_t> x{0}, y{0}, futex{0};
  Var<uint32_t> data;
  uint32_t seen[4] = {};
};
using Step = std::function<void(Memory&)>;

class Litmus : public Program {
 public:
  Litmus(std::vector<Step> threads, Step check)
      : threads_(std::move(threads)), check_(std::move(check)) {}
  int ThreadCount() const override { return static_cast<int>(threads_.size()); }
  void Run(int thread) override { threads_[static_cast<size_t>(thread)](memory_); }
  void Finish() override {
    if (check_) check_(memory_);
  }

 private:
  Memory memory_;
  std::vector<Step> threads_;
  Step check_;
};

Outcome RunAll(std::vector<Step> threads, Step check, int early_wakes_max = 0) {
  return Explore({.preemptions_max = 6, .stale_max = 4, .early_wakes_max = early_wakes_max},
                 [=] { return std::make_unique<Litmus>(threads, check); });
}

Outcome MessagePassing(std::memory_order store, std::memory_order load) {
  return RunAll({[=](Memory& m) {
                   m.data = 1;
                   m.x.store(1, store);
                 },
                 [=](Memory& m) {
                   if (m.x.load(load) == 1) Check(m.data == 1u, "stale data");
                 }},
                nullptr);
}

TEST(ModelCheckTest, MessagePassingNeedsReleaseAndAcquire) {
  const Outcome good = MessagePassing(kRelease, kAcquire);
  EXPECT_TRUE(good.ok) << good.error;
  EXPECT_TRUE(good.complete);
  EXPECT_FALSE(MessagePassing(kRelaxed, kAcquire).ok);
  EXPECT_FALSE(MessagePassing(kRelease, kRelaxed).ok);
}

Outcome StoreBuffering(std::memory_order fence) {
  return RunAll({[=](Memory& m) {
                   m.x.store(1, kRelaxed);
                   ModelAtomics::Fence(fence);
                   m.seen[0] = m.y.load(kRelaxed);
                 },
                 [=](Memory& m) {
                   m.y.store(1, kRelaxed);
                   ModelAtomics::Fence(fence);
                   m.seen[1] = m.x.load(kRelaxed);
                 }},
                [](Memory& m) { Check(m.seen[0] + m.seen[1] != 0, "both read 0"); });
}

TEST(ModelCheckTest, StoreBufferingNeedsFullFences) {
  EXPECT_TRUE(StoreBuffering(kSeqCst).ok);
  EXPECT_FALSE(StoreBuffering(kAcqRel).ok);
  EXPECT_FALSE(StoreBuffering(kRelaxed).ok);
}

TEST(ModelCheckTest, FencesCarryDataThroughRelaxedAccesses) {
  const auto run = [](std::memory_order first, std::memory_order second) {
    return RunAll({[=](Memory& m) {
                     m.data = 1;
                     ModelAtomics::Fence(first);
                     m.x.store(1, kRelaxed);
                   },
                   [=](Memory& m) {
                     if (m.x.load(kRelaxed) != 1) return;
                     ModelAtomics::Fence(second);
                     Check(m.data == 1u, "stale data");
                   }},
                  nullptr);
  };
  EXPECT_TRUE(run(kRelease, kAcquire).ok);
  EXPECT_FALSE(run(kRelaxed, kAcquire).ok);
  EXPECT_FALSE(run(kRelease, kRelaxed).ok);
}

TEST(ModelCheckTest, OneLocationNeverGoesBack) {
  const Outcome outcome = RunAll({[](Memory& m) {
                                    m.x.store(1, kRelaxed);
                                    m.x.store(2, kRelaxed);
                                  },
                                  [](Memory& m) {
                                    const uint32_t first = m.x.load(kRelaxed);
                                    Check(m.x.load(kRelaxed) >= first, "went back");
                                  }},
                                 nullptr);
  EXPECT_TRUE(outcome.ok) << outcome.error;
}

// Independent reads of independent writes: acquire and release allow the two readers to disagree.
TEST(ModelCheckTest, ReadersMayDisagreeAboutTheOrderOfTwoWrites) {
  const Outcome outcome = RunAll(
      {[](Memory& m) { m.x.store(1, kRelease); }, [](Memory& m) { m.y.store(1, kRelease); },
       [](Memory& m) {
         m.seen[0] = m.x.load(kAcquire);
         m.seen[1] = m.y.load(kAcquire);
       },
       [](Memory& m) {
         m.seen[2] = m.y.load(kAcquire);
         m.seen[3] = m.x.load(kAcquire);
       }},
      [](Memory& m) {
        Check(!(m.seen[0] == 1 && m.seen[1] == 0 && m.seen[2] == 1 && m.seen[3] == 0), "IRIW");
      });
  EXPECT_FALSE(outcome.ok);
}

TEST(ModelCheckTest, AReadModifyWriteContinuesTheReleaseSequence) {
  const Outcome outcome = RunAll({[](Memory& m) {
                                    m.data = 1;
                                    m.x.store(1, kRelease);
                                  },
                                  [](Memory& m) { m.x.fetch_add(1, kRelaxed); },
                                  [](Memory& m) {
                                    if (m.x.load(kAcquire) == 2) Check(m.data == 1u, "stale data");
                                  }},
                                 nullptr);
  EXPECT_TRUE(outcome.ok) << outcome.error;
}

TEST(ModelCheckTest, CountsAreNotLost) {
  const auto adder = [](Memory& m) { m.x.fetch_add(1, kRelaxed); };
  const Outcome atomic =
      RunAll({adder, adder, adder}, [](Memory& m) { Check(m.x.load() == 3, "lost count"); });
  EXPECT_TRUE(atomic.ok);
  const auto racer = [](Memory& m) { m.x.store(m.x.load(kRelaxed) + 1, kRelaxed); };
  EXPECT_FALSE(RunAll({racer, racer}, [](Memory& m) { Check(m.x.load() == 2, "lost count"); }).ok);
}

TEST(ModelCheckTest, AWeakCompareFailsForNoReasonAndAStrongOneDoesNot) {
  const auto run = [](bool weak) {
    return RunAll({[=](Memory& m) {
                    uint32_t expected = 0;
                    const bool done = weak ? m.x.compare_exchange_weak(expected, 1, kRelaxed)
                                           : m.x.compare_exchange_strong(expected, 1, kRelaxed);
                    Check(done, "failed");
                  }},
                  nullptr);
  };
  EXPECT_FALSE(run(true).ok);
  EXPECT_TRUE(run(false).ok);
}

TEST(ModelCheckTest, SeesRacesOnPlainData) {
  EXPECT_FALSE(RunAll({[](Memory& m) { m.data = 1; }, [](Memory& m) { m.data = 2; }}, nullptr).ok);
  // A read that is not ordered before a write is a race even if the read was right.
  EXPECT_FALSE(
      RunAll({[](Memory& m) { Check(m.data <= 1u, "impossible"); }, [](Memory& m) { m.data = 1; }},
             nullptr)
          .ok);
}

TEST(ModelCheckTest, SeesALostWakeUp) {
  // Looks, then sleeps on a word that nobody changes: the wake may come in between.
  const Outcome outcome = RunAll({[](Memory& m) {
                                    if (m.x.load(kAcquire) == 0) {
                                      ModelAtomics::FutexWait(m.futex, 0, -1);
                                    }
                                  },
                                  [](Memory& m) {
                                    m.x.store(1, kRelease);
                                    ModelAtomics::FutexWakeAll(m.futex);
                                  }},
                                 nullptr);
  EXPECT_FALSE(outcome.ok);
  EXPECT_NE(outcome.error.find("deadlock"), std::string::npos) << outcome.error;
  EXPECT_FALSE(outcome.trace.empty());
}

TEST(ModelCheckTest, AFutexComparesAndSleepsInOneStep) {
  const Outcome outcome = RunAll({[](Memory& m) {
                                    while (m.futex.load(kAcquire) == 0) {
                                      ModelAtomics::FutexWait(m.futex, 0, -1);
                                    }
                                  },
                                  [](Memory& m) {
                                    m.futex.store(1, kRelease);
                                    ModelAtomics::FutexWakeOne(m.futex);
                                  }},
                                 nullptr);
  EXPECT_TRUE(outcome.ok) << outcome.error;
}

TEST(ModelCheckTest, WakeOneLeavesTheOtherSleeperAndWakeAllDoesNot) {
  const auto sleeper = [](Memory& m) {
    while (m.futex.load(kAcquire) == 0) ModelAtomics::FutexWait(m.futex, 0, -1);
  };
  const auto run = [&](bool all) {
    return RunAll({sleeper, sleeper,
                   [=](Memory& m) {
                     m.futex.store(1, kRelease);
                     all ? ModelAtomics::FutexWakeAll(m.futex)
                         : ModelAtomics::FutexWakeOne(m.futex);
                   }},
                  nullptr);
  };
  EXPECT_FALSE(run(false).ok);
  const Outcome all = run(true);
  EXPECT_TRUE(all.ok) << all.error;
}

TEST(ModelCheckTest, ALimitedWaitEndsWhenNothingElseCanRun) {
  const Outcome outcome = RunAll(
      {[](Memory& m) { Check(!ModelAtomics::FutexWait(m.futex, 0, 1000), "woken"); }}, nullptr);
  EXPECT_TRUE(outcome.ok) << outcome.error;
}

TEST(ModelCheckTest, EarlyWakesAreTriedWhenAskedFor) {
  const std::vector<Step> threads = {[](Memory& m) {
                                       ModelAtomics::FutexWait(m.futex, 0, -1);
                                       Check(m.x.load(kAcquire) == 1, "woken for no reason");
                                     },
                                     [](Memory& m) {
                                       m.x.store(1, kRelease);
                                       m.futex.store(1, kRelease);
                                       ModelAtomics::FutexWakeAll(m.futex);
                                     }};
  EXPECT_FALSE(RunAll(threads, nullptr, 1).ok);
}

TEST(ModelCheckTest, SeesALivelock) {
  const auto forever = [](Memory& m) {
    while (m.x.load(kRelaxed) == 0) {
    }
  };
  const Outcome outcome = RunAll({forever}, nullptr);
  EXPECT_FALSE(outcome.ok);
  EXPECT_NE(outcome.error.find("livelock"), std::string::npos) << outcome.error;
}

TEST(ModelCheckTest, RandomSearchFindsTheSameWithTheSameSeed) {
  const auto find = [](uint64_t seed) {
    const std::vector<Step> threads = {[](Memory& m) {
                                         m.data = 1;
                                         m.x.store(1, kRelaxed);
                                       },
                                       [](Memory& m) {
                                         if (m.x.load(kAcquire) == 1) Check(m.data == 1u, "stale");
                                       }};
    return Explore({.executions_max = 10'000, .random = true, .seed = seed},
                   [=] { return std::make_unique<Litmus>(threads, nullptr); });
  };
  const Outcome once = find(7);
  const Outcome again = find(7);
  EXPECT_FALSE(once.ok);
  EXPECT_EQ(once.executions, again.executions);
  EXPECT_EQ(once.trace, again.trace);
}

}  // namespace
}  // namespace headrace::model
