// Runs one OpCase as a worker of the loader would: draws a recipe, applies it, ends in a picture.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/image_view.h"
#include "bench/op_cases.h"
#include "loader/augment/program.h"
#include "loader/host_memory.h"
#include "simd/convert.h"

namespace headrace::bench {

// An RGB picture that owns its pixels.
struct Pixels {
  SizePx size;
  std::vector<uint8_t> bytes;

  ConstImageView view() const {
    return {bytes.data(), size.width, size.height, 3, size_t{size.width} * 3};
  }
};

// Smooth shapes, edges and a little noise: nothing that a kernel could take a short cut on, and
// every value of every channel.
Pixels DrawnPixels(SizePx size);
// A picture file, resized.
Pixels PhotoPixels(const std::string& path, SizePx size);

// What: the program of one case and all memory that its draws need, touched. Owner: main. Thread:
// one. Cost: nothing is allocated in Run.
class OpRunner {
 public:
  // Null when an op of the case is not built yet; *why says which. `pixels` outlives the runner.
  static std::unique_ptr<OpRunner> Make(const OpCase& which, const Pixels& pixels,
                                        std::string* why);

  // `count` pictures, one draw each, in turn. Returns nanoseconds of CPU.
  int64_t Run(uint32_t count);

  // CRC-32 of the result's pixels, for a comparison with other programs; nothing where draws are
  // random or the result is no u8 picture.
  std::optional<uint32_t> Checksum();

 private:
  OpRunner(const OpCase& which, const Pixels& pixels) : which_(which), pixels_(pixels) {}
  void TakeMemory();
  // The dense picture; empty where the result is something else.
  ConstImageView RunOne();

  OpCase which_;
  const Pixels& pixels_;
  std::unique_ptr<loader::AugmentProgram> program_;
  std::unique_ptr<simd::ConvertTable> table_;
  loader::Recipe recipe_;
  loader::HostMemory scratch_;
  loader::HostMemory result_;
  uint32_t next_ = 0;  // sample id of the next picture
};

}  // namespace headrace::bench
