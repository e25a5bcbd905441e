// Some samples of a data set: [dataset] include and split.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "loader/config.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"

namespace headrace::loader {

// What: a data set of its own, with ids 0..size()-1 in the order of the whole set; so samplers,
// draws and lists by id see nothing of the rest. Owner: the loader. Thread: any. Cost: four bytes a
// sample beside the whole set, which it owns; a lookup a call.
class SelectedDataset final : public Dataset {
 public:
  // Keeps those samples of *dataset that config.include names and config.split holds; nothing
  // happens when the configuration has neither. Asks for every sample's name, if needed.
  [[nodiscard]] static bool Select(const DatasetConfig& config, std::unique_ptr<Dataset>* dataset,
                                   ConfigError* error);

  // `ids`: of the samples to keep, ascending, below 2^32.
  SelectedDataset(std::unique_ptr<Dataset> whole, std::vector<uint32_t> ids);

  uint64_t size() const override { return ids_.size(); }
  Extent Locate(uint64_t id) const override { return whole_->Locate(ids_[id]); }
  int64_t Label(uint64_t id) const override { return whole_->Label(ids_[id]); }
  const std::vector<std::string>& classes() const override { return whole_->classes(); }
  bool has_label_rows() const override { return whole_->has_label_rows(); }
  void FillLabelRow(uint64_t id, std::span<float> row) const override {
    whole_->FillLabelRow(ids_[id], row);
  }
  uint64_t HashLabelRow(uint64_t id, uint64_t seed) const override {
    return whole_->HashLabelRow(ids_[id], seed);
  }
  const std::string& root() const override { return whole_->root(); }
  uint64_t index_bytes() const override;
  std::string Name(uint64_t id) const override { return whole_->Name(ids_[id]); }
  // The runs of the whole set that something is left of.
  uint64_t RunCount() const override { return run_begin_.size() - 1; }
  uint64_t RunBegin(uint64_t run) const override { return run_begin_[run]; }
  bool RestartsTrusted(uint64_t id) const override { return whole_->RestartsTrusted(ids_[id]); }
  bool has_bands() const override { return whole_->has_bands(); }
  const codecs::RecordBands* Bands(uint64_t id) const override { return whole_->Bands(ids_[id]); }
  bool has_objects() const override { return whole_->has_objects(); }
  // Of samples like those of the whole set: it does not say whose its objects are.
  uint64_t ObjectCount() const override;
  uint64_t ObjectsMax() const override { return whole_->ObjectsMax(); }
  uint64_t ObjectListBytesMax() const override { return whole_->ObjectListBytesMax(); }
  Status Objects(uint64_t id, ObjectList* list) const override {
    return whole_->Objects(ids_[id], list);
  }

 private:
  std::unique_ptr<Dataset> whole_;
  std::vector<uint32_t> ids_;
  std::vector<uint64_t> run_begin_;  // and, at its end, size()
};

// Which part of `shares` (DatasetConfig::split_of) a sample of this name is in; shares.size(): of
// none. The same for every seed, and whatever other samples there are.
size_t PartOf(std::string_view name, std::span<const std::pair<std::string, double>> shares);

// What tells the selection of one configuration from another's of the same folder; empty: all of
// it.
std::string SelectionText(const DatasetConfig& config);

}  // namespace headrace::loader
