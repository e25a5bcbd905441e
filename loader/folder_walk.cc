#include "loader/folder_walk.h"

#include <dirent.h>
#include <fcntl.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "loader/file_times.h"
#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

constexpr size_t kDepthMax = 64;

struct DirCloser {
  void operator()(DIR* dir) const { closedir(dir); }
};
using UniqueDir = std::unique_ptr<DIR, DirCloser>;

}  // namespace

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

bool FolderWalk::Below(const std::string& folder, const Folder& found, std::vector<File>* files) {
  for (const Folder& above : above_) {
    if (above.device == found.device && above.inode == found.inode) {
      return Fail(error_, Code::kConfigValue,
                  Full(folder) + ": a link that leads back to a folder above it; remove it");
    }
  }
  if (above_.size() == kDepthMax) {
    return Fail(error_, Code::kConfigValue, Full(folder) + ": more than 64 folders deep");
  }
  above_.push_back(found);
  std::vector<Folder> folders;
  const bool listed = List(folder, &folders, [&](const char* name, const struct stat& info) {
    if (!HasImageName(name)) return;
    OpeningFound(1);
    files->push_back(
        {folder + "/" + name, static_cast<uint64_t>(info.st_size), NanosecondsOf(info.st_mtim)});
  });
  if (!listed) return false;
  for (const Folder& inner : folders) {
    if (!Below(folder + "/" + inner.name, inner, files)) return false;
  }
  above_.pop_back();
  return true;
}

bool FolderWalk::List(const std::string& folder, std::vector<Folder>* folders,
                      const OnFile& on_file) {
  const std::string full = Full(folder);
  UniqueDir dir(opendir(full.c_str()));
  if (!dir) {
    const int number = errno;
    return Fail(error_, CodeOfErrno(number),
                "cannot list the folder " + full + ": " + strerror(number), number);
  }
  for (;;) {
    if (!OpeningGoesOn(error_)) return false;
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

}  // namespace headrace::loader
