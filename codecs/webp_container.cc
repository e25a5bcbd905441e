#include "codecs/webp_container.h"

#include <algorithm>
#include <cstring>

#include "codecs/limit_checks.h"

namespace headrace::codecs {
namespace {

constexpr size_t kRiffHeaderBytes = 12;  // "RIFF", size, "WEBP"
constexpr size_t kChunkHeaderBytes = 8;
constexpr size_t kVp8xBytes = 10;
constexpr size_t kFrameHeaderBytes = 16;
constexpr uint32_t kAnimationFlag = 0x02;
constexpr uint32_t kExifFlag = 0x08;

// Little-endian, of 1 to 4 bytes.
uint32_t Number(std::span<const std::byte> bytes, size_t offset, size_t count) {
  uint32_t value = 0;
  for (size_t i = 0; i < count; ++i) {
    value |= std::to_integer<uint32_t>(bytes[offset + i]) << (8 * i);
  }
  return value;
}

bool HasTag(std::span<const std::byte> chunk, const char (&tag)[5]) {
  return std::memcmp(chunk.data(), tag, 4) == 0;
}

// What: the chunks of a file that is cut to its RIFF size, one after the other. A chunk that does
// not fit ends the walk.
class ChunkWalker {
 public:
  explicit ChunkWalker(std::span<const std::byte> body) : body_(body) {}

  bool Next() {
    if (body_.size() - at_ < kChunkHeaderBytes) return false;
    const uint32_t bytes = Number(body_, at_ + 4, 4);
    const size_t left = body_.size() - at_ - kChunkHeaderBytes;
    if (bytes > left) return false;
    head_ = body_.subspan(at_, kChunkHeaderBytes);
    data_ = body_.subspan(at_ + kChunkHeaderBytes, bytes);
    // Chunks are padded to even sizes; the last one's padding may be missing.
    at_ += kChunkHeaderBytes + std::min<size_t>(left, size_t{bytes} + (bytes & 1));
    return true;
  }

  bool Is(const char (&tag)[5]) const { return HasTag(head_, tag); }
  std::span<const std::byte> data() const { return data_; }

 private:
  std::span<const std::byte> body_;
  size_t at_ = 0;
  std::span<const std::byte> head_;
  std::span<const std::byte> data_;
};

// The place and the data of an animation's frame (chunk ANMF).
Status ReadFrame(std::span<const std::byte> data, WebpContainer* container) {
  if (data.size() < kFrameHeaderBytes + kChunkHeaderBytes) {
    return {Code::kCorrupt, "the WebP's first frame has no picture"};
  }
  container->frame = {2 * Number(data, 0, 3), 2 * Number(data, 3, 3), Number(data, 6, 3) + 1,
                      Number(data, 9, 3) + 1};
  const RectPx& frame = container->frame;
  if (uint64_t{frame.x} + frame.width > container->canvas.width ||
      uint64_t{frame.y} + frame.height > container->canvas.height) {
    return {Code::kCorrupt, "the WebP's first frame lies outside its canvas"};
  }
  container->picture = data.subspan(kFrameHeaderBytes);
  return {};
}

// A file with a VP8X header: the canvas, and of what follows the first frame and the EXIF block.
Status ReadExtended(ChunkWalker walker, const Limits& limits, WebpContainer* container) {
  const std::span<const std::byte> head = walker.data();
  if (head.size() < kVp8xBytes) return {Code::kCorrupt, "the WebP's VP8X header is too short"};
  const uint32_t flags = Number(head, 0, 1);
  const uint64_t width = uint64_t{Number(head, 4, 3)} + 1;
  const uint64_t height = uint64_t{Number(head, 7, 3)} + 1;
  HR_TRY(CheckSize(width, height, limits));
  container->canvas = {static_cast<uint32_t>(width), static_cast<uint32_t>(height)};
  container->animated = (flags & kAnimationFlag) != 0;
  const bool wants_exif = (flags & kExifFlag) != 0;
  bool has_frame = false;
  bool has_exif = false;
  while (walker.Next()) {
    if (container->animated && !has_frame && walker.Is("ANMF")) {
      HR_TRY(ReadFrame(walker.data(), container));
      has_frame = true;
    } else if (wants_exif && !has_exif && walker.Is("EXIF")) {
      container->exif = walker.data();
      has_exif = true;
    }
    if ((has_frame || !container->animated) && (has_exif || !wants_exif)) break;
  }
  if (container->animated && !has_frame) {
    return {Code::kCorrupt, "the WebP is an animation without a frame"};
  }
  return {};
}

}  // namespace

Status ReadWebpContainer(std::span<const std::byte> file, const Limits& limits,
                         WebpContainer* container) {
  *container = {};
  if (file.size() < kRiffHeaderBytes + kChunkHeaderBytes) {
    return {Code::kTruncated, "the WebP ends within its header"};
  }
  const uint64_t riff_bytes = uint64_t{Number(file, 4, 4)} + 8;
  if (riff_bytes < kRiffHeaderBytes + kChunkHeaderBytes) {
    return {Code::kCorrupt, "the WebP's RIFF header has an impossible size"};
  }
  const uint64_t whole_bytes = std::min<uint64_t>(riff_bytes, file.size());
  const std::span<const std::byte> riff = file.first(static_cast<size_t>(whole_bytes));
  ChunkWalker walker(riff.subspan(kRiffHeaderBytes));
  // A lie about the size is named as such before anything else.
  if (walker.Next() && walker.Is("VP8X")) {
    HR_TRY(ReadExtended(walker, limits, container));
  }
  if (riff_bytes > file.size()) {
    return {Code::kTruncated, "the WebP is shorter than its RIFF header says"};
  }
  container->extraneous_bytes = file.size() - riff_bytes;
  if (!container->animated) container->picture = riff;
  return {};
}

}  // namespace headrace::codecs
