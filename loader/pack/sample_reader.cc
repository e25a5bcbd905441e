#include "loader/pack/sample_reader.h"

#include "loader/sample_read.h"

namespace headrace::loader {

bool SampleReader::Make(const Dataset& dataset, uint64_t encoded_bytes_max,
                        std::unique_ptr<SampleReader>* reader, JobError* error) {
  auto made = MakeSampleReader(dataset);
  if (!made.ok()) return FailOn(error, dataset.root(), made.status());
  reader->reset(new SampleReader(dataset, encoded_bytes_max, std::move(made->reader)));
  return true;
}

bool SampleReader::Read(uint64_t id, std::vector<std::byte>* bytes, JobError* error) {
  const Extent extent = dataset_.Locate(id);
  const auto number = static_cast<int64_t>(id);
  const auto name = [&] { return dataset_.root() + ": " + dataset_.Name(id); };
  if (extent.bytes > encoded_bytes_max_) {
    return Fail(
        error, Code::kLimitBytes,
        name() + ": " + std::to_string(extent.bytes) + " bytes, but limits.max_encoded_bytes is " +
            std::to_string(encoded_bytes_max_) + "; raise it, or take the file out of the data set",
        0, number);
  }
  bytes->resize(extent.bytes);
  // An empty buffer would be no request; one byte shows whether an empty file is empty still.
  std::byte spare{};
  const bool empty = bytes->empty();
  const io::ReadRequest request{.path = extent.path,
                                .file = extent.file,
                                .offset = extent.offset,
                                .expected_bytes = extent.bytes,
                                .buffer = empty ? std::span(&spare, 1) : std::span(*bytes),
                                .whole_file = extent.whole_file};
  if (empty && !extent.whole_file) return true;
  io::ReadCompletion completion;
  if (!reader_->Submit(request) || reader_->Reap({&completion, 1}, -1) != 1) {
    return Fail(error, Code::kInternal, name() + ": the read gave no result", 0, number);
  }
  const Code code = completion.status.code();
  const bool changed = completion.status.ok()
                           ? completion.bytes != extent.bytes
                           : code == Code::kLimitBytes || code == Code::kTruncated;
  if (changed) {
    return Fail(error, Code::kFileChanged,
                name() + ": is not of " + std::to_string(extent.bytes) +
                    " bytes any more, as when the data set was listed; run again when nobody "
                    "writes to it",
                0, number);
  }
  if (completion.status.ok()) return true;
  return FailOn(error, name(), completion.status, number);
}

}  // namespace headrace::loader
