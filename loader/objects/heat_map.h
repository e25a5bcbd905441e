// Where in a picture a group of objects would look at home: places whose surroundings resemble its
// own (after InstaBoost, Fang et al., ICCV 2019).
//
// The picture is taken as cells, the short side 60 to 119 of them; objects are filled in from what
// is around them. A place is as hot as the cells around the group, in three rings, are like those
// that would be around it there. f32 in a fixed order. Any thread; works in the caller's memory.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "base/image_view.h"
#include "loader/objects/hole_fill.h"
#include "loader/objects/object_groups.h"
#include "loader/objects/object_list.h"
#include "loader/objects/scratch_cursor.h"

namespace headrace::loader {

enum class HeatNorm : uint8_t {
  kRenorm,     // between the 1st and the 95th percentile, the place itself left out
  kReference,  // as the authors: by the largest, which leaves little but the place itself
};

// The four numbers of [0, 1) that choose a place.
struct HeatDraws {
  double threshold = 0;
  double index = 0;
  double cell_x = 0;
  double cell_y = 0;
};

class HeatMap {
 public:
  HeatMap(SizePx picture, ScratchCursor* scratch);

  // Once a picture, before the groups.
  void Prepare(const ConstImageView& picture, const ObjectList& list);

  // The map of a group: `members` and their common box. Cells in rows, 0 to 1; valid until the next
  // call.
  std::span<const float> MapOf(const ObjectList& list, std::span<const MovableObject> members,
                               const RectPx& box, HeatNorm norm);
  // Where the group's centre goes, from the last map; nothing if no place is hot enough.
  std::optional<PointF> Choose(const HeatDraws& draws) const;

  SizePx cells() const { return cells_; }
  uint32_t cell_px() const { return cell_px_; }

 private:
  struct BandCell {
    int32_t x;  // from the middle of the group
    int32_t y;
    float weight;
    std::array<float, 3> colour;
  };
  static constexpr uint32_t kBandCellsMax = 256;

  size_t count() const { return size_t{cells_.width} * cells_.height; }
  // Pixels of each cell with a byte in `plane` that `counts`.
  template <class Counts>
  void CountCells(Counts&& counts, std::span<uint32_t> out) const;
  void DrawGroup(const ObjectList& list, std::span<const MovableObject> members);
  void MarkCells(const RectPx& box);
  void CollectBand();
  void Compare();
  void MarkValid(const RectPx& box);
  void Normalise(HeatNorm norm);

  SizePx picture_;
  uint32_t cell_px_;
  SizePx cells_;
  // A byte a pixel of the picture.
  std::span<uint8_t> objects_;  // how many are here, up to 255
  std::span<uint8_t> group_;    // of the group
  std::span<uint8_t> mask_;
  // A value a cell.
  WeightedPlanes background_;
  std::span<float> pyramid_;
  std::span<uint32_t> covered_;
  std::span<uint8_t> own_;    // the group's cells
  std::span<uint8_t> grown_;  // and those around it
  std::span<uint8_t> spare_;
  std::span<uint8_t> others_;  // other objects' cells
  std::span<uint8_t> ring_;    // 1 to 3 around the group
  std::span<uint8_t> valid_;
  std::span<float> heat_;    // the sum of differences, then the map
  std::span<float> weight_;  // of what was inside
  std::span<float> sorted_;
  std::span<BandCell> band_;
  uint32_t band_count_ = 0;
  int32_t middle_x_ = 0;  // of the group, in cells
  int32_t middle_y_ = 0;
};

}  // namespace headrace::loader
