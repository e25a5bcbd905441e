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
  files_.Reserve(set.pictures.size());
  for (const ObjectPicture& picture : set.pictures) {
    if (!picture.fault.empty()) faults_.emplace_back(files_.size(), picture.fault);
    files_.Add(picture.path, picture.bytes, picture.mtime_ns, picture.label);
  }
  files_.Finish();
}

uint64_t CocoDataset::index_bytes() const {
  uint64_t bytes = files_.bytes() + objects_.bytes();
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
