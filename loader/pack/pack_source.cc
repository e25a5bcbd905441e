#include "loader/pack/pack_source.h"

#include <sys/stat.h>

#include "loader/config_toml.h"
#include "loader/folder_source.h"
#include "loader/open_watch.h"
#include "loader/shown_name.h"

namespace headrace::loader {
namespace {

bool ReadSourceConfig(const std::string& path, std::span<const std::string> overrides,
                      Config* config, JobError* error) {
  ConfigError failed;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return ParseConfigFile(path, overrides, config, &failed) || Fail(error, failed);
  }
  return ConfigOfFolder(path, overrides, config, &failed) || Fail(error, failed);
}

}  // namespace

bool OpenSource(const std::string& path, std::span<const std::string> overrides,
                const JobHooks& hooks, Config* config, std::unique_ptr<Dataset>* dataset,
                JobError* error) {
  OpenWatch watch(hooks.progress, OpenWatch::First::kLater);
  if (!ReadSourceConfig(path, overrides, config, error)) return false;
  ConfigError failed;
  return OpenDataset(*config, hooks.log, dataset, &failed) || Fail(error, failed);
}

bool FindPackFolder(const std::string& path, std::span<const std::string> overrides,
                    std::string* folder, JobError* error) {
  *folder = path;
  struct stat info {};
  // One that is not there is for whoever opens it.
  if (::stat(path.c_str(), &info) != 0 || S_ISDIR(info.st_mode)) return true;
  if (path.ends_with(".toml")) {
    Config config;
    ConfigError failed;
    if (!ParseConfigFile(path, overrides, &config, &failed)) return Fail(error, failed);
    const DatasetConfig& dataset = config.dataset;
    if (dataset.source == Source::kTar && dataset.path.size() == 1 &&
        ::stat(dataset.path[0].c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
      *folder = dataset.path[0];
      return true;
    }
  }
  return Fail(error, Code::kConfigValue,
              ShownName(path) +
                  ": expected the folder of a pack, or a configuration whose "
                  "[dataset] has source = \"tar\" and path = that folder");
}

}  // namespace headrace::loader
