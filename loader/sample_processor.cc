#include "loader/sample_processor.h"

#include <algorithm>

#include "base/checked_math.h"
#include "base/clock.h"
#include "codecs/decoder_set.h"
#include "loader/big_image_area.h"

namespace headrace::loader {

Result<std::unique_ptr<SampleProcessor>> SampleProcessor::Make(const Limits& limits,
                                                               const codecs::DecodeOptions& decode,
                                                               const AugmentProgram& program,
                                                               uint64_t scratch_bytes,
                                                               BigImageArea* big_area) {
  std::unique_ptr<SampleProcessor> made(new SampleProcessor(limits, decode, program, big_area));
  HR_ASSIGN_OR_RETURN(made->decoder_, codecs::MakeDecoderSet(limits));
  HR_ASSIGN_OR_RETURN(made->scratch_, HostMemory::Map(scratch_bytes, HostMemory::Pages::kHuge));
  program.Prepare(&made->recipe_);
  return made;
}

Status SampleProcessor::Run(std::span<const std::byte> file, const SampleKey& key,
                            ProcessTiming* timing, Borrowed* borrowed, ConstImageView* pixels,
                            simd::FlipColumns* flip) {
  const int64_t begin = NowNs();
  report_ = {};
  codecs::ImageInfo info;
  HR_TRY(decoder_->ReadHeader(file, limits_, decode_, &info));
  HR_TRY(program_.MakeRecipe(key, info.upright, &recipe_));

  const uint64_t decode_bytes = RoundUp(decoder_->ScratchBytes(recipe_.region), 64);
  const uint64_t bytes = SaturatingAdd(decode_bytes, program_.ScratchBytes(recipe_));
  std::span<std::byte> scratch;
  HR_TRY(FindScratch(bytes, borrowed, &scratch));

  ConstImageView decoded;
  const Status status =
      decoder_->Decode(recipe_.region, scratch.first(decode_bytes), &decoded, &report_);
  timing->decode_ns += static_cast<uint64_t>(NowNs() - begin);
  if (!status.ok()) return status;
  return program_.Apply(recipe_, decoded, scratch.subspan(decode_bytes), pixels, flip,
                        &timing->augment);
}

Status SampleProcessor::FindScratch(uint64_t bytes, Borrowed* borrowed,
                                    std::span<std::byte>* scratch) {
  // The limit first: whether a picture passes must not depend on how large the scratch happens to
  // be.
  if (bytes > limits_.max_decoded_bytes) {
    return {Code::kLimitBytes, "decoding needs more memory than limits.max_decoded_bytes"};
  }
  if (bytes <= scratch_.bytes()) {
    *scratch = scratch_.span();
    return {};
  }
  *scratch = big_area_->Acquire();
  borrowed->big = true;
  return {};
}

void SampleProcessor::GiveBack(Borrowed* borrowed) {
  if (borrowed->big) big_area_->Release();
}

codecs::DecodeOptions DecodeOptionsOf(const DecodeConfig& config) {
  codecs::DecodeOptions options;
  options.exif = config.exif;
  if (config.background) {
    options.blend_alpha = true;
    std::copy_n(config.background->begin(), 3, options.background);
  }
  return options;
}

}  // namespace headrace::loader
