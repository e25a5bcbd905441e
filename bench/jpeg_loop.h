// One thread's loop over encoded pictures in memory, in each of the ways that are compared.
#pragma once

#include <csetjmp>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <span>
#include <vector>

// After cstdio: it needs FILE and does not say so.
#include <jpeglib.h>

#include "bench/jpeg_folder.h"
#include "codecs/decoder.h"
#include "loader/big_image_area.h"
#include "loader/host_memory.h"
#include "loader/sample_processor.h"

namespace headrace::bench {

enum class Way : uint8_t {
  kFull,              // libjpeg-turbo decodes the whole picture; crop, resize, normalise
  kCropSkip,          // libjpeg-turbo decodes the crop: crop_scanline, skip_scanlines, early stop
  kExact,             // the loader's own work for a sample, [decode] jpeg = "exact"
  kFast,              // "fast"
  kExactCheckpoints,  // the same with the file's checkpoints at hand
  kFastCheckpoints,
};
inline constexpr size_t kWays = 6;
inline constexpr Way kAllWays[kWays] = {Way::kFull, Way::kCropSkip,         Way::kExact,
                                        Way::kFast, Way::kExactCheckpoints, Way::kFastCheckpoints};
const char* WayName(Way way);  // "full", "crop_skip", ...

// What: decoders and scratch of one thread. Owner: main. Thread: one at a time. Cost: nothing is
// allocated in Run but what libjpeg-turbo takes inside itself. All ways end in the same kernels:
// the resize and the conversion of simd/.
class JpegLoop {
 public:
  explicit JpegLoop(const JpegFolder& folder);
  ~JpegLoop();
  JpegLoop(const JpegLoop&) = delete;
  JpegLoop& operator=(const JpegLoop&) = delete;

  // Draw after draw into the slots of one batch, over and over.
  void Run(Way way, std::span<const Draw> draws);

  // The picture of one draw as u8 RGB, before it would be normalised.
  void Pixels(Way way, const Draw& draw, std::vector<uint8_t>* pixels);

 private:
  struct ErrorManager {
    jpeg_error_mgr base;  // first: libjpeg-turbo has a pointer to it
    std::jmp_buf escape;
  };

  static void OnError(j_common_ptr jpeg);
  void RunOne(Way way, const Draw& draw, const simd::ConvertTable& table, void* out);
  Status RunFull(const Draw& draw, const simd::ConvertTable& table, void* out);
  Status RunCropSkip(const Draw& draw, const simd::ConvertTable& table, void* out);
  Status RunProcessor(Way way, const Draw& draw, const simd::ConvertTable& table, void* out);
  bool DecodeWhole(const JpegFile& file, ConstImageView* picture);
  Status Finish(const ConstImageView& decoded, std::span<std::byte> scratch,
                const simd::ConvertTable& table, void* out);

  const JpegFolder& folder_;
  std::unique_ptr<simd::ConvertTable> normalise_;
  std::unique_ptr<simd::ConvertTable> plain_;
  std::unique_ptr<loader::BigImageArea> big_area_;
  std::unique_ptr<loader::SampleProcessor> exact_;
  std::unique_ptr<loader::SampleProcessor> fast_;
  std::unique_ptr<codecs::Decoder> library_;
  loader::Recipe recipe_;
  loader::HostMemory slots_;
  uint32_t slot_ = 0;
  loader::HostMemory scratch_;
  loader::HostMemory whole_;
  jpeg_decompress_struct jpeg_;
  ErrorManager errors_;
};

// Nanoseconds of CPU of each way over the same draws. All ways take a few pictures, then the next
// few, so that a machine which slows down for a second slows all of them.
struct WayTimes {
  double ns[kWays] = {};
  double Ratio(Way way, Way over) const {
    return ns[static_cast<size_t>(over)] / ns[static_cast<size_t>(way)];
  }
};
WayTimes TimeWays(JpegLoop* loop, std::span<const Draw> draws, size_t draws_a_turn);

// Every picture once an epoch, from `first_epoch` on.
std::vector<Draw> DrawsOf(const JpegFolder& folder, uint32_t first_epoch, uint32_t epochs);

// How many pictures make a turn: 50, and fewer where a picture has many pixels.
size_t DrawsATurn(const JpegFolder& folder);

}  // namespace headrace::bench
