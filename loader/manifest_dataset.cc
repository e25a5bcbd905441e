#include "loader/manifest_dataset.h"

#include <fcntl.h>
#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "io/file.h"
#include "loader/config_report.h"
#include "loader/file_lookup.h"
#include "loader/manifest/manifest_text.h"
#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

std::string FolderOf(const std::string& path) {
  const size_t slash = path.rfind('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

// The manifest and the folder of its pictures.
bool FindPlaces(const DatasetConfig& config, ManifestText* text, std::string* root,
                ConfigError* error) {
  const std::string& path = config.path.front();
  const bool apart = !config.annotations.empty();
  *root = apart ? path : FolderOf(path);
  text->file = apart ? config.annotations : path;
  text->key = apart ? "[dataset] annotations" : "[dataset] path";
  struct stat info;
  if (!apart && stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode)) {
    return Fail(error, Code::kConfigValue,
                "[dataset] path: " + Printable(path, 160) +
                    " is a folder; source = \"manifest\" takes the manifest, or the folder of the "
                    "pictures with annotations = the manifest");
  }
  return true;
}

}  // namespace

bool ManifestDataset::Open(const DatasetConfig& config, std::unique_ptr<Dataset>* dataset,
                           ConfigError* error) {
  ManifestText text;
  auto made = std::make_unique<ManifestDataset>();
  if (!FindPlaces(config, &text, &made->root_, error) || !ReadManifest(&text, error) ||
      !made->labels_.Make(text, config.classes, error)) {
    return false;
  }
  const io::UniqueFd root(open(made->root_.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
  if (!root.valid()) {
    const int number = errno;
    return Fail(error, CodeOfErrno(number),
                "[dataset] path: " + Printable(made->root_, 160) + ": " + strerror(number) +
                    "; name the folder of the pictures",
                number);
  }
  std::vector<FoundFile> found(text.rows.size());
  if (!LookUpFiles(
          root.get(), [&](uint64_t i) { return text.PathOf(text.rows[i]); }, found, error)) {
    return false;
  }
  made->files_.Reserve(text.rows.size());
  for (uint64_t i = 0; i < text.rows.size(); ++i) {
    if (!OpeningGoesOnAt(i)) return OpeningGoesOn(error);
    const char* path = text.PathOf(text.rows[i]);
    const FoundFile& file = found[i];
    if (!file.is_regular) {
      return Fail(error,
                  file.error_number != 0 ? CodeOfErrno(file.error_number) : Code::kNotRegularFile,
                  text.PlaceOf(text.rows[i].line, 1) + ": " + Quoted(path, 120) +
                      (file.error_number != 0 ? std::string(": ") + strerror(file.error_number)
                                              : " is not a regular file") +
                      " (beneath " + Printable(made->root_, 80) + ')',
                  file.error_number);
    }
    made->files_.Add(path, file.bytes, file.mtime_ns, made->labels_.Class(i));
  }
  made->files_.Finish();
  *dataset = std::move(made);
  return true;
}

}  // namespace headrace::loader
