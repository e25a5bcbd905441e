#include "simd/reference_hue.h"

#include <algorithm>
#include <cmath>

namespace headrace::simd::reference {
namespace {

struct Hsv {
  uint8_t h, s, v;
};

Hsv HsvOf(const uint8_t* rgb) {
  const auto [smallest, largest] = std::minmax({rgb[0], rgb[1], rgb[2]});
  Hsv hsv = {0, 0, largest};
  if (smallest == largest) return hsv;
  const auto range = static_cast<float>(largest - smallest);
  const float saturation = range / static_cast<float>(largest);
  const float r = static_cast<float>(largest - rgb[0]) / range;
  const float g = static_cast<float>(largest - rgb[1]) / range;
  const float b = static_cast<float>(largest - rgb[2]) / range;
  float hue;
  if (rgb[0] == largest) {
    hue = b - g;
  } else if (rgb[1] == largest) {
    hue = static_cast<float>(2.0 + double{r} - double{b});
  } else {
    hue = static_cast<float>(4.0 + double{g} - double{r});
  }
  hue = static_cast<float>(std::fmod(double{hue} / 6.0 + 1.0, 1.0));
  hsv.h = static_cast<uint8_t>(double{hue} * 255.0);
  hsv.s = static_cast<uint8_t>(double{saturation} * 255.0);
  return hsv;
}

uint8_t Rounded(double value) { return static_cast<uint8_t>(std::floor(value + 0.5)); }

// The values of a sextant: which of v, p, q and t are r, g and b.
template <class Value>
void PutSextant(int sextant, Value v, Value p, Value q, Value t, Value* rgb) {
  const Value all[6][3] = {{v, t, p}, {q, v, p}, {p, v, t}, {p, q, v}, {t, p, v}, {v, p, q}};
  std::copy_n(all[sextant % 6], 3, rgb);
}

void RgbOf(const Hsv& hsv, uint8_t* rgb) {
  const double sixfold = static_cast<double>(hsv.h) * 6.0 / 255.0;
  const double whole = std::floor(sixfold);
  const double rest = sixfold - whole;
  const float s = static_cast<float>(hsv.s) / 255.0f;
  const double v = hsv.v;
  const auto falling = static_cast<float>(double{s} * rest);
  const auto rising = static_cast<float>(double{s} * (1.0 - rest));
  PutSextant(static_cast<int>(whole), hsv.v, Rounded(v * (1.0 - double{s})),
             Rounded(v * (1.0 - double{falling})), Rounded(v * (1.0 - double{rising})), rgb);
}

void TurnPixel(const uint8_t* from, float turns, uint8_t* to) {
  const uint8_t r = from[0], g = from[1], b = from[2];
  const auto [smallest, largest] = std::minmax({r, g, b});
  const int middle = r + g + b - largest - smallest;
  int sextant;
  if (r == largest) {
    sextant = g < b ? 5 : 0;
  } else if (g == largest) {
    sextant = r < b ? 2 : 1;
  } else {
    sextant = g < r ? 4 : 3;
  }
  const int along = sextant % 2 == 0 ? middle - smallest : largest - middle;
  const auto range = static_cast<float>(largest - smallest);
  float hue = 0;
  float s = 0;
  if (largest != smallest) {
    hue = (static_cast<float>(sextant) + static_cast<float>(along) / range) * (1.0f / 6.0f);
    s = range / static_cast<float>(largest);
  }
  hue = hue + turns;
  const float sixfold = (hue - std::floor(hue)) * 6.0f;
  const float whole = std::floor(sixfold);
  const float rest = sixfold - whole;
  const float weight = static_cast<int>(whole) % 2 == 1 ? rest : 1.0f - rest;
  const float v = static_cast<float>(largest) * (255.999f / 255.0f);
  const auto top = static_cast<uint8_t>(v);
  const auto bottom = static_cast<uint8_t>(v * (1.0f - s));
  const auto between = static_cast<uint8_t>(v * (1.0f - s * weight));
  PutSextant(static_cast<int>(whole), top, bottom, between, between, to);
}

// Calls pixel(from, to) for each.
template <class Pixel>
void MapPixels(const ConstImageView& source, const ImageView& target, const Pixel& pixel) {
  for (uint32_t y = 0; y < source.height; ++y) {
    for (size_t i = 0; i < source.row_bytes(); i += source.channels) {
      const uint8_t* from = source.Row(y) + i;
      if (source.channels == 3) {
        pixel(from, target.Row(y) + i);
      } else {
        target.Row(y)[i] = *from;
      }
    }
  }
}

}  // namespace

void ShiftHue(const ConstImageView& source, uint8_t steps, const ImageView& target) {
  MapPixels(source, target, [steps](const uint8_t* from, uint8_t* to) {
    Hsv hsv = HsvOf(from);
    hsv.h = static_cast<uint8_t>(hsv.h + steps);
    RgbOf(hsv, to);
  });
}

void ShiftHueFloat(const ConstImageView& source, float turns, const ImageView& target) {
  MapPixels(source, target,
            [turns](const uint8_t* from, uint8_t* to) { TurnPixel(from, turns, to); });
}

}  // namespace headrace::simd::reference
