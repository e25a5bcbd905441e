#include "loader/objects/batch_targets.h"

#include <algorithm>
#include <new>

#include "base/checked_math.h"
#include "base/rects.h"
#include "loader/mix/rmix.h"
#include "loader/objects/coco_rle.h"
#include "loader/objects/raster.h"

namespace headrace::loader {
namespace {

// Rectangles that a mix cuts a picture into.
constexpr size_t kPartsMax = size_t{kRmixPatchesMax} * kRmixPatchesMax;

// Of what was visible of an object before the mix; less is no object any more.
constexpr double kVisibleShareMin = 0.1;

}  // namespace

void BatchTargets::Prepare(uint32_t rows, SizePx size) {
  size_ = size;
  rows_.resize(rows);
  offsets_.assign(rows + size_t{1}, 0);
  mask_offsets_.assign(1, 0);
  masks_.reserve(1);  // so that no array is null, whatever the batch has
  for (auto* numbers : {&boxes_, &area_, &weights_}) numbers->reserve(size_t{4} * rows);
  for (auto* numbers : {&classes_, &ids_}) numbers->reserve(rows);
  for (auto* numbers : {&crowd_, &flags_}) numbers->reserve(rows);
  parts_.reserve(kPartsMax);
}

uint64_t BatchTargets::BytesOf(uint64_t rows, uint64_t objects, SizePx size) {
  // Runs of a mask go by its columns: two of them in each, a byte or two a run.
  const uint64_t text = 4 * uint64_t{size.width};
  const uint64_t joined = 4 * sizeof(float) + 4 * sizeof(int64_t) + 2 * sizeof(float) + 2;
  const uint64_t each = SaturatingAdd(sizeof(Target) + joined, 2 * text);
  return SaturatingMul(rows, SaturatingMul(objects, each)) + rows * sizeof(SampleTargets) +
         uint64_t{size.width} * size.height + kPartsMax * sizeof(Part);
}

void BatchTargets::FindParts(const BatchMix& mix, uint32_t row, uint32_t partner) {
  parts_.clear();
  if (mix.kind == MixKind::kCutMix) {
    const RectPx box = mix.box[row];
    const uint32_t right = box.x + box.width;
    const uint32_t bottom = box.y + box.height;
    const RectPx outside[] = {{0, 0, size_.width, box.y},
                              {0, box.y, box.x, box.height},
                              {right, box.y, size_.width - right, box.height},
                              {0, bottom, size_.width, size_.height - bottom}};
    for (const RectPx& rect : outside) {
      if (rect.width > 0 && rect.height > 0) parts_.push_back({rect, 1});
    }
    parts_.push_back({box, 0});
    return;
  }
  const uint32_t p = mix.patches;
  for (uint32_t patch = 0; patch < p * p; ++patch) {
    const uint32_t x = PatchBegin(patch % p, p, size_.width);
    const uint32_t y = PatchBegin(patch / p, p, size_.height);
    Part part = {{x, y, PatchBegin(patch % p + 1, p, size_.width) - x,
                  PatchBegin(patch / p + 1, p, size_.height) - y},
                 mix.share[row]};
    const PatchFate fate = FateOf(mix, row, partner, patch);
    if (fate != PatchFate::kBlend) part.own = fate == PatchFate::kOwn ? 1.0f : 0.0f;
    parts_.push_back(part);
  }
}

void BatchTargets::Add(const Target& target, std::string_view text) {
  boxes_.insert(boxes_.end(), target.box.begin(), target.box.end());
  classes_.push_back(target.label);
  ids_.push_back(target.id);
  area_.push_back(static_cast<float>(target.area_px));
  crowd_.push_back(target.crowd ? 1 : 0);
  flags_.push_back(target.flags);
  weights_.push_back(target.weight);
  masks_.insert(masks_.end(), text.begin(), text.end());
  mask_offsets_.push_back(static_cast<int64_t>(masks_.size()));
}

void BatchTargets::AddRow(const SampleTargets& from, float weight) {
  for (Target target : from.targets) {
    target.weight = weight;
    Add(target, from.TextOf(target));
  }
}

void BatchTargets::AddVisible(const SampleTargets& from, Whose whose) {
  for (const Target& target : from.targets) AddCut(from, target, whose);
}

void BatchTargets::AddCut(const SampleTargets& from, const Target& target, Whose whose) {
  one_.Clear(size_);
  // It was written by EncodeRle for this size, so that it cannot fail.
  if (!DecodeRle(from.TextOf(target), size_, &one_.runs).ok()) return;
  Object object;
  object.shape = ObjectShape::kMask;
  object.count = static_cast<uint32_t>(one_.runs.size());
  const RectPx& bounds = target.bounds;
  mask_.resize(size_t{bounds.width} * bounds.height);
  Rasterise(one_, object, bounds, mask_);
  double colour = 0;  // pixels, each as far as its colour is the object's
  uint64_t visible = 0;
  for (const Part& part : parts_) {
    const RectPx common = Common(part.rect, bounds);
    const float share = whose == Whose::kOwn ? part.own : 1 - part.own;
    for (uint32_t y = 0; y < common.height; ++y) {
      uint8_t* row =
          mask_.data() + size_t{common.y - bounds.y + y} * bounds.width + (common.x - bounds.x);
      if (share == 0) {
        std::fill_n(row, common.width, uint8_t{0});
        continue;
      }
      uint32_t covered = 0;
      for (uint32_t x = 0; x < common.width; ++x) covered += row[x];
      visible += covered;
      colour += double{share} * covered;
    }
  }
  if (visible == 0 || static_cast<double>(visible) < kVisibleShareMin * target.area_px) return;
  Target seen = target;
  seen.weight = static_cast<float>(colour / static_cast<double>(visible));
  if (visible == target.area_px) return Add(seen, from.TextOf(target));
  const MaskExtent extent = ExtentOf(bounds, mask_);
  seen.flags |= kObjectOccluded;
  seen.area_px = static_cast<uint32_t>(extent.area_px);
  seen.bounds = extent.box;
  seen.box = {static_cast<float>(extent.box.x), static_cast<float>(extent.box.y),
              static_cast<float>(extent.box.x + extent.box.width),
              static_cast<float>(extent.box.y + extent.box.height)};
  one_.runs.clear();
  AppendRuns(size_, bounds, mask_, &one_.runs);
  text_.clear();
  EncodeRle(one_.runs, &text_);
  Add(seen, {text_.data(), text_.size()});
}

void BatchTargets::Clear() {
  boxes_.clear();
  classes_.clear();
  ids_.clear();
  area_.clear();
  crowd_.clear();
  flags_.clear();
  weights_.clear();
  masks_.clear();
  mask_offsets_.assign(1, 0);
}

void BatchTargets::JoinRows(const BatchMix& mix, std::span<const int32_t> partner, uint32_t count) {
  Clear();
  for (uint32_t i = 0; i < count; ++i) {
    offsets_[i] = static_cast<int64_t>(ids_.size());
    const auto other = static_cast<uint32_t>(partner[i]);
    const SampleTargets& own = rows_[i];
    if (mix.kind == MixKind::kNone || other == i) {
      AddRow(own, 1);
    } else if (mix.kind == MixKind::kMixup) {
      const float share = mix.share[i];
      if (share > 0) AddRow(own, share);
      if (share < 1) AddRow(rows_[other], 1 - share);
    } else if (mix.kind == MixKind::kCutMix && mix.box[i].width == 0) {
      AddRow(own, 1);
    } else {
      FindParts(mix, i, other);
      AddVisible(own, Whose::kOwn);
      AddVisible(rows_[other], Whose::kPartner);
    }
  }
  offsets_[count] = static_cast<int64_t>(ids_.size());
}

bool BatchTargets::Join(const BatchMix& mix, std::span<const int32_t> partner, uint32_t count) {
  bool joined = true;
  try {
    JoinRows(mix, partner, count);
  } catch (const std::bad_alloc&) {  // on a worker's thread, where nobody else would catch it
    joined = false;
    Clear();
    std::fill_n(offsets_.begin(), count + size_t{1}, 0);
  }
  arrays_.count = ids_.size();
  arrays_.offsets = offsets_.data();
  arrays_.boxes = boxes_.data();
  arrays_.classes = classes_.data();
  arrays_.ids = ids_.data();
  arrays_.area = area_.data();
  arrays_.crowd = crowd_.data();
  arrays_.flags = flags_.data();
  arrays_.weights = weights_.data();
  arrays_.mask_offsets = mask_offsets_.data();
  arrays_.masks = masks_.data();
  return joined;
}

}  // namespace headrace::loader
