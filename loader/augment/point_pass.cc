#include "loader/augment/point_pass.h"

#include <cstring>

namespace headrace::loader {

namespace {

// The counts of what `tables` make of the values counted in `before`.
simd::ChannelHistograms Through(const uint8_t (&tables)[3][256],
                                const simd::ChannelHistograms& before) {
  simd::ChannelHistograms after{};
  for (size_t c = 0; c < 3; ++c) {
    for (size_t v = 0; v < 256; ++v) after.of[c][tables[c][v]] += before.of[c][v];
  }
  return after;
}

}  // namespace

PointPass::PointPass(Picture* picture, std::span<std::byte> output)
    : picture_(*picture), output_(output) {}

void PointPass::Map(const uint8_t (&table)[256]) {
  uint8_t tables[3][256];
  for (uint8_t(&one)[256] : tables) std::memcpy(one, table, sizeof one);
  const bool same = !pending_ || tables_.same;
  Map(tables);
  tables_.same = same;
}

void PointPass::Map(const uint8_t (&tables)[3][256]) {
  if (has_histogram_) histogram_ = Through(tables, histogram_);
  if (pending_) {
    for (size_t c = 0; c < 3; ++c) {
      for (uint8_t& value : tables_.of[c]) value = tables[c][value];
    }
  } else {
    std::memcpy(tables_.of, tables, sizeof tables_.of);
  }
  tables_.same = false;
  pending_ = true;
}

const simd::ChannelHistograms& PointPass::Histogram() {
  if (has_histogram_) return histogram_;
  simd::CountValues(picture_.pixels, &histogram_);
  if (pending_) histogram_ = Through(tables_.of, histogram_);
  has_histogram_ = true;
  return histogram_;
}

void PointPass::MinMax(uint8_t low[3], uint8_t high[3]) {
  if (!has_histogram_) {
    Flush();  // cheaper than counting values
    simd::FindMinMax(picture_.pixels, low, high);
    return;
  }
  for (size_t c = 0; c < 3; ++c) {
    const uint32_t* counts = histogram_.of[c];
    uint32_t first = 0;
    uint32_t last = 255;
    while (first < 255 && counts[first] == 0) ++first;
    while (last > 0 && counts[last] == 0) --last;
    low[c] = static_cast<uint8_t>(first);
    high[c] = static_cast<uint8_t>(last);
  }
}

uint64_t PointPass::GraySum() {
  Flush();  // grey needs a pixel's channels together
  return simd::GraySum(picture_.pixels);
}

void PointPass::Finish() {
  Flush();
  if (picture_.ours) return;
  const ImageView target = picture_.TargetIn(output_);
  CopyPixels(picture_.pixels, target);
  picture_.pixels = target;
  picture_.ours = true;
}

void PointPass::Flush() {
  if (!pending_) return;
  const ImageView target = picture_.TargetIn(output_);
  simd::ApplyTables(picture_.pixels, tables_, target);
  picture_.pixels = target;
  picture_.ours = true;
  pending_ = false;
}

}  // namespace headrace::loader
