#include "loader/objects/object_index.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <string_view>

#include "loader/objects/coco_rle.h"

namespace headrace::loader {
namespace {

double AreaOfRing(std::span<const float> xy) {
  double twice = 0;
  const size_t n = xy.size();
  for (size_t i = 0; i < n; i += 2) {
    const size_t next = (i + 2) % n;
    twice += double{xy[i]} * xy[next + 1] - double{xy[next]} * xy[i + 1];
  }
  return std::fabs(twice) / 2;
}

template <class T>
uint64_t BytesOf(const std::vector<T>& values) {
  return values.capacity() * sizeof(T);
}

}  // namespace

void ObjectIndex::AddRing(std::span<const double> coordinates) {
  rings_.push_back({coordinates_.size(), static_cast<uint32_t>(coordinates.size() / 2)});
  for (const double value : coordinates) coordinates_.push_back(static_cast<float>(value));
}

uint64_t ObjectIndex::Add(ObjectShape shape, uint64_t first, uint64_t count, double area) {
  Packed packed;
  packed.shape = shape;
  packed.first = first;
  packed.count = static_cast<uint32_t>(count);
  packed.area = static_cast<float>(std::min(area, double{std::numeric_limits<float>::max()}));
  objects_.push_back(packed);
  return objects_.size() - 1;
}

uint64_t ObjectIndex::AddPolygons(std::span<const std::vector<double>> rings) {
  const uint64_t first = rings_.size();
  double area = 0;
  for (const std::vector<double>& ring : rings) {
    if (ring.size() < 2 * kRingPointsMin) continue;
    AddRing(ring);
    area += AreaOfRing(std::span(coordinates_).subspan(rings_.back().first));
  }
  return Add(ObjectShape::kPolygons, first, rings_.size() - first, area);
}

uint64_t ObjectIndex::AddBox(std::span<const double, 4> box) {
  const double right = box[0] + box[2];
  const double bottom = box[1] + box[3];
  const double corners[] = {box[0], box[1], right, box[1], right, bottom, box[0], bottom};
  AddRing(corners);
  return Add(ObjectShape::kBox, rings_.size() - 1, 1, box[2] * box[3]);
}

uint64_t ObjectIndex::AddRuns(std::span<const uint32_t> runs) {
  const uint64_t first = texts_.size();
  EncodeRle(runs, &texts_);
  double area = 0;
  for (size_t i = 1; i < runs.size(); i += 2) area += runs[i];
  return Add(ObjectShape::kMask, first, texts_.size() - first, area);
}

void ObjectIndex::Compact(std::span<const uint64_t> sample_of) {
  // Objects lie in the pools in the order in which they were added.
  uint64_t coordinates = 0;
  uint64_t rings = 0;
  uint64_t texts = 0;
  for (size_t i = 0; i < objects_.size(); ++i) {
    if (sample_of[i] == kNoSample) continue;
    Packed& packed = objects_[i];
    if (packed.shape == ObjectShape::kMask) {
      std::copy_n(texts_.begin() + static_cast<ptrdiff_t>(packed.first), packed.count,
                  texts_.begin() + static_cast<ptrdiff_t>(texts));
      packed.first = texts;
      texts += packed.count;
      continue;
    }
    const uint64_t first_ring = rings;
    for (uint32_t k = 0; k < packed.count; ++k, ++rings) {
      const Ring ring = rings_[packed.first + k];
      std::copy_n(coordinates_.begin() + static_cast<ptrdiff_t>(ring.first), 2 * ring.points,
                  coordinates_.begin() + static_cast<ptrdiff_t>(coordinates));
      rings_[rings] = {coordinates, ring.points};
      coordinates += 2 * uint64_t{ring.points};
    }
    packed.first = first_ring;
  }
  coordinates_.resize(coordinates);
  rings_.resize(rings);
  texts_.resize(texts);
}

void ObjectIndex::Group(std::span<const uint64_t> sample_of, std::vector<SizePx> sizes) {
  Compact(sample_of);
  sizes_ = std::move(sizes);
  starts_.assign(sizes_.size() + 1, 0);
  for (const uint64_t sample : sample_of) {
    if (sample != kNoSample) ++starts_[sample + 1];
  }
  for (size_t i = 1; i < starts_.size(); ++i) starts_[i] += starts_[i - 1];
  std::vector<Packed> grouped(starts_.back());
  std::vector<uint64_t> next(starts_.begin(), starts_.end() - 1);
  for (size_t i = 0; i < sample_of.size(); ++i) {
    if (sample_of[i] != kNoSample) grouped[next[sample_of[i]]++] = objects_[i];
  }
  objects_ = std::move(grouped);
  rings_.shrink_to_fit();
  texts_.shrink_to_fit();
}

Status ObjectIndex::Fill(uint64_t sample, ObjectList* list) const {
  list->Clear(sizes_[sample]);
  for (const Packed& packed : ObjectsOf(sample)) {
    Object object;
    object.id = packed.facts.id;
    object.label = packed.facts.label;
    object.crowd = packed.facts.crowd;
    object.shape = packed.shape;
    if (packed.shape == ObjectShape::kMask) {
      object.first = static_cast<uint32_t>(list->runs.size());
      const std::string_view text(texts_.data() + packed.first, packed.count);
      HR_TRY(DecodeRle(text, list->size, &list->runs));
      object.count = static_cast<uint32_t>(list->runs.size()) - object.first;
    } else {
      object.first = static_cast<uint32_t>(list->rings.size());
      object.count = packed.count;
      for (uint32_t i = 0; i < packed.count; ++i) {
        const Ring& ring = rings_[packed.first + i];
        list->rings.push_back({static_cast<uint32_t>(list->points.size()), ring.points});
        const float* xy = coordinates_.data() + ring.first;
        for (uint32_t k = 0; k < ring.points; ++k)
          list->points.push_back({xy[2 * k], xy[2 * k + 1]});
      }
    }
    list->objects.push_back(object);
  }
  return {};
}

int32_t ObjectIndex::LabelOf(uint64_t sample) const {
  const Packed* largest = nullptr;
  for (const Packed& packed : ObjectsOf(sample)) {
    if (packed.facts.crowd) continue;
    if (largest == nullptr || packed.area > largest->area) largest = &packed;
  }
  return largest == nullptr ? -1 : largest->facts.label;
}

uint64_t ObjectIndex::ObjectsMax() const {
  uint64_t most = 0;
  for (size_t i = 0; i < sizes_.size(); ++i) most = std::max(most, starts_[i + 1] - starts_[i]);
  return most;
}

uint64_t ObjectIndex::ListBytesMax() const {
  uint64_t most = 0;
  for (size_t i = 0; i < sizes_.size(); ++i) {
    uint64_t bytes = 0;
    for (const Packed& packed : ObjectsOf(i)) {
      bytes += sizeof(Object);
      if (packed.shape == ObjectShape::kMask) {
        bytes += packed.count * sizeof(uint32_t);
        continue;
      }
      for (uint32_t k = 0; k < packed.count; ++k) {
        bytes += sizeof(ObjectRing) + rings_[packed.first + k].points * sizeof(PointF);
      }
    }
    most = std::max(most, bytes);
  }
  return most;
}

uint64_t ObjectIndex::bytes() const {
  return BytesOf(coordinates_) + BytesOf(rings_) + BytesOf(texts_) + BytesOf(objects_) +
         BytesOf(starts_) + BytesOf(sizes_);
}

}  // namespace headrace::loader
