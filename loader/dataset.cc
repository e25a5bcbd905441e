#include "loader/dataset.h"

#include <algorithm>
#include <cstring>
#include <span>

#include "base/hash.h"
#include "loader/coco_dataset.h"
#include "loader/folder_dataset.h"
#include "loader/manifest_dataset.h"
#include "loader/open_watch.h"
#include "loader/selected_dataset.h"
#include "loader/shards/tar_dataset.h"

namespace headrace::loader {
namespace {

// Of a data set without shards.
constexpr uint64_t kRunSamples = 1024;

}  // namespace

uint64_t Dataset::RunCount() const { return (size() + kRunSamples - 1) / kRunSamples; }

uint64_t Dataset::RunBegin(uint64_t run) const { return std::min(run * kRunSamples, size()); }

uint64_t Dataset::HashLabelRow(uint64_t id, uint64_t seed) const {
  std::vector<float> row(classes().size());
  FillLabelRow(id, row);
  return Hash64(std::as_bytes(std::span(row)), seed);
}

uint64_t Dataset::Fingerprint() const {
  uint64_t hash = size();
  for (uint64_t id = 0; id < size(); ++id) {
    if (!OpeningGoesOnAt(id)) return 0;
    const Extent extent = Locate(id);
    const uint64_t place[] = {hash, extent.offset, extent.bytes, static_cast<uint64_t>(Label(id))};
    hash = Hash64(std::as_bytes(std::span(place)),
                  Hash64(std::as_bytes(std::span(extent.path, std::strlen(extent.path))), 0));
    // A manifest may say something else of the same files.
    if (has_label_rows()) hash = HashLabelRow(id, hash);
  }
  return hash;
}

namespace {

bool OpenWhole(const Config& config, const LogSink& log, std::unique_ptr<Dataset>* dataset,
               ConfigError* error) {
  const DatasetConfig& from = config.dataset;
  switch (from.source) {
    case Source::kCoco: return CocoDataset::Open(from, config.limits, log, dataset, error);
    case Source::kFolder:
      return FolderDataset::Open(from.path.front(), from.classes, log, dataset, error);
    case Source::kTar: return TarDataset::Open(from, log, dataset, error);
    case Source::kManifest: return ManifestDataset::Open(from, dataset, error);
  }
  return Fail(error, Code::kInternal, "[dataset] source: unknown");
}

}  // namespace

bool OpenDataset(const Config& config, const LogSink& log, std::unique_ptr<Dataset>* dataset,
                 ConfigError* error) {
  return OpenWhole(config, log, dataset, error) &&
         SelectedDataset::Select(config.dataset, dataset, error);
}

}  // namespace headrace::loader
