#include "loader/shards/shard_scan.h"

#include <algorithm>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/status_text.h"
#include "io/tar.h"
#include "loader/open_watch.h"
#include "loader/shards/sample_facts.h"
#include "loader/shown_name.h"

namespace headrace::loader {
namespace {

bool EndsIn(std::string_view name, std::string_view extension) {
  if (name.size() <= extension.size()) return false;
  const std::string_view tail = name.substr(name.size() - extension.size());
  return std::equal(tail.begin(), tail.end(), extension.begin(), [](char a, char b) {
    return (a >= 'A' && a <= 'Z' ? static_cast<char>(a - 'A' + 'a') : a) == b;
  });
}

// Whether there is nothing between a member's key and its extension.
bool IsPlainName(std::string_view name, std::string_view key) {
  return name.find('.', key.size() + 1) == std::string_view::npos;
}

std::string LabelProblem(const Status& status, const SampleFacts& facts) {
  std::string text = status.text();
  if (!facts.refused.empty()) text += "; found " + ShownName(facts.refused);
  return text;
}

// Reads the archive once, with the records' names either the members' or, if `as_pack`, those of
// the source.
class Scan {
 public:
  Scan(io::TarReader* reader, const std::string& path, ShardIndexWriter* index,
       ShardScanCounts* counts, ConfigError* error)
      : reader_(*reader), path_(path), index_(*index), counts_(*counts), error_(error) {}

  bool Run(bool as_pack, std::atomic<uint64_t>* done_bytes, const std::atomic<bool>* stop);
  // Whether it went wrong only because the shard is not a pack's after all.
  bool is_no_pack() const { return is_no_pack_; }
  // What was added to *done_bytes.
  uint64_t told_bytes() const { return told_bytes_; }

 private:
  struct PicturesOfKind {
    uint64_t count = 0;
    std::string second;
  };
  // The members with one key.
  struct Sample {
    std::string key;
    std::optional<io::TarMember> picture;
    PicturesOfKind plain;    // with nothing between key and extension
    PicturesOfKind further;  // with something
    std::optional<std::string> cls;
    std::string cls_name;
    std::optional<std::string> json;
    std::string json_name;
  };

  bool FailAt(const std::string& name, const std::string& text, Code code) {
    return Fail(error_, code, ShownName(path_) + ": " + ShownName(name) + " " + text);
  }
  std::string Advice() const;
  bool Take(const io::TarMember& member);
  bool ReadText(const io::TarMember& member, std::optional<std::string>* text);
  bool Flush();
  void CountPicturesLeftOut();
  bool FactsOf(SampleFacts* facts);
  bool NoteLabel(const SampleFacts& facts, const std::string& name);
  bool Label();
  void NameClasses();

  io::TarReader& reader_;
  const std::string& path_;
  ShardIndexWriter& index_;
  ShardScanCounts& counts_;
  ConfigError* error_;
  bool as_pack_ = false;
  bool is_no_pack_ = false;
  uint64_t told_bytes_ = 0;
  Sample sample_;
  // Of the class names that were seen: a number, by which records without another label are known.
  std::map<std::string, int32_t> names_;
  std::vector<int32_t> name_of_;             // by record: that number, -1 without a name
  std::map<int32_t, std::string> numbered_;  // class names that belong to numbers
  std::string first_number_, first_name_;    // the first record that has only this kind of label
  uint64_t pack_classes_ = 0;
};

bool Scan::Run(bool as_pack, std::atomic<uint64_t>* done_bytes, const std::atomic<bool>* stop) {
  as_pack_ = as_pack;
  for (;;) {
    if (stop->load(std::memory_order_relaxed)) return Fail(error_, Code::kStopped, "stopped");
    if (!OpeningGoesOn(error_)) return false;
    io::TarMember member;
    bool found = false;
    const Status status = reader_.Next(&member, &found);
    if (status.code() == Code::kStopped) return OpeningGoesOn(error_);
    if (!status.ok()) {
      return Fail(error_, status.code(),
                  ShownName(path_) + ": at byte " + std::to_string(reader_.offset()) + ": " +
                      TextOf(status) + "; " + Advice() + ", or take it out of [dataset] path",
                  status.error_number());
    }
    if (!found) break;
    if (!Take(member)) return false;
    done_bytes->fetch_add(member.offset - told_bytes_, std::memory_order_relaxed);
    told_bytes_ = member.offset;
    // A pack's is hopped through here, and then its records are read (AddHashes), which takes
    // nearly all of the time.
    OpeningIsAt({.samples_done = index_.records(),
                 .bytes = index_.header().tar_bytes,
                 .bytes_done = as_pack_ ? 0 : member.offset});
  }
  counts_.passed_over = reader_.passed_over();
  counts_.no_end_mark = !reader_.has_end_mark();
  counts_.data_behind_end = reader_.HasDataBehindEnd();
  return Flush() && Label();
}

// What to do about a shard that cannot be read. A pack's is known by its first sample or, where
// that is gone, by the index beside it; then pack does not know it for its own.
std::string Scan::Advice() const {
  if (as_pack_ && index_.records() > 0) {
    return "run headrace pack again, which makes this shard anew";
  }
  auto index = ShardIndex::Open(ShardIndexPath(path_));
  return index.ok() && index->header().is_pack()
             ? "run headrace pack again with --force, which makes this shard anew"
             : "make the shard again";
}

bool Scan::Take(const io::TarMember& member) {
  const std::string_view key = KeyOf(member.name);
  if (key.empty()) return true;
  if (key != sample_.key) {
    if (!Flush()) return false;
    sample_ = {};
    sample_.key = key;
  }
  if (IsPictureName(member.name)) {
    const bool is_plain = IsPlainName(member.name, key);
    PicturesOfKind& kind = is_plain ? sample_.plain : sample_.further;
    if (++kind.count == 2) kind.second = member.name;
    if (!sample_.picture || (is_plain && sample_.plain.count == 1)) sample_.picture = member;
    return true;
  }
  if (EndsIn(member.name, ".cls") && !sample_.cls) {
    if (member.bytes > kClsBytesMax) {
      return FailAt(member.name, "is too large for a label", Code::kConfigValue);
    }
    sample_.cls_name = member.name;
    return ReadText(member, &sample_.cls);
  }
  if (EndsIn(member.name, ".json") && !sample_.json && member.bytes <= kJsonBytesMax) {
    sample_.json_name = member.name;
    return ReadText(member, &sample_.json);
  }
  return true;
}

bool Scan::ReadText(const io::TarMember& member, std::optional<std::string>* text) {
  text->emplace(member.bytes, '\0');
  const Status status = reader_.Read(member.offset, std::as_writable_bytes(std::span(**text)));
  return status.ok() || FailAt(member.name, status.text(), status.code());
}

bool Scan::FactsOf(SampleFacts* facts) {
  if (sample_.cls) {
    const Status status = ReadCls(*sample_.cls, facts);
    if (!status.ok()) return FailAt(sample_.cls_name, LabelProblem(status, *facts), status.code());
  }
  const bool has_label = facts->label || !facts->class_name.empty();
  if (!sample_.json || (has_label && !as_pack_)) return true;
  SampleFacts more;
  const Status status = ReadFactsJson(*sample_.json, &more);
  if (as_pack_ && !status.ok()) {
    // Whether it matters is seen when the shard is read as a plain one: a .cls may say the label.
    is_no_pack_ = true;
    return false;
  }
  if (status.code() == Code::kCorrupt) {
    if (counts_.bad_json++ == 0) counts_.bad_json_name = sample_.json_name;
    return true;
  }
  if (!status.ok()) return FailAt(sample_.json_name, LabelProblem(status, more), status.code());
  if (facts->label) more.label = facts->label;
  if (!facts->class_name.empty()) more.class_name = facts->class_name;
  *facts = std::move(more);
  return true;
}

// One picture of a key counts. Those of its own kind were left out only because they came later.
void Scan::CountPicturesLeftOut() {
  const bool has_plain = sample_.plain.count > 0;
  const PicturesOfKind& kind = has_plain ? sample_.plain : sample_.further;
  if (kind.count > 1) {
    if (counts_.same_key == 0) counts_.same_key_name = kind.second;
    counts_.same_key += kind.count - 1;
  }
  if (has_plain) counts_.beside_picture += sample_.further.count;
}

bool Scan::Flush() {
  if (sample_.key.empty()) return true;
  if (!sample_.picture) {
    if (counts_.without_picture++ == 0) counts_.no_picture_key = sample_.key;
    return true;
  }
  CountPicturesLeftOut();
  if (index_.records() == ShardIndex::kSamplesMax) {
    return Fail(error_, Code::kLimitBytes, ShownName(path_) + ": more than 2^32 samples");
  }
  SampleFacts facts;
  if (!FactsOf(&facts)) return false;
  ShardRecord record = {.id = index_.records(),
                        .offset = sample_.picture->offset,
                        .bytes = sample_.picture->bytes,
                        .name = sample_.picture->name};
  if (as_pack_) {
    ShardHeader& header = index_.header();
    const bool first = index_.records() == 0;
    if (facts.from_pack() && first) {
      header.first_id = *facts.id;
      header.set_samples = facts.samples;
      pack_classes_ = *facts.classes;
    }
    if (!facts.from_pack() || *facts.id != header.first_id + index_.records() ||
        *facts.classes != pack_classes_ || facts.samples != header.set_samples ||
        (facts.samples > 0 && *facts.id >= facts.samples) || *facts.id >= ShardIndex::kSamplesMax) {
      is_no_pack_ = true;
      return false;
    }
    record.id = *facts.id;
    record.name = facts.path;
  }
  if (!NoteLabel(facts, record.name)) return false;
  record.label = static_cast<int32_t>(facts.label.value_or(-1));
  index_.Add(std::move(record));
  return true;
}

bool Scan::NoteLabel(const SampleFacts& facts, const std::string& name) {
  int32_t number = -1;
  if (!facts.class_name.empty()) {
    if (facts.label && *facts.label >= 0) {
      const auto [known, is_new] =
          numbered_.try_emplace(static_cast<int32_t>(*facts.label), facts.class_name);
      if (known->second != facts.class_name && counts_.name_clashes++ == 0) {
        counts_.name_clash = ShownName(name) + " has class " + std::to_string(*facts.label) +
                             " as " + ShownName(facts.class_name) + ", and one before as " +
                             ShownName(known->second);
      }
    } else if (!facts.label) {
      if (names_.size() == static_cast<size_t>(kLabelsMax)) {
        return FailAt(name, "has one class name too many: there are over a million",
                      Code::kConfigValue);
      }
      number =
          names_.try_emplace(facts.class_name, static_cast<int32_t>(names_.size())).first->second;
      if (first_name_.empty()) first_name_ = name;
    }
  } else if (facts.label && *facts.label >= 0 && first_number_.empty()) {
    first_number_ = name;
  }
  name_of_.push_back(number);
  return true;
}

// Labels that are names become places among the names of this shard.
bool Scan::Label() {
  if (!first_name_.empty() && (!first_number_.empty() || !numbered_.empty())) {
    const std::string other = first_number_.empty() ? "others" : ShownName(first_number_);
    return FailAt(first_name_,
                  "has the name of a class for a label, and " + other +
                      " a number; let all of them have one or the other",
                  Code::kConfigValue);
  }
  if (names_.empty()) {
    NameClasses();
    return true;
  }
  ShardHeader& header = index_.header();
  header.own_classes = true;
  std::vector<int32_t> place_of(names_.size());
  for (const auto& [name, number] : names_) {  // in byte order
    place_of[static_cast<size_t>(number)] = static_cast<int32_t>(header.classes.size());
    header.classes.push_back(name);
  }
  std::vector<ShardRecord>& records = index_.all();
  for (size_t i = 0; i < records.size(); ++i) {
    if (name_of_[i] >= 0) records[i].label = place_of[static_cast<size_t>(name_of_[i])];
  }
  return true;
}

// Names of numbers, as far as they are known and agree.
void Scan::NameClasses() {
  if ((numbered_.empty() && pack_classes_ == 0) || counts_.name_clashes > 0) return;
  int32_t last = -1;
  for (const ShardRecord& record : index_.all()) last = std::max(last, record.label);
  std::vector<std::string>& classes = index_.header().classes;
  classes.resize(std::max<uint64_t>(pack_classes_, static_cast<uint64_t>(last + 1)));
  for (const auto& [number, name] : numbered_) classes[static_cast<size_t>(number)] = name;
}

}  // namespace

bool IsPictureName(std::string_view name) {
  for (const char* extension : {".jpg", ".jpeg", ".jpe", ".png", ".webp", ".hrc"}) {
    if (EndsIn(name, extension)) return true;
  }
  return false;
}

std::string_view KeyOf(std::string_view name) {
  const size_t slash = name.rfind('/');
  const size_t begin = slash == std::string_view::npos ? 0 : slash + 1;
  const size_t dot = name.find('.', begin);
  if (dot == std::string_view::npos || dot == begin) return {};
  return name.substr(0, dot);
}

bool ScanShard(int file, uint64_t file_bytes, uint64_t mtime_ns, const std::string& path,
               std::atomic<uint64_t>* done_bytes, const std::atomic<bool>* stop,
               ShardIndexWriter* index, ShardScanCounts* counts, ConfigError* error) {
  // As a pack's first, which its first sample mostly decides.
  for (const bool as_pack : {true, false}) {
    *index = ShardIndexWriter({.tar_bytes = file_bytes, .from_pack = as_pack});
    *counts = {};
    // A shard may be nothing but members that the reader passes over.
    io::TarReader reader(file, file_bytes, [] { return OpeningGoesOn(); });
    Scan scan(&reader, path, index, counts, error);
    const bool good = scan.Run(as_pack, done_bytes, stop);
    if (!good && scan.is_no_pack()) {
      done_bytes->fetch_sub(scan.told_bytes(), std::memory_order_relaxed);
      continue;
    }
    if (index->records() == 0) index->header().from_pack = false;
    if (!index->header().is_pack()) index->header().tar_mtime_ns = mtime_ns;
    return good;
  }
  return Fail(error, Code::kInternal, "a shard was read as neither kind");
}

}  // namespace headrace::loader
