// Encoded bytes to pixels: one interface for all formats.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/image_view.h"
#include "base/limits.h"
#include "base/status.h"
#include "codecs/record_bands.h"
#include "simd/planes.h"

namespace headrace::codecs {

enum class Format : uint8_t { kUnknown, kJpeg, kPng, kWebp, kGif, kBmp, kTiff, kCoef };

// By the first bytes, never by the name.
Format Sniff(std::span<const std::byte> file);
const char* FormatName(Format format);

struct ImageInfo {
  Format format = Format::kUnknown;
  SizePx stored;                // as the file holds it
  SizePx upright;               // after `orientation`
  uint8_t orientation = 1;      // EXIF 1..8; other values in the file count as 1
  uint8_t source_channels = 3;  // 1 grey, 2 grey + alpha, 3, 4 (RGBA or CMYK)
  bool has_alpha = false;
  bool progressive = false;  // or interlaced: every region costs the whole file
  bool planar = false;  // DecodePlanes works: a grey or YCbCr JPEG (record) with factors 1 and 2
};

// How to make RGB of what the file holds. Same meaning as [decode].
struct DecodeOptions {
  bool exif = true;
  // Alpha: dropped as Pillow's convert("RGB"), or blended over a background.
  bool blend_alpha = false;
  uint8_t background[3] = {0, 0, 0};
  // What is there of the file's bytes. When it is not all, whatever a decode makes of the file is
  // the whole file's, or it fails: then the whole file has to be looked at.
  RecordPart part;
  // Of a PNG with a palette: each pixel's index three times, in place of its colour.
  bool palette_indices = false;
};

// What a decode reported beside its status.
struct DecodeReport {
  uint32_t warnings = 0;    // data warnings (premature end, bad code): the sample is corrupt
  uint32_t extraneous = 0;  // extraneous bytes: counted only
  bool by_library = false;  // a JPEG that libjpeg-turbo decoded, not our own decoder
  // Parts of the time that the decode took, of 0 to 1; 0 where a library does not tell.
  float idct_share = 0;
  float colour_share = 0;
};

// A part of the picture as planes, perhaps smaller than it is stored.
struct PlanesRequest {
  RectPx region;           // of the upright picture
  uint32_t reduction = 1;  // 1, 2, 4 or 8: planes of a half, a quarter, an eighth of the size
};

// Entropy checkpoints of one JPEG (codecs/jpeg_checkpoints.h), in and out of its decode.
struct DecodeCheckpoints {
  std::span<const std::byte> record;  // of an earlier decode; empty: none
  std::span<std::byte> room;          // where a new one may be written; empty: none is wanted
  size_t made_bytes = 0;              // of the new one, at the beginning of `room`; 0: none
  bool rejected = false;              // `record` is not of this file, or damaged
  // No part of the file gives a warning (loader/dataset.h, RestartsTrusted): its restart markers
  // serve in place of a record. Damage in what is passed over by them is not seen.
  bool restarts_trusted = false;
  // For whoever reads the header and decodes in one go: DecodeOptions::part.
  RecordPart part;
};

// Decodes one file at a time.
// What: header first, then the region that the recipe needs. Owner: one worker. Thread: that one.
// Cost: library objects are kept and reset, not rebuilt; nothing is allocated per image but what
// libjpeg-turbo takes inside itself.
class Decoder {
 public:
  virtual ~Decoder() = default;

  // Reads the header and checks `limits` (max_pixels, max_side, max_encoded_bytes; the error text
  // names the key). `file` must stay valid until Decode returned or the next ReadHeader.
  virtual Status ReadHeader(std::span<const std::byte> file, const Limits& limits,
                            const DecodeOptions& options, ImageInfo* info) = 0;

  // Bytes of scratch that Decode needs for this region of the file whose header was read.
  virtual uint64_t ScratchBytes(const RectPx& region) const = 0;

  // Decodes `region`, a rectangle of the *upright* picture, as 3-channel RGB, equal to decoding the
  // whole picture and cropping it. `scratch` is 64-byte aligned and has ScratchBytes(region);
  // `*pixels` points into it. A JPEG with a data warning up to the last row needed is kCorrupt or
  // kTruncated; so is a PNG whose image data are damaged or short.
  virtual Status Decode(const RectPx& region, std::span<std::byte> scratch, ConstImageView* pixels,
                        DecodeReport* report) = 0;

  // The same as planes, for files with ImageInfo::planar. Of a JPEG with anything odd about its
  // data, what libjpeg-turbo has to say up to the last row needed. PlanesShape: what DecodePlanes
  // will give, without the samples.
  virtual simd::PlanarPicture PlanesShape(const PlanesRequest& request) const;
  virtual uint64_t PlanesScratchBytes(const PlanesRequest& request) const;
  virtual Status DecodePlanes(const PlanesRequest& request, std::span<std::byte> scratch,
                              simd::PlanarPicture* picture, DecodeReport* report);

  // For the decode of the file whose header was read: begin in the middle, or note where that will
  // be possible. Never changes pixels or verdicts. `checkpoints` must live until the decode
  // returned.
  virtual void UseCheckpoints(DecodeCheckpoints* checkpoints);

  // Which bytes the rows of the record lie in whose header was read, all of it. False: no rows can
  // be decoded without those above them.
  virtual bool FindBands(RecordBands* bands) const;
};

}  // namespace headrace::codecs
