#include "loader/augment/resize.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "loader/augment/op_params.h"

namespace headrace::loader {
namespace {

class Resize final : public Op {
 public:
  Resize(std::optional<SizePx> fixed, uint32_t short_side, uint32_t long_side_max,
         simd::Filter filter)
      : fixed_(fixed), short_side_(short_side), long_side_max_(long_side_max), filter_(filter) {}

  std::string_view name() const override { return "resize"; }
  std::optional<SizePx> FixedSize(std::optional<SizePx> in) const override {
    if (fixed_.has_value()) return fixed_;
    return in.has_value() ? ShortSideSize(*in, short_side_, long_side_max_) : std::nullopt;
  }

  Status Draw(RandomStream*, OpDraw* draw) const override {
    const std::optional<SizePx> out = FixedSize(draw->in);
    if (!out.has_value()) {
      return Status(Code::kLimitPixels,
                    "resize: the picture is so narrow that a side would become 0 or more than "
                    "65535 pixels");
    }
    draw->out = *out;
    return {};
  }

  bool CropsOrResizes() const override { return true; }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kCropResize; }
  bool SuitsPlanes() const override { return !simd::IsNearest(filter_); }
  simd::Filter filter(const OpDraw&) const override { return filter_; }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendNumbers("size", {draw.out.height, draw.out.width}, toml);
    AppendInterpolation(filter_, toml);
  }

 private:
  std::optional<SizePx> fixed_;
  uint32_t short_side_;
  uint32_t long_side_max_;
  simd::Filter filter_;
};

}  // namespace

std::optional<SizePx> ShortSideSize(SizePx in, uint32_t short_side, uint32_t long_side_max) {
  const uint32_t in_short = std::min(in.width, in.height);
  const uint32_t in_long = std::max(in.width, in.height);
  // The products are below 2^53, so the only rounding is the division's.
  const auto scaled = [](uint32_t a, uint32_t b, uint32_t c) {
    return static_cast<uint64_t>(static_cast<double>(uint64_t{a} * b) / static_cast<double>(c));
  };
  uint64_t out_short = short_side;
  uint64_t out_long = scaled(short_side, in_long, in_short);
  if (long_side_max > 0 && out_long > long_side_max) {
    out_short = static_cast<uint64_t>(static_cast<double>(long_side_max * out_short) /
                                      static_cast<double>(out_long));
    out_long = long_side_max;
  }
  if (out_short == 0 || out_long > kSidePxMax) return std::nullopt;
  SizePx out{static_cast<uint32_t>(out_short), static_cast<uint32_t>(out_long)};
  if (in.width > in.height) std::swap(out.width, out.height);
  return out;
}

std::unique_ptr<Op> MakeResize(const OpConfig& config, ConfigError* error) {
  std::vector<uint32_t> size;
  std::vector<uint32_t> max_size;
  simd::Filter filter = simd::Filter::kBilinear;
  if (!ReadWholeNumbers(config, "size", 1, kSidePxMax, &size, error) ||
      !ReadWholeNumbers(config, "max_size", 1, kSidePxMax, &max_size, error) ||
      !ReadInterpolation(config, &filter, error)) {
    return nullptr;
  }
  if (size.empty() || size.size() > 2) {
    OpError(config, size.empty() ? Code::kConfigMissing : Code::kConfigValue,
            "size: expected a number (the short side) or [height, width]", error);
    return nullptr;
  }
  if (size.size() == 2) {
    if (!max_size.empty()) {
      OpError(config, Code::kConfigValue, "max_size goes with size = a number only", error);
      return nullptr;
    }
    return std::make_unique<Resize>(SizePx{size[1], size[0]}, 0, 0, filter);
  }
  if (!max_size.empty() && max_size[0] <= size[0]) {
    OpError(config, Code::kConfigValue, "max_size: expected more than size", error);
    return nullptr;
  }
  return std::make_unique<Resize>(std::nullopt, size[0], max_size.empty() ? 0 : max_size[0],
                                  filter);
}

}  // namespace headrace::loader
