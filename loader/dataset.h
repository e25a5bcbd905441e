// Dataset: what the samples are and where their bytes lie.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"
#include "loader/objects/object_list.h"

namespace headrace::loader {

// Where a sample's encoded bytes are, relative to the data set's root folder.
struct Extent {
  const char* path = nullptr;  // lives as long as the data set
  uint64_t offset = 0;
  uint64_t bytes = 0;      // as found at open
  bool whole_file = true;  // false: a range of a shard
  int64_t mtime_ns = 0;    // of the file at path, as found at open
};

// What: an immutable list of samples, ids 0..size()-1. Owner: the loader. Thread: any.
// Cost: Locate and Label are O(1) and allocate nothing.
class Dataset {
 public:
  virtual ~Dataset() = default;

  virtual uint64_t size() const = 0;
  virtual Extent Locate(uint64_t id) const = 0;
  virtual int64_t Label(uint64_t id) const = 0;
  virtual const std::vector<std::string>& classes() const = 0;
  // The folder that paths are relative to.
  virtual const std::string& root() const = 0;
  virtual uint64_t index_bytes() const = 0;

  // Whether it says where objects are in its pictures.
  virtual bool has_objects() const { return false; }
  // Of all samples together, and of the sample that has the most.
  virtual uint64_t ObjectCount() const { return 0; }
  virtual uint64_t ObjectsMax() const { return 0; }
  // What a list of the objects takes, of the sample that needs most.
  virtual uint64_t ObjectListBytesMax() const { return 0; }
  // The objects of a sample as they were annotated, in its upright picture. Fails when what is said
  // of them is no good; the text lives as long as the data set. Allocates only what the list has
  // not yet room for.
  virtual Status Objects(uint64_t /*id*/, ObjectList* list) const {
    list->Clear({});
    return {};
  }
};

}  // namespace headrace::loader
