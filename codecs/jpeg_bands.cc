#include "codecs/jpeg_bands.h"

#include <algorithm>
#include <cstring>

#include "base/checked_math.h"
#include "base/clock.h"
#include "codecs/upright.h"
#include "simd/ycc.h"

namespace headrace::codecs {
namespace {

// Rows of each plane that a band keeps of the one above, when chroma is halved down: the last row
// of chroma cannot be doubled before the next is there, and looks at the one above it.
constexpr uint32_t kKeptRows = 2;

struct Plane {
  uint32_t mcu_rows = 0;  // that a row of MCUs has
  size_t stride_bytes = 0;
  uint64_t offset = 0;  // in the scratch
};

struct Layout {
  uint32_t kept_rows = 0;
  Plane plane[kJpegComponentsMax];
  uint64_t upsample_offset = 0;
  uint64_t upsample_bytes = 0;
  uint64_t total = 0;
};

Layout MakeLayout(const JpegFrame& frame, const JpegGeometry& geometry) {
  Layout layout;
  for (uint32_t c = 0; c < geometry.components; ++c) {
    if (geometry.plane[c].halved_down) layout.kept_rows = kKeptRows;
  }
  const uint32_t mcus = geometry.mcus.right - geometry.mcus.left;
  for (uint32_t c = 0; c < geometry.components; ++c) {
    Plane& plane = layout.plane[c];
    plane.mcu_rows = geometry.McuHeight(frame, c);
    plane.stride_bytes = RoundUp(uint64_t{mcus} * geometry.McuWidth(frame, c), kScratchAlign);
    plane.offset = layout.total;
    layout.total +=
        plane.stride_bytes * (layout.kept_rows + uint64_t{kJpegRowsAtATime} * plane.mcu_rows);
  }
  layout.upsample_offset = layout.total;
  layout.upsample_bytes =
      RoundUp(simd::UpsampleScratchBytes(geometry.plane[0].samples.width), kScratchAlign);
  layout.total += layout.upsample_bytes;
  return layout;
}

// libjpeg-turbo doubles narrow components by repetition.
bool IsSmooth(const JpegPlanePart& plane) { return !plane.halved_across || plane.size.width > 2; }

// What: the planes of one band and the rows of them that are ready. Owner: one call of
// JpegDecodeBands.
class Band {
 public:
  Band(const JpegFrame& frame, const JpegGeometry& geometry, const RectPx& region,
       std::span<std::byte> scratch)
      : frame_(frame),
        geometry_(geometry),
        region_(region),
        scratch_(scratch),
        layout_(MakeLayout(frame, geometry)),
        next_row_(region.y) {}

  JpegPlaneRows NewRows() const {
    JpegPlaneRows rows;
    for (uint32_t c = 0; c < geometry_.components; ++c) {
      rows.plane[c] = Row(c, layout_.kept_rows);
      rows.stride_bytes[c] = layout_.plane[c].stride_bytes;
    }
    return rows;
  }

  // Rows [mcu_row, mcu_row + count) of MCUs were decoded into NewRows: converts the rows of the
  // region that are complete now, and keeps what the next ones need.
  void Convert(uint32_t mcu_row, uint32_t count, const ImageView& rgb) {
    const uint32_t end = RowsReady(mcu_row + count);
    if (end > next_row_) {
      const ImageView target = rgb.Crop({0, next_row_ - region_.y, region_.width, end - next_row_});
      simd::UpsampleToRgb(JobFor(mcu_row, mcu_row + count, end), target,
                          scratch_.subspan(layout_.upsample_offset, layout_.upsample_bytes));
      next_row_ = end;
    }
    if (layout_.kept_rows == 0) return;
    for (uint32_t c = 0; c < geometry_.components; ++c) {
      const Plane& plane = layout_.plane[c];
      std::memmove(Row(c, 0), Row(c, count * plane.mcu_rows),
                   plane.stride_bytes * layout_.kept_rows);
    }
  }

 private:
  uint8_t* Row(uint32_t c, uint32_t row) const {
    return reinterpret_cast<uint8_t*>(scratch_.data()) + layout_.plane[c].offset +
           row * layout_.plane[c].stride_bytes;
  }

  // Rows of the picture above this are complete, with rows of MCUs above `mcu_end` decoded.
  uint32_t RowsReady(uint32_t mcu_end) const {
    const uint32_t region_end = region_.y + region_.height;
    if (mcu_end == geometry_.mcus.bottom) return region_end;
    uint32_t end = mcu_end * layout_.plane[0].mcu_rows;
    if (layout_.kept_rows > 0) end -= kKeptRows;
    return std::min(end, region_end);
  }

  simd::UpsampleJob JobFor(uint32_t mcu_row, uint32_t mcu_end, uint32_t end) const {
    simd::UpsampleJob job;
    job.colour =
        frame_.colour == JpegColour::kRgb ? simd::PlaneColour::kRgb : simd::PlaneColour::kYcc;
    simd::PlanarPicture& picture = job.source;
    picture.count = geometry_.components;
    const uint32_t kept = mcu_row > geometry_.mcus.top ? layout_.kept_rows : 0;
    uint32_t first_luma_row = 0;
    for (uint32_t c = 0; c < geometry_.components; ++c) {
      const Plane& plane = layout_.plane[c];
      const JpegPlanePart& part = geometry_.plane[c];
      const uint32_t first = mcu_row * plane.mcu_rows - kept;
      const uint32_t last = std::min(mcu_end * plane.mcu_rows, part.size.height);
      const uint32_t left = geometry_.mcus.left * geometry_.McuWidth(frame_, c);
      if (c == 0) first_luma_row = first;
      picture.plane[c] = {Row(c, layout_.kept_rows - kept) + (part.samples.x - left),
                          part.samples.width, last - first, 1, plane.stride_bytes};
      if (part.halved_across) {
        picture.across[c] = {1, geometry_.plane[0].samples.x - 2 * part.samples.x};
      }
      if (part.halved_down) picture.down[c] = {1, first_luma_row - 2 * first};
      job.smooth[c] = IsSmooth(part);
    }
    picture.left = 0;
    picture.top = next_row_ - first_luma_row;
    picture.width = region_.width;
    picture.height = end - next_row_;
    return job;
  }

  const JpegFrame& frame_;
  const JpegGeometry& geometry_;
  const RectPx& region_;
  std::span<std::byte> scratch_;
  const Layout layout_;
  uint32_t next_row_;  // of the picture, to convert
};

}  // namespace

uint64_t JpegBandBytes(const JpegFrame& frame, const JpegGeometry& geometry) {
  return MakeLayout(frame, geometry).total;
}

bool JpegDecodeBands(JpegMcuRows* rows, const JpegFrame& frame, const JpegGeometry& geometry,
                     const RectPx& region, std::span<std::byte> scratch, const ImageView& rgb,
                     float* colour_share) {
  Band band(frame, geometry, region, scratch);
  const int64_t begin = NowNs();
  int64_t colour_ns = 0;
  for (uint32_t row = geometry.mcus.top; row < geometry.mcus.bottom;) {
    const uint32_t count = std::min(kJpegRowsAtATime, geometry.mcus.bottom - row);
    if (!rows->DecodeRows(count, band.NewRows())) return false;
    const int64_t decoded = NowNs();
    band.Convert(row, count, rgb);
    colour_ns += NowNs() - decoded;
    row += count;
  }
  *colour_share = static_cast<float>(colour_ns) / static_cast<float>(NowNs() - begin + 1);
  return true;
}

}  // namespace headrace::codecs
