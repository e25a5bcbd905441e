// Objects as pixels: outlines into byte masks, and byte masks into the runs of an ObjectList.
//
// A pixel belongs to an outline when its centre lies inside: even-odd in each ring, the union over
// rings. Masks are dense bytes, 0 or 1, of a window of the picture, row after row. Thread: any.
// Cost: edges by their height plus the window's pixels; nothing is allocated but what a list of
// runs grows by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/image_view.h"
#include "loader/objects/object_list.h"

namespace headrace::loader {

// The smallest window of list.size that holds all of the object that is inside; empty (0 x 0) if
// nothing is. Of outlines with a tolerance: it may have a row or column without a pixel.
RectPx BoundsOf(const ObjectList& list, const Object& object);

// mask: window.width * window.height bytes; all are written. The window lies inside list.size. A
// ring with a coordinate that is no finite number covers nothing.
void Rasterise(const ObjectList& list, const Object& object, const RectPx& window,
               std::span<uint8_t> mask);

// What a mask covers.
struct MaskExtent {
  uint64_t area_px = 0;
  RectPx box;  // the smallest that holds it, in the picture's coordinates; 0 x 0: nothing
};
MaskExtent ExtentOf(const RectPx& window, std::span<const uint8_t> mask);
// The same of column-major run lengths over a picture, which begin with background.
MaskExtent ExtentOfRuns(SizePx picture, std::span<const uint32_t> runs);

// Appends a mask as run lengths over the whole picture, columns first, beginning with background
// (COCO's order): what Object::first and count point at for kMask. The mask comes in windows of the
// same rows, from left to right; they lie inside the picture, whose pixels fit into 32 bits.
class RunAppender {
 public:
  RunAppender(SizePx picture, std::vector<uint32_t>* runs)
      : picture_(picture), runs_(*runs), before_(runs->size()) {}

  void Add(const RectPx& window, std::span<const uint8_t> mask);
  // Background follows the last window. Returns how many were appended.
  uint32_t Finish();

 private:
  void EndRun(uint64_t place) {
    runs_.push_back(static_cast<uint32_t>(place - begin_));
    begin_ = place;
    state_ ^= 1;
  }

  const SizePx picture_;
  std::vector<uint32_t>& runs_;
  const size_t before_;
  uint8_t state_ = 0;
  // Of the picture in columns: where the run that goes on began, and where the windows end.
  uint64_t begin_ = 0;
  uint64_t end_ = 0;
};

// The same of a mask in one window.
uint32_t AppendRuns(SizePx picture, const RectPx& window, std::span<const uint8_t> mask,
                    std::vector<uint32_t>* runs);

}  // namespace headrace::loader
