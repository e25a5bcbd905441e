// Which samples of which plane a rectangle of the picture needs, and in which MCUs they lie.
#pragma once

#include <cstdint>

#include "base/image_view.h"
#include "codecs/jpeg_frame.h"
#include "codecs/jpeg_region.h"
#include "simd/planes.h"

namespace headrace::codecs {

// A plane at the size at which its blocks are transformed.
struct JpegPlanePart {
  uint32_t block_px = kJpegBlockPx;  // samples of a block and side
  SizePx size;                       // of the whole plane
  RectPx samples;                    // wanted of it, with the neighbours that doubling looks at
  bool halved_across = false;        // against plane 0
  bool halved_down = false;
};

struct JpegGeometry {
  uint32_t components = 0;
  uint32_t reduction = 1;
  JpegPlanePart plane[kJpegComponentsMax];
  JpegMcuRect mcus;

  // Samples of plane c that a row of MCUs inside `mcus` has.
  uint32_t McuWidth(const JpegFrame& frame, uint32_t c) const {
    return frame.BlocksAcross(c) * plane[c].block_px;
  }
  uint32_t McuHeight(const JpegFrame& frame, uint32_t c) const {
    return frame.BlocksDown(c) * plane[c].block_px;
  }
};

// `region`: of the stored picture, in pixels; `reduction`: 1, 2, 4 or 8. Sizes are those that
// libjpeg-turbo gives at scale 1/reduction: chroma that is stored halved is reduced less.
JpegGeometry MakeJpegGeometry(const JpegFrame& frame, const RectPx& region, uint32_t reduction);

// Whether a plane has half of the rows and all of the columns. Of such a picture decodes at half
// the size and less look further up and down than others.
bool HalvesRowsAlone(const JpegFrame& frame);

// The planes as a picture that shows `region`. `views`: the samples wanted of each.
simd::PlanarPicture MakePlanarPicture(const JpegGeometry& geometry, const RectPx& region,
                                      const ConstImageView* views);

// The same picture after EXIF orientation, for views that were oriented already.
simd::PlanarPicture OrientPlanar(const simd::PlanarPicture& stored, uint8_t orientation,
                                 const ConstImageView* oriented);

}  // namespace headrace::codecs
