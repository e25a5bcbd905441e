// A folder of JPEGs as all parts of a benchmark see it: the same files, the same ops, the same
// random crops.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "base/image_view.h"
#include "loader/augment/program.h"
#include "loader/config.h"
#include "loader/dataset.h"
#include "simd/convert.h"

namespace headrace::bench {

inline constexpr uint32_t kOutputPx = 224;

// One picture of one epoch.
struct Draw {
  uint32_t epoch = 0;
  uint64_t id = 0;
};

struct JpegFile {
  std::string name;
  std::vector<std::byte> bytes;
  std::vector<std::byte> record;  // its entropy checkpoints; empty: it has none
  SizePx size;
  bool is_420 = false;
};

// What: the files in memory and the configuration that everything is measured with:
// random_resized_crop to 224, horizontal flip, f32 NCHW with mean and std. Owner: main. Thread: any
// once it is made.
class JpegFolder {
 public:
  // A folder of classes, or one whose pictures lie in it directly. Fails on a file that is not a
  // JPEG which a full decode can turn into RGB.
  explicit JpegFolder(const std::string& folder);

  size_t size() const { return files_.size(); }
  const JpegFile& file(uint64_t id) const { return files_[id]; }
  uint64_t bytes() const;
  uint64_t record_bytes() const;
  uint64_t pixels() const;
  size_t count_420() const;

  // [dataset], [output] and [[augment]] as TOML; a benchmark adds its [loader] and [decode].
  std::string toml() const { return dataset_toml_ + program_toml_; }
  // The same for a pack of the folder.
  std::string toml_of_pack(const std::string& pack) const;
  const loader::Config& config() const { return config_; }
  const loader::AugmentProgram& program() const { return *program_; }
  // The loader's, of the same draw.
  loader::SampleKey KeyOf(const Draw& draw) const {
    return {.seed = 0, .epoch = draw.epoch, .id = draw.id, .label = dataset_->Label(draw.id)};
  }

 private:
  void ReadFiles();

  std::string dataset_toml_;
  std::string program_toml_;
  loader::Config config_;
  std::unique_ptr<loader::Dataset> dataset_;
  std::unique_ptr<loader::AugmentProgram> program_;
  std::vector<JpegFile> files_;
};

// Text as a TOML string.
std::string TomlString(const std::string& text);

}  // namespace headrace::bench
