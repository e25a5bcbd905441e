#include "loader/augment/color_jitter.h"

#include <array>
#include <utility>

#include "base/rng.h"
#include "loader/augment/blend_ops.h"
#include "loader/augment/drawn_range.h"
#include "loader/augment/hue.h"
#include "loader/augment/param_values.h"

namespace headrace::loader {
namespace {

constexpr size_t kParts = 4;

struct Part {
  std::unique_ptr<Op> op;  // null: left out
  Range range;
};

class ColorJitter final : public Op {
 public:
  explicit ColorJitter(std::array<Part, kParts> parts) : parts_(std::move(parts)) {}

  std::string_view name() const override { return "color_jitter"; }
  uint32_t DrawCountMax() const override { return kParts; }

  Status Expand(RandomStream* stream, DrawList* draws) const override {
    std::array<size_t, kParts> order = {0, 1, 2, 3};
    for (size_t i = kParts - 1; i > 0; --i) {
      std::swap(order[i], order[stream->NextBelow(static_cast<uint32_t>(i) + 1)]);
    }
    std::array<double, kParts> factors{};
    for (size_t i = 0; i < kParts; ++i) {
      if (parts_[i].op != nullptr) factors[i] = DrawFrom(parts_[i].range, stream);
    }
    for (const size_t i : order) {
      if (parts_[i].op != nullptr) draws->Add(parts_[i].op.get())->values[0] = factors[i];
    }
    return {};
  }

  // Its parts stand in recipes, never it.
  Status Draw(RandomStream*, OpDraw*) const override {
    return Status(Code::kInternal, "color_jitter was asked for one draw");
  }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  void Explain(const OpDraw&, std::string*) const override {}

 private:
  std::array<Part, kParts> parts_;
};

struct PartKind {
  std::string_view param;
  std::unique_ptr<Op> (*make)(const OpConfig&, ConfigError*);
  Range bounds;
  double neutral;
};
constexpr PartKind kKinds[kParts] = {{"brightness", MakeBrightness, {0, 1000}, 1},
                                     {"contrast", MakeContrast, {0, 1000}, 1},
                                     {"saturation", MakeSaturation, {0, 1000}, 1},
                                     {"hue", MakeHue, {-0.5, 0.5}, 0}};

}  // namespace

std::unique_ptr<Op> MakeColorJitter(const OpConfig& config, ConfigError* error) {
  // The parts fill their draws here, so all that they read of the entry is hue's space.
  OpConfig own = config;
  own.params.erase("factor");
  std::array<Part, kParts> parts;
  for (size_t i = 0; i < kParts; ++i) {
    const PartKind& kind = kKinds[i];
    Range range{kind.neutral, kind.neutral};
    if (!ReadRealRange(config, kind.param, kind.bounds.low, kind.bounds.high, &range, error))
      return nullptr;
    std::unique_ptr<Op> op = kind.make(own, error);
    if (op == nullptr) return nullptr;
    const bool is_neutral = range.low == kind.neutral && range.high == kind.neutral;
    parts[i] = {is_neutral ? nullptr : std::move(op), range};
  }
  return std::make_unique<ColorJitter>(std::move(parts));
}

}  // namespace headrace::loader
