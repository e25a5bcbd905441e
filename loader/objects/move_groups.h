// Moves groups of objects inside a picture: cuts them out with soft edges, fills the holes that
// they leave, lays them down elsewhere, and brings the annotations up to date. The work of
// instaboost and of object_zoom's rescale.
//
// Any thread; all memory is the caller's scratch, by the picture's size alone, but for what the
// list's pools grow by.
#pragma once

#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "loader/objects/object_groups.h"
#include "loader/objects/object_list.h"
#include "loader/objects/scratch_cursor.h"
#include "loader/objects/similarity.h"

namespace headrace::loader {

enum class HoleFill : uint8_t { kPushPull, kNone };
enum class Occlusion : uint8_t { kResolve, kNone };

struct MoveOptions {
  uint32_t feather = 2;  // softening passes at the edge
  uint32_t dilate = 2;   // pixels that a hole is larger than what left it
  HoleFill fill = HoleFill::kPushPull;
  Occlusion occlusion = Occlusion::kResolve;
  double min_visible = 0.1;
};

// One group and where it goes. Without members it is the ellipse in `box`, of which no annotation
// knows.
struct MovingGroup {
  std::span<const MovableObject> members;
  RectPx box;
  bool moves = false;  // false: it stays, and is protected like what cannot move
  Similarity move;
  // Work of MoveGroups: what is cut out, where it arrives, and its alpha there if it was kept.
  RectPx window;
  RectPx target;
  std::span<uint8_t> alpha;
};

// The planes of the work.
class MoveWorkspace {
 public:
  MoveWorkspace(SizePx picture, ScratchCursor* scratch);

  // Which pixels are what, in bits.
  static constexpr uint8_t kLeft = 1;     // a moved object was here
  static constexpr uint8_t kStatic = 2;   // something that stays is here
  static constexpr uint8_t kCovered = 4;  // a moved object hides it
  std::span<uint8_t> marks;
  std::span<uint16_t> last_paste;
  // Free for others between calls.
  std::span<uint8_t> masks[3];
  std::span<uint8_t> alpha;  // of a window
  std::span<uint16_t> row;
  std::span<uint8_t> kept;  // alphas of several targets
  std::span<float> fill;    // shares its memory with the masks and `alpha`
};

// `target` holds a copy of `source`; `objects` may be null. `movers`: the indices of all members of
// groups that move, ascending. Groups are pasted in their order; at most 65535 of them.
void MoveGroups(const ConstImageView& source, const MoveOptions& options,
                std::span<const uint32_t> movers, std::span<MovingGroup> groups,
                const MoveWorkspace& work, const ImageView& target, ObjectList* objects);

}  // namespace headrace::loader
