// Which objects of a picture may move, and which of them move together.
//
// An object may move when it is no crowd (unless told otherwise), was not dropped, and covers at
// least 16 pixels. Objects whose boxes overlap, directly or through others, are one group. Any
// thread; works in the caller's memory.
#pragma once

#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "loader/objects/object_list.h"

namespace headrace::loader {

inline constexpr uint64_t kMovableAreaPxMin = 16;

struct MovableObject {
  uint32_t object = 0;  // its index in the list
  uint32_t group = 0;
  RectPx box;  // the smallest that holds its pixels
  uint64_t area_px = 0;
};

enum class CrowdMoves : uint8_t { kNo, kYes };

// Fills `room` with the objects that may move: the largest, of equals the first, when there are
// more than it holds; in the order of their groups, and of the list in each. Groups are numbered
// from 0 by their first members. `mask`: a byte a pixel of list.size. Returns how many there are.
uint32_t FindMovable(const ObjectList& list, CrowdMoves crowd, std::span<uint8_t> mask,
                     std::span<MovableObject> room);

}  // namespace headrace::loader
