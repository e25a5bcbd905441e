// One image file to the bytes that a pack holds of it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "base/image_view.h"
#include "base/limits.h"
#include "base/result.h"
#include "codecs/record_bands.h"

namespace headrace::codecs {

enum class PackCodec : uint8_t { kJpeg, kCoef };

struct PackOptions {
  PackCodec codec = PackCodec::kJpeg;
  // Lossy, for pictures with a longer side: they are made smaller and encoded again. 0: for none.
  uint32_t max_side_px = 0;
  // 1 to 100: all pictures are encoded again. 0: only those that max_side_px makes smaller,
  // with 90.
  uint32_t quality = 0;
  Limits limits;
};

struct PackedRecord {
  std::vector<std::byte> bytes;
  const char* extension = "";     // "jpg", "hrc", or that of the format it was copied as
  SizePx size;                    // stored, before orientation; 0 x 0: not known
  bool copied = false;            // as it was: not a JPEG, or not a whole and sound one
  bool restarts_trusted = false;  // Dataset::RestartsTrusted
  RecordBands bands;              // nothing known of a copy
  Status reason;                  // why it was copied, if that is an error of the file
  const char* remark = nullptr;   // why it was copied, if a setting of the user's would change that
};

// What: makes records, one at a time. Owner and thread: one worker of a pack job. Cost: allocates.
class RecordPacker {
 public:
  static Result<std::unique_ptr<RecordPacker>> Make(const PackOptions& options);
  virtual ~RecordPacker() = default;

  // Fails for want of memory only: a file that cannot be packed is copied, and says why.
  virtual Status Pack(std::span<const std::byte> file, PackedRecord* record) = 0;
};

}  // namespace headrace::codecs
