#include "loader/saliency/saliency_map_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <optional>
#include <string_view>
#include <vector>

#include "base/checked_math.h"
#include "base/status_text.h"
#include "io/whole.h"
#include "loader/open_watch.h"

namespace headrace::loader {
namespace {

static_assert(std::endian::native == std::endian::little,
              "the numbers of the file are read as they are");

constexpr uint32_t kGridSideMax = 4096;
constexpr uint64_t kHeaderBytesMax = 64 * 1024;
// Read and looked at at a time, so that an opening can end within a long file.
constexpr uint64_t kPieceBytes = uint64_t{8} << 20;
static_assert(kPieceBytes % sizeof(float) == 0);

// The text behind `'key':` in the header, a Python dictionary on one line.
std::optional<std::string_view> ValueOf(std::string_view header, std::string_view key) {
  for (const char quote : {'\'', '"'}) {
    const std::string wanted = quote + std::string(key) + quote;
    const size_t at = header.find(wanted);
    if (at == header.npos) continue;
    std::string_view rest = header.substr(at + wanted.size());
    const size_t begin = rest.find_first_not_of(" :");
    if (begin == rest.npos || rest.find(':') > begin) return std::nullopt;
    return rest.substr(begin);
  }
  return std::nullopt;
}

// "(10, 14, 14)" as numbers; nothing when it is something else.
std::optional<std::vector<uint64_t>> ShapeOf(std::string_view text) {
  if (text.empty() || text.front() != '(') return std::nullopt;
  std::vector<uint64_t> shape;
  bool in_number = false;
  for (const char c : text.substr(1)) {
    if (c >= '0' && c <= '9') {
      if (!in_number) shape.push_back(0);
      in_number = true;
      shape.back() = SaturatingAdd(SaturatingMul(shape.back(), 10), static_cast<uint64_t>(c - '0'));
    } else if (c == ')') {
      return shape;
    } else if (c == ',' || c == ' ') {
      in_number = false;
    } else {
      return std::nullopt;
    }
    if (shape.size() > 8) return std::nullopt;
  }
  return std::nullopt;
}

std::string ShapeText(const std::vector<uint64_t>& shape) {
  std::string text = "[";
  for (const uint64_t side : shape) text += (text.size() > 1 ? ", " : "") + std::to_string(side);
  return text + "]";
}

}  // namespace

bool SaliencyMapFile::Open(const std::string& path, uint64_t samples,
                           std::unique_ptr<SaliencyMapFile>* file, ConfigError* error) {
  std::unique_ptr<SaliencyMapFile> made(new SaliencyMapFile);
  made->path_ = path;
  made->fd_ = open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (made->fd_ < 0) {
    const int number = errno;
    const Code code = number == ENOENT   ? Code::kNotFound
                      : number == EACCES ? Code::kPermission
                                         : Code::kIoError;
    return made->Fail(code, std::string("cannot open it: ") + strerror(number), error, number);
  }
  if (!made->ReadHeader(samples, error)) return false;
  *file = std::move(made);
  return true;
}

SaliencyMapFile::~SaliencyMapFile() {
  if (fd_ >= 0) close(fd_);
}

bool SaliencyMapFile::Fail(Code code, const std::string& what, ConfigError* error,
                           int error_number) const {
  error->code = code;
  error->text = "[dataset] saliency_maps: " + path_ + ": " + what;
  error->error_number = error_number;
  return false;
}

bool SaliencyMapFile::ReadAt(uint64_t offset, std::byte* out, uint64_t bytes,
                             ConfigError* error) const {
  const Status status =
      io::ReadAt(fd_, {out, static_cast<size_t>(bytes)}, offset,
                 {.ended = "the file ends too early", .failed = "cannot read it"});
  if (status.ok()) return true;
  const Code code = status.code() == Code::kTruncated ? Code::kTruncated : Code::kIoError;
  return Fail(code, TextOf(status), error, status.error_number());
}

bool SaliencyMapFile::ReadHeader(uint64_t samples, ConfigError* error) {
  struct stat about {};
  if (fstat(fd_, &about) != 0 || !S_ISREG(about.st_mode)) {
    return Fail(Code::kNotRegularFile, "not a regular file", error);
  }
  const auto file_bytes = static_cast<uint64_t>(about.st_size);
  const auto not_npy = [&] {
    return Fail(Code::kUnsupportedFormat, "not an .npy file; numpy.save writes one", error);
  };
  unsigned char head[12] = {};
  if (file_bytes < sizeof(head)) return not_npy();
  if (!ReadAt(0, reinterpret_cast<std::byte*>(head), sizeof(head), error)) return false;
  if (std::memcmp(head, "\x93NUMPY", 6) != 0 || head[6] < 1 || head[6] > 3) return not_npy();
  // Version 1 has a length of 16 bits, later ones of 32.
  uint64_t header_bytes = head[8] | uint64_t{head[9]} << 8;
  uint64_t begin = 10;
  if (head[6] > 1) {
    header_bytes |= uint64_t{head[10]} << 16 | uint64_t{head[11]} << 24;
    begin = 12;
  }
  if (header_bytes > kHeaderBytesMax || begin + header_bytes > file_bytes) return not_npy();
  std::string header(header_bytes, '\0');
  if (!ReadAt(begin, reinterpret_cast<std::byte*>(header.data()), header_bytes, error))
    return false;
  const auto type = ValueOf(header, "descr");
  const auto order = ValueOf(header, "fortran_order");
  const auto shape_text = ValueOf(header, "shape");
  const auto shape = shape_text ? ShapeOf(*shape_text) : std::nullopt;
  if (!type || !order || !shape) return not_npy();

  const std::string_view name = type->size() < 5 ? *type : type->substr(1, 3);
  if (name == "|u1" || name == "<u1") {
    value_bytes_ = 1;
  } else if (name == "<f4") {
    value_bytes_ = 4;
  } else {
    return Fail(Code::kConfigValue,
                "the numbers are \"" + std::string(name) +
                    "\"; expected u8 (\"|u1\") or little-endian f32 (\"<f4\")",
                error);
  }
  if (!order->starts_with("False")) {
    return Fail(Code::kConfigValue,
                "the numbers are in Fortran's order; save numpy.ascontiguousarray(maps)", error);
  }
  if (shape->size() != 3 || (*shape)[1] < 1 || (*shape)[2] < 1 || (*shape)[1] > kGridSideMax ||
      (*shape)[2] > kGridSideMax) {
    return Fail(Code::kConfigValue,
                "the shape is " + ShapeText(*shape) +
                    "; expected [samples, height, width] with sides of 1 to " +
                    std::to_string(kGridSideMax),
                error);
  }
  if ((*shape)[0] != samples) {
    return Fail(Code::kConfigValue,
                "it holds " + std::to_string((*shape)[0]) + " maps and the data set has " +
                    std::to_string(samples) +
                    " samples; one a sample is needed, in the order of ids",
                error);
  }
  samples_ = samples;
  grid_height_ = static_cast<uint32_t>((*shape)[1]);
  grid_width_ = static_cast<uint32_t>((*shape)[2]);
  data_offset_ = begin + header_bytes;
  const uint64_t wanted =
      SaturatingAdd(data_offset_, SaturatingMul(SaturatingMul(samples, cells()), value_bytes_));
  if (file_bytes == wanted) return true;
  return Fail(file_bytes < wanted ? Code::kTruncated : Code::kConfigValue,
              "it has " + std::to_string(file_bytes) + " bytes, and a shape of " +
                  ShapeText(*shape) + " needs " + std::to_string(wanted),
              error);
}

bool SaliencyMapFile::Read(ConfigError* error) {
  auto memory = HostMemory::Map(std::max<uint64_t>(bytes(), 1), HostMemory::Pages::kSmall);
  if (!memory.ok()) return Fail(memory.status().code(), memory.status().text(), error);
  values_ = std::move(*memory);
  for (uint64_t at = 0; at < bytes(); at += kPieceBytes) {
    const uint64_t piece = std::min(kPieceBytes, bytes() - at);
    if (!OpeningGoesOn(error) || !ReadAt(data_offset_ + at, values_.data() + at, piece, error) ||
        !CheckValues(at / value_bytes_, (at + piece) / value_bytes_, error)) {
      return false;
    }
  }
  close(fd_);
  fd_ = -1;
  return true;
}

bool SaliencyMapFile::CheckValues(uint64_t begin, uint64_t end, ConfigError* error) const {
  if (value_bytes_ == 1) return true;
  const auto* values = reinterpret_cast<const float*>(values_.data());
  for (uint64_t i = begin; i < end; ++i) {
    if (std::isfinite(values[i]) && values[i] >= 0) continue;
    const uint64_t cell = i % cells();
    return Fail(
        Code::kConfigValue,
        "map " + std::to_string(i / cells()) + " has " +
            (std::isfinite(values[i]) ? "a negative number" : "a number that is not finite") +
            " at row " + std::to_string(cell / grid_width_) + ", column " +
            std::to_string(cell % grid_width_) + "; expected finite numbers of at least 0",
        error);
  }
  return true;
}

float SaliencyMapFile::At(uint64_t sample, PointF place) const {
  if (!(place.x >= 0 && place.x <= 1 && place.y >= 0 && place.y <= 1)) return 0;
  const auto column = std::min(static_cast<uint32_t>(place.x * grid_width_), grid_width_ - 1);
  const auto row = std::min(static_cast<uint32_t>(place.y * grid_height_), grid_height_ - 1);
  const uint64_t at = sample * cells() + uint64_t{row} * grid_width_ + column;
  if (value_bytes_ == 1) return static_cast<float>(std::to_integer<int>(values_.data()[at]));
  return reinterpret_cast<const float*>(values_.data())[at];
}

}  // namespace headrace::loader
