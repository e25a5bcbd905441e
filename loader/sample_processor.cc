#include "loader/sample_processor.h"

#include <algorithm>

#include "base/checked_math.h"
#include "base/clock.h"
#include "codecs/decoder_set.h"
#include "loader/big_image_area.h"
#include "simd/planes_resize.h"
#include "simd/ycc.h"

namespace headrace::loader {
namespace {

constexpr uint64_t kAlignment = 64;

// Planes of a half, a quarter or an eighth of the size will do when they still have half as many
// samples again as the result, each way: what is lost then is beyond what the resize keeps.
uint32_t ReductionFor(SizePx region, SizePx result) {
  const auto suffices = [&](uint32_t reduction) {
    return uint64_t{2} * region.width >= uint64_t{3} * reduction * result.width &&
           uint64_t{2} * region.height >= uint64_t{3} * reduction * result.height;
  };
  uint32_t reduction = 8;
  while (reduction > 1 && !suffices(reduction)) reduction /= 2;
  return reduction;
}

}  // namespace

Result<std::unique_ptr<SampleProcessor>> SampleProcessor::Make(const Limits& limits,
                                                               const ProcessOptions& options,
                                                               const AugmentProgram& program,
                                                               uint64_t scratch_bytes,
                                                               BigImageArea* big_area) {
  std::unique_ptr<SampleProcessor> made(new SampleProcessor(limits, options, program, big_area));
  HR_ASSIGN_OR_RETURN(made->decoder_, codecs::MakeDecoderSet(limits));
  HR_ASSIGN_OR_RETURN(made->scratch_, HostMemory::Map(scratch_bytes, HostMemory::Pages::kHuge));
  program.Prepare(&made->recipe_);
  return made;
}

Status SampleProcessor::Run(std::span<const std::byte> file, const SampleKey& key,
                            codecs::DecodeCheckpoints* checkpoints, ProcessTiming* timing,
                            Borrowed* borrowed, ProcessedPicture* picture) {
  const int64_t begin = NowNs();
  report_ = {};
  codecs::ImageInfo info;
  HR_TRY(decoder_->ReadHeader(file, limits_, options_.decode, &info));
  HR_TRY(program_.MakeRecipe(key, info.upright, &recipe_));
  decoder_->UseCheckpoints(checkpoints);
  timing->decode_ns += static_cast<uint64_t>(NowNs() - begin);
  const bool fast = options_.jpeg == JpegMode::kFast && program_.planes_allowed();
  return fast && info.planar ? RunOnPlanes(timing, borrowed, picture)
                             : RunOnRgb(timing, borrowed, picture);
}

// The time since `begin_ns`, divided as far as the decoder knows.
void SampleProcessor::CountDecode(int64_t begin_ns, ProcessTiming* timing) const {
  const auto all = static_cast<uint64_t>(NowNs() - begin_ns);
  if (report_.idct_share == 0) {
    timing->decode_ns += all;
    return;
  }
  const auto colour = static_cast<uint64_t>(static_cast<float>(all) * report_.colour_share);
  const auto idct = static_cast<uint64_t>(static_cast<float>(all - colour) * report_.idct_share);
  timing->colour_ns += colour;
  timing->idct_ns += idct;
  timing->entropy_ns += all - colour - idct;
}

Status SampleProcessor::RunOnRgb(ProcessTiming* timing, Borrowed* borrowed,
                                 ProcessedPicture* picture) {
  const uint64_t decode_bytes = RoundUp(decoder_->ScratchBytes(recipe_.region), kAlignment);
  std::span<std::byte> scratch;
  HR_TRY(
      FindScratch(SaturatingAdd(decode_bytes, program_.ScratchBytes(recipe_)), borrowed, &scratch));
  const int64_t begin = NowNs();
  ConstImageView decoded;
  const Status status =
      decoder_->Decode(recipe_.region, scratch.first(decode_bytes), &decoded, &report_);
  CountDecode(begin, timing);
  if (!status.ok()) return status;
  return program_.Apply(recipe_, decoded, scratch.subspan(decode_bytes), &picture->rgb,
                        &picture->flip, &timing->augment);
}

Status SampleProcessor::RunOnPlanes(ProcessTiming* timing, Borrowed* borrowed,
                                    ProcessedPicture* picture) {
  const AugmentProgram::PlanesHead head = program_.HeadOf(recipe_);
  const codecs::PlanesRequest request = {recipe_.region,
                                         ReductionFor(recipe_.region.size(), head.size)};
  const bool done = program_.IsDone(head.start);
  const uint64_t decode_bytes = RoundUp(decoder_->PlanesScratchBytes(request), kAlignment);
  const uint64_t resize_bytes = RoundUp(
      simd::ResizePlanesScratchBytes(decoder_->PlanesShape(request), head.size, head.filter),
      kAlignment);
  const uint64_t plane_bytes =
      RoundUp(SaturatingMul(head.size.width, head.size.height), kAlignment);
  const uint64_t planes_bytes = SaturatingMul(plane_bytes, simd::kPlanesMax);
  const uint64_t rgb_bytes = done ? 0 : planes_bytes;
  const uint64_t ops_bytes = done ? 0 : program_.ScratchBytes(recipe_, head.start);
  uint64_t bytes = decode_bytes;
  for (const uint64_t more : {resize_bytes, planes_bytes, rgb_bytes, ops_bytes}) {
    bytes = SaturatingAdd(bytes, more);
  }
  std::span<std::byte> scratch;
  HR_TRY(FindScratch(bytes, borrowed, &scratch));

  const int64_t begin = NowNs();
  simd::PlanarPicture decoded;
  const Status status =
      decoder_->DecodePlanes(request, scratch.first(decode_bytes), &decoded, &report_);
  CountDecode(begin, timing);
  if (!status.ok()) return status;

  const int64_t resize_begin = NowNs();
  scratch = scratch.subspan(decode_bytes);
  const std::span<std::byte> resize_scratch = scratch.first(resize_bytes);
  scratch = scratch.subspan(resize_bytes);
  ImageView resized[simd::kPlanesMax];
  picture->plane_count = decoded.count;
  for (uint32_t c = 0; c < decoded.count; ++c) {
    resized[c] = {reinterpret_cast<uint8_t*>(scratch.data() + c * plane_bytes), head.size.width,
                  head.size.height, 1, head.size.width};
    picture->planes[c] = resized[c].Crop(head.shown);
  }
  simd::ResizePlanes(decoded, head.filter, resized, resize_scratch);
  timing->augment.resize_ns += static_cast<uint64_t>(NowNs() - resize_begin);
  if (done) {
    picture->flip = head.start.mirrored ? simd::FlipColumns::kYes : simd::FlipColumns::kNo;
    return {};
  }

  const int64_t colour_begin = NowNs();
  scratch = scratch.subspan(planes_bytes);
  const ImageView rgb{reinterpret_cast<uint8_t*>(scratch.data()), head.shown.width,
                      head.shown.height, 3, size_t{head.shown.width} * 3};
  simd::PlanesToRgb({picture->planes, picture->plane_count}, rgb);
  picture->plane_count = 0;
  timing->colour_ns += static_cast<uint64_t>(NowNs() - colour_begin);
  return program_.Apply(recipe_, head.start, rgb, scratch.subspan(rgb_bytes), &picture->rgb,
                        &picture->flip, &timing->augment);
}

void ProcessedPicture::ConvertTo(const simd::ConvertTable& table, void* out) const {
  if (plane_count > 0) {
    simd::ConvertPlanes({planes, plane_count}, flip, table, out);
  } else {
    simd::Convert(rgb, flip, table, out);
  }
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

ProcessOptions ProcessOptionsOf(const DecodeConfig& config) {
  ProcessOptions options;
  options.jpeg = config.jpeg;
  options.decode.exif = config.exif;
  if (config.background) {
    options.decode.blend_alpha = true;
    std::copy_n(config.background->begin(), 3, options.decode.background);
  }
  return options;
}

}  // namespace headrace::loader
