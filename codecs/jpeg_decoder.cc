#include "codecs/jpeg_decoder.h"

#include <algorithm>

#include "base/check.h"
#include "base/checked_math.h"
#include "codecs/exif.h"
#include "codecs/jpeg_bands.h"
#include "codecs/jpeg_checkpoints.h"
#include "codecs/jpeg_frame.h"
#include "codecs/jpeg_geometry.h"
#include "codecs/jpeg_island.h"
#include "codecs/jpeg_planes.h"
#include "codecs/jpeg_region.h"
#include "codecs/limit_checks.h"
#include "codecs/scratch_part.h"
#include "codecs/upright.h"
#include "simd/flip.h"

namespace headrace::codecs {
namespace {

// How the scratch is divided when RGB is wanted: decoded pixels, passing rows,
// upright copy, bands.
struct RgbLayout {
  RectPx region;   // in the stored picture
  RectPx columns;  // what crop_scanline gives for it
  bool through_rows = false;
  size_t stride_bytes = 0;
  ScratchPart pixels;
  ScratchPart rows;
  ScratchPart bands;  // of our own decoder; none: libjpeg-turbo decodes
  ScratchPart upright;
  uint64_t total = 0;
};

// The same for planes, with what libjpeg-turbo needs beside.
struct PlanesLayout : JpegPlanesLayout {
  struct LibraryRows {
    size_t row_bytes = 0;
    ScratchPart rows;  // of the whole width
  };
  LibraryRows library[kJpegComponentsMax];
};

RectPx WidenedColumns(const JpegHeader& header, const RectPx& region) {
  const uint32_t margin = header.crop_margin_px;
  uint32_t left = region.x > margin ? region.x - margin : 0;
  left -= left % header.crop_step_px;
  const uint64_t right =
      std::min<uint64_t>(uint64_t{region.x} + region.width + margin, header.size.width);
  return {left, region.y, static_cast<uint32_t>(right - left), region.height};
}

RgbLayout LayOutRgb(const JpegHeader& header, const JpegFrame& frame, uint8_t orientation,
                    const RectPx& upright, uint64_t bytes_max) {
  RgbLayout layout;
  layout.region = simd::StoredRect(upright, header.size, orientation);
  layout.columns = WidenedColumns(header, layout.region);
  // Files of several scans may turn out to need whole rows, CMYK needs our own conversion.
  layout.through_rows = header.components == 4 || header.all_scans;
  const uint32_t kept_columns = layout.through_rows ? layout.region.width : layout.columns.width;
  layout.stride_bytes = size_t{kept_columns} * 3;
  layout.pixels =
      TakeScratch(&layout.total, SaturatingMul(layout.stride_bytes, layout.region.height));
  if (layout.through_rows) {
    const uint64_t channels = header.components == 4 ? 4 : 3;
    layout.rows =
        TakeScratch(&layout.total, SaturatingMul(header.size.width, channels * kJpegRowsAtOnce));
  }
  layout.upright = TakeScratch(&layout.total, UprightBytes(layout.region.size(), 3, orientation));
  if (!frame.ours) return layout;
  // Whether a picture passes the limit must not depend on who decodes it.
  const uint64_t bands = JpegBandBytes(frame, MakeJpegGeometry(frame, layout.region, 1));
  if (SaturatingAdd(layout.total, bands) <= bytes_max)
    layout.bands = TakeScratch(&layout.total, bands);
  return layout;
}

PlanesLayout LayOutPlanes(const JpegFrame& frame, uint8_t orientation,
                          const PlanesRequest& request) {
  PlanesLayout layout = {LayOutJpegPlanes(frame, orientation, request), {}};
  for (uint32_t c = 0; c < frame.components; ++c) {
    const JpegPlanePart& part = layout.geometry.plane[c];
    PlanesLayout::LibraryRows& library = layout.library[c];
    library.row_bytes = RoundUp(uint64_t{part.size.width} + kJpegBlockPx, kScratchAlign);
    library.rows = TakeScratch(
        &layout.total, uint64_t{library.row_bytes} * frame.component[c].down * part.block_px);
  }
  return layout;
}

// The samples wanted of plane c, where libjpeg-turbo's are put: nothing around them.
ImageView LibraryView(const PlanesLayout& layout, uint32_t c, std::span<std::byte> scratch) {
  const SizePx size = layout.geometry.plane[c].samples.size();
  return {reinterpret_cast<uint8_t*>(layout.plane[c].samples.Of(scratch).data()), size.width,
          size.height, 1, layout.plane[c].stride_bytes};
}

Status IsPart() {
  return {Code::kTruncated, "what there is of the JPEG does not do for the rows that are needed"};
}

// What: see MakeJpegDecoder. Owner: a decoder set. Thread: its worker's. Cost: one
// jpeg_decompress_struct, aborted and reused; libjpeg-turbo allocates its buffers per image.
class JpegDecoder final : public Decoder {
 public:
  JpegDecoder(JpegIslandHandle island, std::unique_ptr<JpegRegionDecoder> region_decoder)
      : island_(std::move(island)), region_decoder_(std::move(region_decoder)) {}

  Status ReadHeader(std::span<const std::byte> file, const Limits& limits,
                    const DecodeOptions& options, ImageInfo* info) override;
  uint64_t ScratchBytes(const RectPx& region) const override;
  Status Decode(const RectPx& region, std::span<std::byte> scratch, ConstImageView* pixels,
                DecodeReport* report) override;
  simd::PlanarPicture PlanesShape(const PlanesRequest& request) const override;
  uint64_t PlanesScratchBytes(const PlanesRequest& request) const override;
  Status DecodePlanes(const PlanesRequest& request, std::span<std::byte> scratch,
                      simd::PlanarPicture* picture, DecodeReport* report) override;
  void UseCheckpoints(DecodeCheckpoints* checkpoints) override { checkpoints_ = checkpoints; }
  bool FindBands(RecordBands* bands) const override;

 private:
  // Calls attempt(job) for our own decoder: with checkpoints, then without. False: libjpeg-turbo
  // has to do it.
  template <class Attempt>
  bool DecodeOurselves(const Attempt& attempt, DecodeReport* report);
  Status RestartLibrary();
  bool DecodeRgb(const RgbLayout& layout, JpegRegionJob job, std::span<std::byte> scratch,
                 DecodeReport* report);
  bool DecodePlanesOurselves(const PlanesLayout& layout, JpegRegionJob job,
                             std::span<std::byte> scratch);
  Status DecodeRgbByLibrary(const RgbLayout& layout, std::span<std::byte> scratch,
                            DecodeReport* report);
  Status DecodePlanesByLibrary(const PlanesLayout& layout, std::span<std::byte> scratch,
                               DecodeReport* report);

  JpegIslandHandle island_;
  std::unique_ptr<JpegRegionDecoder> region_decoder_;  // null: everything by libjpeg-turbo

  // The file at hand.
  std::span<const std::byte> file_;
  RecordPart part_;  // what is there of it
  Limits limits_;
  JpegHeader header_;
  JpegFrame frame_;
  DecodeCheckpoints* checkpoints_ = nullptr;
  uint8_t orientation_ = 1;
  SizePx upright_;  // 0 x 0: no header was read
  bool at_first_scan_ = false;
};

Status JpegDecoder::ReadHeader(std::span<const std::byte> file, const Limits& limits,
                               const DecodeOptions& options, ImageInfo* info) {
  upright_ = {};
  at_first_scan_ = false;
  HR_TRY(CheckEncodedBytes(file, limits));
  part_ = options.part;
  // libjpeg-turbo gets to see nothing that is not there.
  const auto head = part_.is_whole() ? file : file.first(std::min(part_.head_bytes, file.size()));
  HR_TRY(JpegReadHeader(*island_, head, limits, &header_));
  file_ = file;
  limits_ = limits;
  frame_ = JpegDescribe(*island_, head);
  if (region_decoder_ == nullptr) frame_.ours = false;
  if (!part_.is_whole()) {
    if (!frame_.ours || frame_.restart_interval == 0 ||
        !part_.IsOf(frame_.size, frame_.mcu_height_px())) {
      return IsPart();
    }
    frame_.file = {reinterpret_cast<const uint8_t*>(file.data()), std::min(part_.end, file.size())};
  }
  checkpoints_ = nullptr;
  orientation_ = options.exif ? ExifOrientation(header_.exif, limits) : uint8_t{1};
  upright_ = simd::OrientedSize(header_.size, orientation_);
  at_first_scan_ = true;
  *info = {.format = Format::kJpeg,
           .stored = header_.size,
           .upright = upright_,
           .orientation = orientation_,
           .source_channels = static_cast<uint8_t>(header_.components),
           .has_alpha = false,
           .progressive = header_.all_scans,
           .planar = frame_.planar};
  return {};
}

template <class Attempt>
bool JpegDecoder::DecodeOurselves(const Attempt& attempt, DecodeReport* report) {
  if (!frame_.ours) return false;
  const bool trusted = checkpoints_ != nullptr && checkpoints_->restarts_trusted;
  const auto succeeds = [&](const JpegRegionJob& job) {
    if (!attempt(job)) return false;
    const JpegRowTimes& times = region_decoder_->times();
    report->extraneous = header_.extraneous;
    report->idct_share = static_cast<float>(times.idct_ns) / static_cast<float>(times.row_ns + 1);
    return true;
  };
  if (!part_.is_whole()) return trusted && succeeds({.restarts_trusted = true, .part = part_});
  if (checkpoints_ == nullptr) return succeeds({});
  if (trusted && frame_.restart_interval > 0 && succeeds({.restarts_trusted = true})) return true;
  JpegCheckpoints points;
  const bool has_record = !checkpoints_->record.empty();
  const bool usable = has_record && points.Open(checkpoints_->record, frame_);
  if (usable && succeeds({.checkpoints = &points})) return true;
  JpegCheckpointMaker maker;
  const bool makes = maker.Begin(frame_, checkpoints_->room);
  const bool good = succeeds({.maker = makes ? &maker : nullptr});
  if (good && makes) checkpoints_->made_bytes = maker.Finish(region_decoder_->complete());
  // If the file is at fault, the record need not be.
  checkpoints_->rejected = has_record && (good || !usable);
  return good;
}

// By its restart markers.
bool JpegDecoder::FindBands(RecordBands* bands) const {
  if (!frame_.ours || frame_.restart_interval == 0 || !part_.is_whole()) return false;
  if (HalvesRowsAlone(frame_)) return false;  // FindRecordPart does not know of them
  RecordLayout layout = {.stored = frame_.size,
                         .orientation = orientation_,
                         .mcu_height_px = frame_.mcu_height_px(),
                         .record_bytes = file_.size(),
                         .head_bytes = frame_.data_offset};
  const uint64_t across = frame_.mcus_across();
  const uint64_t interval = frame_.restart_interval;
  const uint64_t last_segment = (across * frame_.mcus_down() - 1) / interval;
  for (const bool is_end : {false, true}) {
    JpegRestarts restarts;
    if (!restarts.Begin(frame_, {})) return false;
    uint64_t byte = frame_.data_offset;  // of the marker that the segment at hand begins with
    for (uint32_t i = 1; i <= RecordBands::kCount; ++i) {
      const uint64_t mcu = uint64_t{RecordBands::FirstRowOf(i, frame_.mcus_down())} * across;
      const auto segment = static_cast<uint32_t>((is_end ? mcu + interval - 1 : mcu) / interval);
      const bool at_file_end = i == RecordBands::kCount || segment > last_segment;
      if (!at_file_end && segment > restarts.segment() && !restarts.Find(segment, &byte)) {
        return false;
      }
      // The rows before end with the marker.
      const uint64_t place = at_file_end ? file_.size() : byte + (is_end ? 2 : 0);
      (is_end ? layout.end_before : layout.begin)[i] = place;
    }
  }
  *bands = MakeRecordBands(layout);
  return bands->known();
}

// Every decode by the library begins with a header that was just read.
Status JpegDecoder::RestartLibrary() {
  if (!at_first_scan_) HR_TRY(JpegReadHeader(*island_, file_, limits_, &header_));
  at_first_scan_ = false;
  return {};
}

// ------------------------------------------------------------------ RGB

uint64_t JpegDecoder::ScratchBytes(const RectPx& region) const {
  return LayOutRgb(header_, frame_, orientation_, region, limits_.max_decoded_bytes).total;
}

Status JpegDecoder::Decode(const RectPx& region, std::span<std::byte> scratch,
                           ConstImageView* pixels, DecodeReport* report) {
  *report = {};
  HR_TRY(CheckRegion(region, upright_, 0, 0, limits_));  // before a layout is made of it
  const RgbLayout layout =
      LayOutRgb(header_, frame_, orientation_, region, limits_.max_decoded_bytes);
  HR_TRY(CheckRegion(region, upright_, layout.total, scratch.size(), limits_));
  uint32_t left = 0;
  size_t stride_bytes = size_t{layout.region.width} * 3;
  const bool ours = layout.bands.bytes > 0 && DecodeOurselves(
                                                  [&](const JpegRegionJob& job) {
                                                    return DecodeRgb(layout, job, scratch, report);
                                                  },
                                                  report);
  if (!ours) {
    if (!part_.is_whole()) return IsPart();
    HR_TRY(DecodeRgbByLibrary(layout, scratch, report));
    if (!layout.through_rows) left = layout.region.x - layout.columns.x;
    stride_bytes = layout.stride_bytes;
  }
  const ConstImageView stored{
      reinterpret_cast<const uint8_t*>(scratch.data() + layout.pixels.offset) + size_t{left} * 3,
      layout.region.width, layout.region.height, 3, stride_bytes};
  *pixels = MakeUpright(stored, orientation_, layout.upright.Of(scratch));
  return {};
}

bool JpegDecoder::DecodeRgb(const RgbLayout& layout, JpegRegionJob job,
                            std::span<std::byte> scratch, DecodeReport* report) {
  const ImageView rgb{reinterpret_cast<uint8_t*>(scratch.data() + layout.pixels.offset),
                      layout.region.width, layout.region.height, 3,
                      size_t{layout.region.width} * 3};
  const JpegGeometry geometry = MakeJpegGeometry(frame_, layout.region, 1);
  job.rect = geometry.mcus;
  return region_decoder_->Begin(frame_, job) &&
         JpegDecodeBands(region_decoder_.get(), frame_, geometry, layout.region,
                         layout.bands.Of(scratch), rgb, &report->colour_share) &&
         region_decoder_->End();
}

Status JpegDecoder::DecodeRgbByLibrary(const RgbLayout& layout, std::span<std::byte> scratch,
                                       DecodeReport* report) {
  HR_TRY(RestartLibrary());
  *report = {.by_library = true};
  const std::span<std::byte> rows = layout.rows.Of(scratch);
  JpegRowsJob job;
  job.region = layout.region;
  job.columns = layout.columns;
  job.target = {reinterpret_cast<uint8_t*>(scratch.data() + layout.pixels.offset),
                layout.through_rows ? layout.region.width : layout.columns.width,
                layout.region.height, 3, layout.stride_bytes};
  job.rows = {reinterpret_cast<uint8_t*>(rows.data()), rows.size()};
  job.row_channels = header_.components == 4 ? 4 : 3;
  return JpegReadRegion(*island_, job, report);
}

// ------------------------------------------------------------------ planes

simd::PlanarPicture JpegDecoder::PlanesShape(const PlanesRequest& request) const {
  return MakeJpegShape(LayOutJpegPlanes(frame_, orientation_, request));
}

uint64_t JpegDecoder::PlanesScratchBytes(const PlanesRequest& request) const {
  return LayOutPlanes(frame_, orientation_, request).total;
}

Status JpegDecoder::DecodePlanes(const PlanesRequest& request, std::span<std::byte> scratch,
                                 simd::PlanarPicture* picture, DecodeReport* report) {
  *report = {};
  HR_TRY(CheckPlanesRequest(frame_, request));
  HR_TRY(CheckRegion(request.region, upright_, 0, 0, limits_));
  const PlanesLayout layout = LayOutPlanes(frame_, orientation_, request);
  HR_TRY(CheckRegion(request.region, upright_, layout.total, scratch.size(), limits_));
  const bool ours = DecodeOurselves(
      [&](const JpegRegionJob& job) { return DecodePlanesOurselves(layout, job, scratch); },
      report);
  if (!ours && !part_.is_whole()) return IsPart();
  if (!ours) HR_TRY(DecodePlanesByLibrary(layout, scratch, report));

  ConstImageView views[kJpegComponentsMax];
  for (uint32_t c = 0; c < frame_.components; ++c) {
    views[c] = ours ? ConstImageView(JpegPlaneView(frame_, layout, c, scratch))
                    : ConstImageView(LibraryView(layout, c, scratch));
  }
  *picture = MakeJpegPicture(layout, views, scratch);
  return {};
}

bool JpegDecoder::DecodePlanesOurselves(const PlanesLayout& layout, JpegRegionJob job,
                                        std::span<std::byte> scratch) {
  job.rect = layout.geometry.mcus;
  for (uint32_t c = 0; c < frame_.components; ++c) {
    job.size[c] = static_cast<simd::IdctSize>(layout.geometry.plane[c].block_px);
  }
  return region_decoder_->Begin(frame_, job) &&
         JpegDecodePlaneRows(region_decoder_.get(), frame_, layout, scratch) &&
         region_decoder_->End();
}

Status JpegDecoder::DecodePlanesByLibrary(const PlanesLayout& layout, std::span<std::byte> scratch,
                                          DecodeReport* report) {
  HR_TRY(RestartLibrary());
  *report = {.by_library = true};
  JpegPlanesJob job;
  job.components = frame_.components;
  job.reduction = layout.geometry.reduction;
  for (uint32_t c = 0; c < frame_.components; ++c) {
    const JpegPlanePart& part = layout.geometry.plane[c];
    job.plane[c] = {.block_px = part.block_px,
                    .size = part.size,
                    .samples = part.samples,
                    .target = LibraryView(layout, c, scratch),
                    .rows = reinterpret_cast<uint8_t*>(layout.library[c].rows.Of(scratch).data()),
                    .row_bytes = layout.library[c].row_bytes};
  }
  return JpegReadPlanes(*island_, job, report);
}

}  // namespace

Result<std::unique_ptr<Decoder>> MakeJpegDecoder(JpegPath path) {
  JpegIslandHandle island = MakeJpegIsland();
  if (island == nullptr) return Status(Code::kOutOfMemory, "no memory for libjpeg-turbo");
  std::unique_ptr<JpegRegionDecoder> region_decoder;
  if (path == JpegPath::kOurs) region_decoder = std::make_unique<JpegRegionDecoder>();
  return std::unique_ptr<Decoder>(
      std::make_unique<JpegDecoder>(std::move(island), std::move(region_decoder)));
}

// 32 KiB: jpeg_decompress_struct, the hooks, and the permanent pools that libjpeg-turbo takes when
// it is made (below 20 KB in 2.1.5).
uint64_t JpegDecoderBytes() {
  return sizeof(JpegDecoder) + sizeof(JpegRegionDecoder) + (uint64_t{32} << 10);
}

}  // namespace headrace::codecs
