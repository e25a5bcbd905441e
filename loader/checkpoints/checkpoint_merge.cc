#include "loader/checkpoints/checkpoint_merge.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/checked_math.h"
#include "base/scope_guard.h"

namespace headrace::loader {

Status PieceWriter::Append(std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const size_t n = std::min(bytes.size(), piece_.capacity() - piece_.size());
    piece_.insert(piece_.end(), bytes.begin(), bytes.begin() + static_cast<ptrdiff_t>(n));
    bytes = bytes.subspan(n);
    if (piece_.size() == piece_.capacity()) HR_TRY(Flush());
  }
  return Status();
}

Status PieceWriter::Flush() {
  HR_TRY(io::WriteAt(fd_, piece_, end_));
  end_ += piece_.size();
  piece_.clear();
  return Status();
}

Status PieceReader::Read(std::span<std::byte> bytes, uint64_t offset) {
  if (bytes.size() > piece_.size()) return io::ReadAt(fd_, bytes, offset, kCheckpointReadTexts);
  if (offset < begin_ || SaturatingAdd(offset, bytes.size()) > begin_ + valid_) {
    begin_ = offset;
    valid_ = 0;
    const ssize_t got = ::pread(fd_, piece_.data(), piece_.size(), static_cast<off_t>(offset));
    if (got > 0) valid_ = static_cast<size_t>(got);
    // At the end of the file, and after an error: just what was asked for, which says what is
    // wrong.
    if (valid_ < bytes.size()) {
      valid_ = 0;
      return io::ReadAt(fd_, bytes, offset, kCheckpointReadTexts);
    }
  }
  std::memcpy(bytes.data(), piece_.data() + (offset - begin_), bytes.size());
  return Status();
}

uint64_t CheckpointMerge::EntriesMax() const {
  uint64_t entries = in_place_ ? in_place_->entries() : 0;
  for (uint64_t id = 0; id < index_.dataset_.size(); ++id) {
    const uint64_t word = index_.words_[id].load(std::memory_order_relaxed);
    if (CheckpointIndex::BytesOfWord(word) > 0) ++entries;
  }
  return std::min(entries, index_.dataset_.size());
}

CheckpointMerge::Source CheckpointMerge::SourceOf(uint64_t id, const CheckpointEntry* in_place) {
  const uint64_t word = index_.words_[id].load(std::memory_order_relaxed);
  const CheckpointIndex::Found ours = index_.FoundOf(word);
  const bool is_new = ours.bytes > 0 && (word & CheckpointIndex::kInNewFile) != 0;
  if (is_new) return {ours.file, ours.offset, ours.bytes, nullptr};
  if (word == CheckpointIndex::kRejected) return {};
  if (in_place != nullptr) {
    return {in_place_->fd(), in_place->offset, in_place->record_bytes, &*in_place_records_};
  }
  if (ours.bytes > 0) return {ours.file, ours.offset, ours.bytes, &*old_records_};
  return {};
}

Status CheckpointMerge::WriteOne(const SamplesByHash::Item& item, const Extent& extent,
                                 const Source& source) {
  const std::span<std::byte> record = std::span(record_).first(source.bytes);
  const Status read = source.reader != nullptr
                          ? source.reader->Read(record, source.offset)
                          : io::ReadAt(source.fd, record, source.offset, kCheckpointReadTexts);
  if (!read.ok()) return Status();  // it is lost, and made again by a later run
  const CheckpointEntry entry{.path_hash = item.hash,
                              .sample_bytes = extent.bytes,
                              .sample_mtime_ns = extent.mtime_ns,
                              .offset = records_->end(),
                              .record_bytes = source.bytes};
  HR_TRY(records_->Append(record));
  constexpr std::byte kPadding[kRecordAlignment] = {};
  const uint64_t padding = RoundUp(source.bytes, kRecordAlignment) - source.bytes;
  HR_TRY(records_->Append(std::span(kPadding).first(padding)));
  HR_TRY(table_->Append(std::as_bytes(std::span(&entry, 1))));
  header_.table_hash = HashOf(entry, header_.table_hash);
  ++header_.entries;
  return Status();
}

Status CheckpointMerge::Write(const io::UniqueFd& replacement) {
  // The table has room for every entry that may come: a record that turns out to be lost leaves a
  // gap before the records.
  header_.set_hash = index_.folder_.set_hash();
  header_.records_offset =
      RoundUp(sizeof(CheckpointHeader) + EntriesMax() * sizeof(CheckpointEntry), kRecordAlignment);
  table_.emplace(replacement.get(), sizeof(CheckpointHeader), kTablePieceBytes);
  records_.emplace(replacement.get(), header_.records_offset, kRecordPieceBytes);
  record_.resize(kRecordBytesMax);
  Status failure;
  MatchCounts counts;
  const bool complete = MatchSamples(
      index_.dataset_, in_place_ ? &*in_place_ : nullptr, &counts,
      [&](const SamplesByHash::Item& item, const Extent& extent, const CheckpointEntry* entry) {
        const Source source = SourceOf(item.id, entry);
        if (source.bytes > 0) failure = WriteOne(item, extent, source);
        return failure.ok();
      });
  HR_TRY(failure);
  if (!complete) return Status(Code::kFileChanged, "changed while it was read");
  HR_TRY(table_->Flush());
  HR_TRY(records_->Flush());
  header_.file_bytes = records_->end();
  if (::ftruncate(replacement.get(), static_cast<off_t>(header_.file_bytes)) != 0) {
    return Status(CodeOfErrno(errno), "could not be written", errno);
  }
  header_.header_hash = HashOf(header_);
  return io::WriteAt(replacement.get(), std::as_bytes(std::span(&header_, 1)), 0);
}

Status CheckpointMerge::Run() {
  HR_ASSIGN_OR_RETURN(const io::UniqueFd lock, index_.folder_.Lock(index_.options_.lock_wait_ns));
  auto in_place = CheckpointFile::Open(index_.folder_.fd(), index_.folder_.index_name().c_str(),
                                       index_.folder_.set_hash());
  // One that is damaged was told at open, and is replaced here.
  if (in_place.ok()) {
    in_place_.emplace(std::move(*in_place));
    in_place_records_.emplace(in_place_->fd(), kRecordPieceBytes);
  }
  old_records_.emplace(index_.index_file_.get(), kRecordPieceBytes);
  HR_ASSIGN_OR_RETURN(const io::UniqueFd replacement, index_.folder_.MakeReplacement());
  ScopeGuard remove([this] { index_.folder_.RemoveReplacement(); });
  HR_TRY(Write(replacement));
  HR_TRY(index_.folder_.PutInPlace(replacement));
  remove.Dismiss();
  return Status();
}

}  // namespace headrace::loader
