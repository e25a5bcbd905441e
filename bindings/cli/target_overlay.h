// The objects of a sample, for the contact sheet: masks as a tint, boxes with names.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <headrace.h>

#include "bindings/cli/canvas.h"

namespace headrace::cli {

// A box to be drawn over a picture, in its pixels.
struct NamedBox {
  float left = 0;
  float top = 0;
  float right = 0;
  float bottom = 0;
  std::string name;
  Rgb colour{};
};

// Tints the masks of sample `row` into `picture`, which shows it, and gives the boxes around them.
// No targets: nothing happens.
std::vector<NamedBox> OverlayTargets(const hr_loader* loader, const hr_batch_info& batch,
                                     uint32_t row, Picture* picture);

// Draws boxes whose picture stands at (x, y), `scale` times as large, and is `width` wide.
void DrawBoxes(const std::vector<NamedBox>& boxes, uint32_t x, uint32_t y, uint32_t width,
               double scale, Canvas* canvas);

}  // namespace headrace::cli
