// random_zoom_out. Draws: the ratio of the sides, then where the picture lies across and down, as
// shares of what is left. draw.rect: the picture's place on the canvas; values[0]: the ratio;
// values[1], values[2]: width and height of the canvas.
#include <optional>
#include <vector>

#include "base/check.h"
#include "base/checked_math.h"
#include "loader/augment/drawn_range.h"
#include "loader/augment/fill_pixels.h"
#include "loader/augment/warp.h"
#include "loader/augment/warp_params.h"
#include "simd/resize.h"

namespace headrace::loader {
namespace {

struct ZoomOutParams {
  Range side_range = {1, 4};
  simd::FillColour fill = {};
  bool keep_size = true;
  simd::Filter filter = simd::Filter::kBilinear;
  std::optional<PointPx> at;  // upper left corner on the canvas, when given instead of drawn
};

class RandomZoomOut final : public Op {
 public:
  explicit RandomZoomOut(const ZoomOutParams& params) : params_(params) {}

  std::string_view name() const override { return "random_zoom_out"; }
  std::optional<SizePx> FixedSize(std::optional<SizePx> in) const override {
    return params_.keep_size ? in : std::nullopt;
  }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    const double ratio = DrawFrom(params_.side_range, stream);
    const double width = static_cast<double>(static_cast<uint64_t>(draw->in.width * ratio));
    const double height = static_cast<double>(static_cast<uint64_t>(draw->in.height * ratio));
    if (width > kSidePxMax || height > kSidePxMax) {
      return Status(Code::kLimitPixels,
                    "random_zoom_out: a side of the canvas would become more than 65535 pixels");
    }
    double left = (width - draw->in.width) * stream->NextUnit();
    double top = (height - draw->in.height) * stream->NextUnit();
    if (params_.at.has_value()) {
      left = params_.at->x;
      top = params_.at->y;
      if (left + draw->in.width > width || top + draw->in.height > height) {
        return Status(Code::kInvalidArgument,
                      "random_zoom_out: with `at` the picture is not inside the canvas");
      }
    }
    draw->rect.x = static_cast<uint32_t>(left);
    draw->rect.y = static_cast<uint32_t>(top);
    draw->values[0] = ratio;
    draw->values[1] = width;
    draw->values[2] = height;
    if (!params_.keep_size) draw->out = CanvasOf(*draw);
    return {};
  }

  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }

  uint64_t ScratchBytes(const OpDraw& draw) const override {
    const SizePx canvas = CanvasOf(draw);
    if (draw.out == canvas) return 0;
    return SaturatingAdd(
        RoundUp(PictureBytes(canvas), kScratchAlignment),
        simd::ResizeScratchBytes(canvas, draw.out, kPictureChannels, params_.filter));
  }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    const SizePx canvas = CanvasOf(draw);
    if (canvas == draw.in) return {};
    HR_ENSURE(memory.output.size() >= PictureBytes(draw.out) &&
                  memory.scratch.size() >= ScratchBytes(draw),
              "random_zoom_out: memory too small");
    const ImageView target = PictureIn(memory.output, draw.out);
    if (draw.out == canvas) {
      Place(picture->pixels, draw.rect, target);
    } else {
      const uint64_t canvas_bytes = RoundUp(PictureBytes(canvas), kScratchAlignment);
      const ImageView whole = PictureIn(memory.scratch.first(canvas_bytes), canvas);
      Place(picture->pixels, draw.rect, whole);
      simd::Resize(whole, target, params_.filter, simd::Mirror::kNo,
                   memory.scratch.subspan(canvas_bytes));
    }
    picture->pixels = target;
    return {};
  }

  PointMap PointsOf(const OpDraw& draw) const override {
    const SizePx canvas = CanvasOf(draw);
    if (canvas == draw.in) return {};
    const double scale_x = static_cast<double>(draw.out.width) / canvas.width;
    const double scale_y = static_cast<double>(draw.out.height) / canvas.height;
    return PointMap::ScaleShift(scale_x, scale_x * draw.rect.x, scale_y, scale_y * draw.rect.y);
  }
  bool MovesPoints() const override { return true; }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendFixed("side_range", draw.values[0], toml);
    AppendNumbers("at", {draw.rect.y, draw.rect.x}, toml);
    AppendFillColour(params_.fill, toml);
    toml->append(params_.keep_size ? "keep_size = true\n" : "keep_size = false\n");
    AppendInterpolation(params_.filter, toml);
  }

 private:
  static SizePx CanvasOf(const OpDraw& draw) {
    return {static_cast<uint32_t>(draw.values[1]), static_cast<uint32_t>(draw.values[2])};
  }

  void Place(const ConstImageView& picture, const RectPx& rect, const ImageView& canvas) const {
    FillPixels(canvas, params_.fill);
    CopyPixels(picture, canvas.Crop({rect.x, rect.y, picture.width, picture.height}));
  }

  ZoomOutParams params_;
};

}  // namespace

std::unique_ptr<Op> MakeRandomZoomOut(const OpConfig& config, ConfigError* error) {
  ZoomOutParams params;
  std::vector<uint32_t> at;
  if (!ReadPositiveRange(config, "side_range", &params.side_range, error) ||
      !ReadFillColour(config, &params.fill, error) ||
      !ReadBool(config, "keep_size", &params.keep_size, error) ||
      !ReadInterpolation(config, &params.filter, error) ||
      !ReadWholeNumbers(config, "at", 0, kSidePxMax, &at, error)) {
    return nullptr;
  }
  if (params.side_range.low < 1) {
    OpError(config, Code::kConfigValue, "side_range: expected numbers of at least 1", error);
    return nullptr;
  }
  if (!at.empty()) {
    if (at.size() != 2) {
      OpError(config, Code::kConfigValue, "at: expected [top, left]", error);
      return nullptr;
    }
    params.at = PointPx{static_cast<double>(at[1]), static_cast<double>(at[0])};
  }
  return std::make_unique<RandomZoomOut>(params);
}

}  // namespace headrace::loader
