#include "bindings/cli/output_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>

#include "bindings/cli/command.h"

namespace headrace::cli {
namespace {

std::string Cannot(std::string_view what, const std::string& path, int error_number) {
  return "cannot " + std::string(what) + " " + path + ": " + std::strerror(error_number);
}

// 0, or the errno.
int WriteAll(int fd, std::span<const std::byte> bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    bytes = bytes.subspan(static_cast<size_t>(written));
  }
  return 0;
}

int WritePieces(int fd, std::initializer_list<std::span<const std::byte>> pieces) {
  for (const std::span<const std::byte> piece : pieces) {
    if (const int failed = WriteAll(fd, piece); failed != 0) return failed;
  }
  return 0;
}

bool IsDeviceOrPipe(const std::string& path) {
  struct stat info {};
  return stat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode) && !S_ISDIR(info.st_mode);
}

enum class Sync { kNo, kYes };

// 0, or the errno: makes the names in a folder outlive a loss of power.
int SyncFolder(const std::string& path) {
  const int fd = open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return errno;
  // Some file systems sync no folders and say EINVAL.
  const int failed = fsync(fd) != 0 && errno != EINVAL ? errno : 0;
  close(fd);
  return failed;
}

bool WriteFile(const std::string& path, std::initializer_list<std::span<const std::byte>> pieces,
               Sync sync, std::string* error) {
  const bool direct = IsDeviceOrPipe(path);
  const size_t name_at = path.rfind('/') + 1;  // npos + 1 is 0: no folder in the path
  const std::string written_path = direct ? path
                                          : path.substr(0, name_at) + "." + path.substr(name_at) +
                                                ".tmp-" + std::to_string(getpid());
  const int flags = O_WRONLY | O_CLOEXEC | (direct ? 0 : O_CREAT | O_TRUNC);
  const int fd = open(written_path.c_str(), flags, 0666);
  if (fd < 0) {
    *error = Cannot("create", path, errno);
    return false;
  }
  int failed = WritePieces(fd, pieces);
  const bool synced = sync == Sync::kYes && !direct;
  if (synced && failed == 0 && fsync(fd) != 0) failed = errno;
  if (close(fd) != 0 && failed == 0) failed = errno;
  if (failed == 0 && !direct && rename(written_path.c_str(), path.c_str()) != 0) failed = errno;
  if (failed != 0 && !direct) unlink(written_path.c_str());
  if (synced && failed == 0) failed = SyncFolder(FolderOf(path));
  if (failed == 0) return true;
  *error = Cannot("write", path, failed);
  return false;
}

}  // namespace

bool WriteWholeFile(const std::string& path,
                    std::initializer_list<std::span<const std::byte>> pieces, std::string* error) {
  return WriteFile(path, pieces, Sync::kNo, error);
}

bool WriteDurableFile(const std::string& path, std::span<const std::byte> bytes,
                      std::string* error) {
  return WriteFile(path, {bytes}, Sync::kYes, error);
}

bool AppendDurably(int fd, const std::string& path, std::span<const std::byte> bytes,
                   std::string* error) {
  int failed = WriteAll(fd, bytes);
  if (failed == 0 && fsync(fd) != 0) failed = errno;
  if (failed == 0) return true;
  *error = Cannot("write", path, failed);
  return false;
}

bool WriteWholeFile(const std::string& path, std::string_view text, std::string* error) {
  return WriteWholeFile(path, {std::as_bytes(std::span(text))}, error);
}

std::string FolderOf(const std::string& path) {
  const size_t name_at = path.rfind('/') + 1;  // npos + 1 is 0: no folder in the path
  return name_at == 0 ? "." : path.substr(0, name_at);
}

bool MakeFolders(const std::string& path, std::string* error) {
  std::error_code code;
  std::filesystem::create_directories(path, code);
  if (!code && !std::filesystem::is_directory(path, code) && !code) {
    code = std::make_error_code(std::errc::not_a_directory);
  }
  if (!code) return true;
  *error = Cannot("make the folder", path, code.value());
  return false;
}

void PrintResult(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

bool FinishStdout(std::string* error) {
  const int flushed = std::fflush(stdout);
  if (flushed == 0 && std::ferror(stdout) == 0) return true;
  *error = Cannot("write to", "stdout", errno);
  return false;
}

int EmitJson(const ParsedArgs& args, std::string_view json, Console& console, uint32_t rank) {
  std::string path(args.Value("json"));
  if (path == "-") {
    PrintResult(json);
    return kExitGood;
  }
  if (rank > 0) path.append(".").append(std::to_string(rank));
  std::string error;
  return WriteWholeFile(path, json, &error) ? kExitGood : console.Fail(error);
}

}  // namespace headrace::cli
