#include "loader/augment/blend_ops.h"

#include <algorithm>

#include "base/check.h"
#include "loader/augment/drawn_range.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "loader/augment/point_pass.h"
#include "simd/colour.h"

namespace headrace::loader {
namespace {

constexpr Range kFactors{0, 1000};

float FactorOf(const OpDraw& draw) { return static_cast<float>(draw.values[0]); }

// What a blend with one value makes of every value: two roundings to f32, then a truncation.
void MapBlend(uint8_t with, float factor, PointPass* pass) {
  uint8_t table[256];
  const auto d = static_cast<float>(with);
  for (int i = 0; i < 256; ++i) {
    const float product = factor * static_cast<float>(i - with);
    table[i] = static_cast<uint8_t>(std::clamp(d + product, 0.0f, 255.0f));
  }
  pass->Map(table);
}

// Draws a factor.
class Blend : public Op {
 public:
  Blend(std::string_view name, const Range& factor) : name_(name), factor_(factor) {}

  std::string_view name() const override { return name_; }
  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->values[0] = DrawFrom(factor_, stream);
    return {};
  }
  bool SeesColumns() const override { return false; }
  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendFixed("factor", draw.values[0], toml);
  }

 private:
  std::string_view name_;
  Range factor_;
};

class Brightness final : public Blend {
 public:
  explicit Brightness(const Range& factor) : Blend("brightness", factor) {}
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPoint; }
  Status Point(const OpDraw& draw, PointPass* pass) const override {
    if (FactorOf(draw) != 1) MapBlend(0, FactorOf(draw), pass);
    return {};
  }
};

class Contrast final : public Blend {
 public:
  explicit Contrast(const Range& factor) : Blend("contrast", factor) {}
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPoint; }
  Status Point(const OpDraw& draw, PointPass* pass) const override {
    if (FactorOf(draw) == 1) return {};
    const auto sum = static_cast<double>(pass->GraySum());
    const double mean = sum / static_cast<double>(pass->pixel_count()) + 0.5;
    MapBlend(static_cast<uint8_t>(mean), FactorOf(draw), pass);
    return {};
  }
};

class Saturation final : public Blend {
 public:
  explicit Saturation(const Range& factor) : Blend("saturation", factor) {}
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  bool WorksInPlace() const override { return true; }
  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    if (FactorOf(draw) == 1) return {};
    const ImageView target = picture->TargetIn(memory.output);
    simd::Saturate(picture->pixels, FactorOf(draw), target);
    picture->pixels = target;
    return {};
  }
};

class Sharpness final : public Blend {
 public:
  explicit Sharpness(const Range& factor) : Blend("sharpness", factor) {}
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    if (FactorOf(draw) == 1) return {};
    const ImageView target = PictureIn(memory.output, draw.out);
    simd::Sharpen(picture->pixels, FactorOf(draw), target);
    picture->pixels = target;
    return {};
  }
};

class RandomGrayscale final : public Op {
 public:
  std::string_view name() const override { return "random_grayscale"; }
  Status Draw(RandomStream*, OpDraw*) const override { return {}; }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  bool SeesColumns() const override { return false; }
  bool WorksInPlace() const override { return true; }
  Status Run(const OpDraw&, const OpMemory& memory, Picture* picture) const override {
    const ImageView target = picture->TargetIn(memory.output);
    simd::Grayscale(picture->pixels, target);
    picture->pixels = target;
    return {};
  }
  void Explain(const OpDraw&, std::string*) const override {}
};

template <class BlendOp>
std::unique_ptr<Op> MakeBlend(const OpConfig& config, ConfigError* error) {
  Range factor{1, 1};
  if (!ReadRealRange(config, "factor", kFactors.low, kFactors.high, &factor, error)) return nullptr;
  return std::make_unique<BlendOp>(factor);
}

}  // namespace

std::unique_ptr<Op> MakeBrightness(const OpConfig& config, ConfigError* error) {
  return MakeBlend<Brightness>(config, error);
}
std::unique_ptr<Op> MakeContrast(const OpConfig& config, ConfigError* error) {
  return MakeBlend<Contrast>(config, error);
}
std::unique_ptr<Op> MakeSaturation(const OpConfig& config, ConfigError* error) {
  return MakeBlend<Saturation>(config, error);
}
std::unique_ptr<Op> MakeSharpness(const OpConfig& config, ConfigError* error) {
  return MakeBlend<Sharpness>(config, error);
}
std::unique_ptr<Op> MakeRandomGrayscale(const OpConfig&, ConfigError*) {
  return std::make_unique<RandomGrayscale>();
}

}  // namespace headrace::loader
