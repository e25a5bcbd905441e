#include "loader/sample_processor.h"

#include <algorithm>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/clock.h"
#include "codecs/decoder_set.h"
#include "codecs/limit_checks.h"
#include "loader/big_image_area.h"
#include "simd/colour.h"
#include "simd/flip.h"
#include "simd/planes_resize.h"
#include "simd/ycc.h"

namespace headrace::loader {
namespace {

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

// Annotations of another picture than the file at their path would be drawn all over it.
Status CheckSize(SizePx upright, ObjectList* objects) {
  if (objects->size == SizePx{}) objects->size = upright;  // nobody said what it is
  if (objects->size == upright) return {};
  return {Code::kCorrupt, "the picture has another size than its annotations say"};
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
  made->recipes_.resize(program.views());
  for (Recipe& recipe : made->recipes_) program.Prepare(&recipe);
  return made;
}

Status SampleProcessor::MakeRecipes(std::span<const std::byte> file, const SampleKey& key,
                                    uint32_t view_count, const codecs::RecordPart& part,
                                    codecs::ImageInfo* info) {
  HR_ENSURE(view_count >= 1 && view_count <= recipes_.size(), "more views than the list has");
  codecs::DecodeOptions options = options_.decode;
  options.part = part;
  HR_TRY(decoder_->ReadHeader(file, limits_, options, info));
  SampleKey view_key = key;
  for (uint32_t i = 0; i < view_count; ++i) {
    view_key.view = key.view + i;
    HR_TRY(program_.MakeRecipe(view_key, info->upright, &recipes_[i]));
  }
  return {};
}

Status SampleProcessor::DrawOnly(std::span<const std::byte> file, const SampleKey& key) {
  codecs::ImageInfo info;
  return MakeRecipes(file, key, 1, {}, &info);
}

Status SampleProcessor::Decode(std::span<const std::byte> file, const SampleKey& key,
                               uint32_t view_count, codecs::DecodeCheckpoints* checkpoints,
                               FollowedObjects* objects, ProcessTiming* timing, Decoded* decoded) {
  const int64_t begin = NowNs();
  report_ = {};
  codecs::ImageInfo info;
  HR_TRY(MakeRecipes(file, key, view_count,
                     checkpoints != nullptr ? checkpoints->part : codecs::RecordPart(), &info));
  if (objects != nullptr) HR_TRY(CheckSize(info.upright, &objects->list));
  decoder_->UseCheckpoints(checkpoints);
  timing->decode_ns += static_cast<uint64_t>(NowNs() - begin);
  const bool fast = options_.jpeg == JpegMode::kFast && program_.planes_allowed();
  HR_TRY(fast && info.planar ? DecodePlanes(view_count, timing, decoded)
                             : DecodeRgb(view_count, timing, decoded));
  if (objects != nullptr) {
    const int64_t follow_begin = NowNs();
    AugmentProgram::FollowTo(recipes_[0], decoded->start.draw, objects);
    timing->augment.ops_ns += static_cast<uint64_t>(NowNs() - follow_begin);
  }
  return AugmentShared(view_count, objects, timing, decoded);
}

Status SampleProcessor::TakePixels(const ConstImageView& pixels, const SampleKey& key,
                                   Decoded* decoded) {
  HR_TRY(codecs::CheckSize(pixels.width, pixels.height, limits_));
  Recipe& recipe = recipes_[0];
  HR_TRY(program_.MakeRecipe(key, pixels.size(), &recipe));
  decoded->start = AugmentProgram::StartOf(recipe);
  decoded->start.run.ours = true;
  const SizePx size = recipe.region.size();
  const size_t row_bytes = size_t{size.width} * 3;
  const uint64_t copy_bytes = RoundUp(SaturatingMul(row_bytes, size.height), kScratchAlignment);
  const uint64_t ops_bytes = AugmentBytes(decoded->start, size, 1);
  HR_TRY(FindScratch(SaturatingAdd(copy_bytes, ops_bytes), decoded));
  const ImageView copy{reinterpret_cast<uint8_t*>(decoded->scratch.data()), size.width, size.height,
                       3, row_bytes};
  CopyAsRgb(pixels.Crop(recipe.region), copy);
  decoded->pixels = copy;
  decoded->scratch = decoded->scratch.subspan(copy_bytes);
  return {};
}

uint64_t SampleProcessor::AugmentBytes(const AugmentProgram::Start& start, SizePx size,
                                       uint32_t view_count) const {
  if (view_count == 1) return program_.ScratchBytes(recipes_[0], start, size);
  const AugmentProgram::Branch branch = program_.BranchOf(recipes_[0], start, size);
  uint64_t most = 0;
  for (uint32_t i = 0; i < view_count; ++i) {
    most = std::max(most, program_.ScratchBytes(recipes_[i], branch.start, branch.size));
  }
  return SaturatingAdd(RoundUp(branch.scratch_bytes, kScratchAlignment), most);
}

Status SampleProcessor::AugmentShared(uint32_t view_count, FollowedObjects* objects,
                                      ProcessTiming* timing, Decoded* decoded) const {
  if (view_count == 1) return {};
  const AugmentProgram::Branch branch =
      program_.BranchOf(recipes_[0], decoded->start, decoded->pixels.size());
  const uint64_t bytes = RoundUp(branch.scratch_bytes, kScratchAlignment);
  ConstImageView shared;
  HR_TRY(program_.ApplyShared(recipes_[0], decoded->start, decoded->pixels,
                              decoded->scratch.first(bytes), &shared, &timing->augment, objects));
  decoded->pixels = shared;
  decoded->start = branch.start;
  decoded->scratch = decoded->scratch.subspan(bytes);
  return {};
}

Status SampleProcessor::Augment(const Decoded& decoded, uint32_t view_index,
                                FollowedObjects* objects, ProcessTiming* timing,
                                ProcessedPicture* picture) const {
  if (decoded.planes.plane_count > 0) {
    *picture = decoded.planes;
  } else {
    HR_TRY(program_.Apply(recipes_[view_index], decoded.start, decoded.pixels, decoded.scratch,
                          &picture->rgb, &picture->flip, &timing->augment, objects));
  }
  if (objects != nullptr) program_.RemapObjects(recipes_[view_index], &objects->list);
  return {};
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

Status SampleProcessor::DecodeRgb(uint32_t view_count, ProcessTiming* timing, Decoded* decoded) {
  const Recipe& recipe = recipes_[0];
  decoded->start = AugmentProgram::StartOf(recipe);
  const uint64_t decode_bytes = RoundUp(decoder_->ScratchBytes(recipe.region), kScratchAlignment);
  const uint64_t ops_bytes = AugmentBytes(decoded->start, recipe.region.size(), view_count);
  HR_TRY(FindScratch(SaturatingAdd(decode_bytes, ops_bytes), decoded));
  const int64_t begin = NowNs();
  const Status status = decoder_->Decode(recipe.region, decoded->scratch.first(decode_bytes),
                                         &decoded->pixels, &report_);
  CountDecode(begin, timing);
  decoded->scratch = decoded->scratch.subspan(decode_bytes);
  return status;
}

Status SampleProcessor::DecodePlanes(uint32_t view_count, ProcessTiming* timing, Decoded* decoded) {
  const Recipe& recipe = recipes_[0];
  const AugmentProgram::PlanesHead head = program_.HeadOf(recipe);
  const codecs::PlanesRequest request = {recipe.region,
                                         ReductionFor(recipe.region.size(), head.size)};
  const bool done = view_count == 1 && AugmentProgram::IsDone(recipe, head.start);
  const uint64_t decode_bytes = RoundUp(decoder_->PlanesScratchBytes(request), kScratchAlignment);
  const uint64_t resize_bytes = RoundUp(
      simd::ResizePlanesScratchBytes(decoder_->PlanesShape(request), head.size, head.filter),
      kScratchAlignment);
  const uint64_t plane_bytes =
      RoundUp(SaturatingMul(head.size.width, head.size.height), kScratchAlignment);
  const uint64_t planes_bytes = SaturatingMul(plane_bytes, simd::kPlanesMax);
  const uint64_t rgb_bytes = done ? 0 : planes_bytes;
  AugmentProgram::Start start = head.start;
  start.run.upside_down = false;  // the planes are turned over in place
  start.run.ours = view_count == 1;
  const uint64_t ops_bytes = done ? 0 : AugmentBytes(start, head.shown.size(), view_count);
  uint64_t bytes = decode_bytes;
  for (const uint64_t more : {resize_bytes, planes_bytes, rgb_bytes, ops_bytes}) {
    bytes = SaturatingAdd(bytes, more);
  }
  HR_TRY(FindScratch(bytes, decoded));

  std::span<std::byte> scratch = decoded->scratch;
  const int64_t begin = NowNs();
  simd::PlanarPicture planar;
  const Status status =
      decoder_->DecodePlanes(request, scratch.first(decode_bytes), &planar, &report_);
  CountDecode(begin, timing);
  if (!status.ok()) return status;

  const int64_t resize_begin = NowNs();
  scratch = scratch.subspan(decode_bytes);
  const std::span<std::byte> resize_scratch = scratch.first(resize_bytes);
  scratch = scratch.subspan(resize_bytes);
  ProcessedPicture& planes = decoded->planes;
  ImageView resized[simd::kPlanesMax];
  for (uint32_t c = 0; c < planar.count; ++c) {
    resized[c] = {reinterpret_cast<uint8_t*>(scratch.data() + c * plane_bytes), head.size.width,
                  head.size.height, 1, head.size.width};
  }
  simd::ResizePlanes(planar, head.filter, resized, resize_scratch);
  for (uint32_t c = 0; c < planar.count; ++c) {
    const ImageView shown = resized[c].Crop(head.shown);
    if (head.start.run.upside_down) simd::FlipVerticalInPlace(shown);
    planes.planes[c] = shown;
  }
  planes.plane_count = planar.count;
  planes.flip = start.run.mirrored ? simd::FlipColumns::kYes : simd::FlipColumns::kNo;
  timing->augment.resize_ns += static_cast<uint64_t>(NowNs() - resize_begin);
  decoded->start = start;
  if (done) return {};

  const int64_t colour_begin = NowNs();
  scratch = scratch.subspan(planes_bytes);
  const ImageView rgb{reinterpret_cast<uint8_t*>(scratch.data()), head.shown.width,
                      head.shown.height, 3, size_t{head.shown.width} * 3};
  simd::PlanesToRgb({planes.planes, planes.plane_count}, rgb);
  planes.plane_count = 0;
  decoded->pixels = rgb;
  decoded->scratch = scratch.subspan(rgb_bytes);
  timing->colour_ns += static_cast<uint64_t>(NowNs() - colour_begin);
  return {};
}

// The gray of the RGB that three channels would show; a few rows at a time, or a part of one, so
// that what lies between stays in the first-level cache.
void ProcessedPicture::ConvertToGray(const simd::ConvertTable& table, void* out) const {
  constexpr uint32_t kPiecePx = 1024;
  uint8_t rgb_bytes[3 * kPiecePx];
  uint8_t gray_bytes[kPiecePx];
  const SizePx size = plane_count > 0 ? planes[0].size() : rgb.size();
  const uint32_t columns_max = std::min(size.width, kPiecePx);
  const uint32_t rows_max = std::max(kPiecePx / size.width, 1u);
  for (uint32_t y = 0; y < size.height; y += rows_max) {
    const uint32_t rows = std::min(rows_max, size.height - y);
    for (uint32_t x = 0; x < size.width; x += columns_max) {
      const uint32_t columns = std::min(columns_max, size.width - x);
      const RectPx part = {x, y, columns, rows};
      const ImageView gray{gray_bytes, columns, rows, 1, columns};
      if (plane_count > 0) {
        const ConstImageView parts[3] = {planes[0].Crop(part), planes[1].Crop(part),
                                         planes[2].Crop(part)};
        const ImageView colours{rgb_bytes, columns, rows, 3, size_t{columns} * 3};
        simd::PlanesToRgb(parts, colours);
        simd::ToGray(colours, gray);
      } else {
        simd::ToGray(rgb.Crop(part), gray);
      }
      const uint32_t to = flip == simd::FlipColumns::kYes ? size.width - x - columns : x;
      const size_t at = (size_t{y} * size.width + to) * simd::DtypeBytes(table.dtype);
      simd::Convert(gray, flip, table, static_cast<std::byte*>(out) + at);
    }
  }
}

void CopyAsRgb(const ConstImageView& source, const ImageView& target) {
  if (source.channels == 3) return CopyPixels(source, target);
  for (uint32_t y = 0; y < source.height; ++y) {
    const uint8_t* from = source.Row(y);
    uint8_t* to = target.Row(y);
    for (uint32_t x = 0; x < source.width; ++x, to += 3) to[0] = to[1] = to[2] = from[x];
  }
}

void ProcessedPicture::ConvertTo(const simd::ConvertTable& table, void* out) const {
  if (table.channels == 1) {
    if (plane_count == 1) {
      simd::Convert(planes[0], flip, table, out);  // its RGB would be gray already
    } else {
      ConvertToGray(table, out);
    }
  } else if (plane_count > 0) {
    simd::ConvertPlanes({planes, plane_count}, flip, table, out);
  } else {
    simd::Convert(rgb, flip, table, out);
  }
}

Status SampleProcessor::FindScratch(uint64_t bytes, Decoded* decoded) {
  // The limit first: whether a picture passes must not depend on how large the scratch happens to
  // be.
  if (bytes > limits_.max_decoded_bytes) {
    return {Code::kLimitBytes, "decoding needs more memory than limits.max_decoded_bytes"};
  }
  if (bytes <= scratch_.bytes()) {
    decoded->scratch = scratch_.span();
    return {};
  }
  decoded->scratch = big_area_->Acquire();
  decoded->has_big_area = true;
  return {};
}

void SampleProcessor::GiveBackBigArea() { big_area_->Release(); }

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
