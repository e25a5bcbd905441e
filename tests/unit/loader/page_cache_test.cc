// What the page cache can hold, and what a set takes in it.
#include "loader/pipeline/page_cache.h"

#include <gtest/gtest.h>

#include <vector>

#include "loader/open_watch.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using testing::TempFolder;

constexpr uint64_t kMiB = uint64_t{1} << 20;

// The files of a machine with 1000 MiB available.
class PageCacheBytesTest : public ::testing::Test {
 protected:
  void SetUp() override {
    temp_.Write("proc/meminfo", "MemTotal: 9999999 kB\nMemAvailable:    1024000 kB\n");
  }
  // "GROUP MOUNT_ROOT MOUNT_POINT" of version 2.
  void Unified(const std::string& group, const std::string& top) {
    temp_.Write("proc/self/cgroup", "0::" + group + "\n");
    temp_.Write("proc/self/mountinfo",
                "22 1 8:1 / / rw shared:1 - ext4 /dev/sda rw\n"
                "31 22 0:28 " +
                    top + " /sys/fs/cgroup rw,nosuid shared:9 - cgroup2 cgroup2 rw,nsdelegate\n");
  }
  // Version 1.
  void Separate(const std::string& group, const std::string& top) {
    temp_.Write("proc/self/cgroup", "9:name=systemd:/\n4:hugetlb,memory:" + group + "\n0::/\n");
    temp_.Write("proc/self/mountinfo",
                "29 22 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n"
                "35 22 0:32 " +
                    top + " /sys/fs/cgroup/memory rw - cgroup cgroup rw,hugetlb,memory\n");
  }
  void Group(const std::string& name, const std::string& file, uint64_t mebibytes) {
    temp_.Write("sys/fs/cgroup/" + name + "/" + file, std::to_string(mebibytes * kMiB) + "\n");
  }
  uint64_t Mebibytes() const { return PageCacheBytes(temp_.path()) / kMiB; }

  TempFolder temp_;
};

TEST_F(PageCacheBytesTest, IsWhatIsAvailableWithoutALimit) {
  EXPECT_EQ(Mebibytes(), 1000u);
  Unified("/user.slice", "/");
  temp_.Write("sys/fs/cgroup/user.slice/memory.max", "max\n");
  EXPECT_EQ(Mebibytes(), 1000u);
}

TEST_F(PageCacheBytesTest, IsNeverMoreThanAContainerMayHave) {
  Unified("/", "/");  // in a namespace of its own
  Group("", "memory.max", 300);
  EXPECT_EQ(Mebibytes(), 300u);
  temp_.Write("sys/fs/cgroup/memory.stat",
              "anon " + std::to_string(120 * kMiB) + "\nfile " + std::to_string(90 * kMiB) + "\n");
  EXPECT_EQ(Mebibytes(), 180u);
  Group("", "memory.max", 2000);
  EXPECT_EQ(Mebibytes(), 1000u);
}

TEST_F(PageCacheBytesTest, HeedsTheLimitOfAJobThatSeesTheWholeTree) {
  Unified("/system.slice/slurmstepd.scope/job_7/step_0/task_0", "/");
  const std::string job = "system.slice/slurmstepd.scope/job_7";
  temp_.Write("sys/fs/cgroup/" + job + "/step_0/task_0/memory.max", "max\n");
  Group(job, "memory.max", 400);
  temp_.Write("sys/fs/cgroup/" + job + "/memory.stat", "anon " + std::to_string(50 * kMiB) + "\n");
  EXPECT_EQ(Mebibytes(), 350u);
  // The tightest counts, of any group above and of either limit.
  Group(job + "/step_0", "memory.high", 200);
  EXPECT_EQ(Mebibytes(), 200u);
  Group("system.slice", "memory.max", 100);
  EXPECT_EQ(Mebibytes(), 100u);
  // A group beside it is not its own.
  Group("system.slice/slurmstepd.scope/job_8", "memory.max", 1);
  EXPECT_EQ(Mebibytes(), 100u);
}

TEST_F(PageCacheBytesTest, KnowsVersionOne) {
  Separate("/slurm/uid_0/job_7", "/");
  temp_.Write("sys/fs/cgroup/memory/slurm/uid_0/job_7/memory.limit_in_bytes",
              "9223372036854771712\n");
  EXPECT_EQ(Mebibytes(), 1000u);
  Group("memory/slurm/uid_0", "memory.limit_in_bytes", 500);
  temp_.Write("sys/fs/cgroup/memory/slurm/uid_0/memory.stat",
              "rss 1\ntotal_rss " + std::to_string(100 * kMiB) + "\n");
  EXPECT_EQ(Mebibytes(), 400u);
}

TEST_F(PageCacheBytesTest, FindsTheGroupOfAContainerAtTheTopOfItsMount) {
  for (const char* group : {"/docker/3f", "/elsewhere"}) {
    Separate(group, "/docker/3f");
    Group("memory", "memory.limit_in_bytes", 250);
    EXPECT_EQ(Mebibytes(), 250u) << group;
  }
  Separate("/docker/3f/inner", "/docker/3f");
  Group("memory/inner", "memory.limit_in_bytes", 200);
  EXPECT_EQ(Mebibytes(), 200u);
}

TEST(PageCacheBytes, AreSomeOnThisMachine) { EXPECT_GT(PageCacheBytes(), 16 * kMiB); }

// Samples of two shards.
class Ranges final : public Dataset {
 public:
  std::vector<std::vector<Extent>> shards;

  uint64_t size() const override { return RunBegin(shards.size()); }
  Extent Locate(uint64_t id) const override {
    size_t shard = 0;
    while (id >= shards[shard].size()) id -= shards[shard++].size();
    return shards[shard][id];
  }
  int64_t Label(uint64_t) const override { return 0; }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return 0; }
  uint64_t RunCount() const override { return shards.size(); }
  uint64_t RunBegin(uint64_t run) const override {
    uint64_t begin = 0;
    for (uint64_t i = 0; i < run; ++i) begin += shards[i].size();
    return begin;
  }

 private:
  std::string root_;
  std::vector<std::string> classes_;
};

TEST(PagesOf, CountsWholePagesOnce) {
  Ranges set;
  set.shards = {{{.offset = 512, .bytes = 10}, {.offset = 5000, .bytes = 1}}};
  EXPECT_EQ(PagesOf(set, 4096), 2 * 4096u);
  EXPECT_EQ(PagesOf(set, 65536), 65536u);
  // Over a border, up to one, and with the page before.
  set.shards = {{{.offset = 4000, .bytes = 97},
                 {.offset = 4608, .bytes = 3584},
                 {.offset = 8192, .bytes = 0},
                 {.offset = 8704, .bytes = 8192}}};
  EXPECT_EQ(PagesOf(set, 4096), 5 * 4096u);
  // Of another shard they are others.
  set.shards = {{{.offset = 512, .bytes = 10}}, {{.offset = 512, .bytes = 10}}};
  EXPECT_EQ(PagesOf(set, 4096), 2 * 4096u);
  set.shards = {};
  EXPECT_EQ(PagesOf(set, 4096), 0u);
}

// Small files lie between headers and texts that come with them.
TEST(PagesOf, CountsAllOfAShardOfSmallFiles) {
  Ranges set;
  set.shards.emplace_back();
  for (uint64_t i = 0; i < 1000; ++i) {
    set.shards[0].push_back({.offset = 2048 * i + 512, .bytes = 480});
  }
  EXPECT_EQ(PagesOf(set, 4096), 2048u * 1000);
  int steps = 0;
  OpenWatch watch([&](const JobProgress&) { return ++steps < 5; }, OpenWatch::First::kAtOnce, 0);
  EXPECT_EQ(PagesOf(set, 4096), 0u);
  EXPECT_EQ(steps, 5);
}

}  // namespace
}  // namespace headrace::loader
