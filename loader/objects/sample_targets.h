// What a batch says of the objects of one of its samples.
#pragma once

#include <array>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/image_view.h"
#include "loader/objects/object_list.h"

namespace headrace::loader {

// One object that has at least a pixel in the output.
struct Target {
  int64_t id = 0;  // of the annotation
  int32_t label = -1;
  bool crowd = false;
  uint8_t flags = 0;
  std::array<float, 4> box{};  // left, top, right, bottom in output pixels
  RectPx bounds;               // of the mask
  uint32_t area_px = 0;        // of the mask
  float weight = 1;            // how much of its pixels' colour is its own
  // Its mask as COCO's text, in the text that it stands with.
  uint32_t text_first = 0;
  uint32_t text_bytes = 0;
};

// Used again for the next sample: the vectors keep their memory.
struct SampleTargets {
  std::vector<Target> targets;
  std::vector<char> text;

  void Clear() {
    targets.clear();
    text.clear();
  }
  std::string_view TextOf(const Target& target) const {
    return {text.data() + target.text_first, target.text_bytes};
  }
};

// What: makes the targets of a picture that is as it will be delivered. Owner and thread: a worker.
// Cost: the pixels of the objects' windows; nothing is allocated once its memory is large enough.
class TargetMaker {
 public:
  void Make(const ObjectList& list, SampleTargets* out);

 private:
  std::vector<uint8_t> mask_;
  std::vector<uint32_t> runs_;
};

}  // namespace headrace::loader
