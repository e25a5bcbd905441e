// A model in a few lines, as a user of the C API would bring one: softmax regression on the means
// of a grid of cells, trained on the loader's own batches.
#pragma once

#include <gtest/gtest.h>
#include <headrace.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tests/support/loader_harness.h"

namespace headrace::testing {

class PooledModel {
 public:
  PooledModel(uint32_t grid, uint32_t classes)
      : grid_(grid), classes_(classes), weights_(size_t{classes} * (Features() + 1), 0.0) {}

  size_t Features() const { return size_t{3} * grid_ * grid_; }

  // Means of the cells of a row whose element (c, y, x) lies at data[at(c, y, x)].
  std::vector<double> Pool(const float* data, const int64_t* stride, uint32_t height,
                           uint32_t width) const {
    std::vector<double> features(Features());
    for (uint32_t c = 0; c < 3; ++c) {
      for (uint32_t y = 0; y < height; ++y) {
        for (uint32_t x = 0; x < width; ++x) {
          features[Cell(c, y, x, height, width)] +=
              data[c * stride[1] + y * stride[2] + x * stride[3]];
        }
      }
    }
    for (double& feature : features) feature *= double{1} * grid_ * grid_ / (height * width);
    return features;
  }

  // Gradient descent over the samples given, one after the other.
  void Train(const std::vector<std::vector<double>>& samples, const std::vector<int64_t>& labels,
             int epochs, double rate) {
    for (int epoch = 0; epoch < epochs; ++epoch) {
      for (size_t n = 0; n < samples.size(); ++n) {
        const std::vector<double> share = Shares(samples[n]);
        for (uint32_t k = 0; k < classes_; ++k) {
          const double error = share[k] - (k == labels[n] ? 1 : 0);
          double* w = Row(k);
          for (size_t i = 0; i < Features(); ++i) w[i] -= rate * error * samples[n][i];
          w[Features()] -= rate * error;
        }
      }
    }
  }

  double Loss(const std::vector<double>& features, int64_t label) const {
    return -std::log(std::max(Shares(features)[static_cast<size_t>(label)], 1e-300));
  }

  // hr_model_fn; `context` is the model. Counts its calls.
  static int Callback(void* context, const hr_model_in* in, hr_model_out* out) {
    auto& self = *static_cast<PooledModel*>(context);
    ++self.calls_;
    const double cell = double{1} * in->height * in->width / (self.grid_ * self.grid_);
    for (uint32_t row = 0; row < in->rows; ++row) {
      const std::vector<double> features =
          self.Pool(in->data + row * in->stride[0], in->stride, in->height, in->width);
      const std::vector<double> share = self.Shares(features);
      const auto label = static_cast<size_t>(in->label[row]);
      out->loss[row] = static_cast<float>(self.Loss(features, in->label[row]));
      std::vector<double> by_feature(self.Features());
      for (uint32_t k = 0; k < self.classes_; ++k) {
        const double error = share[k] - (k == label ? 1 : 0);
        for (size_t i = 0; i < by_feature.size(); ++i)
          by_feature[i] += error * self.Row(k)[i] / cell;
      }
      auto* grad = const_cast<float*>(out->grad) + row * out->stride[0];
      for (uint32_t c = 0; c < 3; ++c) {
        for (uint32_t y = 0; y < in->height; ++y) {
          for (uint32_t x = 0; x < in->width; ++x) {
            grad[c * out->stride[1] + y * out->stride[2] + x * out->stride[3]] =
                static_cast<float>(by_feature[self.Cell(c, y, x, in->height, in->width)]);
          }
        }
      }
    }
    return 0;
  }
  uint32_t calls() const { return calls_; }

  // Every sample of an epoch of f32 NCHW batches, by id: features and label.
  struct Seen {
    std::vector<std::vector<double>> features;
    std::vector<int64_t> labels;
  };
  void Look(const hr_batch* batch, Seen* seen) const {
    HR_INIT(hr_batch_info, info);
    ASSERT_EQ(hr_batch_view(batch, &info, nullptr), HR_OK);
    ASSERT_EQ(info.dtype, HR_F32);
    ASSERT_EQ(info.layout, HR_NCHW);
    const int64_t plane = int64_t{info.height} * info.width;
    const int64_t stride[4] = {3 * plane, plane, info.width, 1};
    for (uint32_t i = 0; i < info.count; ++i) {
      const auto id = static_cast<size_t>(info.ids[i]);
      if (seen->labels.size() <= id) {
        seen->labels.resize(id + 1, -1);
        seen->features.resize(id + 1);
      }
      const float* soft =
          info.soft_labels == nullptr ? nullptr : info.soft_labels + size_t{i} * info.classes;
      seen->labels[id] =
          soft == nullptr ? info.labels[i] : std::max_element(soft, soft + info.classes) - soft;
      seen->features[id] = Pool(static_cast<const float*>(info.images) + i * stride[0], stride,
                                info.height, info.width);
    }
  }

 private:
  size_t Cell(uint32_t c, uint32_t y, uint32_t x, uint32_t height, uint32_t width) const {
    return (size_t{c} * grid_ + y * grid_ / height) * grid_ + x * grid_ / width;
  }
  double* Row(uint32_t k) { return &weights_[k * (Features() + 1)]; }
  std::vector<double> Shares(const std::vector<double>& features) const {
    std::vector<double> share(classes_);
    for (uint32_t k = 0; k < classes_; ++k) {
      const double* w = &weights_[k * (Features() + 1)];
      share[k] = w[Features()];
      for (size_t i = 0; i < Features(); ++i) share[k] += w[i] * features[i];
    }
    const double most = *std::max_element(share.begin(), share.end());
    double sum = 0;
    for (double& value : share) sum += value = std::exp(value - most);
    for (double& value : share) value /= sum;
    return share;
  }

  uint32_t grid_;
  uint32_t classes_;
  std::vector<double> weights_;  // of each class: features, then the bias
  uint32_t calls_ = 0;
};

}  // namespace headrace::testing
