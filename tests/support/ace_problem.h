// A problem of colour for adversarial filters: pictures of two classes that differ in tint, and the
// models that tell them apart (specs/advanced.md 1.10).
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <vector>

#include "base/rng.h"

namespace headrace::testing {

struct ColorSet {
  static constexpr uint32_t kSide = 16;
  static constexpr size_t kElements = 3 * kSide * kSide;
  std::vector<uint8_t> pixels;  // planar
  std::vector<int64_t> labels;
  std::vector<int64_t> ids;
  size_t count() const { return labels.size(); }
};

// A level an image and channel, the tint of its class, a gradient over the rows, noise of
// brightness and of each channel.
inline ColorSet MakeColorSet(size_t count, uint64_t seed) {
  constexpr uint32_t kSide = ColorSet::kSide;
  ColorSet set;
  RandomStream stream({.seed = seed, .name = "ace"});
  for (size_t n = 0; n < count; ++n) {
    const auto label = static_cast<int64_t>(stream.NextBelow(2));
    const double tint[3] = {label == 0 ? 22.0 : -22.0, 0, label == 0 ? -22.0 : 22.0};
    double level[3];
    for (double& value : level) value = stream.NextUniform(60, 180);
    const double slope = 30 * stream.NextUniform(-1, 1);
    std::vector<double> luma(size_t{kSide} * kSide);
    for (double& value : luma) value = 22 * stream.NextNormal();
    for (size_t c = 0; c < 3; ++c) {
      for (uint32_t y = 0; y < kSide; ++y) {
        for (uint32_t x = 0; x < kSide; ++x) {
          const double row = slope * (2.0 * y / (kSide - 1) - 1);
          const double value =
              level[c] + tint[c] + row + luma[size_t{y} * kSide + x] + 14 * stream.NextNormal();
          set.pixels.push_back(static_cast<uint8_t>(std::clamp(std::nearbyint(value), 0.0, 255.0)));
        }
      }
    }
    set.labels.push_back(label);
    set.ids.push_back(static_cast<int64_t>(n));
  }
  return set;
}

// Logistic regression of two classes on numbers of about [-0.5, 0.5].
struct Logistic {
  std::vector<double> weights;
  double bias = 0;

  // Gradient descent from zero.
  void Train(const ColorSet& set, int epochs, double rate) {
    weights.assign(ColorSet::kElements, 0);
    bias = 0;
    for (int epoch = 0; epoch < epochs; ++epoch) {
      for (size_t n = 0; n < set.count(); ++n) {
        const uint8_t* x = &set.pixels[n * ColorSet::kElements];
        double score = bias;
        for (size_t i = 0; i < weights.size(); ++i) score += weights[i] * (x[i] / 255.0 - 0.5);
        const double error = 1 / (1 + std::exp(-score)) - static_cast<double>(set.labels[n]);
        for (size_t i = 0; i < weights.size(); ++i) {
          weights[i] -= rate * error * (x[i] / 255.0 - 0.5);
        }
        bias -= rate * error;
      }
    }
  }

  // Cross-entropy of the label, and d(loss)/d(element) = slope * weight.
  struct Judged {
    double loss = 0;
    double margin = 0;  // of the label against the other
    double slope = 0;
  };
  Judged Judge(const std::function<double(size_t)>& element, int64_t label) const {
    double score = bias;
    for (size_t i = 0; i < weights.size(); ++i) score += weights[i] * element(i);
    const double toward = label == 1 ? score : -score;
    Judged judged;
    judged.loss =
        toward > 0 ? std::log1p(std::exp(-toward)) : -toward + std::log1p(std::exp(toward));
    judged.margin = toward;
    judged.slope = 1 / (1 + std::exp(-score)) - static_cast<double>(label);
    return judged;
  }
};

}  // namespace headrace::testing
