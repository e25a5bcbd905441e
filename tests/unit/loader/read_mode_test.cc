// How shards are read: through the page cache, or past it.
#include "loader/pipeline/read_mode.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include <filesystem>
#include <fstream>
#include <vector>

#include "io/make_reader.h"
#include "loader/pipeline/direct_files.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using testing::TempFolder;

constexpr uint64_t kGiB = uint64_t{1} << 30;
constexpr uint64_t kReadBytes = 128 << 10;

// A disk with a rate for each way; reads end one after the other.
struct Disk {
  double buffered_rate = 0;
  double direct_rate = 0;
  int64_t now_ns = 1000;

  // Reads `bytes` as `mode` asks; `late`: reads that were asked for before still come.
  void Read(ReadMode* mode, uint64_t bytes, uint32_t late = 0) {
    std::vector<bool> asked(late, mode->direct());
    mode->Begin(now_ns);
    for (uint64_t done = 0; done < bytes; done += kReadBytes) {
      asked.push_back(mode->direct());
      const bool direct = asked.front();
      asked.erase(asked.begin());
      now_ns += static_cast<int64_t>(kReadBytes / (direct ? direct_rate : buffered_rate) * 1e9);
      mode->Completed(Ended(direct, 1), now_ns);
    }
  }

  // As from the page cache: `group` reads a time, which have all ended when the call that asked for
  // them returns. Between the calls the consumer takes `pause_ns`.
  void ReadAtOnce(ReadMode* mode, uint64_t bytes, uint32_t group, int64_t pause_ns) {
    for (uint64_t done = 0; done < bytes; done += group * kReadBytes) {
      const bool direct = mode->direct();
      mode->Begin(now_ns);
      now_ns +=
          static_cast<int64_t>(group * kReadBytes / (direct ? direct_rate : buffered_rate) * 1e9);
      mode->Completed(Ended(direct, group), now_ns);
      now_ns += pause_ns;
    }
  }

  static ReadMode::Ended Ended(bool direct, uint32_t reads) {
    const uint64_t bytes = reads * kReadBytes;
    return direct ? ReadMode::Ended{.direct = bytes} : ReadMode::Ended{.buffered = bytes};
  }
};

TEST(ReadMode, ReadsThroughThePageCacheWhatFits) {
  ReadMode mode(DirectIo::kAuto, 3 * kGiB, 8 * kGiB);
  EXPECT_FALSE(mode.may_direct());
  Disk disk{.buffered_rate = 1e9, .direct_rate = 9e9};
  disk.Read(&mode, kGiB);
  EXPECT_FALSE(mode.direct());
  EXPECT_EQ(mode.Text(), "page cache: 3072 MiB of shards fit in 8192 MiB");
}

TEST(ReadMode, DoesWhatTheConfigurationAsksFor) {
  EXPECT_TRUE(ReadMode(DirectIo::kOn, kGiB, 8 * kGiB).direct());
  EXPECT_FALSE(ReadMode(DirectIo::kOff, 80 * kGiB, 8 * kGiB).may_direct());
  EXPECT_EQ(ReadMode(DirectIo::kOn, 1, 8).Text(), "O_DIRECT: loader.direct_io");
}

TEST(ReadMode, TakesTheFasterWay) {
  for (const uint32_t late : {0u, 31u}) {
    ReadMode faster(DirectIo::kAuto, 80 * kGiB, 8 * kGiB);
    EXPECT_TRUE(faster.may_direct());
    EXPECT_NE(faster.Text().find("measuring"), std::string::npos);
    Disk disk{.buffered_rate = 1.0 * (1 << 30), .direct_rate = 2.0 * (1 << 30)};
    disk.Read(&faster, kGiB, late);
    EXPECT_TRUE(faster.direct()) << late;
    EXPECT_EQ(faster.Text(), "O_DIRECT: measured 1024 MiB/s by page cache, 2048 MiB/s by O_DIRECT")
        << late;

    ReadMode slower(DirectIo::kAuto, 80 * kGiB, 8 * kGiB);
    disk = {.buffered_rate = 2e9, .direct_rate = 2.05e9};  // not worth leaving the page cache
    disk.Read(&slower, kGiB, late);
    EXPECT_FALSE(slower.direct()) << late;
  }
}

TEST(ReadMode, MeasuresAgain) {
  ReadMode mode(DirectIo::kAuto, 80 * kGiB, 8 * kGiB);
  Disk disk{.buffered_rate = 1e9, .direct_rate = 2e9};
  disk.Read(&mode, kGiB);
  ASSERT_TRUE(mode.direct());
  disk.direct_rate = 0.5e9;
  disk.Read(&mode, (ReadMode::kChosenWindows + 16) * ReadMode::kWindowBytes);
  EXPECT_FALSE(mode.direct());
}

TEST(ReadMode, LeavesOutTheTimeInWhichNothingIsAskedFor) {
  ReadMode mode(DirectIo::kAuto, 80 * kGiB, 8 * kGiB);
  Disk disk{.buffered_rate = 1e9, .direct_rate = 2e9};
  for (int i = 0; i < 512; ++i) {
    disk.Read(&mode, 8 * kReadBytes);
    if (mode.direct()) disk.now_ns += 1'000'000'000;  // the consumer is slow
  }
  EXPECT_TRUE(mode.direct());
}

TEST(ReadMode, CountsTheTimeOfReadsThatEndWhileTheyAreAskedFor) {
  for (const uint32_t group : {1u, 7u, 36u}) {
    ReadMode mode(DirectIo::kAuto, 80 * kGiB, 8 * kGiB);
    Disk disk{.buffered_rate = 1.0 * (1 << 30), .direct_rate = 2.0 * (1 << 30)};
    disk.ReadAtOnce(&mode, kGiB, group, 1'000'000'000);
    EXPECT_TRUE(mode.direct());
    EXPECT_EQ(mode.Text(), "O_DIRECT: measured 1024 MiB/s by page cache, 2048 MiB/s by O_DIRECT")
        << group;
  }
}

TEST(ReadMode, GivesUpForGood) {
  ReadMode mode(DirectIo::kAuto, 80 * kGiB, 8 * kGiB);
  mode.GiveUpDirect("no such thing");
  EXPECT_FALSE(mode.direct());
  Disk disk{.buffered_rate = 1e9, .direct_rate = 2e9};
  disk.Read(&mode, 20 * kGiB);
  EXPECT_FALSE(mode.direct());
  EXPECT_EQ(mode.Text(), "page cache: no such thing");
}

// Two shards, with three ranges in each.
class Shards final : public Dataset {
 public:
  static constexpr uint64_t kShardBytes = 40'000;  // no multiple of a block

  explicit Shards(const std::string& root) : root_(root) {
    for (int shard = 0; shard < 2; ++shard) {
      std::string bytes(kShardBytes, '\0');
      for (size_t i = 0; i < bytes.size(); ++i)
        bytes[i] = static_cast<char>(i * 7 + i / 256 + 3 * shard);
      paths_.push_back(std::to_string(shard) + ".tar");
      std::ofstream(root + "/" + paths_.back(), std::ios::binary) << bytes;
      content_.push_back(std::move(bytes));
    }
  }
  uint64_t size() const override { return 6; }
  Extent Locate(uint64_t id) const override {
    constexpr uint64_t kOffsets[] = {0, 12'345, 39'000};
    constexpr uint64_t kBytes[] = {4096, 20'000, 1000};  // the last ends with its shard
    return {.path = paths_[id / 3].c_str(),
            .offset = kOffsets[id % 3],
            .bytes = kBytes[id % 3],
            .whole_file = false};
  }
  int64_t Label(uint64_t) const override { return 0; }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return 0; }
  uint64_t RunCount() const override { return 2; }
  uint64_t RunBegin(uint64_t run) const override { return 3 * run; }

  std::string Content(uint64_t id) const {
    const Extent extent = Locate(id);
    return content_[id / 3].substr(extent.offset, extent.bytes);
  }

 private:
  std::string root_;
  std::vector<std::string> paths_;
  std::vector<std::string> content_;
  std::vector<std::string> classes_;
};

class DirectFilesTest : public ::testing::TestWithParam<io::ReaderChoice> {};

TEST_P(DirectFilesTest, GiveTheBytesOfTheSamples) {
  const TempFolder temp;
  const Shards shards(temp / "");
  const DirectFiles files = DirectFiles::Open(shards);
  if (!files.usable()) GTEST_SKIP() << files.why_not();
  auto made = io::MakeReader(temp / "", {.choice = GetParam()});
  if (!made.ok()) GTEST_SKIP() << made.status().text();
  alignas(DirectFiles::kBlockBytes) static std::byte room[32 << 10];
  for (uint64_t id = 0; id < shards.size(); ++id) {
    const Extent extent = shards.Locate(id);
    const DirectRange range = files.Find(id, extent);
    ASSERT_GE(range.file, 0);
    const uint64_t wanted = range.skip + extent.bytes;
    EXPECT_EQ(range.offset % DirectFiles::kBlockBytes, 0u);
    EXPECT_EQ((wanted + range.beyond) % DirectFiles::kBlockBytes, 0u);
    ASSERT_TRUE(made->reader->Submit({.file = range.file,
                                      .offset = range.offset,
                                      .expected_bytes = wanted,
                                      .buffer = std::span(room).first(wanted + range.beyond),
                                      .whole_file = false,
                                      .beyond_bytes = range.beyond,
                                      .direct = true,
                                      .tag = id}));
    io::ReadCompletion completion;
    ASSERT_EQ(made->reader->Reap({&completion, 1}, -1), 1u);
    ASSERT_TRUE(completion.status.ok()) << completion.status.text();
    ASSERT_GE(completion.bytes, wanted);
    EXPECT_EQ(std::string(reinterpret_cast<char*>(room) + range.skip, extent.bytes),
              shards.Content(id));
  }
}

TEST(DirectFiles, SayWhyThereAreNone) {
  const TempFolder temp;
  const Shards shards(temp / "");
  std::filesystem::remove(temp / "1.tar");
  const DirectFiles files = DirectFiles::Open(shards);
  EXPECT_FALSE(files.usable());
  EXPECT_NE(std::string(files.why_not()), "");
}

TEST(DirectFiles, LeaveDescriptorsToOthers) {
  const TempFolder temp;
  const Shards shards(temp / "");
  rlimit before{};
  ASSERT_EQ(getrlimit(RLIMIT_NOFILE, &before), 0);
  // Enough to open both, and none for the reader beside them.
  const rlimit less{.rlim_cur = 100, .rlim_max = before.rlim_max};
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &less), 0);
  const DirectFiles files = DirectFiles::Open(shards);
  ASSERT_EQ(setrlimit(RLIMIT_NOFILE, &before), 0);
  EXPECT_FALSE(files.usable());
  EXPECT_NE(std::string(files.why_not()).find("too few file descriptors"), std::string::npos);
}

// Advice on a descriptor with O_DIRECT would bring everything into the page cache as well.
TEST(DirectFiles, AreNotReadAhead) {
  const TempFolder temp;
  const Shards shards(temp / "");
  const io::UniqueFd file(open((temp / "0.tar").c_str(), O_RDONLY | O_CLOEXEC));
  ASSERT_TRUE(file.valid());
  alignas(DirectFiles::kBlockBytes) static std::byte room[4096];
  for (const bool direct : {false, true}) {
    auto made = io::MakeReader(temp / "", {.choice = io::ReaderChoice::kPread});
    ASSERT_TRUE(made.ok());
    ASSERT_TRUE(made->reader->Submit({.file = file.get(),
                                      .expected_bytes = sizeof room,
                                      .buffer = room,
                                      .whole_file = false,
                                      .direct = direct}));
    EXPECT_EQ(made->reader->stats().system_calls, direct ? 0u : 1u);
    io::ReadCompletion completion;
    ASSERT_EQ(made->reader->Reap({&completion, 1}, -1), 1u);
    EXPECT_TRUE(completion.status.ok());
  }
}

INSTANTIATE_TEST_SUITE_P(Readers, DirectFilesTest,
                         ::testing::Values(io::ReaderChoice::kUring, io::ReaderChoice::kPread));

}  // namespace
}  // namespace headrace::loader
