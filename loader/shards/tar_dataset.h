// Tar shards: plain WebDataset archives, or a pack.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.h"
#include "base/thread_annotations.h"
#include "loader/config_toml.h"
#include "loader/dataset.h"
#include "loader/shards/open_shards.h"

namespace headrace::loader {

// What: the samples of a list of shards; their bytes are ranges of the shards, which are held open
// as far as the process's limit of descriptors comfortably allows. In a whole pack ids are the
// source's; else they are running numbers over the shards in byte order of their paths.
// Cost: 24 bytes a sample, 32 more of a pack that knows its rows, and its name where the shard has
// no index. Locate looks for the shard by halving.
class TarDataset final : public Dataset {
 public:
  [[nodiscard]] static bool Open(const DatasetConfig& config, const LogSink& log,
                                 std::unique_ptr<Dataset>* dataset, ConfigError* error);

  uint64_t size() const override { return begins_.back(); }
  Extent Locate(uint64_t id) const override;
  int64_t Label(uint64_t id) const override { return RowOf(id).label; }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override;
  // In a pack the path in the source; else the shard's name and the member's: "0.tar/cat.jpg".
  std::string Name(uint64_t id) const override;
  // Shards with samples.
  uint64_t RunCount() const override { return shards_.size(); }
  uint64_t RunBegin(uint64_t run) const override { return begins_[run]; }
  bool RestartsTrusted(uint64_t id) const override { return RowOf(id).restarts_trusted != 0; }
  bool has_bands() const override { return has_bands_; }
  const codecs::RecordBands* Bands(uint64_t id) const override;
  uint64_t Fingerprint() const override;

 private:
  // The names of the shard that was asked for last.
  struct NameCache {
    size_t shard = SIZE_MAX;
    std::optional<ShardIndex> index;
    std::string names;
    std::vector<uint32_t> ends;  // empty: not read as a whole
  };

  size_t ShardOf(uint64_t id) const;
  const ShardRow& RowOf(uint64_t id) const {
    const size_t shard = ShardOf(id);
    return shards_[shard].rows[id - begins_[shard]];
  }
  [[nodiscard]] bool FindPack(const LogSink& log, ConfigError* error);
  void Warn(const LogSink& log) const;
  // The record's name from the index, or an empty one.
  std::string RecordName(size_t shard, uint64_t record) const;

  std::string root_;
  std::vector<std::string> classes_;
  std::vector<OpenShard> shards_;
  bool has_bands_ = false;
  std::vector<uint64_t> begins_;  // first id of each shard, and the size
  mutable Mutex names_mutex_;
  mutable NameCache names_ HR_GUARDED_BY(names_mutex_);
};

}  // namespace headrace::loader
