#include "bindings/cli/npy_writer.h"

#include <bit>

#include "bindings/cli/output_file.h"

namespace headrace::cli {

// The arrays go out as they lie in memory, under little-endian type names.
static_assert(std::endian::native == std::endian::little);

std::string NpyHeader(std::string_view descr, std::span<const uint64_t> shape) {
  std::string sizes;
  for (const uint64_t size : shape) sizes += std::to_string(size) + ",";
  std::string dict =
      "{'descr': '" + std::string(descr) + "', 'fortran_order': False, 'shape': (" + sizes + "), }";
  // Magic, version and length take 10 bytes; the data must begin at a multiple of 64, and the byte
  // before them is a newline.
  constexpr size_t kPrefixBytes = 10;
  constexpr size_t kAlignment = 64;
  const size_t unpadded = kPrefixBytes + dict.size() + 1;
  dict.append((kAlignment - unpadded % kAlignment) % kAlignment, ' ');
  dict += '\n';
  std::string header = "\x93NUMPY";
  header += '\x01';
  header += '\x00';
  header += static_cast<char>(dict.size() & 0xff);
  header += static_cast<char>(dict.size() >> 8 & 0xff);
  return header + dict;
}

bool WriteNpy(const std::string& path, std::string_view descr, std::span<const uint64_t> shape,
              std::span<const std::byte> data, std::string* error) {
  const std::string header = NpyHeader(descr, shape);
  return WriteWholeFile(path, {std::as_bytes(std::span(header)), data}, error);
}

}  // namespace headrace::cli
