#include "loader/pack/verify_shard.h"

#include <algorithm>
#include <cstring>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/hash.h"
#include "codecs/decoder_set.h"
#include "io/tar.h"
#include "loader/pack/pack_folder.h"
#include "loader/pack/pack_members.h"

namespace headrace::loader {
namespace {

// For headers alone, of records that a pack was made of with limits of its own.
constexpr Limits kLimits = {.max_pixels = uint64_t{1} << 32};
constexpr uint64_t kHeaderBytes = 512;
constexpr size_t kNameBytes = 100;  // of a ustar header, at its beginning

// What: walks through one shard by what its index says. Owner, thread: VerifyShard.
class Walk {
 public:
  Walk(const ShardsPack& pack, const ShardContent& content, const ShardCheck& check)
      : pack_(pack), content_(content), check_(check) {}

  void Run(const PackShards::Shard& shard) {
    ReadBands();
    for (uint64_t n = 0; n < shard.records; ++n) {
      ShardRecord record;
      if (const Status read = content_.index().Read(n, &record); !read.ok()) {
        return BadFile(content_.path() + ".hri", read.code(), read.text());
      }
      if (record.id != shard.first_id + n) {
        return BadFile(content_.path() + ".hri", Code::kCorrupt, "its ids have a gap");
      }
      const uint64_t begin = end_;
      problem_ = {};
      Record(record);
      if (n < bands_.size() && bands_[n].known()) Regions(bands_[n]);
      if (!problem_.ok()) {
        check_.bad({.id = static_cast<int64_t>(record.id),
                    .path = record.name,
                    .file = content_.path(),
                    .offset = record.offset,
                    .code = problem_.code(),
                    .text = problem_.text()});
      }
      if (!check_.done(end_ - begin)) return;
    }
    problem_ = {};
    if (!IsZero(io::kTarEndBytes) || end_ != content_.tar_bytes()) {
      Bad(Code::kCorrupt, "does not end where its index says");
    }
    if (!problem_.ok()) BadFile(content_.path(), problem_.code(), problem_.text());
  }

 private:
  void BadFile(const std::string& file, Code code, const char* text) {
    check_.bad({.id = -1, .path = "", .file = file, .offset = end_, .code = code, .text = text});
  }
  void Bad(Code code, const char* text) {
    if (problem_.ok()) problem_ = {code, text};
  }

  // That the shard ends too early is for the caller to say in its own words.
  void NotRead(const Status& read) {
    if (!read.ok() && read.code() != Code::kTruncated) Bad(read.code(), read.text());
  }

  // A pack of before there were any has none.
  void ReadBands() {
    if (!content_.index().has_bands()) return;
    Status status = content_.index().ReadBands(&bands_);
    if (status.ok()) {
      auto made = codecs::MakeDecoderSet(kLimits);
      status = made.status();
      if (made.ok()) decoder_ = std::move(*made);
    }
    if (status.ok()) return;
    bands_.clear();
    BadFile(content_.path() + ".hri", status.code(), status.text());
  }

  // The record's, made again, are those of the index. After Record, of whose bytes they are.
  void Regions(const codecs::RecordBands& known) {
    if (!problem_.ok()) return;
    codecs::ImageInfo info;
    codecs::RecordBands made;
    if (!decoder_->ReadHeader(picture_, kLimits, {}, &info).ok() || !decoder_->FindBands(&made) ||
        std::memcmp(&made, &known, sizeof made) != 0) {
      Bad(Code::kCorrupt, "the region data of the index do not fit the record");
    }
  }

  // The header, the picture and what follows it up to the next sample.
  void Record(const ShardRecord& record) {
    Header(record);
    if (const Status read = content_.Read(end_, record.bytes, &picture_); !read.ok()) {
      Bad(read.code(), read.text());
    } else if (record.hash != 0 && Hash64(picture_) != record.hash) {
      Bad(Code::kCorrupt, "the record does not have its checksum");
    }
    end_ += record.bytes;
    if (!IsZero(io::TarPaddingBytes(record.bytes))) {
      Bad(Code::kCorrupt, "bytes that should be 0 follow the record");
    }
    const std::string label = LabelText(record.label);
    if (!IsMember(MemberName(record.id, kLabelExtension), label)) {
      Bad(Code::kCorrupt, "the .cls member is not what the index says");
    }
    const auto& classes = pack_.classes;
    const bool has_class = record.label >= 0 && static_cast<size_t>(record.label) < classes.size();
    const std::string text = JsonText(
        {.id = record.id,
         .label = record.label,
         .class_name = has_class ? std::string_view(classes[static_cast<size_t>(record.label)])
                                 : std::string_view(),
         .path = record.name,
         .classes = classes.size(),
         .samples = pack_.samples});
    if (!IsMember(MemberName(record.id, kTextExtension), text)) {
      Bad(Code::kCorrupt, "the .json member is not what the index says");
    }
  }

  // The picture's. Its extension is the only thing that the index does not say.
  void Header(const ShardRecord& record) {
    const Status read = content_.Read(end_, kHeaderBytes, &bytes_);
    if (!read.ok()) Bad(read.code(), read.text());
    const auto* text = reinterpret_cast<const char*>(bytes_.data());
    const std::string_view name(text, read.ok() ? strnlen(text, kNameBytes) : 0);
    const size_t dot = name.find('.');
    std::string expected;
    if (dot != name.npos) {
      io::AppendTarHeader(MemberName(record.id, name.substr(dot + 1)), record.bytes, &expected);
    }
    if (expected.size() != kHeaderBytes ||
        std::memcmp(expected.data(), bytes_.data(), kHeaderBytes) != 0) {
      Bad(Code::kCorrupt, "the record's tar header is not what the index says");
    }
    end_ += kHeaderBytes;
    if (record.offset != end_) Bad(Code::kCorrupt, "the record is not where the index says");
  }

  // The member with this name and content lies here.
  bool IsMember(const std::string& name, std::string_view content) {
    std::string expected;
    io::AppendTarHeader(name, content.size(), &expected);
    expected += content;
    expected.append(io::TarPaddingBytes(content.size()), '\0');
    const Status read = content_.Read(end_, expected.size(), &bytes_);
    end_ += expected.size();
    NotRead(read);
    return read.ok() && std::memcmp(bytes_.data(), expected.data(), expected.size()) == 0;
  }

  bool IsZero(uint64_t count) {
    const Status read = content_.Read(end_, count, &bytes_);
    end_ += count;
    NotRead(read);
    return read.ok() &&
           std::all_of(bytes_.begin(), bytes_.end(), [](std::byte b) { return b == std::byte{0}; });
  }

  const ShardsPack& pack_;
  const ShardContent& content_;
  const ShardCheck& check_;
  uint64_t end_ = 0;  // of what was looked at
  Status problem_;    // of the sample
  std::vector<std::byte> bytes_;
  std::vector<std::byte> picture_;
  std::vector<codecs::RecordBands> bands_;    // of all records; empty: nothing is known
  std::unique_ptr<codecs::Decoder> decoder_;  // if bands_ is not
};

}  // namespace

void VerifyShard(const ShardsPack& pack, const PackShards::Shard& shard, const ShardCheck& check) {
  std::optional<ShardContent> content;
  JobError error;
  if (!ShardContent::Open(pack.folder, shard.number, &content, &error)) {
    check.bad({.id = -1,
               .path = "",
               .file = pack.folder + "/" + ShardName(shard.number),
               .offset = 0,
               .code = error.code,
               .text = error.text});
    return;
  }
  Walk(pack, *content, check).Run(shard);
}

}  // namespace headrace::loader
