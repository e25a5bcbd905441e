#include "loader/sample_read.h"

#include "base/check.h"

namespace headrace::loader {

Result<io::MadeReader> MakeSampleReader(const Dataset& dataset) {
  return io::MakeReader(dataset.root(), {.choice = io::ReaderChoice::kPread, .queue_len = 1});
}

Status ReadSample(const Dataset& dataset, uint64_t id, std::span<std::byte> bytes) {
  HR_ASSIGN_OR_RETURN(const io::MadeReader made, MakeSampleReader(dataset));
  return ReadSample(made.reader.get(), dataset, id, bytes);
}

Status ReadSample(io::Reader* reader, const Dataset& dataset, uint64_t id,
                  std::span<std::byte> bytes) {
  const Extent extent = dataset.Locate(id);
  (void)reader->Submit({.path = extent.path,
                        .file = extent.file,
                        .offset = extent.offset,
                        .expected_bytes = extent.bytes,
                        .buffer = bytes,
                        .whole_file = false});
  io::ReadCompletion completion;
  HR_ENSURE(reader->Reap({&completion, 1}, -1) == 1, "the read of a sample gave no result");
  return completion.status;
}

}  // namespace headrace::loader
