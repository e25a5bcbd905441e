#include "bindings/cli/preview_sheet.h"

#include <algorithm>
#include <cmath>

namespace headrace::cli {
namespace {

constexpr uint32_t kPictureSideMax = 256;
constexpr uint32_t kPictureSideMin = 96;  // room for a few words under small pictures
constexpr uint32_t kMargin = 8;
constexpr uint32_t kLabelScale = 2;
constexpr uint32_t kCaptionHeight = 2 * kLineHeight * kLabelScale + kLineHeight + 4;

constexpr Rgb kPaper = {24, 24, 27};
constexpr Rgb kSlot = {38, 38, 42};
constexpr Rgb kInk = {236, 236, 238};
constexpr Rgb kSecondInk = {140, 200, 255};
constexpr Rgb kSmallInk = {150, 150, 156};
constexpr Rgb kSubstituteInk = {255, 190, 70};
constexpr Rgb kBadInk = {255, 90, 80};

// Small pictures are shown two, three ... times as large, dot by dot.
Picture Enlarged(const Picture& picture, uint32_t times) {
  Picture out{picture.width * times, picture.height * times, {}};
  out.rgb.resize(size_t{out.width} * out.height * 3);
  for (uint32_t y = 0; y < out.height; ++y) {
    for (uint32_t x = 0; x < out.width; ++x) {
      const size_t from = (size_t{y / times} * picture.width + x / times) * 3;
      std::copy_n(picture.rgb.begin() + static_cast<ptrdiff_t>(from), 3,
                  out.rgb.begin() + static_cast<ptrdiff_t>((size_t{y} * out.width + x) * 3));
    }
  }
  return out;
}

Picture Shown(const Picture& picture) {
  const uint32_t side = std::max({picture.width, picture.height, 1u});
  if (side < kPictureSideMin) return Enlarged(picture, (kPictureSideMin + side - 1) / side);
  return Fitted(picture, kPictureSideMax, kPictureSideMax);
}

class SheetPainter {
 public:
  SheetPainter(const std::vector<SheetCell>& cells, bool with_original)
      : pictures_(with_original ? 2 : 1), slot_width_(kPictureSideMin), slot_height_(1) {
    for (const SheetCell& cell : cells) {
      outputs_.push_back(Shown(cell.output));
      slot_width_ = std::max(slot_width_, outputs_.back().width);
      slot_height_ = std::max(slot_height_, outputs_.back().height);
    }
    cell_width_ = pictures_ * slot_width_ + (pictures_ - 1) * kMargin;
    cell_height_ = slot_height_ + kMargin / 2 + kCaptionHeight;
    const double aspect = static_cast<double>(cell_height_) / cell_width_;
    const auto count = static_cast<double>(std::max<size_t>(cells.size(), 1));
    columns_ = std::max(1u, static_cast<uint32_t>(std::lround(std::sqrt(count * aspect))));
    columns_ = std::min(columns_, static_cast<uint32_t>(std::max<size_t>(cells.size(), 1)));
    rows_ = (static_cast<uint32_t>(cells.size()) + columns_ - 1) / columns_;
  }

  Canvas Paint(const std::vector<SheetCell>& cells) const {
    Canvas canvas(kMargin + columns_ * (cell_width_ + kMargin),
                  kMargin + std::max(rows_, 1u) * (cell_height_ + kMargin), kPaper);
    for (size_t i = 0; i < cells.size(); ++i) {
      const auto place = static_cast<uint32_t>(i);
      const uint32_t x = kMargin + place % columns_ * (cell_width_ + kMargin);
      const uint32_t y = kMargin + place / columns_ * (cell_height_ + kMargin);
      PaintCell(cells[i], outputs_[i], x, y, &canvas);
    }
    return canvas;
  }

 private:
  void PaintSlot(const Picture& picture, uint32_t x, uint32_t y, Canvas* canvas) const {
    canvas->Fill(x, y, slot_width_, slot_height_, kSlot);
    canvas->Draw(x + (slot_width_ - picture.width) / 2, y + (slot_height_ - picture.height) / 2,
                 picture);
  }

  void PaintCell(const SheetCell& cell, const Picture& output, uint32_t x, uint32_t y,
                 Canvas* canvas) const {
    uint32_t output_x = x;
    if (pictures_ == 2) {
      output_x = x + slot_width_ + kMargin;
      if (cell.original.has_value()) {
        PaintSlot(Fitted(*cell.original, slot_width_, slot_height_), x, y, canvas);
      } else {
        canvas->Fill(x, y, slot_width_, slot_height_, kSlot);
        canvas->Text(x + kMargin, y + kMargin, slot_width_ - kMargin, 1, "no readable source",
                     kBadInk);
      }
    }
    PaintSlot(output, output_x, y, canvas);
    const double scale = static_cast<double>(output.width) / std::max(cell.output.width, 1u);
    DrawBoxes(cell.boxes, output_x + (slot_width_ - output.width) / 2,
              y + (slot_height_ - output.height) / 2, output.width, scale, canvas);
    if (cell.mark != CellMark::kNone) {
      const Rgb colour = cell.mark == CellMark::kBad ? kBadInk : kSubstituteInk;
      canvas->Frame(output_x, y, slot_width_, slot_height_, 3, colour);
    }
    PaintCaption(cell, x, y + slot_height_ + kMargin / 2, canvas);
  }

  // A label that is too long for large letters gets small ones.
  void PaintLabel(const std::string& text, uint32_t x, uint32_t y, Rgb colour,
                  Canvas* canvas) const {
    const uint32_t scale = TextDots(text) * kLabelScale <= cell_width_ ? kLabelScale : 1;
    canvas->Text(x, y, cell_width_, scale, text, colour);
  }

  void PaintCaption(const SheetCell& cell, uint32_t x, uint32_t y, Canvas* canvas) const {
    PaintLabel(cell.label, x, y, kInk, canvas);
    y += kLineHeight * kLabelScale;
    if (cell.mark == CellMark::kBad) {
      PaintLabel("marked bad", x, y, kBadInk, canvas);
    } else if (cell.mark == CellMark::kSubstitute && cell.second.empty()) {
      PaintLabel("substitute", x, y, kSubstituteInk, canvas);
    } else {
      PaintLabel(cell.second, x, y, kSecondInk, canvas);
    }
    y += kLineHeight * kLabelScale;
    canvas->Text(x, y, cell_width_, 1, cell.detail, kSmallInk);
  }

  const uint32_t pictures_;
  uint32_t slot_width_;
  uint32_t slot_height_;
  uint32_t cell_width_ = 0;
  uint32_t cell_height_ = 0;
  uint32_t columns_ = 1;
  uint32_t rows_ = 1;
  std::vector<Picture> outputs_;
};

}  // namespace

Canvas DrawSheet(const std::vector<SheetCell>& cells, bool with_original) {
  return SheetPainter(cells, with_original).Paint(cells);
}

}  // namespace headrace::cli
