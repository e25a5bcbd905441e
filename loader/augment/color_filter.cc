#include "loader/augment/color_filter.h"

#include <array>
#include <optional>
#include <string>

#include "loader/augment/color_curve.h"
#include "loader/augment/noise_key.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "loader/augment/point_pass.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kName = "random_color_filter";
constexpr std::string_view kFamilies[] = {"smooth", "extreme", "iid"};
static_assert(static_cast<size_t>(CurveFamily::kIid) == 2);

class ColorFilter final : public Op {
 public:
  std::string_view name() const override { return kName; }

  bool Read(const OpConfig& config, ConfigError* error) {
    size_t family = static_cast<size_t>(curves_.family);
    if (!ReadWordOf(config, "family", kFamilies, &family, error) ||
        !ReadReal(config, "bound", 1, kCurveBoundMax, &curves_.bound, error) ||
        !ReadCount(config, "pieces", kCurvePiecesMin, kCurvePiecesMax, &curves_.pieces, error) ||
        !ReadReal(config, "channel_mix", 0, 1, &curves_.channel_mix, error) ||
        !ReadNoiseKey(config, &key_, error)) {
      return false;
    }
    curves_.family = static_cast<CurveFamily>(family);
    return true;
  }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    DrawNoiseKey(stream, key_, draw);
    return {};
  }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPoint; }

  Status Point(const OpDraw& draw, PointPass* pass) const override {
    RandomStream stream({.seed = NoiseKeyOf(draw), .name = kName});
    std::array<double, size_t{kPictureChannels} * kCurvePiecesMax> parameters;
    DrawCurves(curves_, kPictureChannels, &stream, parameters);
    uint8_t tables[kPictureChannels][256];
    for (size_t c = 0; c < kPictureChannels; ++c) {
      FillCurveBytes({parameters.data() + c * curves_.pieces, curves_.pieces}, tables[c]);
    }
    pass->Map(tables);
    return {};
  }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    toml->append("family = \"").append(kFamilies[static_cast<size_t>(curves_.family)]);
    toml->append("\"\nbound = ");
    AppendReal(curves_.bound, toml);
    toml->append("\npieces = ").append(std::to_string(curves_.pieces)).append("\nchannel_mix = ");
    AppendReal(curves_.channel_mix, toml);
    toml->append("\n");
    AppendNoiseKey(draw, toml);
  }

 private:
  CurveDraw curves_;
  std::optional<int64_t> key_;
};

}  // namespace

std::unique_ptr<Op> MakeRandomColorFilter(const OpConfig& config, ConfigError* error) {
  auto op = std::make_unique<ColorFilter>();
  if (!op->Read(config, error)) return nullptr;
  return op;
}

}  // namespace headrace::loader
