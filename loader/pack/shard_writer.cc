#include "loader/pack/shard_writer.h"

#include <unistd.h>

#include <cerrno>
#include <span>

#include "base/hash.h"
#include "io/tar.h"
#include "loader/pack/pack_folder.h"
#include "loader/pack/pack_members.h"

namespace headrace::loader {
namespace {

constexpr size_t kBufferBytes = 1 << 20;

std::string_view TextOf(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

ShardWriter::ShardWriter(std::string folder, uint64_t shard, ShardHeader header,
                         io::AtomicFile file)
    : path_(folder + "/" + ShardName(shard)),
      index_path_(folder + "/" + ShardIndexName(shard)),
      index_(std::move(header)),
      file_(std::move(file)) {
  buffer_.reserve(kBufferBytes);
}

bool ShardWriter::Make(const std::string& folder, uint64_t shard, ShardHeader header,
                       std::optional<ShardWriter>* writer, JobError* error) {
  const std::string path = folder + "/" + ShardName(shard);
  auto file = io::AtomicFile::Make(path);
  if (!file.ok()) return FailOn(error, path, file.status());
  writer->emplace(ShardWriter(folder, shard, std::move(header), std::move(file.value())));
  return true;
}

bool ShardWriter::Add(const PackSample& sample, const codecs::PackedRecord& record,
                      JobError* error) {
  const std::string_view extension =
      record.copied ? CopiedExtension(record.extension, sample.path) : record.extension;
  std::string header;
  io::AppendTarHeader(MemberName(sample.id, extension), record.bytes.size(), &header);
  if (!Append(header, error)) return false;
  index_.Add({.id = sample.id,
              .offset = end_,
              .bytes = record.bytes.size(),
              .hash = Hash64(record.bytes),
              .label = static_cast<int32_t>(sample.label),
              .width = record.size.width,
              .height = record.size.height,
              .restarts_trusted = record.restarts_trusted,
              .copied = record.copied,
              .bands = record.bands,
              .name = sample.path});
  const std::string padding(io::TarPaddingBytes(record.bytes.size()), '\0');
  if (!Append(TextOf(record.bytes), error) || !Append(padding, error)) return false;
  if (!Member(MemberName(sample.id, kLabelExtension), LabelText(sample.label), error)) {
    return false;
  }
  return Member(MemberName(sample.id, kTextExtension),
                JsonText({.id = sample.id,
                          .label = sample.label,
                          .class_name = sample.class_name,
                          .path = sample.path,
                          .classes = index_.header().classes.size(),
                          .samples = index_.header().set_samples}),
                error);
}

bool ShardWriter::Finish(JobError* error) {
  if (!Append(std::string(io::kTarEndBytes, '\0'), error) || !Flush(error)) return false;
  // The index of an earlier shard of this number must not stand beside the new one.
  if (::unlink(index_path_.c_str()) != 0 && errno != ENOENT) {
    return FailOn(error, index_path_, errno);
  }
  if (const Status put = file_.Commit(); !put.ok()) return FailOn(error, path_, put);
  index_.header().tar_bytes = end_;
  const std::string index = index_.Finish();
  index_bytes_ = index.size();
  const Status put = io::WriteFileAtomically(index_path_, std::as_bytes(std::span(index)));
  return put.ok() || FailOn(error, index_path_, put);
}

bool ShardWriter::Member(const std::string& name, std::string_view bytes, JobError* error) {
  std::string member;
  io::AppendTarHeader(name, bytes.size(), &member);
  member += bytes;
  member.append(io::TarPaddingBytes(bytes.size()), '\0');
  return Append(member, error);
}

bool ShardWriter::Append(std::string_view bytes, JobError* error) {
  if (buffer_.size() + bytes.size() > kBufferBytes && !Flush(error)) return false;
  end_ += bytes.size();
  if (bytes.size() < kBufferBytes) {
    buffer_ += bytes;
    return true;
  }
  const Status written = file_.Write(std::as_bytes(std::span(bytes)));
  return written.ok() || FailOn(error, path_, written);
}

bool ShardWriter::Flush(JobError* error) {
  const Status written = file_.Write(std::as_bytes(std::span(buffer_)));
  buffer_.clear();
  return written.ok() || FailOn(error, path_, written);
}

}  // namespace headrace::loader
