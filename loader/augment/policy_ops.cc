#include "loader/augment/policy_ops.h"

#include <algorithm>
#include <optional>
#include <string>
#include <vector>

#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "loader/augment/warp.h"
#include "loader/augment/warp_matrix.h"

namespace headrace::loader {
namespace {

// Numbers of ops that change no pixel.
constexpr double kFactorOfNothing = 1.0;
constexpr double kAllBits = 8.0;
constexpr double kThresholdOfNothing = 256.0;
constexpr double kAddThreshold = 128.0;

std::string FillText(const OpConfig& config) {
  std::vector<double> fill = {0};
  if (const auto found = config.params.find("fill"); found != config.params.end()) {
    if (const auto* list = std::get_if<std::vector<double>>(&found->second)) fill = *list;
  }
  std::string text = "[";
  for (const double value : fill) {
    if (text.size() > 1) text += ", ";
    AppendReal(value, &text);
  }
  return fill.size() == 1 ? text.substr(1) : text + "]";
}

}  // namespace

PolicyOps::PolicyOps() = default;
PolicyOps::~PolicyOps() = default;
PolicyOps::PolicyOps(PolicyOps&&) noexcept = default;
PolicyOps& PolicyOps::operator=(PolicyOps&&) noexcept = default;

bool PolicyOps::MakePrimitive(const OpConfig& config, Primitive primitive, const std::string& entry,
                              ConfigError* error) {
  std::unique_ptr<Op>& op = ops_[static_cast<size_t>(primitive)];
  if (op != nullptr) return true;
  std::vector<OpConfig> parsed;
  ConfigError inner;
  const std::vector<std::string> texts = {entry};
  if (ParseOps(texts, &parsed, &inner)) op = MakeOp(parsed.front(), &inner);
  return op != nullptr || OpError(config, inner.code, inner.text, error);
}

bool PolicyOps::Make(const OpConfig& config, std::span<const PolicyOp> used, Shear shear,
                     ConfigError* error) {
  shear_ = shear;
  const std::string_view interpolation = PolicyText(config, "interpolation", "nearest");
  random_interpolation_ = interpolation == "random";
  const std::string fill = ", fill = " + FillText(config);
  const std::string first = ", interpolation = \"" +
                            std::string(random_interpolation_ ? "bilinear" : interpolation) + "\"" +
                            fill;
  const std::string second = ", interpolation = \"bicubic\"" + fill;
  const auto make = [&](Primitive primitive, const std::string& entry) {
    return MakePrimitive(config, primitive, entry, error);
  };
  // A warp of each interpolation that may be drawn.
  const auto make_warps = [&](Primitive one, Primitive other, const std::string& entry) {
    return make(one, entry + first) && (!random_interpolation_ || make(other, entry + second));
  };
  for (const PolicyOp op : used) {
    bool good = true;
    switch (op) {
      case PolicyOp::kIdentity: break;
      case PolicyOp::kShearX:
      case PolicyOp::kShearY:
      case PolicyOp::kTranslateX:
      case PolicyOp::kTranslateY:
        good = make_warps(Primitive::kAffine, Primitive::kAffineBicubic,
                          "op = \"random_affine\", degrees = 0");
        break;
      case PolicyOp::kRotate:
        good = make_warps(Primitive::kRotation, Primitive::kRotationBicubic,
                          "op = \"random_rotation\", degrees = 0");
        break;
      case PolicyOp::kBrightness:
        good = make(Primitive::kBrightness, "op = \"brightness\", factor = [1, 1]");
        break;
      case PolicyOp::kColor:
        good = make(Primitive::kSaturation, "op = \"saturation\", factor = [1, 1]");
        break;
      case PolicyOp::kContrast:
        good = make(Primitive::kContrast, "op = \"contrast\", factor = [1, 1]");
        break;
      case PolicyOp::kSharpness:
        good = make(Primitive::kSharpness, "op = \"sharpness\", factor = 1");
        break;
      case PolicyOp::kPosterize:
        good = make(Primitive::kPosterize, "op = \"posterize\", bits = 8");
        break;
      case PolicyOp::kSolarize: good = make(Primitive::kSolarize, "op = \"solarize\""); break;
      case PolicyOp::kAutocontrast:
        good = make(Primitive::kAutocontrast, "op = \"autocontrast\"");
        break;
      case PolicyOp::kEqualize: good = make(Primitive::kEqualize, "op = \"equalize\""); break;
      case PolicyOp::kInvert: good = make(Primitive::kInvert, "op = \"invert\""); break;
      case PolicyOp::kSolarizeAdd:
        good = make(Primitive::kSolarizeAdd, "op = \"solarize_add\"");
        break;
      case PolicyOp::kCutout:
        good = make(Primitive::kErasing,
                    "op = \"random_erasing\", p = 1, value = " + FillText(config));
        break;
    }
    if (!good) return false;
  }
  return true;
}

PolicyOps::Turn PolicyOps::DrawTurn(RandomStream* stream, PolicyOp op, SizePx size) const {
  Turn turn;
  turn.sign = stream->NextBelow(2) == 1 ? Sign::kMinus : Sign::kPlus;
  if (random_interpolation_) turn.bicubic = stream->NextBelow(2) == 1;
  if (op == PolicyOp::kCutout) {
    turn.hole_y = stream->NextBelow(size.height);
    turn.hole_x = stream->NextBelow(size.width);
  }
  return turn;
}

OpDraw* PolicyOps::Add(Primitive primitive, DrawList* draws) const {
  return draws->Add(ops_[static_cast<size_t>(primitive)].get());
}

void PolicyOps::AddAffine(const simd::AffineMatrix& matrix, const Turn& turn,
                          DrawList* draws) const {
  SetMatrix(matrix, Add(turn.bicubic ? Primitive::kAffineBicubic : Primitive::kAffine, draws));
}

void PolicyOps::AddRotation(double degrees, const Turn& turn, DrawList* draws) const {
  OpDraw* draw = Add(turn.bicubic ? Primitive::kRotationBicubic : Primitive::kRotation, draws);
  SetMatrix(RotationOf(degrees, draw->in, std::nullopt, Canvas::kSame).matrix, draw);
  draw->values[6] = degrees;
}

void PolicyOps::AddHole(double side, const Turn& turn, DrawList* draws) const {
  const SizePx size = draws->size();
  const auto half = static_cast<uint32_t>(side) / 2;
  const uint32_t left = turn.hole_x - std::min(half, turn.hole_x);
  const uint32_t top = turn.hole_y - std::min(half, turn.hole_y);
  const uint32_t right = turn.hole_x + std::min(half, size.width - turn.hole_x);
  const uint32_t bottom = turn.hole_y + std::min(half, size.height - turn.hole_y);
  if (left == right || top == bottom) return;
  Add(Primitive::kErasing, draws)->rect = {left, top, right - left, bottom - top};
}

void PolicyOps::Append(PolicyOp op, double amount, const Turn& turn, DrawList* draws) const {
  // An op of one number, unless the number is the one of no change.
  const auto add = [&](Primitive primitive, double nothing) {
    if (amount != nothing) Add(primitive, draws)->values[0] = amount;
  };
  const bool angle = shear_ == Shear::kAngle;
  switch (op) {
    case PolicyOp::kIdentity: break;
    case PolicyOp::kShearX:
      if (amount != 0)
        AddAffine(angle ? ShearXMatrix(amount) : simd::AffineMatrix{1, amount, 0, 0, 1, 0}, turn,
                  draws);
      break;
    case PolicyOp::kShearY:
      if (amount != 0)
        AddAffine(angle ? ShearYMatrix(amount) : simd::AffineMatrix{1, 0, 0, amount, 1, 0}, turn,
                  draws);
      break;
    case PolicyOp::kTranslateX:
      if (amount != 0) AddAffine(TranslationMatrix(amount, 0), turn, draws);
      break;
    case PolicyOp::kTranslateY:
      if (amount != 0) AddAffine(TranslationMatrix(0, amount), turn, draws);
      break;
    case PolicyOp::kRotate:
      if (amount != 0) AddRotation(amount, turn, draws);
      break;
    case PolicyOp::kBrightness: add(Primitive::kBrightness, kFactorOfNothing); break;
    case PolicyOp::kColor: add(Primitive::kSaturation, kFactorOfNothing); break;
    case PolicyOp::kContrast: add(Primitive::kContrast, kFactorOfNothing); break;
    case PolicyOp::kSharpness: add(Primitive::kSharpness, kFactorOfNothing); break;
    case PolicyOp::kPosterize: add(Primitive::kPosterize, kAllBits); break;
    case PolicyOp::kSolarize: add(Primitive::kSolarize, kThresholdOfNothing); break;
    case PolicyOp::kAutocontrast: Add(Primitive::kAutocontrast, draws)->values[0] = 0; break;
    case PolicyOp::kEqualize: Add(Primitive::kEqualize, draws); break;
    case PolicyOp::kInvert: Add(Primitive::kInvert, draws); break;
    case PolicyOp::kSolarizeAdd:
      if (amount != 0) {
        OpDraw* draw = Add(Primitive::kSolarizeAdd, draws);
        draw->values[0] = amount;
        draw->values[1] = kAddThreshold;
      }
      break;
    case PolicyOp::kCutout: AddHole(amount, turn, draws); break;
  }
}

Status PolicyBase::Draw(RandomStream*, OpDraw*) const {
  return Status(Code::kInternal, "a policy was asked for a single draw");
}

void PolicyBase::Explain(const OpDraw&, std::string*) const {}

std::string_view PolicyText(const OpConfig& config, const char* name, std::string_view otherwise) {
  const auto found = config.params.find(name);
  if (found == config.params.end()) return otherwise;
  const auto* text = std::get_if<std::string>(&found->second);
  return text == nullptr ? otherwise : std::string_view(*text);
}

bool ReadPolicyProfile(const OpConfig& config, PolicyProfile* profile, ConfigError* error) {
  size_t index = 0;
  if (!ReadWordOf(config, "profile", kPolicyProfileNames, &index, error)) return false;
  *profile = static_cast<PolicyProfile>(index);
  return true;
}

}  // namespace headrace::loader
