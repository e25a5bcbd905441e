#include "loader/pipeline/sample_cache.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <string>

#include "loader/checkpoints/checkpoint_limits.h"

namespace headrace::loader {
namespace {

// Samples of these sizes and nothing else.
class Sizes final : public Dataset {
 public:
  explicit Sizes(std::vector<uint64_t> sizes) : sizes_(std::move(sizes)) {}
  uint64_t size() const override { return sizes_.size(); }
  Extent Locate(uint64_t id) const override { return {.path = "", .bytes = sizes_[id]}; }
  int64_t Label(uint64_t) const override { return 0; }
  const std::vector<std::string>& classes() const override { return names_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return 0; }

 private:
  std::vector<uint64_t> sizes_;
  std::vector<std::string> names_;
  std::string root_;
};

class SampleCacheTest : public ::testing::Test {
 protected:
  SampleCache Make(uint64_t samples, bool checkpoints, uint64_t arena_bytes) {
    auto arena = HostMemory::Map(arena_bytes, HostMemory::Pages::kSmall);
    EXPECT_TRUE(arena.ok());
    const LogSink log{[](void* context, LogLevel, const char* text) {
                        static_cast<std::string*>(context)->append(text).append("\n");
                      },
                      &log_};
    return SampleCache(samples, checkpoints, std::move(*arena), log, &counters_);
  }
  static void Fill(std::span<std::byte> room, int value) {
    std::memset(room.data(), value, room.size());
  }

  std::string log_;
  Counters counters_;
};

TEST_F(SampleCacheTest, ThePlanHoldsAllOrWhatThereIsRoomFor) {
  const Sizes sizes({1000, 2000, 30});
  const SampleCachePlan all = SampleCache::PlanFor(sizes, false, 1 << 20);
  EXPECT_TRUE(all.holds_all);
  EXPECT_EQ(all.arena_bytes, 4096u);
  EXPECT_LE(all.bytes(), 1u << 20);
  EXPECT_GT(SampleCache::PlanFor(sizes, true, 1 << 20).table_bytes, all.table_bytes);

  const Sizes large({100'000, 100'000});
  const SampleCachePlan part = SampleCache::PlanFor(large, false, 100'000);
  EXPECT_FALSE(part.holds_all);
  EXPECT_GT(part.arena_bytes, 90'000u);
  EXPECT_LE(part.bytes(), 100'000u);
  EXPECT_EQ(SampleCache::PlanFor(large, false, 1000).arena_bytes, 0u);
  EXPECT_EQ(SampleCache::PlanFor(large, false, 0).bytes(), 0u);
}

TEST_F(SampleCacheTest, GivesBackWhatWasKept) {
  SampleCache cache = Make(3, false, 4096);
  EXPECT_TRUE(cache.Find(1).empty());
  const auto room = cache.Begin(1, 100);
  ASSERT_EQ(room.size(), 101u);  // one byte more shows whether the file grew
  Fill(room, 7);
  EXPECT_TRUE(cache.Find(1).empty()) << "it is being read";
  EXPECT_TRUE(cache.Begin(1, 100).empty()) << "by somebody else";
  cache.Keep(1, 100);
  const auto kept = cache.Find(1);
  ASSERT_EQ(kept.size(), 100u);
  EXPECT_TRUE(std::ranges::all_of(kept, [](std::byte b) { return b == std::byte{7}; }));
  EXPECT_TRUE(cache.Find(0).empty());
  EXPECT_EQ(Get(counters_.cache_bytes), 100u);
}

TEST_F(SampleCacheTest, RoomsDoNotOverlap) {
  SampleCache cache = Make(20, false, 4096);
  for (uint64_t id = 0; id < 20; ++id) {
    Fill(cache.Begin(id, 10 + id), static_cast<int>(id));
    cache.Keep(id, 10 + id);
  }
  for (uint64_t id = 0; id < 20; ++id) {
    const auto kept = cache.Find(id);
    ASSERT_EQ(kept.size(), 10 + id);
    EXPECT_TRUE(std::ranges::all_of(kept, [&](std::byte b) { return b == std::byte(id); })) << id;
  }
}

TEST_F(SampleCacheTest, WhatDoesNotFitIsLeftOutAndSmallerOnesStillCome) {
  SampleCache cache = Make(4, false, 4096);
  Fill(cache.Begin(0, 3000), 1);
  cache.Keep(0, 3000);
  EXPECT_TRUE(cache.Begin(1, 2000).empty());
  EXPECT_TRUE(cache.Begin(2, 2000).empty());
  EXPECT_FALSE(cache.Begin(3, 500).empty());
  EXPECT_EQ(std::count(log_.begin(), log_.end(), '\n'), 1) << log_;
  EXPECT_NE(log_.find("1 of 4 samples"), std::string::npos) << log_;
}

TEST_F(SampleCacheTest, AReadThatDidNotBeginTakesNothing) {
  SampleCache cache = Make(2, false, 4096);
  ASSERT_FALSE(cache.Begin(0, 4000).empty());
  cache.Cancel(0);
  EXPECT_FALSE(cache.Begin(1, 4000).empty());
}

TEST_F(SampleCacheTest, ASampleThatFailedIsNotTriedAgain) {
  SampleCache cache = Make(2, false, 4096);
  ASSERT_FALSE(cache.Begin(0, 100).empty());
  cache.GiveUp(0);
  EXPECT_TRUE(cache.Begin(0, 100).empty());
  EXPECT_TRUE(cache.Find(0).empty());
  ASSERT_FALSE(cache.Begin(1, 100).empty());
  cache.Keep(1, 0);  // it is empty now
  EXPECT_TRUE(cache.Find(1).empty());
  EXPECT_TRUE(cache.Begin(1, 100).empty());
  EXPECT_EQ(Get(counters_.cache_bytes), 0u);
}

TEST_F(SampleCacheTest, FilesWithoutBytesAndOfMoreThan4GiBAreNotKept) {
  SampleCache cache = Make(1, false, 4096);
  EXPECT_TRUE(cache.Begin(0, 0).empty());
  EXPECT_TRUE(cache.Begin(0, uint64_t{5} << 30).empty());
  EXPECT_TRUE(cache.Begin(0, UINT64_MAX).empty());
}

TEST_F(SampleCacheTest, ARecordIsThatOfItsPlace) {
  SampleCache cache = Make(2, true, 4096);
  const std::vector<std::byte> record(70, std::byte{9});
  EXPECT_TRUE(cache.FindRecord(0, 5, 70).empty());
  cache.KeepRecord(0, 5, record);
  const auto found = cache.FindRecord(0, 5, 70);
  ASSERT_EQ(found.size(), 70u);
  EXPECT_TRUE(std::ranges::equal(found, record));
  EXPECT_EQ(reinterpret_cast<uintptr_t>(found.data()) % kRecordAlignment, 0u);
  EXPECT_TRUE(cache.FindRecord(0, 6, 70).empty());
  EXPECT_TRUE(cache.FindRecord(0, 5, 71).empty());
  cache.KeepRecord(0, 6, record);
  EXPECT_FALSE(cache.FindRecord(0, 5, 70).empty()) << "the first one stays";

  SampleCache without = Make(2, false, 4096);
  without.KeepRecord(0, 5, record);
  EXPECT_TRUE(without.FindRecord(0, 5, 70).empty());
}

}  // namespace
}  // namespace headrace::loader
