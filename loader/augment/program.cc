#include "loader/augment/program.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "base/rng.h"
#include "loader/augment/class_rules.h"
#include "loader/augment/op.h"
#include "loader/augment/op_params.h"
#include "loader/objects/object_mover.h"
#include "simd/resize.h"

namespace headrace::loader {

namespace {
constexpr size_t kNoStep = SIZE_MAX;
}  // namespace

struct AugmentProgram::Step {
  std::unique_ptr<Op> op;
  std::string name;
  uint32_t occurrence = 0;  // of the name in the list
  double p = 1.0;
  ClassRules rules;
  bool draws_by_view = false;
  bool skips_clean_view = false;
  size_t stands_for = kNoStep;  // which does nothing when this one fires
  std::string unfired;          // what Explain prints when it does not fire

  bool fires_always() const { return p >= 1.0 && rules.AllowsAll(); }
};

namespace {

// Whether the draw changes pixels by resampling, once its crop is done.
bool Resamples(const OpDraw& draw) {
  return draw.op->FormOf(draw) == OpForm::kCropResize && draw.rect.size() != draw.out;
}

}  // namespace

std::string AugmentProgram::OpBeforeGeometry() const {
  bool found = false;
  for (const auto& step : steps_) {
    const Op& op = *step->op;
    if (op.CropsOrResizes()) {
      if (!op.SuitsPlanes()) return step->name;
      found = true;
    } else if (!op.IsFlip()) {
      return found ? std::string() : step->name;
    }
  }
  return {};
}

AugmentProgram::AugmentProgram() = default;
AugmentProgram::~AugmentProgram() = default;

bool AugmentProgram::Make(std::span<const OpConfig> ops, std::span<const std::string> classes,
                          bool size_must_be_fixed, std::unique_ptr<AugmentProgram>* program,
                          ConfigError* error, const OutputScale& output) {
  std::unique_ptr<AugmentProgram> made(new AugmentProgram);
  const OpConfig* unsure = nullptr;  // the last op that sets the size of some samples only
  std::optional<SizePx> size;
  for (const OpConfig& config : ops) {
    auto step = std::make_unique<Step>();
    step->op = MakeOp(config, error);
    if (step->op == nullptr || !step->rules.Make(config, classes, error)) return false;
    step->op->UseOutput(output);
    if (!(config.p >= 0 && config.p <= 1)) {
      return OpError(config, Code::kConfigValue, "p: expected a number from 0 to 1", error);
    }
    step->name = config.op;
    step->p = config.p;
    step->occurrence = static_cast<uint32_t>(
        std::count_if(made->steps_.begin(), made->steps_.end(),
                      [&](const auto& earlier) { return earlier->name == config.op; }));
    step->unfired = "op = \"" + config.op + "\"\np = 0.0\n" + ParamsAsToml(config);
    made->draw_count_max_ += step->op->DrawCountMax();
    const std::optional<SizePx> after = step->op->FixedSize(size);
    if (step->fires_always()) {
      size = after;
    } else if (after != size) {
      unsure = &config;
      size.reset();
    }
    made->steps_.push_back(std::move(step));
  }
  if (!made->FindStandIns(ops, error) || !made->MarkViews(ops, error)) return false;
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

bool AugmentProgram::FindStandIns(std::span<const OpConfig> ops, ConfigError* error) {
  size_t taken = kNoStep;
  for (size_t i = 0; i < steps_.size(); ++i) {
    Step& step = *steps_[i];
    const std::string name(step.op->StandsFor());
    if (name.empty()) continue;
    size_t other = i + 1;
    while (other < steps_.size() && steps_[other]->name != name) ++other;
    if (other == steps_.size()) {
      if (step.fires_always()) continue;
      return OpError(
          ops[i], Code::kConfigValue,
          "it stands for the next " + name +
              " when it fires, and there is none behind it; add one of the same size, or "
              "let it always fire (p = 1 and no class rules)",
          error);
    }
    const std::string which = name + " (line " + std::to_string(ops[other].line) + ")";
    if (other == taken) {
      return OpError(ops[i], Code::kConfigValue,
                     "another op stands for the " + which + " already; one may", error);
    }
    const SizePx size = step.op->FixedSize({}).value_or(SizePx{});
    if (steps_[other]->op->FixedSize({}) != size) {
      return OpError(ops[i], Code::kConfigValue,
                     "size: expected that of the " + which + ", for which it stands when it fires",
                     error);
    }
    step.stands_for = other;
    taken = other;
  }
  return true;
}

std::string AugmentProgram::FirstThat(bool (Op::*does)() const) const {
  for (const auto& step : steps_) {
    if (((*step->op).*does)()) return step->name;
  }
  return {};
}

bool AugmentProgram::MarkViews(std::span<const OpConfig> ops, ConfigError* error) {
  for (size_t i = 0; i < steps_.size(); ++i) {
    Step& step = *steps_[i];
    const bool behind = views_ > 1;
    if (const uint32_t views = step.op->Views(); views > 1) {
      if (behind) {
        return OpError(ops[i], Code::kConfigValue,
                       "views: another entry makes several views already; only one may", error);
      }
      views_ = views;
      views_step_ = i;
      step.draws_by_view = true;
      step.skips_clean_view = true;
    } else if (behind && step.op->PointsNeedPixels()) {
      return OpError(
          ops[i], Code::kConfigValue,
          "behind aug_mix with several views it would see other pixels in each, and take "
          "another part of the picture; put it before aug_mix",
          error);
    } else if (behind && !step.op->IsFlip() && !step.op->CropsOrResizes()) {
      step.draws_by_view = true;
      step.skips_clean_view = step.op->SkipsCleanView();
    }
  }
  return true;
}

std::optional<SizePx> AugmentProgram::output_size() const { return output_size_; }

void AugmentProgram::Prepare(Recipe* recipe) const {
  recipe->steps.resize(steps_.size());
  recipe->list.resize(draw_count_max_);
}

Status AugmentProgram::MakeRecipe(const SampleKey& key, SizePx source, Recipe* recipe) const {
  HR_ENSURE(recipe->steps.size() == steps_.size() && recipe->list.size() == draw_count_max_,
            "recipe was not prepared by this program");
  HR_ENSURE(source.width > 0 && source.height > 0, "a picture without pixels has no recipe");
  recipe->source = source;
  recipe->label = key.label;
  DrawList list(recipe->list, source);
  size_t replaced = kNoStep;  // its work was done; one at a time
  for (size_t i = 0; i < steps_.size(); ++i) {
    const Step& step = *steps_[i];
    Recipe::Step& result = recipe->steps[i];
    RandomStream stream({.seed = key.seed,
                         .epoch = key.epoch,
                         .unit = key.id,
                         .name = step.name,
                         .occurrence = step.occurrence,
                         .view = step.draws_by_view ? key.view : 0});
    result = {.first = static_cast<uint32_t>(list.count()), .in = list.size()};
    // Always the first draw, also when p leaves no choice, so that a changed p shifts nothing.
    const double u = stream.NextUnit();
    // Rules go by the sample's own label: what an earlier flip made of it does not count.
    result.fires = u < step.p && i != replaced && step.rules.Allows(key.label) &&
                   !(step.skips_clean_view && key.view == 0 && views_ > 1);
    if (result.fires) {
      HR_TRY(step.op->Expand(&stream, &list));
      recipe->label = step.rules.Remap(recipe->label);
      if (step.stands_for != kNoStep) replaced = step.stands_for;
    }
    result.count = static_cast<uint32_t>(list.count()) - result.first;
    result.out = list.size();
  }
  HR_ENSURE(!list.overflowed(), "an op drew more than it said");
  recipe->list_count = static_cast<uint32_t>(list.count());
  recipe->shared_count = views_ == 1 ? recipe->list_count : recipe->steps[views_step_].first;
  Start start;
  recipe->region = {0, 0, source.width, source.height};
  FoldGeometry(*recipe, &start, &recipe->region);
  recipe->first_draw = start.draw;
  recipe->mirrored = start.run.mirrored;
  recipe->upside_down = start.run.upside_down;
  return {};
}

void AugmentProgram::FoldGeometry(const Recipe& recipe, Start* start, RectPx* region) {
  RunStart& run = start->run;
  // Draws with belongings need pixels, so none is stepped into.
  for (uint32_t& i = start->draw; i < recipe.shared_count; ++i) {
    const OpDraw& draw = recipe.list[i];
    const OpForm form = draw.op->FormOf(draw);
    if (form == OpForm::kPixels || form == OpForm::kPoint) return;
    if (form == OpForm::kMirror) {
      run.mirrored = !run.mirrored;
      continue;
    }
    if (form == OpForm::kFlipRows) {
      run.upside_down = !run.upside_down;
      continue;
    }
    // The op sees the region turned; whoever cuts it out does not.
    RectPx rect = run.mirrored ? MirrorRect(draw.rect, draw.in.width) : draw.rect;
    if (run.upside_down) rect = TurnOverRect(rect, draw.in.height);
    *region = {region->x + rect.x, region->y + rect.y, rect.width, rect.height};
    if (Resamples(draw)) return;
  }
}

AugmentProgram::PlanesHead AugmentProgram::HeadOf(const Recipe& recipe) const {
  PlanesHead head;
  head.size = recipe.region.size();
  head.start = StartOf(recipe);
  if (head.start.draw < recipe.shared_count) {
    const OpDraw& draw = recipe.list[head.start.draw];
    if (Resamples(draw)) {
      head.size = draw.out;
      head.filter = draw.op->filter(draw);
      ++head.start.draw;
    }
  }
  head.shown = {0, 0, head.size.width, head.size.height};
  FoldGeometry(recipe, &head.start, &head.shown);
  return head;
}

namespace {

ListRun RunOf(const Recipe& recipe, const AugmentProgram::Start& start, uint32_t end, SizePx size) {
  return {recipe.draws().subspan(start.draw, end - start.draw), start.run, size};
}

}  // namespace

AugmentProgram::Branch AugmentProgram::BranchOf(const Recipe& recipe, const Start& start,
                                                SizePx size) const {
  const ListRun::Need need = RunOf(recipe, start, recipe.shared_count, size).Measure();
  return {{recipe.shared_count, {.mirrored = need.mirrored}}, need.size, need.bytes};
}

Status AugmentProgram::ApplyShared(const Recipe& recipe, const Start& start,
                                   const ConstImageView& pixels, std::span<std::byte> scratch,
                                   ConstImageView* out, AugmentTiming* timing,
                                   FollowedObjects* objects) const {
  Picture picture;
  HR_TRY(RunOf(recipe, start, recipe.shared_count, pixels.size())
             .Run(pixels, scratch, &picture, timing, objects));
  *out = picture.pixels;
  return {};
}

uint64_t AugmentProgram::ScratchBytes(const Recipe& recipe, const Start& start, SizePx size) const {
  return RunOf(recipe, start, recipe.list_count, size).Measure().bytes;
}

Status AugmentProgram::Apply(const Recipe& recipe, const Start& start, const ConstImageView& pixels,
                             std::span<std::byte> scratch, ConstImageView* out,
                             simd::FlipColumns* flip, Timing* timing,
                             FollowedObjects* objects) const {
  HR_ENSURE(recipe.steps.size() == steps_.size(), "recipe was not prepared by this program");
  Picture picture;
  HR_TRY(RunOf(recipe, start, recipe.list_count, pixels.size())
             .Run(pixels, scratch, &picture, timing, objects));
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

void AugmentProgram::FollowTo(const Recipe& recipe, uint32_t draw, FollowedObjects* objects) {
  objects->mover.ClipToPicture(&objects->list);
  for (const OpDraw& done : recipe.draws().first(draw)) objects->Follow(done);
}

void AugmentProgram::RemapObjects(const Recipe& recipe, ObjectList* objects) const {
  for (size_t i = 0; i < steps_.size(); ++i) {
    if (!recipe.steps[i].fires || !steps_[i]->rules.Remaps()) continue;
    for (Object& object : objects->objects) {
      object.label = static_cast<int32_t>(steps_[i]->rules.Remap(object.label));
    }
  }
}

bool AugmentProgram::UseObjects(std::span<const OpConfig> ops, ConfigError* error) {
  for (size_t i = 0; i < steps_.size(); ++i) {
    Op& op = *steps_[i]->op;
    op.KeepPointsInPlace();
    if (!steps_[i]->draws_by_view || op.Views() > 1) continue;
    if (!op.MovesPoints() && !op.MovesObjects()) continue;
    return OpError(ops[i], Code::kConfigValue,
                   "behind aug_mix with several views it moves pixels in each view by itself, and "
                   "the objects of this data set have one place; put it before aug_mix",
                   error);
  }
  return true;
}

std::string AugmentProgram::Explain(const Recipe& recipe) const {
  std::string toml;
  const auto begin_entry = [&toml] {
    toml.append(toml.empty() ? "" : "\n").append("[[augment]]\n");
  };
  for (size_t i = 0; i < steps_.size() && i < recipe.steps.size(); ++i) {
    const Recipe::Step& step = recipe.steps[i];
    if (!step.fires) {
      begin_entry();
      toml.append(steps_[i]->unfired);
      continue;
    }
    const std::span<const OpDraw> draws = recipe.draws().subspan(step.first, step.count);
    for (size_t k = 0; k < draws.size(); k += 1 + draws[k].belongings) {
      begin_entry();
      toml.append("op = \"").append(draws[k].op->name()).append("\"\np = 1.0\n");
      draws[k].op->Explain(draws[k], &toml);
    }
  }
  return toml;
}

}  // namespace headrace::loader
