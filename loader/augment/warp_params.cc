#include "loader/augment/warp_params.h"

#include <array>

namespace headrace::loader {
namespace {

constexpr std::string_view kInterpolationWords[] = {"nearest", "bilinear", "bicubic"};

}  // namespace

bool ReadOptionalRange(const OpConfig& config, std::string_view name, double low, double high,
                       std::optional<Range>* range, ConfigError* error) {
  if (FindParam(config, name) == nullptr) return true;
  return ReadRealRange(config, name, low, high, &range->emplace(), error);
}

bool ReadPoint(const OpConfig& config, std::string_view name, std::optional<PointPx>* point,
               ConfigError* error) {
  std::vector<double> values;
  if (!ReadNumbers(config, name, &values, error)) return false;
  if (values.empty()) return true;
  if (values.size() != 2) {
    return OpError(config, Code::kConfigValue, std::string(name) + ": expected [x, y]", error);
  }
  *point = PointPx{values[0], values[1]};
  return true;
}

bool ReadFillColour(const OpConfig& config, simd::FillColour* fill, ConfigError* error) {
  std::array<double, 3> channels = {};
  if (!ReadChannels(config, "fill", &channels, error)) return false;
  *fill = ColourOf(channels);
  return true;
}

void AppendFillColour(const simd::FillColour& fill, std::string* toml) {
  AppendNumbers("fill", {fill[0], fill[1], fill[2]}, toml);
}

bool ReadWarpStyle(const OpConfig& config, WarpStyle* style, ConfigError* error) {
  auto word = static_cast<size_t>(style->interpolation);
  if (!ReadWordOf(config, "interpolation", kInterpolationWords, &word, error)) return false;
  style->interpolation = static_cast<simd::Interpolation>(word);
  return ReadFillColour(config, &style->fill, error);
}

void AppendWarpStyle(const WarpStyle& style, std::string* toml) {
  toml->append("interpolation = \"")
      .append(kInterpolationWords[static_cast<size_t>(style.interpolation)])
      .append("\"\n");
  AppendFillColour(style.fill, toml);
}

}  // namespace headrace::loader
