#include "io/atomic_file.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>

#include "tests/support/temp_folder.h"

namespace {
int folder_sync_errno = 0;  // what syncing a folder fails with; 0: it does not
}  // namespace

// In place of the C library's.
extern "C" int fsync(int fd) {
  struct stat about {};
  if (folder_sync_errno != 0 && ::fstat(fd, &about) == 0 && S_ISDIR(about.st_mode)) {
    errno = folder_sync_errno;
    return -1;
  }
  return static_cast<int>(::syscall(SYS_fsync, fd));
}

namespace headrace::io {
namespace {

using headrace::testing::TempFolder;

std::span<const std::byte> Bytes(const std::string& text) { return std::as_bytes(std::span(text)); }

std::string Contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

size_t FilesIn(const TempFolder& folder) {
  size_t count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    count += entry.is_regular_file() ? 1 : 0;
  }
  return count;
}

TEST(AtomicFileTest, IsThereOnlyAfterCommit) {
  const TempFolder folder;
  auto file = AtomicFile::Make(folder / "a");
  ASSERT_TRUE(file.ok()) << file.status().text();
  ASSERT_TRUE(file->Write(Bytes("one ")).ok());
  ASSERT_TRUE(file->Write(Bytes("two")).ok());
  EXPECT_EQ(file->bytes(), 7u);
  EXPECT_FALSE(std::filesystem::exists(folder / "a"));
  ASSERT_TRUE(file->Commit().ok());
  EXPECT_EQ(Contents(folder / "a"), "one two");
  EXPECT_EQ(FilesIn(folder), 1u);
}

TEST(AtomicFileTest, ReplacesWhatWasThere) {
  const TempFolder folder;
  folder.Write("a", "old");
  ASSERT_TRUE(WriteFileAtomically(folder / "a", Bytes("new")).ok());
  EXPECT_EQ(Contents(folder / "a"), "new");
  EXPECT_EQ(FilesIn(folder), 1u);
}

TEST(AtomicFileTest, GivenUpItLeavesNothing) {
  const TempFolder folder;
  folder.Write("a", "old");
  {
    auto file = AtomicFile::Make(folder / "a");
    ASSERT_TRUE(file.ok());
    ASSERT_TRUE(file->Write(Bytes("new")).ok());
  }
  EXPECT_EQ(Contents(folder / "a"), "old");
  EXPECT_EQ(FilesIn(folder), 1u);
}

TEST(AtomicFileTest, SaysThatTheFolderIsNotThere) {
  const TempFolder folder;
  EXPECT_EQ(AtomicFile::Make(folder / "missing/a").status().code(), Code::kNotFound);
}

TEST(AtomicFileTest, WhatCannotTakeItsPlaceLeavesNothing) {
  const TempFolder folder;
  folder.Write("a/b", "a folder that is not empty");
  EXPECT_FALSE(WriteFileAtomically(folder / "a", Bytes("new")).ok());
  EXPECT_EQ(FilesIn(folder), 0u);
}

TEST(AtomicFileTest, AFolderThatCannotBeSyncedIsAnError) {
  const TempFolder folder;
  folder_sync_errno = EIO;
  const Status failed = WriteFileAtomically(folder / "a", Bytes("new"));
  // These say that the file system has no such call.
  folder_sync_errno = EINVAL;
  const Status invalid = WriteFileAtomically(folder / "b", Bytes("new"));
  folder_sync_errno = ENOTSUP;
  const Status unsupported = WriteFileAtomically(folder / "c", Bytes("new"));
  folder_sync_errno = 0;
  EXPECT_EQ(failed.code(), Code::kIoError);
  EXPECT_EQ(failed.error_number(), EIO);
  EXPECT_EQ(Contents(folder / "a"), "new");
  EXPECT_TRUE(invalid.ok());
  EXPECT_TRUE(unsupported.ok());
  EXPECT_EQ(FilesIn(folder), 3u);
}

TEST(AtomicFileTest, FailsBeforeTheSizeLimitKillsTheProcess) {
  const TempFolder folder;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  rlimit small = before;
  small.rlim_cur = 10;
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  const Status fits = WriteFileAtomically(folder / "a", Bytes("0123456789"));
  const Status beyond = WriteFileAtomically(folder / "b", Bytes("0123456789x"));
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &before), 0);
  EXPECT_TRUE(fits.ok());
  EXPECT_EQ(beyond.error_number(), EFBIG);
  EXPECT_EQ(FilesIn(folder), 1u);
}

}  // namespace
}  // namespace headrace::io
