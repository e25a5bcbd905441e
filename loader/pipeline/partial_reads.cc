#include "loader/pipeline/partial_reads.h"

#include <algorithm>

#include "simd/flip.h"

namespace headrace::loader {

PartialReads::PartialReads(const Config& config, const Dataset& dataset,
                           const AugmentProgram& program)
    : config_(config), dataset_(dataset), program_(program) {
  program_.Prepare(&recipe_);
}

codecs::RecordPart PartialReads::Find(uint64_t id, uint32_t epoch, uint64_t bytes) {
  if (!dataset_.has_bands()) return {};
  const codecs::RecordBands* bands = dataset_.Bands(id);
  if (bands == nullptr) return {};
  const uint8_t orientation = config_.decode.exif ? bands->orientation() : uint8_t{1};
  const SampleKey key{
      .seed = config_.loader.seed, .epoch = epoch, .id = id, .label = dataset_.Label(id)};
  const SizePx upright = simd::OrientedSize(bands->stored(), orientation);
  // What is wrong with the size is for the decoder to say, which has the file's own.
  if (!program_.MakeRecipe(key, upright, &recipe_).ok()) return {};
  const RectPx region = simd::StoredRect(recipe_.region, bands->stored(), orientation);
  codecs::RecordPart part;
  if (!codecs::FindRecordPart(*bands, bytes, region, &part)) return {};
  return part;
}

PartialReads::Ranges PartialReads::RangesOf(const codecs::RecordPart& part, uint64_t bytes) {
  const Ranges whole = {.range = {ByteRange{0, bytes}}, .count = 1};
  if (part.is_whole()) return whole;
  Ranges ranges = {.range = {ByteRange{0, part.head_bytes}, ByteRange{part.begin, part.end}},
                   .count = 2};
  if (part.begin < part.head_bytes + kHoleBytesMin) {
    ranges = {.range = {ByteRange{0, std::max(part.head_bytes, part.end)}}, .count = 1};
  }
  uint64_t wanted = 0;
  for (uint32_t i = 0; i < ranges.count; ++i) wanted += ranges.range[i].size();
  return wanted + kSavedBytesMin > bytes ? whole : ranges;
}

}  // namespace headrace::loader
