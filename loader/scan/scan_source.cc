#include "loader/scan/scan_source.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>
#include <utility>
#include <vector>

#include "loader/file_table.h"
#include "loader/folder_source.h"
#include "loader/folder_walk.h"
#include "loader/open_watch.h"
#include "loader/watched_sort.h"

namespace headrace::loader {
namespace {

constexpr std::string_view kTar = ".tar";
constexpr std::string_view kToml = ".toml";

// What: the pictures that lie directly in a folder. As FolderDataset otherwise.
class FlatFolder final : public Dataset {
 public:
  static bool Open(const std::string& root, std::unique_ptr<Dataset>* dataset, ConfigError* error) {
    auto made = std::make_unique<FlatFolder>();
    made->root_ = root;
    std::vector<FolderWalk::File> files;
    std::vector<FolderWalk::Folder> folders;
    FolderWalk walk(made->root_, error);
    const bool listed = walk.List("", &folders, [&](const char* name, const struct stat& info) {
      if (!HasImageName(name)) return;
      OpeningFound(1);
      files.push_back({name, static_cast<uint64_t>(info.st_size), 0});
    });
    if (!listed) return false;
    const bool sorted = WatchedSort(&files, [](const auto& a, const auto& b) {
      return a.path < b.path;  // std::string compares as unsigned bytes
    });
    if (!sorted) return OpeningGoesOn(error);
    made->files_.Reserve(files.size());
    for (const FolderWalk::File& file : files) {
      made->files_.Add(file.path, file.bytes, file.mtime_ns, 0);
    }
    made->files_.Finish();
    *dataset = std::move(made);
    return true;
  }

  uint64_t size() const override { return files_.size(); }
  Extent Locate(uint64_t id) const override { return files_.Locate(id); }
  int64_t Label(uint64_t id) const override { return files_.Label(id); }
  const std::vector<std::string>& classes() const override { return classes_; }
  const std::string& root() const override { return root_; }
  uint64_t index_bytes() const override { return files_.bytes(); }

 private:
  std::string root_;
  std::vector<std::string> classes_ = {"."};
  FileTable files_;
};

}  // namespace

bool ConfigOfPath(const std::string& path, std::span<const std::string> overrides, Config* config,
                  ConfigError* error) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) {
    const int number = errno;
    return Fail(error, CodeOfErrno(number), path + ": " + strerror(number), number);
  }
  if (S_ISDIR(info.st_mode)) return ConfigOfFolder(path, overrides, config, error);
  if (path.ends_with(kToml)) return ParseConfigFile(path, overrides, config, error);
  if (!path.ends_with(kTar)) {
    return Fail(error, Code::kConfigValue,
                path + ": expected a configuration (.toml), a folder of pictures or a tar (.tar)");
  }
  constexpr std::string_view kText = "[dataset]\nsource = \"tar\"\npath = \".\"\n";
  if (!ParseConfig({.text = kText, .overrides = overrides}, config, error)) return false;
  config->dataset.path = {path};
  return true;
}

bool OpenPath(const std::string& path, const Config& config, const LogSink& log,
              std::unique_ptr<Dataset>* dataset, ConfigError* error) {
  if (OpenDataset(config, log, dataset, error)) return true;
  const bool names_folder =
      config.dataset.source == Source::kFolder && config.dataset.path == std::vector{path};
  if (error->code != Code::kEmptyDataset || !names_folder) return false;
  ConfigError flat_error;
  std::unique_ptr<Dataset> flat;
  if (!FlatFolder::Open(path, &flat, &flat_error) || flat->size() == 0) {
    if (flat_error.code == Code::kStopped) *error = flat_error;
    return false;
  }
  *dataset = std::move(flat);
  *error = {};
  return true;
}

}  // namespace headrace::loader
