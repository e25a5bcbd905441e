// Op: one [[augment]] entry without its p and class rules, which are the program's business.
//
// What: draws its parameters from a stream, says what they amount to, and runs on pixels if it
// must. Owner: AugmentProgram, or a policy that is made of ops. Thread: any; const and stateless.
// Cost: nothing here allocates but Explain.
//
// An op says by OpForm what it needs of its input: a region (kMirror, kCrop), a region and its size
// (kCropResize) or pixels (kPixels). The first three are geometry: the program itself carries them
// out, folds them into the decoder's region and fuses flips into resizes, so such an op has no Run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "base/image_view.h"
#include "base/rng.h"
#include "base/status.h"
#include "loader/augment/program.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "simd/resize.h"

namespace headrace::loader {

// Pixels of a picture are RGB until the conversion to the output.
inline constexpr uint32_t kPictureChannels = 3;
// A side that an op may ask for or make; the decoders' default max_side.
inline constexpr uint32_t kSidePxMax = 65535;

// What one op's draw amounts to.
enum class OpForm : uint8_t {
  kMirror,      // columns in reverse
  kCrop,        // draw.rect is kept
  kCropResize,  // draw.rect is kept, then resized to draw.out with filter()
  kPixels,      // Run
};

// A picture on its way through the ops. `mirrored`: its columns are still to be reversed, which the
// next resize or the conversion to the output does for nothing. A view of pixels that belong to
// nobody here: never written to.
struct Picture {
  ConstImageView pixels;
  bool mirrored = false;
};

// `rect` of a picture `width` wide, in the coordinates of the same picture mirrored.
constexpr RectPx MirrorRect(const RectPx& rect, uint32_t width) {
  return {width - rect.x - rect.width, rect.y, rect.width, rect.height};
}

// Memory lent to Run, 64-byte aligned, as large as OutputBytes and ScratchBytes said. The picture
// that Run gets never lies in it.
struct OpMemory {
  std::span<std::byte> output;
  std::span<std::byte> scratch;
};

class Op {
 public:
  virtual ~Op() = default;

  // The size of every result for inputs of size `in` (absent: of any size), or nothing when
  // results differ in size.
  virtual std::optional<SizePx> FixedSize(std::optional<SizePx> in) const = 0;

  // Takes the op's draws, in the order that docs/ops.md gives, for an input of size draw->in. On
  // entry *draw is the identity (out = in, rect = all of it). Fails when the op cannot take that
  // size; the text names the op.
  virtual Status Draw(RandomStream* stream, OpDraw* draw) const = 0;

  virtual OpForm FormOf(const OpDraw& draw) const = 0;

  // Whether the op is a crop or a resize; in some draws it may need pixels all the same, to pad.
  virtual bool CropsOrResizes() const { return false; }

  // The resampling of kCropResize.
  virtual simd::Filter filter() const { return simd::Filter::kBilinear; }

  // Of kPixels only. `picture` is replaced by the result. If picture->mirrored, the op has to
  // honour it: by not caring about the order of columns, by mirroring its own parameters, or by
  // reversing the columns as it reads them (and clearing the flag).
  virtual uint64_t OutputBytes(const OpDraw& draw) const;
  virtual uint64_t ScratchBytes(const OpDraw& draw) const;
  virtual Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const;

  // Appends the parameters that fix this draw as lines of TOML, without op and p.
  virtual void Explain(const OpDraw& draw, std::string* toml) const = 0;
};

// Makes the op that `config` names. Null and *error for a name that is not built and for parameters
// that it cannot take.
std::unique_ptr<Op> MakeOp(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
