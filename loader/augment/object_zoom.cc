#include "loader/augment/object_zoom.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "base/check.h"
#include "base/rects.h"
#include "loader/augment/noise_key.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "loader/augment/random_resized_crop.h"
#include "loader/objects/hole_fill.h"
#include "loader/objects/move_groups.h"
#include "loader/objects/object_mover.h"
#include "loader/objects/raster.h"
#include "loader/objects/zoom_box.h"
#include "loader/saliency/saliency.h"
#include "simd/resize.h"

namespace headrace::loader {
namespace {

enum class BoxSource : uint8_t { kAuto, kAnnotation, kSaliency };
enum class ZoomMode : uint8_t { kCrop, kRescale, kLens };

// Nearer to a side of the picture an object may be cut there.
constexpr uint32_t kEdgeMarginPx = 10;
// Of the region that a hole is filled from, the share that must be known.
constexpr double kKnownMin = 0.25;
// Of a box, what the ellipse in it covers.
constexpr double kEllipseShare = 0.7853981633974483;

struct ZoomParams {
  SizePx size;
  BoxSource box = BoxSource::kAuto;
  std::array<double, 3> modes = {0.6, 0.25, 0.15};  // weights, in the order of ZoomMode
  Range share{0.35, 0.9};
  Range ratio{3.0 / 4.0, 4.0 / 3.0};
  Range rescale{0.7, 1.4};
  Range lens{1.1, 1.8};
  simd::Filter filter = simd::Filter::kBilinear;
  std::optional<int64_t> key;
  std::string toml;  // all but the key
};

ZoomMode DrawMode(const std::array<double, 3>& weights, RandomStream* stream) {
  double left = stream->NextUnit() * (weights[0] + weights[1] + weights[2]);
  size_t mode = 0;
  for (size_t i = 0; i < weights.size(); ++i) {
    if (!(weights[i] > 0)) continue;
    mode = i;
    if (left < weights[i]) break;
    left -= weights[i];
  }
  return static_cast<ZoomMode>(mode);
}

// What is zoomed to.
struct ZoomTarget {
  ZoomBox box;
  std::span<const MovableObject> object;  // none: the box is saliency's
};

// The scratch of one picture: to find the object, then to change it, then to resize.
struct Memory {
  std::span<MovableObject> object;
  std::span<float> map;
  std::span<std::byte> saliency;
  std::span<uint8_t> mask;
  std::span<std::byte> picture;
  std::span<std::byte> move;
  std::span<std::byte> resize;

  Memory(const OpDraw& draw, ZoomMode mode, simd::Filter filter, ScratchCursor* scratch) {
    object = scratch->Take<MovableObject>(1);
    resize = scratch->Take<std::byte>(
        simd::ResizeScratchBytes(draw.in, draw.out, kPictureChannels, filter));
    picture = scratch->Take<std::byte>(mode == ZoomMode::kCrop ? 0 : PictureBytes(draw.in));
    const uint64_t pixels = uint64_t{draw.in.width} * draw.in.height;
    ScratchCursor measured;
    TakeFirst(draw.in, pixels, &measured);
    ScratchCursor moving;
    if (mode == ZoomMode::kRescale) MoveWorkspace unused(draw.in, &moving);
    move = scratch->Take<std::byte>(std::max(measured.bytes(), moving.bytes()));
    if (move.empty()) return;
    ScratchCursor first(move);
    TakeFirst(draw.in, pixels, &first);
  }

 private:
  // What the search for the object takes.
  void TakeFirst(SizePx size, uint64_t pixels, ScratchCursor* scratch) {
    mask = scratch->Take<uint8_t>(pixels);
    map = scratch->Take<float>(kSaliencyCells);
    saliency = scratch->Take<std::byte>(SaliencyScratchBytes(size));
  }
};

class ObjectZoom final : public Op {
 public:
  explicit ObjectZoom(ZoomParams params) : params_(std::move(params)) {}

  std::string_view name() const override { return "object_zoom"; }
  std::optional<SizePx> FixedSize(std::optional<SizePx>) const override { return params_.size; }
  std::string_view StandsFor() const override { return "random_resized_crop"; }
  bool CropsOrResizes() const override { return true; }
  bool SuitsPlanes() const override { return false; }
  bool MovesObjects() const override { return true; }
  bool PointsNeedPixels() const override { return true; }
  bool NeedsObjects() const override { return params_.box == BoxSource::kAnnotation; }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->out = params_.size;
    DrawNoiseKey(stream, params_.key, draw);
    return {};
  }
  uint64_t ScratchBytes(const OpDraw& draw) const override {
    RandomStream stream = StreamOf(draw);
    ScratchCursor scratch;
    Memory measured(draw, DrawMode(params_.modes, &stream), params_.filter, &scratch);
    return scratch.bytes();
  }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    RandomStream stream = StreamOf(draw);
    ZoomMode mode = DrawMode(params_.modes, &stream);
    ScratchCursor scratch(memory.scratch);
    Memory work(draw, mode, params_.filter, &scratch);
    HR_ENSURE(memory.objects == nullptr || memory.mover != nullptr, "objects without a mover");
    const std::optional<ZoomTarget> target = Find(picture->pixels, memory.objects, work);
    if (!target.has_value()) {
      if (memory.counts != nullptr) ++memory.counts->object_zoom_fallbacks;
      const RectPx rect = DrawResizedCrop(&stream, draw.in, {0.08, 1}, {3.0 / 4.0, 4.0 / 3.0});
      return Finish(draw, memory, rect, work, picture);
    }
    double scale = 1;
    if (mode == ZoomMode::kRescale) {
      scale = stream.NextLogUniform(params_.rescale.low, params_.rescale.high);
      if (!MayRescale(*target, scale, draw.in, memory.objects)) mode = ZoomMode::kCrop;
    }
    if (mode == ZoomMode::kCrop) {
      const RectPx rect = DrawZoomCrop(target->box, params_.share, params_.ratio, draw.in, &stream);
      return Finish(draw, memory, rect, work, picture);
    }
    const ImageView changed = PictureIn(work.picture, draw.in);
    CopyPixels(picture->pixels, changed);
    if (mode == ZoomMode::kRescale) {
      Rescale(*target, scale, picture->pixels, work, changed, memory.objects);
    } else {
      const double power = stream.NextUniform(params_.lens.low, params_.lens.high);
      const Lens lens = LensOn(target->box, power);
      LookThrough(lens, picture->pixels, changed);
      if (memory.objects != nullptr) {
        MarkReached(lens, work.mask, memory.objects);
        memory.mover->Move(PointMap::Lens(lens.centre, lens.radius, lens.power), draw.in,
                           memory.objects);
      }
    }
    picture->pixels = changed;
    const RectPx rect = LargestCrop(target->box.centre(), params_.ratio, draw.in);
    return Finish(draw, memory, rect, work, picture);
  }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    toml->append(params_.toml).append("key = ").append(std::to_string(NoiseKeyOf(draw)));
    toml->append("\n");
  }

 private:
  static RandomStream StreamOf(const OpDraw& draw) {
    return RandomStream({.seed = NoiseKeyOf(draw), .name = "object_zoom/draws"});
  }

  std::optional<ZoomTarget> Find(const ConstImageView& pixels, const ObjectList* objects,
                                 const Memory& work) const {
    if (params_.box != BoxSource::kSaliency && objects != nullptr &&
        FindMovable(*objects, CrowdMoves::kNo, work.mask, work.object) > 0) {
      const RectPx& box = work.object[0].box;
      return ZoomTarget{{static_cast<double>(box.x), static_cast<double>(box.y),
                         static_cast<double>(box.width), static_cast<double>(box.height)},
                        work.object.first(1)};
    }
    if (params_.box == BoxSource::kAnnotation) return std::nullopt;
    EstimateSaliency(SaliencyEstimator::kSr, true, pixels, work.map, work.saliency);
    const std::optional<ZoomBox> box = BoxOfSaliency(work.map, pixels.size());
    if (!box.has_value()) return std::nullopt;
    return ZoomTarget{*box, {}};
  }

  // The pixels that the box touches.
  static RectPx PixelsOf(const ZoomBox& box, SizePx picture) {
    const auto left = static_cast<uint32_t>(box.x);
    const auto top = static_cast<uint32_t>(box.y);
    return {left, top,
            std::min(picture.width, static_cast<uint32_t>(std::ceil(box.x + box.width))) - left,
            std::min(picture.height, static_cast<uint32_t>(std::ceil(box.y + box.height))) - top};
  }

  // Whether the picture looks whole if what is in the box alone becomes larger or smaller.
  static bool MayRescale(const ZoomTarget& target, double scale, SizePx picture,
                         const ObjectList* objects) {
    // A part of an object, or parts of several, would be torn from the rest.
    const bool has_objects = objects != nullptr && !objects->objects.empty();
    if (target.object.empty() && has_objects) return false;
    const RectPx box = PixelsOf(target.box, picture);
    // The side at which it is cut would stand free in the picture.
    if (scale < 1 && IsAtSide(box, picture)) return false;
    // What others are taken to cover is not erased, so parts of the old object would stay.
    if (!target.object.empty() && IsOverlapped(target.object[0], *objects)) return false;
    // Of an object that is nearly everything nothing is known but itself.
    const RectPx region = FillRegionOf(box, picture);
    const double known_most = static_cast<double>(region.width) * region.height;
    const double hole = target.object.empty() ? kEllipseShare * target.box.width * target.box.height
                                              : static_cast<double>(target.object[0].area_px);
    return known_most - hole >= kKnownMin * known_most;
  }

  static bool IsAtSide(const RectPx& box, SizePx picture) {
    return box.x < kEdgeMarginPx || box.y < kEdgeMarginPx ||
           picture.width - (box.x + box.width) < kEdgeMarginPx ||
           picture.height - (box.y + box.height) < kEdgeMarginPx;
  }

  static bool IsOverlapped(const MovableObject& movable, const ObjectList& objects) {
    for (uint32_t i = 0; i < objects.objects.size(); ++i) {
      if (i == movable.object) continue;
      const RectPx bounds = BoundsOf(objects, objects.objects[i]);
      if (bounds.width > 0 && Overlap(bounds, movable.box)) return true;
    }
    return false;
  }

  static void Rescale(const ZoomTarget& target, double scale, const ConstImageView& source,
                      const Memory& work, const ImageView& changed, ObjectList* objects) {
    if (scale == 1) return;  // nothing moves
    MovingGroup group{.members = target.object,
                      .box = PixelsOf(target.box, source.size()),
                      .moves = true,
                      .move = {.centre = target.box.centre(), .scale = scale}};
    uint32_t movers[] = {0};
    const size_t count = target.object.size();
    if (count > 0) movers[0] = target.object[0].object;
    ScratchCursor planes(work.move);
    const MoveWorkspace workspace(source.size(), &planes);
    MoveGroups(source, {}, std::span(movers).first(count), {&group, 1}, workspace, changed,
               count > 0 ? objects : nullptr);
  }

  // What the lens shows elsewhere was moved.
  static void MarkReached(const Lens& lens, std::span<uint8_t> mask, ObjectList* objects) {
    if (lens.power == 1) return;
    for (Object& object : objects->objects) {
      const RectPx bounds = BoundsOf(*objects, object);
      if (bounds.width == 0) continue;
      Rasterise(*objects, object, bounds, mask);
      if (Reaches(lens, bounds, mask)) object.flags |= kObjectMoved;
    }
  }

  static bool Reaches(const Lens& lens, const RectPx& window, std::span<const uint8_t> mask) {
    for (uint32_t y = 0; y < window.height; ++y) {
      const double dy = window.y + y + 0.5 - lens.centre.y;
      const double half = std::sqrt(std::max(0.0, lens.radius * lens.radius - dy * dy));
      const uint8_t* row = mask.data() + size_t{y} * window.width;
      for (uint32_t x = 0; x < window.width; ++x) {
        if (row[x] != 0 && std::fabs(window.x + x + 0.5 - lens.centre.x) < half) return true;
      }
    }
    return false;
  }

  // The crop, resized, in the output; objects go with it.
  Status Finish(const OpDraw& draw, const OpMemory& memory, const RectPx& rect, const Memory& work,
                Picture* picture) const {
    HR_ENSURE(simd::ResizeScratchBytes(rect.size(), draw.out, kPictureChannels, params_.filter) <=
                  work.resize.size(),
              "a crop takes more scratch than the picture");
    const ImageView target = PictureIn(memory.output, draw.out);
    simd::Resize(picture->pixels.Crop(rect), target, params_.filter, simd::Mirror::kNo,
                 work.resize);
    picture->pixels = target;
    if (memory.objects == nullptr) return {};
    const double scale_x = static_cast<double>(draw.out.width) / rect.width;
    const double scale_y = static_cast<double>(draw.out.height) / rect.height;
    memory.mover->Move(PointMap::ScaleShift(scale_x, -scale_x * rect.x, scale_y, -scale_y * rect.y),
                       draw.out, memory.objects);
    return {};
  }

  ZoomParams params_;
};

bool ReadModes(const OpConfig& config, std::array<double, 3>* modes, ConfigError* error) {
  std::vector<double> weights;
  if (!ReadNumbers(config, "modes", &weights, error)) return false;
  if (weights.empty()) return true;
  double sum = 0;
  bool good = weights.size() == modes->size();
  for (const double weight : weights) {
    good = good && weight >= 0;
    sum += weight;
  }
  if (!good || !(sum > 0)) {
    return OpError(config, Code::kConfigValue,
                   "modes: expected weights of crop, rescale and lens, one above 0", error);
  }
  std::ranges::copy(weights, modes->begin());
  return true;
}

}  // namespace

std::unique_ptr<Op> MakeObjectZoom(const OpConfig& config, ConfigError* error) {
  constexpr std::string_view kBoxes[] = {"auto", "annotation", "saliency"};
  ZoomParams params;
  size_t box = 0;
  if (!ReadSquareOrSize(config, &params.size, error) ||
      !ReadWordOf(config, "box", kBoxes, &box, error) || !ReadModes(config, &params.modes, error) ||
      !ReadPositiveRange(config, "share", &params.share, error) ||
      !ReadPositiveRange(config, "ratio", &params.ratio, error) ||
      !ReadPositiveRange(config, "rescale", &params.rescale, error) ||
      !ReadRealRange(config, "lens", 1, 100, &params.lens, error) ||
      !ReadInterpolation(config, &params.filter, error) ||
      !ReadInteger(config, "key", 0, kNoiseKeyMax, &params.key, error)) {
    return nullptr;
  }
  params.box = static_cast<BoxSource>(box);
  OpConfig rest = config;
  rest.params.erase("key");
  params.toml = ParamsAsToml(rest);
  return std::make_unique<ObjectZoom>(std::move(params));
}

}  // namespace headrace::loader
