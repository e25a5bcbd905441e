// random_zoom. Draws: the factor of the height, then that of the width if it has a range of its
// own. values[0..5]: the matrix; values[6], values[7]: the factors of height and width.
#include <limits>
#include <optional>

#include "base/check.h"
#include "loader/augment/drawn_range.h"
#include "loader/augment/warp.h"
#include "loader/augment/warp_params.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kFillModes[] = {"reflect", "constant", "wrap", "nearest"};
constexpr std::string_view kInterpolations[] = {"bilinear", "nearest"};

struct ZoomParams {
  Range height;
  std::optional<Range> width;
  simd::ZoomFill fill_mode = simd::ZoomFill::kReflect;
  simd::Interpolation interpolation = simd::Interpolation::kBilinear;
  simd::FillColour fill = {};
};

class RandomZoom final : public Op {
 public:
  explicit RandomZoom(const ZoomParams& params) : params_(params) {}

  std::string_view name() const override { return "random_zoom"; }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    const double height = DrawFrom(params_.height, stream);
    const double width = params_.width.has_value() ? DrawFrom(*params_.width, stream) : height;
    const double zoom_x = 1 + width;
    const double zoom_y = 1 + height;
    draw->values = {zoom_x, 0,      draw->in.width / 2.0 * (1 - zoom_x),
                    0,      zoom_y, draw->in.height / 2.0 * (1 - zoom_y),
                    height, width};
    return {};
  }

  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    const simd::Zoom zoom = {draw.values[0], draw.values[4], params_.fill_mode};
    if (zoom.x == 1 && zoom.y == 1) return {};
    HR_ENSURE(memory.output.size() >= PictureBytes(draw.out), "random_zoom: output too small");
    const ImageView target = PictureIn(memory.output, draw.out);
    simd::WarpZoom(picture->pixels, zoom, params_.interpolation, params_.fill, target);
    picture->pixels = target;
    return {};
  }

  // What a fill mode repeats beyond the edges is no object.
  PointMap PointsOf(const OpDraw& draw) const override {
    const auto& m = draw.values;
    if (m[0] == 1 && m[4] == 1) return {};
    return PointMap::FromBack({m[0], 0, m[2], 0, m[4], m[5], 0, 0, 1});
  }
  bool MovesPoints() const override { return true; }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendFixed("height_factor", draw.values[6], toml);
    AppendFixed("width_factor", draw.values[7], toml);
    toml->append("fill_mode = \"")
        .append(kFillModes[static_cast<size_t>(params_.fill_mode)])
        .append("\"\ninterpolation = \"")
        .append(kInterpolations[params_.interpolation == simd::Interpolation::kBilinear ? 0 : 1])
        .append("\"\n");
    AppendFillColour(params_.fill, toml);
  }

 private:
  ZoomParams params_;
};

}  // namespace

std::unique_ptr<Op> MakeRandomZoom(const OpConfig& config, ConfigError* error) {
  ZoomParams params;
  constexpr double kMost = std::numeric_limits<double>::max();
  params.height = {-0.2, 0.2};
  size_t fill_mode = 0;
  size_t interpolation = 0;
  if (!ReadRealRange(config, "height_factor", -1, kMost, &params.height, error) ||
      !ReadOptionalRange(config, "width_factor", -1, kMost, &params.width, error) ||
      !ReadWordOf(config, "fill_mode", kFillModes, &fill_mode, error) ||
      !ReadWordOf(config, "interpolation", kInterpolations, &interpolation, error) ||
      !ReadFillColour(config, &params.fill, error)) {
    return nullptr;
  }
  if (!(params.height.low > -1) || (params.width.has_value() && !(params.width->low > -1))) {
    OpError(config, Code::kConfigValue, "height_factor, width_factor: expected more than -1",
            error);
    return nullptr;
  }
  params.fill_mode = static_cast<simd::ZoomFill>(fill_mode);
  params.interpolation =
      interpolation == 0 ? simd::Interpolation::kBilinear : simd::Interpolation::kNearest;
  return std::make_unique<RandomZoom>(params);
}

}  // namespace headrace::loader
