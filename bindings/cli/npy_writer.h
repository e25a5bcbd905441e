// NPY: NumPy's file format for one array, version 1.0.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace headrace::cli {

// The header of a C-order array: `descr` as numpy.dtype.str gives it ("<f4"), sizes from the
// slowest axis on. The data follow it directly.
std::string NpyHeader(std::string_view descr, std::span<const uint64_t> shape);

// Writes header and data as one whole file. False: *error is one line.
[[nodiscard]] bool WriteNpy(const std::string& path, std::string_view descr,
                            std::span<const uint64_t> shape, std::span<const std::byte> data,
                            std::string* error);

}  // namespace headrace::cli
