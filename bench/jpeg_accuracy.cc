#include "bench/jpeg_accuracy.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <limits>
#include <vector>

namespace headrace::bench {

double Difference::mean_absolute() const {
  return samples == 0 ? 0 : static_cast<double>(absolute_sum) / static_cast<double>(samples);
}

double Difference::psnr_db() const {
  if (square_sum == 0) return std::numeric_limits<double>::infinity();
  return 10 *
         std::log10(255.0 * 255.0 * static_cast<double>(samples) / static_cast<double>(square_sum));
}

void Difference::Add(std::span<const uint8_t> a, std::span<const uint8_t> b) {
  samples += a.size();
  for (size_t i = 0; i < a.size(); ++i) {
    const auto off = static_cast<uint32_t>(std::abs(int{a[i]} - int{b[i]}));
    absolute_sum += off;
    square_sum += off * off;
    largest = std::max(largest, off);
  }
}

void Difference::Add(const Difference& more) {
  samples += more.samples;
  absolute_sum += more.absolute_sum;
  square_sum += more.square_sum;
  largest = std::max(largest, more.largest);
}

Accuracy MeasureAccuracy(const JpegFolder& folder, JpegLoop* loop, std::span<const Draw> draws) {
  Accuracy accuracy;
  std::vector<uint8_t> exact;
  std::vector<uint8_t> fast;
  for (const Draw& draw : draws) {
    loop->Pixels(Way::kExact, draw, &exact);
    loop->Pixels(Way::kFast, draw, &fast);
    Difference one;
    one.Add(exact, fast);
    accuracy.all.Add(one);
    if (folder.file(draw.id).is_420) accuracy.of_420.Add(one);
    accuracy.worst_db = std::min(accuracy.worst_db, one.psnr_db());
  }
  return accuracy;
}

}  // namespace headrace::bench
