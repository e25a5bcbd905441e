#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "loader/job.h"
#include "loader/open_watch.h"
#include "loader/pack/ordered_records.h"
#include "loader/pack/pack_folder.h"
#include "loader/pack/pack_lock.h"
#include "loader/pack/pack_members.h"
#include "loader/pack/shard_plan.h"
#include "loader/pack/unpack_paths.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using headrace::testing::TempFolder;

// A data set of sizes alone.
class SizesOnly final : public Dataset {
 public:
  explicit SizesOnly(std::vector<uint64_t> sizes) : sizes_(std::move(sizes)) {}
  uint64_t size() const override { return sizes_.size(); }
  Extent Locate(uint64_t id) const override { return {.path = "x", .bytes = sizes_[id]}; }
  int64_t Label(uint64_t id) const override { return static_cast<int64_t>(id % 2) + label_shift; }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return 0; }

  int64_t label_shift = 0;

 private:
  std::vector<uint64_t> sizes_;
  std::vector<std::string> classes_ = {"a", "b"};
  std::string root_ = "/nowhere";
};

std::vector<uint64_t> PlanOf(std::vector<uint64_t> sizes, uint64_t shard_bytes) {
  ShardPlan plan;
  JobError error;
  EXPECT_TRUE(PlanShards(SizesOnly(std::move(sizes)), shard_bytes, &plan, &error)) << error.text;
  return plan.begin;
}

TEST(ShardPlanTest, AShardEndsBeforeTheFileThatWouldPassItsSize) {
  EXPECT_EQ(PlanOf({4, 4, 4, 4}, 8), (std::vector<uint64_t>{0, 2, 4}));
  EXPECT_EQ(PlanOf({4, 4, 4, 4}, 9), (std::vector<uint64_t>{0, 2, 4}));
  EXPECT_EQ(PlanOf({4, 4, 4, 4}, 7), (std::vector<uint64_t>{0, 1, 2, 3, 4}));
}

TEST(ShardPlanTest, ALargerFileHasAShardOfItsOwn) {
  EXPECT_EQ(PlanOf({1, 100, 1, 1}, 10), (std::vector<uint64_t>{0, 1, 2, 4}));
}

TEST(ShardPlanTest, EmptyFilesTakeNoRoom) {
  EXPECT_EQ(PlanOf({0, 10, 0, 0, 10, 0}, 10), (std::vector<uint64_t>{0, 4, 6}));
}

TEST(ShardPlanTest, SumsDoNotWrap) {
  EXPECT_EQ(PlanOf({UINT64_MAX, UINT64_MAX, 1}, UINT64_MAX - 1),
            (std::vector<uint64_t>{0, 1, 2, 3}));
}

TEST(ShardPlanTest, MoreShardsThanNamesAreRefused) {
  ShardPlan plan;
  JobError error;
  EXPECT_FALSE(PlanShards(SizesOnly(std::vector<uint64_t>(kShardsMax + 1, 2)), 1, &plan, &error));
  EXPECT_EQ(error.code, Code::kInvalidArgument);
}

TEST(ShardPlanTest, PlanningEndsWithTheOpening) {
  const SizesOnly set(std::vector<uint64_t>(1000, 2));
  for (int last = 1; last <= 8; ++last) {
    int steps = 0;
    OpenWatch watch([&](const JobProgress&) { return ++steps != last; }, OpenWatch::First::kAtOnce,
                    0);
    ShardPlan plan;
    JobError error;
    EXPECT_FALSE(PlanShards(set, 10, &plan, &error));
    EXPECT_EQ(error.code, Code::kStopped) << error.text;
    EXPECT_EQ(steps, last);
  }
  // The samples are hashed, and then their labels.
  int steps = 0;
  OpenWatch watch([&](const JobProgress&) { return ++steps > 0; }, OpenWatch::First::kAtOnce, 0);
  (void)SettingsText(set, {}, 100);
  EXPECT_EQ(steps, 16);
}

TEST(ShardPlanTest, SettingsTellWhatChangesBytes) {
  const SizesOnly one({1, 2, 3});
  SizesOnly other_labels({1, 2, 3});
  other_labels.label_shift = 1;
  codecs::PackOptions options;
  const std::string text = SettingsText(one, options, 100);
  EXPECT_EQ(text, SettingsText(SizesOnly({1, 2, 3}), options, 100));
  EXPECT_NE(text, SettingsText(SizesOnly({1, 2, 4}), options, 100));
  EXPECT_NE(text, SettingsText(other_labels, options, 100));
  EXPECT_NE(text, SettingsText(one, options, 101));
  options.limits.scratch_pixels = 1;  // how much is done at once
  EXPECT_EQ(text, SettingsText(one, options, 100));
  options.limits.jpeg_memory -= 1;
  EXPECT_EQ(text + ", jpeg_memory 268435455", SettingsText(one, options, 100));
  options = {};
  options.quality = 90;
  EXPECT_NE(text, SettingsText(one, options, 100));
}

TEST(PackMembersTest, NamesAreIdsInTwelveDigits) {
  EXPECT_EQ(MemberName(1234, "jpg"), "000000001234.jpg");
  EXPECT_EQ(MemberName(1234567890123, "cls"), "1234567890123.cls");
}

TEST(PackMembersTest, CopiedFilesGetAnExtensionThatReadersTakeForAPicture) {
  EXPECT_EQ(CopiedExtension("png", "a/x.jpg"), "png");
  EXPECT_EQ(CopiedExtension("jpg", "a/x.png"), "jpg");
  EXPECT_EQ(CopiedExtension("bin", "a/x.PNG"), "png");
  EXPECT_EQ(CopiedExtension("gif", "a/x.gif"), "jpg");
  EXPECT_EQ(CopiedExtension("", "a/x.webp"), "webp");
  EXPECT_EQ(CopiedExtension("", "a/x"), "jpg");
}

TEST(PackMembersTest, TheTextIsJsonWhateverThePath) {
  EXPECT_EQ(
      JsonText(
          {.id = 7, .label = 1, .class_name = "a", .path = "a/x.jpg", .classes = 2, .samples = 9}),
      "{\"id\": 7, \"label\": 1, \"class\": \"a\", \"path\": \"a/x.jpg\", \"classes\": 2, "
      "\"samples\": 9}\n");
  const std::string odd = "q\"\\\n\xC3\xA4\xFF\xC0\x80\xED\xA0\x80\xF0\x9F\x98\x80";
  EXPECT_EQ(
      JsonText({.id = 0, .label = -1, .class_name = "", .path = odd, .classes = 0}),
      "{\"id\": 0, \"label\": -1, \"class\": \"\", \"path\": "
      "\"q\\\"\\\\\\u000a\xC3\xA4\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"
      "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xF0\x9F\x98\x80\", \"classes\": 0, \"samples\": 0}\n");
}

TEST(PathProblemTest, HostilePathsAreRefused) {
  for (const char* good : {"a", "a/b.jpg", "a/..b/c", "...", "a b/\xFF.jpg"}) {
    EXPECT_EQ(PathProblem(good), nullptr) << good;
  }
  for (const char* bad : {"", "/", "/etc/passwd", "..", "../x", "a/../b", "a/..", "./a", "a/./b",
                          "a//b", "a/", "."}) {
    EXPECT_NE(PathProblem(bad), nullptr) << bad;
  }
  EXPECT_NE(PathProblem(".headrace-pack.lock"), nullptr);
  EXPECT_NE(PathProblem(std::string_view("a\0b", 3)), nullptr);
  EXPECT_EQ(PathProblem(std::string(255, 'x')), nullptr);
  EXPECT_NE(PathProblem(std::string(256, 'x')), nullptr);
  EXPECT_NE(PathProblem(std::string(2000, 'x') + std::string(2500, '/')), nullptr);
}

TEST(OrderedRecordsTest, HandsOnInOrderWhoeverIsFirst) {
  constexpr uint64_t kCount = 5000;
  std::vector<uint64_t> written;
  OrderedRecords records(
      kCount, 7, [](uint64_t) { return uint64_t{10}; },
      [&](uint64_t number, codecs::PackedRecord& record) {
        EXPECT_EQ(record.bytes.size(), number % 13);
        written.push_back(number);
        return true;
      });
  std::vector<std::jthread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&records] {
      codecs::PackedRecord record;
      while (const auto number = records.Take()) {
        record.bytes.assign(*number % 13, std::byte{1});
        records.Put(*number, &record);
      }
    });
  }
  threads.clear();
  ASSERT_EQ(written.size(), kCount);
  for (uint64_t n = 0; n < kCount; ++n) ASSERT_EQ(written[n], n);
}

TEST(OrderedRecordsTest, LetsOneRecordInThatIsLargerThanTheBound) {
  uint64_t written = 0;
  OrderedRecords records(
      3, 4, [](uint64_t) { return OrderedRecords::kBytesMax + 1; },
      [&](uint64_t, codecs::PackedRecord&) {
        ++written;
        return true;
      });
  codecs::PackedRecord record;
  while (const auto number = records.Take()) records.Put(*number, &record);
  EXPECT_EQ(written, 3u);
}

TEST(OrderedRecordsTest, AFailedWriteEndsIt) {
  OrderedRecords records(
      10, 4, [](uint64_t) { return uint64_t{1}; },
      [](uint64_t number, codecs::PackedRecord&) { return number < 2; });
  codecs::PackedRecord record;
  uint64_t taken = 0;
  while (const auto number = records.Take()) {
    ++taken;
    records.Put(*number, &record);
  }
  EXPECT_EQ(taken, 3u);
}

TEST(JobThreadsTest, TheFirstFailureIsTheJobs) {
  const JobHooks hooks;
  JobThreads threads(hooks, 10, 10);
  JobError error;
  EXPECT_FALSE(threads.Run(
      3,
      [&](uint32_t worker) {
        if (worker == 1) threads.Fail({Code::kIoError, "x.jpg: broken", 5, 7});
        while (!threads.Ending()) std::this_thread::yield();
      },
      &error));
  EXPECT_EQ(error.code, Code::kIoError);
  EXPECT_EQ(error.sample_id, 7);
}

TEST(JobThreadsTest, ProgressMayEndIt) {
  JobHooks hooks;
  hooks.progress = [](const JobProgress& progress) { return progress.samples_done < 5; };
  JobThreads threads(hooks, 10, 10);
  JobError error;
  EXPECT_FALSE(threads.Run(
      2,
      [&](uint32_t) {
        while (!threads.Ending()) {
          threads.Done(1, 1);
          std::this_thread::yield();
        }
      },
      &error));
  EXPECT_EQ(error.code, Code::kStopped);
}

TEST(JobThreadsTest, EveryNoteArrives) {
  JobHooks hooks;
  uint64_t notes = 0;
  hooks.note = [&notes](const SampleNote&) { ++notes; };
  JobThreads threads(hooks, 400, 0);
  JobError error;
  EXPECT_TRUE(threads.Run(
      4,
      [&](uint32_t) {
        for (int i = 0; i < 100; ++i) threads.Note({.id = i, .path = "", .file = "", .text = ""});
      },
      &error));
  EXPECT_EQ(notes, 400u);
}

TEST(JobThreadsTest, WhatABodyThrowsForWantOfMemoryIsAFailure) {
  const JobHooks hooks;
  JobThreads threads(hooks, 1, 1);
  JobError error;
  EXPECT_FALSE(threads.Run(
      2, [](uint32_t) { throw std::bad_alloc(); }, &error));
  EXPECT_EQ(error.code, Code::kOutOfMemory);
}

// Runs `body` in a process of its own, as locks are a process's. Its exit status.
int InChild(const std::function<bool()>& body) {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(body() ? 0 : 1);
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  return WEXITSTATUS(status);
}

bool TakesLock(const std::string& folder, uint32_t rank, uint32_t world_size) {
  PackLock lock;
  JobError error;
  return lock.Take(folder, rank, world_size, {}, &error);
}

TEST(PackLockTest, RanksOfOneJobGoTogetherAndAnotherJobDoesNot) {
  const TempFolder folder;
  const std::string path = folder.path();
  {
    PackLock mine;
    JobError error;
    ASSERT_TRUE(mine.Take(path, 1, 4, {}, &error)) << error.text;
    EXPECT_EQ(InChild([&] { return TakesLock(path, 0, 4); }), 0);
    EXPECT_EQ(InChild([&] { return TakesLock(path, 3, 4); }), 0);
    EXPECT_EQ(InChild([&] { return TakesLock(path, 1, 4); }), 1);
    EXPECT_EQ(InChild([&] { return TakesLock(path, 0, 1); }), 1);
    EXPECT_EQ(InChild([&] { return TakesLock(path, 0, 3); }), 1);
    EXPECT_TRUE(std::filesystem::exists(path + "/" + PackLock::kFileName));
  }
  EXPECT_TRUE(std::filesystem::is_empty(path));
  EXPECT_EQ(InChild([&] { return TakesLock(path, 0, 1); }), 0);
}

TEST(TreeWriterTest, WritesWholeFilesAndKeepsTheSame) {
  const TempFolder folder;
  TreeWriter tree;
  JobError error;
  ASSERT_TRUE(TreeWriter::Open(folder.path(), &tree, &error));
  const std::vector<std::byte> bytes(300'000, std::byte{7});
  bool kept = true;
  ASSERT_TRUE(tree.Write("a/b/c.jpg", bytes, TreeWriter::Existing::kRefuse, &kept, &error));
  EXPECT_FALSE(kept);
  ASSERT_TRUE(tree.Write("a/b/c.jpg", bytes, TreeWriter::Existing::kRefuse, &kept, &error));
  EXPECT_TRUE(kept);
  std::vector<std::byte> other = bytes;
  other.back() = std::byte{8};
  EXPECT_FALSE(tree.Write("a/b/c.jpg", other, TreeWriter::Existing::kRefuse, &kept, &error));
  EXPECT_TRUE(tree.Write("a/b/c.jpg", other, TreeWriter::Existing::kReplace, &kept, &error));
  EXPECT_FALSE(tree.Write("a/b", bytes, TreeWriter::Existing::kReplace, &kept, &error));
  EXPECT_EQ(error.code, Code::kNotRegularFile);
  size_t files = 0;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path())) {
    files += entry.is_regular_file() ? 1 : 0;
  }
  EXPECT_EQ(files, 1u);
}

TEST(TreeWriterTest, NeverWritesThroughALink) {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "in");
  std::filesystem::create_directory(folder / "out");
  std::filesystem::create_directory_symlink(folder / "out", folder / "in/link");
  std::ofstream(folder / "victim") << "old";
  std::filesystem::create_symlink(folder / "victim", folder / "in/file.jpg");
  TreeWriter tree;
  JobError error;
  ASSERT_TRUE(TreeWriter::Open(folder / "in", &tree, &error));
  const std::vector<std::byte> bytes(3, std::byte{7});
  bool kept = false;
  EXPECT_FALSE(tree.Write("link/x.jpg", bytes, TreeWriter::Existing::kReplace, &kept, &error));
  EXPECT_FALSE(tree.Write("file.jpg", bytes, TreeWriter::Existing::kReplace, &kept, &error));
  EXPECT_TRUE(std::filesystem::is_empty(folder / "out"));
  EXPECT_EQ(std::filesystem::file_size(folder / "victim"), 3u);
}

TEST(PackFolderTest, ListsShardsAndWhatIsNone) {
  const TempFolder folder;
  for (const char* name : {"000001.tar", "000000.tar", "000001.tar.hri", "000002.tar.tmp-9.0",
                           "README", ".hidden.tar", "0000001.tar"}) {
    std::ofstream(folder / name) << "x";
  }
  PackListing listing;
  JobError error;
  ASSERT_TRUE(ListPack(folder.path(), &listing, &error));
  EXPECT_EQ(listing.shards, (std::vector<uint64_t>{0, 1}));
  EXPECT_EQ(listing.indexes, (std::vector<uint64_t>{1}));
  EXPECT_EQ(listing.temporaries, (std::vector<std::string>{"000002.tar.tmp-9.0"}));
  EXPECT_EQ(listing.other, "0000001.tar");
}

TEST(PackFolderTest, LiesInFollowsLinks) {
  const TempFolder folder;
  std::filesystem::create_directory(folder / "data");
  std::filesystem::create_directory(folder / "data2");
  std::filesystem::create_directory_symlink(folder / "data", folder / "link");
  EXPECT_TRUE(LiesIn(folder / "data", folder / "data"));
  EXPECT_TRUE(LiesIn(folder / "data/a/b", folder / "data"));
  EXPECT_TRUE(LiesIn(folder / "link/new", folder / "data"));
  EXPECT_TRUE(LiesIn(folder / "data/new", folder / "link/"));
  EXPECT_FALSE(LiesIn(folder / "data2", folder / "data"));
  EXPECT_FALSE(LiesIn(folder / "data/../data2", folder / "data"));
}

}  // namespace
}  // namespace headrace::loader
