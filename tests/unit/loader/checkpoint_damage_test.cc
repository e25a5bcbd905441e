// Index files that are not what we wrote: whatever they hold, Find stays inside the file.
#include <fcntl.h>
#include <sys/stat.h>

#include <functional>

#include "base/checked_math.h"
#include "loader/checkpoints/checkpoint_file.h"
#include "loader/checkpoints/samples_by_hash.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/loader/checkpoint_set.h"

namespace headrace::loader {
namespace {

using testing::AddEvery;
using testing::MadeUpSet;
using testing::MustOpenIndex;
using testing::OpenIndex;
using testing::RecordFor;
using testing::RecordIn;
using testing::TempFolder;

class CheckpointDamageTest : public ::testing::Test {
 protected:
  CheckpointDamageTest() {
    const OpenIndex open = MustOpenIndex(set_, folder());
    AddEvery(open, set_);
    open->Close();
    path_ = open->path();
    std::ifstream file(path_, std::ios::binary);
    good_.assign(std::istreambuf_iterator<char>(file), {});
  }

  std::string folder() const { return temp_ / "cache"; }
  void Write(const std::string& bytes) const {
    std::filesystem::remove(path_);  // file systems flush a file that is written over
    std::ofstream(path_, std::ios::binary) << bytes;
  }
  // Every place that is found lies in the file; how many there are.
  uint64_t FoundInside(const OpenIndex& open) {
    uint64_t found = 0;
    for (uint64_t id = 0; id < set_.size(); ++id) {
      const auto record = RecordIn(*open.index, id);  // fails when it does not
      EXPECT_LE(record.size(), RecordBytesMax(set_.samples[id].bytes));
      found += record.empty() ? 0 : 1;
    }
    return found;
  }
  void ExpectIgnored(const std::string& bytes, const std::string& what) {
    Write(bytes);
    const OpenIndex open = MustOpenIndex(set_, folder());
    EXPECT_EQ(FoundInside(open), 0u) << what;
    EXPECT_EQ(open->count_at_open(), 0u) << what;
    EXPECT_EQ(open.warnings->count, 1) << what;
  }
  CheckpointHeader Header() const {
    CheckpointHeader header;
    memcpy(&header, good_.data(), sizeof header);
    return header;
  }
  // The file with another header and table, and with all checksums right.
  std::string Forged(
      const std::function<void(CheckpointHeader*, std::vector<CheckpointEntry>*)>& change) const {
    CheckpointHeader header = Header();
    std::vector<CheckpointEntry> table(header.entries);
    memcpy(table.data(), good_.data() + sizeof header, table.size() * sizeof(CheckpointEntry));
    change(&header, &table);
    header.table_hash = 0;
    for (const CheckpointEntry& entry : table) header.table_hash = HashOf(entry, header.table_hash);
    header.header_hash = HashOf(header);
    std::string bytes = good_;
    memcpy(bytes.data(), &header, sizeof header);
    memcpy(bytes.data() + sizeof header, table.data(), table.size() * sizeof(CheckpointEntry));
    return bytes;
  }

  TempFolder temp_;
  MadeUpSet set_{temp_.path(), 4};
  std::string path_;
  std::string good_;
};

TEST_F(CheckpointDamageTest, AForgeryOfNothingIsTheFileItself) {
  EXPECT_EQ(Forged([](auto*, auto*) {}), good_);
  const OpenIndex open = MustOpenIndex(set_, folder());
  EXPECT_EQ(FoundInside(open), 4u);
  EXPECT_EQ(open.warnings->count, 0);
}

TEST_F(CheckpointDamageTest, AnyFlippedByteOfHeaderOrTableMakesItIgnored) {
  const uint64_t records_offset = Header().records_offset;
  ASSERT_EQ(records_offset, RoundUp(sizeof(CheckpointHeader) + 4 * sizeof(CheckpointEntry), 16));
  for (size_t at = 0; at < good_.size(); ++at) {
    for (const int flip : {0x01, 0x80, 0xFF}) {
      std::string bytes = good_;
      bytes[at] = static_cast<char>(bytes[at] ^ flip);
      if (at < sizeof(CheckpointHeader) + 4 * sizeof(CheckpointEntry)) {
        ExpectIgnored(bytes, "byte " + std::to_string(at));
      } else {
        // Records are the codec's to check.
        Write(bytes);
        EXPECT_EQ(FoundInside(MustOpenIndex(set_, folder())), 4u) << at;
      }
    }
  }
}

TEST_F(CheckpointDamageTest, AnyOtherLengthMakesItIgnored) {
  for (size_t bytes = 0; bytes < good_.size(); ++bytes) {
    ExpectIgnored(good_.substr(0, bytes), std::to_string(bytes) + " bytes");
  }
  ExpectIgnored(good_ + 'x', "longer");
  ExpectIgnored(std::string(10'000, '\0'), "zeros");
}

TEST_F(CheckpointDamageTest, ADamagedIndexIsMadeAgain) {
  Write(good_.substr(0, 100));
  {
    const OpenIndex open = MustOpenIndex(set_, folder());
    open->Add(0, 1, RecordFor(set_, 1));
    open->Close();
    EXPECT_EQ(open.warnings->count, 1);
  }
  const OpenIndex open = MustOpenIndex(set_, folder());
  EXPECT_EQ(open->count_at_open(), 1u);
  EXPECT_EQ(open.warnings->count, 0);
}

TEST_F(CheckpointDamageTest, NumbersThatCannotBeAreNotBelievedThoughTheirChecksumsFit) {
  using Header = CheckpointHeader;
  using Table = std::vector<CheckpointEntry>;
  const std::pair<const char*, std::function<void(Header*, Table*)>> kForgeries[] = {
      {"before the records", [](Header*, Table* t) { (*t)[1].offset = 64; }},
      {"at the end", [](Header* h, Table* t) { (*t)[1].offset = h->file_bytes; }},
      {"beyond the end", [](Header* h, Table* t) { (*t)[1].offset = h->file_bytes + 4096; }},
      {"wrapping", [](Header*, Table* t) { (*t)[1].offset = UINT64_MAX - 15; }},
      {"not aligned", [](Header*, Table* t) { (*t)[1].offset += 8; }},
      {"empty", [](Header*, Table* t) { (*t)[1].record_bytes = 0; }},
      {"too long", [](Header*, Table* t) { (*t)[1].record_bytes = 20'000; }},
      {"longest", [](Header*, Table* t) { (*t)[1].record_bytes = UINT32_MAX; }},
      {"long, for a large file",
       [](Header*, Table* t) {
         (*t)[1].sample_bytes = UINT64_MAX;
         (*t)[1].record_bytes = 65536;
       }},
      {"not in order", [](Header*, Table* t) { std::swap((*t)[0], (*t)[1]); }},
      {"another data set's", [](Header* h, Table*) { ++h->set_hash; }},
      {"another version", [](Header* h, Table*) { h->version = 2; }},
      {"longer entries", [](Header* h, Table*) { h->entry_bytes = 48; }},
      {"more entries", [](Header* h, Table*) { h->entries = uint64_t{1} << 60; }},
      {"entries that wrap", [](Header* h, Table*) { h->entries = UINT64_MAX / 40 + 2; }},
      {"one entry more", [](Header* h, Table*) { ++h->entries; }},
      {"records at the table", [](Header* h, Table*) { h->records_offset = 64; }},
      {"records beyond the end", [](Header* h, Table*) { h->records_offset = h->file_bytes + 1; }},
      {"records at the largest offset", [](Header* h, Table*) { h->records_offset = UINT64_MAX; }},
      {"larger than it is", [](Header* h, Table*) { h->file_bytes += 16; }},
  };
  for (const auto& [what, change] : kForgeries) ExpectIgnored(Forged(change), what);
}

TEST_F(CheckpointDamageTest, OnlyARegularFileIsTaken) {
  const std::string elsewhere = temp_ / "elsewhere";
  ASSERT_EQ(::rename(path_.c_str(), elsewhere.c_str()), 0);
  const auto expect_ignored = [&] {
    const OpenIndex open = MustOpenIndex(set_, folder());
    EXPECT_EQ(open->count_at_open(), 0u);
    EXPECT_EQ(open.warnings->count, 1);
  };
  ASSERT_EQ(::symlink(elsewhere.c_str(), path_.c_str()), 0);
  expect_ignored();
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  ASSERT_EQ(::mkfifo(path_.c_str(), 0600), 0);
  expect_ignored();
  ASSERT_EQ(::unlink(path_.c_str()), 0);
  ASSERT_EQ(::mkdir(path_.c_str(), 0700), 0);
  expect_ignored();
}

TEST_F(CheckpointDamageTest, AFileThatShrinksWhileItIsOpenGivesNoIndexOfHalfOfIt) {
  const OpenIndex open = MustOpenIndex(set_, folder());
  ASSERT_EQ(::truncate(path_.c_str(), static_cast<off_t>(Header().records_offset)), 0);
  EXPECT_EQ(open->Find(2).bytes, RecordFor(set_, 2).size());  // reading it is what fails
  open->Reject(2);
  open->Add(0, 2, RecordFor(set_, 2));
  open->Close();
  const OpenIndex again = MustOpenIndex(set_, folder());
  EXPECT_EQ(again->count_at_open(), 1u);
  EXPECT_EQ(RecordIn(*again.index, 2), RecordFor(set_, 2));
}

TEST(SamplesByHashTest, PiecesGiveTheSameOrderAsAll) {
  const MadeUpSet set("/nowhere", 5000);
  const auto order = [&](uint64_t piece_items) {
    SamplesByHash samples(set, piece_items);
    std::vector<std::pair<uint64_t, uint64_t>> all;
    std::span<const SamplesByHash::Item> piece;
    size_t largest = 0;
    while (samples.NextPiece(&piece)) {
      largest = std::max(largest, piece.size());
      for (const auto& item : piece) all.emplace_back(item.hash, item.id);
    }
    EXPECT_LE(largest, piece_items * 13 / 10 + 10);
    return all;
  };
  const auto whole = order(5000);
  ASSERT_EQ(whole.size(), 5000u);
  EXPECT_TRUE(std::is_sorted(whole.begin(), whole.end()));
  EXPECT_EQ(order(1000), whole);
  EXPECT_EQ(order(333), whole);
}

}  // namespace
}  // namespace headrace::loader
