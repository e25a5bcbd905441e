#include "loader/augment/hue.h"

#include "loader/augment/drawn_range.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "simd/hue.h"

namespace headrace::loader {
namespace {

enum class HueSpace : uint8_t { kPil, kFloat };
constexpr std::string_view kSpaceWords[] = {"pil", "float"};

class Hue final : public Op {
 public:
  Hue(const Range& shift, HueSpace space) : shift_(shift), space_(space) {}

  std::string_view name() const override { return "hue"; }
  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->values[0] = DrawFrom(shift_, stream);
    return {};
  }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  bool SeesColumns() const override { return false; }
  bool WorksInPlace() const override { return true; }
  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    if (draw.values[0] == 0) return {};
    const ImageView target = picture->TargetIn(memory.output);
    if (space_ == HueSpace::kPil) {
      simd::ShiftHue(picture->pixels, simd::HueSteps(draw.values[0]), target);
    } else {
      simd::ShiftHueFloat(picture->pixels, static_cast<float>(draw.values[0]), target);
    }
    picture->pixels = target;
    return {};
  }
  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendFixed("factor", draw.values[0], toml);
    if (space_ == HueSpace::kFloat) toml->append("space = \"float\"\n");
  }

 private:
  Range shift_;
  HueSpace space_;
};

}  // namespace

std::unique_ptr<Op> MakeHue(const OpConfig& config, ConfigError* error) {
  Range shift;
  size_t space = 0;
  if (!ReadRealRange(config, "factor", -0.5, 0.5, &shift, error) ||
      !ReadWordOf(config, "space", kSpaceWords, &space, error)) {
    return nullptr;
  }
  return std::make_unique<Hue>(shift, static_cast<HueSpace>(space));
}

}  // namespace headrace::loader
