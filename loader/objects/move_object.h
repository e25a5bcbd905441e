// What becomes of an object that is moved, and of one that something is pasted over.
//
// Outlines move point by point and are cut to the picture; masks are sampled at the nearest pixel.
// What the object was stays behind in the list's pools, unused. Any thread; the pools may grow.
#pragma once

#include <cstdint>
#include <span>

#include "loader/objects/object_list.h"
#include "loader/objects/similarity.h"

namespace headrace::loader {

// A byte a pixel of the picture each.
struct TwoMasks {
  std::span<uint8_t> first;
  std::span<uint8_t> second;
};

// Moves the object and marks it as moved, and as clipped if the picture's side cuts it.
void MoveObject(const Similarity& move, const TwoMasks& masks, ObjectList* list, Object* object);

// Which pixels of the picture were pasted over, and by which of several pastes at last.
struct PasteOrder {
  std::span<const uint16_t> last;  // a pixel's last paste, from 1; 0: none
  uint16_t own = 0;                // this one and earlier ones hide nothing
};
// Takes the hidden pixels from the object, which then is a mask and marked as occluded. `region`:
// where something can be hidden. Returns how many pixels it had if it lost any, else 0.
uint64_t HideObject(const PasteOrder& order, const RectPx& region, std::span<uint8_t> mask,
                    ObjectList* list, Object* object);

// Marks the object as dropped if less than `share` of `whole_px`, or less than a pixel, is there.
void DropIfHidden(double share, double whole_px, std::span<uint8_t> mask, const ObjectList& list,
                  Object* object);

}  // namespace headrace::loader
