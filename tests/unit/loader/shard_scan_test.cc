#include "loader/shards/shard_scan.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/file.h"
#include "loader/shards/sample_facts.h"
#include "tests/support/tar_text.h"

namespace headrace::loader {
namespace {

using headrace::testing::TarEntries;
using headrace::testing::TarText;
using Texts = std::vector<std::string>;

struct Scanned {
  bool good = false;
  ShardIndexWriter index{ShardHeader{}};
  ShardScanCounts counts;
  ConfigError error;
  uint64_t bytes_done = 0;

  Texts Names() {
    Texts names;
    for (const ShardRecord& record : index.all()) names.push_back(record.name);
    return names;
  }
  std::vector<int32_t> Labels() {
    std::vector<int32_t> labels;
    for (const ShardRecord& record : index.all()) labels.push_back(record.label);
    return labels;
  }
};

Scanned Scan(const std::string& archive) {
  const io::UniqueFd file(::memfd_create("archive", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.get(), archive.data(), archive.size()),
            static_cast<ssize_t>(archive.size()));
  std::atomic<uint64_t> done{0};
  const std::atomic<bool> stop{false};
  Scanned scanned;
  scanned.good = ScanShard(file.get(), archive.size(), 77, "s.tar", &done, &stop, &scanned.index,
                           &scanned.counts, &scanned.error);
  scanned.bytes_done = done;
  return scanned;
}
Scanned Scan(const TarEntries& entries) { return Scan(TarText(entries)); }

TEST(ShardScanTest, ThePictureIsTheOneWithNothingBetweenKeyAndExtension) {
  Scanned scanned = Scan(TarEntries{{"a.depth.png", "not this"},
                                    {"a.jpg", "but this"},
                                    {"a.png", "nor another"},
                                    {"b.left.jpg", "the first of two like it"},
                                    {"b.right.jpg", ""},
                                    {"c.jpg", "plain"},
                                    {"c.mask.png", ""}});
  ASSERT_TRUE(scanned.good) << scanned.error.text;
  EXPECT_EQ(scanned.Names(), Texts({"a.jpg", "b.left.jpg", "c.jpg"}));
}

TEST(ShardScanTest, CountsPicturesThatShareAKey) {
  // No rule says which of them is meant: they may be samples of their own.
  Scanned dotted = Scan(
      TarEntries{{"IMG.2020.0000.jpg", ""}, {"IMG.2020.0001.jpg", ""}, {"IMG.2020.0002.jpg", ""}});
  ASSERT_TRUE(dotted.good) << dotted.error.text;
  EXPECT_EQ(dotted.Names(), Texts({"IMG.2020.0000.jpg"}));
  EXPECT_EQ(dotted.counts.same_key, 2u);
  EXPECT_EQ(dotted.counts.same_key_name, "IMG.2020.0001.jpg");
  Scanned twice = Scan(TarEntries{{"b.jpg", ""}, {"a.jpg", ""}, {"a.x.jpg", ""}, {"a.png", ""}});
  EXPECT_EQ(twice.Names(), Texts({"b.jpg", "a.jpg"}));
  EXPECT_EQ(twice.counts.same_key, 1u);
  EXPECT_EQ(twice.counts.same_key_name, "a.png");
  EXPECT_EQ(twice.counts.beside_picture, 1u);
  // Here one does.
  Scanned chosen = Scan(TarEntries{
      {"a.depth.png", ""}, {"a.flow.png", ""}, {"a.jpg", ""}, {"b.jpg", ""}, {"b.depth.png", ""}});
  EXPECT_EQ(chosen.Names(), Texts({"a.jpg", "b.jpg"}));
  EXPECT_EQ(chosen.counts.same_key, 0u);
  EXPECT_EQ(chosen.counts.beside_picture, 3u);
}

TEST(ShardScanTest, NoticesWhatFollowsTheEndMark) {
  const std::string one = TarText({{"a.jpg", "one"}});
  const std::string zeros(10240, '\0');
  EXPECT_FALSE(Scan(one).counts.data_behind_end);
  EXPECT_FALSE(Scan(one + zeros).counts.data_behind_end);
  // As cat a.tar b.tar makes it.
  Scanned joined = Scan(one + zeros + TarText({{"b.jpg", "two"}}));
  ASSERT_TRUE(joined.good) << joined.error.text;
  EXPECT_TRUE(joined.counts.data_behind_end);
  EXPECT_EQ(joined.Names(), Texts({"a.jpg"}));
  // Without an end mark there is nothing behind it.
  EXPECT_FALSE(Scan(one.substr(0, one.size() - 1024)).counts.data_behind_end);
}

TEST(ShardScanTest, MembersWithOneKeyAreOneSample) {
  Scanned scanned = Scan(TarEntries{{"a/b.c.jpg", "one"},
                                    {"a/b.cls", "3"},
                                    {"c/b.JPEG", "two"},
                                    {"c/b.txt", "a caption"},
                                    {"d.cls", "5"},
                                    {"d.png", "three"},
                                    {"d.webp", "not taken"},
                                    {"a/b.hrc", "again"}});
  ASSERT_TRUE(scanned.good) << scanned.error.text;
  EXPECT_EQ(scanned.Names(), Texts({"a/b.c.jpg", "c/b.JPEG", "d.png", "a/b.hrc"}));
  EXPECT_EQ(scanned.Labels(), std::vector<int32_t>({3, -1, 5, -1}));
  EXPECT_EQ(scanned.index.all()[0].offset, 512u);
  EXPECT_EQ(scanned.index.all()[0].bytes, 3u);
  EXPECT_EQ(scanned.index.header().tar_mtime_ns, 77u);
  EXPECT_FALSE(scanned.index.header().is_pack());
  EXPECT_TRUE(scanned.index.header().classes.empty());
}

TEST(ShardScanTest, KeysEndAtTheFirstDotOfTheLastPart) {
  EXPECT_EQ(KeyOf("a.b.c"), "a");
  EXPECT_EQ(KeyOf("x.y/a.b.c"), "x.y/a");
  EXPECT_EQ(KeyOf("a"), "");
  EXPECT_EQ(KeyOf("x.y/a"), "");
  EXPECT_EQ(KeyOf(".a.jpg"), "");
  EXPECT_EQ(KeyOf("x/._a.jpg"), "");
}

TEST(ShardScanTest, NamesForLabelsGetPlacesInByteOrder) {
  Scanned scanned = Scan(TarEntries{{"0.jpg", ""},
                                    {"0.cls", "dog\n"},
                                    {"1.jpg", ""},
                                    {"2.jpg", ""},
                                    {"2.cls", "Zebra"},
                                    {"3.jpg", ""},
                                    {"3.json", R"({"label": "dog"})"}});
  ASSERT_TRUE(scanned.good) << scanned.error.text;
  EXPECT_TRUE(scanned.index.header().own_classes);
  EXPECT_EQ(scanned.index.header().classes, Texts({"Zebra", "dog"}));
  EXPECT_EQ(scanned.Labels(), std::vector<int32_t>({1, -1, 0, 1}));
}

TEST(ShardScanTest, NumbersMayHaveNames) {
  Scanned scanned = Scan(TarEntries{{"0.jpg", ""},
                                    {"0.json", R"({"label": 2, "class": "cat"})"},
                                    {"1.jpg", ""},
                                    {"1.json", R"({"cls": 0})"}});
  ASSERT_TRUE(scanned.good) << scanned.error.text;
  EXPECT_EQ(scanned.index.header().classes, Texts({"", "", "cat"}));
  EXPECT_EQ(scanned.Labels(), std::vector<int32_t>({2, 0}));
  EXPECT_EQ(scanned.counts.name_clashes, 0u);
  // Two names for one number: neither is believed.
  Scanned clash = Scan(TarEntries{{"0.jpg", ""},
                                  {"0.json", R"({"label": 2, "class": "cat"})"},
                                  {"1.jpg", ""},
                                  {"1.json", R"({"label": 2, "class": "dog"})"}});
  ASSERT_TRUE(clash.good);
  EXPECT_TRUE(clash.index.header().classes.empty());
  EXPECT_EQ(clash.counts.name_clashes, 1u);
  EXPECT_EQ(clash.counts.name_clash, "1.jpg has class 2 as dog, and one before as cat");
}

std::string PackJson(int id, int label, const std::string& more = {}) {
  return R"({"id": )" + std::to_string(id) + R"(, "label": )" + std::to_string(label) +
         R"(, "class": "c)" + std::to_string(label) + R"(", "path": "c/)" + std::to_string(id) +
         R"(.jpg", "classes": 4)" + more + "}";
}

TEST(ShardScanTest, ATextThatDoesNotMatterIsNoFault) {
  const std::string odd = R"({"label": 99999999, "class": "a\u0001b"})";
  Scanned scanned = Scan(TarEntries{{"0.jpg", ""}, {"0.cls", "1"}, {"0.json", odd}});
  ASSERT_TRUE(scanned.good) << scanned.error.text;
  EXPECT_EQ(scanned.Labels(), std::vector<int32_t>({1}));
  EXPECT_FALSE(Scan(TarEntries{{"0.jpg", ""}, {"0.json", odd}}).good);
}

TEST(ShardScanTest, NamesOfAPackMayHaveControlCharacters) {
  const std::string text =
      R"({"id": 0, "label": 0, "class": "a\nb", "path": "a\nb/0.jpg", "classes": 1, "samples": 1})";
  Scanned scanned = Scan(TarEntries{{"0.jpg", ""}, {"0.cls", "0"}, {"0.json", text}});
  ASSERT_TRUE(scanned.good) << scanned.error.text;
  EXPECT_EQ(scanned.index.header().classes, Texts({"a\nb"}));
}

TEST(ShardScanTest, KnowsAPackByItsTexts) {
  Scanned scanned = Scan(TarEntries{{"07.jpg", "x"},
                                    {"07.cls", "1"},
                                    {"07.json", PackJson(7, 1)},
                                    {"08.hrc", "y"},
                                    {"08.cls", "3"},
                                    {"08.json", PackJson(8, 3)}});
  ASSERT_TRUE(scanned.good) << scanned.error.text;
  const ShardHeader& header = scanned.index.header();
  EXPECT_TRUE(header.is_pack());
  EXPECT_EQ(header.first_id, 7u);
  EXPECT_EQ(header.set_samples, 0u);
  EXPECT_EQ(header.tar_mtime_ns, 0u);
  EXPECT_EQ(header.classes, Texts({"", "c1", "", "c3"}));
  EXPECT_EQ(scanned.Names(), Texts({"c/7.jpg", "c/8.jpg"}));
  EXPECT_EQ(scanned.index.all()[1].id, 8u);
  Scanned sized =
      Scan(TarEntries{{"07.jpg", "x"}, {"07.json", PackJson(7, 1, R"(, "samples": 9)")}});
  EXPECT_EQ(sized.index.header().set_samples, 9u);
  auto index = ShardIndex::FromBytes(sized.index.Finish());
  EXPECT_TRUE(index.ok()) << index.status().text();
}

TEST(ShardScanTest, WhatOnlyLooksLikeAPackIsPlain) {
  const TarEntries sets[] = {
      {{"07.jpg", "x"}, {"07.json", PackJson(7, 1)}, {"09.jpg", "y"}, {"09.json", PackJson(9, 3)}},
      {{"07.jpg", "x"}, {"07.json", PackJson(7, 1)}, {"08.jpg", "y"}, {"08.cls", "1"}},
      {{"07.jpg", "x"},
       {"07.json", PackJson(7, 1, R"(, "samples": 7)")},
       {"08.jpg", "y"},
       {"08.json", PackJson(8, 3, R"(, "samples": 7)")}},
  };
  for (const TarEntries& entries : sets) {
    Scanned scanned = Scan(entries);
    ASSERT_TRUE(scanned.good) << scanned.error.text;
    EXPECT_FALSE(scanned.index.header().is_pack());
    // What was counted as a pack's is not counted again.
    EXPECT_EQ(scanned.bytes_done, 512 + 1024 * (entries.size() - 1));
    EXPECT_EQ(scanned.Names(), Texts({entries[0].first, entries[2].first}));
    EXPECT_EQ(scanned.index.header().first_id, 0u);
  }
}

TEST(ShardScanTest, RefusesLabelsThatCannotBe) {
  const auto text = [](const TarEntries& entries) { return Scan(entries).error.text; };
  EXPECT_EQ(text({{"a.jpg", ""}, {"a.cls", "1048576"}}),
            "s.tar: a.cls has a label that is not within -1 to 1048575; found 1048576");
  EXPECT_EQ(text({{"a.jpg", ""}, {"a.cls", std::string(40, '9') + " \n"}}),
            "s.tar: a.cls has a label that is not within -1 to 1048575; found " +
                std::string(32, '9') + "...");
  EXPECT_EQ(text({{"a.jpg", ""}, {"a.json", R"({"label": -2})"}}),
            "s.tar: a.json has a label that is not within -1 to 1048575; found -2");
  EXPECT_NE(text({{"a.jpg", ""}, {"a.cls", "x"}, {"b.jpg", ""}, {"b.cls", "1"}}).find("a number"),
            std::string::npos);
  EXPECT_EQ(text({{"a.jpg", ""}, {"a.cls", "1048575"}, {"b.jpg", ""}, {"b.cls", "-1"}}), "");
}

TEST(SampleFactsTest, OddJsonSaysNothing) {
  for (const char* text : {"{}", "{\"label\": null}", "{\"label\": [1]}", "{\"label\": 1.5}",
                           "{\"x\": {\"label\": 1}}", "{\"label\": {\"label\": 1}}",
                           "{\"label\": true}", "{\"a\": NaN}"}) {
    SampleFacts facts;
    EXPECT_TRUE(ReadFactsJson(text, &facts).ok()) << text;
    EXPECT_FALSE(facts.label.has_value()) << text;
    EXPECT_TRUE(facts.class_name.empty()) << text;
  }
  for (const char* text : {"", "[1]", "3", "{", "{\"label\": 1} x", "{\"label\" 1}"}) {
    SampleFacts facts;
    EXPECT_EQ(ReadFactsJson(text, &facts).code(), Code::kCorrupt) << text;
  }
  SampleFacts facts;
  EXPECT_EQ(ReadFactsJson(std::string(100, '[') + "1", &facts).code(), Code::kCorrupt);
  EXPECT_EQ(ReadFactsJson("{\"a\":" + std::string(100, '['), &facts).code(), Code::kCorrupt);
  EXPECT_TRUE(ReadFactsJson("{\"label\": 3.0}", &facts).ok());
  EXPECT_EQ(facts.label, 3);
}

}  // namespace
}  // namespace headrace::loader
