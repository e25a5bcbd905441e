// SampleProcessor: one encoded picture to augmented pixels. A worker of the loader has one, and so
// has a transform: both give the same bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/limits.h"
#include "base/result.h"
#include "base/scope_guard.h"
#include "codecs/decoder.h"
#include "loader/augment/program.h"
#include "loader/host_memory.h"
#include "loader/objects/object_mover.h"

namespace headrace::loader {

// Scratch for one large picture at a time, shared by the workers of a loader. Its pages are given
// back after use.
class BigImageArea;

struct ProcessTiming {
  uint64_t decode_ns = 0;   // of library decoders, which do not tell their steps apart
  uint64_t entropy_ns = 0;  // of our own decoder
  uint64_t idct_ns = 0;
  uint64_t colour_ns = 0;
  AugmentProgram::Timing augment;
};

// What the ops made of a sample: RGB, or the planes of a JPEG that nothing but geometry was asked
// of. Valid during the call that it is passed to.
struct ProcessedPicture {
  ConstImageView rgb;        // without planes
  uint32_t plane_count = 0;  // 1 (grey), 3 (Y, Cb, Cr), all of one size; 0: rgb
  ConstImageView planes[3];
  simd::FlipColumns flip = simd::FlipColumns::kNo;  // its columns are still to be reversed
  // Writes it as `table` says; one channel is Pillow's "L" of the three.
  void ConvertTo(const simd::ConvertTable& table, void* out) const;

 private:
  void ConvertToGray(const simd::ConvertTable& table, void* out) const;
};

// Copies a picture of 1 or 3 channels into one of 3; the two do not overlap.
void CopyAsRgb(const ConstImageView& source, const ImageView& target);

// How JPEGs become pixels; see [decode] jpeg.
struct ProcessOptions {
  codecs::DecodeOptions decode;
  JpegMode jpeg = JpegMode::kExact;
};

// What: decoder, recipe and scratch of one thread. Owner and thread: a worker, or a transform.
// Cost: nothing is allocated after Make but what libjpeg-turbo takes inside itself.
class SampleProcessor {
 public:
  // `program` and `big_area` must outlive it. `scratch_bytes`: what a picture may take before it
  // needs the big area.
  static Result<std::unique_ptr<SampleProcessor>> Make(const Limits& limits,
                                                       const ProcessOptions& options,
                                                       const AugmentProgram& program,
                                                       uint64_t scratch_bytes,
                                                       BigImageArea* big_area);

  // Draws the recipes of `key` and the `view_count` views from key.view on, decodes what they need
  // once, and applies each. Calls use(view, picture) for one after the other, while the picture is
  // valid; the error of a later view comes after the use of earlier ones. `checkpoints`: of the
  // file, if it is a JPEG; or null. `objects`: as annotated, and then as the first view shows them;
  // null: there are none.
  template <class Use>
  Status Process(std::span<const std::byte> file, const SampleKey& key, uint32_t view_count,
                 codecs::DecodeCheckpoints* checkpoints, FollowedObjects* objects,
                 ProcessTiming* timing, Use&& use) {
    Decoded decoded;
    // Also when the objects find no memory: others wait for the area.
    const ScopeGuard giving_back([&] {
      if (decoded.has_big_area) GiveBackBigArea();
    });
    Status status = Decode(file, key, view_count, checkpoints, objects, timing, &decoded);
    for (uint32_t i = 0; i < view_count && status.ok(); ++i) {
      ProcessedPicture picture;
      status = Augment(decoded, i, i == 0 ? objects : nullptr, timing, &picture);
      if (status.ok()) use(key.view + i, picture);
    }
    return status;
  }

  // The same for one view of pixels that are there already, of 1 or 3 channels, which are copied as
  // far as they are needed. Limits are those of a file.
  template <class Use>
  Status ProcessPixels(const ConstImageView& pixels, const SampleKey& key, ProcessTiming* timing,
                       Use&& use) {
    Decoded decoded;
    const ScopeGuard giving_back([&] {
      if (decoded.has_big_area) GiveBackBigArea();
    });
    Status status = TakePixels(pixels, key, &decoded);
    ProcessedPicture picture;
    if (status.ok()) status = Augment(decoded, 0, nullptr, timing, &picture);
    if (status.ok()) use(key.view, picture);
    return status;
  }

  // Draws only; the file is asked for its header.
  Status DrawOnly(std::span<const std::byte> file, const SampleKey& key);

  // Of the first view that was asked for.
  const Recipe& recipe() const { return recipes_[0]; }
  const codecs::DecodeReport& report() const { return report_; }
  // The block itself, for work between pictures (mixing); 64-byte aligned.
  std::span<std::byte> scratch() const { return scratch_.span(); }

 private:
  // A picture between decoding and the ops.
  struct Decoded {
    ConstImageView pixels;         // RGB
    AugmentProgram::Start start;   // where the ops go on
    ProcessedPicture planes;       // instead, when no op is left to run
    std::span<std::byte> scratch;  // for the ops
    bool has_big_area = false;     // it is ours until it is given back
  };

  SampleProcessor(const Limits& limits, const ProcessOptions& options,
                  const AugmentProgram& program, BigImageArea* big_area)
      : limits_(limits), options_(options), program_(program), big_area_(big_area) {}

  Status Decode(std::span<const std::byte> file, const SampleKey& key, uint32_t view_count,
                codecs::DecodeCheckpoints* checkpoints, FollowedObjects* objects,
                ProcessTiming* timing, Decoded* decoded);
  // In place of Decode.
  Status TakePixels(const ConstImageView& pixels, const SampleKey& key, Decoded* decoded);
  Status MakeRecipes(std::span<const std::byte> file, const SampleKey& key, uint32_t view_count,
                     const codecs::RecordPart& part, codecs::ImageInfo* info);
  Status DecodeRgb(uint32_t view_count, ProcessTiming* timing, Decoded* decoded);
  Status DecodePlanes(uint32_t view_count, ProcessTiming* timing, Decoded* decoded);
  Status Augment(const Decoded& decoded, uint32_t view_index, FollowedObjects* objects,
                 ProcessTiming* timing, ProcessedPicture* picture) const;
  // Scratch of the ops for all views, beginning with pixels of `size`.
  uint64_t AugmentBytes(const AugmentProgram::Start& start, SizePx size, uint32_t view_count) const;
  // What all views share, if there are several.
  Status AugmentShared(uint32_t view_count, FollowedObjects* objects, ProcessTiming* timing,
                       Decoded* decoded) const;
  void CountDecode(int64_t begin_ns, ProcessTiming* timing) const;
  Status FindScratch(uint64_t bytes, Decoded* decoded);
  void GiveBackBigArea();

  const Limits limits_;
  const ProcessOptions options_;
  const AugmentProgram& program_;
  BigImageArea* big_area_;
  std::unique_ptr<codecs::Decoder> decoder_;
  HostMemory scratch_;
  std::vector<Recipe> recipes_;  // one a view
  codecs::DecodeReport report_;
};

// [decode] of a configuration as the codecs take it.
ProcessOptions ProcessOptionsOf(const DecodeConfig& config);

}  // namespace headrace::loader
