// AugmentProgram: the [[augment]] list made ready to run.
//
// What: draws a sample's recipe from its own random streams before a pixel is decoded, says which
// region of the picture the recipe needs, and applies it to the decoded region.
// Owner: the loader (shared by all workers) or a transform. Thread: any; const and stateless.
// Cost: no allocation in MakeRecipe, HeadOf, ScratchBytes and Apply.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/image_view.h"
#include "base/status.h"
#include "loader/augment/draw_list.h"
#include "loader/augment/list_run.h"
#include "loader/augment/output_scale.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "simd/convert.h"
#include "simd/resize.h"

namespace headrace::loader {

class Op;

// Whose draws: the streams are keyed by these and the op's name and occurrence (docs/rng.md).
struct SampleKey {
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint64_t id = 0;
  int64_t label = -1;  // for class rules and remap; -1: none
  uint32_t view = 0;   // which of AugmentProgram::views()
};

// All draws of one sample, in list order. Kept by a worker and reused.
struct Recipe {
  // What one entry of the list came to.
  struct Step {
    bool fires = false;  // false: p or a class rule said no; streams of other ops never notice
    uint32_t first = 0;  // its draws in `list`
    uint32_t count = 0;
    SizePx in;
    SizePx out;
  };
  std::vector<Step> steps;    // one an op; sized once by AugmentProgram::Prepare
  std::vector<OpDraw> list;   // as is this, to the most draws that the list can come to
  uint32_t list_count = 0;    // of them are used
  uint32_t shared_count = 0;  // the first of them are those of all views; all, with one view
  SizePx source;              // upright size of the picture
  int64_t label = -1;         // after remap
  RectPx region;              // of the upright picture: what must be decoded
  uint32_t first_draw = 0;    // where Apply starts (those before are in `region`)
  bool mirrored = false;      // an odd number of horizontal flips stand before first_draw
  bool upside_down = false;   // and of vertical ones

  std::span<const OpDraw> draws() const { return {list.data(), list_count}; }
};

class AugmentProgram {
 public:
  // Class names in label order, for class rules: a name that is not there is an error that names
  // the op and the known classes. `size_must_be_fixed`: the loader's case, where every sample has
  // to come out alike; then a list that does not fix the size is an error that says what to add.
  // `output`: what the ops may know of the output.
  [[nodiscard]] static bool Make(std::span<const OpConfig> ops,
                                 std::span<const std::string> classes, bool size_must_be_fixed,
                                 std::unique_ptr<AugmentProgram>* program, ConfigError* error,
                                 const OutputScale& output = {});
  ~AugmentProgram();

  // The size of every result, when the list fixes it.
  std::optional<SizePx> output_size() const;

  // Pictures a sample: 1, or what the list's AugMix asks for. Flips, crops, resizes and whatever
  // stands before that op draw the same for all views; all else draws for each view by itself.
  uint32_t views() const { return views_; }

  void Prepare(Recipe* recipe) const;
  // Draws everything for a picture of upright size `source`; fills the whole recipe. Fails when an
  // op cannot take the size it meets (the text says which and why).
  Status MakeRecipe(const SampleKey& key, SizePx source, Recipe* recipe) const;

  // Whether only flips stand before the first crop or resize, and no resize of the first ones
  // copies pixels. Then the first resize may be done in the fast arithmetic of JPEG planes; else
  // every sample is decoded in exact arithmetic, and exact_because() names the op that asks for it.
  bool planes_allowed() const { return exact_because_.empty(); }
  const std::string& exact_because() const { return exact_because_; }

  // What becomes of the decoded region when it comes as planes: it is resized to `size` (its own,
  // if nothing resamples it), of which `shown` goes on, to where Apply takes over.
  struct PlanesHead;
  PlanesHead HeadOf(const Recipe& recipe) const;

  // Where Apply begins: at draw number `draw`, with a picture that comes as `run` says.
  struct Start {
    uint32_t draw = 0;
    RunStart run;
  };
  static Start StartOf(const Recipe& recipe) {
    return {recipe.first_draw,
            {.cropped = true, .mirrored = recipe.mirrored, .upside_down = recipe.upside_down}};
  }
  // No draw is left from there on.
  static bool IsDone(const Recipe& recipe, const Start& start) {
    return start.draw == recipe.list_count;
  }

  // With several views: what they share, for pixels of `size`. Where each view's own recipe goes
  // on, with a picture of which size, and the scratch taken until the last of them is done.
  struct Branch {
    Start start;
    SizePx size;
    uint64_t scratch_bytes = 0;
  };
  Branch BranchOf(const Recipe& recipe, const Start& start, SizePx size) const;
  Status ApplyShared(const Recipe& recipe, const Start& start, const ConstImageView& pixels,
                     std::span<std::byte> scratch, ConstImageView* out, AugmentTiming* timing,
                     FollowedObjects* objects = nullptr) const;

  // Bytes of scratch that Apply needs for this recipe (64-byte aligned blocks included) and pixels
  // of `size`.
  uint64_t ScratchBytes(const Recipe& recipe, const Start& start, SizePx size) const;
  uint64_t ScratchBytes(const Recipe& recipe) const {
    return ScratchBytes(recipe, StartOf(recipe), recipe.region.size());
  }

  // Applies the recipe to `pixels`, the decoded region or what PlanesHead made of it (3 channels);
  // `scratch` is 64-byte aligned and holds no part of it. `*out` points into `scratch` or into
  // `pixels`; `*flip` says that its columns are still to be reversed (the conversion to the output
  // does that for nothing).
  // `objects`: those of the picture where it begins, brought to `start` by FollowTo; null: none.
  using Timing = AugmentTiming;
  Status Apply(const Recipe& recipe, const Start& start, const ConstImageView& pixels,
               std::span<std::byte> scratch, ConstImageView* out, simd::FlipColumns* flip,
               Timing* timing, FollowedObjects* objects = nullptr) const;
  // Moves the objects of the upright picture, as they were annotated, to where the draws before
  // number `draw` leave them. Those draws were folded into the decoded region.
  static void FollowTo(const Recipe& recipe, uint32_t draw, FollowedObjects* objects);
  // What flips with `remap` make of the objects' labels.
  void RemapObjects(const Recipe& recipe, ObjectList* objects) const;

  // Told once when the data set knows objects. False, with an error that names the op, when they
  // could not follow it.
  [[nodiscard]] bool UseObjects(std::span<const OpConfig> ops, ConfigError* error);
  // The name of the first op of which `does` is true, such as &Op::NeedsObjects; empty: of none.
  std::string FirstThat(bool (Op::*does)() const) const;

  // The whole recipe, from its decoded region on.
  Status Apply(const Recipe& recipe, const ConstImageView& pixels, std::span<std::byte> scratch,
               ConstImageView* out, simd::FlipColumns* flip, Timing* timing) const;

  // The recipe as TOML [[augment]] entries that reproduce it, each parameter fixed; an entry of the
  // list that did not fire comes with p = 0.
  std::string Explain(const Recipe& recipe) const;

  size_t op_count() const { return steps_.size(); }

 private:
  struct Step;  // an op with its name, p and class rules

  AugmentProgram();
  // The name of an op other than a flip that stands before the first crop or resize, or of a resize
  // among the first that planes cannot serve; or empty.
  std::string OpBeforeGeometry() const;
  // Finds the ops that others stand for.
  bool FindStandIns(std::span<const OpConfig> ops, ConfigError* error);
  // Says which steps draw for each view by themselves.
  bool MarkViews(std::span<const OpConfig> ops, ConfigError* error);
  // Folds the mirrors and crops that all views share, from start->draw on, into `*region`. Stops
  // before the first draw that needs pixels; the crop of one that resamples is folded too.
  static void FoldGeometry(const Recipe& recipe, Start* start, RectPx* region);

  std::vector<std::unique_ptr<Step>> steps_;
  uint32_t draw_count_max_ = 0;
  uint32_t views_ = 1;
  size_t views_step_ = 0;  // which step makes them, when there are several
  std::optional<SizePx> output_size_;
  std::string exact_because_;
};

struct AugmentProgram::PlanesHead {
  SizePx size;
  simd::Filter filter = simd::Filter::kBilinear;
  RectPx shown;
  Start start;
};

}  // namespace headrace::loader
