// The primitive ops that a policy draws from, and what every policy op has in common.
//
// A policy draws (policy_levels.h turns that into amounts) and appends draws of the ops here, whose
// numbers it fills in itself; those who run the list never see the policy.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>

#include "base/rng.h"
#include "loader/augment/draw_list.h"
#include "loader/augment/op.h"
#include "loader/augment/policy_levels.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/policy.h"
#include "simd/warp.h"

namespace headrace::loader {

// What: one op of each kind, made with the policy's fill and interpolation. Owner: the policy op.
// Thread: any; const after Make. Cost: Make allocates, nothing else does.
class PolicyOps {
 public:
  PolicyOps();
  ~PolicyOps();
  PolicyOps(PolicyOps&&) noexcept;
  PolicyOps& operator=(PolicyOps&&) noexcept;

  // How torchvision makes a shear of an amount: through its angle, which may change the last bit.
  enum class Shear : uint8_t { kEntry, kAngle };

  // Makes the ops that `used` names, with `interpolation` ("random": bilinear or bicubic, drawn for
  // every op) and `fill` of `config`; absent, they are nearest and 0. The error names the policy's
  // entry.
  [[nodiscard]] bool Make(const OpConfig& config, std::span<const PolicyOp> used, Shear shear,
                          ConfigError* error);

  // What an application of an op draws beside its magnitude.
  struct Turn {
    Sign sign = Sign::kPlus;
    bool bicubic = false;  // with interpolation = "random"
    uint32_t hole_x = 0;   // centre of a cutout
    uint32_t hole_y = 0;
  };
  // The sign; the interpolation if it is random; the centre if the op is a cutout.
  Turn DrawTurn(RandomStream* stream, PolicyOp op, SizePx size) const;

  // Appends the op at this amount (PolicyAmount), or nothing if that changes no pixel.
  void Append(PolicyOp op, double amount, const Turn& turn, DrawList* draws) const;

 private:
  enum class Primitive : uint8_t {
    kAffine,
    kAffineBicubic,
    kRotation,
    kRotationBicubic,
    kBrightness,
    kSaturation,
    kContrast,
    kSharpness,
    kPosterize,
    kSolarize,
    kAutocontrast,
    kEqualize,
    kInvert,
    kSolarizeAdd,
    kErasing,
    kCount,
  };

  bool MakePrimitive(const OpConfig& config, Primitive primitive, const std::string& entry,
                     ConfigError* error);
  OpDraw* Add(Primitive primitive, DrawList* draws) const;
  void AddAffine(const simd::AffineMatrix& matrix, const Turn& turn, DrawList* draws) const;
  void AddRotation(double degrees, const Turn& turn, DrawList* draws) const;
  void AddHole(double side, const Turn& turn, DrawList* draws) const;

  std::array<std::unique_ptr<Op>, static_cast<size_t>(Primitive::kCount)> ops_;
  bool random_interpolation_ = false;
  Shear shear_ = Shear::kEntry;
};

// The maps with bins are torchvision's.
constexpr PolicyOps::Shear ShearOf(LevelMap map) {
  return HasBins(map) ? PolicyOps::Shear::kAngle : PolicyOps::Shear::kEntry;
}

// An op that expands into others and never is a draw itself.
class PolicyBase : public Op {
 public:
  Status Draw(RandomStream* stream, OpDraw* draw) const final;
  OpForm FormOf(const OpDraw&) const final { return OpForm::kPixels; }
  bool MovesPoints() const final { return true; }
  void Explain(const OpDraw& draw, std::string* toml) const final;
};

// One text of a policy's entry, or `otherwise`.
std::string_view PolicyText(const OpConfig& config, const char* name, std::string_view otherwise);
// The profile of the entry; an error if it is none.
bool ReadPolicyProfile(const OpConfig& config, PolicyProfile* profile, ConfigError* error);

}  // namespace headrace::loader
