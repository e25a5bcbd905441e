// loader.cache = "memory": the same batches, and nothing is read from the second epoch on.
#include <gtest/gtest.h>
#include <headrace.h>

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "tests/support/loader_harness.h"
#include "tests/support/picture_set.h"

namespace headrace::testing {
namespace {

constexpr uint32_t kPictures = 60;

class CacheTest : public ::testing::Test {
 protected:
  void SetUp() override {
    MakePictureSet(folder_, kPictures);
    for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path())) {
      if (file.is_regular_file() && file.path().filename() != ".keep") bytes_ += file.file_size();
    }
  }
  LoaderHandle Open(const std::string& keys, const std::string& decode = "checkpoints = \"off\"") {
    return MustOpen(SmallConfig(folder_.path(), "[decode]\n" + decode + "\n",
                                "tail = \"exact\"\nworkers = 3\n" + keys));
  }
  static hr_stats StatsOf(hr_loader* loader) {
    HR_INIT(hr_stats, stats);
    EXPECT_EQ(hr_loader_stats(loader, &stats, nullptr), HR_OK);
    return stats;
  }
  static hr_memory MemoryOf(hr_loader* loader) {
    HR_INIT(hr_memory, memory);
    EXPECT_EQ(hr_loader_memory(loader, &memory, nullptr), HR_OK);
    return memory;
  }
  static std::vector<std::vector<BatchValue>> Epochs(hr_loader* loader, int count) {
    std::vector<std::vector<BatchValue>> epochs;
    for (int i = 0; i < count; ++i) epochs.push_back(DrainEpoch(loader));
    return epochs;
  }

  TempFolder folder_;
  uint64_t bytes_ = 0;
};

TEST_F(CacheTest, BatchesAreTheSameAndEveryFileIsReadOnce) {
  const auto plain = Epochs(Open("").get(), 4);
  for (const char* reader : {"auto", "pread"}) {
    const LoaderHandle loader =
        Open("cache = \"memory\"\nreader = \"" + std::string(reader) + "\"");
    EXPECT_EQ(Epochs(loader.get(), 4), plain) << reader;
    const hr_stats stats = StatsOf(loader.get());
    // Around the end of the first epoch a sample may be in flight for the second one too.
    EXPECT_GE(stats.bytes_read, bytes_);
    EXPECT_LT(stats.bytes_read, 2 * bytes_);
    EXPECT_EQ(stats.cache_bytes, bytes_);
    EXPECT_GE(stats.cache_hits, 2 * kPictures);
    (void)DrainEpoch(loader.get());
    EXPECT_EQ(StatsOf(loader.get()).bytes_read, stats.bytes_read);
  }
}

TEST_F(CacheTest, CheckpointsStayInMemoryToo) {
  const std::string decode = "checkpoints = \"" + (folder_ / "index") + "\"";
  constexpr int kEpochsMost = 30;
  const auto plain = Epochs(Open("").get(), kEpochsMost);
  const LoaderHandle loader = Open("cache = \"memory\"", decode);
  EXPECT_EQ(Epochs(loader.get(), 3), std::vector(plain.begin(), plain.begin() + 3));
  // In which epoch the last checkpoint is made, and read, depends on the threads.
  bool grows = true;
  for (int epoch = 3; grows && epoch < kEpochsMost; ++epoch) {
    const uint64_t before = StatsOf(loader.get()).bytes_read;
    EXPECT_EQ(DrainEpoch(loader.get()), plain[epoch]);
    grows = StatsOf(loader.get()).bytes_read != before;
  }
  EXPECT_FALSE(grows);
}

TEST_F(CacheTest, AFileThatChangesLaterComesFromMemory) {
  const LoaderHandle loader = Open("cache = \"memory\"\nshuffle = \"none\"");
  (void)Epochs(loader.get(), 2);
  const auto before = DrainEpoch(Open("shuffle = \"none\"").get());
  for (const auto& file : std::filesystem::recursive_directory_iterator(folder_.path())) {
    if (file.is_regular_file()) std::filesystem::resize_file(file.path(), 3);
  }
  ASSERT_EQ(hr_loader_set_epoch(loader.get(), 0, nullptr), HR_OK);
  EXPECT_EQ(DrainEpoch(loader.get()), before);
}

TEST_F(CacheTest, WhatDoesNotFitIsReadEachEpoch) {
  const auto plain = Epochs(Open("").get(), 3);
  // Room for the spare buffers and about a half of the cache that holds all.
  const hr_memory all = MemoryOf(Open("cache = \"memory\"").get());
  const uint64_t limit = all.total_bytes + 2 * all.batch_bytes / all.batch_buffers - bytes_ / 2;
  HR_INIT(hr_options, options);
  const std::string override_text = "loader.max_host_bytes=" + std::to_string(limit);
  const char* overrides[] = {override_text.c_str(), "decode.checkpoints=off", "loader.tail=exact",
                             "loader.workers=3", "loader.cache=memory"};
  options.overrides = overrides;
  options.override_count = 5;
  const LoaderHandle loader = MustOpen(SmallConfig(folder_.path()), &options);
  EXPECT_EQ(Epochs(loader.get(), 3), plain);
  const hr_stats stats = StatsOf(loader.get());
  const hr_memory memory = MemoryOf(loader.get());
  EXPECT_LE(memory.total_bytes, limit);
  EXPECT_GT(stats.cache_bytes, 0u);
  EXPECT_LE(stats.cache_bytes, memory.cache_bytes);
  EXPECT_LT(stats.cache_bytes, bytes_);
  EXPECT_GT(stats.cache_hits, 0u);
  EXPECT_GT(stats.bytes_read, bytes_);
}

TEST_F(CacheTest, WithoutRoomItIsOffAndSaysSo) {
  const uint64_t needed = MemoryOf(Open("").get()).total_bytes;
  std::string log;
  HR_INIT(hr_options, options);
  options.log = [](void* context, hr_log_level, const char* text) {
    static_cast<std::string*>(context)->append(text).append("\n");
  };
  options.log_context = &log;
  const std::string override_text = "loader.max_host_bytes=" + std::to_string(needed);
  const char* overrides[] = {override_text.c_str(), "decode.checkpoints=off", "loader.workers=3",
                             "loader.cache=memory"};
  options.overrides = overrides;
  options.override_count = 4;
  const LoaderHandle loader = MustOpen(SmallConfig(folder_.path()), &options);
  EXPECT_FALSE(DrainEpoch(loader.get()).empty());
  EXPECT_EQ(MemoryOf(loader.get()).cache_bytes, 0u);
  EXPECT_EQ(StatsOf(loader.get()).cache_hits, 0u);
  EXPECT_NE(log.find("cache"), std::string::npos) << log;
}

TEST_F(CacheTest, BadSamplesAreTheSame) {
  folder_.Write("a/9000.jpg", "no picture at all");
  folder_.Write("a/9001.png", "");
  for (const char* mode : {"mark", "substitute"}) {
    const std::string keys = std::string("corrupt_budget = 1.0\non_corrupt = \"") + mode + "\"\n";
    const auto plain = Epochs(Open(keys).get(), 3);
    EXPECT_EQ(Epochs(Open(keys + "cache = \"memory\"").get(), 3), plain) << mode;
  }
}

}  // namespace
}  // namespace headrace::testing
