// Dataset: what the samples are and where their bytes lie.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/status.h"
#include "codecs/record_bands.h"
#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/objects/object_list.h"

namespace headrace::loader {

// Where a sample's encoded bytes are, relative to the data set's root folder.
struct Extent {
  const char* path = nullptr;  // lives as long as the data set
  uint64_t offset = 0;
  uint64_t bytes = 0;      // as found at open
  bool whole_file = true;  // false: a range of a shard
  int64_t mtime_ns = 0;    // of the file at path, as found at open
  // If the data set holds the file open: its descriptor, to be read in place of `path`; such an
  // extent is a range.
  int file = -1;
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
  // Whether a sample's label is a row of numbers, one a class, as several classes or a number to
  // predict are. Label is then its class if it belongs to exactly one, and -1 else.
  virtual bool has_label_rows() const { return false; }
  // Writes that row. `row`: a number for each of classes().
  virtual void FillLabelRow(uint64_t /*id*/, std::span<float> /*row*/) const {}
  // Stands for that row in Fingerprint.
  virtual uint64_t HashLabelRow(uint64_t id, uint64_t seed) const;
  // The folder that paths are relative to.
  virtual const std::string& root() const = 0;
  virtual uint64_t index_bytes() const = 0;

  // What to call a sample in messages: its path in the data set that it was made of. May read the
  // index; allocates.
  virtual std::string Name(uint64_t id) const { return Locate(id).path; }
  // Runs of ids that lie together: shards, or what stands in for them. Run r holds the ids
  // [RunBegin(r), RunBegin(r + 1)); RunBegin(RunCount()) is size().
  virtual uint64_t RunCount() const;
  virtual uint64_t RunBegin(uint64_t run) const;
  // Whether the sample is a JPEG of which it is known that no part gives a warning, so that its
  // restart markers may be used to pass over what is not needed (as by an entropy checkpoint).
  virtual bool RestartsTrusted(uint64_t /*id*/) const { return false; }
  // Which bytes of the sample the rows of its picture lie in; null: not known of this one, and, if
  // has_bands is false, of none.
  virtual bool has_bands() const { return false; }
  virtual const codecs::RecordBands* Bands(uint64_t /*id*/) const { return nullptr; }
  // Stands for the samples in a saved state: ids, names or places, sizes and labels. Of any thread;
  // looks at every sample.
  virtual uint64_t Fingerprint() const;

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

// A data set of `config.source`, as configured. `error` names the key.
[[nodiscard]] bool OpenDataset(const Config& config, const LogSink& log,
                               std::unique_ptr<Dataset>* dataset, ConfigError* error);

}  // namespace headrace::loader
