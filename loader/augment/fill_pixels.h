// One colour, and what lies outside of a picture.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/image_view.h"

namespace headrace::loader {

// Every pixel, of 3 channels, becomes `colour`.
void FillPixels(const ImageView& target, const std::array<uint8_t, 3>& colour);

// What a border holds.
enum class PadMode : uint8_t {
  kConstant,   // a colour
  kEdge,       // the nearest pixel
  kReflect,    // the picture in reverse, its last pixel not repeated
  kSymmetric,  // the same with the last pixel repeated
};
inline constexpr std::string_view kPadModeNames[] = {"constant", "edge", "reflect", "symmetric"};

// How one axis of a picture is cut and lengthened. Borders of any length; those of kReflect and
// kSymmetric go back and forth.
struct PadAxis {
  uint32_t first = 0;  // of the source that is kept
  uint32_t count = 0;
  uint32_t before = 0;  // pixels added at the start, and at the end
  uint32_t after = 0;
  uint32_t again = 0;  // then so many on either side, as a border of all that

  uint64_t length() const { return uint64_t{count} + before + after + 2 * uint64_t{again}; }

  // Which source pixel stands at `i` of `length()`; -1 for none.
  int64_t SourceOf(uint64_t i, PadMode mode) const;
};

// Where each column and each row of a padded picture comes from, in memory of the caller.
struct PadMaps {
  std::span<int32_t> columns;
  std::span<int32_t> rows;

  static uint64_t Bytes(SizePx size);
  // Of a picture of `size`; not filled yet.
  static PadMaps In(std::span<std::byte> memory, SizePx size);
};

// line[i] is where pixel `offset + i` of the padded axis comes from.
void FillPadMap(const PadAxis& axis, PadMode mode, uint64_t offset, std::span<int32_t> line);
// The same for a source whose columns lie in reverse, and a result that shall have them so too.
void MirrorPadMap(uint32_t source_width, std::span<int32_t> columns);

// Pixels that come from nowhere get `colour`. The two do not overlap.
void PadPixels(const ConstImageView& source, const PadMaps& maps,
               const std::array<uint8_t, 3>& colour, const ImageView& target);

}  // namespace headrace::loader
