// What the small files beside a picture in a shard say about it.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/status.h"

namespace headrace::loader {

// What is said of one sample. A pack's members say all of it.
struct SampleFacts {
  std::optional<int64_t> label;     // as a number
  std::string class_name;           // empty: not given
  std::optional<uint64_t> id;       // in the source data set
  std::string path;                 // in the source data set
  std::optional<uint64_t> classes;  // of the whole set, how many
  uint64_t samples = 0;             // of the whole set; 0: not given
  std::string refused;              // when it is an error: the label that cannot be, as it stands

  bool from_pack() const { return id && !path.empty() && classes; }
};

// Longer ones are no labels.
inline constexpr uint64_t kClsBytesMax = 4096;
inline constexpr uint64_t kJsonBytesMax = 1 << 20;
// Labels lie below it, and so do counts of classes.
inline constexpr int64_t kLabelsMax = 1 << 20;

// A .cls member: a whole number, or the name of a class; blanks around it do not count. Empty text
// says nothing.
Status ReadCls(std::string_view text, SampleFacts* facts);
// A .json member: an object. `label`, `cls`, `class` are numbers or names, the first that is there
// counts; a name beside a number names the class of that number. `id`, `path`, `classes` and
// `samples` are what packs write. Everything else is passed over.
Status ReadFactsJson(std::string_view text, SampleFacts* facts);

}  // namespace headrace::loader
