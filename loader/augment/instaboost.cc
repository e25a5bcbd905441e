#include "loader/augment/instaboost.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "base/rects.h"
#include "loader/augment/noise_key.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "loader/objects/group_draws.h"
#include "loader/objects/heat_map.h"
#include "loader/objects/move_groups.h"

namespace headrace::loader {
namespace {

// So many groups of a picture, the largest, go by the heat map.
constexpr size_t kHeatGroupsMax = 4;

struct InstaboostParams {
  MoveRanges ranges;
  MoveOptions move;
  bool heatmap = false;
  HeatNorm heat_norm = HeatNorm::kRenorm;
  CrowdMoves crowd = CrowdMoves::kNo;
  uint32_t max_groups = 100;
  std::optional<int64_t> key;
  std::string toml;  // all but the key
};

// The work of one picture, in scratch.
struct Memory {
  std::span<MovableObject> movable;
  std::span<MovingGroup> groups;
  std::span<uint32_t> movers;
  std::span<uint8_t> mask;    // before the work
  std::span<std::byte> work;  // of the heat map, then of the move

  Memory(const InstaboostParams& params, SizePx picture, ScratchCursor* scratch) {
    movable = scratch->Take<MovableObject>(params.max_groups);
    groups = scratch->Take<MovingGroup>(params.max_groups);
    movers = scratch->Take<uint32_t>(params.max_groups);
    ScratchCursor move;
    MoveWorkspace measured(picture, &move);
    ScratchCursor heat;
    if (params.heatmap) HeatMap unused(picture, &heat);
    const uint64_t pixels = uint64_t{picture.width} * picture.height;
    work = scratch->Take<std::byte>(std::max({move.bytes(), heat.bytes(), pixels}));
    if (!work.empty()) mask = {reinterpret_cast<uint8_t*>(work.data()), pixels};
  }
};

class Instaboost final : public Op {
 public:
  explicit Instaboost(InstaboostParams params) : params_(std::move(params)) {}

  std::string_view name() const override { return "instaboost"; }
  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    DrawNoiseKey(stream, params_.key, draw);
    return {};
  }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  bool MovesObjects() const override { return true; }
  bool NeedsObjects() const override { return true; }
  uint64_t ScratchBytes(const OpDraw& draw) const override {
    ScratchCursor scratch;
    Memory measured(params_, draw.in, &scratch);
    return scratch.bytes();
  }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    ObjectList* objects = memory.objects;
    if (objects == nullptr || objects->objects.empty()) return {};
    ScratchCursor scratch(memory.scratch);
    Memory work(params_, draw.in, &scratch);
    const uint32_t count = FindMovable(*objects, params_.crowd, work.mask, work.movable);
    std::span<MovingGroup> groups = GroupsOf(work.movable.first(count), work.groups);
    if (!Choose(draw, picture->pixels, *objects, work, groups)) return {};
    uint32_t movers = 0;
    for (const MovingGroup& group : groups) {
      if (!group.moves) continue;
      for (const MovableObject& member : group.members) work.movers[movers++] = member.object;
    }
    std::ranges::sort(work.movers.first(movers));
    const ImageView target = PictureIn(memory.output, draw.out);
    CopyPixels(picture->pixels, target);
    ScratchCursor planes(work.work);
    const MoveWorkspace workspace(draw.in, &planes);
    MoveGroups(picture->pixels, params_.move, work.movers.first(movers), groups, workspace, target,
               objects);
    picture->pixels = target;
    return {};
  }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    toml->append(params_.toml).append("key = ").append(std::to_string(NoiseKeyOf(draw)));
    toml->append("\n");
  }

 private:
  static std::span<MovingGroup> GroupsOf(std::span<const MovableObject> movable,
                                         std::span<MovingGroup> room) {
    size_t count = 0;
    for (size_t first = 0, end = 0; first < movable.size(); first = end) {
      RectPx box;
      for (; end < movable.size() && movable[end].group == movable[first].group; ++end) {
        box = UnionOf(box, movable[end].box);
      }
      room[count++] = {.members = movable.subspan(first, end - first), .box = box};
    }
    return room.first(count);
  }

  // Draws what happens to each group. Returns whether any moves.
  bool Choose(const OpDraw& draw, const ConstImageView& picture, const ObjectList& objects,
              const Memory& work, std::span<MovingGroup> groups) const {
    RandomStream stream({.seed = NoiseKeyOf(draw), .name = "instaboost/groups"});
    std::optional<HeatMap> heat;
    bool any = false;
    for (size_t i = 0; i < groups.size(); ++i) {
      MovingGroup& group = groups[i];
      const GroupDraws draws = DrawGroup(params_.ranges, group.box, &stream);
      if (draws.action == GroupAction::kSkip) continue;
      std::optional<PointF> place;
      if (params_.heatmap && IsAmongLargest(groups, i)) {
        if (!heat.has_value()) {
          ScratchCursor planes(work.work);
          heat.emplace(draw.in, &planes);
          heat->Prepare(picture, objects);
        }
        heat->MapOf(objects, group.members, group.box, params_.heat_norm);
        place = heat->Choose(draws.place);
      }
      group.move = MoveOf(params_.ranges, draws, group.box, draw.in, place);
      // Cut and filled where it is, it would only lose its edge.
      if (group.move.is_identity()) continue;
      group.moves = true;
      any = true;
    }
    return any;
  }

  // Of equal groups the first are larger.
  static bool IsAmongLargest(std::span<const MovingGroup> groups, size_t i) {
    const uint64_t area = AreaOf(groups[i]);
    size_t larger = 0;
    for (size_t k = 0; k < groups.size(); ++k) {
      const uint64_t other = AreaOf(groups[k]);
      if (other > area || (other == area && k < i)) ++larger;
    }
    return larger < kHeatGroupsMax;
  }
  static uint64_t AreaOf(const MovingGroup& group) {
    uint64_t area = 0;
    for (const MovableObject& member : group.members) area += member.area_px;
    return area;
  }

  InstaboostParams params_;
};

// A word of two as a value of an enum.
template <class Word>
bool ReadChoice(const OpConfig& config, std::string_view name, std::string_view first,
                std::string_view second, Word* out, ConfigError* error) {
  const std::string_view words[] = {first, second};
  auto index = static_cast<size_t>(*out);
  if (!ReadWordOf(config, name, words, &index, error)) return false;
  *out = static_cast<Word>(index);
  return true;
}

bool ReadActions(const OpConfig& config, std::array<double, 4>* actions, ConfigError* error) {
  std::vector<double> weights;
  if (!ReadNumbers(config, "actions", &weights, error)) return false;
  if (weights.empty()) return true;
  double sum = 0;
  bool good = weights.size() == actions->size();
  for (const double weight : weights) {
    good = good && weight >= 0;
    sum += weight;
  }
  if (!good || !(sum > 0)) {
    return OpError(config, Code::kConfigValue,
                   "actions: expected weights of normal, hflip, vflip and skip, one above 0",
                   error);
  }
  std::ranges::copy(weights, actions->begin());
  return true;
}

bool ReadShift(const OpConfig& config, MoveRanges* ranges, ConfigError* error) {
  std::vector<double> pair;
  if (!ReadNumbers(config, "shift_div", &pair, error)) return false;
  if (pair.empty()) return true;
  if (pair.size() != 2 || !(pair[0] > 0 && pair[1] > 0)) {
    return OpError(config, Code::kConfigValue, "shift_div: expected [a, b], above 0", error);
  }
  ranges->shift_div_x = pair[0];
  ranges->shift_div_y = pair[1];
  return true;
}

}  // namespace

std::unique_ptr<Op> MakeInstaboost(const OpConfig& config, ConfigError* error) {
  InstaboostParams params;
  MoveRanges& ranges = params.ranges;
  MoveOptions& move = params.move;
  if (!ReadActions(config, &ranges.actions, error) ||
      !ReadPositiveRange(config, "scale", &ranges.scale, error) ||
      !ReadShift(config, &ranges, error) ||
      !ReadRealRange(config, "rotate", -36000, 36000, &ranges.rotate, error) ||
      !ReadBool(config, "integer", &ranges.whole_numbers, error) ||
      !ReadCount(config, "edge_margin", 0, kSidePxMax, &ranges.edge_margin_px, error) ||
      !ReadBool(config, "heatmap", &params.heatmap, error) ||
      !ReadChoice(config, "heat_norm", "renorm", "ref", &params.heat_norm, error) ||
      !ReadCount(config, "feather", 0, 64, &move.feather, error) ||
      !ReadCount(config, "dilate", 0, 64, &move.dilate, error) ||
      !ReadChoice(config, "fill", "pushpull", "none", &move.fill, error) ||
      !ReadChoice(config, "crowd", "static", "moves", &params.crowd, error) ||
      !ReadChoice(config, "occlusion", "resolve", "none", &move.occlusion, error) ||
      !ReadReal(config, "min_visible", 0, 1, &move.min_visible, error) ||
      !ReadCount(config, "max_groups", 1, 1000, &params.max_groups, error) ||
      !ReadInteger(config, "key", 0, kNoiseKeyMax, &params.key, error)) {
    return nullptr;
  }
  if (ranges.whole_numbers && std::ceil(ranges.rotate.low) > std::floor(ranges.rotate.high)) {
    OpError(config, Code::kConfigValue,
            "rotate: with integer = true it needs a whole number of degrees between its ends",
            error);
    return nullptr;
  }
  OpConfig rest = config;
  rest.params.erase("key");
  params.toml = ParamsAsToml(rest);
  return std::make_unique<Instaboost>(std::move(params));
}

}  // namespace headrace::loader
