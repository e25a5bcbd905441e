// ObjectIndex: the objects of all samples of a data set, packed.
//
// What: a few arrays (points, run length texts, one record an object), filled once at open and read
// by samples. Owner: a data set. Thread: any, once Group was called. Cost: about 40 bytes an
// object, 8 a point, a byte or two a run; Fill allocates only what the list still grows by.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/image_view.h"
#include "base/status.h"
#include "loader/objects/object_list.h"

namespace headrace::loader {

class ObjectIndex {
 public:
  // What is known of an object besides its shape.
  struct Facts {
    int64_t id = 0;
    int32_t label = -1;
    bool crowd = false;
  };

  static constexpr uint32_t kRingPointsMin = 3;

  // Takes room for so many coordinates at once, so that they are not copied as they grow. Room that
  // is not used costs addresses only.
  void Reserve(uint64_t coordinates) { coordinates_.reserve(coordinates); }

  // Shapes are added first, in any order of samples; what comes back names the object.
  // `coordinates`: x and y in turn. Rings of fewer points than that are left
  // out.
  uint64_t AddPolygons(std::span<const std::vector<double>> rings);
  // left, top, width, height.
  uint64_t AddBox(std::span<const double, 4> box);
  // Runs that fill `size`.
  uint64_t AddRuns(std::span<const uint32_t> runs);

  uint64_t object_count() const { return objects_.size(); }
  // About how many pixels it covers: for outlines what the rings enclose, one by one.
  double AreaOf(uint64_t object) const { return objects_[object].area; }
  Facts& facts(uint64_t object) { return objects_[object].facts; }

  // Ends the filling: `sample_of` has a sample for each object, or kNoSample for those that are
  // forgotten; within a sample the order stays. `sizes`: of the upright pictures, one a sample.
  static constexpr uint64_t kNoSample = UINT64_MAX;
  void Group(std::span<const uint64_t> sample_of, std::vector<SizePx> sizes);

  // The objects of one sample as they were annotated.
  Status Fill(uint64_t sample, ObjectList* list) const;
  // Class of the largest object that is no crowd; -1: there is none.
  int32_t LabelOf(uint64_t sample) const;
  // The objects of the sample that has the most.
  uint64_t ObjectsMax() const;
  // What Fill puts into a list, of the sample that needs most; runs are counted by their texts.
  uint64_t ListBytesMax() const;
  uint64_t bytes() const;

 private:
  struct Ring {
    uint64_t first = 0;  // in coordinates_
    uint32_t points = 0;
  };
  struct Packed {
    Facts facts;
    ObjectShape shape = ObjectShape::kPolygons;
    uint32_t count = 0;  // rings, or bytes of text
    uint64_t first = 0;  // in rings_ or texts_
    float area = 0;
  };

  void AddRing(std::span<const double> coordinates);
  // Closes the gaps that forgotten objects leave.
  void Compact(std::span<const uint64_t> sample_of);
  uint64_t Add(ObjectShape shape, uint64_t first, uint64_t count, double area);
  std::span<const Packed> ObjectsOf(uint64_t sample) const {
    return std::span(objects_).subspan(starts_[sample], starts_[sample + 1] - starts_[sample]);
  }

  std::vector<float> coordinates_;
  std::vector<Ring> rings_;
  std::vector<char> texts_;
  std::vector<Packed> objects_;   // by sample, after Group
  std::vector<uint64_t> starts_;  // of each sample's in objects_, and their end
  std::vector<SizePx> sizes_;
};

}  // namespace headrace::loader
