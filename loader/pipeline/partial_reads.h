// PartialReads: which bytes of a record its crop needs, before any of them is there.
#pragma once

#include <array>
#include <cstdint>

#include "codecs/record_bands.h"
#include "loader/augment/program.h"
#include "loader/config.h"
#include "loader/dataset.h"

namespace headrace::loader {

// Bytes of a file or a record.
struct ByteRange {
  uint64_t begin = 0;
  uint64_t end = 0;

  uint64_t size() const { return end - begin; }
};

// What: draws a sample's recipe from the size that the index says, and so knows the region that the
// worker will decode. What it finds depends on the configuration, the index and the sample's draws,
// never on how or when anything is read. Owner and thread: the read stage. Cost: a recipe's draws
// (about a microsecond); nothing is allocated after construction.
class PartialReads {
 public:
  // A part is not worth it for fewer bytes, nor is a second read to leave fewer out between two.
  static constexpr uint64_t kSavedBytesMin = 16 << 10;
  static constexpr uint64_t kHoleBytesMin = 32 << 10;

  // Reads of one record.
  struct Ranges {
    std::array<ByteRange, 2> range;
    uint32_t count = 0;
  };

  PartialReads(const Config& config, const Dataset& dataset, const AugmentProgram& program);

  // The part of the record, `bytes` long, that the decode of sample `id` needs in this epoch.
  // Whole: nothing is known of its rows. Also of a record that is read whole this is all that its
  // decode looks at, so that damage elsewhere counts as little in one case as in the other.
  codecs::RecordPart Find(uint64_t id, uint32_t epoch, uint64_t bytes);
  // The reads for it: one of everything if parts do not pay.
  static Ranges RangesOf(const codecs::RecordPart& part, uint64_t bytes);

 private:
  const Config& config_;
  const Dataset& dataset_;
  const AugmentProgram& program_;
  Recipe recipe_;
};

}  // namespace headrace::loader
