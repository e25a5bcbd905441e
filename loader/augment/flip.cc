#include "loader/augment/flip.h"

namespace headrace::loader {
namespace {

// Geometry only: whoever runs the list folds it into what comes next.
class Flip final : public Op {
 public:
  Flip(std::string_view name, OpForm form) : name_(name), form_(form) {}

  std::string_view name() const override { return name_; }
  Status Draw(RandomStream*, OpDraw*) const override { return {}; }
  OpForm FormOf(const OpDraw&) const override { return form_; }
  bool IsFlip() const override { return true; }
  void Explain(const OpDraw&, std::string*) const override {}

 private:
  std::string_view name_;
  OpForm form_;
};

}  // namespace

std::unique_ptr<Op> MakeRandomHorizontalFlip(const OpConfig&, ConfigError*) {
  return std::make_unique<Flip>("random_horizontal_flip", OpForm::kMirror);
}

std::unique_ptr<Op> MakeRandomVerticalFlip(const OpConfig&, ConfigError*) {
  return std::make_unique<Flip>("random_vertical_flip", OpForm::kFlipRows);
}

}  // namespace headrace::loader
