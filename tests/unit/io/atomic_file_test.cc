#include "io/atomic_file.h"

#include <sys/resource.h>

#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

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
