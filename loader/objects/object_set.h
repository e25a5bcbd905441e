// ObjectSet: pictures and their objects as a reader of some form of annotations found them.
#pragma once

#include <string>
#include <vector>

#include "loader/objects/object_index.h"

namespace headrace::loader {

// A picture that a data set with objects consists of.
struct ObjectPicture {
  std::string path;  // relative to the root
  uint64_t bytes = 0;
  int64_t mtime_ns = 0;
  int32_t label = -1;
  std::string fault;  // what is wrong with what is said of its objects; empty: nothing
};

struct ObjectSet {
  std::string root;
  std::vector<std::string> classes;
  std::vector<ObjectPicture> pictures;  // by path in byte order
  ObjectIndex objects;                  // grouped in that order
};

}  // namespace headrace::loader
