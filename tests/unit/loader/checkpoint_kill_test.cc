// I34: killed, or refused by the system, at any call while an index is written: the old file or the
// new one, never half.
//
// The program defines the system calls that matter itself, which are those that change something.
// In a child process the n-th of them ends the process or fails; n goes up until the child gets
// through.
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstdarg>
#include <filesystem>

#include "tests/support/temp_folder.h"
#include "tests/unit/loader/checkpoint_set.h"

namespace {

int calls_left = -1;    // until the one that is disturbed; below 0: none is
int failure_errno = 0;  // 0: the process ends there
bool no_nameless_files = false;

// Whether this call is to fail, with errno set.
bool Disturbed() {
  if (calls_left < 0 || calls_left-- > 0) return false;
  if (failure_errno == 0) ::_exit(99);
  errno = failure_errno;
  return true;
}

}  // namespace

extern "C" {
int openat(int folder, const char* path, int flags, ...) {
  va_list list;
  va_start(list, flags);
  const unsigned mode = (flags & (O_CREAT | __O_TMPFILE)) != 0 ? va_arg(list, unsigned) : 0;
  va_end(list);
  if (Disturbed()) return -1;
  if (no_nameless_files && (flags & O_TMPFILE) == O_TMPFILE) {
    errno = EOPNOTSUPP;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_openat, folder, path, flags, mode));
}
ssize_t pwrite(int fd, const void* bytes, size_t count, off_t offset) {
  // Killed in the middle of a write: half of it is done.
  if (calls_left == 0 && failure_errno == 0) {
    (void)!::syscall(SYS_pwrite64, fd, bytes, count / 2, offset);
  }
  return Disturbed() ? -1 : ::syscall(SYS_pwrite64, fd, bytes, count, offset);
}
int fsync(int fd) { return Disturbed() ? -1 : static_cast<int>(::syscall(SYS_fsync, fd)); }
int ftruncate(int fd, off_t bytes) noexcept {
  return Disturbed() ? -1 : static_cast<int>(::syscall(SYS_ftruncate, fd, bytes));
}
int flock(int fd, int operation) noexcept {
  return Disturbed() ? -1 : static_cast<int>(::syscall(SYS_flock, fd, operation));
}
int renameat(int from, const char* old_path, int to, const char* new_path) noexcept {
  if (Disturbed()) return -1;
  return static_cast<int>(::syscall(SYS_renameat2, from, old_path, to, new_path, 0));
}
int unlinkat(int folder, const char* path, int flags) noexcept {
  return Disturbed() ? -1 : static_cast<int>(::syscall(SYS_unlinkat, folder, path, flags));
}
}

namespace headrace::loader {
namespace {

using testing::AddEvery;
using testing::MadeUpSet;
using testing::MustOpenIndex;
using testing::OpenIndex;
using testing::RecordFor;
using testing::RecordIn;
using testing::TempFolder;

constexpr int kThrough = 7;  // exit status of a child that met no disturbance any more
constexpr int kDisturbed = 8;

class CheckpointKillTest : public ::testing::TestWithParam<int> {
 protected:
  // An index with the first version of every second record.
  void MakeOld() const {
    std::filesystem::remove_all(folder());
    const OpenIndex open = MustOpenIndex(set_, folder());
    AddEvery(open, set_, 2);
    open->Close();
  }

  // A run that adds the rest, disturbed at call `n`.
  int RunDisturbed(int n) const {
    const pid_t child = ::fork();
    if (child == 0) {
      failure_errno = GetParam();
      calls_left = n;
      const OpenIndex open = testing::TryOpen(set_, folder());
      if (open.index) {
        AddEvery(open, set_, 2, 1);
        open->Close();
      }
      const bool through = calls_left >= 0;
      calls_left = -1;
      ::_exit(through ? kThrough : kDisturbed);
    }
    int status = 0;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_TRUE(WIFEXITED(status)) << "signal " << WTERMSIG(status);
    return WEXITSTATUS(status);
  }

  // Old: half of the records; new: all. Anything else fails.
  void ExpectOldOrNew(int n) {
    const OpenIndex open = MustOpenIndex(set_, folder());
    EXPECT_EQ(open.warnings->count, 0) << open.warnings->last << ", call " << n;
    const bool is_new = open->count_at_open() == set_.size();
    if (!is_new) {
      EXPECT_EQ(open->count_at_open(), set_.size() / 2) << "call " << n;
    }
    for (uint64_t id = 0; id < set_.size(); ++id) {
      const auto record = RecordIn(*open.index, id);
      const bool expected = is_new || id % 2 == 0;
      EXPECT_EQ(record, expected ? RecordFor(set_, id) : std::vector<std::byte>())
          << "call " << n << ", sample " << id;
    }
    (is_new ? new_seen_ : old_seen_) += 1;
  }

  std::string folder() const { return temp_ / "cache"; }

  TempFolder temp_;
  // Enough for several pieces of records.
  MadeUpSet set_{temp_.path(), 3000};
  int old_seen_ = 0;
  int new_seen_ = 0;
};

TEST_P(CheckpointKillTest, I34_OldFileOrNewFileNeverHalf) {
  MakeOld();
  const auto old_file = MustOpenIndex(set_, folder())->path();
  std::ifstream file(old_file, std::ios::binary);
  const std::string old((std::istreambuf_iterator<char>(file)), {});
  int through = 0;
  int n = 0;
  for (; through == 0; ++n) {
    ASSERT_LT(n, 200);
    std::filesystem::remove(old_file);
    std::ofstream(old_file, std::ios::binary) << old;
    const int status = RunDisturbed(n);
    through = status == kThrough ? 1 : 0;
    ExpectOldOrNew(n);
    // What a killed writer leaves has no effect on the next, which is not disturbed.
    if (GetParam() == 0 && through == 0) {
      ASSERT_EQ(status, 99);
      const int later = RunDisturbed(1 << 30);
      ASSERT_EQ(later, kThrough);
      ASSERT_EQ(MustOpenIndex(set_, folder())->count_at_open(), set_.size()) << "call " << n;
    }
    // An index and its lock file, and nothing else.
    size_t files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder())) {
      const std::string extension = entry.path().extension();
      EXPECT_TRUE(extension == ".hrc1" || extension == ".lock") << entry.path();
      ++files;
    }
    EXPECT_LE(files, 2u);
  }
  // Both were met: calls before the file was in its place, and calls after it.
  EXPECT_GT(old_seen_, 10);
  EXPECT_GE(new_seen_, 1);
  EXPECT_GT(n, 15);
}

INSTANTIATE_TEST_SUITE_P(All, CheckpointKillTest, ::testing::Values(0, ENOSPC, EIO),
                         [](const auto& test) {
                           return test.param == 0        ? "Killed"
                                  : test.param == ENOSPC ? "NoSpace"
                                                         : "IoError";
                         });

TEST(CheckpointFolderTest, DoesWithoutNamelessFiles) {
  const TempFolder temp;
  const MadeUpSet set(temp.path(), 50);
  no_nameless_files = true;
  {
    const OpenIndex open = MustOpenIndex(set, temp / "cache");
    EXPECT_TRUE(std::filesystem::is_empty(temp / "cache"));
    AddEvery(open, set);
    open->Close();
  }
  no_nameless_files = false;
  EXPECT_EQ(MustOpenIndex(set, temp / "cache")->count_at_open(), 50u);
}

}  // namespace
}  // namespace headrace::loader
