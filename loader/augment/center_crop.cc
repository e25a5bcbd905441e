#include "loader/augment/center_crop.h"

#include <algorithm>
#include <cstring>

#include "base/check.h"
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

  // The picture in the middle of zeros: half of what lacks, rounded down, before it.
  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    const uint32_t channels = picture->pixels.channels;
    const size_t row_bytes = size_t{draw.out.width} * channels;
    HR_ENSURE(memory.output.size() >= row_bytes * draw.out.height, "center_crop: output too small");
    const bool mirrored = picture->mirrored;
    const RectPx rect = mirrored ? MirrorRect(draw.rect, draw.in.width) : draw.rect;
    const ConstImageView kept = picture->pixels.Crop(rect);
    const uint32_t lacking = draw.out.width - rect.width;
    const uint32_t left = mirrored ? lacking - lacking / 2 : lacking / 2;
    const uint32_t top = (draw.out.height - rect.height) / 2;

    const ImageView out{reinterpret_cast<uint8_t*>(memory.output.data()), draw.out.width,
                        draw.out.height, channels, row_bytes};
    std::memset(out.data, 0, row_bytes * draw.out.height);
    for (uint32_t y = 0; y < rect.height; ++y) {
      std::memcpy(out.Row(top + y) + size_t{left} * channels, kept.Row(y), kept.row_bytes());
    }
    picture->pixels = out;
    return {};
  }

  void Explain(const OpDraw&, std::string* toml) const override {
    AppendNumbers("size", {size_.height, size_.width}, toml);
  }

 private:
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
