#include "loader/transform.h"

#include <cstring>

#include "base/checked_math.h"
#include "simd/flip.h"

namespace headrace::loader {

bool Transform::Make(const Config& config, std::unique_ptr<Transform>* transform,
                     ConfigError* error) {
  std::unique_ptr<Transform> made(new Transform);
  if (!AugmentProgram::Make(config.augment, {}, false, &made->program_, error)) return false;
  auto area = BigImageArea::Make(config.limits.max_decoded_bytes);
  Status status = area.status();
  if (area.ok()) {
    made->big_area_ = std::move(*area);
    ProcessOptions options = ProcessOptionsOf(config.decode);
    options.jpeg = JpegMode::kExact;  // one picture at a time: nothing to win
    auto processor = SampleProcessor::Make(config.limits, options, *made->program_,
                                           SaturatingMul(config.limits.scratch_pixels, 3),
                                           made->big_area_.get());
    status = processor.status();
    if (processor.ok()) made->processor_ = std::move(*processor);
  }
  if (!status.ok()) {
    error->code = status.code();
    error->text = status.text();
    return false;
  }
  *transform = std::move(made);
  return true;
}

Status Transform::Apply(std::span<const std::byte> file, const SampleKey& key,
                        ConstImageView* result) {
  ProcessTiming timing;
  Status kept;
  const auto keep = [&](uint32_t, const ProcessedPicture& picture) {
    const ConstImageView& pixels = picture.rgb;  // exact decodes give no planes
    const size_t bytes = pixels.row_bytes() * pixels.height;
    if (bytes > result_.bytes()) {
      auto memory = HostMemory::Map(bytes, HostMemory::Pages::kHuge);
      kept = memory.status();
      if (!memory.ok()) return;
      result_ = std::move(*memory);
    }
    const ImageView out{reinterpret_cast<uint8_t*>(result_.data()), pixels.width, pixels.height,
                        pixels.channels, pixels.row_bytes()};
    if (picture.flip == simd::FlipColumns::kYes) {
      simd::FlipHorizontal(pixels, out);
    } else {
      for (uint32_t y = 0; y < out.height; ++y) {
        memcpy(out.Row(y), pixels.Row(y), out.row_bytes());
      }
    }
    *result = out;
  };
  HR_TRY(processor_->Process(file, key, 1, nullptr, &timing, keep));
  return kept;
}

}  // namespace headrace::loader
