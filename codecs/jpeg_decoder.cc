#include "codecs/jpeg_decoder.h"

#include <algorithm>

#include "base/check.h"
#include "base/checked_math.h"
#include "codecs/exif.h"
#include "codecs/jpeg_island.h"
#include "codecs/limit_checks.h"
#include "codecs/upright.h"
#include "simd/flip.h"

namespace headrace::codecs {
namespace {

// How the scratch is divided: decoded pixels, passing rows, upright copy.
struct JpegLayout {
  RectPx region;   // in the stored picture
  RectPx columns;  // what crop_scanline gives for it
  bool through_rows = false;
  size_t stride_bytes = 0;
  uint64_t pixel_bytes = 0;
  uint64_t row_bytes = 0;
  uint64_t upright_bytes = 0;

  uint64_t total() const {
    return SaturatingAdd(SaturatingAdd(pixel_bytes, row_bytes), upright_bytes);
  }
};

RectPx WidenedColumns(const JpegHeader& header, const RectPx& region) {
  const uint32_t margin = header.crop_margin_px;
  uint32_t left = region.x > margin ? region.x - margin : 0;
  left -= left % header.crop_step_px;
  const uint64_t right =
      std::min<uint64_t>(uint64_t{region.x} + region.width + margin, header.size.width);
  return {left, region.y, static_cast<uint32_t>(right - left), region.height};
}

JpegLayout MakeLayout(const JpegHeader& header, uint8_t orientation, const RectPx& upright) {
  JpegLayout layout;
  layout.region = simd::StoredRect(upright, header.size, orientation);
  layout.columns = WidenedColumns(header, layout.region);
  // Files of several scans may turn out to need whole rows, CMYK needs our own conversion.
  layout.through_rows = header.components == 4 || header.all_scans;
  const uint32_t kept_columns = layout.through_rows ? layout.region.width : layout.columns.width;
  layout.stride_bytes = size_t{kept_columns} * 3;
  layout.pixel_bytes =
      RoundUp(SaturatingMul(layout.stride_bytes, layout.region.height), kScratchAlign);
  if (layout.through_rows) {
    const uint64_t channels = header.components == 4 ? 4 : 3;
    layout.row_bytes =
        RoundUp(SaturatingMul(header.size.width, channels * kJpegRowsAtOnce), kScratchAlign);
  }
  layout.upright_bytes = UprightBytes(layout.region, orientation);
  return layout;
}

// What: see MakeJpegDecoder. Owner: a decoder set. Thread: its worker's. Cost: one
// jpeg_decompress_struct, aborted and reused; libjpeg-turbo allocates its buffers per image.
class JpegDecoder final : public Decoder {
 public:
  explicit JpegDecoder(JpegIslandHandle island) : island_(std::move(island)) {}

  Status ReadHeader(std::span<const std::byte> file, const Limits& limits,
                    const DecodeOptions& options, ImageInfo* info) override;
  uint64_t ScratchBytes(const RectPx& region) const override;
  Status Decode(const RectPx& region, std::span<std::byte> scratch, ConstImageView* pixels,
                DecodeReport* report) override;

 private:
  JpegIslandHandle island_;

  // The file at hand.
  std::span<const std::byte> file_;
  Limits limits_;
  JpegHeader header_;
  uint8_t orientation_ = 1;
  SizePx upright_;  // 0 x 0: no header was read
  bool at_first_scan_ = false;
};

Status JpegDecoder::ReadHeader(std::span<const std::byte> file, const Limits& limits,
                               const DecodeOptions& options, ImageInfo* info) {
  upright_ = {};
  at_first_scan_ = false;
  HR_TRY(CheckEncodedBytes(file, limits));
  HR_TRY(JpegReadHeader(*island_, file, limits, &header_));
  file_ = file;
  limits_ = limits;
  orientation_ = options.exif ? ExifOrientation(header_.exif, limits) : uint8_t{1};
  upright_ = simd::OrientedSize(header_.size, orientation_);
  at_first_scan_ = true;
  *info = {.format = Format::kJpeg,
           .stored = header_.size,
           .upright = upright_,
           .orientation = orientation_,
           .source_channels = static_cast<uint8_t>(header_.components),
           .has_alpha = false,
           .progressive = header_.all_scans};
  return {};
}

uint64_t JpegDecoder::ScratchBytes(const RectPx& region) const {
  return MakeLayout(header_, orientation_, region).total();
}

Status JpegDecoder::Decode(const RectPx& region, std::span<std::byte> scratch,
                           ConstImageView* pixels, DecodeReport* report) {
  *report = {};
  HR_TRY(CheckRegion(region, upright_, 0, 0, limits_));  // before a layout is made of it
  const JpegLayout layout = MakeLayout(header_, orientation_, region);
  HR_TRY(CheckRegion(region, upright_, layout.total(), scratch.size(), limits_));
  // A second region of the same file starts again from its first byte.
  if (!at_first_scan_) HR_TRY(JpegReadHeader(*island_, file_, limits_, &header_));
  at_first_scan_ = false;

  const std::span<std::byte> rows = scratch.subspan(layout.pixel_bytes, layout.row_bytes);
  JpegRegionJob job;
  job.region = layout.region;
  job.columns = layout.columns;
  job.target = {reinterpret_cast<uint8_t*>(scratch.data()),
                layout.through_rows ? layout.region.width : layout.columns.width,
                layout.region.height, 3, layout.stride_bytes};
  job.rows = {reinterpret_cast<uint8_t*>(rows.data()), rows.size()};
  job.row_channels = header_.components == 4 ? 4 : 3;
  HR_TRY(JpegReadRegion(*island_, job, report));

  const uint32_t left = layout.through_rows ? 0 : layout.region.x - layout.columns.x;
  const ConstImageView stored =
      job.target.Crop({left, 0, layout.region.width, layout.region.height});
  *pixels =
      MakeUpright(stored, orientation_, scratch.subspan(layout.pixel_bytes + layout.row_bytes));
  return {};
}

}  // namespace

Result<std::unique_ptr<Decoder>> MakeJpegDecoder() {
  JpegIslandHandle island = MakeJpegIsland();
  if (island == nullptr) return Status(Code::kOutOfMemory, "no memory for libjpeg-turbo");
  return std::unique_ptr<Decoder>(std::make_unique<JpegDecoder>(std::move(island)));
}

// 32 KiB: jpeg_decompress_struct, the hooks, and the permanent pools that libjpeg-turbo takes when
// it is made (below 20 KB in 2.1.5).
uint64_t JpegDecoderBytes() { return sizeof(JpegDecoder) + (uint64_t{32} << 10); }

}  // namespace headrace::codecs
