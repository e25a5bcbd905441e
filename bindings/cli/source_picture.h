// One encoded picture from disk, and the handle that decodes it.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <headrace.h>

namespace headrace::cli {

struct TransformCloser {
  void operator()(hr_transform* transform) const { hr_transform_close(transform); }
};
using TransformHandle = std::unique_ptr<hr_transform, TransformCloser>;

// A regular file's bytes. False: *error is one line.
[[nodiscard]] bool ReadWholeFile(const std::string& path, std::vector<std::byte>* bytes,
                                 std::string* error);

// Whether hr_image_write knows the extension of `path`.
bool HasImageExtension(std::string_view path);

}  // namespace headrace::cli
