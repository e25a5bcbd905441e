#include "bindings/cli/canvas.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <string>

#include "bindings/cli/font.h"

namespace headrace::cli {

Canvas::Canvas(uint32_t width, uint32_t height, Rgb colour) {
  picture_.width = width;
  picture_.height = height;
  picture_.rgb.resize(size_t{width} * height * 3);
  Fill(0, 0, width, height, colour);
}

void Canvas::Fill(uint32_t x, uint32_t y, uint32_t width, uint32_t height, Rgb colour) {
  const uint32_t right = std::min(picture_.width, x + width);
  const uint32_t bottom = std::min(picture_.height, y + height);
  for (uint32_t row = y; row < bottom; ++row) {
    uint8_t* pixel = picture_.rgb.data() + (size_t{row} * picture_.width + x) * 3;
    for (uint32_t column = x; column < right; ++column, pixel += 3) {
      std::copy(colour.begin(), colour.end(), pixel);
    }
  }
}

void Canvas::Frame(uint32_t x, uint32_t y, uint32_t width, uint32_t height, uint32_t thickness,
                   Rgb colour) {
  Fill(x, y, width, thickness, colour);
  Fill(x, y + height - thickness, width, thickness, colour);
  Fill(x, y, thickness, height, colour);
  Fill(x + width - thickness, y, thickness, height, colour);
}

void Canvas::Draw(uint32_t x, uint32_t y, const Picture& picture) {
  if (x >= picture_.width || y >= picture_.height) return;
  const uint32_t width = std::min(picture.width, picture_.width - x);
  const uint32_t height = std::min(picture.height, picture_.height - y);
  for (uint32_t row = 0; row < height; ++row) {
    std::memcpy(picture_.rgb.data() + (size_t{y + row} * picture_.width + x) * 3,
                picture.rgb.data() + size_t{row} * picture.width * 3, size_t{width} * 3);
  }
}

void Canvas::Text(uint32_t x, uint32_t y, uint32_t width, uint32_t scale, std::string_view text,
                  Rgb colour) {
  const size_t fitting = width / (kGlyphAdvance * scale);
  std::string shown(text.substr(0, fitting));
  if (text.size() > fitting && fitting >= 2) shown.replace(fitting - 2, 2, "..");
  for (const char c : shown) {
    const Glyph& glyph = GlyphOf(c);
    for (uint32_t row = 0; row < kGlyphRows; ++row) {
      for (uint32_t column = 0; column < kGlyphColumns; ++column) {
        if ((glyph[row] >> (kGlyphColumns - 1 - column) & 1) != 0) {
          Fill(x + column * scale, y + row * scale, scale, scale, colour);
        }
      }
    }
    x += kGlyphAdvance * scale;
  }
}

hr_image Canvas::ToImage() const {
  HR_INIT(hr_image, image);
  image.width = picture_.width;
  image.height = picture_.height;
  image.channels = 3;
  image.stride_bytes = uint64_t{picture_.width} * 3;
  image.pixels = picture_.rgb.data();
  return image;
}

namespace {

// Area-averaging weights of one axis, applied to one line of `step`-spaced pixels.
void ShrinkLine(const float* in, size_t in_step, uint32_t in_count, float* out, size_t out_step,
                uint32_t out_count) {
  const double ratio = static_cast<double>(in_count) / out_count;
  for (uint32_t i = 0; i < out_count; ++i) {
    const double low = i * ratio;
    const double high = std::min<double>((i + 1) * ratio, in_count);
    double sums[3] = {0, 0, 0};
    for (auto at = static_cast<uint32_t>(low); at < in_count && at < high; ++at) {
      const double weight = std::min<double>(high, at + 1.0) - std::max<double>(low, at);
      for (size_t c = 0; c < 3; ++c) sums[c] += weight * static_cast<double>(in[at * in_step + c]);
    }
    for (size_t c = 0; c < 3; ++c) {
      out[i * out_step + c] = static_cast<float>(sums[c] / (high - low));
    }
  }
}

}  // namespace

Picture Fitted(const Picture& picture, uint32_t width, uint32_t height) {
  if (picture.width == 0 || picture.height == 0) return picture;
  const double scale = std::min({1.0, static_cast<double>(width) / picture.width,
                                 static_cast<double>(height) / picture.height});
  if (scale == 1.0) return picture;
  const auto scaled = [&](uint32_t side) {
    return std::max<uint32_t>(1, static_cast<uint32_t>(std::lround(side * scale)));
  };
  Picture out{scaled(picture.width), scaled(picture.height), {}};
  std::vector<float> full(picture.rgb.begin(), picture.rgb.end());
  std::vector<float> narrow(size_t{out.width} * picture.height * 3);
  for (uint32_t row = 0; row < picture.height; ++row) {
    ShrinkLine(full.data() + size_t{row} * picture.width * 3, 3, picture.width,
               narrow.data() + size_t{row} * out.width * 3, 3, out.width);
  }
  std::vector<float> small(size_t{out.width} * out.height * 3);
  for (uint32_t column = 0; column < out.width; ++column) {
    const size_t step = size_t{out.width} * 3;
    ShrinkLine(narrow.data() + size_t{column} * 3, step, picture.height,
               small.data() + size_t{column} * 3, step, out.height);
  }
  out.rgb.resize(small.size());
  std::transform(small.begin(), small.end(), out.rgb.begin(),
                 [](float value) { return static_cast<uint8_t>(value + 0.5f); });
  return out;
}

}  // namespace headrace::cli
