#include "loader/shards/tar_dataset.h"

#include <gtest/gtest.h>
#include <sys/resource.h>

#include "loader/open_watch.h"
#include "loader/sample_read.h"
#include "loader/shards/index_shard.h"
#include "tests/support/tar_text.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using headrace::testing::TarText;
using headrace::testing::TempFolder;
using Texts = std::vector<std::string>;

struct Opened {
  std::unique_ptr<Dataset> dataset;
  ConfigError error;
  Texts warnings;

  std::string Warnings() const {
    std::string all;
    for (const std::string& warning : warnings) all += warning + "\n";
    return all;
  }
};

Opened Open(const TempFolder& folder, Texts classes = {}) {
  Opened opened;
  DatasetConfig config;
  config.source = Source::kTar;
  config.path = {folder.path()};
  config.classes = std::move(classes);
  const LogSink log{[](void* context, LogLevel level, const char* text) {
                      if (level == LogLevel::kWarning) {
                        static_cast<Texts*>(context)->emplace_back(text);
                      }
                    },
                    &opened.warnings};
  if (!TarDataset::Open(config, log, &opened.dataset, &opened.error)) opened.dataset = nullptr;
  return opened;
}

std::string BytesOf(const Dataset& dataset, uint64_t id) {
  std::string bytes(dataset.Locate(id).bytes, '\0');
  EXPECT_TRUE(ReadSample(dataset, id, std::as_writable_bytes(std::span(bytes))).ok());
  return bytes;
}

Texts NamesOf(const Dataset& dataset) {
  Texts names;
  for (uint64_t id = 0; id < dataset.size(); ++id) names.push_back(dataset.Name(id));
  return names;
}

// Plain shards with 2, 0 and 3 samples.
void WritePlain(const TempFolder& folder) {
  folder.Write("a.tar",
               TarText({{"0.jpg", "a0"}, {"0.cls", "1"}, {"1.jpg", "a1"}, {"1.cls", "0"}}));
  folder.Write("b.tar", TarText({{"x.txt", "no picture"}}));
  folder.Write("c.tar", TarText({{"0.jpg", "c0"},
                                 {"0.cls", "2"},
                                 {"1.png", "c1"},
                                 {"1.cls", "1"},
                                 {"2.jpg", "c2"},
                                 {"2.cls", "0"}}));
}

void IndexAll(const TempFolder& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) {
    if (entry.path().extension() != ".tar") continue;
    IndexShardReport report;
    ConfigError error;
    ASSERT_TRUE(IndexShard(entry.path().string(), false, &report, &error)) << error.text;
  }
}

// Bytes count where they are read: in the only pass over a plain shard, in the second over a
// pack's.
TEST(IndexShardTest, SaysHowFarItIs) {
  const TempFolder folder;
  headrace::testing::TarEntries plain;
  headrace::testing::TarEntries packed;
  for (int i = 0; i < 50; ++i) {
    const std::string key = std::to_string(1000 + i);
    plain.emplace_back(key + ".jpg", std::string(3000, 'x'));
    packed.emplace_back(key + ".jpg", std::string(3000, 'x'));
    packed.emplace_back(key + ".json", "{\"id\": " + std::to_string(i) + ", \"path\": \"" + key +
                                           ".jpg\", \"classes\": 1, \"samples\": 50}");
  }
  folder.Write("plain.tar", TarText(plain));
  folder.Write("packed.tar", TarText(packed));
  for (const std::string name : {"plain.tar", "packed.tar"}) {
    std::vector<JobProgress> told;
    OpenWatch watch(
        [&](const JobProgress& progress) {
          told.push_back(progress);
          return true;
        },
        OpenWatch::First::kAtOnce, 0);
    IndexShardReport report;
    ConfigError error;
    ASSERT_TRUE(IndexShard(folder / name, false, &report, &error)) << error.text;
    ASSERT_EQ(report.samples, 50u) << name;
    uint64_t reached = 0;
    bool moved_while_found = false;
    for (const JobProgress& progress : told) {
      EXPECT_GE(progress.bytes_done, reached) << name;
      reached = progress.bytes_done;
      moved_while_found |= reached > 10000 && progress.samples_done < 45;
    }
    EXPECT_EQ(moved_while_found, name == "plain.tar") << name;
    EXPECT_LE(reached, report.shard_bytes);
    EXPECT_GT(reached, report.shard_bytes * 4 / 5) << name;
  }
}

TEST(TarDatasetTest, PlainShardsAreCountedThrough) {
  const TempFolder folder;
  WritePlain(folder);
  uint64_t fingerprint = 0;
  for (const bool indexed : {false, true}) {
    if (indexed) IndexAll(folder);
    const Opened opened = Open(folder);
    ASSERT_NE(opened.dataset, nullptr) << opened.error.text;
    const Dataset& set = *opened.dataset;
    ASSERT_EQ(set.size(), 5u);
    EXPECT_EQ(NamesOf(set),
              Texts({"a.tar/0.jpg", "a.tar/1.jpg", "c.tar/0.jpg", "c.tar/1.png", "c.tar/2.jpg"}));
    EXPECT_EQ(set.classes(), Texts({"0", "1", "2"}));
    const char* bytes[] = {"a0", "a1", "c0", "c1", "c2"};
    const int64_t labels[] = {1, 0, 2, 1, 0};
    for (uint64_t id = 0; id < 5; ++id) {
      EXPECT_EQ(BytesOf(set, id), bytes[id]);
      EXPECT_EQ(set.Label(id), labels[id]);
      EXPECT_FALSE(set.RestartsTrusted(id));
      EXPECT_FALSE(set.Locate(id).whole_file);
      EXPECT_STREQ(set.Locate(id).path, id < 2 ? "a.tar" : "c.tar");
    }
    EXPECT_EQ(set.RunCount(), 2u);  // none is empty
    EXPECT_EQ(set.RunBegin(0), 0u);
    EXPECT_EQ(set.RunBegin(1), 2u);
    EXPECT_EQ(set.RunBegin(2), 5u);
    EXPECT_GE(set.index_bytes(), 5 * sizeof(ShardRow));
    if (indexed) {
      EXPECT_EQ(set.Fingerprint(), fingerprint);
      EXPECT_EQ(opened.Warnings(), "");
    } else {
      fingerprint = set.Fingerprint();
      EXPECT_NE(opened.Warnings().find("b.tar/x: passed over"), std::string::npos);
    }
  }
}

TEST(TarDatasetTest, FingerprintsTellSetsApart) {
  const TempFolder folder;
  WritePlain(folder);
  const uint64_t before = Open(folder).dataset->Fingerprint();
  EXPECT_NE(Open(folder, {"0", "1"}).dataset->Fingerprint(), before);
  folder.Write("a.tar",
               TarText({{"0.jpg", "a0"}, {"0.cls", "1"}, {"1.jpg", "a1"}, {"1.cls", "2"}}));
  EXPECT_NE(Open(folder).dataset->Fingerprint(), before);
}

TEST(TarDatasetTest, ClassesChooseSamples) {
  const TempFolder folder;
  WritePlain(folder);
  IndexAll(folder);
  const Opened opened = Open(folder, {"2", "0", "7"});
  ASSERT_NE(opened.dataset, nullptr) << opened.error.text;
  EXPECT_EQ(NamesOf(*opened.dataset), Texts({"a.tar/1.jpg", "c.tar/0.jpg", "c.tar/2.jpg"}));
  EXPECT_EQ(opened.dataset->classes(), Texts({"2", "0", "7"}));
  EXPECT_EQ(opened.dataset->Label(0), 1);
  EXPECT_EQ(opened.dataset->Label(1), 0);
  EXPECT_EQ(Open(folder, {"cat"}).error.code, Code::kConfigValue);
}

TEST(TarDatasetTest, NamesOfClassesAreJoinedOverShards) {
  const TempFolder folder;
  folder.Write("a.tar", TarText({{"0.jpg", "x"}, {"0.cls", "dog"}}));
  folder.Write("b.tar",
               TarText({{"0.jpg", "x"}, {"0.cls", "cat"}, {"1.jpg", "x"}, {"1.cls", "dog"}}));
  folder.Write("c.tar", TarText({{"0.jpg", "x"}, {"0.json", R"({"label": 0, "class": "cow"})"}}));
  const Opened opened = Open(folder);
  ASSERT_NE(opened.dataset, nullptr) << opened.error.text;
  EXPECT_EQ(opened.dataset->classes(), Texts({"cat", "cow", "dog"}));
  const int64_t labels[] = {2, 0, 2, 1};
  for (uint64_t id = 0; id < 4; ++id) EXPECT_EQ(opened.dataset->Label(id), labels[id]);
  folder.Write("d.tar", TarText({{"0.jpg", "x"}, {"0.cls", "0"}}));
  EXPECT_NE(Open(folder).error.text.find("d.tar are numbers without names"), std::string::npos);
}

TEST(TarDatasetTest, SaysWhichNumbersHaveTwoNames) {
  const auto shard = [](const char* key, const char* name) {
    return TarText(
        {{std::string(key) + ".jpg", "x"},
         {std::string(key) + ".json", R"({"label": 1, "class": ")" + std::string(name) + R"("})"}});
  };
  const TempFolder folder;
  folder.Write("a.tar", shard("0", "dog"));
  folder.Write("b.tar", shard("0", "dog"));
  EXPECT_EQ(Open(folder).Warnings(), "");
  folder.Write("c.tar", shard("0", "cat"));
  const Opened opened = Open(folder);
  ASSERT_NE(opened.dataset, nullptr) << opened.error.text;
  EXPECT_EQ(opened.dataset->classes(), Texts({"cat", "dog"}));
  EXPECT_EQ(opened.dataset->Label(2), 0);
  EXPECT_EQ(opened.Warnings(), "[dataset] path: class 1 is dog in " + (folder / "a.tar") +
                                   " and cat in " + (folder / "c.tar") +
                                   ": classes are told apart by their names, and numbered anew in "
                                   "their byte order\n");
  // Within one shard no name is believed.
  for (const char* name : {"a.tar", "b.tar"}) std::filesystem::remove(folder / name);
  folder.Write("c.tar", TarText({{"0.jpg", "x"},
                                 {"0.json", R"({"label": 1, "class": "cat"})"},
                                 {"1.jpg", "x"},
                                 {"1.json", R"({"label": 1, "class": "dog"})"}}));
  const Opened within = Open(folder);
  ASSERT_NE(within.dataset, nullptr) << within.error.text;
  EXPECT_EQ(within.dataset->classes(), Texts({"0", "1"}));
  EXPECT_NE(within.Warnings().find("c.tar/1.jpg has class 1 as dog, and one before as cat"),
            std::string::npos)
      << within.Warnings();
}

TEST(TarDatasetTest, SaysThatPicturesShareAKey) {
  const TempFolder folder;
  folder.Write("a.tar", TarText({{"a.jpg", "x"}, {"a.cls", "0"}, {"a.depth.png", "x"}}));
  EXPECT_EQ(Open(folder).Warnings(), "");
  folder.Write("b.tar", TarText({{"IMG.20.jpg", "x"}, {"IMG.21.jpg", "x"}, {"IMG.cls", "0"}}));
  const std::string warnings = Open(folder).Warnings();
  EXPECT_NE(warnings.find("1 pictures have the key of another and are not read, the first "
                          "b.tar/IMG.21.jpg"),
            std::string::npos)
      << warnings;
}

TEST(TarDatasetTest, AdvisesToSortWhenLabelsLieApart) {
  const TempFolder folder;
  folder.Write("a.tar", TarText({{"0.jpg", "x"}, {"1.jpg", "x"}, {"0.cls", "0"}, {"1.cls", "1"}}));
  EXPECT_NE(Open(folder).Warnings().find("tar --sort=name"), std::string::npos);
  // There are no labels at all: sorting would not help.
  folder.Write("a.tar", TarText({{"0.jpg", "x"}, {"1.jpg", "x"}}));
  const std::string warnings = Open(folder).Warnings();
  EXPECT_NE(warnings.find("2 of 2 samples have no label"), std::string::npos);
  EXPECT_EQ(warnings.find("--sort"), std::string::npos);
}

// A pack of 5 in two shards, whose names are not in the order of its ids.
struct PackText {
  std::string tar;
  std::string index;
};
PackText PackShard(uint64_t first, uint64_t count, uint64_t all) {
  headrace::testing::TarEntries entries;
  ShardIndexWriter writer({.set_samples = all,
                           .first_id = first,
                           .settings = "codec jpeg",
                           .classes = {"cat", "dog", "eel"}});
  for (uint64_t id = first; id < first + count; ++id) {
    const std::string key = "00000000000" + std::to_string(id);
    const std::string path = (id % 2 == 0 ? "cat/" : "dog/") + std::to_string(id) + ".JPG";
    writer.Add({.id = id,
                .offset = TarText(entries).size() - io::kTarEndBytes + 512,
                .bytes = 3,
                .hash = 9,
                .label = static_cast<int32_t>(id % 2),
                .restarts_trusted = id != 3,
                .name = path});
    entries.emplace_back(key + ".jpg", "p" + std::to_string(10 + id));
    entries.emplace_back(key + ".cls", std::to_string(id % 2));
    entries.emplace_back(key + ".json", R"({"id": )" + std::to_string(id) + R"(, "label": )" +
                                            std::to_string(id % 2) + R"(, "class": ")" +
                                            (id % 2 == 0 ? "cat" : "dog") + R"(", "path": ")" +
                                            path + R"(", "classes": 3, "samples": )" +
                                            std::to_string(all) + "}");
  }
  const std::string tar = TarText(entries);
  writer.header().tar_bytes = tar.size();
  return {tar, writer.Finish()};
}

TEST(TarDatasetTest, AWholePackKeepsTheSourcesIds) {
  const TempFolder folder;
  const PackText first = PackShard(0, 2, 5);
  const PackText second = PackShard(2, 3, 5);
  folder.Write("b.tar", first.tar);
  folder.Write("b.tar.hri", first.index);
  folder.Write("a.tar", second.tar);
  folder.Write("a.tar.hri", second.index);
  const Texts names = {"cat/0.JPG", "dog/1.JPG", "cat/2.JPG", "dog/3.JPG", "cat/4.JPG"};
  uint64_t fingerprint = 0;
  // With both indexes; without one; with a damaged one; without any.
  for (int missing = 0; missing < 4; ++missing) {
    if (missing == 1) std::filesystem::remove(folder / "a.tar.hri");
    if (missing == 2) folder.Write("a.tar.hri", second.index.substr(1));
    if (missing == 3) {
      std::filesystem::remove(folder / "a.tar.hri");
      std::filesystem::remove(folder / "b.tar.hri");
    }
    const Opened opened = Open(folder);
    ASSERT_NE(opened.dataset, nullptr) << opened.error.text;
    const Dataset& set = *opened.dataset;
    ASSERT_EQ(set.size(), 5u);
    EXPECT_EQ(NamesOf(set), names) << missing;
    for (uint64_t id = 0; id < 5; ++id) {
      EXPECT_EQ(BytesOf(set, id), std::string("p").append(std::to_string(10 + id)));
      EXPECT_EQ(set.Label(id), static_cast<int64_t>(id % 2));
    }
    if (missing < 3) {
      EXPECT_EQ(set.classes(), Texts({"cat", "dog", "eel"}));
      EXPECT_TRUE(set.RestartsTrusted(0));
    }
    EXPECT_EQ(set.RestartsTrusted(4), missing == 0);
    EXPECT_FALSE(set.RestartsTrusted(3));
    EXPECT_EQ(opened.Warnings().find("a.tar.hri") != std::string::npos, missing == 2)
        << opened.Warnings();
    if (missing == 0) fingerprint = set.Fingerprint();
    if (missing < 3) {
      EXPECT_EQ(set.Fingerprint(), fingerprint);
    }
  }
}

TEST(TarDatasetTest, APartOfAPackSaysSo) {
  const TempFolder folder;
  const PackText second = PackShard(2, 3, 5);
  folder.Write("a.tar", second.tar);
  folder.Write("a.tar.hri", second.index);
  const Opened opened = Open(folder);
  ASSERT_NE(opened.dataset, nullptr) << opened.error.text;
  EXPECT_EQ(NamesOf(*opened.dataset), Texts({"cat/2.JPG", "dog/3.JPG", "cat/4.JPG"}));
  EXPECT_EQ(opened.dataset->classes().size(), 3u);
  EXPECT_NE(opened.Warnings().find("not all shards of its pack are there (3 samples of 5)"),
            std::string::npos)
      << opened.Warnings();
}

TEST(TarDatasetTest, HoldsFilesOpenAsFarAsTheLimitAllows) {
  const TempFolder folder;
  WritePlain(folder);
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &before), 0);
  for (const bool many : {true, false}) {
    rlimit limit = before;
    limit.rlim_cur = many ? before.rlim_cur : 100;
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &limit), 0);
    const Opened opened = Open(folder);
    ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &before), 0);
    ASSERT_NE(opened.dataset, nullptr) << opened.error.text;
    EXPECT_EQ(opened.dataset->Locate(0).file >= 0, many);
    EXPECT_EQ(BytesOf(*opened.dataset, 4), "c2");
  }
}

TEST(TarDatasetTest, AShardThatShrinksGivesErrorsOfItsSamples) {
  const TempFolder folder;
  WritePlain(folder);
  const Opened opened = Open(folder);
  ASSERT_NE(opened.dataset, nullptr);
  std::filesystem::resize_file(folder / "c.tar", opened.dataset->Locate(3).offset);
  EXPECT_EQ(BytesOf(*opened.dataset, 2), "c0");
  std::byte bytes[2];
  EXPECT_EQ(ReadSample(*opened.dataset, 3, bytes).code(), Code::kTruncated);
  EXPECT_EQ(ReadSample(*opened.dataset, 4, bytes).code(), Code::kTruncated);
}

TEST(TarDatasetTest, NamesAreNotTakenFromAnotherIndex) {
  const TempFolder folder;
  WritePlain(folder);
  IndexAll(folder);
  const Opened opened = Open(folder);
  ASSERT_NE(opened.dataset, nullptr);
  ShardIndexWriter other({.tar_bytes = uint64_t{1} << 20});
  other.Add({.offset = 0, .bytes = 1, .name = "wrong"});
  folder.Write("a.tar.hri", other.Finish());
  EXPECT_EQ(opened.dataset->Name(0), "a.tar/sample 0");
  EXPECT_EQ(opened.dataset->Name(2), "c.tar/0.jpg");
}

}  // namespace
}  // namespace headrace::loader
