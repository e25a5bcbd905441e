#include "loader/folder_dataset.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "loader/folder_walk.h"
#include "loader/open_watch.h"
#include "loader/watched_sort.h"

namespace headrace::loader {
namespace {

// Says what is wrong with a root that gave no sample.
bool FailEmpty(const std::string& root, uint64_t loose_files, size_t folder_count,
               ConfigError* error) {
  if (loose_files > 0) {
    return Fail(error, Code::kEmptyDataset,
                root + ": " + std::to_string(loose_files) +
                    " images lie directly in it, none in a folder; put them in one folder a class");
  }
  if (folder_count == 0) {
    return Fail(error, Code::kEmptyDataset,
                root + ": an empty folder; expected one folder a class with images in it");
  }
  return Fail(error, Code::kEmptyDataset,
              root + ": no images in its " + std::to_string(folder_count) +
                  " folders; expected .jpg .jpeg .jpe .png .webp or names without an extension");
}

bool CheckRoot(const std::string& root, ConfigError* error) {
  struct stat info;
  if (stat(root.c_str(), &info) != 0) {
    const int number = errno;
    return Fail(error, CodeOfErrno(number),
                "[dataset] path: " + root + ": " + strerror(number) + "; name a folder that exists",
                number);
  }
  if (!S_ISDIR(info.st_mode)) {
    return Fail(error, Code::kConfigValue,
                "[dataset] path: " + root + " is not a folder; source = \"folder\" takes one");
  }
  return true;
}

}  // namespace

bool FolderDataset::Open(const std::string& root, const std::vector<std::string>& classes,
                         const LogSink& log, std::unique_ptr<Dataset>* dataset,
                         ConfigError* error) {
  if (!CheckRoot(root, error)) return false;
  auto made = std::make_unique<FolderDataset>();
  made->root_ = root;
  FolderWalk walk(root, error);
  std::vector<FolderWalk::Folder> folders;
  uint64_t loose_files = 0;
  const bool listed = walk.List("", &folders, [&](const char* name, const struct stat&) {
    if (HasImageName(name) && strchr(name, '.') != nullptr) ++loose_files;
  });
  if (!listed) return false;
  std::sort(
      folders.begin(), folders.end(),
      [](const FolderWalk::Folder& a, const FolderWalk::Folder& b) { return a.name < b.name; });
  made->classes_ = classes;
  if (classes.empty()) {
    for (const FolderWalk::Folder& folder : folders) made->classes_.push_back(folder.name);
  }

  struct Labelled {
    FolderWalk::File file;
    int32_t label;
  };
  std::vector<Labelled> all;
  for (size_t label = 0; label < made->classes_.size(); ++label) {
    const std::string& name = made->classes_[label];
    const auto found =
        std::find_if(folders.begin(), folders.end(),
                     [&](const FolderWalk::Folder& folder) { return folder.name == name; });
    if (found == folders.end()) {
      std::string known;
      for (size_t i = 0; i < folders.size() && i < 8; ++i) {
        known += (i > 0 ? ", " : "") + folders[i].name;
      }
      return Fail(error, Code::kConfigValue,
                  "[dataset] classes: \"" + name + "\" is not a folder of " + root +
                      "; there are " + std::to_string(folders.size()) + ": " + known +
                      (folders.size() > 8 ? ", ..." : ""));
    }
    std::vector<FolderWalk::File> files;
    if (!walk.Below(name, *found, &files)) return false;
    for (FolderWalk::File& file : files)
      all.push_back({std::move(file), static_cast<int32_t>(label)});
  }
  if (all.empty()) return FailEmpty(root, loose_files, folders.size(), error);
  if (loose_files > 0) {
    const std::string text = root + ": " + std::to_string(loose_files) +
                             " images lie directly in it and have no class: passed over";
    log.Write(LogLevel::kWarning, text.c_str());
  }

  const bool sorted = WatchedSort(&all, [](const Labelled& a, const Labelled& b) {
    return a.file.path < b.file.path;  // std::string compares as unsigned bytes
  });
  if (!sorted) return OpeningGoesOn(error);
  made->files_.Reserve(all.size());
  for (const Labelled& one : all) {
    if (!OpeningGoesOnAt(made->files_.size())) return OpeningGoesOn(error);
    made->files_.Add(one.file.path, one.file.bytes, one.file.mtime_ns, one.label);
  }
  made->files_.Finish();
  *dataset = std::move(made);
  return true;
}

uint64_t FolderDataset::index_bytes() const {
  uint64_t bytes = files_.bytes();
  for (const std::string& name : classes_) bytes += sizeof(name) + name.capacity();
  return bytes;
}

}  // namespace headrace::loader
