// Carries out a list of draws on a picture.
//
// What: walks over the draws; mirrors and crops cost nothing (a flag, a view), resizes take a
// pending mirror along, runs of point ops become one table, all others run on pixels. Thread: any.
// Cost: nothing is allocated; the memory is the caller's, as large as ListRun said.
#pragma once

#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "base/status.h"
#include "loader/augment/draw_list.h"

namespace headrace::loader {

struct FollowedObjects;

// Times spent are added. `resize_ns`: of resizes; `ops_ns`: of all other ops.
struct AugmentTiming {
  uint64_t resize_ns = 0;
  uint64_t ops_ns = 0;
  OpCounts counts;
};

// How a picture comes to the first draw of a list.
struct RunStart {
  bool cropped = false;      // the crop of the first draw was done
  bool mirrored = false;     // its columns are still to be reversed
  bool upside_down = false;  // its rows are
  bool ours = false;         // its pixels may be written to
};

class ListRun {
 public:
  // `size`: of the picture as it comes.
  ListRun(std::span<const OpDraw> draws, const RunStart& start, SizePx size);

  // What Run comes to.
  struct Need {
    uint64_t bytes = 0;     // of 64-byte aligned memory
    SizePx size;            // of the result
    bool mirrored = false;  // the result's columns are still to be reversed
  };
  Need Measure() const;

  // `pixels` has the size of the constructor and no part in `memory`. picture->mirrored says that
  // the result's columns are still to be reversed; its pixels lie in `memory` or are those given.
  // `objects`: of the picture as it comes, and then of the result; null: there are none.
  Status Run(const ConstImageView& pixels, std::span<std::byte> memory, Picture* picture,
             AugmentTiming* timing, FollowedObjects* objects = nullptr) const;

 private:
  class Walk;

  std::span<const OpDraw> draws_;
  RunStart start_;
  SizePx size_;
};

}  // namespace headrace::loader
