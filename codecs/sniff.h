// What a file is, by its first bytes.
#pragma once

#include <cstddef>
#include <span>

#include "base/status.h"
#include "codecs/decoder.h"

namespace headrace::codecs {

// Why a file of this format is not decoded here; ok for the formats that are.
Status CheckSupported(Format format, std::span<const std::byte> file);

}  // namespace headrace::codecs
