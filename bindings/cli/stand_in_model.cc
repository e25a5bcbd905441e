#include "bindings/cli/stand_in_model.h"

#include <algorithm>
#include <cmath>
#include <string>

namespace headrace::cli {
namespace {

constexpr uint32_t kGrid = 8;
constexpr size_t kPicturesMax = 512;
constexpr int kRounds = 30;
constexpr double kRate = 0.3;

struct Pixels {
  const float* data;
  int64_t stride[3];  // of channel, y, x
  uint32_t channels;
  uint32_t height;
  uint32_t width;
};

// Rows or columns of cell `i` of `length`.
uint32_t CellBegin(uint32_t i, uint32_t length) {
  return static_cast<uint32_t>(uint64_t{i} * length / kGrid);
}

// cell(feature, y0, y1, x0, x1, channel) for every cell that has pixels.
template <class Cell>
void ForEachCell(const Pixels& p, Cell cell) {
  for (uint32_t i = 0; i < kGrid * kGrid; ++i) {
    const uint32_t y0 = CellBegin(i / kGrid, p.height);
    const uint32_t y1 = CellBegin(i / kGrid + 1, p.height);
    const uint32_t x0 = CellBegin(i % kGrid, p.width);
    const uint32_t x1 = CellBegin(i % kGrid + 1, p.width);
    if (y0 == y1 || x0 == x1) continue;
    for (uint32_t c = 0; c < p.channels; ++c) cell(i * p.channels + c, y0, y1, x0, x1, c);
  }
}

// The mean of each cell and channel, about 0.
void Describe(const Pixels& p, std::vector<float>* features) {
  features->assign(size_t{kGrid} * kGrid * p.channels, 0.0f);
  ForEachCell(p, [&](size_t f, uint32_t y0, uint32_t y1, uint32_t x0, uint32_t x1, uint32_t c) {
    double sum = 0;
    for (uint32_t y = y0; y < y1; ++y) {
      for (uint32_t x = x0; x < x1; ++x) {
        sum += p.data[c * p.stride[0] + y * p.stride[1] + x * p.stride[2]];
      }
    }
    (*features)[f] = static_cast<float>(sum / ((y1 - y0) * (x1 - x0)) - 0.5);
  });
}

}  // namespace

int StandInModel::Call(void* model, const hr_model_in* in, hr_model_out* out) {
  return static_cast<StandInModel*>(model)->Answer(*in, out);
}

void StandInModel::Predict(const float* features) {
  for (uint32_t k = 0; k < classes_; ++k) {
    const double* w = &weights_[size_t{k} * (features_ + 1)];
    double sum = w[features_];
    for (uint32_t f = 0; f < features_; ++f) sum += w[f] * static_cast<double>(features[f]);
    scores_[k] = sum;
  }
  const double top = *std::max_element(scores_.begin(), scores_.end());
  double total = 0;
  for (double& score : scores_) total += score = std::exp(score - top);
  for (double& score : scores_) score /= total;
}

double StandInModel::LossOf(int64_t label) const {
  if (label < 0 || label >= int64_t{classes_}) return 0;
  return -std::log(std::max(scores_[static_cast<size_t>(label)], 1e-30));
}

bool StandInModel::Train() {
  const LoaderHandle loader = open_();
  if (!loader) return false;
  const hr_length length = LengthOf(loader.get());
  classes_ = length.classes;
  if (classes_ == 0) return false;
  std::vector<std::vector<float>> pictures;
  std::vector<int64_t> labels;
  const auto visit = [&](const hr_batch_info& batch) -> std::optional<int> {
    for (uint32_t i = 0; i < batch.count && batch.labels != nullptr; ++i) {
      if (batch.valid[i] == 0 || batch.labels[i] < 0) continue;
      const size_t pixels = size_t{batch.width} * batch.height;
      const Pixels p = {static_cast<const float*>(batch.images) + i * pixels * batch.channels,
                        {1, int64_t{batch.width} * batch.channels, batch.channels},
                        batch.channels,
                        batch.height,
                        batch.width};
      Describe(p, &pictures.emplace_back());
      labels.push_back(batch.labels[i]);
    }
    return pictures.size() < kPicturesMax ? std::nullopt : std::optional<int>(0);
  };
  if (WalkBatches(loader.get(), {.epochs = 1}, console_, visit) != 0 || pictures.empty()) {
    return false;
  }
  features_ = static_cast<uint32_t>(pictures.front().size());
  weights_.assign(size_t{classes_} * (features_ + 1), 0.0);
  scores_.resize(classes_);
  for (int round = 0; round < kRounds; ++round) {
    for (size_t i = 0; i < pictures.size(); ++i) {
      Predict(pictures[i].data());
      for (uint32_t k = 0; k < classes_; ++k) {
        const double slope = kRate * (scores_[k] - (int64_t{k} == labels[i] ? 1.0 : 0.0));
        double* w = &weights_[size_t{k} * (features_ + 1)];
        for (uint32_t f = 0; f < features_; ++f) {
          w[f] -= slope * static_cast<double>(pictures[i][f]);
        }
        w[features_] -= slope / features_;
      }
    }
  }
  console_.Note("the mix asks for a model: a softmax regression on " + std::to_string(kGrid) +
                " x " + std::to_string(kGrid) + " colours, trained on " +
                std::to_string(pictures.size()) + " pictures, stands in");
  return true;
}

int StandInModel::Answer(const hr_model_in& in, hr_model_out* out) {
  if (!trained_) trained_ = Train();
  if (!trained_) return 1;
  if (in.channels * kGrid * kGrid != features_) return 1;
  // The library presets memory of its own for the gradient, laid out as the data are.
  auto* grad = const_cast<float*>(out->grad);
  for (uint32_t i = 0; i < in.rows; ++i) {
    const Pixels p = {in.data + i * in.stride[0],
                      {in.stride[1], in.stride[2], in.stride[3]},
                      in.channels,
                      in.height,
                      in.width};
    const int64_t label = in.label[i];
    Describe(p, &row_);
    Predict(row_.data());
    out->loss[i] = static_cast<float>(LossOf(label));
    const bool known = label >= 0 && label < int64_t{classes_};
    ForEachCell(p, [&](size_t f, uint32_t y0, uint32_t y1, uint32_t x0, uint32_t x1, uint32_t c) {
      double slope = 0;
      for (uint32_t k = 0; known && k < classes_; ++k) {
        slope += (scores_[k] - (int64_t{k} == label ? 1.0 : 0.0)) *
                 weights_[size_t{k} * (features_ + 1) + f];
      }
      const auto each = static_cast<float>(slope / ((y1 - y0) * (x1 - x0)));
      float* row = grad + i * out->stride[0] + c * out->stride[1];
      for (uint32_t y = y0; y < y1; ++y) {
        for (uint32_t x = x0; x < x1; ++x) row[y * out->stride[2] + x * out->stride[3]] = each;
      }
    });
  }
  return 0;
}

}  // namespace headrace::cli
