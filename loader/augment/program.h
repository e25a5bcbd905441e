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

  // Bytes of scratch that Apply needs for this recipe (64-byte aligned blocks included).
  uint64_t ScratchBytes(const Recipe& recipe) const;

  // Applies the recipe to `pixels`, the decoded region (3 channels); `scratch` is 64-byte aligned
  // and holds no part of it. `*out` points into `scratch` or into `pixels`; `*flip` says that its
  // columns are still to be reversed (the conversion to the output does that for nothing).
  // `resize_ns`, `ops_ns`: time spent is added.
  struct Timing {
    uint64_t resize_ns = 0;
    uint64_t ops_ns = 0;
  };
  Status Apply(const Recipe& recipe, const ConstImageView& pixels, std::span<std::byte> scratch,
               ConstImageView* out, simd::FlipColumns* flip, Timing* timing) const;

  // The recipe as TOML [[augment]] entries that reproduce it, each parameter fixed.
  std::string Explain(const Recipe& recipe) const;

  size_t op_count() const { return steps_.size(); }

 private:
  struct Step;     // an op with its name, p and class rules
  struct Buffers;  // what Apply needs of its scratch

  AugmentProgram();
  // Folds the leading mirrors and crops of the drawn recipe into its region.
  void FoldHead(Recipe* recipe) const;
  Buffers BuffersOf(const Recipe& recipe) const;

  std::vector<std::unique_ptr<Step>> steps_;
  std::optional<SizePx> output_size_;
};

}  // namespace headrace::loader
