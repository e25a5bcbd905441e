#include "codecs/webp_decoder.h"

#include <algorithm>
#include <cstring>

#include <webp/decode.h>

#include "base/checked_math.h"
#include "base/rects.h"
#include "codecs/alpha.h"
#include "codecs/exif.h"
#include "codecs/limit_checks.h"
#include "codecs/upright.h"
#include "codecs/webp_container.h"
#include "simd/flip.h"

namespace headrace::codecs {
namespace {

// libwebp rounds the corner of a cropped lossy picture down to even, and doubles chroma as if the
// crop were the picture. Chroma reaches one of its own pixels to each side, so with this margin, on
// even corners, the pixels inside are those of the whole picture.
constexpr uint32_t kMarginPx = 2;

// How the scratch is divided: decoded pixels, the canvas of an animation, upright copy.
struct WebpLayout {
  RectPx region;  // in the stored picture
  RectPx wanted;  // the part of `region` that the frame covers, in the frame; perhaps empty
  RectPx crop;    // what libwebp decodes, in the frame
  uint32_t channels = 3;
  bool has_canvas = false;  // the frame does not cover the region
  uint64_t crop_bytes = 0;
  uint64_t canvas_bytes = 0;
  uint64_t upright_bytes = 0;

  uint64_t total() const {
    return SaturatingAdd(SaturatingAdd(crop_bytes, canvas_bytes), upright_bytes);
  }
};

bool IsLossy(const WebPBitstreamFeatures& features) { return features.format == 1; }

// What libwebp takes inside itself, by its sources: of a lossless picture its pixels twice at most
// (with what its transforms need); of alpha a plane, which is coded as a lossless picture; and
// always some rows.
uint64_t LibraryBytes(const WebPBitstreamFeatures& features) {
  constexpr uint64_t kLosslessPixelBytes = 6;
  constexpr uint64_t kColumnBytes = 512;
  constexpr uint64_t kFixedBytes = uint64_t{1} << 20;
  const auto width = static_cast<uint64_t>(features.width);
  const auto height = static_cast<uint64_t>(features.height);
  const bool whole_planes = !IsLossy(features) || features.has_alpha != 0;
  const uint64_t pixels = SaturatingMul(width, height);
  const uint64_t planes = whole_planes ? SaturatingMul(pixels, kLosslessPixelBytes) : 0;
  return SaturatingAdd(SaturatingAdd(planes, SaturatingMul(width, kColumnBytes)), kFixedBytes);
}

Status ToStatus(VP8StatusCode code) {
  switch (code) {
    case VP8_STATUS_OK: return {};
    case VP8_STATUS_NOT_ENOUGH_DATA:
    case VP8_STATUS_SUSPENDED:
      return {Code::kTruncated, "the WebP's picture data end before the last row"};
    case VP8_STATUS_BITSTREAM_ERROR: return {Code::kCorrupt, "the WebP's picture data are damaged"};
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return {Code::kUnsupportedFormat, "the WebP uses a feature that libwebp does not know"};
    case VP8_STATUS_OUT_OF_MEMORY: return {Code::kLimitMemory, "libwebp found no memory"};
    case VP8_STATUS_INVALID_PARAM:
    case VP8_STATUS_USER_ABORT: break;
  }
  return {Code::kInternal, "libwebp refused what it was asked for"};
}

const uint8_t* Data(std::span<const std::byte> bytes) {
  return reinterpret_cast<const uint8_t*>(bytes.data());
}

// What: see MakeWebpDecoder. Owner: a decoder set. Thread: its worker's. Cost: nothing is allocated
// a picture but by libwebp inside itself.
class WebpDecoder final : public Decoder {
 public:
  Status ReadHeader(std::span<const std::byte> file, const Limits& limits,
                    const DecodeOptions& options, ImageInfo* info) override;
  uint64_t ScratchBytes(const RectPx& region) const override;
  Status Decode(const RectPx& region, std::span<std::byte> scratch, ConstImageView* pixels,
                DecodeReport* report) override;

 private:
  WebpLayout MakeLayout(const RectPx& upright) const;
  Status DecodeCrop(const WebpLayout& layout, const ImageView& target) const;
  ConstImageView LayOnCanvas(const WebpLayout& layout, const ConstImageView& rgb,
                             std::span<std::byte> memory) const;

  // The file at hand.
  WebpContainer container_;
  Limits limits_;
  DecodeOptions options_;
  RectPx frame_;  // of the picture data, on the canvas
  SizePx stored_;
  bool blend_ = false;
  // libwebp undoes the filter of a lossy picture's alpha as if the crop's first row were the
  // picture's, so all rows above are decoded too.
  bool from_top_ = false;
  uint8_t orientation_ = 1;
  SizePx upright_;  // 0 x 0: no header was read
};

Status WebpDecoder::ReadHeader(std::span<const std::byte> file, const Limits& limits,
                               const DecodeOptions& options, ImageInfo* info) {
  upright_ = {};
  HR_TRY(CheckEncodedBytes(file, limits));
  HR_TRY(ReadWebpContainer(file, limits, &container_));
  const std::span<const std::byte> picture = container_.picture;
  WebPBitstreamFeatures features;
  HR_TRY(ToStatus(WebPGetFeatures(Data(picture), picture.size(), &features)));
  if (features.width <= 0 || features.height <= 0 || features.has_animation != 0) {
    return {Code::kCorrupt, "the WebP has a header without a picture"};
  }
  const SizePx size{static_cast<uint32_t>(features.width), static_cast<uint32_t>(features.height)};
  HR_TRY(CheckSize(size.width, size.height, limits));
  if (LibraryBytes(features) > limits.jpeg_memory) {
    return {Code::kLimitMemory, "libwebp would need more than limits.jpeg_memory"};
  }
  if (container_.animated) {
    frame_ = container_.frame;
    stored_ = container_.canvas;
    if (frame_.size() != size) {
      return {Code::kCorrupt, "the WebP's first frame has another size than its picture"};
    }
  } else {
    frame_ = {0, 0, size.width, size.height};
    stored_ = size;
  }
  limits_ = limits;
  options_ = options;
  const bool has_alpha = features.has_alpha != 0 || frame_.size() != stored_;
  blend_ = options.blend_alpha && has_alpha;
  from_top_ = blend_ && features.has_alpha != 0 && IsLossy(features);
  orientation_ = options.exif ? ExifOrientation(container_.exif, limits) : uint8_t{1};
  upright_ = simd::OrientedSize(stored_, orientation_);
  *info = {.format = Format::kWebp,
           .stored = stored_,
           .upright = upright_,
           .orientation = orientation_,
           .source_channels = static_cast<uint8_t>(has_alpha ? 4 : 3),
           .has_alpha = has_alpha};
  return {};
}

WebpLayout WebpDecoder::MakeLayout(const RectPx& upright) const {
  WebpLayout layout;
  layout.region = simd::StoredRect(upright, stored_, orientation_);
  layout.channels = blend_ ? 4 : 3;
  const RectPx meet = Common(layout.region, frame_);
  layout.has_canvas = meet.size() != layout.region.size();
  if (meet.width > 0) {
    layout.wanted = {meet.x - frame_.x, meet.y - frame_.y, meet.width, meet.height};
    const RectPx& wanted = layout.wanted;
    const uint32_t x = wanted.x - std::min(wanted.x, kMarginPx + wanted.x % 2);
    const uint32_t y = from_top_ ? 0 : wanted.y - std::min(wanted.y, kMarginPx + wanted.y % 2);
    const uint32_t x_end = std::min(wanted.x + wanted.width + kMarginPx, frame_.width);
    const uint32_t y_end = std::min(wanted.y + wanted.height + kMarginPx, frame_.height);
    layout.crop = {x, y, x_end - x, y_end - y};
    const uint64_t row_bytes = SaturatingMul(layout.crop.width, layout.channels);
    layout.crop_bytes = RoundUp(SaturatingMul(row_bytes, layout.crop.height), kScratchAlign);
  }
  if (layout.has_canvas) {
    const uint64_t row_bytes = SaturatingMul(layout.region.width, 3);
    layout.canvas_bytes = RoundUp(SaturatingMul(row_bytes, layout.region.height), kScratchAlign);
  }
  layout.upright_bytes = UprightBytes(layout.region.size(), 3, orientation_);
  return layout;
}

uint64_t WebpDecoder::ScratchBytes(const RectPx& region) const {
  return MakeLayout(region).total();
}

Status WebpDecoder::DecodeCrop(const WebpLayout& layout, const ImageView& target) const {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) {
    return {Code::kInternal, "libwebp is of another version than its header"};
  }
  const bool whole = layout.crop.size() == frame_.size();
  config.options.use_cropping = whole ? 0 : 1;
  config.options.crop_left = static_cast<int>(layout.crop.x);
  config.options.crop_top = static_cast<int>(layout.crop.y);
  config.options.crop_width = static_cast<int>(layout.crop.width);
  config.options.crop_height = static_cast<int>(layout.crop.height);
  config.output.colorspace = layout.channels == 4 ? MODE_RGBA : MODE_RGB;
  config.output.is_external_memory = 1;
  config.output.u.RGBA.rgba = target.data;
  config.output.u.RGBA.stride = static_cast<int>(target.stride_bytes);
  config.output.u.RGBA.size = target.stride_bytes * target.height;
  const std::span<const std::byte> picture = container_.picture;
  return ToStatus(WebPDecode(Data(picture), picture.size(), &config));
}

// The region with the frame's pixels where it lies, and nothing (black, or the background) around.
ConstImageView WebpDecoder::LayOnCanvas(const WebpLayout& layout, const ConstImageView& rgb,
                                        std::span<std::byte> memory) const {
  const RectPx& region = layout.region;
  const ImageView canvas{reinterpret_cast<uint8_t*>(memory.data()), region.width, region.height, 3,
                         size_t{region.width} * 3};
  const uint8_t nothing[3] = {0, 0, 0};
  const uint8_t* fill = options_.blend_alpha ? options_.background : nothing;
  for (uint32_t y = 0; y < canvas.height; ++y) {
    uint8_t* row = canvas.Row(y);
    for (uint32_t x = 0; x < canvas.width; ++x) std::memcpy(row + size_t{x} * 3, fill, 3);
  }
  if (layout.wanted.width == 0) return canvas;
  const uint32_t left = frame_.x + layout.wanted.x - region.x;
  const uint32_t top = frame_.y + layout.wanted.y - region.y;
  for (uint32_t y = 0; y < rgb.height; ++y) {
    std::memcpy(canvas.Row(top + y) + size_t{left} * 3, rgb.Row(y), size_t{rgb.width} * 3);
  }
  return canvas;
}

Status WebpDecoder::Decode(const RectPx& region, std::span<std::byte> scratch,
                           ConstImageView* pixels, DecodeReport* report) {
  *report = {};
  HR_TRY(CheckRegion(region, upright_, 0, 0, limits_));  // before a layout is made of it
  const WebpLayout layout = MakeLayout(region);
  HR_TRY(CheckRegion(region, upright_, layout.total(), scratch.size(), limits_));
  report->extraneous = container_.extraneous_bytes > 0 ? 1 : 0;

  ConstImageView rgb;
  if (layout.wanted.width > 0) {
    const RectPx& crop = layout.crop;
    const size_t stride_bytes = size_t{crop.width} * layout.channels;
    const ImageView target{reinterpret_cast<uint8_t*>(scratch.data()), crop.width, crop.height,
                           layout.channels, stride_bytes};
    const Status status = DecodeCrop(layout, target);
    if (!status.ok()) {
      report->warnings = 1;
      return status;
    }
    const RectPx inside{layout.wanted.x - crop.x, layout.wanted.y - crop.y, layout.wanted.width,
                        layout.wanted.height};
    if (blend_) {
      for (uint32_t y = inside.y; y < inside.y + inside.height; ++y) {
        uint8_t* row = target.Row(y) + size_t{inside.x} * 4;
        BlendOver(options_.background, row, row, inside.width);
      }
      rgb = {target.Row(inside.y) + size_t{inside.x} * 4, inside.width, inside.height, 3,
             stride_bytes};
    } else {
      rgb = ConstImageView(target).Crop(inside);
    }
  }
  std::span<std::byte> rest = scratch.subspan(layout.crop_bytes);
  if (layout.has_canvas) rgb = LayOnCanvas(layout, rgb, rest);
  *pixels = MakeUpright(rgb, orientation_, rest.subspan(layout.canvas_bytes));
  return {};
}

}  // namespace

Result<std::unique_ptr<Decoder>> MakeWebpDecoder() {
  return std::unique_ptr<Decoder>(std::make_unique<WebpDecoder>());
}

uint64_t WebpDecoderBytes() { return sizeof(WebpDecoder); }

}  // namespace headrace::codecs
