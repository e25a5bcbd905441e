#include "loader/manifest_dataset.h"

#include <gtest/gtest.h>
#include <sys/stat.h>

#include <set>

#include "loader/selected_dataset.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using headrace::testing::TempFolder;

struct Opened {
  std::unique_ptr<Dataset> dataset;
  ConfigError error;
};

Opened Open(const std::string& path, const std::string& annotations = "") {
  Opened opened;
  DatasetConfig config;
  config.source = Source::kManifest;
  config.path = {path};
  config.annotations = annotations;
  const bool good = ManifestDataset::Open(config, &opened.dataset, &opened.error);
  EXPECT_EQ(good, opened.dataset != nullptr);
  EXPECT_EQ(good, opened.error.code == Code::kOk);
  return opened;
}

TEST(ManifestDatasetTest, IdsAreTheOrderOfTheLinesAndANameMayStandTwice) {
  TempFolder folder;
  folder.Write("sets/z.jpg", "four");
  folder.Write("sets/in/a.jpg", "ab");
  folder.Write("sets/list.tsv", "z.jpg\tdog\n# not this one\nin/a.jpg\tcat\nz.jpg\tcat\n");
  const Opened opened = Open(folder / "sets/list.tsv");
  ASSERT_NE(opened.dataset, nullptr) << opened.error.text;
  const Dataset& set = *opened.dataset;
  ASSERT_EQ(set.size(), 3u);
  EXPECT_EQ(set.root(), folder / "sets");
  EXPECT_STREQ(set.Locate(0).path, "z.jpg");
  EXPECT_EQ(set.Locate(0).bytes, 4u);
  EXPECT_NE(set.Locate(0).mtime_ns, 0);
  EXPECT_EQ(set.Name(1), "in/a.jpg");
  EXPECT_EQ(set.Name(2), "z.jpg");
  EXPECT_EQ(set.Label(0), 1);
  EXPECT_EQ(set.Label(2), 0);
}

TEST(ManifestDatasetTest, TheManifestMayLieApartFromThePictures) {
  TempFolder folder;
  folder.Write("pictures/a.jpg", "x");
  folder.Write("lists/train.tsv", "a.jpg\t0.25\n");
  const Opened opened = Open(folder / "pictures", folder / "lists/train.tsv");
  ASSERT_NE(opened.dataset, nullptr) << opened.error.text;
  EXPECT_EQ(opened.dataset->root(), folder / "pictures");
  ASSERT_TRUE(opened.dataset->has_label_rows());
  float row = 0;
  opened.dataset->FillLabelRow(0, {&row, 1});
  EXPECT_EQ(row, 0.25f);
}

TEST(ManifestDatasetTest, FingerprintsTellOtherLabelsOfTheSameFilesApart) {
  TempFolder folder;
  folder.Write("a.jpg", "x");
  folder.Write("b.jpg", "y");
  std::set<uint64_t> different;
  for (const char* lines : {"a.jpg\t0\nb.jpg\t1\n", "a.jpg\t1\nb.jpg\t0\n", "b.jpg\t1\na.jpg\t0\n",
                            "a.jpg\t0.5\nb.jpg\t1.0\n", "a.jpg\t0.5\nb.jpg\t2.0\n"}) {
    folder.Write("list.tsv", lines);
    different.insert(Open(folder / "list.tsv").dataset->Fingerprint());
    EXPECT_TRUE(different.contains(Open(folder / "list.tsv").dataset->Fingerprint()));
  }
  EXPECT_EQ(different.size(), 5u);
}

TEST(ManifestDatasetTest, ASelectionHashesLabelsAsTheWholeSetDoes) {
  TempFolder folder;
  folder.Write("a.jpg", "x");
  folder.Write("list.tsv", "a.jpg\t0,2\na.jpg\t1\n");
  const uint64_t whole = Open(folder / "list.tsv").dataset->Fingerprint();
  EXPECT_EQ(SelectedDataset(Open(folder / "list.tsv").dataset, {0, 1}).Fingerprint(), whole);
}

TEST(ManifestDatasetTest, WhatIsNotThereIsToldWithItsLine) {
  TempFolder folder;
  folder.Write("a.jpg", "x");
  folder.Write("list.tsv", "path\tlabel\na.jpg\t1\nb.jpg\t0\n");
  Opened opened = Open(folder / "list.tsv");
  EXPECT_EQ(opened.error.code, Code::kNotFound);
  EXPECT_NE(opened.error.text.find("list.tsv:3:1: \"b.jpg\": No such file"), std::string::npos)
      << opened.error.text;

  ASSERT_EQ(mkfifo((folder / "b.jpg").c_str(), 0600), 0);
  opened = Open(folder / "list.tsv");
  EXPECT_EQ(opened.error.code, Code::kNotRegularFile);

  opened = Open(folder / "none.tsv");
  EXPECT_EQ(opened.error.code, Code::kNotFound);
  opened = Open(folder.path());
  EXPECT_NE(opened.error.text.find("is a folder; source = \"manifest\" takes"), std::string::npos);
  opened = Open(folder / "b.jpg");  // a pipe: must not wait for a writer
  EXPECT_EQ(opened.error.code, Code::kNotRegularFile);
  opened = Open(folder / "nowhere", folder / "list.tsv");
  EXPECT_EQ(opened.error.code, Code::kNotFound);
}

// More than a block of LookUpFiles, so several threads ask.
TEST(ManifestDatasetTest, ManyFilesKeepTheirOrderAndTheFirstThatIsMissingIsTold) {
  constexpr size_t kFiles = 5000;
  TempFolder folder;
  std::string lines;
  for (size_t i = 0; i < kFiles; ++i) {
    const std::string name = std::to_string(i * 7919 % kFiles);
    folder.Write(name, std::string(i % 50, 'x'));
    lines += name + '\t' + std::to_string(i % 3) + '\n';
  }
  folder.Write("list.tsv", lines);
  const Opened opened = Open(folder / "list.tsv");
  ASSERT_NE(opened.dataset, nullptr) << opened.error.text;
  ASSERT_EQ(opened.dataset->size(), kFiles);
  for (size_t i = 0; i < kFiles; ++i) {
    ASSERT_EQ(opened.dataset->Name(i), std::to_string(i * 7919 % kFiles));
    ASSERT_EQ(opened.dataset->Locate(i).bytes, i % 50);
    ASSERT_EQ(opened.dataset->Label(i), static_cast<int64_t>(i % 3));
  }
  for (const size_t i : {size_t{4700}, size_t{2345}}) {
    std::filesystem::remove(folder / std::to_string(i * 7919 % kFiles));
  }
  EXPECT_NE(Open(folder / "list.tsv").error.text.find("list.tsv:2346:1: "), std::string::npos);
}

}  // namespace
}  // namespace headrace::loader
