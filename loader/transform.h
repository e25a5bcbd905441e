// Transform: a list of ops on one image at a time, without a loader. For evaluation, serving,
// tests.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "loader/augment/program.h"
#include "loader/big_image_area.h"
#include "loader/config.h"
#include "loader/sample_processor.h"

namespace headrace::loader {

// What: the loader's own decode and augment steps on bytes or pixels in memory, ending in u8.
// Owner: the caller. Thread: one at a time. Cost: the result is copied once, so that it is dense
// and outlives the scratch; its memory grows to the largest result and is kept.
class Transform {
 public:
  // `config`: its decode, limits, output and augment tables are used.
  [[nodiscard]] static bool Make(const Config& config, std::unique_ptr<Transform>* transform,
                                 ConfigError* error);

  uint32_t views() const { return program_->views(); }
  // *result is valid until the next Apply.
  Status Apply(std::span<const std::byte> file, const SampleKey& key, ConstImageView* result);
  // The same for pixels of 1 or 3 channels; the result has as many.
  Status ApplyPixels(const ConstImageView& pixels, const SampleKey& key, ConstImageView* result);
  // Bytes of a picture of that size as [output] says, and the picture in them: dense, aligned to
  // its element. `pixels` have 1 or 3 channels. May allocate.
  uint64_t ConvertedBytes(SizePx size) const;
  void Convert(const ConstImageView& pixels, void* out) const;
  // Five crops of the last result (corners, then centre), and with ten the mirror images of these.
  // Valid until the next Apply or Crops.
  static constexpr size_t kCropsMax = 10;
  Status Crops(SizePx size, std::span<ConstImageView> crops);
  // What the last Apply drew, as TOML.
  std::string Explain() const { return program_->Explain(processor_->recipe()); }

 private:
  explicit Transform(const OutputConfig& output);
  // Copies what the ops made, and remembers it for Crops.
  Status Keep(const ProcessedPicture& picture, uint32_t channels);

  const simd::ConvertTable output_;
  const simd::ConvertTable grey_;  // u8 of one channel
  std::unique_ptr<AugmentProgram> program_;
  std::unique_ptr<BigImageArea> big_area_;
  std::unique_ptr<SampleProcessor> processor_;
  HostMemory result_;
  ConstImageView last_;  // in result_
  HostMemory mirrored_;
};

}  // namespace headrace::loader
