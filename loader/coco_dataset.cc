#include "loader/coco_dataset.h"

#include <algorithm>
#include <utility>

#include "loader/objects/coco_set.h"
#include "loader/objects/mask_set.h"

namespace headrace::loader {

bool CocoDataset::Open(const DatasetConfig& config, const Limits& limits, const LogSink& log,
                       std::unique_ptr<Dataset>* dataset, ConfigError* error) {
  if (!config.masks.empty() && !config.annotations.empty()) {
    *error = {Code::kConfigValue,
              "[dataset] masks and annotations: expected one of them, both say where objects are"};
    return false;
  }
  ObjectSet set;
  const bool read = config.masks.empty() ? ReadCocoSet(config, log, &set, error)
                                         : ReadMaskSet(config, limits, log, &set, error);
  if (!read) return false;
  *dataset = std::make_unique<CocoDataset>(std::move(set));
  return true;
}

CocoDataset::CocoDataset(ObjectSet set)
    : root_(std::move(set.root)),
      classes_(std::move(set.classes)),
      objects_(std::move(set.objects)) {
  entries_.reserve(set.pictures.size());
  for (const ObjectPicture& picture : set.pictures) {
    if (!picture.fault.empty()) faults_.emplace_back(entries_.size(), picture.fault);
    entries_.push_back({paths_.size(), picture.bytes, picture.mtime_ns, picture.label});
    paths_.insert(paths_.end(), picture.path.c_str(),
                  picture.path.c_str() + picture.path.size() + 1);
  }
  paths_.shrink_to_fit();
}

Extent CocoDataset::Locate(uint64_t id) const {
  const Entry& entry = entries_[id];
  return {.path = paths_.data() + entry.path,
          .offset = 0,
          .bytes = entry.bytes,
          .whole_file = true,
          .mtime_ns = entry.mtime_ns};
}

uint64_t CocoDataset::index_bytes() const {
  uint64_t bytes = paths_.capacity() + entries_.capacity() * sizeof(Entry) + objects_.bytes();
  for (const std::string& name : classes_) bytes += sizeof(name) + name.capacity();
  for (const auto& fault : faults_) bytes += sizeof(fault) + fault.second.capacity();
  return bytes;
}

Status CocoDataset::Objects(uint64_t id, ObjectList* list) const {
  const auto fault = std::lower_bound(faults_.begin(), faults_.end(), id,
                                      [](const auto& a, uint64_t b) { return a.first < b; });
  if (fault != faults_.end() && fault->first == id) {
    list->Clear({});
    return {Code::kCorrupt, fault->second.c_str()};
  }
  return objects_.Fill(id, list);
}

}  // namespace headrace::loader
