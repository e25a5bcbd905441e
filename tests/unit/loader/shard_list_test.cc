#include "loader/shards/shard_list.h"

#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using headrace::testing::TempFolder;
using Names = std::vector<std::string>;

Names Expanded(const std::string& pattern) {
  Names names;
  EXPECT_TRUE(ExpandBraces(pattern, &names));
  return names;
}

TEST(ShardListTest, BracesAreThoseOfAShell) {
  EXPECT_EQ(Expanded("a"), Names({"a"}));
  EXPECT_EQ(Expanded("a{8..11}b"), Names({"a8b", "a9b", "a10b", "a11b"}));
  EXPECT_EQ(Expanded("{008..11}"), Names({"008", "009", "010", "011"}));
  EXPECT_EQ(Expanded("{2..0}"), Names({"2", "1", "0"}));
  EXPECT_EQ(Expanded("{0..0}"), Names({"0"}));
  EXPECT_EQ(Expanded("{a,b}-{0..1}"), Names({"a-0", "a-1", "b-0", "b-1"}));
  EXPECT_EQ(Expanded("{a,}x"), Names({"ax", "x"}));
  // What is neither stays as it is.
  EXPECT_EQ(Expanded("{a}{b..}{..1}{1..2..3}{"), Names({"{a}{b..}{..1}{1..2..3}{"}));
  EXPECT_EQ(Expanded("}{0..1}"), Names({"}0", "}1"}));
}

TEST(ShardListTest, BracesAreBounded) {
  Names names;
  EXPECT_FALSE(ExpandBraces("{0..1000000}", &names));
  names.clear();
  EXPECT_FALSE(ExpandBraces("{0..999999999999999999}", &names));
  names.clear();
  EXPECT_FALSE(ExpandBraces("{0..9999}{0..9999}", &names));
  EXPECT_EQ(Expanded("{0..9999999999999999999}"), Names({"{0..9999999999999999999}"}));
}

struct Found {
  bool good = false;
  Names names;
  ConfigError error;
};

Found Find(const TempFolder& folder, Names names) {
  for (std::string& name : names) name = folder / name;
  std::vector<ShardPlace> shards;
  Found found;
  found.good = FindShards(names, &shards, &found.error);
  for (const ShardPlace& shard : shards) {
    found.names.push_back(shard.path.substr(folder.path().size() + 1));
  }
  return found;
}

TEST(ShardListTest, FindsFilesFoldersAndPatternsInByteOrder) {
  const TempFolder folder;
  for (const char* name : {"b/1.tar", "b/0.tar", "b/x.tgz", "b/.c.tar", "a.tar", "[x].tar"}) {
    folder.Write(name, "x");
  }
  EXPECT_EQ(Find(folder, {"b", "a.tar"}).names, Names({"a.tar", "b/0.tar", "b/1.tar"}));
  EXPECT_EQ(Find(folder, {"b/*.tar"}).names, Names({"b/0.tar", "b/1.tar"}));
  EXPECT_EQ(Find(folder, {"{b/1,a}.tar"}).names, Names({"a.tar", "b/1.tar"}));
  EXPECT_EQ(Find(folder, {"[x].tar"}).names, Names({"[x].tar"}));
  EXPECT_EQ(Find(folder, {"?.tar"}).names, Names({"a.tar"}));
}

TEST(ShardListTest, RefusesWhatIsNotThereAndWhatIsThereTwice) {
  const TempFolder folder;
  folder.Write("a.tar", "x");
  std::filesystem::create_hard_link(folder / "a.tar", folder / "b.tar");
  std::filesystem::create_directory(folder / "empty");
  EXPECT_EQ(Find(folder, {"a.tar", "c.tar"}).error.code, Code::kNotFound);
  EXPECT_EQ(Find(folder, {"c*.tar"}).error.code, Code::kNotFound);
  EXPECT_EQ(Find(folder, {"empty"}).error.code, Code::kEmptyDataset);
  EXPECT_EQ(Find(folder, {}).error.code, Code::kConfigValue);
  EXPECT_NE(Find(folder, {"a.tar", "a.tar"}).error.text.find("is named twice"), std::string::npos);
  EXPECT_NE(Find(folder, {"?.tar"}).error.text.find("a.tar"), std::string::npos);
}

TEST(ShardListTest, TheRootIsTheDeepestFolderAboveAll) {
  const auto root = [](const Names& paths) {
    std::vector<ShardPlace> shards(paths.size());
    for (size_t i = 0; i < paths.size(); ++i) shards[i].real_path = paths[i];
    return CommonFolder(shards);
  };
  EXPECT_EQ(root({"/a/b/0.tar"}), "/a/b");
  EXPECT_EQ(root({"/a/b/0.tar", "/a/b/1.tar"}), "/a/b");
  EXPECT_EQ(root({"/a/b/0.tar", "/a/bc/1.tar"}), "/a");
  EXPECT_EQ(root({"/a/0.tar", "/a/b/1.tar"}), "/a");
  EXPECT_EQ(root({"/a/0.tar", "/b/1.tar"}), "/");
  EXPECT_EQ(root({"/0.tar"}), "/");
}

}  // namespace
}  // namespace headrace::loader
