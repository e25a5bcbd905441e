#include "bindings/cli/source_picture.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace headrace::cli {
namespace {

class FileToRead {
 public:
  explicit FileToRead(const std::string& path) : fd_(open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~FileToRead() {
    if (fd_ >= 0) close(fd_);
  }
  FileToRead(const FileToRead&) = delete;
  FileToRead& operator=(const FileToRead&) = delete;
  int fd() const { return fd_; }

 private:
  int fd_;
};

}  // namespace

bool ReadWholeFile(const std::string& path, std::vector<std::byte>* bytes, std::string* error) {
  const FileToRead file(path);
  struct stat info {};
  if (file.fd() < 0 || fstat(file.fd(), &info) != 0) {
    *error = "cannot open " + path + ": " + std::strerror(errno);
    return false;
  }
  if (!S_ISREG(info.st_mode)) {
    *error = path + ": not a regular file";
    return false;
  }
  bytes->resize(static_cast<size_t>(info.st_size));
  size_t filled = 0;
  while (filled < bytes->size()) {
    const ssize_t got = read(file.fd(), bytes->data() + filled, bytes->size() - filled);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      *error = "cannot read " + path + ": " + std::strerror(errno);
      return false;
    }
    if (got == 0) break;  // the file shrank meanwhile
    filled += static_cast<size_t>(got);
  }
  bytes->resize(filled);
  return true;
}

bool HasImageExtension(std::string_view path) {
  const size_t dot = path.rfind('.');
  if (dot == path.npos) return false;
  std::string extension(path.substr(dot));
  std::transform(extension.begin(), extension.end(), extension.begin(),
                 [](unsigned char c) { return c >= 'A' && c <= 'Z' ? c + 32 : c; });
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

}  // namespace headrace::cli
