// AceAttack: adversarial colour enhancement of a batch, by the user's model.
//
// What: finds for each chosen sample the colour curves within the bound that raise its loss, by
// projected gradient ascent, then changes the pixels. Owner: the consumer stage. Thread: the
// caller's. Cost: a call of the model a step and chunk; a pass over the pixels for each of filter
// and gradient; nothing is allocated after Make. Bytes depend on the batch and the model only: not
// on the size of a chunk, as long as the model treats rows alike.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

#include "base/status.h"
#include "loader/augment/output_scale.h"
#include "loader/config.h"
#include "loader/mix/model_room.h"
#include "simd/convert.h"

namespace headrace::loader {

struct AceSettings {
  AceConfig config;
  double alpha = 0;  // length of a step; 0: by the bound, the pieces and the steps
  double p = 1;      // that a sample is changed
};

// Whose draws: of each sample's own stream (docs/rng.md) under this name.
struct AceStream {
  std::string_view name;
  uint32_t occurrence = 0;
};

struct AceReport {
  uint32_t rows = 0;        // that were attacked
  uint32_t frozen = 0;      // of them, those that stopped early: their margin was below -kappa
  uint32_t non_finite = 0;  // whose loss or gradient was no number: they stay clean
  double loss_before = 0;   // means over the others; at the start,
  double loss_after = 0;    // and of what was kept: not a number unless that was judged
};

class AceAttack {
 public:
  // Scratch for batches of `shape`, beside the model's room.
  static uint64_t Bytes(const BatchShape& shape);
  // All must outlive it. `memory`: so many bytes, 64-byte aligned.
  AceAttack(ModelRoom* room, const simd::ConvertTable& convert, const OutputScale& scale,
            std::span<std::byte> memory);

  // Finds the curves; the batch stays as it is. kCallbackFailed: from the room.
  Status Run(const AceSettings& settings, const AceStream& stream, const ModelFn& model,
             const ModelBatch& batch, AceReport* report);
  // Changes pixels and images by the curves of the last Run.
  void WriteBack(const ModelBatch& batch) const;

 private:
  struct Row {
    uint32_t lane = 0;
    bool non_finite = false;
    bool frozen = false;
    double loss_before = 0;
    double loss = 0;       // of the newest curves that were judged
    double loss_best = 0;  // AceKeep::kBest: of those in best_
  };

  std::span<double> ParametersOf(uint32_t row) const {
    return {parameters_ + size_t{row} * curve_values_, curve_values_};
  }
  std::span<double> BestOf(uint32_t row) const {
    return {best_ + size_t{row} * curve_values_, curve_values_};
  }
  void Choose(const AceStream& stream, const ModelBatch& batch);
  Status RunChunk(const ModelFn& model, const ModelBatch& batch, uint32_t first, uint32_t count);
  void ShowRow(uint32_t place, uint32_t row, const ModelBatch& batch);
  // What the model said of a row's curves; false: the row is done with.
  bool Judge(uint32_t place, uint32_t row, uint32_t step);
  // A step up the gradient; false: it is no number.
  bool Step(uint32_t place, uint32_t row, const ModelBatch& batch);
  bool JudgesLast() const;
  void FillReport(AceReport* report) const;

  ModelRoom& room_;
  const simd::ConvertTable& convert_;
  const OutputScale& scale_;
  Row* rows_ = nullptr;           // one a sample of the batch; those that are attacked come first
  uint32_t* live_ = nullptr;      // of a chunk: rows that still take part
  double* parameters_ = nullptr;  // of all rows
  double* best_ = nullptr;
  // Of the run.
  AceSettings settings_;
  double alpha_ = 0;
  uint32_t row_count_ = 0;
  size_t curve_values_ = 0;  // parameters of a row
};

}  // namespace headrace::loader
