#include "bench/jpeg_folder.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include "bench/measure.h"
#include "codecs/decoder.h"
#include "codecs/jpeg_checkpoints.h"
#include "codecs/jpeg_decoder.h"
#include "codecs/jpeg_island.h"
#include "loader/folder_dataset.h"
#include "loader/host_memory.h"

namespace headrace::bench {
namespace {

std::vector<std::byte> ReadWhole(const std::string& path) {
  std::ifstream stream(path, std::ios::binary);
  const std::vector<char> bytes{std::istreambuf_iterator<char>(stream),
                                std::istreambuf_iterator<char>()};
  if (bytes.empty()) Fail(path + ": cannot be read, or is empty");
  const auto* begin = reinterpret_cast<const std::byte*>(bytes.data());
  return {begin, begin + bytes.size()};
}

bool HasFolders(const std::string& folder) {
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.is_directory() && !entry.path().filename().string().starts_with('.')) return true;
  }
  return false;
}

// Looks at files one after the other: what they are, and their checkpoints.
class Surveyor {
 public:
  Surveyor() : island_(codecs::MakeJpegIsland()) {
    auto decoder = codecs::MakeJpegDecoder();
    if (!decoder.ok() || island_ == nullptr) Fail("no memory for a decoder");
    decoder_ = std::move(*decoder);
  }

  void Survey(const Limits& limits, JpegFile* file) {
    codecs::ImageInfo info;
    Status status = decoder_->ReadHeader(file->bytes, limits, {}, &info);
    if (status.ok() && info.source_channels == 4) {
      status = {Code::kUnsupportedFormat, "CMYK, which the full decode cannot turn into RGB"};
    }
    if (status.ok()) status = MakeRecord(file);
    if (!status.ok()) Fail(file->name + ": " + status.text());
    file->size = info.stored;
    codecs::JpegHeader header;
    status = codecs::JpegReadHeader(*island_, file->bytes, limits, &header);
    if (!status.ok()) Fail(file->name + ": " + status.text());
    const codecs::JpegFrame frame = codecs::JpegDescribe(*island_, file->bytes);
    file->is_420 = frame.components == 3 && frame.component[0].across == 2 &&
                   frame.component[0].down == 2 && frame.component[1].across == 1 &&
                   frame.component[1].down == 1;
  }

 private:
  // A decode of one pixel goes over the whole file when checkpoints are wanted of it.
  Status MakeRecord(JpegFile* file) {
    std::vector<std::byte> room(codecs::JpegRecordBytesMax(file->bytes.size()));
    codecs::DecodeCheckpoints checkpoints;
    checkpoints.room = room;
    decoder_->UseCheckpoints(&checkpoints);
    constexpr RectPx kPixel = {0, 0, 1, 1};
    const uint64_t bytes = decoder_->ScratchBytes(kPixel);
    if (scratch_.bytes() < bytes) {
      auto memory = loader::HostMemory::Map(bytes, loader::HostMemory::Pages::kSmall);
      if (!memory.ok()) return memory.status();
      scratch_ = std::move(*memory);
    }
    ConstImageView pixels;
    codecs::DecodeReport report;
    HR_TRY(decoder_->Decode(kPixel, scratch_.span(), &pixels, &report));
    room.resize(checkpoints.made_bytes);
    file->record = std::move(room);
    return {};
  }

  codecs::JpegIslandHandle island_;
  std::unique_ptr<codecs::Decoder> decoder_;
  loader::HostMemory scratch_;
};

}  // namespace

std::string TomlString(const std::string& text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + '"';
}

JpegFolder::JpegFolder(const std::string& folder) {
  std::error_code error_code;
  std::filesystem::path path = std::filesystem::canonical(folder, error_code);
  if (error_code || !std::filesystem::is_directory(path)) Fail(folder + ": not a folder");
  std::vector<std::string> classes;
  if (!HasFolders(path)) {
    // Pictures without class folders: the folder itself is the only class of the one above it.
    classes = {path.filename()};
    path = path.parent_path();
  }
  dataset_toml_ = "[dataset]\npath = " + TomlString(path) + "\n";
  if (!classes.empty()) dataset_toml_ += "classes = [" + TomlString(classes[0]) + "]\n";
  program_toml_ =
      "[output]\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n"
      "[[augment]]\nop = \"random_resized_crop\"\nsize = 224\n"
      "[[augment]]\nop = \"random_horizontal_flip\"\n";
  loader::ConfigError error;
  if (!loader::ParseConfig({.text = toml()}, &config_, &error) ||
      !loader::FolderDataset::Open(path, classes, {}, &dataset_, &error) ||
      !loader::AugmentProgram::Make(config_.augment, dataset_->classes(), true, &program_,
                                    &error)) {
    Fail(error.text);
  }
  if (dataset_->size() == 0) Fail(folder + ": no pictures");
  ReadFiles();
}

void JpegFolder::ReadFiles() {
  Surveyor surveyor;
  files_.resize(dataset_->size());
  for (uint64_t id = 0; id < dataset_->size(); ++id) {
    JpegFile& file = files_[id];
    file.name = dataset_->root() + "/" + dataset_->Locate(id).path;
    file.bytes = ReadWhole(file.name);
    surveyor.Survey(config_.limits, &file);
  }
}

std::string JpegFolder::toml_of_pack(const std::string& pack) const {
  const std::string shards = std::filesystem::absolute(pack).string() + "/*.tar";
  return "[dataset]\nsource = \"tar\"\npath = " + TomlString(shards) + "\n" + program_toml_;
}

uint64_t JpegFolder::bytes() const {
  uint64_t sum = 0;
  for (const JpegFile& file : files_) sum += file.bytes.size();
  return sum;
}

uint64_t JpegFolder::record_bytes() const {
  uint64_t sum = 0;
  for (const JpegFile& file : files_) sum += file.record.size();
  return sum;
}

uint64_t JpegFolder::pixels() const {
  uint64_t sum = 0;
  for (const JpegFile& file : files_) sum += uint64_t{file.size.width} * file.size.height;
  return sum;
}

size_t JpegFolder::count_420() const {
  size_t count = 0;
  for (const JpegFile& file : files_) count += file.is_420 ? 1 : 0;
  return count;
}

}  // namespace headrace::bench
