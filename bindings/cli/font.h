// The built-in bitmap font: printable ASCII, 5 x 9 dots.
#pragma once

#include <array>
#include <cstdint>

namespace headrace::cli {

inline constexpr uint32_t kGlyphColumns = 5;
inline constexpr uint32_t kGlyphRows = 9;

// A row a byte, the leftmost dot in bit 4.
using Glyph = std::array<uint8_t, kGlyphRows>;

// The glyph of a character; of anything outside printable ASCII, an empty box.
const Glyph& GlyphOf(char character);

}  // namespace headrace::cli
