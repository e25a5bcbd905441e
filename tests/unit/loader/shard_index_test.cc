#include "loader/shards/shard_index.h"

#include <gtest/gtest.h>

#include "base/hash.h"
#include "tests/support/temp_folder.h"

namespace headrace::loader {
namespace {

using headrace::testing::TempFolder;

codecs::RecordBands Bands(uint64_t number) {
  codecs::RecordBands bands;
  if (number % 5 == 0) return bands;  // of copies nothing is known
  bands.width = 10;
  bands.height = static_cast<uint16_t>(20 + number);
  bands.form = 1;
  return bands;
}

ShardRecord Record(uint64_t number) {
  return {.id = 40 + number,
          .offset = 512 + number * 2048,
          .bytes = 1000 + number,
          .hash = number * 77,
          .label = static_cast<int32_t>(number % 3) - 1,
          .width = 10,
          .height = 20,
          .restarts_trusted = number % 2 == 0,
          .copied = number % 5 == 0,
          .bands = Bands(number),
          .name = "cat/" + std::to_string(number) + ".jpg"};
}

ShardIndexWriter Writer(uint64_t records) {
  ShardIndexWriter writer({.tar_bytes = uint64_t{1} << 40,
                           .set_samples = 100000,
                           .first_id = 40,
                           .settings = "codec = jpeg",
                           .classes = {"cat", "dog", ""}});
  for (uint64_t i = 0; i < records; ++i) writer.Add(Record(i));
  return writer;
}

void ExpectSame(const ShardRecord& a, const ShardRecord& b) {
  EXPECT_EQ(a.id, b.id);
  EXPECT_EQ(a.offset, b.offset);
  EXPECT_EQ(a.bytes, b.bytes);
  EXPECT_EQ(a.hash, b.hash);
  EXPECT_EQ(a.label, b.label);
  EXPECT_EQ(a.width, b.width);
  EXPECT_EQ(a.height, b.height);
  EXPECT_EQ(a.restarts_trusted, b.restarts_trusted);
  EXPECT_EQ(a.copied, b.copied);
}

TEST(ShardIndexTest, ReadsBackWhatWasWritten) {
  // More than two pieces of the table.
  const uint64_t count = 2500;
  const std::string bytes = Writer(count).Finish();
  EXPECT_EQ(bytes, Writer(count).Finish());
  const TempFolder folder;
  folder.Write("0.tar.hri", bytes);
  for (const bool from_file : {false, true}) {
    auto index = from_file ? ShardIndex::Open(ShardIndexPath(folder / "0.tar"))
                           : ShardIndex::FromBytes(bytes);
    ASSERT_TRUE(index.ok()) << index.status().text();
    EXPECT_EQ(index->records(), count);
    EXPECT_EQ(index->header().tar_bytes, uint64_t{1} << 40);
    EXPECT_EQ(index->header().set_samples, 100000u);
    EXPECT_EQ(index->header().first_id, 40u);
    EXPECT_EQ(index->header().settings, "codec = jpeg");
    EXPECT_EQ(index->header().classes, (std::vector<std::string>{"cat", "dog", ""}));
    EXPECT_TRUE(index->header().is_pack());
    EXPECT_FALSE(index->header().own_classes);
    uint64_t seen = 0;
    const Status walked = index->Walk([&](uint64_t number, const ShardRecord& record) {
      EXPECT_EQ(number, seen++);
      ExpectSame(record, Record(number));
    });
    EXPECT_TRUE(walked.ok()) << walked.text();
    EXPECT_EQ(seen, count);
    std::string names;
    std::vector<uint32_t> ends;
    ASSERT_TRUE(index->ReadNames(&names, &ends).ok());
    for (const uint64_t number : {uint64_t{0}, uint64_t{1}, count - 1}) {
      ShardRecord record;
      ASSERT_TRUE(index->Read(number, &record).ok());
      ExpectSame(record, Record(number));
      EXPECT_EQ(record.name, Record(number).name);
      const uint32_t begin = number == 0 ? 0 : ends[number - 1];
      EXPECT_EQ(names.substr(begin, ends[number] - begin), record.name);
    }
    ShardRecord record;
    EXPECT_EQ(index->Read(count, &record).code(), Code::kInvalidArgument);
    std::vector<codecs::RecordBands> bands;
    ASSERT_TRUE(index->has_bands());
    ASSERT_TRUE(index->ReadBands(&bands).ok());
    ASSERT_EQ(bands.size(), count);
    for (uint64_t i = 0; i < count; ++i) {
      EXPECT_EQ(bands[i].known(), i % 5 != 0);
      EXPECT_EQ(bands[i].height, Bands(i).height);
    }
  }
}

// All that an index says, or an empty text when any part of it is refused.
std::string Said(std::string bytes) {
  auto index = ShardIndex::FromBytes(std::move(bytes));
  if (!index.ok()) {
    EXPECT_NE(index.status().code(), Code::kInternal);
    return {};
  }
  std::string said = std::to_string(index->records_hash()) + index->header().settings;
  for (const std::string& name : index->header().classes) said += name + ",";
  const auto add = [&](const ShardRecord& record) {
    for (const uint64_t value : {record.id, record.offset, record.bytes, record.hash,
                                 uint64_t{static_cast<uint32_t>(record.label)}}) {
      said += std::to_string(value) + " ";
    }
  };
  if (!index->Walk([&](uint64_t, const ShardRecord& record) { add(record); }).ok()) return {};
  for (uint64_t i = 0; i < index->records(); ++i) {
    ShardRecord record;
    if (!index->Read(i, &record).ok()) return {};
    said += record.name;
  }
  std::vector<codecs::RecordBands> bands;
  if (!index->ReadBands(&bands).ok()) return {};
  for (const codecs::RecordBands& each : bands) said += std::to_string(each.height) + ";";
  std::string names;
  std::vector<uint32_t> ends;
  return index->ReadNames(&names, &ends).ok() ? said : std::string();
}

TEST(ShardIndexTest, NoDamagedByteIsBelieved) {
  const std::string good = Writer(3).Finish();
  ASSERT_FALSE(Said(good).empty());
  for (size_t at = 0; at < good.size(); ++at) {
    for (const int flip : {0x01, 0x80}) {
      std::string damaged = good;
      damaged[at] = static_cast<char>(damaged[at] ^ flip);
      EXPECT_EQ(Said(damaged), "") << at;
    }
  }
  for (size_t bytes = 0; bytes < good.size(); ++bytes) {
    EXPECT_EQ(Said(good.substr(0, bytes)), "") << bytes;
  }
  EXPECT_EQ(Said(good + '\0'), "");
}

// A good checksum does not make a record true.
TEST(ShardIndexTest, RefusesRecordsOfWhatTheShardHasNot) {
  const auto said = [](auto change) {
    ShardIndexWriter writer = Writer(3);
    change(writer);
    return Said(writer.Finish());
  };
  EXPECT_NE(said([](ShardIndexWriter&) {}), "");
  EXPECT_EQ(said([](ShardIndexWriter& w) { w.header().tar_bytes = 512 + 2 * 2048 + 1001; }), "");
  EXPECT_EQ(said([](ShardIndexWriter& w) { w.all()[1].offset = UINT64_MAX; }), "");
  EXPECT_EQ(said([](ShardIndexWriter& w) { w.all()[1].bytes = UINT64_MAX; }), "");
  EXPECT_EQ(said([](ShardIndexWriter& w) { w.all()[1].label = 3; }), "");
  EXPECT_EQ(said([](ShardIndexWriter& w) { w.all()[1].label = -2; }), "");
  // Numbers without names are bounded too: memory is taken for as many classes.
  for (const int32_t label : {(1 << 20) - 1, 1 << 20, INT32_MAX}) {
    const std::string text = said([label](ShardIndexWriter& w) {
      w.header().classes.clear();
      w.all()[1].label = label;
    });
    EXPECT_EQ(text.empty(), label >= 1 << 20) << label;
  }
  EXPECT_EQ(said([](ShardIndexWriter& w) { w.header().set_samples = 42; }), "");
  EXPECT_EQ(said([](ShardIndexWriter& w) { w.header().first_id = UINT64_MAX - 1; }), "");
}

TEST(ShardIndexTest, SaysWhatIsWrong) {
  const TempFolder folder;
  EXPECT_EQ(ShardIndex::Open(folder / "missing").status().code(), Code::kNotFound);
  EXPECT_EQ(ShardIndex::Open(folder.path()).status().code(), Code::kNotRegularFile);
  EXPECT_EQ(ShardIndex::FromBytes(std::string(300, 'x')).status().code(), Code::kCorrupt);
  std::string other_version = Writer(1).Finish();
  other_version[8] = 2;
  EXPECT_EQ(ShardIndex::FromBytes(other_version).status().code(), Code::kUnsupportedFormat);
}

TEST(ShardIndexTest, AnEmptyShardHasAnIndexToo) {
  auto index = ShardIndex::FromBytes(ShardIndexWriter({.tar_bytes = 1024}).Finish());
  ASSERT_TRUE(index.ok());
  EXPECT_EQ(index->records(), 0u);
  EXPECT_TRUE(index->Walk([](uint64_t, const ShardRecord&) { FAIL(); }).ok());
  EXPECT_FALSE(index->header().is_pack());
}

}  // namespace
}  // namespace headrace::loader
