// The contact sheet of `headrace preview`: cells of a picture and what is known about it.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "bindings/cli/canvas.h"
#include "bindings/cli/target_overlay.h"

namespace headrace::cli {

enum class CellMark : uint8_t { kNone, kSubstitute, kBad };

struct SheetCell {
  std::optional<Picture> original;  // beside the output, when asked for and readable
  Picture output;
  std::string label;            // what the model is told
  std::string second;           // of a mixed sample: the other label
  std::string detail;           // small print
  std::vector<NamedBox> boxes;  // over the output, in its pixels
  CellMark mark = CellMark::kNone;
};

// Cells in rows, the sheet about as wide as it is high. `with_original`: each cell has room for
// two.
Canvas DrawSheet(const std::vector<SheetCell>& cells, bool with_original);

}  // namespace headrace::cli
