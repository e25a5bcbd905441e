#include "loader/checkpoints/checkpoint_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/checked_math.h"
#include "base/hash.h"
#include "io/whole.h"
#include "loader/checkpoints/checkpoint_limits.h"

namespace headrace::loader {
namespace {

constexpr size_t kPieceEntries = 1600;  // 64000 bytes

Status Damaged(const char* text) { return Status(Code::kCorrupt, text); }

}  // namespace

uint64_t HashOf(const CheckpointHeader& header) {
  return Hash64(
      std::as_bytes(std::span(&header, 1)).first(offsetof(CheckpointHeader, header_hash)));
}

uint64_t HashOf(const CheckpointEntry& entry, uint64_t before) {
  return Hash64(std::as_bytes(std::span(&entry, 1)), before);
}

Result<CheckpointFile> CheckpointFile::Open(int folder, const char* name, uint64_t set_hash) {
  CheckpointFile opened;
  // O_NONBLOCK: a FIFO of that name must not make us wait.
  opened.file_.Reset(::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!opened.file_.valid()) {
    const Code code = errno == ENOENT ? Code::kNotFound : CodeOfErrno(errno);
    return Status(code, "could not be opened", errno);
  }
  struct stat about;
  if (::fstat(opened.fd(), &about) != 0) {
    return Status(CodeOfErrno(errno), "could not be read", errno);
  }
  if (!S_ISREG(about.st_mode)) return Status(Code::kNotRegularFile, "is not a regular file");
  const auto real_bytes = static_cast<uint64_t>(about.st_size);
  if (real_bytes < sizeof(CheckpointHeader)) return Damaged("is too short");
  HR_TRY(io::ReadAt(opened.fd(), BytesOf(opened.header_), 0, kCheckpointReadTexts));
  HR_TRY(opened.CheckHeader(set_hash, real_bytes));

  CheckpointTable table(opened);
  CheckpointEntry entry;
  while (table.Next(&entry)) {
  }
  HR_TRY(table.status());
  if (table.hash() != opened.header_.table_hash) return Damaged("has a damaged table");
  return opened;
}

Status CheckpointFile::CheckHeader(uint64_t set_hash, uint64_t real_bytes) const {
  const CheckpointHeader known;
  if (std::memcmp(header_.magic, known.magic, sizeof known.magic) != 0) {
    return Damaged("is not an index of checkpoints");
  }
  // Before the hash, whose place another version may have changed.
  if (header_.version != known.version) return Damaged("is of another version");
  if (header_.header_hash != HashOf(header_)) return Damaged("has a damaged header");
  if (header_.set_hash != set_hash) return Damaged("belongs to another data set");
  const auto table_bytes = CheckedMul<uint64_t>(header_.entries, sizeof(CheckpointEntry));
  const uint64_t table_end =
      SaturatingAdd(sizeof(CheckpointHeader), table_bytes.value_or(UINT64_MAX));
  if (header_.entry_bytes != known.entry_bytes || header_.file_bytes != real_bytes ||
      table_end > header_.records_offset || header_.records_offset > real_bytes) {
    return Damaged("has not the size that its header says");
  }
  return Status();
}

bool CheckpointFile::Fits(const CheckpointEntry& entry) const {
  const auto end = CheckedAdd<uint64_t>(entry.offset, entry.record_bytes);
  return entry.offset >= header_.records_offset && entry.offset % kRecordAlignment == 0 && end &&
         *end <= header_.file_bytes && entry.record_bytes > 0 &&
         entry.record_bytes <= RecordBytesMax(entry.sample_bytes);
}

CheckpointTable::CheckpointTable(const CheckpointFile& file)
    : file_(file), piece_(std::min<uint64_t>(file.entries(), kPieceEntries)) {}

bool CheckpointTable::Fill() {
  consumed_ += in_piece_;
  next_ = 0;
  in_piece_ = static_cast<size_t>(std::min<uint64_t>(piece_.size(), file_.entries() - consumed_));
  if (in_piece_ == 0) return false;
  // No overflow: the header was checked against the size of the file.
  const uint64_t offset = sizeof(CheckpointHeader) + consumed_ * sizeof(CheckpointEntry);
  status_ = io::ReadAt(file_.fd(), std::as_writable_bytes(std::span(piece_).first(in_piece_)),
                       offset, kCheckpointReadTexts);
  return status_.ok();
}

bool CheckpointTable::Next(CheckpointEntry* entry) {
  if (!status_.ok() || (next_ == in_piece_ && !Fill())) return false;
  *entry = piece_[next_];
  if (entry->path_hash < last_hash_ || !file_.Fits(*entry)) {
    status_ = Damaged("has a table that cannot be");
    return false;
  }
  last_hash_ = entry->path_hash;
  hash_ = HashOf(*entry, hash_);
  ++next_;
  return true;
}

}  // namespace headrace::loader
