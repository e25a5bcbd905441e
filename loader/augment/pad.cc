#include "loader/augment/pad.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "loader/augment/fill_pixels.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"

namespace headrace::loader {
namespace {

// What the two ops read alike.
struct Border {
  int64_t left = 0;
  int64_t top = 0;
  int64_t right = 0;
  int64_t bottom = 0;
  PadMode mode = PadMode::kConstant;
  std::array<double, 3> fill{};
};

bool ReadBorder(const OpConfig& config, int64_t low, Border* border, ConfigError* error) {
  const auto fail = [&] {
    return OpError(config, Code::kConfigValue,
                   "padding: expected 1, 2 or 4 integers from " + std::to_string(low) + " to " +
                       std::to_string(kSidePxMax),
                   error);
  };
  if (const auto found = config.params.find("padding"); found != config.params.end()) {
    std::vector<double> sides;
    if (const auto* list = std::get_if<std::vector<double>>(&found->second)) {
      sides = *list;
    } else if (const auto* one = std::get_if<int64_t>(&found->second)) {
      sides = {static_cast<double>(*one)};
    }
    if (sides.size() != 1 && sides.size() != 2 && sides.size() != 4) return fail();
    for (const double side : sides) {
      if (!(side >= static_cast<double>(low) && side <= kSidePxMax) || side != std::trunc(side)) {
        return fail();
      }
    }
    const auto side = [&](size_t i) { return static_cast<int64_t>(sides[i % sides.size()]); };
    border->left = side(0);
    border->top = side(1);
    border->right = side(2);
    border->bottom = side(3);
  }
  size_t mode = 0;
  if (!ReadWordOf(config, "mode", kPadModeNames, &mode, error)) return false;
  border->mode = static_cast<PadMode>(mode);
  return ReadChannels(config, "fill", &border->fill, error);
}

void AppendBorder(const Border& border, std::string* toml) {
  const double sides[] = {static_cast<double>(border.left), static_cast<double>(border.top),
                          static_cast<double>(border.right), static_cast<double>(border.bottom)};
  AppendReals("padding", sides, toml);
  toml->append("mode = \"").append(kPadModeNames[static_cast<size_t>(border.mode)]).append("\"\n");
  AppendReals("fill", border.fill, toml);
}

// A line of `length` with these borders; what is below 0 is cut off first. Nothing is left if
// count is 0.
PadAxis AxisOf(uint32_t length, int64_t before, int64_t after) {
  PadAxis axis;
  const int64_t cut_before = std::max<int64_t>(-before, 0);
  const int64_t cut_after = std::max<int64_t>(-after, 0);
  axis.first = static_cast<uint32_t>(cut_before);
  axis.count = static_cast<uint32_t>(std::max<int64_t>(length - cut_before - cut_after, 0));
  axis.before = static_cast<uint32_t>(std::max<int64_t>(before, 0));
  axis.after = static_cast<uint32_t>(std::max<int64_t>(after, 0));
  return axis;
}

// The window of `draw->out` at (x, y) of the padded picture.
void RunPad(const PadAxis& across, const PadAxis& down, uint64_t x, uint64_t y,
            const Border& border, const OpDraw& draw, const OpMemory& memory, Picture* picture) {
  const PadMaps maps = PadMaps::In(memory.scratch, draw.out);
  FillPadMap(across, border.mode, x, maps.columns);
  FillPadMap(down, border.mode, y, maps.rows);
  if (picture->mirrored) MirrorPadMap(draw.in.width, maps.columns);
  const ImageView target = PictureIn(memory.output, draw.out);
  PadPixels(picture->pixels, maps, ColourOf(border.fill), target);
  picture->pixels = target;
}

// Where that window shows the picture.
PointMap ShiftOf(const PadAxis& across, const PadAxis& down, double x, double y) {
  const auto start = [](const PadAxis& axis) {
    return static_cast<double>(axis.before) + axis.again - axis.first;
  };
  return PointMap::ScaleShift(1, start(across) - x, 1, start(down) - y);
}

class Pad final : public Op {
 public:
  explicit Pad(const Border& border) : border_(border) {}

  std::string_view name() const override { return "pad"; }

  std::optional<SizePx> FixedSize(std::optional<SizePx> in) const override {
    if (!in.has_value()) return std::nullopt;
    const PadAxis across = Across(*in);
    const PadAxis down = Down(*in);
    if (!IsPossible(across, down)) return std::nullopt;
    return SizePx{static_cast<uint32_t>(across.length()), static_cast<uint32_t>(down.length())};
  }

  Status Draw(RandomStream*, OpDraw* draw) const override {
    const PadAxis across = Across(draw->in);
    const PadAxis down = Down(draw->in);
    if (!IsPossible(across, down)) {
      return Status(Code::kInvalidArgument,
                    "pad: nothing is left of the picture, or it is too large");
    }
    draw->out = {static_cast<uint32_t>(across.length()), static_cast<uint32_t>(down.length())};
    draw->rect = {across.first, down.first, across.count, down.count};
    return {};
  }

  // With nothing added it is a crop.
  OpForm FormOf(const OpDraw& draw) const override {
    return draw.rect.size() == draw.out ? OpForm::kCrop : OpForm::kPixels;
  }
  bool CropsOrResizes() const override {
    return std::max({border_.left, border_.top, border_.right, border_.bottom}) <= 0;
  }
  bool SeesColumns() const override { return false; }
  uint64_t ScratchBytes(const OpDraw& draw) const override { return PadMaps::Bytes(draw.out); }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    RunPad(Across(draw.in), Down(draw.in), 0, 0, border_, draw, memory, picture);
    return {};
  }

  // What a mode repeats in the border is no object.
  PointMap PointsOf(const OpDraw& draw) const override {
    return ShiftOf(Across(draw.in), Down(draw.in), 0, 0);
  }
  bool MovesPoints() const override { return true; }

  void Explain(const OpDraw&, std::string* toml) const override { AppendBorder(border_, toml); }

 private:
  PadAxis Across(SizePx in) const { return AxisOf(in.width, border_.left, border_.right); }
  PadAxis Down(SizePx in) const { return AxisOf(in.height, border_.top, border_.bottom); }
  static bool IsPossible(const PadAxis& across, const PadAxis& down) {
    return across.count > 0 && down.count > 0 && across.length() <= kSidePxMax &&
           down.length() <= kSidePxMax;
  }

  Border border_;
};

class RandomCrop final : public Op {
 public:
  RandomCrop(SizePx size, const Border& border, bool pad_if_needed, std::optional<RectPx> at)
      : size_(size), border_(border), pad_if_needed_(pad_if_needed), at_(at) {}

  std::string_view name() const override { return "random_crop"; }

  std::optional<SizePx> FixedSize(std::optional<SizePx>) const override { return size_; }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    const PadAxis across = Across(draw->in);
    const PadAxis down = Down(draw->in);
    if (across.length() < size_.width || down.length() < size_.height) {
      return Status(
          Code::kInvalidArgument,
          "random_crop: the picture is smaller than `size`; pad_if_needed = true pads it");
    }
    const uint64_t room_x = across.length() - size_.width;
    const uint64_t room_y = down.length() - size_.height;
    uint64_t x = 0;
    uint64_t y = 0;
    if (at_.has_value()) {
      x = at_->x;
      y = at_->y;
      if (x > room_x || y > room_y) {
        return Status(Code::kInvalidArgument, "random_crop: `at` is not inside the picture");
      }
    } else if (room_x > 0 || room_y > 0) {
      y = stream->NextBelow(static_cast<uint32_t>(room_y + 1));
      x = stream->NextBelow(static_cast<uint32_t>(room_x + 1));
    }
    draw->out = size_;
    draw->values[0] = static_cast<double>(y);
    draw->values[1] = static_cast<double>(x);
    draw->rect = {};
    // Inside of what was there before the padding?
    const uint64_t left = uint64_t{across.before} + across.again;
    const uint64_t top = uint64_t{down.before} + down.again;
    if (x >= left && y >= top && x + size_.width <= left + across.count &&
        y + size_.height <= top + down.count) {
      draw->rect = {static_cast<uint32_t>(x - left), static_cast<uint32_t>(y - top), size_.width,
                    size_.height};
    }
    return {};
  }

  bool CropsOrResizes() const override { return true; }
  OpForm FormOf(const OpDraw& draw) const override {
    return draw.rect.size() == draw.out ? OpForm::kCrop : OpForm::kPixels;
  }
  bool SeesColumns() const override { return false; }
  uint64_t ScratchBytes(const OpDraw& draw) const override { return PadMaps::Bytes(draw.out); }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    RunPad(Across(draw.in), Down(draw.in), static_cast<uint64_t>(draw.values[1]),
           static_cast<uint64_t>(draw.values[0]), border_, draw, memory, picture);
    return {};
  }

  PointMap PointsOf(const OpDraw& draw) const override {
    return ShiftOf(Across(draw.in), Down(draw.in), draw.values[1], draw.values[0]);
  }
  bool MovesPoints() const override { return true; }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendNumbers("size", {size_.height, size_.width}, toml);
    AppendBorder(border_, toml);
    toml->append(pad_if_needed_ ? "pad_if_needed = true\n" : "pad_if_needed = false\n");
    AppendNumbers("at",
                  {static_cast<uint32_t>(draw.values[0]), static_cast<uint32_t>(draw.values[1]),
                   size_.height, size_.width},
                  toml);
  }

 private:
  PadAxis Across(SizePx in) const {
    return Needed(AxisOf(in.width, border_.left, border_.right), size_.width);
  }
  PadAxis Down(SizePx in) const {
    return Needed(AxisOf(in.height, border_.top, border_.bottom), size_.height);
  }
  // What lacks is added on both sides.
  PadAxis Needed(PadAxis axis, uint32_t size) const {
    if (pad_if_needed_ && axis.length() < size) {
      axis.again = static_cast<uint32_t>(size - axis.length());
    }
    return axis;
  }

  SizePx size_;
  Border border_;
  bool pad_if_needed_;
  std::optional<RectPx> at_;
};

}  // namespace

std::unique_ptr<Op> MakePad(const OpConfig& config, ConfigError* error) {
  if (!config.params.contains("padding")) {
    OpError(config, Code::kConfigMissing, "padding: is missing", error);
    return nullptr;
  }
  Border border;
  if (!ReadBorder(config, -int64_t{kSidePxMax}, &border, error)) return nullptr;
  return std::make_unique<Pad>(border);
}

std::unique_ptr<Op> MakeRandomCrop(const OpConfig& config, ConfigError* error) {
  SizePx size;
  Border border;
  bool pad_if_needed = false;
  std::optional<RectPx> at;
  if (!ReadSquareOrSize(config, &size, error) || !ReadBorder(config, 0, &border, error) ||
      !ReadBool(config, "pad_if_needed", &pad_if_needed, error) ||
      !ReadRect(config, "at", &at, error)) {
    return nullptr;
  }
  if (at.has_value() && at->size() != size) {
    OpError(config, Code::kConfigValue, "at: its height and width are not those of size", error);
    return nullptr;
  }
  return std::make_unique<RandomCrop>(size, border, pad_if_needed, at);
}

}  // namespace headrace::loader
