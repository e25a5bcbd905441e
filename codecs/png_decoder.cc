#include "codecs/png_decoder.h"

#include <algorithm>

#include "base/checked_math.h"
#include "codecs/alpha.h"
#include "codecs/exif.h"
#include "codecs/limit_checks.h"
#include "codecs/png_chunks.h"
#include "codecs/png_island.h"
#include "codecs/upright.h"
#include "simd/flip.h"

namespace headrace::codecs {
namespace {

// Wider pictures than this are refused (kLimitMemory) whatever limits.max_side says: the arena is
// made at open, 16 bytes a column.
constexpr uint64_t kWidestPx = uint64_t{1} << 20;

uint64_t ArenaBytes(const Limits& limits) {
  const uint64_t widest_px = std::min({uint64_t{limits.max_side}, limits.max_pixels, kWidestPx});
  return PngArenaBytes(widest_px);
}

// How the scratch is divided: decoded pixels, upright copy.
struct PngLayout {
  RectPx region;  // in the stored picture
  SizePx target;  // what the rows are decoded into
  uint32_t target_channels = 3;
  uint64_t pixel_bytes = 0;
  uint64_t upright_bytes = 0;

  uint64_t total() const { return SaturatingAdd(pixel_bytes, upright_bytes); }
};

// What: see MakePngDecoder. Owner: a decoder set. Thread: its worker's. Cost: the arena; libpng's
// structs are made anew in it for each picture, which is some writes to memory in use.
class PngDecoder final : public Decoder {
 public:
  explicit PngDecoder(uint64_t arena_bytes)
      : memory_(std::make_unique_for_overwrite<std::byte[]>(arena_bytes)) {
    arena_.memory = {memory_.get(), arena_bytes};
  }

  Status ReadHeader(std::span<const std::byte> file, const Limits& limits,
                    const DecodeOptions& options, ImageInfo* info) override;
  uint64_t ScratchBytes(const RectPx& region) const override;
  Status Decode(const RectPx& region, std::span<std::byte> scratch, ConstImageView* pixels,
                DecodeReport* report) override;

 private:
  PngLayout MakeLayout(const RectPx& upright) const;
  ConstImageView FinishInterlaced(const RectPx& region, const ImageView& target,
                                  uint32_t channels) const;

  std::unique_ptr<std::byte[]> memory_;
  PngArena arena_;

  // The file at hand.
  std::span<const std::byte> file_;
  Limits limits_;
  DecodeOptions options_;
  PngHeader header_;
  uint8_t orientation_ = 1;
  SizePx upright_;  // 0 x 0: no header was read
};

uint8_t SourceChannels(const PngHeader& header) {
  const bool grey = header.colour_type == 0 || header.colour_type == 4;
  return static_cast<uint8_t>((grey ? 1 : 3) + (header.has_alpha() ? 1 : 0));
}

Status PngDecoder::ReadHeader(std::span<const std::byte> file, const Limits& limits,
                              const DecodeOptions& options, ImageInfo* info) {
  upright_ = {};
  HR_TRY(CheckEncodedBytes(file, limits));
  HR_TRY(ReadPngHeader(file, limits, &header_));
  if (PngArenaBytes(header_.size.width) > arena_.memory.size()) {
    return {Code::kLimitMemory, "the PNG is wider than limits.max_side was when opening"};
  }
  file_ = file;
  limits_ = limits;
  options_ = options;
  orientation_ = options.exif ? ExifOrientation(header_.exif, limits) : uint8_t{1};
  upright_ = simd::OrientedSize(header_.size, orientation_);
  *info = {.format = Format::kPng,
           .stored = header_.size,
           .upright = upright_,
           .orientation = orientation_,
           .source_channels = SourceChannels(header_),
           .has_alpha = header_.has_alpha(),
           .progressive = header_.interlaced};
  return {};
}

PngLayout PngDecoder::MakeLayout(const RectPx& upright) const {
  PngLayout layout;
  layout.region = simd::StoredRect(upright, header_.size, orientation_);
  layout.target = layout.region.size();
  if (header_.interlaced) {
    layout.target.width = header_.size.width;
    if (options_.blend_alpha && header_.has_alpha()) layout.target_channels = 4;
  }
  const uint64_t row_bytes = SaturatingMul(layout.target.width, layout.target_channels);
  layout.pixel_bytes = RoundUp(SaturatingMul(row_bytes, layout.target.height), kScratchAlign);
  layout.upright_bytes = UprightBytes(layout.region.size(), 3, orientation_);
  return layout;
}

uint64_t PngDecoder::ScratchBytes(const RectPx& region) const { return MakeLayout(region).total(); }

// The region's columns of an interlaced picture's rows; blended to the front of each row if needed.
ConstImageView PngDecoder::FinishInterlaced(const RectPx& region, const ImageView& target,
                                            uint32_t channels) const {
  if (channels == 3) {
    const ConstImageView rgb{target.data, target.width, target.height, 3, target.stride_bytes};
    return rgb.Crop({region.x, 0, region.width, region.height});
  }
  for (uint32_t y = 0; y < region.height; ++y) {
    uint8_t* row = target.Row(y);
    BlendOver(options_.background, row + size_t{region.x} * 4, row, region.width);
  }
  return {target.data, region.width, region.height, 3, target.stride_bytes};
}

Status PngDecoder::Decode(const RectPx& region, std::span<std::byte> scratch,
                          ConstImageView* pixels, DecodeReport* report) {
  *report = {};
  HR_TRY(CheckRegion(region, upright_, 0, 0, limits_));  // before a layout is made of it
  const PngLayout layout = MakeLayout(region);
  HR_TRY(CheckRegion(region, upright_, layout.total(), scratch.size(), limits_));

  PngRegionJob job;
  job.file = file_;
  job.header = &header_;
  job.region = layout.region;
  job.blend = options_.blend_alpha && header_.has_alpha();
  std::copy(options_.background, options_.background + 3, job.background);
  job.palette_indices = options_.palette_indices;
  job.target = {reinterpret_cast<uint8_t*>(scratch.data()), layout.target.width,
                layout.target.height, layout.target_channels,
                size_t{layout.target.width} * layout.target_channels};
  PngRegionResult result;
  const Status status = PngReadRegion(arena_, job, &result);
  *report = result.report;
  HR_TRY(status);

  const ConstImageView stored = header_.interlaced
                                    ? FinishInterlaced(layout.region, job.target, result.channels)
                                    : ConstImageView(job.target);
  *pixels = MakeUpright(stored, orientation_, scratch.subspan(layout.pixel_bytes));
  return {};
}

}  // namespace

Result<std::unique_ptr<Decoder>> MakePngDecoder(const Limits& limits) {
  return std::unique_ptr<Decoder>(std::make_unique<PngDecoder>(ArenaBytes(limits)));
}

uint64_t PngDecoderBytes(const Limits& limits) { return sizeof(PngDecoder) + ArenaBytes(limits); }

}  // namespace headrace::codecs
