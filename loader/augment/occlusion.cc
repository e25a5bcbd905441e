#include "loader/augment/occlusion.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "loader/augment/drawn_range.h"
#include "loader/augment/fill_pixels.h"
#include "loader/augment/noise_key.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "simd/noise.h"

namespace headrace::loader {
namespace {

// A parameter that is a colour or one word.
bool ReadColourOrWord(const OpConfig& config, std::string_view name, std::string_view word,
                      std::array<double, 3>* colour, bool* is_word, ConfigError* error) {
  const auto found = config.params.find(std::string(name));
  *is_word = found != config.params.end() && std::holds_alternative<std::string>(found->second);
  if (!*is_word) return ReadChannels(config, name, colour, error);
  size_t index = 0;
  return ReadWordOf(config, name, {&word, 1}, &index, error);
}

void AppendColourOrWord(std::string_view name, std::string_view word, bool is_word,
                        const std::array<double, 3>& colour, std::string* toml) {
  if (!is_word) return AppendReals(name, colour, toml);
  toml->append(name).append(" = \"").append(word).append("\"\n");
}

// Occlusion changes a few pixels of a picture that is ours, and copies one that is not.
class OcclusionOp : public Op {
 public:
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  bool WorksInPlace() const override { return true; }
  bool SkipsCleanView() const override { return true; }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    const ImageView target = picture->TargetIn(memory.output);
    CopyPixels(picture->pixels, target);
    picture->pixels = target;
    Occlude(draw, target, picture->mirrored);
    return {};
  }

 protected:
  virtual void Occlude(const OpDraw& draw, const ImageView& pixels, bool mirrored) const = 0;
};

constexpr int kTries = 10;

bool IsInside(const RectPx& rect, SizePx size) {
  return uint64_t{rect.x} + rect.width <= size.width &&
         uint64_t{rect.y} + rect.height <= size.height;
}

class RandomErasing final : public OcclusionOp {
 public:
  std::string_view name() const override { return "random_erasing"; }

  bool Read(const OpConfig& config, ConfigError* error) {
    return ReadPositiveRange(config, "scale", &scale_, error) &&
           ReadPositiveRange(config, "ratio", &ratio_, error) &&
           ReadColourOrWord(config, "value", "random", &value_, &is_random_, error) &&
           ReadNoiseKey(config, &key_, error) && ReadRect(config, "at", &at_, error);
  }

  void UseOutput(const OutputScale& output) override {
    std::ranges::copy(output.mean, colour_.mean);
    std::ranges::copy(output.std, colour_.std);
  }

  // Noise has an order; a colour does not.
  bool SeesColumns() const override { return is_random_; }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->rect = at_.has_value() ? *at_ : DrawBox(stream, draw->in);
    if (!IsInside(draw->rect, draw->in)) {
      return Status(Code::kInvalidArgument, "random_erasing: `at` is not inside the picture");
    }
    if (is_random_ && draw->rect.width > 0) DrawNoiseKey(stream, key_, draw);
    return {};
  }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    if (draw.rect.width == 0) {
      // A square as large as the picture is never smaller than it on both sides.
      toml->append("scale = [1, 1]\nratio = [1, 1]\n");
    } else {
      AppendNumbers("at", {draw.rect.y, draw.rect.x, draw.rect.height, draw.rect.width}, toml);
    }
    AppendColourOrWord("value", "random", is_random_, value_, toml);
    if (is_random_ && draw.rect.width > 0) AppendNoiseKey(draw, toml);
  }

 protected:
  void Occlude(const OpDraw& draw, const ImageView& pixels, bool mirrored) const override {
    if (draw.rect.width == 0 || draw.rect.height == 0) return;
    const ImageView box = pixels.Crop(mirrored ? MirrorRect(draw.rect, draw.in.width) : draw.rect);
    if (is_random_) {
      simd::FillWithNoise(colour_, NoiseKeyOf(draw), box);
    } else {
      FillPixels(box, ColourOf(value_));
    }
  }

 private:
  // Nothing when no try fits, and when a side of the one that fits rounds to 0.
  RectPx DrawBox(RandomStream* stream, SizePx in) const {
    const double area = static_cast<double>(in.width) * in.height;
    for (int attempt = 0; attempt < kTries; ++attempt) {
      const double box_area = area * DrawFrom(scale_, stream);
      const double ratio = stream->NextLogUniform(ratio_.low, ratio_.high);
      const double height = std::nearbyint(std::sqrt(box_area * ratio));
      const double width = std::nearbyint(std::sqrt(box_area / ratio));
      if (!(height < in.height && width < in.width)) continue;
      RectPx box{0, 0, static_cast<uint32_t>(width), static_cast<uint32_t>(height)};
      box.y = stream->NextBelow(in.height - box.height + 1);
      box.x = stream->NextBelow(in.width - box.width + 1);
      return box.width == 0 || box.height == 0 ? RectPx{} : box;
    }
    return {};
  }

  Range scale_{0.02, 0.33};
  Range ratio_{0.3, 3.3};
  std::array<double, 3> value_{};
  bool is_random_ = false;
  simd::NoiseColour colour_;
  std::optional<RectPx> at_;
  std::optional<int64_t> key_;
};

class Cutout final : public OcclusionOp {
 public:
  std::string_view name() const override { return "cutout"; }

  bool Read(const OpConfig& config, ConfigError* error) {
    std::optional<int64_t> length, holes;
    if (!ReadInteger(config, "length", 1, kSidePxMax, &length, error) ||
        !ReadInteger(config, "n_holes", 1, 1000, &holes, error) ||
        !ReadColourOrWord(config, "fill", "mean", &fill_, &is_mean_, error) ||
        !ReadNoiseKey(config, &key_, error) || !ReadCentre(config, error)) {
      return false;
    }
    length_ = static_cast<uint32_t>(length.value_or(length_));
    holes_ = static_cast<uint32_t>(holes.value_or(holes_));
    if (at_.has_value() && holes_ > 1) {
      return OpError(config, Code::kConfigValue, "at: is for n_holes = 1; use noise_key", error);
    }
    return true;
  }

  void UseOutput(const OutputScale& output) override {
    if (!output.has_mean) return;
    for (size_t c = 0; c < 3; ++c) mean_[c] = 255 * output.mean[c];
  }

  bool SeesColumns() const override { return false; }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    if (holes_ > 1) {
      DrawNoiseKey(stream, key_, draw);
    } else if (at_.has_value()) {
      draw->values[0] = at_->row;
      draw->values[1] = at_->column;
    } else {
      draw->values[0] = stream->NextBelow(draw->in.height);
      draw->values[1] = stream->NextBelow(draw->in.width);
    }
    return {};
  }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    toml->append("length = ").append(std::to_string(length_)).append("\n");
    toml->append("n_holes = ").append(std::to_string(holes_)).append("\n");
    AppendColourOrWord("fill", "mean", is_mean_, fill_, toml);
    if (holes_ > 1) {
      AppendNoiseKey(draw, toml);
    } else {
      AppendReals("at", std::span(draw.values).first(2), toml);
    }
  }

 protected:
  void Occlude(const OpDraw& draw, const ImageView& pixels, bool mirrored) const override {
    const std::array<uint8_t, 3> colour = ColourOf(is_mean_ ? mean_ : fill_);
    if (holes_ == 1) {
      return FillHole(pixels, mirrored, static_cast<int64_t>(draw.values[0]),
                      static_cast<int64_t>(draw.values[1]), colour);
    }
    RandomStream stream({.seed = NoiseKeyOf(draw), .name = "cutout"});
    for (uint32_t i = 0; i < holes_; ++i) {
      const int64_t row = stream.NextBelow(draw.in.height);
      const int64_t column = stream.NextBelow(draw.in.width);
      FillHole(pixels, mirrored, row, column, colour);
    }
  }

 private:
  struct Centre {
    uint32_t row, column;
  };

  bool ReadCentre(const OpConfig& config, ConfigError* error) {
    std::vector<uint32_t> values;
    if (!ReadWholeNumbers(config, "at", 0, kSidePxMax, &values, error)) return false;
    if (values.empty()) return true;
    if (values.size() != 2) {
      return OpError(config, Code::kConfigValue, "at: expected [row, column]", error);
    }
    at_ = Centre{values[0], values[1]};
    return true;
  }

  // What lies outside is cut off.
  void FillHole(const ImageView& pixels, bool mirrored, int64_t row, int64_t column,
                const std::array<uint8_t, 3>& colour) const {
    const int64_t reach = length_ / 2;
    const int64_t top = std::max<int64_t>(0, row - reach);
    const int64_t left = std::max<int64_t>(0, column - reach);
    const int64_t bottom = std::min<int64_t>(pixels.height, row + reach);
    const int64_t right = std::min<int64_t>(pixels.width, column + reach);
    if (top >= bottom || left >= right) return;
    const RectPx hole{static_cast<uint32_t>(left), static_cast<uint32_t>(top),
                      static_cast<uint32_t>(right - left), static_cast<uint32_t>(bottom - top)};
    FillPixels(pixels.Crop(mirrored ? MirrorRect(hole, pixels.width) : hole), colour);
  }

  uint32_t length_ = 16;
  uint32_t holes_ = 1;
  std::array<double, 3> fill_{};
  std::array<double, 3> mean_{128, 128, 128};
  bool is_mean_ = false;
  std::optional<Centre> at_;
  std::optional<int64_t> key_;
};

template <class Occlusion>
std::unique_ptr<Op> Make(const OpConfig& config, ConfigError* error) {
  auto op = std::make_unique<Occlusion>();
  if (!op->Read(config, error)) return nullptr;
  return op;
}

}  // namespace

std::unique_ptr<Op> MakeRandomErasing(const OpConfig& config, ConfigError* error) {
  return Make<RandomErasing>(config, error);
}

std::unique_ptr<Op> MakeCutout(const OpConfig& config, ConfigError* error) {
  return Make<Cutout>(config, error);
}

}  // namespace headrace::loader
