// SampleReader: the encoded bytes of one sample after the other, for jobs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "io/reader.h"
#include "loader/dataset.h"
#include "loader/job.h"

namespace headrace::loader {

// What: plain reads. A file that is not as it was when the data set was listed ends the job: what a
// pack holds is one state of its source. Owner: a worker. Thread: that one. Cost: a system call or
// three a sample.
class SampleReader {
 public:
  [[nodiscard]] static bool Make(const Dataset& dataset, uint64_t encoded_bytes_max,
                                 std::unique_ptr<SampleReader>* reader, JobError* error);

  [[nodiscard]] bool Read(uint64_t id, std::vector<std::byte>* bytes, JobError* error);

 private:
  SampleReader(const Dataset& dataset, uint64_t encoded_bytes_max,
               std::unique_ptr<io::Reader> reader)
      : dataset_(dataset), encoded_bytes_max_(encoded_bytes_max), reader_(std::move(reader)) {}

  const Dataset& dataset_;
  const uint64_t encoded_bytes_max_;
  std::unique_ptr<io::Reader> reader_;
};

}  // namespace headrace::loader
