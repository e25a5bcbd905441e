// What was drawn for one sample, as a list of things to do: the common tongue of ops, policies and
// the program that runs them.
//
// An op that fires adds one OpDraw to the list; a policy adds one for each op that it chose. Plain
// data: made by one thread for one sample, in memory that is sized once (Recipe).
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"

namespace headrace::loader {

class Op;
class ObjectMover;
struct ObjectList;

// Pixels of a picture are RGB until the conversion to the output.
inline constexpr uint32_t kPictureChannels = 3;
// A side that an op may ask for or make; the decoders' default max_side.
inline constexpr uint32_t kSidePxMax = 65535;

// What one op drew for one sample, and so what is to be done to its picture. Which fields mean what
// is said in the op's header; policies fill them without asking the op for a draw.
struct OpDraw {
  const Op* op = nullptr;
  SizePx in;    // size before the op
  SizePx out;   // size after it
  RectPx rect;  // crops: the rectangle kept
  std::array<double, 8> values{};
  // So many draws behind this one in the list are its own business (the chains of AugMix) and no
  // steps of the list.
  uint32_t belongings = 0;
};

// The draws behind `draw`, one of a list, that belong to it.
inline std::span<const OpDraw> BelongingsOf(const OpDraw& draw) {
  return {&draw + 1, draw.belongings};
}

// Fills a recipe's list and follows the size of the picture. Never allocates: what does not fit
// into the room is dropped, and overflowed() says so.
class DrawList {
 public:
  DrawList(std::span<OpDraw> room, SizePx size) : room_(room), size_(size) {}

  // The size of the picture as the draws so far leave it.
  SizePx size() const { return last_ == nullptr ? size_ : last_->out; }

  // Appends the identity of the present size (out = in, rect = all of it). The caller fills it.
  OpDraw* Add(const Op* op) {
    const SizePx in = size();
    const bool fits = count_ < room_.size();
    last_ = fits ? &room_[count_] : &spare_;
    count_ += fits ? 1 : 0;
    overflowed_ = overflowed_ || !fits;
    *last_ = {.op = op, .in = in, .out = in, .rect = {0, 0, in.width, in.height}};
    return last_;
  }

  // Draws that belong to the one added last: see below.
  class Group;

  size_t count() const { return count_; }
  bool overflowed() const { return overflowed_; }

 private:
  std::span<OpDraw> room_;
  SizePx size_;
  size_t count_ = 0;
  OpDraw* last_ = nullptr;  // whose result the next draw gets
  OpDraw spare_;
  bool overflowed_ = false;
};

// While one lives, what is added belongs to the draw that was added last before. Its `out` must be
// final when the group ends.
class DrawList::Group {
 public:
  explicit Group(DrawList* list)
      : list_(*list), owner_(*list->last_), first_(list->count_), size_before_(list->size_) {
    NextChain();
  }
  ~Group() {
    owner_.belongings = static_cast<uint32_t>(list_.count_ - first_);
    list_.last_ = &owner_;
    list_.size_ = size_before_;
  }
  Group(const Group&) = delete;
  Group& operator=(const Group&) = delete;

  // What is added next gets the owner's input.
  void NextChain() {
    list_.size_ = owner_.in;
    list_.last_ = nullptr;
  }

 private:
  DrawList& list_;
  OpDraw& owner_;
  size_t first_;
  SizePx size_before_;
};

// A picture on its way through the ops. `mirrored`: its columns are still to be reversed, which the
// next resize or the conversion to the output does for nothing.
struct Picture {
  ConstImageView pixels;
  bool mirrored = false;
  bool ours = false;  // the pixels lie in memory of the run and may be written to

  // Only if `ours`.
  ImageView Writable() const {
    return {const_cast<uint8_t*>(pixels.data), pixels.width, pixels.height, pixels.channels,
            pixels.stride_bytes};
  }
  // Where an op that works in place puts its result: here if `ours`, else in `output`.
  ImageView TargetIn(std::span<std::byte> output) const;
};

// `rect` of a picture `width` wide, in the coordinates of the same picture mirrored.
constexpr RectPx MirrorRect(const RectPx& rect, uint32_t width) {
  return {width - rect.x - rect.width, rect.y, rect.width, rect.height};
}

// `rect` of a picture `height` high, in the coordinates of the same picture upside down.
constexpr RectPx TurnOverRect(const RectPx& rect, uint32_t height) {
  return {rect.x, height - rect.y - rect.height, rect.width, rect.height};
}

// Bytes of a dense picture.
uint64_t PictureBytes(SizePx size);

// Of every block of scratch and output.
inline constexpr uint64_t kScratchAlignment = 64;

// What happened to samples, for statistics.
struct OpCounts {
  uint64_t object_zoom_fallbacks = 0;  // no object was found: a random crop instead
};

// Memory lent to Run, 64-byte aligned, as large as OutputBytes and ScratchBytes said. The picture
// that Run gets never lies in it.
struct OpMemory {
  std::span<std::byte> output;
  std::span<std::byte> scratch;
  // What is known of the objects in the picture, as it is before the op; null: nothing. An op that
  // says MovesObjects brings it up to date.
  ObjectList* objects = nullptr;
  ObjectMover* mover = nullptr;  // with objects
  OpCounts* counts = nullptr;    // or null
};

// `memory` as a dense picture; it must be large enough.
ImageView PictureIn(std::span<std::byte> memory, SizePx size);

}  // namespace headrace::loader
