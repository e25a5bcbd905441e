#include "loader/augment/flip.h"

namespace headrace::loader {
namespace {

class HorizontalFlip final : public Op {
 public:
  std::optional<SizePx> FixedSize(std::optional<SizePx> in) const override { return in; }
  Status Draw(RandomStream*, OpDraw*) const override { return {}; }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kMirror; }
  void Explain(const OpDraw&, std::string*) const override {}
};

}  // namespace

std::unique_ptr<Op> MakeRandomHorizontalFlip(const OpConfig&, ConfigError*) {
  return std::make_unique<HorizontalFlip>();
}

}  // namespace headrace::loader
