#include "classifier.h"

#include <algorithm>
#include <cmath>

Classifier::Classifier(size_t features, size_t classes, size_t steps)
    : features_(features), classes_(classes), steps_(steps) {
  for (auto* numbers : {&weights_, &gradient_, &first_, &second_, &average_})
    numbers->assign(classes * (features + 1), 0.0F);
}

void Classifier::Logits(const std::vector<float>& weights, const float* row, float* logits) const {
  for (size_t c = 0; c < classes_; ++c) {
    const float* const weight = &weights[c * (features_ + 1)];
    float sums[8] = {}; /* apart, so that the compiler may take a vector for them */
    size_t i = 0;
    for (; i + 8 <= features_; i += 8)
      for (size_t k = 0; k < 8; ++k) sums[k] += weight[i + k] * row[i + k];
    float sum = weight[features_];
    for (const float part : sums) sum += part;
    for (; i < features_; ++i) sum += weight[i] * row[i];
    logits[c] = sum;
  }
}

/* The gradient of the mean cross-entropy, then a step of Adam. */
void Classifier::Step(const float* rows, const int64_t* labels, size_t count) {
  ++step_;
  if (count == 0) return;
  std::fill(gradient_.begin(), gradient_.end(), 0.0F);
  std::vector<float> logits(classes_);
  std::vector<double> shares(classes_);
  for (size_t r = 0; r < count; ++r) {
    const float* const row = rows + r * features_;
    Logits(weights_, row, logits.data());
    const float top = *std::max_element(logits.begin(), logits.end());
    double sum = 0;
    for (size_t c = 0; c < classes_; ++c)
      sum += shares[c] = std::exp(logits[c] - static_cast<double>(top));
    for (size_t c = 0; c < classes_; ++c) {
      const double wanted = static_cast<int64_t>(c) == labels[r] ? 1 : 0;
      /* Rounded to float: the last bits of exp are not the same on every machine. */
      const auto slope =
          static_cast<float>((shares[c] / sum - wanted) / static_cast<double>(count));
      float* const gradient = &gradient_[c * (features_ + 1)];
      for (size_t i = 0; i < features_; ++i) gradient[i] += slope * row[i];
      gradient[features_] += slope;
    }
  }
  Update();
}

/* Adam (Kingma and Ba, 2015), with the decay in the gradient. */
void Classifier::Update() {
  const auto steps = static_cast<double>(step_);
  const double unbias = std::sqrt(1 - std::pow(0.999, steps)) / (1 - std::pow(0.9, steps));
  const auto rate = static_cast<float>(kRate * unbias);
  for (size_t i = 0; i < weights_.size(); ++i) {
    const float slope = gradient_[i] + kDecay * weights_[i];
    first_[i] = 0.9F * first_[i] + 0.1F * slope;
    second_[i] = 0.999F * second_[i] + 0.001F * slope * slope;
    weights_[i] -= rate * first_[i] / (std::sqrt(second_[i]) + 1e-8F);
  }
  if (2 * step_ > steps_)
    for (size_t i = 0; i < weights_.size(); ++i) average_[i] += weights_[i];
}

int64_t Classifier::Predict(const float* row) const {
  std::vector<float> logits(classes_);
  Logits(average_, row, logits.data());
  return std::max_element(logits.begin(), logits.end()) - logits.begin();
}
