// random_rotation. Draws: the angle. values[0..5]: the matrix; values[6]: the angle.
#include <limits>
#include <optional>

#include "loader/augment/drawn_range.h"
#include "loader/augment/warp.h"
#include "loader/augment/warp_matrix.h"
#include "loader/augment/warp_params.h"

namespace headrace::loader {
namespace {

class RandomRotation final : public WarpOp {
 public:
  RandomRotation(const WarpStyle& style, const Range& degrees, const std::optional<PointPx>& centre,
                 Canvas canvas)
      : WarpOp(style), degrees_(degrees), centre_(centre), canvas_(canvas) {}

  std::string_view name() const override { return "random_rotation"; }
  std::optional<SizePx> FixedSize(std::optional<SizePx> in) const override {
    return canvas_ == Canvas::kGrown ? std::nullopt : in;
  }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->values[6] = DrawFrom(degrees_, stream);
    const Rotation rotation = RotationOf(draw->values[6], draw->in, centre_, canvas_);
    if (rotation.width > kSidePxMax || rotation.height > kSidePxMax) {
      return Status(Code::kLimitPixels,
                    "random_rotation: a side of the expanded picture would become more than 65535 "
                    "pixels");
    }
    SetMatrix(rotation.matrix, draw);
    draw->out = {static_cast<uint32_t>(rotation.width), static_cast<uint32_t>(rotation.height)};
    return {};
  }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendFixed("degrees", draw.values[6], toml);
    AppendWarpStyle(style(), toml);
    if (centre_.has_value()) {
      const double both[] = {centre_->x, centre_->y};
      AppendReals("center", both, toml);
    }
    toml->append(canvas_ == Canvas::kGrown ? "expand = true\n" : "expand = false\n");
  }

 private:
  Range degrees_;
  std::optional<PointPx> centre_;
  Canvas canvas_;
};

}  // namespace

std::unique_ptr<Op> MakeRandomRotation(const OpConfig& config, ConfigError* error) {
  constexpr double kMost = std::numeric_limits<double>::max();
  WarpStyle style;
  std::optional<Range> degrees;
  std::optional<PointPx> centre;
  bool expand = false;
  if (!ReadOptionalRange(config, "degrees", -kMost, kMost, &degrees, error) ||
      !ReadWarpStyle(config, &style, error) || !ReadPoint(config, "center", &centre, error) ||
      !ReadBool(config, "expand", &expand, error)) {
    return nullptr;
  }
  if (!degrees.has_value()) {
    OpError(config, Code::kConfigMissing, "degrees: expected [low, high]", error);
    return nullptr;
  }
  return std::make_unique<RandomRotation>(style, *degrees, centre,
                                          expand ? Canvas::kGrown : Canvas::kSame);
}

}  // namespace headrace::loader
