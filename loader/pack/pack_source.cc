#include "loader/pack/pack_source.h"

#include <sys/stat.h>

#include "loader/config_toml.h"
#include "loader/pack/pack_folder.h"

namespace headrace::loader {
namespace {

bool ReadSourceConfig(const std::string& path, std::span<const std::string> overrides,
                      Config* config, JobError* error) {
  ConfigError failed;
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
    return ParseConfigFile(path, overrides, config, &failed) || Fail(error, failed);
  }
  PackListing listing;
  if (!ListPack(path, &listing, error)) return false;
  const bool has_shards = !listing.shards.empty() || !listing.other.empty();
  const ConfigSource source{.text = has_shards ? "[dataset]\nsource = \"tar\"\npath = \".\"\n"
                                               : "[dataset]\npath = \".\"\n",
                            .name = path,
                            .overrides = overrides};
  if (!ParseConfig(source, config, &failed)) return Fail(error, failed);
  config->dataset.path = {path};
  return true;
}

}  // namespace

bool OpenSource(const std::string& path, std::span<const std::string> overrides, const LogSink& log,
                Config* config, std::unique_ptr<Dataset>* dataset, JobError* error) {
  if (!ReadSourceConfig(path, overrides, config, error)) return false;
  ConfigError failed;
  return OpenDataset(*config, log, dataset, &failed) || Fail(error, failed);
}

}  // namespace headrace::loader
