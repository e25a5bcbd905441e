// SampleProcessor: one encoded picture to augmented pixels. A worker of the loader has one, and so
// has a transform: both give the same bytes.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "base/limits.h"
#include "base/result.h"
#include "codecs/decoder.h"
#include "loader/augment/program.h"
#include "loader/host_memory.h"

namespace headrace::loader {

// Scratch for one large picture at a time, shared by the workers of a loader. Its pages are given
// back after use.
class BigImageArea;

struct ProcessTiming {
  uint64_t decode_ns = 0;
  AugmentProgram::Timing augment;
};

// What: decoder, recipe and scratch of one thread. Owner and thread: a worker, or a transform.
// Cost: nothing is allocated after Make but what libjpeg-turbo takes inside itself.
class SampleProcessor {
 public:
  // `program` and `big_area` must outlive it. `scratch_bytes`: what a picture may take before it
  // needs the big area.
  static Result<std::unique_ptr<SampleProcessor>> Make(const Limits& limits,
                                                       const codecs::DecodeOptions& decode,
                                                       const AugmentProgram& program,
                                                       uint64_t scratch_bytes,
                                                       BigImageArea* big_area);

  // Draws the recipe of `key`, decodes what it needs and applies it. On success calls
  // use(pixels, flip) while the pixels are valid.
  template <class Use>
  Status Process(std::span<const std::byte> file, const SampleKey& key, ProcessTiming* timing,
                 Use&& use) {
    ConstImageView pixels;
    simd::FlipColumns flip = simd::FlipColumns::kNo;
    Borrowed borrowed;
    const Status status = Run(file, key, timing, &borrowed, &pixels, &flip);
    if (status.ok()) use(pixels, flip);
    GiveBack(&borrowed);
    return status;
  }

  const Recipe& recipe() const { return recipe_; }
  const codecs::DecodeReport& report() const { return report_; }
  // The block itself, for work between pictures (mixing); 64-byte aligned.
  std::span<std::byte> scratch() const { return scratch_.span(); }

 private:
  struct Borrowed {
    bool big = false;  // the big area is ours until GiveBack
  };

  SampleProcessor(const Limits& limits, const codecs::DecodeOptions& decode,
                  const AugmentProgram& program, BigImageArea* big_area)
      : limits_(limits), decode_(decode), program_(program), big_area_(big_area) {}

  Status Run(std::span<const std::byte> file, const SampleKey& key, ProcessTiming* timing,
             Borrowed* borrowed, ConstImageView* pixels, simd::FlipColumns* flip);
  Status FindScratch(uint64_t bytes, Borrowed* borrowed, std::span<std::byte>* scratch);
  void GiveBack(Borrowed* borrowed);

  const Limits limits_;
  const codecs::DecodeOptions decode_;
  const AugmentProgram& program_;
  BigImageArea* big_area_;
  std::unique_ptr<codecs::Decoder> decoder_;
  HostMemory scratch_;
  Recipe recipe_;
  codecs::DecodeReport report_;
};

// [decode] of a configuration as the codecs take it.
codecs::DecodeOptions DecodeOptionsOf(const DecodeConfig& config);

}  // namespace headrace::loader
