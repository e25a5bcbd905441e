#include "codecs/jpeg_planes.h"

#include <algorithm>

#include "simd/flip.h"

namespace headrace::codecs {
namespace {

// `orient(view, c)` makes one view upright.
template <class Orient>
simd::PlanarPicture Upright(const JpegPlanesLayout& layout, ConstImageView* views,
                            const Orient& orient) {
  const simd::PlanarPicture stored = MakePlanarPicture(layout.geometry, layout.region, views);
  if (layout.orientation == 1) return stored;
  for (uint32_t c = 0; c < layout.geometry.components; ++c) views[c] = orient(views[c], c);
  return OrientPlanar(stored, layout.orientation, views);
}

}  // namespace

JpegPlanesLayout LayOutJpegPlanes(const JpegFrame& frame, uint8_t orientation,
                                  const PlanesRequest& request, uint32_t mcu_step) {
  JpegPlanesLayout layout;
  layout.orientation = orientation;
  layout.region = simd::StoredRect(request.region, frame.size, orientation);
  layout.geometry = MakeJpegGeometry(frame, layout.region, request.reduction);
  JpegMcuRect& mcus = layout.geometry.mcus;
  mcus.left -= mcus.left % mcu_step;
  for (uint32_t c = 0; c < frame.components; ++c) {
    const JpegPlanePart& part = layout.geometry.plane[c];
    JpegPlanesLayout::Plane& plane = layout.plane[c];
    plane.stride_bytes = RoundUp(
        uint64_t{mcus.right - mcus.left} * layout.geometry.McuWidth(frame, c), kScratchAlign);
    plane.samples = TakeScratch(
        &layout.total, SaturatingMul(plane.stride_bytes, uint64_t{mcus.bottom - mcus.top} *
                                                             layout.geometry.McuHeight(frame, c)));
    plane.upright = TakeScratch(&layout.total, UprightBytes(part.samples.size(), 1, orientation));
  }
  return layout;
}

Status CheckPlanesRequest(const JpegFrame& frame, const PlanesRequest& request) {
  if (!frame.planar) {
    return {Code::kInvalidArgument, "the JPEG's colours are not those of planes"};
  }
  const uint32_t reduction = request.reduction;
  if (reduction != 1 && reduction != 2 && reduction != 4 && reduction != 8) {
    return {Code::kInvalidArgument, "planes are reduced to 1/1, 1/2, 1/4 or 1/8"};
  }
  return {};
}

ImageView JpegPlaneView(const JpegFrame& frame, const JpegPlanesLayout& layout, uint32_t c,
                        std::span<std::byte> scratch) {
  const JpegPlanesLayout::Plane& plane = layout.plane[c];
  const JpegGeometry& geometry = layout.geometry;
  const RectPx& samples = geometry.plane[c].samples;
  auto* data = reinterpret_cast<uint8_t*>(plane.samples.Of(scratch).data());
  data +=
      size_t{samples.y - geometry.mcus.top * geometry.McuHeight(frame, c)} * plane.stride_bytes +
      (samples.x - geometry.mcus.left * geometry.McuWidth(frame, c));
  return {data, samples.width, samples.height, 1, plane.stride_bytes};
}

bool JpegDecodePlaneRows(JpegMcuRows* rows, const JpegFrame& frame, const JpegPlanesLayout& layout,
                         std::span<std::byte> scratch) {
  const JpegGeometry& geometry = layout.geometry;
  JpegPlaneRows to;
  for (uint32_t c = 0; c < frame.components; ++c) {
    to.plane[c] = reinterpret_cast<uint8_t*>(layout.plane[c].samples.Of(scratch).data());
    to.stride_bytes[c] = layout.plane[c].stride_bytes;
  }
  for (uint32_t row = geometry.mcus.top; row < geometry.mcus.bottom;) {
    const uint32_t count = std::min(kJpegRowsAtATime, geometry.mcus.bottom - row);
    if (!rows->DecodeRows(count, to)) return false;
    for (uint32_t c = 0; c < frame.components; ++c) {
      to.plane[c] += count * to.stride_bytes[c] * geometry.McuHeight(frame, c);
    }
    row += count;
  }
  return true;
}

simd::PlanarPicture MakeJpegPicture(const JpegPlanesLayout& layout, ConstImageView* views,
                                    std::span<std::byte> scratch) {
  return Upright(layout, views, [&](const ConstImageView& view, uint32_t c) {
    return MakeUpright(view, layout.orientation, layout.plane[c].upright.Of(scratch));
  });
}

simd::PlanarPicture MakeJpegShape(const JpegPlanesLayout& layout) {
  ConstImageView views[kJpegComponentsMax];
  for (uint32_t c = 0; c < layout.geometry.components; ++c) {
    const SizePx size = layout.geometry.plane[c].samples.size();
    views[c] = {nullptr, size.width, size.height, 1, layout.plane[c].stride_bytes};
  }
  return Upright(layout, views, [&](const ConstImageView& view, uint32_t) {
    const SizePx size = simd::OrientedSize(view.size(), layout.orientation);
    return ConstImageView{nullptr, size.width, size.height, 1, size.width};
  });
}

}  // namespace headrace::codecs
