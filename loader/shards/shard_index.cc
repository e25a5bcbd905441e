#include "loader/shards/shard_index.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cstring>
#include <optional>
#include <type_traits>

#include "base/checked_math.h"
#include "base/hash.h"
#include "io/whole.h"

namespace headrace::loader {
namespace {

static_assert(std::endian::native == std::endian::little, "the structs are the format");

// One of the parts of the file.
struct Part {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t hash = 0;
};

constexpr uint32_t kFlagOwnClasses = 1;
constexpr uint32_t kFlagFromPack = 2;
constexpr uint32_t kHeaderFlags = kFlagOwnClasses | kFlagFromPack;

struct FileHeader {
  char magic[8] = {'H', 'R', 'S', 'H', 'R', 'D', '\r', '\n'};
  uint32_t version = 1;
  uint32_t header_bytes = 216;
  uint32_t record_bytes = 64;
  uint32_t flags = 0;
  uint64_t file_bytes = 0;  // of the index
  uint64_t tar_bytes = 0;
  uint64_t tar_mtime_ns = 0;
  uint64_t set_samples = 0;
  uint64_t first_id = 0;
  uint64_t records = 0;
  uint64_t classes = 0;
  Part table;
  Part class_names;
  Part settings;
  Part names;
  Part regions;
  uint64_t reserved = 0;
  uint64_t header_hash = 0;  // of the bytes before it
};
static_assert(sizeof(FileHeader) == 216 && std::is_trivially_copyable_v<FileHeader>);

constexpr uint32_t kFlagTrusted = 1;
constexpr uint32_t kFlagCopied = 2;
constexpr uint32_t kRecordFlags = kFlagTrusted | kFlagCopied;

struct FileRecord {
  uint64_t offset = 0;
  uint64_t bytes = 0;
  uint64_t hash = 0;
  uint64_t region_offset = 0;  // in the part `regions`
  uint32_t region_bytes = 0;   // 0: none
  uint32_t name_offset = 0;    // in the part `names`
  uint32_t name_bytes = 0;
  uint32_t name_hash = 0;  // the low half of its Hash64
  int32_t label = -1;
  uint32_t width = 0;
  uint32_t height = 0;
  uint32_t flags = 0;
};
static_assert(sizeof(FileRecord) == 64 && std::is_trivially_copyable_v<FileRecord>);

// The table's hash goes from piece to piece, so that it can be checked in bounded memory.
constexpr uint64_t kPieceRecords = 1024;
constexpr uint64_t kClassesMax = 1 << 20;
constexpr uint64_t kSmallPartMax = 64 << 20;  // class names, settings: read whole

template <class T>
std::span<const std::byte> BytesOf(const T& value) {
  return std::as_bytes(std::span(&value, 1));
}
std::span<const std::byte> BytesOf(const std::string& text) {
  return std::as_bytes(std::span(text));
}

uint64_t HashOf(const FileHeader& header) {
  return Hash64(BytesOf(header).first(offsetof(FileHeader, header_hash)));
}
uint32_t NameHash(const std::string& name) { return static_cast<uint32_t>(Hash64(BytesOf(name))); }

Status Damaged(const char* text) { return {Code::kCorrupt, text}; }

bool Lies(const Part& part, uint64_t file_bytes) {
  const auto end = CheckedAdd(part.offset, part.bytes);
  return part.offset >= sizeof(FileHeader) && end && *end <= file_bytes;
}

// What a record may say.
bool Fits(const FileRecord& record, const ShardHeader& header, uint64_t names_bytes,
          uint64_t regions_bytes) {
  const auto end = CheckedAdd(record.offset, record.bytes);
  const auto region_end = CheckedAdd<uint64_t>(record.region_offset, record.region_bytes);
  const uint64_t name_end = uint64_t{record.name_offset} + record.name_bytes;
  const bool known_class = header.classes.empty() || record.label < 0 ||
                           static_cast<uint64_t>(record.label) < header.classes.size();
  return end && *end <= header.tar_bytes && region_end && *region_end <= regions_bytes &&
         name_end <= names_bytes && record.name_bytes <= ShardIndex::kNameBytesMax &&
         record.label >= -1 && record.label < static_cast<int64_t>(kClassesMax) && known_class &&
         (record.flags & ~kRecordFlags) == 0;
}

ShardRecord FromFile(const FileRecord& from, uint64_t id) {
  return {.id = id,
          .offset = from.offset,
          .bytes = from.bytes,
          .hash = from.hash,
          .label = from.label,
          .width = from.width,
          .height = from.height,
          .restarts_trusted = (from.flags & kFlagTrusted) != 0,
          .copied = (from.flags & kFlagCopied) != 0,
          .name = {}};
}

// A list of texts: 4 bytes of length before each.
std::string JoinTexts(const std::vector<std::string>& texts) {
  std::string joined;
  for (const std::string& text : texts) {
    const auto bytes = static_cast<uint32_t>(text.size());
    joined.append(reinterpret_cast<const char*>(&bytes), sizeof bytes);
    joined += text;
  }
  return joined;
}

bool SplitTexts(const std::string& joined, uint64_t count, std::vector<std::string>* texts) {
  size_t place = 0;
  texts->reserve(count);
  for (uint64_t i = 0; i < count; ++i) {
    uint32_t bytes = 0;
    if (joined.size() - place < sizeof bytes) return false;
    std::memcpy(&bytes, joined.data() + place, sizeof bytes);
    place += sizeof bytes;
    if (joined.size() - place < bytes) return false;
    texts->push_back(joined.substr(place, bytes));
    place += bytes;
  }
  return place == joined.size();
}

}  // namespace

std::string ShardIndexWriter::Finish() const {
  std::string names;
  std::string table;
  std::string regions;
  table.reserve(records_.size() * sizeof(FileRecord));
  const bool any_bands =
      std::ranges::any_of(records_, [](const ShardRecord& record) { return record.bands.known(); });
  for (const ShardRecord& record : records_) {
    const std::string name = record.name.substr(0, ShardIndex::kNameBytesMax);
    const FileRecord row = {
        .offset = record.offset,
        .bytes = record.bytes,
        .hash = record.hash,
        .region_offset = regions.size(),
        .region_bytes = record.bands.known() ? uint32_t{sizeof record.bands} : 0,
        .name_offset = static_cast<uint32_t>(names.size()),
        .name_bytes = static_cast<uint32_t>(name.size()),
        .name_hash = NameHash(name),
        .label = record.label,
        .width = record.width,
        .height = record.height,
        .flags = (record.restarts_trusted ? kFlagTrusted : 0) | (record.copied ? kFlagCopied : 0)};
    table.append(reinterpret_cast<const char*>(&row), sizeof row);
    names += name;
    // One for each, so that a record's is found by its number.
    if (any_bands)
      regions.append(reinterpret_cast<const char*>(&record.bands), sizeof record.bands);
  }
  const std::string classes = JoinTexts(header_.classes);

  FileHeader header;
  header.flags =
      (header_.own_classes ? kFlagOwnClasses : 0) | (header_.from_pack ? kFlagFromPack : 0);
  header.tar_bytes = header_.tar_bytes;
  header.tar_mtime_ns = header_.tar_mtime_ns;
  header.set_samples = header_.set_samples;
  header.first_id = header_.first_id;
  header.records = records_.size();
  header.classes = header_.classes.size();
  uint64_t end = sizeof header;
  const auto place = [&end](const std::string& bytes) {
    const Part part = {.offset = end, .bytes = bytes.size(), .hash = Hash64(BytesOf(bytes))};
    end += bytes.size();
    return part;
  };
  header.table = place(table);
  header.table.hash = 0;
  constexpr size_t kPieceBytes = kPieceRecords * sizeof(FileRecord);
  for (size_t at = 0; at < table.size(); at += kPieceBytes) {
    header.table.hash = Hash64(BytesOf(table).subspan(at, std::min(kPieceBytes, table.size() - at)),
                               header.table.hash);
  }
  header.class_names = place(classes);
  header.settings = place(header_.settings);
  header.names = place(names);
  header.regions = place(regions);
  header.file_bytes = end;
  header.header_hash = HashOf(header);

  std::string file;
  file.reserve(end);
  file.append(reinterpret_cast<const char*>(&header), sizeof header);
  file += table;
  file += classes;
  file += header_.settings;
  file += names;
  file += regions;
  return file;
}

Result<ShardIndex> ShardIndex::Open(const std::string& path) {
  ShardIndex index;
  // O_NONBLOCK: a pipe of that name must not keep anybody waiting.
  index.file_.Reset(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!index.file_.valid()) return Status(CodeOfErrno(errno), "cannot be opened", errno);
  struct stat about {};
  if (::fstat(index.file_.get(), &about) != 0) {
    return Status(CodeOfErrno(errno), "cannot be looked at", errno);
  }
  if (!S_ISREG(about.st_mode)) return Status(Code::kNotRegularFile, "is not a regular file");
  HR_TRY(index.Parse(static_cast<uint64_t>(about.st_size)));
  return index;
}

Result<ShardIndex> ShardIndex::FromBytes(std::string bytes) {
  ShardIndex index;
  index.memory_ = std::move(bytes);
  HR_TRY(index.Parse(index.memory_.size()));
  return index;
}

Status ShardIndex::ReadAt(uint64_t offset, std::span<std::byte> bytes) const {
  if (!file_.valid()) {
    const auto end = CheckedAdd<uint64_t>(offset, bytes.size());
    if (!end || *end > memory_.size()) return {Code::kTruncated, "ends too early"};
    if (!bytes.empty()) std::memcpy(bytes.data(), memory_.data() + offset, bytes.size());
    return {};
  }
  return io::ReadAt(file_.get(), bytes, offset, {.failed = "cannot be read"});
}

Status ShardIndex::Parse(uint64_t real_bytes) {
  FileHeader header;
  const FileHeader expected;
  if (real_bytes < sizeof header) return {Code::kTruncated, "is too short for an index"};
  HR_TRY(ReadAt(0, std::as_writable_bytes(std::span(&header, 1))));
  if (std::memcmp(header.magic, expected.magic, sizeof header.magic) != 0) {
    return Damaged("is not a shard's index");
  }
  if (header.version != expected.version) {
    return {Code::kUnsupportedFormat, "is an index of another version"};
  }
  if (header.header_hash != HashOf(header)) return Damaged("has a damaged header");
  if (header.header_bytes != sizeof header || header.record_bytes != sizeof(FileRecord) ||
      (header.flags & ~kHeaderFlags) != 0) {
    return {Code::kUnsupportedFormat, "is an index of another kind"};
  }
  if (header.file_bytes != real_bytes) return {Code::kTruncated, "has not the size that it says"};
  if (real_bytes > kBytesMax) return {Code::kLimitBytes, "is larger than an index may be, 1 GiB"};
  for (const Part* part :
       {&header.table, &header.class_names, &header.settings, &header.names, &header.regions}) {
    if (!Lies(*part, real_bytes)) return Damaged("has a part that lies outside of it");
  }
  const uint64_t last_id = SaturatingAdd(header.first_id, header.records);
  if (header.records > kSamplesMax ||
      SaturatingMul(header.records, sizeof(FileRecord)) != header.table.bytes ||
      last_id > kSamplesMax || header.set_samples > kSamplesMax ||
      (header.set_samples > 0 && last_id > header.set_samples) || header.names.bytes > UINT32_MAX) {
    return Damaged("has counts that cannot be");
  }
  if (header.classes > kClassesMax || header.class_names.bytes > kSmallPartMax ||
      header.settings.bytes > kSmallPartMax) {
    return {Code::kLimitBytes, "has more class names or settings than an index may have"};
  }
  std::string classes(header.class_names.bytes, '\0');
  HR_TRY(ReadAt(header.class_names.offset, std::as_writable_bytes(std::span(classes))));
  header_.settings.resize(header.settings.bytes);
  HR_TRY(ReadAt(header.settings.offset, std::as_writable_bytes(std::span(header_.settings))));
  if (Hash64(BytesOf(classes)) != header.class_names.hash ||
      Hash64(BytesOf(header_.settings)) != header.settings.hash ||
      !SplitTexts(classes, header.classes, &header_.classes)) {
    return Damaged("has damaged class names or settings");
  }
  header_.tar_bytes = header.tar_bytes;
  header_.tar_mtime_ns = header.tar_mtime_ns;
  header_.set_samples = header.set_samples;
  header_.first_id = header.first_id;
  header_.from_pack = (header.flags & kFlagFromPack) != 0;
  header_.own_classes = (header.flags & kFlagOwnClasses) != 0;
  bytes_ = real_bytes;
  records_ = header.records;
  table_offset_ = header.table.offset;
  table_hash_ = header.table.hash;
  names_offset_ = header.names.offset;
  names_bytes_ = header.names.bytes;
  names_hash_ = header.names.hash;
  regions_offset_ = header.regions.offset;
  regions_bytes_ = header.regions.bytes;
  regions_hash_ = header.regions.hash;
  const uint64_t facts[] = {header.table.hash, header.names.hash, header.class_names.hash,
                            header.records};
  records_hash_ = Hash64(std::as_bytes(std::span(facts)));
  header_hash_ = header.header_hash;
  return {};
}

Status ShardIndex::ReadPiece(uint64_t first, uint64_t* hash,
                             std::vector<ShardRecord>* piece) const {
  std::vector<FileRecord> rows(std::min(kPieceRecords, records_ - first));
  HR_TRY(
      ReadAt(table_offset_ + first * sizeof(FileRecord), std::as_writable_bytes(std::span(rows))));
  *hash = Hash64(std::as_bytes(std::span(rows)), *hash);
  piece->clear();
  for (const FileRecord& row : rows) {
    if (!Fits(row, header_, names_bytes_, regions_bytes_)) {
      return Damaged("has a record of something that the shard has not");
    }
    piece->push_back(FromFile(row, header_.first_id + first + piece->size()));
  }
  return {};
}

Status ShardIndex::CheckTable(uint64_t hash) const {
  return hash == table_hash_ ? Status() : Damaged("has a damaged record table");
}

Status ShardIndex::Read(uint64_t number, ShardRecord* record) const {
  if (number >= records_) return {Code::kInvalidArgument, "a record that the index has not"};
  FileRecord row;
  HR_TRY(ReadAt(table_offset_ + number * sizeof row, std::as_writable_bytes(std::span(&row, 1))));
  if (!Fits(row, header_, names_bytes_, regions_bytes_)) {
    return Damaged("has a record of something that the shard has not");
  }
  *record = FromFile(row, header_.first_id + number);
  record->name.resize(row.name_bytes);
  HR_TRY(ReadAt(names_offset_ + row.name_offset, std::as_writable_bytes(std::span(record->name))));
  return NameHash(record->name) == row.name_hash ? Status() : Damaged("has a damaged name");
}

Status ShardIndex::ReadBands(std::vector<codecs::RecordBands>* bands) const {
  if (regions_bytes_ != records_ * sizeof(codecs::RecordBands)) {
    return Damaged("has region data of another kind");
  }
  bands->resize(records_);
  const auto bytes = std::as_writable_bytes(std::span(*bands));
  HR_TRY(ReadAt(regions_offset_, bytes));
  return Hash64(bytes) == regions_hash_ ? Status() : Damaged("has damaged region data");
}

Status ShardIndex::ReadNames(std::string* names, std::vector<uint32_t>* ends) const {
  names->resize(names_bytes_);
  HR_TRY(ReadAt(names_offset_, std::as_writable_bytes(std::span(*names))));
  if (Hash64(BytesOf(*names)) != names_hash_) return Damaged("has damaged names");
  ends->clear();
  ends->reserve(records_);
  std::vector<FileRecord> rows;
  uint64_t end = 0;
  for (uint64_t first = 0; first < records_; first += rows.size()) {
    if (!OpeningGoesOn()) return {Code::kStopped, kOpeningStopped};
    rows.resize(std::min(kPieceRecords, records_ - first));
    HR_TRY(ReadAt(table_offset_ + first * sizeof(FileRecord),
                  std::as_writable_bytes(std::span(rows))));
    for (const FileRecord& row : rows) {
      // Version 1 lays them end to end, in the order of the records.
      if (row.name_offset != end || row.name_bytes > names_bytes_ - end) {
        return Damaged("has names in another order than its records");
      }
      end += row.name_bytes;
      ends->push_back(static_cast<uint32_t>(end));
    }
  }
  return {};
}

}  // namespace headrace::loader
