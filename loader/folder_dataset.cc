#include "loader/folder_dataset.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace headrace::loader {
namespace {

constexpr size_t kDepthMax = 64;

// Only compared for equality: a time that a file system made up may wrap.
int64_t NanosecondsOf(const timespec& time) {
  constexpr uint64_t kNsPerSecond = 1'000'000'000;
  return static_cast<int64_t>(static_cast<uint64_t>(time.tv_sec) * kNsPerSecond +
                              static_cast<uint64_t>(time.tv_nsec));
}

struct DirCloser {
  void operator()(DIR* dir) const { closedir(dir); }
};
using UniqueDir = std::unique_ptr<DIR, DirCloser>;

bool Fail(ConfigError* error, Code code, std::string text, int error_number = 0) {
  *error = {code, std::move(text), error_number};
  return false;
}

bool HasImageName(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos) return true;
  std::string extension(name.substr(dot + 1));
  for (char& c : extension) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return extension == "jpg" || extension == "jpeg" || extension == "jpe" || extension == "png" ||
         extension == "webp";
}

struct FoundFile {
  std::string path;  // relative to the root
  uint64_t bytes;
  int64_t mtime_ns;
};

struct FoundFolder {
  std::string name;
  dev_t device;
  ino_t inode;
};

// Lists one folder after the other; a failure names the folder.
class Walker {
 public:
  Walker(const std::string& root, ConfigError* error) : root_(root), error_(error) {}

  // Adds the images beneath `folder` (relative to the root) to `files`.
  bool Walk(const std::string& folder, const FoundFolder& found, std::vector<FoundFile>* files) {
    for (const FoundFolder& above : above_) {
      if (above.device == found.device && above.inode == found.inode) {
        return Fail(error_, Code::kConfigValue,
                    Full(folder) + ": a link that leads back to a folder above it; remove it");
      }
    }
    if (above_.size() == kDepthMax) {
      return Fail(error_, Code::kConfigValue, Full(folder) + ": more than 64 folders deep");
    }
    above_.push_back(found);
    std::vector<FoundFolder> folders;
    const bool listed = List(folder, &folders, [&](const char* name, const struct stat& info) {
      if (!HasImageName(name)) return;
      files->push_back(
          {folder + "/" + name, static_cast<uint64_t>(info.st_size), NanosecondsOf(info.st_mtim)});
    });
    if (!listed) return false;
    for (const FoundFolder& inner : folders) {
      if (!Walk(folder + "/" + inner.name, inner, files)) return false;
    }
    above_.pop_back();
    return true;
  }

  // Calls on_file(name, what stat says) for regular files of one folder and collects the folders in
  // it.
  template <class OnFile>
  bool List(const std::string& folder, std::vector<FoundFolder>* folders, OnFile on_file) {
    const std::string full = Full(folder);
    UniqueDir dir(opendir(full.c_str()));
    if (!dir) {
      const int number = errno;
      return Fail(error_, CodeOfErrno(number),
                  "cannot list the folder " + full + ": " + strerror(number), number);
    }
    for (;;) {
      errno = 0;
      const dirent* entry = readdir(dir.get());
      if (entry == nullptr) {
        if (errno == 0) return true;
        const int number = errno;
        return Fail(error_, Code::kIoError,
                    "cannot list the folder " + full + ": " + strerror(number));
      }
      if (entry->d_name[0] == '.') continue;  // hidden, and "." and ".."
      struct stat info;
      // A link that leads nowhere, or a file that went away meanwhile, is no sample.
      if (fstatat(dirfd(dir.get()), entry->d_name, &info, 0) != 0) continue;
      if (S_ISDIR(info.st_mode)) {
        folders->push_back({entry->d_name, info.st_dev, info.st_ino});
      } else if (S_ISREG(info.st_mode)) {
        on_file(entry->d_name, info);
      }
    }
  }

 private:
  std::string Full(const std::string& folder) const {
    return folder.empty() ? root_ : root_ + "/" + folder;
  }

  const std::string& root_;
  ConfigError* error_;
  std::vector<FoundFolder> above_;  // the folders that lead to the one being walked
};

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
  Walker walker(root, error);
  std::vector<FoundFolder> folders;
  uint64_t loose_files = 0;
  const bool listed = walker.List("", &folders, [&](const char* name, const struct stat&) {
    if (HasImageName(name) && strchr(name, '.') != nullptr) ++loose_files;
  });
  if (!listed) return false;
  std::sort(folders.begin(), folders.end(),
            [](const FoundFolder& a, const FoundFolder& b) { return a.name < b.name; });
  made->classes_ = classes;
  if (classes.empty()) {
    for (const FoundFolder& folder : folders) made->classes_.push_back(folder.name);
  }

  struct Labelled {
    FoundFile file;
    int32_t label;
  };
  std::vector<Labelled> all;
  for (size_t label = 0; label < made->classes_.size(); ++label) {
    const std::string& name = made->classes_[label];
    const auto found = std::find_if(folders.begin(), folders.end(),
                                    [&](const FoundFolder& folder) { return folder.name == name; });
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
    std::vector<FoundFile> files;
    if (!walker.Walk(name, *found, &files)) return false;
    for (FoundFile& file : files) all.push_back({std::move(file), static_cast<int32_t>(label)});
  }
  if (all.empty()) return FailEmpty(root, loose_files, folders.size(), error);
  if (loose_files > 0) {
    const std::string text = root + ": " + std::to_string(loose_files) +
                             " images lie directly in it and have no class: passed over";
    log.Write(LogLevel::kWarning, text.c_str());
  }

  std::sort(all.begin(), all.end(), [](const Labelled& a, const Labelled& b) {
    return a.file.path < b.file.path;  // std::string compares as unsigned bytes
  });
  made->entries_.reserve(all.size());
  for (const Labelled& one : all) {
    made->entries_.push_back({made->paths_.size(), one.file.bytes, one.file.mtime_ns, one.label});
    made->paths_.insert(made->paths_.end(), one.file.path.c_str(),
                        one.file.path.c_str() + one.file.path.size() + 1);
  }
  made->paths_.shrink_to_fit();
  *dataset = std::move(made);
  return true;
}

Extent FolderDataset::Locate(uint64_t id) const {
  const Entry& entry = entries_[id];
  return {.path = paths_.data() + entry.path,
          .offset = 0,
          .bytes = entry.bytes,
          .whole_file = true,
          .mtime_ns = entry.mtime_ns};
}

uint64_t FolderDataset::index_bytes() const {
  uint64_t bytes = paths_.capacity() + entries_.capacity() * sizeof(Entry);
  for (const std::string& name : classes_) bytes += sizeof(name) + name.capacity();
  return bytes;
}

}  // namespace headrace::loader
