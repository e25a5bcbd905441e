#include "jpeg_pieces.h"

#include <algorithm>

namespace headrace::fuzz {
namespace {

// Whether a marker that begins a piece stands at `at`. Inside a scan stuffing and restart markers
// are data.
bool BeginsPiece(std::span<const uint8_t> file, size_t at, bool in_scan) {
  if (at + 1 >= file.size() || file[at] != 0xFF) return false;
  const uint8_t next = file[at + 1];
  if (next == 0 || next == 0xFF) return false;
  return !(in_scan && next >= kRst0 && next <= kRst0 + 7);
}

}  // namespace

JpegPieces ParseJpeg(std::span<const uint8_t> file) {
  JpegPieces pieces;
  size_t at = 0;
  while (at < file.size()) {
    JpegPiece piece;
    const bool in_scan = !pieces.empty() && pieces.back().marker == kSos;
    if (BeginsPiece(file, at, in_scan)) {
      piece.marker = file[at + 1];
      at += 2;
      if (piece.HasLength() && at + 2 <= file.size()) {
        const size_t length = size_t{file[at]} << 8 | file[at + 1];
        const size_t end = std::min(file.size(), at + std::max<size_t>(length, 2));
        piece.payload.assign(file.begin() + static_cast<ptrdiff_t>(at + 2),
                             file.begin() + static_cast<ptrdiff_t>(end));
        at = end;
      }
    }
    const size_t begin = at;
    while (at < file.size() && !BeginsPiece(file, at, piece.marker == kSos)) ++at;
    piece.data.assign(file.begin() + static_cast<ptrdiff_t>(begin),
                      file.begin() + static_cast<ptrdiff_t>(at));
    pieces.push_back(std::move(piece));
  }
  return pieces;
}

ByteVector WriteJpeg(const JpegPieces& pieces) {
  ByteVector file;
  for (const JpegPiece& piece : pieces) {
    file.insert(file.end(), piece.fill, uint8_t{0xFF});
    if (piece.marker != 0) {
      file.push_back(0xFF);
      file.push_back(piece.marker);
      if (piece.HasLength()) {
        const size_t length = piece.payload.size() + 2;
        file.push_back(static_cast<uint8_t>(length >> 8));
        file.push_back(static_cast<uint8_t>(length));
      }
    }
    file.insert(file.end(), piece.payload.begin(), piece.payload.end());
    file.insert(file.end(), piece.data.begin(), piece.data.end());
  }
  return file;
}

JpegPiece* FindFrame(JpegPieces& pieces) {
  const auto found = std::find_if(pieces.begin(), pieces.end(),
                                  [](const JpegPiece& piece) { return piece.IsFrame(); });
  return found == pieces.end() ? nullptr : &*found;
}

size_t FindMarker(const JpegPieces& pieces, uint8_t marker) {
  const auto found = std::find_if(pieces.begin(), pieces.end(), [marker](const JpegPiece& piece) {
    return piece.marker == marker;
  });
  return static_cast<size_t>(found - pieces.begin());
}

}  // namespace headrace::fuzz
