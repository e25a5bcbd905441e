#include "io/tar.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <string_view>
#include <utility>

#include "base/checked_math.h"
#include "io/whole.h"

namespace headrace::io {
namespace {

constexpr uint64_t kBlockBytes = kTarBlockBytes;
// A few headers of small members, and all that lies between them.
constexpr uint64_t kBufferBytes = 16 * 1024;
// PAX headers may carry extended attributes; names alone take far less.
constexpr uint64_t kPaxBytesMax = 1 << 20;
constexpr uint64_t kSparseBlocksMax = 1 << 16;

// A header block, as POSIX lays it out.
struct Header {
  char name[100];
  char mode[8];
  char uid[8];
  char gid[8];
  char size[12];
  char mtime[12];
  char checksum[8];
  char type;
  char link[100];
  char magic[8];  // with the version
  char user[32];
  char group[32];
  char device_major[8];
  char device_minor[8];
  char prefix[155];
  char rest[12];
};
static_assert(sizeof(Header) == kBlockBytes);
// GNU's old sparse files: whether blocks with more of the map follow.
constexpr size_t kSparseMoreInHeader = 482;
constexpr size_t kSparseMoreInBlock = 504;

template <size_t N>
std::string_view Text(const char (&field)[N]) {
  return {field, strnlen(field, N)};
}

// Octal digits with blanks around them, or GNU's base 256. None: neither, negative, or too large.
template <size_t N>
std::optional<uint64_t> Number(const char (&field)[N]) {
  const auto first = static_cast<unsigned char>(field[0]);
  uint64_t value = 0;
  if ((first & 0x80) != 0) {
    if ((first & 0x40) != 0) return std::nullopt;  // negative
    value = first & 0x3F;
    for (size_t i = 1; i < N; ++i) {
      if (value >> 56 != 0) return std::nullopt;
      value = value << 8 | static_cast<unsigned char>(field[i]);
    }
    return value;
  }
  size_t i = 0;
  while (i < N && field[i] == ' ') ++i;
  for (; i < N && field[i] >= '0' && field[i] <= '7'; ++i) {
    value = value << 3 | static_cast<uint64_t>(field[i] - '0');  // 12 digits: 36 bits
  }
  for (; i < N; ++i) {
    if (field[i] != ' ' && field[i] != '\0') return std::nullopt;
  }
  return value;
}

bool ChecksumFits(const Header& header) {
  const std::optional<uint64_t> wanted = Number(header.checksum);
  if (!wanted) return false;
  const auto* bytes = reinterpret_cast<const unsigned char*>(&header);
  // Its own field counts as blanks. Old writers summed signed characters.
  int64_t sum = 0;
  int64_t signed_sum = 0;
  for (size_t i = 0; i < sizeof header; ++i) {
    const bool own =
        i >= offsetof(Header, checksum) && i < offsetof(Header, checksum) + sizeof header.checksum;
    const unsigned char byte = own ? ' ' : bytes[i];
    sum += byte;
    signed_sum += static_cast<signed char>(byte);
  }
  const auto value = static_cast<int64_t>(*wanted);
  return value == sum || value == signed_sum;
}

bool IsPosix(const Header& header) { return std::memcmp(header.magic, "ustar", 6) == 0; }

std::string NameOf(const Header& header) {
  std::string name;
  // GNU keeps other things in this place.
  if (IsPosix(header) && header.prefix[0] != '\0') {
    name = Text(header.prefix);
    name += '/';
  }
  name += Text(header.name);
  return name;
}

// What an archive that was compressed begins with.
struct Compression {
  std::string_view magic;
  const char* text;
};
constexpr Compression kCompressions[] = {
    {"\x1F\x8B", "is compressed by gzip, and only plain tar is read (gunzip makes it plain)"},
    {"\x28\xB5\x2F\xFD",
     "is compressed by zstd, and only plain tar is read (unzstd makes it plain)"},
    {{"\xFD\x37zXZ\0", 6}, "is compressed by xz, and only plain tar is read (unxz makes it plain)"},
    {"BZh", "is compressed by bzip2, and only plain tar is read (bunzip2 makes it plain)"},
    {"\x04\x22\x4D\x18", "is compressed by lz4, and only plain tar is read (unlz4 makes it plain)"},
};

constexpr const char* kEndsAfterExtras = "the archive ends after the extra header of a member";

Status Corrupt(const char* text) { return {Code::kCorrupt, text}; }

}  // namespace

Status ParseTarHeader(std::span<const std::byte, kTarBlockBytes> block, TarMember* member) {
  Header header;
  std::memcpy(&header, block.data(), sizeof header);
  const std::optional<uint64_t> bytes = Number(header.size);
  const bool regular = header.type == '0' || header.type == '\0' || header.type == '7';
  if (!ChecksumFits(header) || !bytes || !regular) return Corrupt("is no header of a file");
  member->name = NameOf(header);
  member->bytes = *bytes;
  return {};
}

TarReader::TarReader(int fd, uint64_t file_bytes, std::function<bool()> goes_on)
    : fd_(fd),
      file_bytes_(file_bytes),
      goes_on_(std::move(goes_on)),
      buffer_(std::make_unique<std::byte[]>(kBufferBytes)) {}

Status TarReader::Read(uint64_t offset, std::span<std::byte> bytes) {
  const std::optional<uint64_t> end = CheckedAdd<uint64_t>(offset, bytes.size());
  if (!end || *end > file_bytes_) return {Code::kTruncated, "the archive ends inside a member"};
  if (bytes.empty()) return {};
  if (offset >= buffer_offset_ && *end <= buffer_offset_ + buffer_bytes_) {
    std::memcpy(bytes.data(), buffer_.get() + (offset - buffer_offset_), bytes.size());
    return {};
  }
  return ReadAt(fd_, bytes, offset,
                {.ended = "the archive became shorter while it was read",
                 .failed = "the archive cannot be read"});
}

Status TarReader::Block(uint64_t offset, const std::byte** block) {
  if (offset < buffer_offset_ || offset + kBlockBytes > buffer_offset_ + buffer_bytes_) {
    const uint64_t wanted = std::min(kBufferBytes, file_bytes_ - offset);
    if (wanted < kBlockBytes) return {Code::kTruncated, "the archive ends inside a header"};
    buffer_bytes_ = 0;
    HR_TRY(Read(offset, {buffer_.get(), wanted}));
    buffer_offset_ = offset;
    buffer_bytes_ = wanted;
  }
  *block = buffer_.get() + (offset - buffer_offset_);
  return {};
}

Status TarReader::Next(TarMember* member, bool* found) {
  *found = false;
  if (ended_) return {};
  Extras extras;
  for (bool is_member = false; !is_member;) {
    if (goes_on_ && !goes_on_()) return {Code::kStopped, "stopped by the caller"};
    offset_ = next_;
    const Status status = ReadHeader(member, &extras, &is_member);
    if (!status.ok()) ended_ = true;
    if (!status.ok() || ended_) return status;
  }
  *found = true;
  return {};
}

bool TarReader::HasDataBehindEnd() {
  if (!has_end_mark_) return false;
  const uint64_t end = std::min(file_bytes_, SaturatingAdd(offset_, kRestBytesMax));
  std::byte piece[8 * kBlockBytes];
  for (uint64_t at = offset_; at < end;) {
    const std::span<std::byte> bytes(piece, std::min<uint64_t>(sizeof piece, end - at));
    if (!Read(at, bytes).ok()) return false;
    if (std::ranges::any_of(bytes, [](std::byte b) { return b != std::byte{0}; })) return true;
    at += bytes.size();
  }
  return false;
}

Status TarReader::CompressedOr(const Status& other) {
  char begin[8] = {};
  const std::span<char> wanted(begin, std::min<uint64_t>(sizeof begin, file_bytes_));
  if (!Read(0, std::as_writable_bytes(wanted)).ok()) return other;
  for (const Compression& known : kCompressions) {
    if (std::string_view(begin, wanted.size()).starts_with(known.magic)) {
      return {Code::kUnsupportedFormat, known.text};
    }
  }
  return other;
}

Status TarReader::Skip(uint64_t bytes) {
  const std::optional<uint64_t> end = CheckedAdd(next_, bytes);
  if (!end || *end > file_bytes_) {
    return {Code::kTruncated, "a member goes on beyond the end of the archive"};
  }
  // The last member's filling may be cut off: none of its bytes is missing.
  next_ = std::min(RoundUp(*end, kBlockBytes), file_bytes_);
  return {};
}

Status TarReader::ReadHeader(TarMember* member, Extras* extras, bool* is_member) {
  if (next_ == file_bytes_) {
    ended_ = true;
    if (file_bytes_ == 0) return {Code::kTruncated, "an empty file is no archive"};
    return extras->any() ? Status(Code::kTruncated, kEndsAfterExtras) : Status();
  }
  const std::byte* block = nullptr;
  const Status status = Block(next_, &block);
  if (!status.ok()) return offset_ == 0 ? CompressedOr(status) : status;
  Header header;
  std::memcpy(&header, block, sizeof header);
  const auto* characters = reinterpret_cast<const char*>(&header);
  if (std::all_of(characters, characters + sizeof header, [](char c) { return c == '\0'; })) {
    ended_ = true;
    has_end_mark_ = true;
    return extras->any() ? Status(Code::kCorrupt, kEndsAfterExtras) : Status();
  }
  if (!ChecksumFits(header)) {
    if (offset_ != 0) return Corrupt("the checksum of a header is wrong");
    return CompressedOr(
        Corrupt("is not a tar archive (the checksum of its first header is wrong)"));
  }
  const std::optional<uint64_t> stated = Number(header.size);
  if (!stated) return Corrupt("the size in a header is not a number");
  next_ += kBlockBytes;
  switch (header.type) {
    case 'L': return ReadLongName(*stated, extras);
    case 'K': return Skip(*stated);  // the long name of a link
    case 'x':
    case 'g': return ReadPax(*stated, header.type == 'g', extras);
    default: break;
  }
  const uint64_t bytes = extras->has_bytes ? extras->bytes : *stated;
  const bool regular = header.type == '0' || header.type == '\0' || header.type == '7';
  std::string name = extras->has_name ? std::move(extras->name) : NameOf(header);
  const bool sparse = extras->sparse || header.type == 'S';
  *extras = {};
  if (!regular || sparse || name.ends_with('/')) {
    ++passed_over_;
    if (header.type == 'S') {
      if (characters[kSparseMoreInHeader] != '\0') HR_TRY(PassSparseMap());
      return Skip(bytes);
    }
    // Links, devices, folders and pipes have no content, whatever their size says.
    const bool no_content = header.type >= '1' && header.type <= '6';
    return no_content ? Status() : Skip(bytes);
  }
  if (name.size() > kNameBytesMax) return Corrupt("a name is longer than 4096 bytes");
  while (name.starts_with("./")) {
    name.erase(0, 2);
    while (name.starts_with('/')) name.erase(0, 1);
  }
  member->name = std::move(name);
  member->offset = next_;
  member->bytes = bytes;
  member->mtime_s =
      static_cast<int64_t>(std::min<uint64_t>(Number(header.mtime).value_or(0), INT64_MAX));
  HR_TRY(Skip(bytes));
  *is_member = true;
  return {};
}

Status TarReader::PassSparseMap() {
  for (uint64_t i = 0; i < kSparseBlocksMax; ++i) {
    const std::byte* block = nullptr;
    if (next_ == file_bytes_) return {Code::kTruncated, "the archive ends inside a header"};
    HR_TRY(Block(next_, &block));
    const bool more = block[kSparseMoreInBlock] != std::byte{0};
    next_ += kBlockBytes;
    if (!more) return {};
  }
  return Corrupt("the map of a sparse file does not end");
}

Status TarReader::ReadLongName(uint64_t bytes, Extras* extras) {
  if (bytes > kNameBytesMax + 1) return Corrupt("a name is longer than 4096 bytes");
  std::string name(bytes, '\0');
  HR_TRY(Read(next_, std::as_writable_bytes(std::span(name))));
  name.resize(strnlen(name.data(), name.size()));
  extras->name = std::move(name);
  extras->has_name = true;
  return Skip(bytes);
}

// Records "LENGTH KEY=VALUE\n", LENGTH being that of the whole record.
Status TarReader::ReadPax(uint64_t bytes, bool global, Extras* extras) {
  if (bytes > kPaxBytesMax) return Corrupt("a PAX header is longer than 1 MiB");
  std::string text(bytes, '\0');
  HR_TRY(Read(next_, std::as_writable_bytes(std::span(text))));
  size_t place = 0;
  while (place < text.size() && text[place] != '\0') {
    size_t length = 0;
    size_t i = place;
    for (; i < text.size() && text[i] >= '0' && text[i] <= '9'; ++i) {
      length = length * 10 + static_cast<size_t>(text[i] - '0');
      if (length > text.size()) return Corrupt("a record of a PAX header is longer than it");
    }
    // At least " k=\n" behind the digits.
    if (i == place || i == text.size() || text[i] != ' ' || length > text.size() - place ||
        length < i - place + 3 || text[place + length - 1] != '\n') {
      return Corrupt("a PAX header is not made of records");
    }
    const char* const key = text.data() + i + 1;
    const char* const end = text.data() + place + length - 1;
    const auto* equals =
        static_cast<const char*>(std::memchr(key, '=', static_cast<size_t>(end - key)));
    if (equals == nullptr) return Corrupt("a PAX header is not made of records");
    HR_TRY(TakePaxRecord(key, static_cast<size_t>(equals - key), equals + 1,
                         static_cast<size_t>(end - equals - 1), global, extras));
    place += length;
  }
  return Skip(bytes);
}

Status TarReader::TakePaxRecord(const char* key_text, size_t key_bytes, const char* value_text,
                                size_t value_bytes, bool global, Extras* extras) {
  const std::string_view key(key_text, key_bytes);
  const std::string_view value(value_text, value_bytes);
  const bool sparse = key.starts_with("GNU.sparse.");
  if (key != "path" && key != "size" && !sparse) return {};
  if (global) {
    return {Code::kUnsupportedFormat, "a global PAX header gives names or sizes of members"};
  }
  if (sparse) {
    extras->sparse = true;
  } else if (key == "path") {
    if (value.size() > kNameBytesMax) return Corrupt("a name is longer than 4096 bytes");
    if (value.find('\0') != std::string_view::npos) return Corrupt("a name has a NUL in it");
    extras->name = value;
    extras->has_name = true;
  } else {
    uint64_t bytes = 0;
    for (const char c : value) {
      if (c < '0' || c > '9') return Corrupt("the size in a PAX header is not a number");
      bytes = SaturatingAdd(SaturatingMul(bytes, 10), static_cast<uint64_t>(c - '0'));
    }
    if (value.empty()) return Corrupt("the size in a PAX header is not a number");
    extras->bytes = bytes;
    extras->has_bytes = true;
  }
  return {};
}

namespace {

void WriteOctal(uint64_t value, char* field, size_t digits) {
  for (size_t i = digits; i-- > 0; value >>= 3) field[i] = static_cast<char>('0' + (value & 7));
}

constexpr uint64_t kOctalBytesMax = (uint64_t{1} << 33) - 1;  // 11 digits

void AppendBlock(std::string_view name, uint64_t bytes, char type, std::string* archive) {
  Header header = {};
  std::memcpy(header.name, name.data(), std::min(name.size(), sizeof header.name));
  WriteOctal(0644, header.mode, 7);
  WriteOctal(0, header.uid, 7);
  WriteOctal(0, header.gid, 7);
  WriteOctal(std::min(bytes, kOctalBytesMax), header.size, 11);
  WriteOctal(0, header.mtime, 11);
  header.type = type;
  std::memcpy(header.magic, "ustar\00000", 8);
  WriteOctal(0, header.device_major, 7);
  WriteOctal(0, header.device_minor, 7);
  std::memset(header.checksum, ' ', sizeof header.checksum);
  uint64_t sum = 0;
  std::array<unsigned char, sizeof header> raw;
  std::memcpy(raw.data(), &header, sizeof header);
  for (const unsigned char byte : raw) sum += byte;
  WriteOctal(sum, header.checksum, 6);
  header.checksum[6] = '\0';
  archive->append(reinterpret_cast<const char*>(&header), sizeof header);
}

// "LENGTH KEY=VALUE\n"; the length counts its own digits.
std::string PaxRecord(std::string_view key, std::string_view value) {
  const size_t rest = key.size() + value.size() + 3;
  size_t length = rest + 1;
  while (rest + std::to_string(length).size() != length) ++length;
  std::string record = std::to_string(length);
  record += ' ';
  record += key;
  record += '=';
  record += value;
  record += '\n';
  return record;
}

}  // namespace

void AppendTarHeader(const std::string& name, uint64_t bytes, std::string* archive) {
  std::string records;
  if (name.size() > sizeof Header::name) records += PaxRecord("path", name);
  if (bytes > kOctalBytesMax) records += PaxRecord("size", std::to_string(bytes));
  if (!records.empty()) {
    AppendBlock("././@PaxHeader", records.size(), 'x', archive);
    archive->append(records);
    archive->append(TarPaddingBytes(records.size()), '\0');
  }
  AppendBlock(name, bytes, '0', archive);
}

uint64_t TarPaddingBytes(uint64_t bytes) {
  return (kBlockBytes - bytes % kBlockBytes) % kBlockBytes;
}

}  // namespace headrace::io
