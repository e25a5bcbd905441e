#include "loader/augment/hue.h"

#include "loader/augment/drawn_range.h"
#include "loader/augment/op_params.h"
#include "simd/hue.h"

namespace headrace::loader {
namespace {

enum class HueSpace : bool { kPil, kFloat };

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
    const ImageView target =
        picture->ours ? picture->Writable() : PictureIn(memory.output, draw.out);
    if (space_ == HueSpace::kPil) {
      simd::ShiftHue(picture->pixels, simd::HueSteps(draw.values[0]), target);
    } else {
      simd::ShiftHueFloat(picture->pixels, static_cast<float>(draw.values[0]), target);
    }
    picture->pixels = target;
    picture->ours = true;
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

bool ReadSpace(const OpConfig& config, HueSpace* space, ConfigError* error) {
  const auto found = config.params.find("space");
  if (found == config.params.end()) return true;
  const auto* text = std::get_if<std::string>(&found->second);
  if (text == nullptr) {
    return OpError(config, Code::kConfigType, "space: expected a string", error);
  }
  if (*text != "pil" && *text != "float") {
    return OpError(config, Code::kConfigValue, "space: expected \"pil\" or \"float\"", error);
  }
  *space = *text == "pil" ? HueSpace::kPil : HueSpace::kFloat;
  return true;
}

}  // namespace

std::unique_ptr<Op> MakeHue(const OpConfig& config, ConfigError* error) {
  Range shift;
  HueSpace space = HueSpace::kPil;
  if (!ReadDrawnRange(config, "factor", {-0.5, 0.5}, &shift, error) ||
      !ReadSpace(config, &space, error)) {
    return nullptr;
  }
  return std::make_unique<Hue>(shift, space);
}

}  // namespace headrace::loader
