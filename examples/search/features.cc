#include "features.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace {

/* SplitMix64: the same numbers on every machine. */
class Random {
 public:
  /* From 0 to below 1. */
  double Uniform() {
    state_ += 0x9E3779B97F4A7C15;
    uint64_t z = state_;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return static_cast<double>((z ^ (z >> 31)) >> 11) * 0x1p-53;
  }

 private:
  uint64_t state_ = 1; /* not the run's seed: the filters are a part of the model */
};

}  // namespace

Features::Features(size_t channels, size_t height, size_t width, size_t filters, size_t cells)
    : height_(height), width_(width), filters_(filters), cells_(cells) {
  for (size_t c = 0; c < channels; ++c)
    for (size_t y = 0; y < kSide; ++y)
      for (size_t x = 0; x < kSide; ++x) taps_.push_back((c * height + y) * width + x);
  weights_.resize(taps_.size() * filters);
  Random draws;
  std::vector<double> filter(taps_.size());
  for (size_t f = 0; f < filters; ++f) {
    double mean = 0;
    double square = 0;
    for (double& weight : filter) mean += weight = draws.Uniform();
    mean /= static_cast<double>(filter.size());
    for (double& weight : filter) weight -= mean;
    for (const double weight : filter) square += weight * weight;
    float* const block = &weights_[f / kBlock * taps_.size() * kBlock + f % kBlock];
    for (size_t t = 0; t < filter.size(); ++t)
      block[t * kBlock] = static_cast<float>(filter[t] / std::sqrt(square));
  }
}

/* What the filters of one block say to one patch. */
void Features::Respond(const float* patch, size_t block, float* response) const {
  float sums[kBlock] = {};
  const float* weight = &weights_[block * taps_.size() * kBlock];
  for (const size_t tap : taps_) {
    const float pixel = patch[tap];
    for (size_t f = 0; f < kBlock; ++f) sums[f] += weight[f] * pixel;
    weight += kBlock;
  }
  std::copy(sums, sums + kBlock, response);
}

void Features::Of(const float* image, float* out) const {
  const size_t rows = (height_ - kSide) / kStride + 1;
  const size_t columns = (width_ - kSide) / kStride + 1;
  std::fill(out, out + size(), 0.0F);
  float response[kBlock];
  for (size_t y = 0; y < rows; ++y) {
    for (size_t x = 0; x < columns; ++x) {
      const float* const patch = image + y * kStride * width_ + x * kStride;
      const size_t cell = y * cells_ / rows * cells_ + x * cells_ / columns;
      for (size_t block = 0; block < filters_ / kBlock; ++block) {
        Respond(patch, block, response);
        float* const sums = out + (cell * filters_ + block * kBlock) * 2;
        for (size_t f = 0; f < kBlock; ++f) sums[f] += std::max(response[f], 0.0F);
        for (size_t f = 0; f < kBlock; ++f) sums[kBlock + f] += std::max(-response[f], 0.0F);
      }
    }
  }
  /* The average of a cell, or near it where the grid does not divide evenly. */
  const float share = static_cast<float>(cells_ * cells_) / static_cast<float>(rows * columns);
  for (size_t i = 0; i < size(); ++i) out[i] *= share;
}
