#include "loader/objects/coco_set.h"

#include <dirent.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <functional>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "loader/file_times.h"
#include "loader/objects/coco_json.h"
#include "loader/open_watch.h"
#include "loader/watched_sort.h"

namespace headrace::loader {
namespace {

// A name of the file for an error: one line, not too long.
std::string Shown(std::string_view name) {
  constexpr size_t kBytesMax = 80;
  std::string text(name.substr(0, kBytesMax));
  for (char& c : text) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) c = '?';
  }
  if (name.size() > kBytesMax) text += "...";
  return text;
}

void Warn(const LogSink& log, const std::string& text) {
  log.Write(LogLevel::kWarning, text.c_str());
}

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

bool IsFile(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// The names that end in .json, in byte order; none if `folder` cannot be listed.
std::vector<std::string> JsonNamesIn(const std::string& folder) {
  std::vector<std::string> names;
  struct Closer {
    void operator()(DIR* dir) const { closedir(dir); }
  };
  const std::unique_ptr<DIR, Closer> dir(opendir(folder.c_str()));
  while (const dirent* entry = dir ? readdir(dir.get()) : nullptr) {
    if (!OpeningGoesOn()) return {};
    const std::string_view name = entry->d_name;
    if (!name.starts_with('.') && name.ends_with(".json") && IsFile(folder + "/" + entry->d_name)) {
      names.emplace_back(name);
    }
  }
  std::sort(names.begin(), names.end());
  return names;
}

// The annotation file among `names` of `folder`.
bool ChooseJson(const std::string& folder, const std::vector<std::string>& names, std::string* json,
                ConfigError* error) {
  std::string known;
  for (const char* usual : {"instances.json", "annotations.json"}) {
    if (std::find(names.begin(), names.end(), usual) == names.end()) continue;
    *json = folder + "/" + usual;
    return true;
  }
  if (names.size() == 1) {
    *json = folder + "/" + names[0];
    return true;
  }
  for (size_t i = 0; i < names.size() && i < 8; ++i) known += (i > 0 ? ", " : "") + names[i];
  return Fail(error, Code::kConfigValue,
              "[dataset] annotations: " + folder + " has " + std::to_string(names.size()) +
                  " files that may be meant (" + known + (names.size() > 8 ? ", ..." : "") +
                  "); name one");
}

// Where the annotations are, and the folder that [dataset] path stands for.
bool FindJson(const DatasetConfig& config, std::string* json, std::string* folder,
              ConfigError* error) {
  const std::string& path = config.path.front();
  struct stat info;
  if (stat(path.c_str(), &info) != 0) {
    const int number = errno;
    return Fail(error, CodeOfErrno(number),
                "[dataset] path: " + path + ": " + strerror(number) +
                    "; name a folder or an annotation file that exists",
                number);
  }
  const bool is_folder = S_ISDIR(info.st_mode);
  *folder = is_folder ? path : FolderOf(path);
  if (!config.annotations.empty()) {
    *json = config.annotations;
    return true;
  }
  if (!is_folder) {
    *json = path;
    return true;
  }
  for (const std::string& place : {path, path + "/annotations"}) {
    const std::vector<std::string> names = JsonNamesIn(place);
    if (!OpeningGoesOn(error)) return false;
    if (!names.empty()) return ChooseJson(place, names, json, error);
  }
  return Fail(error, Code::kNotFound,
              "[dataset] annotations: no .json file in " + path +
                  " nor in its folder annotations; name the file, or give masks = \"FOLDER\"");
}

// A path that leads out of the root is refused: the file is not ours.
bool StaysBeneath(std::string_view path) {
  if (path.starts_with('/') || path.find('\0') != std::string_view::npos) return false;
  while (!path.empty()) {
    const size_t slash = std::min(path.find('/'), path.size());
    if (path.substr(0, slash) == "..") return false;
    path.remove_prefix(std::min(slash + 1, path.size()));
  }
  return true;
}

// The folder in which most of some pictures are, the first of equals; none: no folder has any.
std::optional<std::string> FindRoot(const std::vector<std::string>& folders,
                                    const std::vector<CocoFile::Picture>& pictures) {
  constexpr size_t kTries = 64;
  const size_t step = std::max<size_t>(1, pictures.size() / kTries);
  std::optional<std::string> best;
  size_t most = 0;
  for (const std::string& folder : folders) {
    size_t found = 0;
    for (size_t i = 0; i < pictures.size(); i += step) {
      if (!OpeningGoesOn()) return std::nullopt;
      found += IsFile(folder + "/" + pictures[i].file_name) ? 1 : 0;
    }
    if (found > most) best = folder;
    most = std::max(most, found);
  }
  return best;
}

// Joins what the file says with what is on disk.
class Joiner {
 public:
  Joiner(const DatasetConfig& config, std::string json, const LogSink& log, ObjectSet* set,
         ConfigError* error)
      : config_(config), json_(std::move(json)), log_(log), set_(*set), error_(error) {}

  bool Join(const std::string& folder) {
    if (!ReadCocoFile(json_, &file_, error_)) return false;
    if (file_.pictures.empty()) {
      return Fail(error_, Code::kEmptyDataset, json_ + ": its list \"images\" is empty");
    }
    return SortPictures() && MakeClasses() && FindPictures(folder) && JoinObjects();
  }

 private:
  bool SortPictures();
  bool MakeClasses();
  bool FindPictures(const std::string& folder);
  bool JoinObjects();
  CocoFault FaultOf(const CocoFile::Annotation& annotation, uint64_t sample) const;

  struct ById {
    int64_t id = 0;
    uint64_t value = 0;  // a sample, or a class
    friend bool operator<(const ById& a, const ById& b) { return a.id < b.id; }
  };
  static std::optional<uint64_t> Find(const std::vector<ById>& sorted, int64_t id) {
    const auto found = std::lower_bound(sorted.begin(), sorted.end(), ById{id, 0});
    if (found == sorted.end() || found->id != id) return std::nullopt;
    return found->value;
  }

  static constexpr uint64_t kNoClass = UINT64_MAX;  // of a category that is not wanted

  const DatasetConfig& config_;
  const std::string json_;
  const LogSink& log_;
  ObjectSet& set_;
  ConfigError* error_;
  CocoFile file_;
  std::vector<ById> samples_;  // by the id of the picture
  std::vector<ById> classes_;  // by the id of the category
};

bool Joiner::SortPictures() {
  std::vector<CocoFile::Picture>& pictures = file_.pictures;
  if (!WatchedSort(&pictures,
                   [](const auto& a, const auto& b) { return a.file_name < b.file_name; })) {
    return OpeningGoesOn(error_);
  }
  for (size_t i = 0; i < pictures.size(); ++i) {
    if (!OpeningGoesOnAt(i)) return OpeningGoesOn(error_);
    const std::string& name = pictures[i].file_name;
    if (!StaysBeneath(name)) {
      return Fail(error_, Code::kConfigValue,
                  json_ + ": image " + std::to_string(pictures[i].id) +
                      ": file_name is not a path within a folder");
    }
    if (i > 0 && name == pictures[i - 1].file_name) {
      return Fail(error_, Code::kConfigValue,
                  json_ + ": images " + std::to_string(pictures[i - 1].id) + " and " +
                      std::to_string(pictures[i].id) + " have the same file_name " + Shown(name));
    }
    samples_.push_back({pictures[i].id, i});
  }
  if (!WatchedSort(&samples_, std::less<>())) return OpeningGoesOn(error_);
  for (size_t i = 1; i < samples_.size(); ++i) {
    if (samples_[i].id != samples_[i - 1].id) continue;
    return Fail(error_, Code::kConfigValue,
                json_ + ": two images have the id " + std::to_string(samples_[i].id));
  }
  return true;
}

bool Joiner::MakeClasses() {
  std::vector<CocoFile::Category>& categories = file_.categories;
  std::sort(categories.begin(), categories.end(),
            [](const auto& a, const auto& b) { return a.id < b.id; });
  if (categories.empty()) {
    return Fail(error_, Code::kConfigValue,
                json_ + ": its list \"categories\" is empty or missing");
  }
  std::string known;
  for (size_t i = 0; i < categories.size(); ++i) {
    if (i > 0 && categories[i].id == categories[i - 1].id) {
      return Fail(error_, Code::kConfigValue,
                  json_ + ": two categories have the id " + std::to_string(categories[i].id));
    }
    if (i < 8) known += (i > 0 ? ", " : "") + Shown(categories[i].name);
  }
  set_.classes = config_.classes;
  for (size_t i = 0; i < categories.size(); ++i) {
    uint64_t label = i;
    if (config_.classes.empty()) {
      set_.classes.push_back(categories[i].name);
    } else {
      const auto wanted =
          std::find(config_.classes.begin(), config_.classes.end(), categories[i].name);
      label = wanted == config_.classes.end()
                  ? kNoClass
                  : static_cast<uint64_t>(wanted - config_.classes.begin());
    }
    classes_.push_back({categories[i].id, label});
  }
  for (const std::string& name : config_.classes) {
    if (std::any_of(categories.begin(), categories.end(),
                    [&](const auto& category) { return category.name == name; })) {
      continue;
    }
    return Fail(error_, Code::kConfigValue,
                "[dataset] classes: \"" + name + "\" is not a category of " + json_ +
                    "; there are " + std::to_string(categories.size()) + ": " + known +
                    (categories.size() > 8 ? ", ..." : ""));
  }
  return true;
}

bool Joiner::FindPictures(const std::string& folder) {
  const std::vector<std::string> folders = {folder, folder + "/images", FolderOf(json_)};
  const std::optional<std::string> root = FindRoot(folders, file_.pictures);
  if (!OpeningGoesOn(error_)) return false;
  if (!root) {
    return Fail(error_, Code::kNotFound,
                "[dataset] path: " + Shown(file_.pictures.front().file_name) +
                    " and the other pictures of " + json_ + " are neither in " + folders[0] +
                    " nor in " + folders[1] + " nor in " + folders[2] +
                    "; name the folder that file_name is relative to");
  }
  set_.root = *root;
  uint64_t missing = 0;
  set_.pictures.reserve(file_.pictures.size());
  OpeningIsAt({});
  for (const CocoFile::Picture& picture : file_.pictures) {
    if (!OpeningGoesOn(error_)) return false;
    OpeningFound(1);
    ObjectPicture found;
    found.path = picture.file_name;
    struct stat info;
    if (stat((*root + "/" + picture.file_name).c_str(), &info) == 0) {
      found.bytes = static_cast<uint64_t>(info.st_size);
      found.mtime_ns = NanosecondsOf(info.st_mtim);
    } else {
      ++missing;  // and reading it will say why
    }
    set_.pictures.push_back(std::move(found));
  }
  if (missing > 0) {
    Warn(log_, json_ + ": " + std::to_string(missing) + " of " +
                   std::to_string(file_.pictures.size()) + " pictures are not in " + *root +
                   ": they are bad samples");
  }
  return true;
}

CocoFault Joiner::FaultOf(const CocoFile::Annotation& annotation, uint64_t sample) const {
  if (annotation.fault != CocoFault::kNone) return annotation.fault;
  if (!Find(classes_, annotation.category)) return CocoFault::kNoCategory;
  const SizePx mask = annotation.mask_size;
  return mask != SizePx{} && mask != file_.pictures[sample].size ? CocoFault::kWrongSize
                                                                 : CocoFault::kNone;
}

bool Joiner::JoinObjects() {
  std::vector<uint64_t> sample_of(file_.objects.object_count(), ObjectIndex::kNoSample);
  uint64_t orphans = 0;
  uint64_t unwanted = 0;
  uint64_t faults = 0;
  uint64_t looked_at = 0;
  for (const CocoFile::Annotation& annotation : file_.annotations) {
    if (!OpeningGoesOnAt(looked_at++)) return OpeningGoesOn(error_);
    const auto sample = annotation.has_picture ? Find(samples_, annotation.picture) : std::nullopt;
    if (!sample) {
      ++orphans;
      continue;
    }
    const std::optional<uint64_t> label = Find(classes_, annotation.category);
    if (label == kNoClass) {
      ++unwanted;
      continue;
    }
    const CocoFault fault = FaultOf(annotation, *sample);
    if (fault != CocoFault::kNone) {
      ++faults;
      std::string& text = set_.pictures[*sample].fault;
      if (text.empty()) {
        text = json_ + ": annotation " + std::to_string(annotation.id) + ": " + TextOf(fault);
      }
      continue;
    }
    sample_of[annotation.object] = *sample;
    file_.objects.facts(annotation.object).label = static_cast<int32_t>(*label);
  }
  if (orphans > 0) {
    Warn(log_,
         json_ + ": " + std::to_string(orphans) +
             " annotations are of pictures that its list \"images\" does not have: passed over");
  }
  if (faults > 0) {
    Warn(log_, json_ + ": " + std::to_string(faults) +
                   " annotations are bad, and so are the samples that they are of");
  }
  if (unwanted > 0) {
    const std::string text = json_ + ": " + std::to_string(unwanted) +
                             " annotations are of other classes than [dataset] classes: left out";
    log_.Write(LogLevel::kInfo, text.c_str());
  }
  std::vector<SizePx> sizes;
  sizes.reserve(file_.pictures.size());
  for (const CocoFile::Picture& picture : file_.pictures) sizes.push_back(picture.size);
  file_.objects.Group(sample_of, std::move(sizes));
  for (size_t i = 0; i < set_.pictures.size(); ++i) {
    set_.pictures[i].label = file_.objects.LabelOf(i);
  }
  set_.objects = std::move(file_.objects);
  return true;
}

}  // namespace

bool ReadCocoSet(const DatasetConfig& config, const LogSink& log, ObjectSet* set,
                 ConfigError* error) {
  std::string json;
  std::string folder;
  if (!FindJson(config, &json, &folder, error)) return false;
  return Joiner(config, std::move(json), log, set, error).Join(folder);
}

}  // namespace headrace::loader
