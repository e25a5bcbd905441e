// SampleJudge: reads and decodes whole samples, one after the other.
#pragma once

#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <vector>

#include "base/aligned_bytes.h"
#include "base/result.h"
#include "codecs/decoder.h"
#include "io/reader.h"
#include "loader/config.h"
#include "loader/dataset.h"
#include "loader/scan/sample_fact.h"

namespace headrace::loader {

// Large pictures are decoded one at a time over all threads, so that a scan takes one
// limits.max_decoded_bytes and not one a thread.
struct LargePictures {
  std::mutex one_at_a_time;
};

// What: the verdict on a file as the loader would have it, had it needed all of the picture: limits
// included. Owner and thread: one thread of a scan. Cost: memory grows to the largest file and to
// the largest ordinary picture met.
class SampleJudge {
 public:
  static Result<std::unique_ptr<SampleJudge>> Make(const Config& config, const Dataset& dataset,
                                                   LargePictures* large);

  // Throws bad_alloc.
  SampleFact Judge(uint64_t id);

 private:
  SampleJudge(const Config& config, const Dataset& dataset, LargePictures* large)
      : config_(config), dataset_(dataset), large_(*large) {}

  Status Read(uint64_t id, SampleFact* fact, std::span<const std::byte>* file);
  Status Decode(std::span<const std::byte> file, SampleFact* fact);

  const Config& config_;
  const Dataset& dataset_;
  LargePictures& large_;
  codecs::DecodeOptions options_;
  std::unique_ptr<io::Reader> reader_;
  std::unique_ptr<codecs::Decoder> decoder_;
  std::vector<std::byte> file_;
  AlignedBytes scratch_;
};

}  // namespace headrace::loader
