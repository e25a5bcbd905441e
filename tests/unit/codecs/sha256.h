// SHA-256 (FIPS 180-4), for comparing pixels with hashes that other programs made.
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace headrace::codecs {

// 64 lower-case hexadecimal digits.
std::string Sha256Hex(std::span<const uint8_t> bytes);

}  // namespace headrace::codecs
