// An annotation file of COCO's form: pictures, categories, objects.
//
// The file is read in pieces and never held whole; what stays is an ObjectIndex and a few numbers
// an annotation. What the parser overlooks and what makes an annotation bad is in docs/objects.md.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "loader/config_toml.h"
#include "loader/objects/object_index.h"

namespace headrace::loader {

// What is wrong with an annotation: its picture is a bad sample.
enum class CocoFault : uint8_t {
  kNone,
  kOddPolygon,
  kNotANumber,
  kBadRuns,     // no run lengths, or they do not fill the mask's size
  kBadSize,     // the mask has no size
  kWrongSize,   // the mask's size is not the picture's
  kBadBox,      // a box with a negative side, or not of four numbers
  kNoShape,     // neither a segmentation nor a box
  kNoCategory,  // no category, or one that the file does not list
};
const char* TextOf(CocoFault fault);

struct CocoFile {
  struct Picture {
    int64_t id = 0;
    std::string file_name;
    SizePx size;
  };
  struct Category {
    int64_t id = 0;
    std::string name;
  };
  struct Annotation {
    static constexpr uint64_t kNoObject = UINT64_MAX;
    int64_t id = 0;
    int64_t picture = 0;
    int64_t category = 0;
    uint64_t object = kNoObject;  // in `objects`
    SizePx mask_size;             // 0 x 0: no mask
    bool has_picture = false;     // it names one
    CocoFault fault = CocoFault::kNone;
  };

  std::vector<Picture> pictures;        // in the order of the file
  std::vector<Category> categories;     // so are these
  std::vector<Annotation> annotations;  // and these
  ObjectIndex objects;                  // not yet grouped
};

// Reads the file at `path`. *error: one line that names the file and where it breaks.
[[nodiscard]] bool ReadCocoFile(const std::string& path, CocoFile* file, ConfigError* error);
// The same from memory; `name` stands for the file in errors.
[[nodiscard]] bool ReadCocoText(std::string_view text, const std::string& name, CocoFile* file,
                                ConfigError* error);

}  // namespace headrace::loader
