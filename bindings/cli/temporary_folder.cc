#include "bindings/cli/temporary_folder.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <system_error>

namespace headrace::cli {

std::string MakeTemporaryFolder(std::string_view name, std::string* error) {
  const char* parent = std::getenv("TMPDIR");  // NOLINT(concurrency-mt-unsafe): nobody sets it
  const std::filesystem::path given = parent != nullptr && *parent != '\0' ? parent : "/tmp";
  std::error_code failed;
  std::string path = std::filesystem::absolute(given, failed).string();
  if (failed) {
    *error = "TMPDIR: the path of the working folder cannot be had: " + failed.message();
    return {};
  }
  path.append("/headrace-").append(name).append("-XXXXXX");
  if (mkdtemp(path.data()) != nullptr) return path;
  *error = "cannot make the folder " + path + ": " + std::strerror(errno);
  return {};
}

}  // namespace headrace::cli
