// Lists the pictures beneath a folder.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "loader/config_toml.h"

namespace headrace::loader {

// Names that may be pictures: .jpg .jpeg .jpe .png .webp and none, in any case.
bool HasImageName(std::string_view name);

// Lists one folder after the other; hidden names are passed over. A failure names the folder. Ends
// when the opening does (OpenWatch).
// Owner and thread: whoever opens a data set.
class FolderWalk {
 public:
  struct File {
    std::string path;  // relative to the root
    uint64_t bytes = 0;
    int64_t mtime_ns = 0;
  };
  struct Folder {
    std::string name;
    dev_t device = 0;
    ino_t inode = 0;
  };

  // Both must outlive it.
  FolderWalk(const std::string& root, ConfigError* error) : root_(root), error_(error) {}

  // Adds the images beneath `folder` (relative to the root), which List has found.
  [[nodiscard]] bool Below(const std::string& folder, const Folder& found,
                           std::vector<File>* files);

  // Calls on_file(name, what stat says) for regular files of one folder and collects the folders in
  // it.
  using OnFile = std::function<void(const char* name, const struct stat& info)>;
  [[nodiscard]] bool List(const std::string& folder, std::vector<Folder>* folders,
                          const OnFile& on_file);

 private:
  std::string Full(const std::string& folder) const {
    return folder.empty() ? root_ : root_ + "/" + folder;
  }

  const std::string& root_;
  ConfigError* error_;
  std::vector<Folder> above_;  // the folders that lead to the one being walked
};

}  // namespace headrace::loader
