#include "loader/augment/noise.h"

#include <limits>
#include <string>

#include "loader/augment/drawn_range.h"
#include "loader/augment/noise_key.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "simd/noise.h"
#include "simd/poisson.h"

namespace headrace::loader {
namespace {

// What the noise ops share: one drawn strength, then the key; pixels are changed where they are.
class NoiseOp : public Op {
 public:
  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->values[0] = DrawFrom(strength_, stream);
    DrawNoiseKey(stream, key_, draw);
    return {};
  }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  bool WorksInPlace() const override { return true; }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    const ImageView target = picture->TargetIn(memory.output);
    Add(draw, picture->pixels, memory.scratch, target);
    picture->pixels = target;
    return {};
  }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendFixed(strength_name_, draw.values[0], toml);
    ExplainRest(toml);
    AppendNoiseKey(draw, toml);
  }

 protected:
  NoiseOp(std::string_view strength_name, double strength)
      : strength_name_(strength_name), strength_{strength, strength} {}

  virtual void Add(const OpDraw& draw, const ConstImageView& source, std::span<std::byte> scratch,
                   const ImageView& target) const = 0;
  // The parameters that are not drawn.
  virtual void ExplainRest(std::string* toml) const = 0;

  bool ReadStrength(const OpConfig& config, double low, double high, ConfigError* error) {
    return ReadRealRange(config, strength_name_, low, high, &strength_, error) &&
           ReadNoiseKey(config, &key_, error);
  }
  const Range& strength() const { return strength_; }

 private:
  std::string_view strength_name_;
  Range strength_;
  std::optional<int64_t> key_;
};

void AppendReal(std::string_view name, double value, std::string* toml) {
  toml->append(name).append(" = ");
  loader::AppendReal(value, toml);
  toml->append("\n");
}

void AppendBool(std::string_view name, bool value, std::string* toml) {
  toml->append(name).append(value ? " = true\n" : " = false\n");
}

class GaussianNoiseOp final : public NoiseOp {
 public:
  GaussianNoiseOp() : NoiseOp("sigma", 0.1) {}
  std::string_view name() const override { return "gaussian_noise"; }

  bool Read(const OpConfig& config, ConfigError* error) {
    return ReadStrength(config, 0, 100, error) &&
           ReadReal(config, "mean", -1, 1, &noise_.mean, error) &&
           ReadBool(config, "clip", &noise_.clip, error) &&
           ReadBool(config, "per_channel", &noise_.per_channel, error) &&
           ReadBool(config, "trunc", &noise_.trunc, error);
  }

 protected:
  void Add(const OpDraw& draw, const ConstImageView& source, std::span<std::byte>,
           const ImageView& target) const override {
    simd::GaussianNoise noise = noise_;
    noise.sigma = draw.values[0];
    simd::AddGaussianNoise(source, noise, NoiseKeyOf(draw), target);
  }
  void ExplainRest(std::string* toml) const override {
    AppendReal("mean", noise_.mean, toml);
    AppendBool("clip", noise_.clip, toml);
    AppendBool("per_channel", noise_.per_channel, toml);
    AppendBool("trunc", noise_.trunc, toml);
  }

 private:
  simd::GaussianNoise noise_;
};

class SpeckleNoiseOp final : public NoiseOp {
 public:
  SpeckleNoiseOp() : NoiseOp("sigma", 0.1) {}
  std::string_view name() const override { return "speckle_noise"; }

  bool Read(const OpConfig& config, ConfigError* error) {
    return ReadStrength(config, 0, 100, error) && ReadReal(config, "mean", -1, 1, &mean_, error);
  }

 protected:
  void Add(const OpDraw& draw, const ConstImageView& source, std::span<std::byte>,
           const ImageView& target) const override {
    simd::AddSpeckleNoise(source, mean_, draw.values[0], NoiseKeyOf(draw), target);
  }
  void ExplainRest(std::string* toml) const override { AppendReal("mean", mean_, toml); }

 private:
  double mean_ = 0;
};

class SaltPepperNoiseOp final : public NoiseOp {
 public:
  SaltPepperNoiseOp() : NoiseOp("amount", 0.05) {}
  std::string_view name() const override { return "salt_pepper_noise"; }

  bool Read(const OpConfig& config, ConfigError* error) {
    return ReadStrength(config, 0, 1, error) &&
           ReadReal(config, "salt_vs_pepper", 0, 1, &noise_.salt, error) &&
           ReadBool(config, "per_channel", &noise_.per_channel, error);
  }

 protected:
  void Add(const OpDraw& draw, const ConstImageView& source, std::span<std::byte>,
           const ImageView& target) const override {
    simd::SaltPepper noise = noise_;
    noise.amount = draw.values[0];
    simd::AddSaltPepperNoise(source, noise, NoiseKeyOf(draw), target);
  }
  void ExplainRest(std::string* toml) const override {
    AppendReal("salt_vs_pepper", noise_.salt, toml);
    AppendBool("per_channel", noise_.per_channel, toml);
  }

 private:
  simd::SaltPepper noise_;
};

// The table of a peak that is the same for all samples is made once, else for each picture.
class PoissonNoiseOp final : public NoiseOp {
 public:
  PoissonNoiseOp() : NoiseOp("peak", 255) {}
  std::string_view name() const override { return "poisson_noise"; }

  bool Read(const OpConfig& config, ConfigError* error) {
    constexpr double kAboveZero = std::numeric_limits<double>::min();
    if (!ReadStrength(config, kAboveZero, simd::kPoissonPeakMax, error)) return false;
    if (strength().low == strength().high) {
      table_ = std::make_unique<simd::PoissonTable>();
      simd::MakePoissonTable(strength().low, table_.get());
    }
    return true;
  }

  uint64_t ScratchBytes(const OpDraw& draw) const override {
    return HasTable(draw) ? 0 : sizeof(simd::PoissonTable);
  }

 protected:
  void Add(const OpDraw& draw, const ConstImageView& source, std::span<std::byte> scratch,
           const ImageView& target) const override {
    if (HasTable(draw)) return simd::AddPoissonNoise(source, *table_, NoiseKeyOf(draw), target);
    auto* table = reinterpret_cast<simd::PoissonTable*>(scratch.data());
    simd::MakePoissonTable(draw.values[0], table);
    simd::AddPoissonNoise(source, *table, NoiseKeyOf(draw), target);
  }
  void ExplainRest(std::string*) const override {}

 private:
  bool HasTable(const OpDraw& draw) const {
    return table_ != nullptr && draw.values[0] == strength().low;
  }

  std::unique_ptr<simd::PoissonTable> table_;
};

template <class NoiseKind>
std::unique_ptr<Op> Make(const OpConfig& config, ConfigError* error) {
  auto op = std::make_unique<NoiseKind>();
  if (!op->Read(config, error)) return nullptr;
  return op;
}

}  // namespace

std::unique_ptr<Op> MakeGaussianNoise(const OpConfig& config, ConfigError* error) {
  return Make<GaussianNoiseOp>(config, error);
}
std::unique_ptr<Op> MakeSpeckleNoise(const OpConfig& config, ConfigError* error) {
  return Make<SpeckleNoiseOp>(config, error);
}
std::unique_ptr<Op> MakeSaltPepperNoise(const OpConfig& config, ConfigError* error) {
  return Make<SaltPepperNoiseOp>(config, error);
}
std::unique_ptr<Op> MakePoissonNoise(const OpConfig& config, ConfigError* error) {
  return Make<PoissonNoiseOp>(config, error);
}

}  // namespace headrace::loader
