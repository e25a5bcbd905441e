#include <string>

#include "base/status_text.h"
#include "bindings/c/boundary.h"
#include "bindings/c/doctor.h"
#include "bindings/c/options.h"
#include "codecs/encoder.h"
#include "io/atomic_file.h"
#include "loader/ranks.h"

using headrace::Code;
using headrace::capi::Fence;
using headrace::capi::SetError;

namespace {

bool EndsIn(std::string_view path, std::string_view extension) {
  if (path.size() < extension.size()) return false;
  const std::string_view tail = path.substr(path.size() - extension.size());
  for (size_t i = 0; i < tail.size(); ++i) {
    const char c =
        tail[i] >= 'A' && tail[i] <= 'Z' ? static_cast<char>(tail[i] - 'A' + 'a') : tail[i];
    if (c != extension[i]) return false;
  }
  return true;
}

}  // namespace

hr_status hr_image_write(const char* path, const hr_image* image, int quality, hr_error* error) {
  return Fence(error, [&]() -> hr_status {
    hr_image known;
    if (path == nullptr || image == nullptr || !headrace::capi::Read(image, &known)) {
      return SetError(error, Code::kInvalidArgument, "path or image is NULL, or struct_size unset");
    }
    const uint64_t row_bytes = uint64_t{known.width} * known.channels;
    if (known.pixels == nullptr || known.width == 0 || known.height == 0 ||
        (known.channels != 1 && known.channels != 3) || known.stride_bytes < row_bytes) {
      return SetError(error, Code::kInvalidArgument,
                      "the image needs pixels, sides of 1 or more, 1 or 3 channels and a stride of "
                      "a row or more");
    }
    if (quality < 0 || quality > 100) {
      return SetError(error, Code::kInvalidArgument, "quality: must be in 0..100");
    }
    const headrace::ConstImageView view{known.pixels, known.width, known.height, known.channels,
                                        known.stride_bytes};
    const bool png = EndsIn(path, ".png");
    if (!png && !EndsIn(path, ".jpg") && !EndsIn(path, ".jpeg")) {
      return SetError(error, Code::kInvalidArgument,
                      std::string(path) + ": must end in .png, .jpg or .jpeg");
    }
    auto bytes = png ? headrace::codecs::EncodePng(view)
                     : headrace::codecs::EncodeJpeg(view, {.quality = quality > 0 ? quality : 90});
    if (!bytes.ok()) return SetError(error, bytes.status());
    const headrace::Status written = headrace::io::WriteFileAtomically(path, *bytes);
    if (written.ok()) return HR_OK;
    return SetError(error, written.code(), std::string(path) + ": " + headrace::TextOf(written),
                    written.error_number());
  });
}

hr_status hr_find_rank(hr_rank* out, hr_error* error) {
  return Fence(error, [&]() -> hr_status {
    headrace::loader::RankInfo found;
    headrace::loader::ConfigError problem;
    if (!headrace::loader::FindRank(std::nullopt, std::nullopt, {}, &found, &problem)) {
      return SetError(error, problem);
    }
    hr_rank filled{};
    filled.rank = found.rank;
    filled.world_size = found.world_size;
    found.source.copy(filled.source, sizeof filled.source - 1);
    found.warning.copy(filled.warning, sizeof filled.warning - 1);
    return headrace::capi::Fill(out, filled, error);
  });
}

hr_status hr_doctor(char* json, size_t capacity, size_t* needed, hr_error* error) {
  return Fence(error, [&]() -> hr_status {
    const hr_status forced = headrace::capi::ForceSimdFromEnvironment(error);
    if (forced != HR_OK) return forced;
    return headrace::capi::GiveText(headrace::capi::DoctorJson(), json, capacity, needed, error);
  });
}
