// Canvas: an RGB picture to lay out pictures and text on.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include <headrace.h>

namespace headrace::cli {

using Rgb = std::array<uint8_t, 3>;

struct Picture {
  uint32_t width = 0;
  uint32_t height = 0;
  std::vector<uint8_t> rgb;  // rows end to end
};

class Canvas {
 public:
  Canvas(uint32_t width, uint32_t height, Rgb colour);

  // Rectangles and pictures that reach over the edge are cut off.
  void Fill(uint32_t x, uint32_t y, uint32_t width, uint32_t height, Rgb colour);
  void Frame(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t thickness,
             Rgb colour);
  void Draw(uint32_t x, uint32_t y, const Picture& picture);
  // One line of text in the built-in font, `scale` pixels a dot. Bytes outside ASCII are boxes;
  // what does not fit into `width` is cut, with two dots.
  void Text(uint32_t x, uint32_t y, uint32_t width, uint32_t scale, std::string_view text,
            Rgb colour);

  // A view for hr_image_write; lives as long as the canvas.
  hr_image ToImage() const;

 private:
  Picture picture_;
};

// Advance of a character and height of a line, in dots.
inline constexpr uint32_t kGlyphAdvance = 6;
inline constexpr uint32_t kLineHeight = 10;
// Width in dots of `text`.
inline uint32_t TextDots(std::string_view text) {
  return static_cast<uint32_t>(text.size()) * kGlyphAdvance;
}

// The picture within `width` x `height`, aspect kept, by averaging areas; never enlarged.
Picture Fitted(const Picture& picture, uint32_t width, uint32_t height);

}  // namespace headrace::cli
