// AugmentProgram: the [[augment]] list made ready to run.
//
// What: draws a sample's recipe from its own random streams before a pixel is decoded, says which
// region of the picture the recipe needs, and applies it to the decoded region.
// Owner: the loader (shared by all workers) or a transform. Thread: any; const and stateless.
// Cost: no allocation in MakeRecipe, RegionOf, ScratchBytes and Apply.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "base/image_view.h"
#include "base/status.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "simd/convert.h"
#include "simd/resize.h"

namespace headrace::loader {

// Whose draws: the streams are keyed by these and the op's name and occurrence (docs/rng.md).
struct SampleKey {
  uint64_t seed = 0;
  uint32_t epoch = 0;
  uint64_t id = 0;
  int64_t label = -1;  // for class rules and remap; -1: none
};

// What one op drew for one sample. Plain data; which fields mean what is the op's business.
struct OpDraw {
  bool fires = false;  // false: p or a class rule said no; streams of other ops never notice
  SizePx in;           // size before the op
  SizePx out;          // size after it
  RectPx rect;         // crops: the rectangle kept
  std::array<double, 8> values{};
};

// All draws of one sample, in list order. Kept by a worker and reused.
struct Recipe {
  std::vector<OpDraw> draws;  // one an op; sized once by AugmentProgram::Prepare
  SizePx source;              // upright size of the picture
  int64_t label = -1;         // after remap
  RectPx region;              // of the upright picture: what must be decoded
  size_t first_op = 0;        // index of the op where Apply starts (those before are in `region`)
  bool mirrored = false;      // an odd number of flips stand before first_op
};

class AugmentProgram {
 public:
  // Class names in label order, for class rules: a name that is not there is an error that names
  // the op and the known classes. `size_must_be_fixed`: the loader's case, where every sample has
  // to come out alike; then a list that does not fix the size is an error that says what to add.
  [[nodiscard]] static bool Make(std::span<const OpConfig> ops,
                                 std::span<const std::string> classes, bool size_must_be_fixed,
                                 std::unique_ptr<AugmentProgram>* program, ConfigError* error);
  ~AugmentProgram();

  // The size of every result, when the list fixes it.
  std::optional<SizePx> output_size() const;

  void Prepare(Recipe* recipe) const;
  // Draws everything for a picture of upright size `source`; fills the whole recipe. Fails when an
  // op cannot take the size it meets (the text says which and why).
  Status MakeRecipe(const SampleKey& key, SizePx source, Recipe* recipe) const;

  // Whether only flips stand before the first crop or resize. Then the first resize may be done in
  // the fast arithmetic of JPEG planes; else every sample is decoded in exact arithmetic, and
  // exact_because() names the op that asks for it.
  bool planes_allowed() const { return exact_because_.empty(); }
  const std::string& exact_because() const { return exact_because_; }

  // What becomes of the decoded region when it comes as planes: it is resized to `size` (its own,
  // if nothing resamples it), of which `shown` goes on, to where Apply takes over.
  struct PlanesHead;
  PlanesHead HeadOf(const Recipe& recipe) const;

  // Where Apply begins: at op number `op`, the crop of which was done already.
  struct Start {
    size_t op = 0;
    bool mirrored = false;  // the columns of its pixels are still to be reversed
  };
  static Start StartOf(const Recipe& recipe) { return {recipe.first_op, recipe.mirrored}; }
  // No op is left from there on.
  bool IsDone(const Start& start) const { return start.op == steps_.size(); }

  // Bytes of scratch that Apply needs for this recipe (64-byte aligned blocks included).
  uint64_t ScratchBytes(const Recipe& recipe, const Start& start) const;
  uint64_t ScratchBytes(const Recipe& recipe) const {
    return ScratchBytes(recipe, StartOf(recipe));
  }

  // Applies the recipe to `pixels`, the decoded region or what PlanesHead made of it (3 channels);
  // `scratch` is 64-byte aligned and holds no part of it. `*out` points into `scratch` or into
  // `pixels`; `*flip` says that its columns are still to be reversed (the conversion to the output
  // does that for nothing). `resize_ns`, `ops_ns`: time spent is added.
  struct Timing {
    uint64_t resize_ns = 0;
    uint64_t ops_ns = 0;
  };
  Status Apply(const Recipe& recipe, const Start& start, const ConstImageView& pixels,
               std::span<std::byte> scratch, ConstImageView* out, simd::FlipColumns* flip,
               Timing* timing) const;
  // The whole recipe, from its decoded region on.
  Status Apply(const Recipe& recipe, const ConstImageView& pixels, std::span<std::byte> scratch,
               ConstImageView* out, simd::FlipColumns* flip, Timing* timing) const;

  // The recipe as TOML [[augment]] entries that reproduce it, each parameter fixed.
  std::string Explain(const Recipe& recipe) const;

  size_t op_count() const { return steps_.size(); }

 private:
  struct Step;     // an op with its name, p and class rules
  struct Buffers;  // what Apply needs of its scratch

  AugmentProgram();
  // The name of an op other than a flip that stands before the first crop or resize; or empty.
  std::string OpBeforeGeometry() const;
  // Folds the mirrors and crops from start->op on into `*region`. Stops before the first op that
  // needs pixels; the crop of one that resamples is folded too.
  void FoldGeometry(const Recipe& recipe, Start* start, RectPx* region) const;
  Buffers BuffersOf(const Recipe& recipe, const Start& start) const;

  std::vector<std::unique_ptr<Step>> steps_;
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
