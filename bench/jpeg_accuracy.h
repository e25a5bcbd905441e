// How far the fast arithmetic is from the exact one, on a folder's own pictures.
#pragma once

#include <cstdint>
#include <span>

#include "bench/jpeg_loop.h"

namespace headrace::bench {

// Of samples from 0 to 255, before they would be normalised.
struct Difference {
  uint64_t samples = 0;
  uint64_t absolute_sum = 0;
  uint64_t square_sum = 0;
  uint32_t largest = 0;

  double mean_absolute() const;
  double psnr_db() const;  // of all samples together; infinite where nothing differs
  void Add(std::span<const uint8_t> a, std::span<const uint8_t> b);
  void Add(const Difference& more);
};

struct Accuracy {
  Difference all;
  Difference of_420;      // the files with halved chroma alone
  double worst_db = 1e9;  // of the worst picture
};

Accuracy MeasureAccuracy(const JpegFolder& folder, JpegLoop* loop, std::span<const Draw> draws);

}  // namespace headrace::bench
