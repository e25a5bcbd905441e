#include "loader/checkpoints/checkpoint_index.h"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <thread>

#include "tests/support/allocation_counter.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/loader/checkpoint_set.h"

namespace headrace::loader {
namespace {

using testing::AddEvery;
using testing::MadeUpSet;
using testing::MustOpenIndex;
using testing::OpenIndex;
using testing::RecordFor;
using testing::RecordIn;
using testing::TempFolder;

class CheckpointIndexTest : public ::testing::Test {
 protected:
  std::string folder() const { return temp_ / "cache/checkpoints"; }

  // Ids that have the record of this version.
  static std::vector<uint64_t> IdsWith(const OpenIndex& open, const MadeUpSet& set,
                                       int version = 1) {
    std::vector<uint64_t> ids;
    for (uint64_t id = 0; id < set.size(); ++id) {
      if (RecordIn(*open.index, id) == RecordFor(set, id, version)) ids.push_back(id);
    }
    return ids;
  }

  TempFolder temp_;
};

TEST_F(CheckpointIndexTest, KeepsRecordsInOneRunAndTheNext) {
  const MadeUpSet set(temp_.path(), 200);
  {
    const OpenIndex open = MustOpenIndex(set, folder());
    EXPECT_EQ(open->count_at_open(), 0u);
    AddEvery(open, set);
    EXPECT_EQ(IdsWith(open, set).size(), 200u);
    EXPECT_EQ(Get(open.warnings->counters.checkpoints_written), 200u);
    open->Close();
    EXPECT_EQ(open.warnings->count, 0) << open.warnings->last;
  }
  const OpenIndex again = MustOpenIndex(set, folder());
  EXPECT_EQ(again->count_at_open(), 200u);
  EXPECT_EQ(IdsWith(again, set).size(), 200u);
  EXPECT_EQ(again.warnings->count, 0) << again.warnings->last;
  for (uint64_t id = 0; id < 200; ++id) {
    EXPECT_FALSE(again->Wants(id));
    EXPECT_EQ(again->Find(id).offset % kRecordAlignment, 0u);
  }
}

TEST_F(CheckpointIndexTest, ARecordIsFoundOnceItIsWritten) {
  const MadeUpSet set(temp_.path(), 3);
  const OpenIndex open = MustOpenIndex(set, folder());
  EXPECT_TRUE(open->Wants(1));
  open->Add(0, 1, RecordFor(set, 1));
  EXPECT_FALSE(open->Wants(1));
  EXPECT_EQ(open->Find(1).bytes, 0u);
  open->Flush(0);
  EXPECT_EQ(RecordIn(*open.index, 1), RecordFor(set, 1));
  // One that comes too late is dropped.
  open->Add(0, 1, RecordFor(set, 1, 2));
  open->Flush(0);
  EXPECT_EQ(RecordIn(*open.index, 1), RecordFor(set, 1));
  EXPECT_TRUE(open->Wants(0));
}

TEST_F(CheckpointIndexTest, CloseWritesWhatWasNotFlushed) {
  const MadeUpSet set(temp_.path(), 3);
  {
    const OpenIndex open = MustOpenIndex(set, folder());
    open->Add(0, 2, RecordFor(set, 2));
    open->Close();
  }
  EXPECT_EQ(IdsWith(MustOpenIndex(set, folder()), set), std::vector<uint64_t>{2});
}

TEST_F(CheckpointIndexTest, WritesNoIndexWhenNothingIsNew) {
  const MadeUpSet set(temp_.path(), 3);
  const OpenIndex open = MustOpenIndex(set, folder());
  open->Close();
  EXPECT_NE(::access(open->path().c_str(), F_OK), 0);
  EXPECT_TRUE(std::filesystem::is_empty(folder()));
}

TEST_F(CheckpointIndexTest, FoldersAndFilesAreTheUsersOwn) {
  const MadeUpSet set(temp_.path(), 3);
  const OpenIndex open = MustOpenIndex(set, folder());
  AddEvery(open, set);
  open->Close();
  struct stat about;
  for (const std::string& made : {temp_ / "cache", folder()}) {
    ASSERT_EQ(::stat(made.c_str(), &about), 0);
    EXPECT_EQ(about.st_mode & 07777, 0700u) << made;
  }
  ASSERT_EQ(::stat(open->path().c_str(), &about), 0);
  EXPECT_EQ(about.st_mode & 07777, 0600u);
}

TEST_F(CheckpointIndexTest, ARecordTakesAtMostFourPercentOfItsFile) {
  MadeUpSet set(temp_.path());
  set.samples = {{"a/0", 100'000, 0}, {"a/1", 10, 0}, {"a/2", uint64_t{1} << 30, 0}};
  const OpenIndex open = MustOpenIndex(set, folder());
  const size_t limits[] = {4000, 64, 65536};
  for (uint64_t id = 0; id < 3; ++id) {
    open->Add(0, id, std::vector<std::byte>(limits[id] + 1));
    EXPECT_TRUE(open->Wants(id));
    open->Add(0, id, {});
    EXPECT_TRUE(open->Wants(id));
    open->Add(0, id, std::vector<std::byte>(limits[id]));
    EXPECT_FALSE(open->Wants(id));
  }
  open->Flush(0);
  for (uint64_t id = 0; id < 3; ++id) EXPECT_EQ(open->Find(id).bytes, limits[id]);
}

TEST_F(CheckpointIndexTest, RecordsOfChangedFilesAreIgnored) {
  MadeUpSet set(temp_.path(), 10);
  {
    const OpenIndex open = MustOpenIndex(set, folder());
    AddEvery(open, set);
    open->Close();
  }
  set.samples[2].bytes += 1;
  set.samples[4].mtime_ns += 1;
  set.samples[6].path += "x";
  const OpenIndex open = MustOpenIndex(set, folder());
  EXPECT_EQ(open->count_at_open(), 7u);
  for (uint64_t id = 0; id < 10; ++id) {
    const bool changed = id == 2 || id == 4 || id == 6;
    EXPECT_EQ(open->Find(id).bytes == 0, changed);
    EXPECT_EQ(open->Wants(id), changed);
  }
  EXPECT_EQ(open.warnings->count, 1);
  EXPECT_NE(open.warnings->last.find("2 files have changed"), std::string::npos)
      << open.warnings->last;
}

TEST_F(CheckpointIndexTest, WhatLeftTheDataSetLeavesTheIndex) {
  MadeUpSet set(temp_.path(), 10);
  {
    const OpenIndex open = MustOpenIndex(set, folder());
    AddEvery(open, set);
    open->Close();
  }
  const auto bytes_before = std::filesystem::file_size(MustOpenIndex(set, folder())->path());
  MadeUpSet fewer = set;
  fewer.samples.erase(fewer.samples.begin() + 3, fewer.samples.begin() + 8);
  fewer.samples.push_back({"class/new.jpg", 20'000, 1});
  {
    const OpenIndex open = MustOpenIndex(fewer, folder());
    EXPECT_EQ(open->count_at_open(), 5u);
    open->Add(0, 5, RecordFor(fewer, 5));
    open->Close();
    EXPECT_LT(std::filesystem::file_size(open->path()), bytes_before);
  }
  EXPECT_EQ(MustOpenIndex(fewer, folder())->count_at_open(), 6u);
  EXPECT_EQ(MustOpenIndex(set, folder())->count_at_open(), 5u);
}

TEST_F(CheckpointIndexTest, DataSetsDoNotShareAnIndex) {
  const MadeUpSet set(temp_.path(), 10);
  const MadeUpSet elsewhere(temp_ / "cache", 10);  // the same names
  {
    const OpenIndex open = MustOpenIndex(set, folder());
    AddEvery(open, set);
    open->Close();
  }
  EXPECT_EQ(MustOpenIndex(elsewhere, folder())->count_at_open(), 0u);
  EXPECT_EQ(MustOpenIndex(set, folder(), {.selection = "cat\n"})->count_at_open(), 0u);
  // The same folder by another name is the same set.
  ASSERT_EQ(::symlink(temp_.path().c_str(), (temp_ / "link").c_str()), 0);
  EXPECT_EQ(MustOpenIndex(MadeUpSet(temp_ / "link", 10), folder())->count_at_open(), 10u);
}

TEST_F(CheckpointIndexTest, TwoWritersDoNotLoseEachOthersRecords) {
  const MadeUpSet set(temp_.path(), 300);
  const OpenIndex first = MustOpenIndex(set, folder());
  const OpenIndex second = MustOpenIndex(set, folder());
  AddEvery(first, set, 2, 0);
  AddEvery(second, set, 3, 0, 2);
  first->Close();
  second->Close();
  const OpenIndex merged = MustOpenIndex(set, folder());
  EXPECT_EQ(merged->count_at_open(), 200u);
  EXPECT_EQ(IdsWith(merged, set, 1).size(), 100u);
  EXPECT_EQ(IdsWith(merged, set, 2).size(), 100u);  // of those that both made, the later writer's
  // Each goes on with what it had open.
  EXPECT_EQ(IdsWith(first, set, 1).size(), 150u);
  EXPECT_EQ(IdsWith(second, set, 2).size(), 100u);
}

TEST_F(CheckpointIndexTest, RecordsOutliveTheirIndexFile) {
  const MadeUpSet set(temp_.path(), 30);
  {
    const OpenIndex open = MustOpenIndex(set, folder());
    AddEvery(open, set, 2);
    open->Close();
  }
  const OpenIndex open = MustOpenIndex(set, folder());
  ASSERT_EQ(::unlink(open->path().c_str()), 0);
  EXPECT_EQ(IdsWith(open, set).size(), 15u);
  open->Add(0, 1, RecordFor(set, 1));
  open->Close();
  EXPECT_EQ(IdsWith(MustOpenIndex(set, folder()), set).size(), 16u);
}

TEST_F(CheckpointIndexTest, ARejectedRecordIsForgottenAndMadeAgain) {
  const MadeUpSet set(temp_.path(), 10);
  {
    const OpenIndex open = MustOpenIndex(set, folder());
    AddEvery(open, set);
    open->Close();
  }
  {
    const OpenIndex open = MustOpenIndex(set, folder());
    for (const uint64_t id : {3, 3, 7}) open->Reject(id);
    EXPECT_EQ(Get(open.warnings->counters.checkpoints_rejected), 2u);
    EXPECT_EQ(open.warnings->count, 1);
    EXPECT_EQ(open->Find(3).bytes, 0u);
    EXPECT_TRUE(open->Wants(3));
    open->Add(0, 3, RecordFor(set, 3, 2));
    open->Close();
  }
  const OpenIndex open = MustOpenIndex(set, folder());
  EXPECT_EQ(open->count_at_open(), 9u);
  EXPECT_EQ(RecordIn(*open.index, 3), RecordFor(set, 3, 2));
  EXPECT_EQ(open->Find(7).bytes, 0u);
}

TEST_F(CheckpointIndexTest, RejectingAloneIsWrittenToo) {
  const MadeUpSet set(temp_.path(), 3);
  for (int round = 0; round < 2; ++round) {
    const OpenIndex open = MustOpenIndex(set, folder());
    if (round == 0) AddEvery(open, set);
    for (uint64_t id = 0; id < 3; ++id) open->Reject(id);
    open->Close();
    EXPECT_EQ(MustOpenIndex(set, folder())->count_at_open(), 0u);
  }
}

TEST_F(CheckpointIndexTest, WorkersAddWhileOthersFind) {
  constexpr uint64_t kSamples = 4000;
  constexpr uint32_t kWorkers = 4;
  const MadeUpSet set(temp_.path(), kSamples);
  const OpenIndex open = MustOpenIndex(set, folder(), {.workers = kWorkers});
  std::atomic<bool> done{false};
  std::thread finder([&] {
    uint64_t id = 0;
    while (!done.load()) {
      const auto record = RecordIn(*open.index, id);
      if (!record.empty()) {
        EXPECT_EQ(record, RecordFor(set, id));
      }
      id = (id + 1) % kSamples;
    }
  });
  std::vector<std::thread> workers;
  for (uint32_t worker = 0; worker < kWorkers; ++worker) {
    workers.emplace_back([&, worker] {
      // Half of the samples are offered by every worker.
      for (uint64_t id = 0; id < kSamples; ++id) {
        if (id % 2 == 0 || id % kWorkers == worker) open->Add(worker, id, RecordFor(set, id));
      }
    });
  }
  for (std::thread& worker : workers) worker.join();
  done = true;
  finder.join();
  open->Close();
  EXPECT_EQ(Get(open.warnings->counters.checkpoints_written), kSamples);
  EXPECT_EQ(IdsWith(MustOpenIndex(set, folder()), set).size(), kSamples);
}

TEST_F(CheckpointIndexTest, I11_NothingIsAllocatedAfterOpen) {
  const MadeUpSet set(temp_.path(), 2000);
  const OpenIndex open = MustOpenIndex(set, folder());
  std::vector<std::vector<std::byte>> records;
  for (uint64_t id = 0; id < set.size(); ++id) records.push_back(RecordFor(set, id));
  const uint64_t before = testing::AllocationCount();
  uint64_t found = 0;
  for (uint64_t id = 0; id < set.size(); ++id) {
    if (open->Wants(id)) open->Add(0, id, records[id]);
    if (id % 100 == 0) open->Flush(0);
    found += open->Find(id / 2).bytes > 0 ? 1 : 0;
  }
  EXPECT_EQ(testing::AllocationCount(), before);
  EXPECT_GT(found, 1000u);
}

TEST_F(CheckpointIndexTest, AFolderThatCannotBeUsedIsTold) {
  const MadeUpSet set(temp_.path(), 3);
  temp_.Write("file", "x");
  EXPECT_EQ(testing::TryOpen(set, temp_ / "file/checkpoints").status.code(), Code::kNotFound);
  EXPECT_FALSE(testing::TryOpen(set, temp_ / "file").status.ok());
  EXPECT_FALSE(testing::TryOpen(set, "").status.ok());
  // Root may write everywhere, so it is somebody else for the moment.
  ASSERT_EQ(::chmod(temp_.path().c_str(), 0755), 0);
  ASSERT_EQ(::mkdir((temp_ / "locked").c_str(), 0555), 0);
  const bool was_root = ::geteuid() == 0;
  if (was_root && ::seteuid(65534) != 0) GTEST_SKIP() << "cannot be anybody but root here";
  const Status made = testing::TryOpen(set, temp_ / "locked/checkpoints").status;
  const Status used = testing::TryOpen(set, temp_ / "locked").status;
  ASSERT_EQ(::seteuid(was_root ? 0 : ::geteuid()), 0);
  EXPECT_EQ(made.code(), Code::kPermission);
  EXPECT_EQ(used.code(), Code::kPermission);
  EXPECT_EQ(used.error_number(), EACCES);
}

TEST_F(CheckpointIndexTest, WaitsForALockWithinABoundAndKeepsTheOldIndex) {
  const MadeUpSet set(temp_.path(), 10);
  {
    const OpenIndex open = MustOpenIndex(set, folder());
    AddEvery(open, set, 2);
    open->Close();
  }
  const OpenIndex open = MustOpenIndex(set, folder(), {.lock_wait_ns = 50'000'000});
  std::string lock = open->path();
  lock.replace(lock.rfind('.'), std::string::npos, ".lock");
  const io::UniqueFd held(::open(lock.c_str(), O_RDWR | O_CLOEXEC));
  ASSERT_EQ(::flock(held.get(), LOCK_EX), 0);
  AddEvery(open, set);
  open->Close();
  EXPECT_EQ(open.warnings->count, 1);
  EXPECT_NE(open.warnings->last.find("locked"), std::string::npos) << open.warnings->last;
  EXPECT_EQ(MustOpenIndex(set, folder())->count_at_open(), 5u);
}

TEST_F(CheckpointIndexTest, RemovesWhatAKilledWriterLeft) {
  const MadeUpSet set(temp_.path(), 3);
  std::string orphan = MustOpenIndex(set, folder())->path();
  orphan.replace(orphan.rfind('.'), std::string::npos, ".new");
  std::ofstream(orphan) << "half";
  (void)MustOpenIndex(set, folder());
  EXPECT_NE(::access(orphan.c_str(), F_OK), 0);
}

// In a child: the limit holds for the whole process.
TEST_F(CheckpointIndexTest, I34_AFullDiskTurnsItOffWithOneWarning) {
  const MadeUpSet set(temp_.path(), 3000);
  {
    const OpenIndex open = MustOpenIndex(set, folder());
    AddEvery(open, set, 100);
    open->Close();
  }
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    const rlimit limit{300'000, 300'000};
    int bad = ::setrlimit(RLIMIT_FSIZE, &limit) == 0 ? 0 : 1;
    const OpenIndex open = MustOpenIndex(set, folder());
    AddEvery(open, set);
    if (open.warnings->count != 1) bad |= 2;
    if (open->Wants(1)) bad |= 4;
    const uint64_t kept = IdsWith(open, set).size();
    if (kept < 100 || kept > 1000) bad |= 8;
    open->Close();
    if (open.warnings->count != 1) bad |= 16;
    ::_exit(bad);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
  EXPECT_EQ(WEXITSTATUS(status), 0);
  EXPECT_EQ(MustOpenIndex(set, folder())->count_at_open(), 30u);
}

}  // namespace
}  // namespace headrace::loader
