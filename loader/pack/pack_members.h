// What stands in a shard of a pack beside the pictures: names of members, labels, paths.
// docs/pack-format.md describes it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace headrace::loader {

inline constexpr const char* kLabelExtension = "cls";
inline constexpr const char* kTextExtension = "json";

// 000000001234.jpg: WebDataset's key is the id.
std::string MemberName(uint64_t id, std::string_view extension);

// The extension of a picture that is stored as it was: by its format's, else by its name's, as what
// is in it may be anything. One that every reader of WebDataset takes for a picture.
std::string_view CopiedExtension(std::string_view of_format, std::string_view source_path);

// The .cls member; -1: the sample has no label.
std::string LabelText(int64_t label);

// A name as a text has it: UTF-8, bytes that are none being U+FFFD.
std::string Utf8Name(std::string_view name);

struct MemberText {
  uint64_t id = 0;
  int64_t label = -1;
  std::string_view class_name;  // empty: none
  std::string_view path;        // in the source data set
  uint64_t classes = 0;         // of the whole set: their number
  uint64_t samples = 0;         // of the whole pack: theirs
};
// The .json member: one object, a line.
std::string JsonText(const MemberText& sample);

}  // namespace headrace::loader
