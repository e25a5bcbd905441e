#include <algorithm>
#include <memory>

#include "base/checked_math.h"
#include "codecs/coef_layout.h"
#include "codecs/coef_record.h"
#include "codecs/coef_rows.h"
#include "codecs/jpeg_bands.h"
#include "codecs/jpeg_planes.h"
#include "codecs/limit_checks.h"
#include "codecs/scratch_part.h"
#include "codecs/upright.h"
#include "simd/flip.h"

namespace headrace::codecs {
namespace {

// How the scratch is divided when RGB is wanted.
struct RgbLayout {
  RectPx region;  // in the stored picture
  JpegGeometry geometry;
  ScratchPart pixels;
  ScratchPart upright;
  ScratchPart bands;
  uint64_t total = 0;
};

RgbLayout LayOutRgb(const JpegFrame& frame, uint8_t orientation, const RectPx& upright) {
  RgbLayout layout;
  layout.region = simd::StoredRect(upright, frame.size, orientation);
  layout.geometry = MakeJpegGeometry(frame, layout.region, 1);
  layout.geometry.mcus.left -= layout.geometry.mcus.left % kCoefMcuStep;
  layout.pixels = TakeScratch(
      &layout.total, SaturatingMul(uint64_t{layout.region.width} * 3, layout.region.height));
  layout.upright = TakeScratch(&layout.total, UprightBytes(layout.region.size(), 3, orientation));
  layout.bands = TakeScratch(&layout.total, JpegBandBytes(frame, layout.geometry));
  return layout;
}

Status Damaged() {
  return {Code::kCorrupt, "the coefficient record is damaged in rows that the region needs"};
}

// What: see MakeCoefDecoder. Owner: a decoder set. Thread: its worker's. Cost: nothing is
// allocated.
class CoefDecoder final : public Decoder {
 public:
  Status ReadHeader(std::span<const std::byte> file, const Limits& limits,
                    const DecodeOptions& options, ImageInfo* info) override {
    upright_ = {};
    HR_TRY(layout_.Open(file, limits, options.part));
    record_bytes_ = file.size();
    limits_ = limits;
    orientation_ = options.exif ? layout_.orientation() : uint8_t{1};
    upright_ = simd::OrientedSize(frame().size, orientation_);
    *info = {.format = Format::kCoef,
             .stored = frame().size,
             .upright = upright_,
             .orientation = orientation_,
             .source_channels = static_cast<uint8_t>(frame().components),
             .has_alpha = false,
             .progressive = false,
             .planar = frame().planar};
    return {};
  }

  uint64_t ScratchBytes(const RectPx& region) const override {
    return LayOutRgb(frame(), orientation_, region).total;
  }

  Status Decode(const RectPx& region, std::span<std::byte> scratch, ConstImageView* pixels,
                DecodeReport* report) override {
    *report = {};
    HR_TRY(CheckRegion(region, upright_, 0, 0, limits_));  // before a layout is made of it
    const RgbLayout layout = LayOutRgb(frame(), orientation_, region);
    HR_TRY(CheckRegion(region, upright_, layout.total, scratch.size(), limits_));
    const ImageView rgb{reinterpret_cast<uint8_t*>(layout.pixels.Of(scratch).data()),
                        layout.region.width, layout.region.height, 3,
                        size_t{layout.region.width} * 3};
    Begin(layout.geometry);
    if (!JpegDecodeBands(&rows_, frame(), layout.geometry, layout.region, layout.bands.Of(scratch),
                         rgb, &report->colour_share)) {
      return Damaged();
    }
    report->idct_share = rows_.idct_share();
    *pixels = MakeUpright(rgb, orientation_, layout.upright.Of(scratch));
    return {};
  }

  simd::PlanarPicture PlanesShape(const PlanesRequest& request) const override {
    return MakeJpegShape(LayOutPlanes(request));
  }

  uint64_t PlanesScratchBytes(const PlanesRequest& request) const override {
    return LayOutPlanes(request).total;
  }

  Status DecodePlanes(const PlanesRequest& request, std::span<std::byte> scratch,
                      simd::PlanarPicture* picture, DecodeReport* report) override {
    *report = {};
    HR_TRY(CheckPlanesRequest(frame(), request));
    HR_TRY(CheckRegion(request.region, upright_, 0, 0, limits_));
    const JpegPlanesLayout layout = LayOutPlanes(request);
    HR_TRY(CheckRegion(request.region, upright_, layout.total, scratch.size(), limits_));
    Begin(layout.geometry);
    if (!JpegDecodePlaneRows(&rows_, frame(), layout, scratch)) return Damaged();
    report->idct_share = rows_.idct_share();
    ConstImageView views[kJpegComponentsMax];
    for (uint32_t c = 0; c < frame().components; ++c) {
      views[c] = JpegPlaneView(frame(), layout, c, scratch);
    }
    *picture = MakeJpegPicture(layout, views, scratch);
    return {};
  }

  bool FindBands(RecordBands* bands) const override {
    if (HalvesRowsAlone(frame())) return false;  // FindRecordPart does not know of them
    RecordLayout layout = {.stored = frame().size,
                           .orientation = layout_.orientation(),
                           .mcu_height_px = frame().mcu_height_px(),
                           .record_bytes = record_bytes_,
                           .head_bytes = layout_.McuRowBegin(0)};
    for (uint32_t i = 1; i <= RecordBands::kCount; ++i) {
      const uint32_t row = RecordBands::FirstRowOf(i, frame().mcus_down());
      layout.begin[i] = layout.end_before[i] = layout_.McuRowBegin(row);
    }
    *bands = MakeRecordBands(layout);
    return bands->known();
  }

 private:
  const JpegFrame& frame() const { return layout_.frame(); }

  JpegPlanesLayout LayOutPlanes(const PlanesRequest& request) const {
    return LayOutJpegPlanes(frame(), orientation_, request, kCoefMcuStep);
  }

  void Begin(const JpegGeometry& geometry) {
    simd::IdctSize size[kJpegComponentsMax] = {simd::IdctSize::k8, simd::IdctSize::k8,
                                               simd::IdctSize::k8};
    for (uint32_t c = 0; c < frame().components; ++c) {
      size[c] = static_cast<simd::IdctSize>(geometry.plane[c].block_px);
    }
    rows_.Begin(layout_, geometry.mcus, size);
  }

  CoefRows rows_;

  // The record at hand.
  CoefLayout layout_;
  Limits limits_;
  uint64_t record_bytes_ = 0;
  uint8_t orientation_ = 1;
  SizePx upright_;  // 0 x 0: no header was read
};

}  // namespace

Result<std::unique_ptr<Decoder>> MakeCoefDecoder() {
  return std::unique_ptr<Decoder>(std::make_unique<CoefDecoder>());
}

uint64_t CoefDecoderBytes() { return sizeof(CoefDecoder); }

}  // namespace headrace::codecs
