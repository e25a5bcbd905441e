#include "bindings/cli/target_overlay.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string_view>

namespace headrace::cli {
namespace {

// Told apart on photographs; classes beyond them begin again.
constexpr std::array<Rgb, 10> kColours = {{{255, 99, 71},
                                           {64, 196, 255},
                                           {124, 232, 92},
                                           {255, 202, 40},
                                           {198, 120, 255},
                                           {0, 214, 180},
                                           {255, 128, 200},
                                           {255, 150, 50},
                                           {120, 144, 255},
                                           {214, 228, 90}}};
constexpr Rgb kNameInk = {12, 12, 14};
constexpr uint32_t kTintOf8 = 3;  // so many eighths of a masked pixel are its class's colour

Rgb ColourOf(int64_t label) {
  return kColours[static_cast<size_t>(std::max<int64_t>(label, 0)) % kColours.size()];
}

// COCO's run lengths: columns first, beginning with background. Calls use(place, count) for runs of
// foreground.
template <class Use>
void ForRuns(std::string_view text, Use&& use) {
  std::array<int64_t, 2> last{};  // the run before, and the one before that
  uint64_t place = 0;
  size_t i = 0;
  for (size_t index = 0; i < text.size(); ++index) {
    int64_t value = 0;
    for (int shift = 0; i < text.size() && shift < 60; shift += 5) {
      const int64_t symbol = text[i++] - 48;
      value |= (symbol & 31) << shift;
      if ((symbol & 32) != 0) continue;
      if ((symbol & 16) != 0) value -= int64_t{32} << shift;
      break;
    }
    if (index > 2) value += last[1];
    last = {value, last[0]};
    if (index % 2 == 1) use(place, static_cast<uint64_t>(value));
    place += static_cast<uint64_t>(value);
  }
}

void Tint(std::string_view mask, Rgb colour, Picture* picture) {
  const uint64_t pixels = uint64_t{picture->width} * picture->height;
  ForRuns(mask, [&](uint64_t place, uint64_t count) {
    for (const uint64_t end = std::min(place + count, pixels); place < end; ++place) {
      const uint64_t column = place / picture->height;
      const uint64_t row = place % picture->height;
      uint8_t* pixel = picture->rgb.data() + (row * picture->width + column) * 3;
      for (size_t c = 0; c < 3; ++c) {
        pixel[c] = static_cast<uint8_t>((pixel[c] * (8 - kTintOf8) + colour[c] * kTintOf8) / 8);
      }
    }
  });
}

std::string NameOf(const hr_loader* loader, const hr_targets& targets, int64_t k) {
  const char* known = hr_loader_class_name(loader, targets.classes[k]);
  std::string name = known != nullptr ? known : std::to_string(targets.classes[k]);
  if (targets.crowd[k] != 0) name += " (crowd)";
  if (targets.weights[k] < 1) {
    char weight[16];
    std::snprintf(weight, sizeof weight, " %.2f", static_cast<double>(targets.weights[k]));
    name += weight;
  }
  return name;
}

}  // namespace

std::vector<NamedBox> OverlayTargets(const hr_loader* loader, const hr_batch_info& batch,
                                     uint32_t row, Picture* picture) {
  std::vector<NamedBox> boxes;
  if (batch.targets == nullptr) return boxes;
  const hr_targets& targets = *batch.targets;
  for (int64_t k = targets.offsets[row]; k < targets.offsets[row + 1]; ++k) {
    const Rgb colour = ColourOf(targets.classes[k]);
    const int64_t first = targets.mask_offsets[k];
    Tint({targets.masks + first, static_cast<size_t>(targets.mask_offsets[k + 1] - first)}, colour,
         picture);
    const float* box = targets.boxes + 4 * k;
    boxes.push_back({box[0], box[1], box[2], box[3], NameOf(loader, targets, k), colour});
  }
  return boxes;
}

void DrawBoxes(const std::vector<NamedBox>& boxes, uint32_t x, uint32_t y, uint32_t width,
               double scale, Canvas* canvas) {
  const auto scaled = [scale](float value) {
    return static_cast<uint32_t>(std::lround(std::max(value, 0.0f) * scale));
  };
  for (const NamedBox& box : boxes) {
    const uint32_t left = scaled(box.left);
    const uint32_t top = scaled(box.top);
    const uint32_t box_width = std::max(scaled(box.right), left + 1) - left;
    const uint32_t box_height = std::max(scaled(box.bottom), top + 1) - top;
    canvas->Frame(x + left, y + top, box_width, box_height, 1, box.colour);
    if (left >= width) continue;
    const uint32_t text_width = std::min(TextDots(box.name) + 2, width - left);
    canvas->Fill(x + left, y + top, text_width, kLineHeight, box.colour);
    canvas->Text(x + left + 1, y + top + 1, text_width - 1, 1, box.name, kNameInk);
  }
}

}  // namespace headrace::cli
