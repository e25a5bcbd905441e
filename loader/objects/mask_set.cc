#include "loader/objects/mask_set.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <map>
#include <memory>
#include <span>
#include <string_view>
#include <utility>

#include "base/checked_math.h"
#include "base/clock.h"
#include "base/scope_guard.h"
#include "base/status_text.h"
#include "codecs/png_decoder.h"
#include "loader/file_times.h"
#include "loader/folder_walk.h"
#include "loader/host_memory.h"
#include "loader/objects/label_mask.h"
#include "loader/open_watch.h"
#include "loader/watched_sort.h"

namespace headrace::loader {
namespace {

constexpr int64_t kProgressNs = 5'000'000'000;
// Bytes of a PNG: how many bits its values have, and what they are.
constexpr size_t kPngDepthAt = 24;
constexpr size_t kPngKindAt = 25;
constexpr uint32_t kPngPalette = 1;
constexpr uint32_t kPngColour = 2;
constexpr const char* kClassOfAll = "object";  // where no folder says more

bool IsFolder(const std::string& path, struct stat* info) {
  return stat(path.c_str(), info) == 0 && S_ISDIR(info->st_mode);
}

bool CheckFolder(const char* key, const std::string& path, ConfigError* error) {
  struct stat info;
  if (IsFolder(path, &info)) return true;
  return Fail(error, Code::kNotFound,
              std::string("[dataset] ") + key + ": " + path +
                  " is not a folder; with masks, path and masks are one each");
}

std::string_view WithoutExtension(std::string_view path) {
  const size_t slash = path.rfind('/');
  const size_t dot = path.rfind('.');
  const bool has_one =
      dot != std::string_view::npos && (slash == std::string_view::npos || dot > slash);
  return has_one ? path.substr(0, dot) : path;
}

// Decodes label masks, one after the other.
class MaskReader {
 public:
  explicit MaskReader(const Limits& limits) : limits_(limits) {}

  Status Prepare() {
    HR_ASSIGN_OR_RETURN(decoder_, codecs::MakePngDecoder(limits_));
    return {};
  }

  // kNotFound: there is no such file.
  Status Read(const std::string& path, SizePx* size,
              std::map<uint32_t, std::vector<uint32_t>>* runs) {
    HR_TRY(ReadFile(path));
    codecs::ImageInfo info;
    HR_TRY(decoder_->ReadHeader(file_, limits_, {.exif = false, .palette_indices = true}, &info));
    const auto depth = static_cast<uint32_t>(file_[kPngDepthAt]);
    // What two bytes tell apart must not be lost.
    if (depth > 8) {
      return {Code::kUnsupportedFormat, "a mask of 16 bits is not in this version; save it with 8"};
    }
    const auto kind = static_cast<uint32_t>(file_[kPngKindAt]);
    has_palette_ = (kind & kPngPalette) != 0;
    has_colours_ = !has_palette_ && (kind & kPngColour) != 0;
    value_max_ = (1u << depth) - 1;
    const RectPx all = {0, 0, info.upright.width, info.upright.height};
    const uint64_t bytes = decoder_->ScratchBytes(all);
    if (bytes > limits_.max_decoded_bytes) {
      return {Code::kLimitBytes, "the mask needs more than limits.max_decoded_bytes"};
    }
    if (bytes > scratch_.bytes()) {
      HR_ASSIGN_OR_RETURN(scratch_,
                          HostMemory::Map(RoundUp(bytes, 4096), HostMemory::Pages::kSmall));
    }
    ConstImageView pixels;
    codecs::DecodeReport report;
    HR_TRY(decoder_->Decode(all, scratch_.span(), &pixels, &report));
    *size = info.upright;
    return RunsOfColours(pixels, runs);
  }

  // What the last file has where `colour` was read.
  int64_t IdOf(uint32_t colour) const {
    if (has_colours_) return colour;
    const uint32_t value = colour & 0xFF;
    // Grey below 8 bits was spread over 0 to 255, indices were not.
    return has_palette_ ? value : value * value_max_ / 255;
  }

 private:
  Status ReadFile(const std::string& path) {
    const int file = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (file < 0) return {CodeOfErrno(errno), "cannot be opened", errno};
    const ScopeGuard closing([&] { close(file); });
    struct stat info;
    if (fstat(file, &info) != 0) return {CodeOfErrno(errno), "cannot be read", errno};
    if (!S_ISREG(info.st_mode)) return {Code::kNotRegularFile, "is not a file"};
    if (static_cast<uint64_t>(info.st_size) > limits_.max_encoded_bytes) {
      return {Code::kLimitBytes, "the file is larger than limits.max_encoded_bytes"};
    }
    file_.resize(static_cast<size_t>(info.st_size));
    size_t done = 0;
    while (done < file_.size()) {
      const ssize_t got = read(file, file_.data() + done, file_.size() - done);
      if (got < 0 && errno == EINTR) continue;
      if (got < 0) return {CodeOfErrno(errno), "cannot be read", errno};
      if (got == 0) break;
      done += static_cast<size_t>(got);
    }
    file_.resize(done);
    return {};
  }

  const Limits& limits_;
  // Of the last file.
  bool has_palette_ = false;
  bool has_colours_ = false;
  uint32_t value_max_ = 255;
  std::unique_ptr<codecs::Decoder> decoder_;
  std::vector<std::byte> file_;
  HostMemory scratch_;
};

class MaskSetReader {
 public:
  MaskSetReader(const DatasetConfig& config, const Limits& limits, const LogSink& log,
                ObjectSet* set, ConfigError* error)
      : config_(config), log_(log), set_(*set), error_(error), reader_(limits) {}

  bool Read() {
    if (!CheckFolder("path", config_.path.front(), error_) ||
        !CheckFolder("masks", config_.masks, error_)) {
      return false;
    }
    struct stat info;
    set_.root = config_.path.front();
    if (IsFolder(set_.root + "/images", &info)) set_.root += "/images";
    return ListPictures() && ReadMasks();
  }

 private:
  bool ListPictures();
  void AddFiles(const std::vector<FolderWalk::File>& files, int32_t label);
  bool ReadMasks();
  // False: there is no mask.
  bool ReadMask(ObjectPicture* picture, uint64_t sample);
  bool ReadMaskAt(const std::string& path, ObjectPicture* picture, uint64_t sample);

  const DatasetConfig& config_;
  const LogSink log_;
  ObjectSet& set_;
  ConfigError* error_;
  MaskReader reader_;
  std::vector<uint64_t> sample_of_;
  std::vector<SizePx> sizes_;
  std::map<uint32_t, std::vector<uint32_t>> runs_;
};

void MaskSetReader::AddFiles(const std::vector<FolderWalk::File>& files, int32_t label) {
  for (const FolderWalk::File& file : files) {
    set_.pictures.push_back({file.path, file.bytes, file.mtime_ns, label, {}});
  }
}

bool MaskSetReader::ListPictures() {
  FolderWalk walk(set_.root, error_);
  std::vector<FolderWalk::Folder> folders;
  std::vector<FolderWalk::File> loose;
  const bool listed = walk.List("", &folders, [&](const char* name, const struct stat& info) {
    if (!HasImageName(name) || strchr(name, '.') == nullptr) return;
    loose.push_back({name, static_cast<uint64_t>(info.st_size), NanosecondsOf(info.st_mtim)});
  });
  if (!listed) return false;
  struct stat masks;
  if (!IsFolder(config_.masks, &masks)) return false;  // CheckFolder has said that it is one
  std::erase_if(folders, [&](const FolderWalk::Folder& folder) {
    return folder.inode == masks.st_ino && folder.device == masks.st_dev;
  });
  std::sort(folders.begin(), folders.end(),
            [](const auto& a, const auto& b) { return a.name < b.name; });
  set_.classes = config_.classes;
  std::vector<std::vector<FolderWalk::File>> found(folders.size());
  bool any = false;
  for (size_t i = 0; i < folders.size(); ++i) {
    if (!walk.Below(folders[i].name, folders[i], &found[i])) return false;
    any = any || !found[i].empty();
  }
  if (!any) {
    if (!config_.classes.empty()) {
      return Fail(error_, Code::kConfigValue,
                  "[dataset] classes: the pictures of " + set_.root +
                      " lie in no folders that are classes; leave it out");
    }
    set_.classes = {kClassOfAll};
    AddFiles(loose, 0);
  } else {
    for (size_t i = 0; i < folders.size(); ++i) {
      if (config_.classes.empty() && !found[i].empty()) set_.classes.push_back(folders[i].name);
    }
    for (size_t label = 0; label < set_.classes.size(); ++label) {
      const auto folder = std::find_if(folders.begin(), folders.end(), [&](const auto& one) {
        return one.name == set_.classes[label];
      });
      if (folder == folders.end()) {
        return Fail(
            error_, Code::kConfigValue,
            "[dataset] classes: \"" + set_.classes[label] + "\" is not a folder of " + set_.root);
      }
      AddFiles(found[static_cast<size_t>(folder - folders.begin())], static_cast<int32_t>(label));
    }
    if (!loose.empty()) {
      const std::string text = set_.root + ": " + std::to_string(loose.size()) +
                               " images lie directly in it and have no class: passed over";
      log_.Write(LogLevel::kWarning, text.c_str());
    }
  }
  if (!WatchedSort(&set_.pictures, [](const auto& a, const auto& b) { return a.path < b.path; })) {
    return OpeningGoesOn(error_);
  }
  if (!set_.pictures.empty()) return true;
  return Fail(error_, Code::kEmptyDataset, set_.root + ": no images in it or in its folders");
}

bool MaskSetReader::ReadMaskAt(const std::string& path, ObjectPicture* picture, uint64_t sample) {
  const Status status = reader_.Read(path, &sizes_[sample], &runs_);
  if (status.code() == Code::kNotFound) return false;
  if (!status.ok()) {
    picture->fault = path + ": " + TextOf(status);
    return true;
  }
  for (const auto& [colour, runs] : runs_) {
    const uint64_t object = set_.objects.AddRuns(runs);
    ObjectIndex::Facts& facts = set_.objects.facts(object);
    facts.id = reader_.IdOf(colour);
    facts.label = picture->label;
    sample_of_.push_back(sample);
  }
  return true;
}

bool MaskSetReader::ReadMask(ObjectPicture* picture, uint64_t sample) {
  const std::string_view stem = WithoutExtension(picture->path);
  const std::string_view name = stem.substr(stem.rfind('/') + 1);  // npos + 1 is 0
  const std::string folder = config_.masks + "/";
  return ReadMaskAt(folder + std::string(stem) + ".png", picture, sample) ||
         (name != stem && ReadMaskAt(folder + std::string(name) + ".png", picture, sample));
}

bool MaskSetReader::ReadMasks() {
  if (const Status status = reader_.Prepare(); !status.ok()) {
    return Fail(error_, status.code(), status.text());
  }
  sizes_.resize(set_.pictures.size());
  uint64_t missing = 0;
  uint64_t faults = 0;
  int64_t last = NowNs();
  OpeningIsAt({});
  for (size_t i = 0; i < set_.pictures.size(); ++i) {
    if (!OpeningGoesOn(error_)) return false;
    OpeningFound(1);
    ObjectPicture& picture = set_.pictures[i];
    missing += ReadMask(&picture, i) ? 0 : 1;
    faults += picture.fault.empty() ? 0 : 1;
    if (NowNs() - last < kProgressNs) continue;
    last = NowNs();
    const std::string text = config_.masks + ": " + std::to_string(i + 1) + " of " +
                             std::to_string(set_.pictures.size()) + " masks read";
    log_.Write(LogLevel::kInfo, text.c_str());
  }
  if (missing == set_.pictures.size()) {
    return Fail(error_, Code::kNotFound,
                "[dataset] masks: none of the pictures of " + set_.root + " has a mask in " +
                    config_.masks + "; the mask of " + set_.pictures.front().path + " would be " +
                    std::string(WithoutExtension(set_.pictures.front().path)) + ".png");
  }
  const auto warn = [&](uint64_t count, const char* what) {
    if (count == 0) return;
    const std::string text = config_.masks + ": " + std::to_string(count) + what;
    log_.Write(LogLevel::kWarning, text.c_str());
  };
  warn(missing, " pictures have no mask: they have no objects");
  warn(faults, " masks are bad, and so are their samples");
  set_.objects.Group(sample_of_, std::move(sizes_));
  return true;
}

}  // namespace

bool ReadMaskSet(const DatasetConfig& config, const Limits& limits, const LogSink& log,
                 ObjectSet* set, ConfigError* error) {
  return MaskSetReader(config, limits, log, set, error).Read();
}

}  // namespace headrace::loader
