// Op: one [[augment]] entry without its p and class rules, which are the program's business.
//
// What: draws its parameters from a stream, says what they amount to, and runs on pixels if it
// must. Owner: AugmentProgram, or a policy that is made of ops. Thread: any; const and stateless.
// Cost: nothing here allocates but Explain.
//
// An op says by OpForm what it needs of its input. Geometry (a mirror image, a crop, a crop and a
// resize) is carried out by whoever runs the list: it folds into the decoder's region and into
// resizes, so such an op has no Run. A point op is a table of 256 values; tables of neighbours fuse
// (PointPass). All others run on pixels.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/rng.h"
#include "base/status.h"
#include "loader/augment/draw_list.h"
#include "loader/augment/output_scale.h"
#include "loader/augment/point_map.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "simd/resize.h"

namespace headrace::loader {

class PointPass;

// What one op's draw amounts to.
enum class OpForm : uint8_t {
  kMirror,      // columns in reverse
  kFlipRows,    // rows in reverse
  kCrop,        // draw.rect is kept
  kCropResize,  // draw.rect is kept, then resized to draw.out with filter()
  kPoint,       // Point
  kPixels,      // Run
};

class Op {
 public:
  virtual ~Op() = default;

  // The name of an [[augment]] entry that does what a draw of this op does: with p = 1 and the
  // lines of Explain it reproduces the draw.
  virtual std::string_view name() const = 0;

  // The size of every result for inputs of size `in` (absent: of any size), or nothing when
  // results differ in size.
  virtual std::optional<SizePx> FixedSize(std::optional<SizePx> in) const { return in; }

  // Told once, before anything else, what the output makes of pixels.
  virtual void UseOutput(const OutputScale&) {}
  // Told once that the data set knows objects: what moves points in a way that they cannot follow
  // is left out from then on.
  virtual void KeepPointsInPlace() {}

  // Takes the op's draws, in the order that docs/ops.md gives, for an input of size draw->in. On
  // entry *draw is the identity (out = in, rect = all of it). Fails when the op cannot take that
  // size; the text names the op.
  virtual Status Draw(RandomStream* stream, OpDraw* draw) const = 0;

  // Draws and appends what is to be done: this op, or what a policy is made of. At most
  // DrawCountMax draws.
  virtual Status Expand(RandomStream* stream, DrawList* draws) const;
  virtual uint32_t DrawCountMax() const { return 1; }

  virtual OpForm FormOf(const OpDraw& draw) const = 0;

  // Whether the op is a crop or a resize; in some draws it may need pixels all the same, to pad.
  virtual bool CropsOrResizes() const { return false; }
  // Whether the op is a flip: always kMirror or kFlipRows.
  virtual bool IsFlip() const { return false; }

  // The name of an op: when this one fires, the next of that name in the list draws but does
  // nothing. Both make the same size. Empty: of none.
  virtual std::string_view StandsFor() const { return {}; }

  // Results a sample (AugMix). With more than one, the first is left as it is by the op itself.
  virtual uint32_t Views() const { return 1; }
  // Whether the first of several views is left alone by this op too, when it stands behind the op
  // that makes them: occlusion, which must not hide anything from the clean view.
  virtual bool SkipsCleanView() const { return false; }

  // Whether the resize of kCropResize may be done on the planes of a picture.
  virtual bool SuitsPlanes() const { return true; }

  // The resampling of kCropResize.
  virtual simd::Filter filter(const OpDraw&) const { return simd::Filter::kBilinear; }

  // Of kPoint only: maps the values through one or several tables.
  virtual Status Point(const OpDraw& draw, PointPass* pass) const;

  // Of kPixels only. `picture` is replaced by the result.
  // - SeesColumns: false if the op honours picture->mirrored by itself: by not caring about the
  //   order of columns, or by mirroring its own parameters. If true, columns are in order.
  // - WorksInPlace: an op that changes the pixels of a picture that is `ours`, and takes its output
  //   only for one that is not.
  virtual bool SeesColumns() const { return true; }
  virtual bool WorksInPlace() const { return false; }
  virtual uint64_t OutputBytes(const OpDraw& draw) const;
  virtual uint64_t ScratchBytes(const OpDraw& draw) const;
  virtual Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const;

  // Where the draw puts the points of its input. What changes colours only moves nothing; mirrors,
  // crops and resizes are known by their form.
  virtual PointMap PointsOf(const OpDraw& draw) const;
  // Whether some draw of an op that runs on pixels moves points.
  virtual bool MovesPoints() const { return false; }
  // Whether they depend on the pixels too, so that PointsOf cannot tell.
  virtual bool PointsNeedPixels() const { return false; }
  // Whether it does nothing of its own for a data set that knows no objects.
  virtual bool NeedsObjects() const { return false; }
  // Whether Run brings memory.objects up to date by itself; else they follow PointsOf.
  virtual bool MovesObjects() const { return false; }

  // Appends the parameters that fix this draw as lines of TOML, without op and p.
  virtual void Explain(const OpDraw& draw, std::string* toml) const = 0;
};

// Makes the op that `config` names. Null and *error for a name that is not built and for parameters
// that it cannot take.
std::unique_ptr<Op> MakeOp(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
