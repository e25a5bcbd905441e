#include "loader/augment/aug_mix.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/real_math.h"
#include "loader/augment/aug_mix_replay.h"
#include "loader/augment/list_run.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "loader/augment/policy_levels.h"
#include "loader/augment/policy_ops.h"
#include "loader/augment/policy_tables.h"
#include "simd/mix_chains.h"

namespace headrace::loader {
namespace {

// The reference draws levels from here on.
constexpr double kReferenceLevelMin = 0.1;
// torchvision draws from so many bins.
constexpr int kTorchvisionBins = 10;
constexpr uint32_t kDrawnDepthMax = 3;

struct AugMixChoice {
  double severity = 3;
  uint32_t width = 3;
  uint32_t depth = 0;  // 0: drawn
  double alpha = 1;
  uint32_t views = 1;
  AugMixProfile profile = AugMixProfile::kReference;
  AugMixOps ops = AugMixOps::kWithoutColour;
  std::optional<AugMixReplay> replay;
  std::string common_toml;  // interpolation and fill, as lines
};

LevelMap MapOf(AugMixProfile profile) {
  switch (profile) {
    case AugMixProfile::kReference: return LevelMap::kAugMix;
    case AugMixProfile::kTorchvision: return LevelMap::kTorchvisionAugMix;
    case AugMixProfile::kTimm: break;
  }
  return LevelMap::kTimmAugMix;
}

// Marks where a chain begins, or notes one of its ops; never run.
class Mark final : public Op {
 public:
  std::string_view name() const override { return "aug_mix"; }
  Status Draw(RandomStream*, OpDraw*) const override {
    return Status(Code::kInternal, "a mark of aug_mix was asked for a draw");
  }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  void Explain(const OpDraw&, std::string*) const override {}
};

// One chain among the belongings of a draw.
struct ChainView {
  double weight = 0;
  std::span<const OpDraw> notes;
  std::span<const OpDraw> draws;
};

// The chain at the front of *belongings, which moves on to the next.
ChainView TakeChain(std::span<const OpDraw>* belongings) {
  const OpDraw& head = belongings->front();
  const auto notes = static_cast<size_t>(head.values[1]);
  const auto draws = static_cast<size_t>(head.values[2]);
  const ChainView chain{head.values[0], belongings->subspan(1, notes),
                        belongings->subspan(1 + notes, draws)};
  *belongings = belongings->subspan(1 + notes + draws);
  return chain;
}

class AugMix final : public Op {
 public:
  AugMix(AugMixChoice choice, PolicyOps ops)
      : choice_(std::move(choice)),
        map_(MapOf(choice_.profile)),
        list_(AugMixOpList(choice_.profile, choice_.ops)),
        ops_(std::move(ops)) {}

  std::string_view name() const override { return "aug_mix"; }
  uint32_t Views() const override { return choice_.views; }
  void KeepPointsInPlace() override { moves_points_ = false; }
  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }

  uint32_t DrawCountMax() const override {
    uint32_t width = choice_.width;
    uint32_t depth = choice_.depth == 0 ? kDrawnDepthMax : choice_.depth;
    if (choice_.replay.has_value()) {
      width = static_cast<uint32_t>(choice_.replay->chains.size());
      depth = kAugMixDepthMax;
    }
    return 1 + width * (1 + 2 * depth);
  }

  Status Draw(RandomStream*, OpDraw*) const override {
    return Status(Code::kInternal, "aug_mix was asked for a single draw");
  }

  Status Expand(RandomStream* stream, DrawList* draws) const override {
    OpDraw* const owner = draws->Add(this);
    if (choice_.replay.has_value()) {
      Replay(*choice_.replay, owner, draws);
      return {};
    }
    std::array<double, kAugMixWidthMax> weights;
    DrawWeights(stream, {weights.data(), choice_.width});
    owner->values[0] = stream->NextBeta(choice_.alpha, choice_.alpha);
    DrawList::Group group(draws);
    for (uint32_t i = 0; i < choice_.width; ++i) {
      std::array<AugMixStep, kAugMixDepthMax> steps;
      const uint32_t depth =
          choice_.depth == 0 ? 1 + stream->NextBelow(kDrawnDepthMax) : choice_.depth;
      for (uint32_t k = 0; k < depth; ++k) steps[k] = DrawStep(stream, owner->in);
      group.NextChain();
      AppendChain(weights[i], {steps.data(), depth}, draws);
    }
    return {};
  }

  uint64_t ScratchBytes(const OpDraw& draw) const override {
    uint64_t chain_bytes = 0;
    for (std::span<const OpDraw> rest = BelongingsOf(draw); !rest.empty();) {
      const ListRun run(TakeChain(&rest).draws, {}, draw.in);
      chain_bytes = std::max(chain_bytes, run.Measure().bytes);
    }
    return SaturatingAdd(SumsBytes(draw.in), chain_bytes);
  }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    const std::span<std::byte> sums = memory.scratch.first(SumsBytes(draw.in));
    const std::span<std::byte> chain_memory = memory.scratch.subspan(sums.size());
    auto how = simd::MixSums::kBegin;
    for (std::span<const OpDraw> rest = BelongingsOf(draw); !rest.empty();) {
      const ChainView chain = TakeChain(&rest);
      Picture end;
      HR_TRY(ListRun(chain.draws, {}, draw.in).Run(picture->pixels, chain_memory, &end, nullptr));
      HR_ENSURE(end.pixels.size() == draw.in && !end.mirrored, "a chain changed size or direction");
      simd::AddToMix(end.pixels, static_cast<float>(chain.weight), how, sums);
      how = simd::MixSums::kGoOn;
    }
    const ImageView target = PictureIn(memory.output, draw.out);
    simd::FinishMix(picture->pixels, static_cast<float>(draw.values[0]), sums, target);
    picture->pixels = target;
    return {};
  }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    AugMixReplay replay{.share = draw.values[0], .chains = {}};
    for (std::span<const OpDraw> rest = BelongingsOf(draw); !rest.empty();) {
      const ChainView view = TakeChain(&rest);
      AugMixChain& chain = replay.chains.emplace_back();
      chain.weight = view.weight;
      for (const OpDraw& note : view.notes) {
        chain.steps.push_back({static_cast<PolicyOp>(note.values[0]), note.values[1]});
      }
    }
    toml->append("replay = \"").append(AugMixReplayText(replay)).append("\"\n");
    toml->append(choice_.common_toml);
  }

 private:
  static size_t SumsBytes(SizePx size) {
    return static_cast<size_t>(
        RoundUp(simd::MixSumsBytes(size, kPictureChannels), kScratchAlignment));
  }

  // Dirichlet(alpha, ..., alpha): gammas over their sum, in logs, which small alphas need.
  void DrawWeights(RandomStream* stream, std::span<double> weights) const {
    for (double& weight : weights) weight = stream->NextLogGamma(choice_.alpha);
    const double most = *std::ranges::max_element(weights);
    double sum = 0;
    for (double& weight : weights) sum += weight = RealExp(weight - most);
    for (double& weight : weights) weight /= sum;
  }

  AugMixStep DrawStep(RandomStream* stream, SizePx size) const {
    const PolicyOp op = list_[stream->NextBelow(static_cast<uint32_t>(list_.size()))];
    const PolicyLevel level{DrawLevel(stream), kTorchvisionBins};
    const PolicyOps::Turn turn = ops_.DrawTurn(stream, op, size);
    return {op, PolicyAmount(map_, op, level, turn.sign, size)};
  }

  double DrawLevel(RandomStream* stream) const {
    switch (choice_.profile) {
      case AugMixProfile::kReference:
        return stream->NextUniform(kReferenceLevelMin, choice_.severity);
      case AugMixProfile::kTorchvision:
        return stream->NextBelow(static_cast<uint32_t>(choice_.severity));
      case AugMixProfile::kTimm: break;
    }
    return stream->NextUniform(0, choice_.severity);
  }

  // An outline has one place only, and chains that move points would show it at several.
  AugMixStep Allowed(const AugMixStep& step) const {
    if (moves_points_ || !loader::MovesPoints(step.op)) return step;
    return {PolicyOp::kIdentity, 0};
  }

  void AppendChain(double weight, std::span<const AugMixStep> steps, DrawList* draws) const {
    OpDraw* const head = draws->Add(&mark_);
    for (const AugMixStep& drawn : steps) {
      const AugMixStep step = Allowed(drawn);
      OpDraw* const note = draws->Add(&mark_);
      note->values[0] = static_cast<double>(step.op);
      note->values[1] = step.amount;
    }
    const size_t before = draws->count();
    for (const AugMixStep& drawn : steps) {
      const AugMixStep step = Allowed(drawn);
      ops_.Append(step.op, step.amount, {}, draws);
    }
    head->values[0] = weight;
    head->values[1] = static_cast<double>(steps.size());
    head->values[2] = static_cast<double>(draws->count() - before);
  }

  void Replay(const AugMixReplay& replay, OpDraw* owner, DrawList* draws) const {
    owner->values[0] = replay.share;
    DrawList::Group group(draws);
    for (const AugMixChain& chain : replay.chains) {
      group.NextChain();
      AppendChain(chain.weight, chain.steps, draws);
    }
  }

  bool moves_points_ = true;
  AugMixChoice choice_;
  LevelMap map_;
  std::span<const PolicyOp> list_;
  PolicyOps ops_;
  Mark mark_;
};

bool ReadProfile(const OpConfig& config, AugMixProfile* profile, ConfigError* error) {
  constexpr std::string_view kNames[] = {"reference", "torchvision", "timm"};
  size_t index = 0;
  if (!ReadWordOf(config, "profile", kNames, &index, error)) return false;
  *profile = static_cast<AugMixProfile>(index);
  return true;
}

bool ReadReplay(const OpConfig& config, AugMixChoice* choice, ConfigError* error) {
  const std::string_view text = PolicyText(config, "replay", {});
  if (text.empty()) return true;
  std::string wrong;
  if (!ParseAugMixReplay(text, &choice->replay.emplace(), &wrong)) {
    return OpError(config, Code::kConfigValue, "replay: " + wrong, error);
  }
  return choice->views == 1 ||
         OpError(config, Code::kConfigValue, "replay: is of one view, so views has to be 1", error);
}

// What Explain repeats of the entry.
std::string CommonToml(const OpConfig& config) {
  OpConfig common;
  common.op = config.op;
  for (const char* name : {"profile", "interpolation", "fill"}) {
    const auto found = config.params.find(name);
    if (found != config.params.end()) common.params.insert(*found);
  }
  return ParamsAsToml(common);
}

bool ReadChoice(const OpConfig& config, AugMixChoice* choice, ConfigError* error) {
  bool all_ops = false;
  std::optional<int64_t> depth;
  if (!ReadProfile(config, &choice->profile, error) ||
      !ReadReal(config, "severity", 1, 10, &choice->severity, error) ||
      !ReadCount(config, "mixture_width", 1, kAugMixWidthMax, &choice->width, error) ||
      !ReadInteger(config, "chain_depth", -1, kAugMixDepthMax, &depth, error) ||
      !ReadReal(config, "alpha", 1e-9, 1000, &choice->alpha, error) ||
      !ReadCount(config, "views", 1, 16, &choice->views, error) ||
      !ReadBool(config, "all_ops", &all_ops, error) || !ReadReplay(config, choice, error)) {
    return false;
  }
  if (depth == 0) {
    return OpError(config, Code::kConfigValue, "chain_depth: expected -1 or 1 to 16", error);
  }
  // -1 becomes the 0 that stands for drawn.
  choice->depth = static_cast<uint32_t>(std::max<int64_t>(depth.value_or(-1), 0));
  choice->ops = all_ops ? AugMixOps::kAll : AugMixOps::kWithoutColour;
  choice->common_toml = CommonToml(config);
  return choice->profile != AugMixProfile::kTorchvision ||
         choice->severity == std::floor(choice->severity) ||
         OpError(config, Code::kConfigValue, "severity: expected a whole number of bins", error);
}

// The ops that the entry may come to.
std::vector<PolicyOp> UsedOps(const AugMixChoice& choice) {
  std::vector<PolicyOp> used;
  if (choice.replay.has_value()) {
    for (const AugMixChain& chain : choice.replay->chains) {
      for (const AugMixStep& step : chain.steps) used.push_back(step.op);
    }
    return used;
  }
  const std::span<const PolicyOp> list = AugMixOpList(choice.profile, choice.ops);
  return {list.begin(), list.end()};
}

}  // namespace

std::unique_ptr<Op> MakeAugMix(const OpConfig& config, ConfigError* error) {
  AugMixChoice choice;
  PolicyOps ops;
  if (!ReadChoice(config, &choice, error) ||
      !ops.Make(config, UsedOps(choice), ShearOf(MapOf(choice.profile)), error)) {
    return nullptr;
  }
  return std::make_unique<AugMix>(std::move(choice), std::move(ops));
}

}  // namespace headrace::loader
