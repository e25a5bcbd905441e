#include "loader/augment/program.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/checked_math.h"
#include "base/clock.h"
#include "base/rng.h"
#include "loader/augment/class_rules.h"
#include "loader/augment/op.h"
#include "loader/augment/op_params.h"
#include "simd/resize.h"

namespace headrace::loader {
namespace {

constexpr uint64_t kAlignment = 64;

uint64_t PictureBytes(SizePx size) {
  return SaturatingMul(SaturatingMul(size.width, size.height), kPictureChannels);
}

// Adds the time from construction to destruction to *sum, if there is one.
class Stopwatch {
 public:
  explicit Stopwatch(uint64_t* sum) : sum_(sum), start_ns_(sum == nullptr ? 0 : NowNs()) {}
  ~Stopwatch() {
    if (sum_ != nullptr) *sum_ += static_cast<uint64_t>(NowNs() - start_ns_);
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  uint64_t* sum_;
  int64_t start_ns_;
};

}  // namespace

struct AugmentProgram::Step {
  std::unique_ptr<Op> op;
  std::string name;
  uint32_t occurrence = 0;  // of the name in the list
  double p = 1.0;
  ClassRules rules;

  bool fires_always() const { return p >= 1.0 && rules.AllowsAll(); }
  // Whether the step changes pixels by resampling, once its crop is done.
  bool Resamples(const OpDraw& draw) const {
    return op->FormOf(draw) == OpForm::kCropResize && draw.rect.size() != draw.out;
  }
};

// Steps that make a new picture write to the two outputs in turn, so none writes to what it reads.
struct AugmentProgram::Buffers {
  uint64_t output_bytes[2] = {0, 0};
  uint64_t scratch_bytes = 0;

  uint64_t total() const {
    return SaturatingAdd(SaturatingAdd(output_bytes[0], output_bytes[1]), scratch_bytes);
  }
};

std::string AugmentProgram::OpBeforeGeometry() const {
  for (const auto& step : steps_) {
    if (step->op->CropsOrResizes()) break;
    if (step->op->FormOf({}) != OpForm::kMirror) return step->name;
  }
  return {};
}

AugmentProgram::AugmentProgram() = default;
AugmentProgram::~AugmentProgram() = default;

bool AugmentProgram::Make(std::span<const OpConfig> ops, std::span<const std::string> classes,
                          bool size_must_be_fixed, std::unique_ptr<AugmentProgram>* program,
                          ConfigError* error) {
  std::unique_ptr<AugmentProgram> made(new AugmentProgram);
  const OpConfig* unsure = nullptr;  // the last op that sets the size of some samples only
  std::optional<SizePx> size;
  for (const OpConfig& config : ops) {
    auto step = std::make_unique<Step>();
    step->op = MakeOp(config, error);
    if (step->op == nullptr || !step->rules.Make(config, classes, error)) return false;
    if (!(config.p >= 0 && config.p <= 1)) {
      return OpError(config, Code::kConfigValue, "p: expected a number from 0 to 1", error);
    }
    step->name = config.op;
    step->p = config.p;
    step->occurrence = static_cast<uint32_t>(
        std::count_if(made->steps_.begin(), made->steps_.end(),
                      [&](const auto& earlier) { return earlier->name == config.op; }));
    const std::optional<SizePx> after = step->op->FixedSize(size);
    if (step->fires_always()) {
      size = after;
    } else if (after != size) {
      unsure = &config;
      size.reset();
    }
    made->steps_.push_back(std::move(step));
  }
  made->exact_because_ = made->OpBeforeGeometry();
  made->output_size_ = size;
  if (size_must_be_fixed && !size.has_value()) {
    if (unsure != nullptr) {
      return OpError(
          *unsure, Code::kConfigValue,
          "it sets the size of the pictures, so it needs p = 1 and no class rules; or add "
          "an op after it that does, such as op = \"center_crop\", size = 224",
          error);
    }
    *error = {
        Code::kConfigValue,
        "[[augment]]: pictures come out in different sizes, which cannot share a batch; add an "
        "op that sets the size, such as op = \"center_crop\", size = 224"};
    return false;
  }
  *program = std::move(made);
  return true;
}

std::optional<SizePx> AugmentProgram::output_size() const { return output_size_; }

void AugmentProgram::Prepare(Recipe* recipe) const { recipe->draws.resize(steps_.size()); }

Status AugmentProgram::MakeRecipe(const SampleKey& key, SizePx source, Recipe* recipe) const {
  HR_ENSURE(recipe->draws.size() == steps_.size(), "recipe was not prepared by this program");
  HR_ENSURE(source.width > 0 && source.height > 0, "a picture without pixels has no recipe");
  recipe->source = source;
  recipe->label = key.label;
  SizePx size = source;
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = *steps_[i];
    OpDraw& draw = recipe->draws[i];
    draw = OpDraw{.in = size, .out = size, .rect = {0, 0, size.width, size.height}};
    RandomStream stream({.seed = key.seed,
                         .epoch = key.epoch,
                         .unit = key.id,
                         .name = step.name,
                         .occurrence = step.occurrence});
    // Always the first draw, also when p leaves no choice, so that a changed p shifts nothing.
    const double u = stream.NextUnit();
    // Rules go by the sample's own label: what an earlier flip made of it does not count.
    draw.fires = u < step.p && step.rules.Allows(key.label);
    if (draw.fires) {
      HR_TRY(step.op->Draw(&stream, &draw));
      recipe->label = step.rules.Remap(recipe->label);
    }
    size = draw.out;
  }
  Start start;
  recipe->region = {0, 0, source.width, source.height};
  FoldGeometry(*recipe, &start, &recipe->region);
  recipe->first_op = start.op;
  recipe->mirrored = start.mirrored;
  return {};
}

void AugmentProgram::FoldGeometry(const Recipe& recipe, Start* start, RectPx* region) const {
  size_t& i = start->op;
  for (; i < steps_.size(); ++i) {
    const OpDraw& draw = recipe.draws[i];
    if (!draw.fires) continue;
    const OpForm form = steps_[i]->op->FormOf(draw);
    if (form == OpForm::kPixels) return;
    if (form == OpForm::kMirror) {
      start->mirrored = !start->mirrored;
      continue;
    }
    // The op sees the region mirrored; whoever cuts it out does not.
    const RectPx rect = start->mirrored ? MirrorRect(draw.rect, draw.in.width) : draw.rect;
    *region = {region->x + rect.x, region->y + rect.y, rect.width, rect.height};
    if (steps_[i]->Resamples(draw)) return;
  }
}

AugmentProgram::PlanesHead AugmentProgram::HeadOf(const Recipe& recipe) const {
  PlanesHead head;
  head.size = recipe.region.size();
  head.start = StartOf(recipe);
  if (!IsDone(head.start)) {
    const Step& step = *steps_[head.start.op];
    const OpDraw& draw = recipe.draws[head.start.op];
    if (step.Resamples(draw)) {
      head.size = draw.out;
      head.filter = step.op->filter();
      ++head.start.op;
    }
  }
  head.shown = {0, 0, head.size.width, head.size.height};
  FoldGeometry(recipe, &head.start, &head.shown);
  return head;
}

AugmentProgram::Buffers AugmentProgram::BuffersOf(const Recipe& recipe, const Start& start) const {
  Buffers buffers;
  size_t turn = 0;
  for (size_t i = start.op; i < steps_.size(); ++i) {
    const OpDraw& draw = recipe.draws[i];
    if (!draw.fires) continue;
    const Op& op = *steps_[i]->op;
    uint64_t output = 0;
    uint64_t scratch = 0;
    if (op.FormOf(draw) == OpForm::kPixels) {
      output = op.OutputBytes(draw);
      scratch = op.ScratchBytes(draw);
    } else if (steps_[i]->Resamples(draw)) {
      output = PictureBytes(draw.out);
      scratch = simd::ResizeScratchBytes(draw.rect.size(), draw.out, kPictureChannels, op.filter());
    }
    buffers.scratch_bytes = std::max(buffers.scratch_bytes, RoundUp(scratch, kAlignment));
    if (output == 0) continue;
    uint64_t& bytes = buffers.output_bytes[turn];
    bytes = std::max(bytes, RoundUp(output, kAlignment));
    turn = 1 - turn;
  }
  return buffers;
}

uint64_t AugmentProgram::ScratchBytes(const Recipe& recipe, const Start& start) const {
  return BuffersOf(recipe, start).total();
}

Status AugmentProgram::Apply(const Recipe& recipe, const Start& start, const ConstImageView& pixels,
                             std::span<std::byte> scratch, ConstImageView* out,
                             simd::FlipColumns* flip, Timing* timing) const {
  const Buffers buffers = BuffersOf(recipe, start);
  HR_ENSURE(recipe.draws.size() == steps_.size(), "recipe was not prepared by this program");
  HR_ENSURE(pixels.channels == kPictureChannels, "pixels are not RGB");
  HR_ENSURE(scratch.size() >= buffers.total(), "scratch is smaller than ScratchBytes");
  HR_ENSURE(reinterpret_cast<uintptr_t>(scratch.data()) % kAlignment == 0, "scratch not aligned");
  const std::span<std::byte> outputs[2] = {
      scratch.subspan(0, buffers.output_bytes[0]),
      scratch.subspan(buffers.output_bytes[0], buffers.output_bytes[1])};
  const std::span<std::byte> rest =
      scratch.subspan(buffers.output_bytes[0] + buffers.output_bytes[1], buffers.scratch_bytes);

  Picture picture{pixels, start.mirrored};
  size_t turn = 0;
  for (size_t i = start.op; i < steps_.size(); ++i) {
    const OpDraw& draw = recipe.draws[i];
    if (!draw.fires) continue;
    const Op& op = *steps_[i]->op;
    const OpForm form = op.FormOf(draw);
    if (form == OpForm::kMirror) {
      picture.mirrored = !picture.mirrored;
      continue;
    }
    if (form == OpForm::kPixels) {
      const Stopwatch watch(timing == nullptr ? nullptr : &timing->ops_ns);
      HR_TRY(op.Run(draw, {outputs[turn], rest}, &picture));
      if (op.OutputBytes(draw) > 0) turn = 1 - turn;
      continue;
    }
    if (i != start.op) {  // the first op's crop was done
      const RectPx rect = picture.mirrored ? MirrorRect(draw.rect, draw.in.width) : draw.rect;
      picture.pixels = picture.pixels.Crop(rect);
    }
    if (!steps_[i]->Resamples(draw)) continue;
    const Stopwatch watch(timing == nullptr ? nullptr : &timing->resize_ns);
    const ImageView target{reinterpret_cast<uint8_t*>(outputs[turn].data()), draw.out.width,
                           draw.out.height, kPictureChannels,
                           size_t{draw.out.width} * kPictureChannels};
    simd::Resize(picture.pixels, target, op.filter(),
                 picture.mirrored ? simd::Mirror::kYes : simd::Mirror::kNo, rest);
    picture = {target, false};
    turn = 1 - turn;
  }
  *out = picture.pixels;
  *flip = picture.mirrored ? simd::FlipColumns::kYes : simd::FlipColumns::kNo;
  return {};
}

Status AugmentProgram::Apply(const Recipe& recipe, const ConstImageView& pixels,
                             std::span<std::byte> scratch, ConstImageView* out,
                             simd::FlipColumns* flip, Timing* timing) const {
  HR_ENSURE(pixels.size() == recipe.region.size(), "pixels are not the recipe's region");
  return Apply(recipe, StartOf(recipe), pixels, scratch, out, flip, timing);
}

std::string AugmentProgram::Explain(const Recipe& recipe) const {
  std::string toml;
  for (size_t i = 0; i < steps_.size() && i < recipe.draws.size(); ++i) {
    const OpDraw& draw = recipe.draws[i];
    toml.append(toml.empty() ? "" : "\n").append("[[augment]]\nop = \"");
    toml.append(steps_[i]->name).append("\"\np = ").append(draw.fires ? "1.0" : "0.0").append("\n");
    steps_[i]->op->Explain(draw, &toml);
  }
  return toml;
}

}  // namespace headrace::loader
