#include "loader/open_watch.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <cstdio>
#include <filesystem>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "loader/config.h"
#include "loader/dataset.h"
#include "loader/scan/scan_source.h"
#include "loader/shards/index_shard.h"
#include "loader/watched_sort.h"
#include "tests/support/tar_text.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using headrace::testing::TarEntries;
using headrace::testing::TarText;
using headrace::testing::TempFolder;
using First = OpenWatch::First;

constexpr int64_t kAnHourNs = int64_t{3600} * 1'000'000'000;

size_t DescriptorsOpen() {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
    count += entry.path().empty() ? 0 : 1;
  }
  return count;
}

// Goes on; *last is what was told last.
auto Keep(JobProgress* last) {
  return [last](const JobProgress& progress) {
    *last = progress;
    return true;
  };
}

TEST(OpenWatchTest, NobodyWaitsUnlessOneIsThere) {
  EXPECT_TRUE(OpeningGoesOn());
  OpenWatch nobody(nullptr);
  EXPECT_TRUE(OpeningGoesOn());
  EXPECT_EQ(OpenWatch::Current(), nullptr);
}

TEST(OpenWatchTest, WhatWasEndedStaysEnded) {
  int calls = 0;
  OpenWatch watch(
      [&](const JobProgress&) {
        ++calls;
        return false;
      },
      First::kAtOnce, 0);
  ConfigError error;
  EXPECT_FALSE(OpeningGoesOn(&error));
  EXPECT_EQ(error.code, Code::kStopped);
  EXPECT_FALSE(OpeningGoesOn());
  EXPECT_EQ(calls, 1);
}

TEST(OpenWatchTest, TellsHowFarItIs) {
  JobProgress last;
  OpenWatch watch(Keep(&last), First::kAtOnce, 0);
  OpeningIsAt({.bytes = 100, .bytes_done = 40});
  OpeningFound(3);
  OpeningFound(4);
  EXPECT_TRUE(OpeningGoesOn());
  EXPECT_EQ(last.samples, 0u);
  EXPECT_EQ(last.samples_done, 7u);
  EXPECT_EQ(last.bytes, 100u);
  EXPECT_EQ(last.bytes_done, 40u);
}

TEST(OpenWatchTest, IsCalledAtOnceAndThenNotAtEveryStep) {
  int calls = 0;
  OpenWatch watch(
      [&](const JobProgress&) {
        ++calls;
        return true;
      },
      First::kAtOnce, kAnHourNs);
  for (int i = 0; i < 1000; ++i) EXPECT_TRUE(OpeningGoesOn());
  EXPECT_EQ(calls, 1);
}

TEST(OpenWatchTest, LaterIsNotAtOnce) {
  int calls = 0;
  const auto count = [&](const JobProgress&) { return ++calls > 0; };
  {
    OpenWatch watch(count, First::kLater, kAnHourNs);
    for (int i = 0; i < 1000; ++i) EXPECT_TRUE(OpeningGoesOn());
    EXPECT_EQ(calls, 0);
  }
  OpenWatch watch(count, First::kLater, 0);
  EXPECT_TRUE(OpeningGoesOn());
  EXPECT_EQ(calls, 1);
}

TEST(OpenWatchTest, TheInnermostOfAThreadCounts) {
  OpenWatch outer([](const JobProgress&) { return false; }, First::kAtOnce, 0);
  {
    OpenWatch inner([](const JobProgress&) { return true; }, First::kAtOnce, 0);
    EXPECT_TRUE(OpeningGoesOn());
    OpenWatch nobody(nullptr);
    EXPECT_TRUE(OpeningGoesOn());
  }
  EXPECT_FALSE(OpeningGoesOn());
  std::thread([] { EXPECT_TRUE(OpeningGoesOn()); }).join();
}

TEST(OpenWatchTest, WhatTheCallbackOpensIsApart) {
  bool inside = false;
  OpenWatch watch(
      [&](const JobProgress&) {
        inside = OpeningGoesOn();
        return false;
      },
      First::kAtOnce, 0);
  EXPECT_FALSE(OpeningGoesOn());
  EXPECT_TRUE(inside);
}

TEST(OpenWatchTest, AHelperEndsByTheFlag) {
  std::atomic<bool> stop{false};
  OpenWatch watch(stop);
  EXPECT_TRUE(OpeningGoesOn());
  stop = true;
  EXPECT_FALSE(OpeningGoesOn());
}

TEST(WatchedSortTest, SortsAnyNumber) {
  std::mt19937 random(5);
  for (size_t count = 0; count < 70; ++count) {
    std::vector<std::string> texts;
    for (size_t i = 0; i < count; ++i) texts.push_back(std::to_string(random() % 50));
    std::vector<std::string> expected = texts;
    std::sort(expected.begin(), expected.end());
    ASSERT_TRUE(WatchedSort(&texts, std::less<>(), 4));
    EXPECT_EQ(texts, expected) << count;
  }
}

TEST(WatchedSortTest, EndsWithTheOpening) {
  for (int at = 1; at <= 3; ++at) {
    int calls = 0;
    OpenWatch watch([&](const JobProgress&) { return ++calls < at; }, First::kAtOnce, 0);
    std::vector<int> numbers(64);
    EXPECT_FALSE(WatchedSort(&numbers, std::less<>(), 4));
    EXPECT_EQ(calls, at);
  }
}

// A data set of each kind, and how to open it.
class OpeningTest : public ::testing::Test {
 protected:
  void SetUp() override {
    for (int i = 0; i < 200; ++i) {
      folder_.Write("images/" + std::string(1, static_cast<char>('a' + i % 3)) + "/" +
                        std::to_string(i) + ".jpg",
                    "x");
    }
    TarEntries entries;
    for (int i = 0; i < 300; ++i) {
      entries.emplace_back(std::to_string(i) + ".jpg", "bytes");
      entries.emplace_back(std::to_string(i) + ".cls", "1");
    }
    folder_.Write("shards/0.tar", TarText(entries));
    folder_.Write("shards/1.tar", TarText(entries));
  }

  // The number of times that it was asked whether to go on, all of them answered with yes.
  int CountSteps(const Config& config) {
    int steps = 0;
    OpenWatch watch([&](const JobProgress&) { return ++steps > 0; }, First::kAtOnce, 0);
    std::unique_ptr<Dataset> dataset;
    ConfigError error;
    EXPECT_TRUE(OpenDataset(config, {}, &dataset, &error)) << error.text;
    return steps;
  }

  void EndsAt(const Config& config, int step) {
    int steps = 0;
    OpenWatch watch([&](const JobProgress&) { return ++steps < step; }, First::kAtOnce, 0);
    std::unique_ptr<Dataset> dataset;
    ConfigError error;
    const bool opened = OpenDataset(config, {}, &dataset, &error);
    // Threads that read are waited for with a step every now and then: with fewer of those than
    // when they were counted, the opening may have ended before.
    if (steps < step) {
      EXPECT_TRUE(opened) << step << ": " << error.text;
      return;
    }
    EXPECT_FALSE(opened) << step;
    EXPECT_EQ(error.code, Code::kStopped) << step << ": " << error.text;
    EXPECT_NE(error.text.find(kOpeningStopped), std::string::npos) << error.text;
    EXPECT_EQ(steps, step);
  }

  // Wherever it is ended: nothing but kStopped comes of it, and nothing stays open.
  void EndsAnywhere(const Config& config, int steps_min) {
    const size_t before = DescriptorsOpen();
    const int steps = CountSteps(config);
    EXPECT_GE(steps, steps_min);
    for (int step = 1; step <= steps; step += std::max(1, steps / 40)) EndsAt(config, step);
    EXPECT_EQ(DescriptorsOpen(), before);
  }

  Config Of(Source source, const std::string& path) {
    Config config;
    config.dataset.source = source;
    config.dataset.path = {folder_ / path};
    return config;
  }

  void WriteManifest(int rows) {
    std::string text = "path\tlabel\n";
    for (int i = 0; i < rows; ++i) {
      const int file = i % 200;
      text += static_cast<char>('a' + file % 3);
      text += "/" + std::to_string(file) + ".jpg\t" + std::to_string(i % 5) + "\n";
    }
    folder_.Write("images/list.tsv", text);
  }

  TempFolder folder_;
};

TEST_F(OpeningTest, OfAFolder) { EndsAnywhere(Of(Source::kFolder, "images"), 200); }

TEST_F(OpeningTest, OfShardsWithoutAnIndex) { EndsAnywhere(Of(Source::kTar, "shards"), 4); }

TEST_F(OpeningTest, OfShardsWithAnIndex) {
  for (const char* name : {"shards/0.tar", "shards/1.tar"}) {
    IndexShardReport report;
    ConfigError error;
    ASSERT_TRUE(IndexShard(folder_ / name, false, &report, &error)) << error.text;
  }
  EndsAnywhere(Of(Source::kTar, "shards"), 4);
}

TEST_F(OpeningTest, OfAnIncludeFile) {
  std::string text;
  for (int i = 0; i < 200; i += 3) text += "a/" + std::to_string(i) + ".jpg\n";
  folder_.Write("list.txt", text);
  Config config = Of(Source::kFolder, "images");
  config.dataset.include = folder_ / "list.txt";
  EndsAnywhere(config, 400);
}

TEST_F(OpeningTest, OfASplit) {
  Config config = Of(Source::kFolder, "images");
  config.dataset.split = "train";
  config.dataset.split_of = {{"train", 0.5}, {"val", 0.5}};
  EndsAnywhere(config, 400);
}

TEST_F(OpeningTest, OfAManifest) {
  WriteManifest(150);
  EndsAnywhere(Of(Source::kManifest, "images/list.tsv"), 150);
}

// With threads that help to look files up: how often the first asks after the text is chance.
TEST_F(OpeningTest, OfALongManifest) {
  WriteManifest(6000);
  const Config config = Of(Source::kManifest, "images/list.tsv");
  for (int step : {1, 2, 3, 5, 8}) EndsAt(config, step);
}

TEST_F(OpeningTest, OfAnnotations) {
  std::string images;
  for (int i = 0; i < 198; ++i) {
    images += i > 0 ? "," : "";
    images += "{\"id\":" + std::to_string(i) + ",\"file_name\":\"";
    images += static_cast<char>('a' + i % 3);
    images += "/" + std::to_string(i) + ".jpg\",\"width\":8,\"height\":8}";
  }
  folder_.Write("images/instances.json",
                "{\"categories\":[{\"id\":1,\"name\":\"car\"}],\"images\":[" + images +
                    "],\"annotations\":[{\"id\":1,\"image_id\":0,\"category_id\":1,"
                    "\"bbox\":[0,0,4,4]}]}");
  EndsAnywhere(Of(Source::kCoco, "images"), 200);
}

TEST_F(OpeningTest, OfMasks) {
  for (int i = 0; i < 200; i += 2) {
    const std::string number = std::to_string(i);
    folder_.Write("masks/" + std::string(1, static_cast<char>('a' + i % 3)) + "/" + number + ".png",
                  "no picture, which is a fault of that sample");
  }
  Config config = Of(Source::kCoco, "images");
  config.dataset.masks = folder_ / "masks";
  EndsAnywhere(config, 400);
}

TEST_F(OpeningTest, OfAFolderThatIsNoClass) {
  folder_.Write("flat/1.jpg", "x");
  folder_.Write("flat/2.jpg", "x");
  const std::string path = folder_ / "flat";
  const auto open = [&](int step, ConfigError* error) {
    int steps = 0;
    OpenWatch watch([&](const JobProgress&) { return ++steps != step; }, First::kAtOnce, 0);
    Config config;
    std::unique_ptr<Dataset> dataset;
    const bool good =
        ConfigOfPath(path, {}, &config, error) && OpenPath(path, config, {}, &dataset, error);
    return good ? steps : 0;
  };
  ConfigError error;
  const int steps = open(-1, &error);
  ASSERT_GT(steps, 5) << error.text;
  for (int step = 1; step <= steps; ++step) {
    EXPECT_EQ(open(step, &error), 0) << step;
    EXPECT_EQ(error.code, Code::kStopped) << step << ": " << error.text;
  }
}

TEST_F(OpeningTest, SaysHowFarItIs) {
  JobProgress last;
  OpenWatch watch(Keep(&last), First::kAtOnce, 0);
  std::unique_ptr<Dataset> dataset;
  ConfigError error;
  ASSERT_TRUE(OpenDataset(Of(Source::kTar, "shards"), {}, &dataset, &error)) << error.text;
  EXPECT_EQ(last.samples_done, 600u);
  EXPECT_EQ(last.bytes, 2 * std::filesystem::file_size(folder_ / "shards/0.tar"));
  EXPECT_GT(last.bytes_done, last.bytes / 2);
  EXPECT_LE(last.bytes_done, last.bytes);
}

// In the middle of a shard, and of a pack's shard, whose records are read too.
TEST_F(OpeningTest, AnIndexIsNotWrittenWhenItIsEnded) {
  TarEntries packed;
  for (int i = 0; i < 100; ++i) {
    const std::string key = std::to_string(100000 + i);
    packed.emplace_back(key + ".jpg", "bytes");
    packed.emplace_back(key + ".cls", "0");
    packed.emplace_back(key + ".json", "{\"id\": " + std::to_string(i) + ", \"path\": \"a/" + key +
                                           ".jpg\", \"classes\": 1, \"samples\": 100}");
  }
  folder_.Write("pack/0.tar", TarText(packed));
  const size_t before = DescriptorsOpen();
  for (const char* name : {"shards/0.tar", "pack/0.tar"}) {
    const std::string path = folder_ / name;
    IndexShardReport report;
    ConfigError error;
    int whole = 0;
    {
      OpenWatch watch([&](const JobProgress&) { return ++whole > 0; }, First::kAtOnce, 0);
      ASSERT_TRUE(IndexShard(path, false, &report, &error)) << error.text;
    }
    ASSERT_GT(whole, 300);
    std::filesystem::remove(path + ".hri");
    for (int step = 1; step <= whole; step += 23) {
      int steps = 0;
      OpenWatch watch([&](const JobProgress&) { return ++steps < step; }, First::kAtOnce, 0);
      EXPECT_FALSE(IndexShard(path, false, &report, &error)) << step;
      EXPECT_EQ(error.code, Code::kStopped) << error.text;
      const std::filesystem::directory_iterator left(std::filesystem::path(path).parent_path());
      for (const auto& entry : left) EXPECT_EQ(entry.path().extension(), ".tar");
    }
  }
  EXPECT_EQ(DescriptorsOpen(), before);
}

TEST_F(OpeningTest, AShardOfNothingButLinksEnds) {
  std::string archive;
  for (int i = 0; i < 500; ++i) {
    std::string header = TarText({{std::to_string(i) + ".jpg", ""}}).substr(0, 512);
    header[156] = '2';
    uint32_t sum = 0;
    header.replace(148, 8, 8, ' ');
    for (const char c : header) sum += static_cast<unsigned char>(c);
    char text[9];
    snprintf(text, sizeof text, "%06o", sum);
    header.replace(148, 8, std::string(text, 7) + " ");
    archive += header;
  }
  archive.append(1024, '\0');
  folder_.Write("links.tar", archive);
  int steps = 0;
  OpenWatch watch([&](const JobProgress&) { return ++steps < 250; }, First::kAtOnce, 0);
  IndexShardReport report;
  ConfigError error;
  EXPECT_FALSE(IndexShard(folder_ / "links.tar", false, &report, &error));
  EXPECT_EQ(error.code, Code::kStopped) << error.text;
  EXPECT_EQ(steps, 250);
}

}  // namespace
}  // namespace headrace::loader
