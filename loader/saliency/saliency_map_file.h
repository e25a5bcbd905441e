// SaliencyMapFile: a map of each sample's whole picture, made by the user: [dataset] saliency_maps.
//
// What: an .npy of [samples, height, width], u8 or f32, in memory. Owner: the loader. Thread:
// opened by one, then const. Cost: the file's bytes, in the plan; Read goes over all of them once.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "loader/augment/point_map.h"
#include "loader/config_toml.h"
#include "loader/host_memory.h"

namespace headrace::loader {

class SaliencyMapFile {
 public:
  // Reads the header: what it says must fit `samples` and the file's size.
  [[nodiscard]] static bool Open(const std::string& path, uint64_t samples,
                                 std::unique_ptr<SaliencyMapFile>* file, ConfigError* error);
  ~SaliencyMapFile();

  // What Read takes.
  uint64_t bytes() const { return samples_ * cells() * value_bytes_; }
  // Reads and checks the numbers: all finite and at least 0. kStopped: the opening was ended.
  [[nodiscard]] bool Read(ConfigError* error);

  uint32_t grid_height() const { return grid_height_; }
  uint32_t grid_width() const { return grid_width_; }
  // The number of the cell that a place lies in; both coordinates from 0 to 1 of the picture's
  // sides. 0 outside.
  float At(uint64_t sample, PointF place) const;

 private:
  SaliencyMapFile() = default;
  uint64_t cells() const { return uint64_t{grid_height_} * grid_width_; }
  bool Fail(Code code, const std::string& what, ConfigError* error, int error_number = 0) const;
  bool ReadHeader(uint64_t samples, ConfigError* error);
  bool ReadAt(uint64_t offset, std::byte* out, uint64_t bytes, ConfigError* error) const;
  // Those from number `begin` to before `end`.
  bool CheckValues(uint64_t begin, uint64_t end, ConfigError* error) const;

  std::string path_;
  int fd_ = -1;  // until Read
  uint64_t data_offset_ = 0;
  uint64_t samples_ = 0;
  uint32_t grid_height_ = 0;
  uint32_t grid_width_ = 0;
  uint32_t value_bytes_ = 0;  // 1: u8, 4: f32
  HostMemory values_;
};

}  // namespace headrace::loader
