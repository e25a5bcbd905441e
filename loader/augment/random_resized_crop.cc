#include "loader/augment/random_resized_crop.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "loader/augment/drawn_range.h"
#include "loader/augment/op_params.h"

namespace headrace::loader {
namespace {

constexpr int kTries = 10;

// Half to even, which is what the reference rounds with. The mode is never changed here.
uint32_t RoundSide(double side) {
  return static_cast<uint32_t>(std::nearbyint(std::min(side, 4294967295.0)));
}

// No try fitted. A side never becomes 0, however flat the picture and the ratio are.
RectPx FallbackCrop(SizePx in, const Range& ratio) {
  SizePx size = in;
  const double aspect = static_cast<double>(in.width) / in.height;
  if (aspect < ratio.low) {
    size.height = std::clamp(RoundSide(in.width / ratio.low), 1u, in.height);
  } else if (aspect > ratio.high) {
    size.width = std::clamp(RoundSide(in.height * ratio.high), 1u, in.width);
  }
  return {(in.width - size.width) / 2, (in.height - size.height) / 2, size.width, size.height};
}

class RandomResizedCrop final : public Op {
 public:
  // Without a filter each draw chooses between bilinear and bicubic.
  RandomResizedCrop(SizePx size, Range scale, Range ratio, std::optional<simd::Filter> filter,
                    std::optional<RectPx> at)
      : size_(size), scale_(scale), ratio_(ratio), filter_(filter), at_(at) {}

  std::string_view name() const override { return "random_resized_crop"; }
  std::optional<SizePx> FixedSize(std::optional<SizePx>) const override { return size_; }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->out = size_;
    if (!at_.has_value()) {
      draw->rect = DrawResizedCrop(stream, draw->in, scale_, ratio_);
    } else if (!PlaceGiven(draw)) {
      return Status(Code::kInvalidArgument, "random_resized_crop: `at` is not inside the picture");
    }
    simd::Filter filter = filter_.value_or(simd::Filter::kBilinear);
    if (!filter_.has_value() && stream->NextBelow(2) == 1) filter = simd::Filter::kBicubic;
    draw->values[0] = static_cast<double>(filter);
    return {};
  }

  bool CropsOrResizes() const override { return true; }
  bool SuitsPlanes() const override { return !filter_.has_value() || !simd::IsNearest(*filter_); }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kCropResize; }
  simd::Filter filter(const OpDraw& draw) const override {
    return static_cast<simd::Filter>(draw.values[0]);
  }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendNumbers("size", {size_.height, size_.width}, toml);
    AppendNumbers("at", {draw.rect.y, draw.rect.x, draw.rect.height, draw.rect.width}, toml);
    AppendInterpolation(filter(draw), toml);
  }

 private:
  bool PlaceGiven(OpDraw* draw) const {
    if (uint64_t{at_->x} + at_->width > draw->in.width ||
        uint64_t{at_->y} + at_->height > draw->in.height) {
      return false;
    }
    draw->rect = *at_;
    return true;
  }

  SizePx size_;
  Range scale_;
  Range ratio_;
  std::optional<simd::Filter> filter_;
  std::optional<RectPx> at_;  // the rectangle when it is given instead of drawn
};

// As ReadInterpolation; nothing for "random".
bool ReadCropInterpolation(const OpConfig& config, std::optional<simd::Filter>* filter,
                           ConfigError* error) {
  const auto word = config.params.find("interpolation");
  if (word != config.params.end() && word->second == ParamValue(std::string("random"))) {
    OpConfig rest = config;
    rest.params.erase("interpolation");
    simd::Filter unused{};
    return ReadInterpolation(rest, &unused, error);
  }
  *filter = simd::Filter::kBilinear;
  return ReadInterpolation(config, &**filter, error);
}

}  // namespace

RectPx DrawResizedCrop(RandomStream* stream, SizePx in, const Range& scale, const Range& ratio) {
  const double area = static_cast<double>(in.width) * in.height;
  for (int attempt = 0; attempt < kTries; ++attempt) {
    const double crop_area = area * DrawFrom(scale, stream);
    const double aspect = stream->NextLogUniform(ratio.low, ratio.high);
    const uint32_t width = RoundSide(std::sqrt(crop_area * aspect));
    const uint32_t height = RoundSide(std::sqrt(crop_area / aspect));
    if (width == 0 || height == 0 || width > in.width || height > in.height) continue;
    const uint32_t top = stream->NextBelow(in.height - height + 1);
    const uint32_t left = stream->NextBelow(in.width - width + 1);
    return {left, top, width, height};
  }
  return FallbackCrop(in, ratio);
}

std::unique_ptr<Op> MakeRandomResizedCrop(const OpConfig& config, ConfigError* error) {
  SizePx size;
  Range scale{0.08, 1.0};
  Range ratio{3.0 / 4.0, 4.0 / 3.0};
  std::optional<simd::Filter> filter;
  std::optional<RectPx> at;
  if (!ReadSquareOrSize(config, &size, error) ||
      !ReadPositiveRange(config, "scale", &scale, error) ||
      !ReadPositiveRange(config, "ratio", &ratio, error) ||
      !ReadCropInterpolation(config, &filter, error) || !ReadRect(config, "at", &at, error)) {
    return nullptr;
  }
  return std::make_unique<RandomResizedCrop>(size, scale, ratio, filter, at);
}

}  // namespace headrace::loader
