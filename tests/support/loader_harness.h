// Opening a loader over the C API in a line, and its batches as values that can be compared.
#pragma once

#include <gtest/gtest.h>
#include <headrace.h>

#include <cstring>
#include <map>
#include <memory>
#include <string>
#include <vector>

namespace headrace::testing {

struct LoaderCloser {
  void operator()(hr_loader* loader) const { hr_loader_close(loader); }
};
using LoaderHandle = std::unique_ptr<hr_loader, LoaderCloser>;

// A configuration of 8 x 8 crops over `folder`; `extra` TOML goes after it.
inline std::string SmallConfig(const std::string& folder, const std::string& extra = "",
                               const std::string& loader_keys = "") {
  return "[dataset]\npath = \"" + folder +
         "\"\n[loader]\nbatch_size = 8\nmax_host_bytes = \"1GiB\"\n" + loader_keys +
         "\n[limits]\nmax_encoded_bytes = \"8MiB\"\nmax_decoded_bytes = \"64MiB\"\n"
         "scratch_pixels = 1048576\n"
         "[[augment]]\nop = \"random_resized_crop\"\nsize = 8\n"
         "[[augment]]\nop = \"random_horizontal_flip\"\n" +
         extra;
}

inline hr_status OpenToml(const std::string& toml, LoaderHandle* loader, hr_error* error,
                          const hr_options* options = nullptr) {
  hr_loader* raw = nullptr;
  const hr_status status = hr_loader_open_toml(toml.data(), toml.size(), options, &raw, error);
  loader->reset(raw);
  return status;
}

inline LoaderHandle MustOpen(const std::string& toml, const hr_options* options = nullptr) {
  LoaderHandle loader;
  HR_INIT(hr_error, error);
  EXPECT_EQ(OpenToml(toml, &loader, &error, options), HR_OK) << error.text;
  return loader;
}

struct BatchCloser {
  void operator()(hr_batch* batch) const { hr_batch_release(batch); }
};
using BatchHandle = std::unique_ptr<hr_batch, BatchCloser>;

inline BatchHandle Next(hr_loader* loader) {
  hr_batch* batch = nullptr;
  HR_INIT(hr_error, error);
  EXPECT_EQ(hr_loader_next(loader, 60'000'000'000, &batch, &error), HR_OK) << error.text;
  return BatchHandle(batch);
}

inline hr_batch_info InfoOf(const hr_batch* batch) {
  HR_INIT(hr_batch_info, info);
  EXPECT_EQ(hr_batch_view(batch, &info, nullptr), HR_OK);
  return info;
}

// A copy of everything in a batch.
struct BatchValue {
  uint32_t epoch = 0;
  uint64_t batch = 0;
  std::string images, labels, ids, valid, lambda, partner;
  friend bool operator==(const BatchValue&, const BatchValue&) = default;

  std::vector<int64_t> Ids() const {
    std::vector<int64_t> out(ids.size() / sizeof(int64_t));
    memcpy(out.data(), ids.data(), ids.size());
    return out;
  }
};

inline BatchValue ValueOf(const hr_batch* batch) {
  const hr_batch_info info = InfoOf(batch);
  const auto bytes = [](const void* data, size_t n) {
    return std::string(static_cast<const char*>(data), n);
  };
  BatchValue value;
  value.epoch = info.epoch;
  value.batch = info.batch;
  value.images = bytes(info.images, info.images_bytes);
  value.labels = info.labels != nullptr
                     ? bytes(info.labels, info.count * sizeof(int64_t))
                     : bytes(info.soft_labels, size_t{info.count} * info.classes * sizeof(float));
  value.ids = bytes(info.ids, info.count * sizeof(int64_t));
  value.valid = bytes(info.valid, info.count);
  value.lambda = bytes(info.lambda, info.count * sizeof(float));
  value.partner = bytes(info.partner, info.count * sizeof(int32_t));
  return value;
}

// The rest of the current epoch.
inline std::vector<BatchValue> DrainEpoch(hr_loader* loader) {
  std::vector<BatchValue> batches;
  for (;;) {
    hr_batch* batch = nullptr;
    HR_INIT(hr_error, error);
    const hr_status status = hr_loader_next(loader, 60'000'000'000, &batch, &error);
    if (status == HR_END_OF_EPOCH) return batches;
    EXPECT_EQ(status, HR_OK) << error.text;
    if (status != HR_OK) return batches;
    batches.push_back(ValueOf(batch));
    hr_batch_release(batch);
  }
}

}  // namespace headrace::testing
