#include "loader/augment/center_crop.h"

#include <algorithm>

#include "loader/augment/fill_pixels.h"
#include "loader/augment/op_params.h"

namespace headrace::loader {
namespace {

class CenterCrop final : public Op {
 public:
  explicit CenterCrop(SizePx size) : size_(size) {}

  std::string_view name() const override { return "center_crop"; }
  std::optional<SizePx> FixedSize(std::optional<SizePx>) const override { return size_; }

  // rect is the part of the picture that is kept; along an axis that is too short it is all of it.
  Status Draw(RandomStream*, OpDraw* draw) const override {
    draw->out = size_;
    draw->rect.width = std::min(draw->in.width, size_.width);
    draw->rect.height = std::min(draw->in.height, size_.height);
    draw->rect.x = MiddleOffset(draw->in.width, draw->rect.width);
    draw->rect.y = MiddleOffset(draw->in.height, draw->rect.height);
    return {};
  }

  bool CropsOrResizes() const override { return true; }
  OpForm FormOf(const OpDraw& draw) const override {
    return draw.rect.size() == draw.out ? OpForm::kCrop : OpForm::kPixels;
  }

  bool SeesColumns() const override { return false; }

  uint64_t ScratchBytes(const OpDraw& draw) const override { return PadMaps::Bytes(draw.out); }

  // The picture in the middle of zeros.
  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    const PadMaps maps = PadMaps::In(memory.scratch, draw.out);
    FillPadMap(Axis(draw.rect.x, draw.rect.width, size_.width), PadMode::kConstant, 0,
               maps.columns);
    FillPadMap(Axis(draw.rect.y, draw.rect.height, size_.height), PadMode::kConstant, 0, maps.rows);
    if (picture->mirrored) MirrorPadMap(draw.in.width, maps.columns);
    const ImageView target = PictureIn(memory.output, draw.out);
    PadPixels(picture->pixels, maps, {0, 0, 0}, target);
    picture->pixels = target;
    return {};
  }

  PointMap PointsOf(const OpDraw& draw) const override {
    const auto shift = [](uint32_t first, uint32_t kept, uint32_t length) {
      return static_cast<double>(Axis(first, kept, length).before) - first;
    };
    return PointMap::ScaleShift(1, shift(draw.rect.x, draw.rect.width, size_.width), 1,
                                shift(draw.rect.y, draw.rect.height, size_.height));
  }
  bool MovesPoints() const override { return true; }

  void Explain(const OpDraw&, std::string* toml) const override {
    AppendNumbers("size", {size_.height, size_.width}, toml);
  }

 private:
  // Half of what lacks, rounded down, stands before.
  static PadAxis Axis(uint32_t first, uint32_t kept, uint32_t length) {
    const uint32_t lacking = length - kept;
    return {first, kept, lacking / 2, lacking - lacking / 2};
  }

  SizePx size_;
};

}  // namespace

uint32_t MiddleOffset(uint32_t length, uint32_t crop) {
  const uint32_t difference = length - crop;
  const uint32_t half = difference / 2;
  return half + (difference % 2 == 1 && half % 2 == 1 ? 1 : 0);
}

std::unique_ptr<Op> MakeCenterCrop(const OpConfig& config, ConfigError* error) {
  SizePx size;
  if (!ReadSquareOrSize(config, &size, error)) return nullptr;
  return std::make_unique<CenterCrop>(size);
}

}  // namespace headrace::loader
