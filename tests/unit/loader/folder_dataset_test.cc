#include "loader/folder_dataset.h"

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using headrace::testing::TempFolder;

std::unique_ptr<Dataset> MustOpen(const std::string& root, std::vector<std::string> classes = {}) {
  std::unique_ptr<Dataset> dataset;
  ConfigError error;
  EXPECT_TRUE(FolderDataset::Open(root, classes, {}, &dataset, &error)) << error.text;
  return dataset;
}

ConfigError MustFail(const std::string& root, std::vector<std::string> classes = {}) {
  std::unique_ptr<Dataset> dataset;
  ConfigError error;
  EXPECT_FALSE(FolderDataset::Open(root, classes, {}, &dataset, &error));
  EXPECT_EQ(error.text.find('\n'), std::string::npos);
  return error;
}

TEST(FolderDatasetTest, IdIsTheRankOfTheWholePathInByteOrder) {
  TempFolder folder;
  // '-' sorts before '/', and upper case before lower case: byte order of the path, not of folders.
  for (const char* name : {"a/z.jpg", "a-b/a.png", "a/B.JPEG", "a/deep/er/x", "b/1.webp"}) {
    folder.Write(name, "xyz");
  }
  const auto dataset = MustOpen(folder.path());
  ASSERT_EQ(dataset->size(), 5u);
  const char* expected[] = {"a-b/a.png", "a/B.JPEG", "a/deep/er/x", "a/z.jpg", "b/1.webp"};
  for (uint64_t id = 0; id < 5; ++id) {
    EXPECT_STREQ(dataset->Locate(id).path, expected[id]);
    EXPECT_EQ(dataset->Locate(id).bytes, 3u);
  }
  EXPECT_EQ(dataset->classes(), (std::vector<std::string>{"a", "a-b", "b"}));
  EXPECT_EQ(dataset->Label(0), 1);
  EXPECT_EQ(dataset->Label(1), 0);
  EXPECT_EQ(dataset->Label(4), 2);
}

TEST(FolderDatasetTest, PassesOverWhatIsNoImage) {
  TempFolder folder;
  for (const char* name : {"a/1.jpg", "a/notes.txt", "a/.hidden.jpg", "loose.jpg", "a/x.tar.gz"}) {
    folder.Write(name, "x");
  }
  ASSERT_EQ(mkfifo((folder / "a/pipe.jpg").c_str(), 0600), 0);
  ASSERT_EQ(symlink("nowhere", (folder / "a/dangling.jpg").c_str()), 0);
  const auto dataset = MustOpen(folder.path());
  ASSERT_EQ(dataset->size(), 1u);
  EXPECT_STREQ(dataset->Locate(0).path, "a/1.jpg");
}

TEST(FolderDatasetTest, TakesTheNamedClassesInTheGivenOrder) {
  TempFolder folder;
  for (const char* name : {"cat/1.jpg", "dog/1.jpg", "emu/1.jpg"}) folder.Write(name, "x");
  const auto dataset = MustOpen(folder.path(), {"emu", "cat"});
  ASSERT_EQ(dataset->size(), 2u);
  EXPECT_STREQ(dataset->Locate(0).path, "cat/1.jpg");
  EXPECT_EQ(dataset->Label(0), 1);
  EXPECT_EQ(dataset->Label(1), 0);
  const ConfigError error = MustFail(folder.path(), {"cow"});
  EXPECT_EQ(error.code, Code::kConfigValue);
  EXPECT_NE(error.text.find("\"cow\""), std::string::npos);
  EXPECT_NE(error.text.find("cat, dog, emu"), std::string::npos);
}

TEST(FolderDatasetTest, SaysWhatIsWrongWithTheRoot) {
  TempFolder folder;
  EXPECT_EQ(MustFail(folder / "absent").code, Code::kNotFound);
  EXPECT_EQ(MustFail(folder.path()).code, Code::kEmptyDataset);
  folder.Write("file", "x");
  EXPECT_EQ(MustFail(folder / "file").code, Code::kConfigValue);
  folder.Write("loose.jpg", "x");
  EXPECT_NE(MustFail(folder.path()).text.find("one folder a class"), std::string::npos);
  folder.Write("a/readme.txt", "x");
  std::filesystem::remove(folder / "loose.jpg");
  EXPECT_NE(MustFail(folder.path()).text.find("no images in its 1 folders"), std::string::npos);
}

TEST(FolderDatasetTest, ALoopOfLinksEndsInAnError) {
  TempFolder folder;
  folder.Write("a/1.jpg", "x");
  ASSERT_EQ(symlink(".", (folder / "a/up").c_str()), 0);
  const ConfigError error = MustFail(folder.path());
  EXPECT_EQ(error.code, Code::kConfigValue);
  EXPECT_NE(error.text.find("leads back"), std::string::npos);
}

}  // namespace
}  // namespace headrace::loader
