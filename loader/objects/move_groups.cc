#include "loader/objects/move_groups.h"

#include <algorithm>
#include <cstring>

#include "base/rects.h"
#include "loader/objects/hole_fill.h"
#include "loader/objects/instance_alpha.h"
#include "loader/objects/move_object.h"
#include "loader/objects/paste.h"
#include "loader/objects/raster.h"

namespace headrace::loader {
namespace {

constexpr uint8_t kCovers = 250;  // alpha from which what is below counts as hidden from the hole
constexpr uint8_t kHides = 128;   // and from annotations
// A box less than so many feathers wide has a hard edge.
constexpr uint32_t kFeathersMin = 8;

// Of a side: an ellipse's alpha ends at 1.15 of its radius.
constexpr double kEllipseReach = 0.075;

size_t PixelsOf(const RectPx& rect) { return size_t{rect.width} * rect.height; }

RectPx Grown(const RectPx& rect, uint32_t pixels, SizePx picture) {
  const uint32_t left = rect.x - std::min(rect.x, pixels);
  const uint32_t top = rect.y - std::min(rect.y, pixels);
  return {left, top, std::min(picture.width, rect.x + rect.width + pixels) - left,
          std::min(picture.height, rect.y + rect.height + pixels) - top};
}

class Mover {
 public:
  Mover(const ConstImageView& source, const MoveOptions& options, const MoveWorkspace& work,
        const ImageView& target, ObjectList* objects)
      : source_(source), options_(options), work_(work), target_(target), objects_(objects) {}

  void Run(std::span<const uint32_t> movers, std::span<MovingGroup> groups) {
    std::ranges::fill(work_.marks, uint8_t{0});
    std::ranges::fill(work_.last_paste, uint16_t{0});
    MarkStatic(movers);
    kept_ = work_.kept;
    RectPx left;
    for (MovingGroup& group : groups) {
      if (!group.moves) continue;
      CutOut(&group);
      left = UnionOf(left, group.window);
      MarkCovered(group);
    }
    if (options_.fill == HoleFill::kPushPull) Fill(left);
    for (size_t i = 0; i < groups.size(); ++i) {
      if (groups[i].moves) Lay(&groups[i], static_cast<uint16_t>(i + 1));
    }
    if (objects_ != nullptr) Annotate(movers, groups);
  }

 private:
  // What stays is not erased.
  void MarkStatic(std::span<const uint32_t> movers) {
    if (objects_ == nullptr) return;
    for (uint32_t i = 0; i < objects_->objects.size(); ++i) {
      if (std::ranges::binary_search(movers, i)) continue;
      const Object& object = objects_->objects[i];
      const RectPx bounds = BoundsOf(*objects_, object);
      if (bounds.width == 0) continue;
      Rasterise(*objects_, object, bounds, work_.masks[0]);
      Mark(bounds, work_.masks[0], MoveWorkspace::kStatic);
    }
  }

  // `mask` of `window`, 0 or 1.
  void Mark(const RectPx& window, std::span<const uint8_t> mask, uint8_t bit) {
    for (uint32_t y = 0; y < window.height; ++y) {
      const uint8_t* row = mask.data() + size_t{y} * window.width;
      uint8_t* marks = work_.marks.data() + size_t{window.y + y} * target_.width + window.x;
      for (uint32_t x = 0; x < window.width; ++x) {
        marks[x] |= static_cast<uint8_t>(row[x] * bit);
      }
    }
  }

  // The group's pixels in its window, into the first mask.
  void DrawMask(const MovingGroup& group) {
    const std::span<uint8_t> mask = work_.masks[0].first(PixelsOf(group.window));
    std::ranges::fill(mask, uint8_t{0});
    if (group.members.empty()) AddEllipse(EllipseOf(group.box), group.window, mask);
    for (const MovableObject& member : group.members) {
      const Object& object = objects_->objects[member.object];
      if (object.shape == ObjectShape::kBox) {
        AddEllipse(EllipseIn(object), group.window, mask);
        continue;
      }
      const RectPx& box = member.box;
      Rasterise(*objects_, object, box, work_.masks[1]);
      for (uint32_t y = 0; y < box.height; ++y) {
        const uint8_t* row = work_.masks[1].data() + size_t{y} * box.width;
        uint8_t* joined = mask.data() + size_t{box.y + y - group.window.y} * group.window.width +
                          (box.x - group.window.x);
        for (uint32_t x = 0; x < box.width; ++x) joined[x] |= row[x];
      }
    }
  }

  // A box that was moved may be turned, one that was cut has other corners.
  Ellipse EllipseIn(const Object& object) const {
    const std::span<const PointF> ring = objects_->PointsOf(objects_->RingsOf(object)[0]);
    return ring.size() == 4 ? EllipseOf(ring) : EllipseOf(BoundsOf(*objects_, object));
  }

  // How far the alpha of ellipses reaches beyond the group's box.
  uint32_t EllipseMargin(const MovingGroup& group) const {
    const auto reach = [](const RectPx& box) {
      return static_cast<uint32_t>(kEllipseReach * std::max(box.width, box.height)) + 1;
    };
    if (group.members.empty()) return reach(group.box);
    uint32_t margin = 0;
    for (const MovableObject& member : group.members) {
      const bool is_box = objects_->objects[member.object].shape == ObjectShape::kBox;
      if (is_box) margin = std::max(margin, reach(member.box));
    }
    return margin;
  }

  // Marks what the group leaves, and works out its alpha where it arrives.
  void CutOut(MovingGroup* group) {
    const uint32_t margin =
        std::max({options_.dilate, options_.feather, EllipseMargin(*group)}) + 1;
    group->window = Grown(group->box, margin, target_.size());
    // Smaller than a pixel: there is nothing to see of it.
    const double side = std::max(group->box.width, group->box.height);
    group->target = group->move.scale * side < 1
                        ? RectPx{}
                        : ReachOf(group->move, group->window, target_.size());
    DrawMask(*group);
    MakeMovedAlpha(group);
    GrowMask(group->window.size(), options_.dilate, work_.masks[0], work_.masks[1]);
    Mark(group->window, work_.masks[0], MoveWorkspace::kLeft);
  }

  // From the mask that was drawn. Kept if there is room, else to be made again.
  void MakeMovedAlpha(MovingGroup* group) {
    const uint64_t count = PixelsOf(group->target);
    if (count > kept_.size()) {
      group->alpha = {};
      return WarpGroupAlpha(*group, work_.masks[2].first(count));
    }
    group->alpha = kept_.first(count);
    kept_ = kept_.subspan(count);
    WarpGroupAlpha(*group, group->alpha);
  }

  void WarpGroupAlpha(const MovingGroup& group, std::span<uint8_t> out) {
    const uint32_t shorter = std::min(group.box.width, group.box.height);
    const uint32_t feather =
        shorter < uint64_t{kFeathersMin} * options_.feather ? 0 : options_.feather;
    MakeAlpha(group.window.size(), work_.masks[0], feather, work_.masks[1], work_.masks[2],
              work_.row, work_.alpha);
    if (group.members.empty()) RaiseToEllipse(EllipseOf(group.box), group.window, work_.alpha);
    for (const MovableObject& member : group.members) {
      const Object& object = objects_->objects[member.object];
      if (object.shape == ObjectShape::kBox) {
        RaiseToEllipse(EllipseIn(object), group.window, work_.alpha);
      }
    }
    WarpAlpha(group.move, group.window, work_.alpha, group.target, out);
  }

  std::span<const uint8_t> MovedAlpha(const MovingGroup& group) const {
    return group.alpha.empty() ? work_.masks[2] : group.alpha;
  }

  void MarkCovered(const MovingGroup& group) {
    const std::span<const uint8_t> alpha = MovedAlpha(group);
    const RectPx& rect = group.target;
    for (uint32_t y = 0; y < rect.height; ++y) {
      const uint8_t* row = alpha.data() + size_t{y} * rect.width;
      uint8_t* marks = work_.marks.data() + size_t{rect.y + y} * target_.width + rect.x;
      for (uint32_t x = 0; x < rect.width; ++x) {
        marks[x] |= row[x] >= kCovers ? MoveWorkspace::kCovered : uint8_t{0};
      }
    }
  }

  // `left`: where moved objects were.
  void Fill(const RectPx& left) {
    const HoleMarks hole{.marks = work_.marks.data(),
                         .mask = MoveWorkspace::kLeft | MoveWorkspace::kStatic,
                         .value = MoveWorkspace::kLeft,
                         .hidden = MoveWorkspace::kCovered};
    FillHole(target_, hole, BoxOfHole(hole, left, target_.width), work_.fill);
  }

  void Lay(MovingGroup* group, uint16_t number) {
    if (group->alpha.empty() && PixelsOf(group->target) > 0) {
      DrawMask(*group);
      WarpGroupAlpha(*group, work_.masks[2].first(PixelsOf(group->target)));
    }
    const std::span<const uint8_t> alpha = MovedAlpha(*group);
    Paste(source_, group->move, group->target, alpha, target_);
    const RectPx& rect = group->target;
    for (uint32_t y = 0; y < rect.height; ++y) {
      const uint8_t* row = alpha.data() + size_t{y} * rect.width;
      uint16_t* last = work_.last_paste.data() + size_t{rect.y + y} * target_.width + rect.x;
      for (uint32_t x = 0; x < rect.width; ++x) last[x] = row[x] >= kHides ? number : last[x];
    }
  }

  void Annotate(std::span<const uint32_t> movers, std::span<const MovingGroup> groups) {
    const TwoMasks masks{work_.masks[0], work_.masks[1]};
    RectPx pasted;  // by the groups from i on
    for (size_t i = groups.size(); i-- > 0;) {
      const MovingGroup& group = groups[i];
      if (!group.moves) continue;
      for (const MovableObject& member : group.members) {
        Object& object = objects_->objects[member.object];
        // What was gone before is no loss of this move.
        const double whole_px =
            static_cast<double>(member.area_px) * group.move.scale * group.move.scale;
        MoveObject(group.move, masks, objects_, &object);
        Resolve(pasted, static_cast<uint16_t>(i + 1), &object);
        const bool whole = (object.flags & (kObjectClipped | kObjectOccluded)) == 0;
        if (!whole || group.target.width == 0 || whole_px < 1) {
          DropIfHidden(options_.min_visible, whole_px, work_.masks[0], *objects_, &object);
        }
      }
      pasted = UnionOf(pasted, group.target);
    }
    for (uint32_t i = 0; i < objects_->objects.size(); ++i) {
      Object& object = objects_->objects[i];
      if (object.crowd || std::ranges::binary_search(movers, i)) continue;
      if (const uint64_t had_px = Resolve(pasted, 0, &object); had_px > 0) {
        DropIfHidden(options_.min_visible, static_cast<double>(had_px), work_.masks[0], *objects_,
                     &object);
      }
    }
  }

  // How many pixels the object had if some are hidden now, else 0.
  uint64_t Resolve(const RectPx& pasted, uint16_t own, Object* object) {
    if (options_.occlusion == Occlusion::kNone || pasted.width == 0) return 0;
    return HideObject({work_.last_paste, own}, pasted, work_.masks[0], objects_, object);
  }

  ConstImageView source_;
  const MoveOptions& options_;
  const MoveWorkspace& work_;
  ImageView target_;
  ObjectList* objects_;
  std::span<uint8_t> kept_;
};

}  // namespace

MoveWorkspace::MoveWorkspace(SizePx picture, ScratchCursor* scratch) {
  const uint64_t pixels = uint64_t{picture.width} * picture.height;
  marks = scratch->Take<uint8_t>(pixels);
  last_paste = scratch->Take<uint16_t>(pixels);
  kept = scratch->Take<uint8_t>(2 * pixels);
  // The holes are filled between the cutting out and the pasting, with the memory of both.
  ScratchCursor measured;
  for (int i = 0; i < 3; ++i) measured.Take<uint8_t>(pixels);
  measured.Take<uint8_t>(AlphaBytes(picture));
  const uint64_t shared = std::max(measured.bytes(), FillHoleFloats(picture) * sizeof(float));
  const std::span<std::byte> block = scratch->Take<std::byte>(shared);
  if (!block.empty()) {
    ScratchCursor parts(block);
    for (std::span<uint8_t>& mask : masks) mask = parts.Take<uint8_t>(pixels);
    alpha = parts.Take<uint8_t>(AlphaBytes(picture));
    ScratchCursor floats(block);
    fill = floats.Take<float>(FillHoleFloats(picture));
  }
  row = scratch->Take<uint16_t>(uint64_t{picture.width} + 2);
}

void MoveGroups(const ConstImageView& source, const MoveOptions& options,
                std::span<const uint32_t> movers, std::span<MovingGroup> groups,
                const MoveWorkspace& work, const ImageView& target, ObjectList* objects) {
  Mover(source, options, work, target, objects).Run(movers, groups);
}

}  // namespace headrace::loader
