#include "loader/shards/tar_dataset.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <span>
#include <system_error>
#include <utility>

#include "base/hash.h"
#include "loader/open_watch.h"
#include "loader/shards/shard_classes.h"
#include "loader/shards/shard_list.h"
#include "loader/shown_name.h"

namespace headrace::loader {
namespace {

// Names of a shard that are kept as a whole, once more than one of them was asked for.
constexpr uint64_t kNamesKeptMax = 64 << 20;

std::string_view LastPart(const std::string& path) {
  return std::string_view(path).substr(path.rfind('/') + 1);
}

// Whether these are shards of one pack, by what they say. An index that was made anew does not know
// how its shard was packed, and perhaps not all classes.
bool SamePack(const OpenShard& a, const OpenShard& b) {
  if (a.header.set_samples != b.header.set_samples) return false;
  return a.from != IndexFrom::kFile || b.from != IndexFrom::kFile || a.header.from_pack ||
         b.header.from_pack ||
         (a.header.settings == b.header.settings &&
          a.header.classes.size() == b.header.classes.size());
}

// Shards of two packs in one folder are what a job left that replaced one by the other: of their
// samples some would come twice, and some not at all.
bool CheckFolders(std::span<const OpenShard> shards, ConfigError* error) {
  std::map<std::string_view, std::vector<const OpenShard*>> folders;
  for (const OpenShard& shard : shards) {
    if (!shard.header.is_pack()) continue;
    const std::string_view path = shard.path;
    folders[path.substr(0, path.size() - LastPart(shard.path).size())].push_back(&shard);
  }
  for (auto& [folder, packed] : folders) {
    std::ranges::stable_sort(packed, {}, [](const OpenShard* s) { return s->header.first_id; });
    uint64_t next = 0;
    const OpenShard* known = nullptr;
    for (const OpenShard* shard : packed) {
      const bool other =
          known != nullptr && shard->header.set_samples > 0 && !SamePack(*known, *shard);
      if (other || shard->header.first_id < next) {
        return Fail(error, Code::kConfigValue,
                    "[dataset] path: the folder of " + ShownName(shard->path) +
                        " holds shards of more than one pack, as one has that is being replaced; "
                        "finish it with headrace pack, or keep packs in folders of their own");
      }
      next = shard->header.first_id + shard->rows.size();
      const bool says_more = known == nullptr || known->header.settings.empty();
      if (shard->header.set_samples > 0 && says_more) known = shard;
    }
  }
  return true;
}

void Say(const LogSink& log, const std::string& text) {
  log.Write(LogLevel::kWarning, text.c_str());
}

}  // namespace

bool TarDataset::Open(const DatasetConfig& config, const LogSink& log,
                      std::unique_ptr<Dataset>* dataset, ConfigError* error) {
  std::vector<ShardPlace> places;
  if (!FindShards(config.path, &places, error)) return false;
  auto made = std::make_unique<TarDataset>();
  made->root_ = CommonFolder(places);
  if (!OpenShards(places, io::FilesToHold(), log, &made->shards_, error)) return false;
  if (!made->FindPack(log, error)) return false;
  made->Warn(log);
  if (!OpeningGoesOn(error)) return false;
  if (!JoinClasses(config.classes, made->shards_, log, &made->classes_, error)) return false;
  // A run has a sample at least.
  std::erase_if(made->shards_, [](const OpenShard& shard) { return shard.rows.empty(); });
  uint64_t samples = 0;
  made->begins_.push_back(0);
  for (OpenShard& shard : made->shards_) {
    samples += shard.rows.size();
    made->begins_.push_back(samples);
    made->has_bands_ = made->has_bands_ || !shard.bands.empty();
    // Merged into one list.
    shard.header.classes = {};
  }
  if (samples == 0) {
    return Fail(error, Code::kEmptyDataset,
                "[dataset] path: " + ShownName(places.front().path) +
                    (places.size() > 1 ? " and the other shards have" : " has") +
                    " no samples; expected members KEY.jpg .jpeg .jpe .png .webp or .hrc");
  }
  *dataset = std::move(made);
  return true;
}

// In a whole pack the shards go by the ids of the source, which its names need not.
bool TarDataset::FindPack(const LogSink& log, ConfigError* error) {
  const auto packs = static_cast<size_t>(std::ranges::count_if(
      shards_, [](const OpenShard& shard) { return shard.header.is_pack(); }));
  if (packs == 0) return true;
  if (!CheckFolders(shards_, error)) return false;
  const std::string& first_path = shards_.front().path;
  if (packs < shards_.size()) {
    Say(log, "of " + std::to_string(shards_.size()) + " shards " + std::to_string(packs) +
                 " belong to a pack: ids are running numbers over all of them");
    return true;
  }
  // One without the size of its pack fits any.
  const OpenShard* known = nullptr;
  bool same = true;
  for (const OpenShard& shard : shards_) {
    if (shard.header.set_samples == 0) continue;
    if (known != nullptr) same = same && SamePack(*known, shard);
    if (known == nullptr || known->header.from_pack) known = &shard;
  }
  std::vector<OpenShard*> order;
  for (OpenShard& shard : shards_) order.push_back(&shard);
  std::ranges::stable_sort(order, {}, [](const OpenShard* s) { return s->header.first_id; });
  uint64_t next = 0;
  bool whole = same;
  for (const OpenShard* shard : order) {
    whole = whole && shard->header.first_id == next;
    next += shard->rows.size();
  }
  if (known != nullptr) whole = whole && next == known->header.set_samples;
  if (!whole) {
    Say(log,
        ShownName(first_path) +
            (same ? ": not all shards of its pack are there ("
                  : ": shards of more than one pack (") +
            std::to_string(next) + " samples" +
            (same && known != nullptr ? " of " + std::to_string(known->header.set_samples) : "") +
            "): ids are running numbers, not the source's");
    return true;
  }
  std::vector<OpenShard> sorted;
  sorted.reserve(order.size());
  for (OpenShard* shard : order) sorted.push_back(std::move(*shard));
  shards_ = std::move(sorted);
  return true;
}

void TarDataset::Warn(const LogSink& log) const {
  uint64_t bad_indexes = 0;
  uint64_t no_label = 0;
  uint64_t samples = 0;
  ShardScanCounts sum;
  const OpenShard* bad_index = nullptr;
  std::string no_picture;
  std::string same_key;
  std::string bad_json;
  std::string name_clash;
  std::string no_end;
  uint64_t cut = 0;
  std::string joined;
  uint64_t joined_shards = 0;
  for (const OpenShard& shard : shards_) {
    if (shard.from == IndexFrom::kStale || shard.from == IndexFrom::kDamaged) {
      if (bad_indexes++ == 0) bad_index = &shard;
    }
    const std::string own = ShownName(LastPart(shard.path)) + "/";
    const ShardScanCounts& counts = shard.counts;
    sum.passed_over += counts.passed_over;
    if (sum.without_picture == 0) no_picture = own + ShownName(counts.no_picture_key);
    sum.without_picture += counts.without_picture;
    if (sum.same_key == 0) same_key = own + ShownName(counts.same_key_name);
    sum.same_key += counts.same_key;
    sum.beside_picture += counts.beside_picture;
    if (sum.name_clashes == 0) name_clash = own + counts.name_clash;
    sum.name_clashes += counts.name_clashes;
    if (sum.bad_json == 0) bad_json = own + ShownName(counts.bad_json_name);
    sum.bad_json += counts.bad_json;
    if (counts.no_end_mark && cut++ == 0) no_end = ShownName(shard.path);
    if (counts.data_behind_end && joined_shards++ == 0) joined = ShownName(shard.path);
    samples += shard.rows.size();
    if (!OpeningGoesOn()) return;
    for (const ShardRow& row : shard.rows) no_label += row.label < 0 ? 1 : 0;
  }
  if (bad_index != nullptr) {
    Say(log,
        ShownName(ShardIndexPath(bad_index->path)) + " " + bad_index->index_problem +
            (bad_indexes > 1 ? ", and " + std::to_string(bad_indexes - 1) + " more are no good"
                             : "") +
            ": read from the shards instead; run headrace pack again for a pack, headrace index "
            "for other shards");
  }
  if (cut > 0) {
    Say(log, no_end + (cut > 1 ? " and " + std::to_string(cut - 1) + " more have" : " has") +
                 " no end mark: perhaps cut off between two members");
  }
  if (joined_shards > 0) {
    Say(log,
        joined +
            (joined_shards > 1 ? " and " + std::to_string(joined_shards - 1) + " more have"
                               : " has") +
            " data behind the end mark, which no tar looks at: shards that were joined with cat? "
            "Join them with tar --concatenate, or list them one by one");
  }
  const auto has_problem = [](const OpenShard& shard) { return !shard.bands_problem.empty(); };
  if (const auto bad = std::ranges::find_if(shards_, has_problem); bad != shards_.end()) {
    const auto count = std::ranges::count_if(shards_, has_problem);
    Say(log, ShownName(ShardIndexPath(bad->path)) + " " + bad->bands_problem +
                 (count > 1 ? ", as " + std::to_string(count - 1) + " more" : std::string()) +
                 ": records are read whole; run headrace pack again, or headrace index --force");
  }
  if (sum.passed_over > 0) {
    log.Write(LogLevel::kInfo,
              (std::to_string(sum.passed_over) +
               " links, folders, devices and sparse files in the shards: passed over")
                  .c_str());
  }
  if (sum.without_picture > 0) {
    Say(log, std::to_string(sum.without_picture) + " samples without a picture, the first " +
                 no_picture + ": passed over");
  }
  if (sum.same_key > 0) {
    Say(log, std::to_string(sum.same_key) +
                 " pictures have the key of another and are not read, the first " + same_key +
                 ": a key ends at the first dot of the last part of a name, so samples need names "
                 "that differ before it");
  }
  if (sum.beside_picture > 0) {
    log.Write(LogLevel::kInfo, (std::to_string(sum.beside_picture) +
                                " pictures beside another, with more in their names (KEY.X.jpg "
                                "beside KEY.jpg): not read")
                                   .c_str());
  }
  if (sum.name_clashes > 0) {
    Say(log, std::to_string(sum.name_clashes) +
                 " samples give another name to the number of a class, the first " + name_clash +
                 ": names of that shard are not taken, numbers are");
  }
  if (sum.bad_json > 0) {
    Say(log, std::to_string(sum.bad_json) + " texts are not JSON, the first " + bad_json +
                 ": no label is taken from them");
  }
  if (no_label > 0) {
    Say(log,
        std::to_string(no_label) + " of " + std::to_string(samples) +
            " samples have no label (-1): neither .cls nor \"label\", \"cls\" or \"class\" in "
            ".json" +
            (sum.without_picture > 0
                 ? "; if labels lie apart from their pictures in the shard, make it again with "
                   "tar --sort=name: members of a sample follow each other"
                 : ""));
  }
}

size_t TarDataset::ShardOf(uint64_t id) const {
  // The last shard that begins at or before it.
  const auto after = std::upper_bound(begins_.begin(), begins_.end() - 1, id);
  return static_cast<size_t>(after - begins_.begin()) - 1;
}

Extent TarDataset::Locate(uint64_t id) const {
  const size_t number = ShardOf(id);
  const OpenShard& shard = shards_[number];
  const ShardRow& row = shard.rows[id - begins_[number]];
  return {.path = shard.real_path.c_str() + root_.size() + (root_.size() > 1 ? 1 : 0),
          .offset = row.offset,
          .bytes = row.bytes,
          .whole_file = false,
          .mtime_ns = shard.mtime_ns,
          .file = shard.file.get()};
}

const codecs::RecordBands* TarDataset::Bands(uint64_t id) const {
  const size_t number = ShardOf(id);
  const OpenShard& shard = shards_[number];
  if (shard.bands.empty()) return nullptr;
  const codecs::RecordBands& bands = shard.bands[shard.rows[id - begins_[number]].record];
  return bands.known() ? &bands : nullptr;
}

uint64_t TarDataset::index_bytes() const {
  uint64_t bytes = begins_.capacity() * sizeof(uint64_t) + shards_.capacity() * sizeof(OpenShard);
  for (const OpenShard& shard : shards_) {
    bytes += shard.rows.capacity() * sizeof(ShardRow) + shard.names.capacity() +
             shard.bands.capacity() * sizeof(codecs::RecordBands) +
             shard.name_ends.capacity() * sizeof(uint32_t) + shard.path.capacity() +
             shard.real_path.capacity() + shard.header.settings.capacity();
  }
  for (const std::string& name : classes_) bytes += sizeof(name) + name.capacity();
  return bytes;
}

std::string TarDataset::RecordName(size_t number, uint64_t record) const {
  const OpenShard& shard = shards_[number];
  const auto part = [record](const std::string& names, const std::vector<uint32_t>& ends) {
    const uint32_t begin = record == 0 ? 0 : ends[record - 1];
    return names.substr(begin, ends[record] - begin);
  };
  if (shard.from != IndexFrom::kFile) return part(shard.names, shard.name_ends);
  const MutexLock lock(names_mutex_);
  const bool again = names_.shard == number;
  if (!again) {
    names_ = {};
    auto index = ShardIndex::Open(ShardIndexPath(shard.path));
    // Not the one that was opened: names of other records would be given.
    if (!index.ok() || index->header_hash() != shard.header_hash) return {};
    names_.index.emplace(std::move(*index));
    names_.shard = number;
  } else if (names_.ends.empty() && names_.index->bytes() <= kNamesKeptMax) {
    if (!names_.index->ReadNames(&names_.names, &names_.ends).ok()) names_.ends.clear();
  }
  if (record < names_.ends.size()) return part(names_.names, names_.ends);
  ShardRecord found;
  return names_.index->Read(record, &found).ok() ? found.name : std::string();
}

std::string TarDataset::Name(uint64_t id) const {
  const size_t number = ShardOf(id);
  const OpenShard& shard = shards_[number];
  const ShardRow& row = shard.rows[id - begins_[number]];
  std::string name = RecordName(number, row.record);
  if (shard.header.is_pack() && !name.empty()) return name;
  // Without its index any more: what is still known.
  if (name.empty()) name = "sample " + std::to_string(row.record);
  return std::string(LastPart(shard.path)) + "/" + name;
}

uint64_t TarDataset::Fingerprint() const {
  // What a row is, whether its index was written by pack, by index or made in memory.
  struct Place {
    uint64_t offset = 0;
    uint64_t bytes = 0;
    int64_t label = 0;
    uint64_t record = 0;
  };
  constexpr size_t kPieceRows = 1024;
  uint64_t hash = size();
  for (const std::string& name : classes_) hash = Hash64(std::as_bytes(std::span(name)), hash);
  std::vector<Place> piece;
  for (const OpenShard& shard : shards_) {
    hash = Hash64(std::as_bytes(std::span(LastPart(shard.path))), hash);
    for (size_t first = 0; first < shard.rows.size(); first += piece.size()) {
      if (!OpeningGoesOn()) return 0;
      piece.clear();
      for (size_t i = first; i < shard.rows.size() && piece.size() < kPieceRows; ++i) {
        const ShardRow& row = shard.rows[i];
        piece.push_back({row.offset, row.bytes, row.label, row.record});
      }
      hash = Hash64(std::as_bytes(std::span(piece)), hash);
    }
  }
  return hash;
}

}  // namespace headrace::loader
