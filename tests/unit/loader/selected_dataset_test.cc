#include "loader/selected_dataset.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using headrace::testing::TempFolder;
using Shares = std::vector<std::pair<std::string, double>>;

// Samples that are only names: "c/00017", in runs of 10, with objects and trusted by their ids.
class NamedSet final : public Dataset {
 public:
  explicit NamedSet(uint64_t count, uint64_t first = 0) {
    for (uint64_t i = 0; i < count; ++i) {
      char name[16];
      snprintf(name, sizeof name, "c/%05u", static_cast<unsigned>(first + i));
      names_.emplace_back(name);
    }
  }
  uint64_t size() const override { return names_.size(); }
  Extent Locate(uint64_t id) const override {
    return {.path = names_[id].c_str(), .bytes = 100 + id};
  }
  int64_t Label(uint64_t id) const override { return static_cast<int64_t>(id % 7); }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return 1000; }
  uint64_t RunCount() const override { return (size() + 9) / 10; }
  uint64_t RunBegin(uint64_t run) const override { return std::min(run * 10, size()); }
  bool RestartsTrusted(uint64_t id) const override { return id % 2 == 1; }
  bool has_objects() const override { return true; }
  uint64_t ObjectCount() const override { return 3 * size(); }
  uint64_t ObjectsMax() const override { return 9; }
  uint64_t ObjectListBytesMax() const override { return 99; }
  Status Objects(uint64_t id, ObjectList* list) const override {
    list->Clear({static_cast<uint32_t>(id) + 1, 1});
    return {};
  }
  bool has_label_rows() const override { return true; }
  void FillLabelRow(uint64_t id, std::span<float> row) const override {
    row[0] = static_cast<float>(id);
  }

 private:
  std::vector<std::string> names_;
  std::vector<std::string> classes_ = {"c"};
  std::string root_ = "/root";
};

struct Selected {
  std::unique_ptr<Dataset> set;
  ConfigError error;
};

Selected Select(const DatasetConfig& config, uint64_t count = 1000) {
  Selected selected;
  std::unique_ptr<Dataset> set = std::make_unique<NamedSet>(count);
  if (SelectedDataset::Select(config, &set, &selected.error)) selected.set = std::move(set);
  return selected;
}

DatasetConfig Including(const std::string& path) {
  DatasetConfig config;
  config.include = path;
  return config;
}

DatasetConfig SplitOf(const Shares& shares, const std::string& part) {
  DatasetConfig config;
  config.split = part;
  config.split_of = shares;
  return config;
}

std::set<std::string> Names(const Dataset& set) {
  std::set<std::string> names;
  for (uint64_t id = 0; id < set.size(); ++id) names.insert(set.Name(id));
  return names;
}

TEST(SelectedDatasetTest, ForwardsEverythingOfTheSamplesItKeeps) {
  const SelectedDataset set(std::make_unique<NamedSet>(40), {3, 12, 13, 35});
  ASSERT_EQ(set.size(), 4u);
  EXPECT_STREQ(set.Locate(1).path, "c/00012");
  EXPECT_EQ(set.Locate(1).bytes, 112u);
  EXPECT_EQ(set.Name(3), "c/00035");
  EXPECT_EQ(set.Label(2), 13 % 7);
  EXPECT_EQ(set.root(), "/root");
  EXPECT_EQ(set.classes(), std::vector<std::string>{"c"});
  EXPECT_TRUE(set.RestartsTrusted(0));
  EXPECT_FALSE(set.RestartsTrusted(1));
  EXPECT_TRUE(set.has_objects());
  EXPECT_EQ(set.ObjectCount(), 16u);
  EXPECT_EQ(set.ObjectsMax(), 9u);
  EXPECT_EQ(set.ObjectListBytesMax(), 99u);
  ObjectList list;
  ASSERT_TRUE(set.Objects(3, &list).ok());
  EXPECT_EQ(list.size.width, 36u);
  EXPECT_TRUE(set.has_label_rows());
  float row = -1;
  set.FillLabelRow(1, {&row, 1});
  EXPECT_EQ(row, 12);
  EXPECT_GE(set.index_bytes(), 1016u);
  // Of the runs [0, 10), [10, 20), [20, 30), [30, 40) the third is empty and gone.
  ASSERT_EQ(set.RunCount(), 3u);
  EXPECT_EQ(set.RunBegin(0), 0u);
  EXPECT_EQ(set.RunBegin(1), 1u);
  EXPECT_EQ(set.RunBegin(2), 3u);
  EXPECT_EQ(set.RunBegin(3), 4u);
}

TEST(SelectedDatasetTest, FingerprintsTellSelectionsApart) {
  const SelectedDataset a(std::make_unique<NamedSet>(40), {3, 12});
  const SelectedDataset same(std::make_unique<NamedSet>(80), {3, 12});
  const SelectedDataset other(std::make_unique<NamedSet>(40), {3, 13});
  EXPECT_EQ(a.Fingerprint(), same.Fingerprint());
  EXPECT_NE(a.Fingerprint(), other.Fingerprint());
}

TEST(IncludeTest, TakesIdsOrNamesAndKeepsTheOrderOfTheSet) {
  TempFolder folder;
  folder.Write("ids.txt", "# mine\n7\r\n2\n\n7\n999");
  folder.Write("names.txt", "c/00999\nc/00007\nc/00002\n");
  for (const char* name : {"ids.txt", "names.txt"}) {
    const Selected selected = Select(Including(folder / name));
    ASSERT_NE(selected.set, nullptr) << selected.error.text;
    ASSERT_EQ(selected.set->size(), 3u);
    EXPECT_EQ(selected.set->Name(0), "c/00002");
    EXPECT_EQ(selected.set->Name(1), "c/00007");
    EXPECT_EQ(selected.set->Name(2), "c/00999");
  }
}

TEST(IncludeTest, WhatIsNoSampleIsToldWithItsLine) {
  TempFolder folder;
  folder.Write("ids.txt", "7\n1000\n");
  folder.Write("huge.txt", "99999999999999999999\n");
  folder.Write("names.txt", "c/00001\n\nc/1\n");
  folder.Write("empty.txt", "# nothing\n");
  const std::pair<const char*, const char*> kBad[] = {
      {"ids.txt", "ids.txt:2: found the id \"1000\"; the data set has the ids 0 to 999"},
      {"huge.txt", "huge.txt:1: found the id \"99999999999999999999\""},
      {"names.txt", "names.txt:3: no sample is called \"c/1\"; expected paths as the data set has"},
      {"empty.txt", "empty.txt names no sample"},
      {"none.txt", "[dataset] include: "},
  };
  for (const auto& [name, part] : kBad) {
    const Selected selected = Select(Including(folder / name));
    EXPECT_EQ(selected.set, nullptr);
    EXPECT_NE(selected.error.text.find(part), std::string::npos) << selected.error.text;
  }
}

TEST(SplitTest, PartsAreDisjointAndTogetherEverything) {
  for (const Shares& shares :
       {Shares{{"train", 0.9}, {"val", 0.1}}, Shares{{"a", 0.1}, {"b", 0.2}, {"c", 0.7}},
        Shares{{"a", 1.0 / 3}, {"b", 1.0 / 3}, {"c", 1.0 / 3}}, Shares{{"all", 1.0}}}) {
    std::set<std::string> together;
    uint64_t sum = 0;
    for (const auto& [part, share] : shares) {
      const Selected selected = Select(SplitOf(shares, part), 5000);
      ASSERT_NE(selected.set, nullptr) << selected.error.text;
      const double expected = share * 5000;
      // Six standard deviations of a binomial.
      EXPECT_NEAR(static_cast<double>(selected.set->size()), expected,
                  6 * std::sqrt(expected * (1 - share)) + 1e-6);
      sum += selected.set->size();
      together.merge(Names(*selected.set));
    }
    EXPECT_EQ(sum, 5000u);
    EXPECT_EQ(together.size(), 5000u);
  }
}

TEST(SplitTest, SharesBelowOneLeaveSamplesOut) {
  const Shares shares = {{"train", 0.5}, {"val", 0.2}};
  const uint64_t train = Select(SplitOf(shares, "train")).set->size();
  const uint64_t val = Select(SplitOf(shares, "val")).set->size();
  EXPECT_LT(train + val, 800u);
  EXPECT_GT(train + val, 600u);
}

TEST(SplitTest, ASampleStaysInItsPartWhenOthersCome) {
  const DatasetConfig config = SplitOf({{"train", 0.8}, {"val", 0.2}}, "val");
  const std::set<std::string> few = Names(*Select(config, 500).set);
  const std::set<std::string> many = Names(*Select(config, 1000).set);
  EXPECT_TRUE(std::ranges::includes(many, few));
}

TEST(SplitTest, ThePartOfANameIsAContract) {
  const Shares shares = {{"a", 0.25}, {"b", 0.25}, {"c", 0.25}, {"d", 0.25}};
  std::string parts;
  for (const char* name :
       {"n01440764/1.JPEG", "cat/0001.png", "a.jpg", "", "dog/x", "0", "\xC3\xA9"}) {
    parts += static_cast<char>('a' + PartOf(name, shares));
  }
  EXPECT_EQ(parts, "dcdadbd");
}

TEST(SplitTest, AnEmptyPartIsAnError) {
  const Selected selected = Select(SplitOf({{"none", 1e-12}, {"rest", 0.5}}, "none"), 10);
  EXPECT_EQ(selected.error.code, Code::kEmptyDataset);
  EXPECT_NE(selected.error.text.find("none of the 10 samples is in the part \"none\""),
            std::string::npos)
      << selected.error.text;
}

TEST(SplitTest, IncludeComesFirst) {
  TempFolder folder;
  folder.Write("ids.txt", "1\n2\n3\n4\n5\n6\n7\n8\n9\n10\n11\n12\n");
  DatasetConfig config = SplitOf({{"train", 0.5}, {"val", 0.5}}, "train");
  config.include = folder / "ids.txt";
  std::set<std::string> together = Names(*Select(config).set);
  const size_t train = together.size();
  config.split = "val";
  together.merge(Names(*Select(config).set));
  EXPECT_GT(train, 0u);
  EXPECT_LT(train, 12u);
  EXPECT_EQ(together.size(), 12u);
}

}  // namespace
}  // namespace headrace::loader
