#include "io/tar.h"

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "io/file.h"

namespace headrace::io {
namespace {

// A header of any kind, made field by field, with its checksum.
struct HandMade {
  std::string name = "a.jpg";
  std::string size = "00000000003";
  char type = '0';
  std::string magic = std::string(
      "ustar\0"
      "00",
      8);
  std::string prefix = {};
  std::string mtime = "00000000007";

  std::string Block() const {
    std::string block(512, '\0');
    const auto put = [&](size_t at, const std::string& text) {
      block.replace(at, text.size(), text);
    };
    put(0, name);
    put(124, size);
    put(136, mtime);
    block[156] = type;
    put(257, magic);
    put(345, prefix);
    return WithChecksum(block);
  }
  static std::string WithChecksum(std::string block) {
    block.replace(148, 8, 8, ' ');
    unsigned sum = 0;
    for (const char c : block) sum += static_cast<unsigned char>(c);
    char text[8];
    std::snprintf(text, sizeof text, "%06o", sum);
    block.replace(148, 7, text, 7);
    return block;
  }
};

std::string Padded(std::string text) {
  text.append(TarPaddingBytes(text.size()), '\0');
  return text;
}
std::string Octal(uint64_t value) {
  char text[16];
  std::snprintf(text, sizeof text, "%011lo", static_cast<unsigned long>(value));
  return text;
}
std::string Pax(const std::string& records, char type = 'x') {
  return HandMade{.name = "pax", .size = Octal(records.size()), .type = type}.Block() +
         Padded(records);
}
std::string LongName(const std::string& name, char type = 'L') {
  return HandMade{.name = "././@LongLink",
                  .size = Octal(name.size() + 1),
                  .type = type,
                  .magic = "ustar  "}
             .Block() +
         Padded(name + '\0');
}
const std::string kEnd(kTarEndBytes, '\0');

struct Read {
  Status status;
  std::vector<TarMember> members;
  std::vector<std::string> contents;
  uint64_t offset = 0;
  uint64_t passed_over = 0;
  bool has_end_mark = false;
};

Read ReadArchive(const std::string& bytes) {
  const UniqueFd file(::memfd_create("archive", MFD_CLOEXEC));
  EXPECT_EQ(::write(file.get(), bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  TarReader reader(file.get(), bytes.size());
  Read read;
  for (;;) {
    TarMember member;
    bool found = false;
    read.status = reader.Next(&member, &found);
    if (!found) break;
    std::string content(member.bytes, '\0');
    EXPECT_TRUE(reader.Read(member.offset, std::as_writable_bytes(std::span(content))).ok());
    read.members.push_back(member);
    read.contents.push_back(content);
  }
  read.offset = reader.offset();
  read.passed_over = reader.passed_over();
  read.has_end_mark = reader.has_end_mark();
  return read;
}

Read One(const std::string& headers) { return ReadArchive(headers + Padded("abc") + kEnd); }

TEST(TarReaderTest, GivesMembersWithPlaceAndTime) {
  const Read read = ReadArchive(HandMade{}.Block() + Padded("abc") +
                                HandMade{.name = "b", .size = Octal(600)}.Block() +
                                Padded(std::string(600, 'x')) + kEnd);
  ASSERT_TRUE(read.status.ok()) << read.status.text();
  ASSERT_EQ(read.members.size(), 2u);
  EXPECT_EQ(read.members[0].name, "a.jpg");
  EXPECT_EQ(read.members[0].offset, 512u);
  EXPECT_EQ(read.members[0].bytes, 3u);
  EXPECT_EQ(read.members[0].mtime_s, 7);
  EXPECT_EQ(read.contents[0], "abc");
  EXPECT_EQ(read.members[1].offset, 1536u);
  EXPECT_EQ(read.contents[1], std::string(600, 'x'));
  EXPECT_TRUE(read.has_end_mark);
}

TEST(TarReaderTest, TellsACompressedArchiveFromADamagedOne) {
  const std::pair<std::string, const char*> begins[] = {
      {"\x1F\x8B\x08", "gzip"},
      {"\x28\xB5\x2F\xFD", "zstd"},
      {std::string("\xFD\x37zXZ\0", 6), "xz"},
      {"BZh91AY", "bzip2"},
      {"\x04\x22\x4D\x18", "lz4"},
  };
  for (const auto& [begin, name] : begins) {
    // Shorter than a header, too.
    for (const size_t bytes : {100, 5000}) {
      const Read read = ReadArchive(begin + std::string(bytes, 'x'));
      EXPECT_EQ(read.status.code(), Code::kUnsupportedFormat) << name;
      EXPECT_NE(std::string(read.status.text()).find(name), std::string::npos);
    }
  }
  // A good archive may begin with such a name; what follows the first header is damage.
  EXPECT_TRUE(One(HandMade{.name = "BZhang.jpg"}.Block()).status.ok());
  EXPECT_EQ(One(HandMade{}.Block() + Padded("abc") + Padded("BZh91AY")).status.code(),
            Code::kCorrupt);
  EXPECT_EQ(ReadArchive(std::string(600, 'x')).status.code(), Code::kCorrupt);
}

TEST(TarReaderTest, KnowsNamesInEveryForm) {
  const std::string longest(TarReader::kNameBytesMax, 'n');
  const std::string hundred(100, 'h');
  EXPECT_EQ(One(HandMade{.name = hundred}.Block()).members.at(0).name, hundred);
  EXPECT_EQ(One(HandMade{.name = "./a/b"}.Block()).members.at(0).name, "a/b");
  EXPECT_EQ(One(HandMade{.name = "././/.a"}.Block()).members.at(0).name, ".a");
  EXPECT_EQ(One(HandMade{.prefix = "dir/e"}.Block()).members.at(0).name, "dir/e/a.jpg");
  // GNU keeps times in the place of the prefix; the oldest have no magic.
  EXPECT_EQ(One(HandMade{.magic = "ustar  ", .prefix = "0123"}.Block()).members.at(0).name,
            "a.jpg");
  EXPECT_EQ(One(HandMade{.type = '\0', .magic = ""}.Block()).members.at(0).name, "a.jpg");
  EXPECT_EQ(One(LongName(longest) + HandMade{}.Block()).members.at(0).name, longest);
  EXPECT_EQ(One(LongName("to", 'K') + LongName("of") + HandMade{}.Block()).members.at(0).name,
            "of");
  EXPECT_EQ(One(Pax("15 path=a/b.jpg\n12 mtime=1.5\n") + HandMade{}.Block()).members.size(), 0u);
  EXPECT_EQ(One(Pax("16 path=a/b.jpg\n13 mtime=1.5\n") + HandMade{}.Block()).members.at(0).name,
            "a/b.jpg");
  // What a header says holds for the next member alone.
  const Read two = ReadArchive(Pax("8 path=p\n" + std::string()) + HandMade{}.Block() +
                               Padded("abc") + HandMade{}.Block() + Padded("abc") + kEnd);
  EXPECT_FALSE(two.status.ok());  // 8 is one too few
  const Read good = ReadArchive(Pax("9 path=p\n") + HandMade{}.Block() + Padded("abc") +
                                HandMade{}.Block() + Padded("abc") + kEnd);
  ASSERT_EQ(good.members.size(), 2u);
  EXPECT_EQ(good.members[0].name, "p");
  EXPECT_EQ(good.members[1].name, "a.jpg");
}

TEST(TarReaderTest, KnowsSizesInEveryForm) {
  const std::string base256 = std::string("\x80\0\0\0\0\0\0\0\0\0\0\3", 12);
  EXPECT_EQ(One(HandMade{.size = base256}.Block()).contents.at(0), "abc");
  EXPECT_EQ(One(HandMade{.size = "          3 "}.Block()).contents.at(0), "abc");
  EXPECT_EQ(One(HandMade{.size = "3"}.Block()).contents.at(0), "abc");
  // A size in a PAX header is the true one.
  EXPECT_EQ(One(Pax("9 size=3\n") + HandMade{.size = Octal(0)}.Block()).contents.at(0), "abc");
  EXPECT_EQ(One(HandMade{.size = std::string(12, '\xFF')}.Block()).status.code(), Code::kCorrupt);
  EXPECT_EQ(One(HandMade{.size = "0000000008"}.Block()).status.code(), Code::kCorrupt);
  EXPECT_EQ(One(Pax("10 size=3x\n") + HandMade{}.Block()).status.code(), Code::kCorrupt);
  // Sums that pass 64 bits.
  const std::string huge = std::string("\x80\0\0\0\x7F\xFF\xFF\xFF\xFF\xFF\xFF\xFF", 12);
  EXPECT_EQ(One(HandMade{.size = huge}.Block()).status.code(), Code::kTruncated);
  EXPECT_EQ(One(Pax("31 size=99999999999999999999999\n") + HandMade{}.Block()).status.code(),
            Code::kCorrupt);  // the length is one too few
  EXPECT_EQ(One(Pax("32 size=99999999999999999999999\n") + HandMade{}.Block()).status.code(),
            Code::kTruncated);
}

TEST(TarReaderTest, PassesOverWhatIsNoRegularFile) {
  std::string archive;
  for (const char type : {'1', '2', '3', '4', '5', '6'}) {
    archive += HandMade{.size = Octal(0), .type = type}.Block();
  }
  // Some writers state the size of a link's target: there is no content.
  archive += HandMade{.size = Octal(5000), .type = '1'}.Block();
  archive += HandMade{.name = "folder/", .size = Octal(0)}.Block();
  archive += HandMade{.type = 'D'}.Block() + Padded("abc");
  std::string sparse = HandMade{.type = 'S', .magic = "ustar  "}.Block();
  sparse[482] = 1;
  sparse = HandMade::WithChecksum(sparse);
  std::string map(512, '\0');
  map[504] = 1;
  archive += sparse + map + std::string(512, '\0') + Padded("abc");
  archive += Pax("22 GNU.sparse.major=1\n") + HandMade{}.Block() + Padded("abc");
  archive += Pax("20 comment=a commit\n", 'g');
  archive += HandMade{.type = '7'}.Block() + Padded("abc") + kEnd;
  const Read read = ReadArchive(archive);
  ASSERT_TRUE(read.status.ok()) << read.status.text() << " at " << read.offset;
  EXPECT_EQ(read.passed_over, 11u);
  ASSERT_EQ(read.contents.size(), 1u);
  EXPECT_EQ(read.contents[0], "abc");
}

TEST(TarReaderTest, SaysWhereAnArchiveIsDamaged) {
  const std::string first = HandMade{}.Block() + Padded("abc");
  std::string second = HandMade{}.Block();
  second[3] ^= 1;
  const Read read = ReadArchive(first + second + Padded("abc") + kEnd);
  EXPECT_EQ(read.status.code(), Code::kCorrupt);
  EXPECT_EQ(read.offset, 1024u);
  EXPECT_EQ(read.members.size(), 1u);
  const Read none = ReadArchive("no archive" + std::string(1000, 'x'));
  EXPECT_EQ(none.status.code(), Code::kCorrupt);
  EXPECT_EQ(ReadArchive("").status.code(), Code::kTruncated);
  EXPECT_EQ(ReadArchive(Pax("9 path=p\n", 'g') + first + kEnd).status.code(),
            Code::kUnsupportedFormat);
  EXPECT_EQ(ReadArchive(LongName(std::string(5000, 'n')) + first + kEnd).status.code(),
            Code::kCorrupt);
  EXPECT_EQ(ReadArchive(Pax("9 path=p\n") + kEnd).status.code(), Code::kCorrupt);
  EXPECT_EQ(ReadArchive(Pax("9 path=p\n")).status.code(), Code::kTruncated);
}

TEST(TarReaderTest, CutAtAnyByteItGivesWholeMembersOnly) {
  const std::string archive = Pax("9 path=p\n") + HandMade{}.Block() + Padded("abc") +
                              LongName("q") + HandMade{.size = Octal(513)}.Block() +
                              Padded(std::string(513, 'x')) + kEnd;
  const size_t first_end = 1024 + 512 + 3;
  const size_t second_end = 1024 + 1024 + 1024 + 512 + 513;
  for (size_t bytes = 0; bytes < archive.size(); ++bytes) {
    const Read read = ReadArchive(archive.substr(0, bytes));
    const size_t whole = (bytes >= first_end ? 1u : 0u) + (bytes >= second_end ? 1u : 0u);
    ASSERT_EQ(read.members.size(), whole) << bytes;
    if (bytes < second_end && bytes != 2048) {
      // Filling that is cut off is no loss by itself.
      const bool in_filling = bytes >= first_end && bytes <= 2048;
      ASSERT_EQ(read.status.ok(), in_filling) << bytes;
    }
  }
}

TEST(TarReaderTest, NoDamagedByteOfAHeaderPasses) {
  const std::string archive = HandMade{}.Block() + Padded("abc") + kEnd;
  for (size_t at = 0; at < 512; ++at) {
    std::string damaged = archive;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x11);
    const Read read = ReadArchive(damaged);
    // In its own field a blank may become something else that reads the same.
    if (read.status.ok()) {
      EXPECT_TRUE(at >= 148 && at < 156) << at;
    }
  }
}

TEST(TarWriterTest, ReadsBackAndIsTheSameEveryTime) {
  std::string archive;
  const std::vector<std::string> names = {"a", std::string(100, 'b'), std::string(101, 'c'),
                                          "d/" + std::string(3000, 'd'), "\xC3\xA4.jpg"};
  for (size_t i = 0; i < names.size(); ++i) {
    const std::string content(i * 300, 'x');
    std::string header;
    std::string again;
    AppendTarHeader(names[i], content.size(), &header);
    AppendTarHeader(names[i], content.size(), &again);
    EXPECT_EQ(header, again);
    EXPECT_EQ(header.size() % 512, 0u);
    archive += header + Padded(content);
  }
  const Read read = ReadArchive(archive + kEnd);
  ASSERT_TRUE(read.status.ok()) << read.status.text();
  ASSERT_EQ(read.members.size(), names.size());
  for (size_t i = 0; i < names.size(); ++i) {
    EXPECT_EQ(read.members[i].name, names[i]);
    EXPECT_EQ(read.contents[i], std::string(i * 300, 'x'));
    EXPECT_EQ(read.members[i].mtime_s, 0);
  }
}

TEST(TarWriterTest, StatesSizesBeyondOctal) {
  std::string header;
  AppendTarHeader("a", uint64_t{10} << 30, &header);
  EXPECT_NE(header.find("20 size=10737418240\n"), std::string::npos);
}

}  // namespace
}  // namespace headrace::io
