// The targets of a batch: those of its samples, and after mixing the arrays that are delivered.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/image_view.h"
#include "loader/mix/batch_mix.h"
#include "loader/objects/object_list.h"
#include "loader/objects/sample_targets.h"

namespace headrace::loader {

// The arrays end to end, as hr_targets of the C API has them; bindings/c checks that both are laid
// out alike.
struct TargetArrays {
  uint32_t struct_size = sizeof(TargetArrays);
  uint32_t reserved = 0;
  uint64_t count = 0;
  const int64_t* offsets = nullptr;
  const float* boxes = nullptr;
  const int64_t* classes = nullptr;
  const int64_t* ids = nullptr;
  const float* area = nullptr;
  const uint8_t* crowd = nullptr;
  const uint8_t* flags = nullptr;
  const float* weights = nullptr;
  const int64_t* mask_offsets = nullptr;
  const char* masks = nullptr;
};

// Of a batch for which Join found no memory.
inline constexpr const char* kNoTargetsText =
    "no memory for the targets of a batch: it comes without objects";

// What: one SampleTargets a row, which the workers fill, each its own; Join makes one list of them.
// Owner: a batch buffer, which uses it again. Thread: Join whoever finishes the batch. Cost: a copy
// of what the samples have; with CutMix and R-Mix the pixels of objects that a border crosses.
// Nothing is allocated once the vectors have seen the largest batch.
class BatchTargets {
 public:
  // `rows`: samples at most. `size`: of the pictures.
  void Prepare(uint32_t rows, SizePx size);

  SampleTargets& row(uint32_t index) { return rows_[index]; }

  // The targets of the first `count` rows, mixed as `mix` and `partner` say (unmixed: kind kNone).
  // Of an object that a mix hides to more than nine tenths nothing stays. May be done again with
  // another mix: the rows are not changed. False: there was no memory; the batch has no targets.
  [[nodiscard]] bool Join(const BatchMix& mix, std::span<const int32_t> partner, uint32_t count);

  const TargetArrays& arrays() const { return arrays_; }

  // About what a batch takes whose samples have `objects` each.
  static uint64_t BytesOf(uint64_t rows, uint64_t objects, SizePx size);

 private:
  void Clear();
  void JoinRows(const BatchMix& mix, std::span<const int32_t> partner, uint32_t count);
  // A part of the picture, and how much of the colour there is the sample's own.
  struct Part {
    RectPx rect;
    float own = 1;
  };
  enum class Whose : bool { kOwn, kPartner };

  void FindParts(const BatchMix& mix, uint32_t row, uint32_t partner);
  void AddRow(const SampleTargets& from, float weight);
  void AddVisible(const SampleTargets& from, Whose whose);
  // Adds what of the target can be seen in the parts.
  void AddCut(const SampleTargets& from, const Target& target, Whose whose);
  void Add(const Target& target, std::string_view text);

  SizePx size_;
  std::vector<SampleTargets> rows_;

  std::vector<Part> parts_;  // they cover the picture
  ObjectList one_;           // the object that is being cut
  std::vector<uint8_t> mask_;
  std::vector<char> text_;

  std::vector<int64_t> offsets_;
  std::vector<float> boxes_;
  std::vector<int64_t> classes_;
  std::vector<int64_t> ids_;
  std::vector<float> area_;
  std::vector<uint8_t> crowd_;
  std::vector<uint8_t> flags_;
  std::vector<float> weights_;
  std::vector<int64_t> mask_offsets_;
  std::vector<char> masks_;
  TargetArrays arrays_;
};

}  // namespace headrace::loader
