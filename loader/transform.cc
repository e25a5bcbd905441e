#include "loader/transform.h"

#include <iterator>
#include <vector>

#include "base/checked_math.h"
#include "loader/augment/center_crop.h"
#include "simd/flip.h"

namespace headrace::loader {

Transform::Transform(const OutputConfig& output)
    : output_(simd::MakeConvertTable(output.dtype, output.layout, output.channels,
                                     output.mean ? output.mean->data() : nullptr,
                                     output.std ? output.std->data() : nullptr)),
      grey_(simd::MakeConvertTable(simd::Dtype::kU8, simd::Layout::kNhwc, 1, nullptr, nullptr)) {}

bool Transform::Make(const Config& config, std::unique_ptr<Transform>* transform,
                     ConfigError* error) {
  std::unique_ptr<Transform> made(new Transform(config.output));
  if (!AugmentProgram::Make(config.augment, {}, false, &made->program_, error,
                            ScaleOf(config.output))) {
    return false;
  }
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

namespace {

Status MakeRoom(uint64_t bytes, HostMemory* memory) {
  if (bytes <= memory->bytes()) return {};
  HR_ASSIGN_OR_RETURN(*memory, HostMemory::Map(bytes, HostMemory::Pages::kHuge));
  return {};
}

}  // namespace

Status Transform::Crops(SizePx size, std::span<ConstImageView> crops) {
  if (crops.size() != kCropsMax / 2 && crops.size() != kCropsMax) {
    return {Code::kInvalidArgument, "crops: the count is 5 or 10"};
  }
  if (last_.data == nullptr) return {Code::kInvalidArgument, "crops: nothing was applied yet"};
  if (size.width == 0 || size.height == 0 || size.width > last_.width ||
      size.height > last_.height) {
    return {Code::kInvalidArgument, "crops: a side is 0 or more than the picture's"};
  }
  const uint32_t right = last_.width - size.width;
  const uint32_t bottom = last_.height - size.height;
  const RectPx places[] = {
      {0, 0},
      {right, 0},
      {0, bottom},
      {right, bottom},
      {MiddleOffset(last_.width, size.width), MiddleOffset(last_.height, size.height)}};
  for (size_t i = 0; i < std::size(places); ++i) {
    crops[i] = last_.Crop({places[i].x, places[i].y, size.width, size.height});
  }
  if (crops.size() == std::size(places)) return {};
  // The mirror image of a picture's crop is a crop of its mirror image.
  HR_TRY(MakeRoom(last_.row_bytes() * last_.height, &mirrored_));
  const ImageView mirrored{reinterpret_cast<uint8_t*>(mirrored_.data()), last_.width, last_.height,
                           last_.channels, last_.row_bytes()};
  simd::FlipHorizontal(last_, mirrored);
  for (size_t i = 0; i < std::size(places); ++i) {
    const RectPx rect{places[i].x, places[i].y, size.width, size.height};
    crops[std::size(places) + i] = mirrored.Crop(MirrorRect(rect, last_.width));
  }
  return {};
}

Status Transform::Keep(const ProcessedPicture& picture, uint32_t channels) {
  const ConstImageView& pixels = picture.rgb;  // exact decodes give no planes
  const size_t row_bytes = size_t{pixels.width} * channels;
  HR_TRY(MakeRoom(row_bytes * pixels.height, &result_));
  const ImageView out{reinterpret_cast<uint8_t*>(result_.data()), pixels.width, pixels.height,
                      channels, row_bytes};
  if (channels == 1) {
    picture.ConvertTo(grey_, out.data);
  } else if (picture.flip == simd::FlipColumns::kYes) {
    simd::FlipHorizontal(pixels, out);
  } else {
    CopyPixels(pixels, out);
  }
  last_ = out;
  return {};
}

Status Transform::Apply(std::span<const std::byte> file, const SampleKey& key,
                        ConstImageView* result) {
  ProcessTiming timing;
  Status kept;
  last_ = {};
  HR_TRY(processor_->Process(
      file, key, 1, nullptr, nullptr, &timing,
      [&](uint32_t, const ProcessedPicture& picture) { kept = Keep(picture, 3); }));
  *result = last_;
  return kept;
}

Status Transform::ApplyPixels(const ConstImageView& pixels, const SampleKey& key,
                              ConstImageView* result) {
  ProcessTiming timing;
  Status kept;
  last_ = {};
  // `pixels` may be the last result: they are copied before it is written to.
  HR_TRY(processor_->ProcessPixels(
      pixels, key, &timing,
      [&](uint32_t, const ProcessedPicture& picture) { kept = Keep(picture, pixels.channels); }));
  *result = last_;
  return kept;
}

uint64_t Transform::ConvertedBytes(SizePx size) const {
  return SaturatingMul(SaturatingMul(size.width, size.height),
                       output_.channels * simd::DtypeBytes(output_.dtype));
}

void Transform::Convert(const ConstImageView& pixels, void* out) const {
  ProcessedPicture picture;
  if (pixels.channels == output_.channels) {
    return simd::Convert(pixels, simd::FlipColumns::kNo, output_, out);
  }
  if (pixels.channels == 3) {
    picture.rgb = pixels;
    return picture.ConvertTo(output_, out);
  }
  const size_t row_bytes = size_t{pixels.width} * 3;
  std::vector<uint8_t> bytes(row_bytes * pixels.height);
  const ImageView rgb{bytes.data(), pixels.width, pixels.height, 3, row_bytes};
  CopyAsRgb(pixels, rgb);
  simd::Convert(rgb, simd::FlipColumns::kNo, output_, out);
}

}  // namespace headrace::loader
