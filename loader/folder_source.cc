#include "loader/folder_source.h"

#include <filesystem>
#include <system_error>

#include "loader/open_watch.h"
#include "loader/shards/shard_scan.h"
#include "loader/shown_name.h"

namespace headrace::loader {
namespace {

namespace fs = std::filesystem;

// The first visible file directly in the folder whose name ends in .tar, or nothing.
std::string FirstTar(const std::string& folder) {
  std::error_code ended;
  for (fs::directory_iterator at(folder, ended), end; !ended && at != end; at.increment(ended)) {
    if (!OpeningGoesOn()) return {};
    const std::string name = at->path().filename().string();
    if (!name.starts_with('.') && name.ends_with(".tar")) return name;
  }
  return {};
}

// The first visible picture beneath it, relative to it, or nothing.
std::string FirstPicture(const std::string& folder) {
  std::error_code ended;
  const auto options = fs::directory_options::skip_permission_denied;
  fs::recursive_directory_iterator at(folder, options, ended);
  for (const fs::recursive_directory_iterator end; !ended && at != end; at.increment(ended)) {
    if (!OpeningGoesOn()) return {};
    const std::string name = at->path().filename().string();
    if (name.starts_with('.')) {
      at.disable_recursion_pending();
    } else if (std::error_code ignored; IsPictureName(name) && at->is_regular_file(ignored)) {
      return at->path().string().substr(folder.size() + (folder.ends_with('/') ? 0 : 1));
    }
  }
  return {};
}

// Whether it is one of shards.
bool IsFolderOfTars(const std::string& folder, bool* tars, ConfigError* error) {
  const std::string tar = FirstTar(folder);
  *tars = !tar.empty();
  if (!*tars) return OpeningGoesOn(error);
  const std::string picture = FirstPicture(folder);
  if (picture.empty()) return OpeningGoesOn(error);
  return Fail(error, Code::kConfigValue,
              folder + ": holds tar files (" + ShownName(tar) + ") and pictures (" +
                  ShownName(picture) +
                  "): give a configuration (.toml) that says which, with [dataset] source = "
                  "\"tar\" or \"folder\"");
}

}  // namespace

bool ConfigOfFolder(const std::string& folder, std::span<const std::string> overrides,
                    Config* config, ConfigError* error) {
  bool tars = false;
  if (!IsFolderOfTars(folder, &tars, error)) return false;
  // The place is set after it was parsed, because a path may be any bytes.
  const ConfigSource source{
      .text = tars ? "[dataset]\nsource = \"tar\"\npath = \".\"\n" : "[dataset]\npath = \".\"\n",
      .name = folder,
      .overrides = overrides};
  if (!ParseConfig(source, config, error)) return false;
  config->dataset.path = {folder};
  return true;
}

}  // namespace headrace::loader
