#include "codecs/sniff.h"

#include <algorithm>
#include <cstring>
#include <string_view>

namespace headrace::codecs {
namespace {

using std::string_view_literals::operator""sv;

constexpr std::string_view kJpegStart = "\xFF\xD8\xFF"sv;  // SOI and the first byte of a marker
constexpr std::string_view kPngSignature = "\x89PNG\r\n\x1A\n"sv;
constexpr std::string_view kCoefSignature = "\x89HRC\r\n\x1A\n"sv;  // codecs/coef_layout.h
constexpr std::string_view kRiff = "RIFF"sv;

std::string_view Text(std::span<const std::byte> file) {
  return {reinterpret_cast<const char*>(file.data()), file.size()};
}

// A file that ends within the signature of a format which it could still become.
bool IsCutSignature(std::string_view text) {
  if (text.empty()) return false;
  if (kJpegStart.starts_with(text) || kPngSignature.starts_with(text) ||
      kCoefSignature.starts_with(text)) {
    return true;
  }
  // "RIFF", four bytes of size, "WEBP".
  const std::string_view riff = text.substr(0, 4);
  const std::string_view kind = text.size() > 8 ? text.substr(8) : ""sv;
  return kRiff.substr(0, riff.size()) == riff && text.size() < 12 && "WEBP"sv.starts_with(kind);
}

}  // namespace

Format Sniff(std::span<const std::byte> file) {
  const std::string_view text = Text(file);
  if (text.starts_with(kJpegStart)) return Format::kJpeg;
  if (text.starts_with(kPngSignature)) return Format::kPng;
  if (text.starts_with(kCoefSignature)) return Format::kCoef;
  if (text.starts_with(kRiff) && text.size() >= 12 && text.substr(8, 4) == "WEBP"sv) {
    return Format::kWebp;
  }
  if (text.starts_with("GIF87a"sv) || text.starts_with("GIF89a"sv)) return Format::kGif;
  if (text.starts_with("BM"sv)) return Format::kBmp;
  if (text.starts_with("II*\0"sv) || text.starts_with("MM\0*"sv)) return Format::kTiff;
  return Format::kUnknown;
}

const char* FormatName(Format format) {
  switch (format) {
    case Format::kUnknown: return "unknown";
    case Format::kJpeg: return "JPEG";
    case Format::kPng: return "PNG";
    case Format::kWebp: return "WebP";
    case Format::kGif: return "GIF";
    case Format::kBmp: return "BMP";
    case Format::kTiff: return "TIFF";
    case Format::kCoef: return "coefficient record";
  }
  return "unknown";
}

Status CheckSupported(Format format, std::span<const std::byte> file) {
  switch (format) {
    case Format::kJpeg:
    case Format::kPng:
    case Format::kCoef:
    case Format::kWebp: return {};
    case Format::kGif: return {Code::kUnsupportedFormat, "GIF is not supported in this version"};
    case Format::kBmp: return {Code::kUnsupportedFormat, "BMP is not supported in this version"};
    case Format::kTiff: return {Code::kUnsupportedFormat, "TIFF is not supported in this version"};
    case Format::kUnknown: break;
  }
  if (IsCutSignature(Text(file))) {
    return {Code::kTruncated, "the file ends within its first bytes"};
  }
  return {Code::kUnsupportedFormat,
          "the first bytes are those of no picture format: expected JPEG, PNG or WebP"};
}

}  // namespace headrace::codecs
