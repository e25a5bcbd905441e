// Planes of a region from rows of MCUs, whoever decodes those, and the way from there to the
// upright picture.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "base/status.h"
#include "codecs/decoder.h"
#include "codecs/jpeg_frame.h"
#include "codecs/jpeg_geometry.h"
#include "codecs/jpeg_region.h"
#include "codecs/scratch_part.h"
#include "simd/planes.h"

namespace headrace::codecs {

// How the scratch is divided when planes are wanted.
struct JpegPlanesLayout {
  RectPx region;  // of the stored picture
  JpegGeometry geometry;
  uint8_t orientation = 1;
  struct Plane {
    size_t stride_bytes = 0;  // of whole MCUs
    ScratchPart samples;
    ScratchPart upright;
  };
  Plane plane[kJpegComponentsMax];
  uint64_t total = 0;
};

// MCUs to the left of what is needed are decoded too, so that the first one's number is a multiple
// of `mcu_step`.
JpegPlanesLayout LayOutJpegPlanes(const JpegFrame& frame, uint8_t orientation,
                                  const PlanesRequest& request, uint32_t mcu_step = 1);

// Whether the request can be served at all: kInvalidArgument.
Status CheckPlanesRequest(const JpegFrame& frame, const PlanesRequest& request);

// The samples wanted of plane c, among those of the MCUs around them.
ImageView JpegPlaneView(const JpegFrame& frame, const JpegPlanesLayout& layout, uint32_t c,
                        std::span<std::byte> scratch);

// Calls rows->DecodeRows for all of layout.geometry.mcus. False as it says.
bool JpegDecodePlaneRows(JpegMcuRows* rows, const JpegFrame& frame, const JpegPlanesLayout& layout,
                         std::span<std::byte> scratch);

// The upright picture of views of the samples wanted. MakeJpegShape: without the samples.
simd::PlanarPicture MakeJpegPicture(const JpegPlanesLayout& layout, ConstImageView* views,
                                    std::span<std::byte> scratch);
simd::PlanarPicture MakeJpegShape(const JpegPlanesLayout& layout);

}  // namespace headrace::codecs
