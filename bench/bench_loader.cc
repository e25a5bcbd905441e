// The whole loader against the work it cannot avoid: images/s on W workers, divided by W times one
// thread of full libjpeg-turbo decode + SIMD resize + normalise.
//
// Three things run in turn, round by round, on the same files with the same random crops:
//   reference  one thread: full decode of the JPEG by libjpeg-turbo, crop, resize, normalise
//   plain      one thread: the loader's own kernels and recipes in a plain loop, bytes in memory
//   loader     hr_loader_*, first delivered batch to last, as `headrace bench` counts
// The ratio of a round is loader / (W x reference); the median of the rounds counts. The loader's
// overhead is its CPU time a picture, less the reads, over the plain loop's.
//
// usage: bench_loader FOLDER [--rounds N] [--epochs N] [--workers W] [--json FILE|-]
#include <headrace.h>
#include <sys/resource.h>

#include <algorithm>
#include <csetjmp>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <memory>
#include <string>
#include <vector>

// After cstdio: it needs FILE and does not say so.
#include <jpeglib.h>

#include "base/clock.h"
#include "codecs/decoder_set.h"
#include "loader/big_image_area.h"
#include "loader/folder_dataset.h"
#include "loader/sample_processor.h"
#include "simd/convert.h"
#include "simd/resize.h"

namespace {

using namespace headrace;  // NOLINT: a program, not a library

constexpr uint32_t kBatch = 64;
constexpr uint32_t kSize = 224;

struct Arguments {
  std::string folder;
  std::string json;
  uint32_t rounds = 7;
  uint32_t epochs = 8;
  uint32_t workers = 2;
};

std::string ConfigFor(const Arguments& arguments) {
  return "[dataset]\npath = \"" + arguments.folder +
         "\"\n[loader]\nbatch_size = " + std::to_string(kBatch) +
         "\nworkers = " + std::to_string(arguments.workers) +
         "\n[output]\nmean = [0.485, 0.456, 0.406]\nstd = [0.229, 0.224, 0.225]\n"
         "[[augment]]\nop = \"random_resized_crop\"\nsize = 224\n"
         "[[augment]]\nop = \"random_horizontal_flip\"\n";
}

[[noreturn]] void Die(const std::string& text) {
  fprintf(stderr, "bench_loader: %s\n", text.c_str());
  exit(1);
}

double CpuSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& t) { return double(t.tv_sec) + 1e-6 * double(t.tv_usec); };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

// The files in memory and everything that the two loops of one thread need.
class Loops {
 public:
  explicit Loops(const Arguments& arguments) {
    loader::ConfigError error;
    if (!loader::ParseConfig({.text = ConfigFor(arguments)}, &config_, &error) ||
        !loader::FolderDataset::Open(arguments.folder, {}, {}, &dataset_, &error) ||
        !loader::AugmentProgram::Make(config_.augment, dataset_->classes(), true, &program_,
                                      &error)) {
      Die(error.text);
    }
    table_ = std::make_unique<simd::ConvertTable>(
        simd::MakeConvertTable(simd::Dtype::kF32, simd::Layout::kNchw, 3,
                               config_.output.mean->data(), config_.output.std->data()));
    for (uint64_t id = 0; id < dataset_->size(); ++id) {
      std::ifstream file(arguments.folder + "/" + dataset_->Locate(id).path, std::ios::binary);
      files_.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
    }
    program_->Prepare(&recipe_);
    auto area = loader::BigImageArea::Make(config_.limits.max_decoded_bytes);
    if (!area.ok()) Die(area.status().text());
    area_ = std::move(*area);
    auto processor = loader::SampleProcessor::Make(config_.limits, {}, *program_,
                                                   config_.limits.scratch_pixels * 3, area_.get());
    if (!processor.ok()) Die(processor.status().text());
    processor_ = std::move(*processor);
    // 16-byte blocks of new are not enough for the kernels' loads and stores at full speed.
    auto out = loader::HostMemory::Map(kBatch * size_t{kSize} * kSize * 3 * 4,
                                       loader::HostMemory::Pages::kHuge);
    auto scratch = loader::HostMemory::Map(size_t{64} << 20, loader::HostMemory::Pages::kHuge);
    if (!out.ok() || !scratch.ok()) Die("out of memory");
    out_ = std::move(*out);
    scratch_ = std::move(*scratch);
    jpeg_.err = jpeg_std_error(&errors_);
    jpeg_create_decompress(&jpeg_);
  }
  ~Loops() { jpeg_destroy_decompress(&jpeg_); }

  size_t size() const { return files_.size(); }

  // One epoch of each; the result goes to a slot of a batch that is used over and over.
  void Reference(uint32_t epoch) {
    for (uint64_t id = 0; id < files_.size(); ++id) {
      const ConstImageView picture = DecodeWhole(files_[id]);
      const loader::SampleKey key{.epoch = epoch, .id = id, .label = dataset_->Label(id)};
      if (!program_->MakeRecipe(key, picture.size(), &recipe_).ok()) Die("recipe");
      ConstImageView pixels;
      simd::FlipColumns flip = simd::FlipColumns::kNo;
      loader::AugmentProgram::Timing timing;
      if (!program_
               ->Apply(recipe_, picture.Crop(recipe_.region), scratch_.span(), &pixels, &flip,
                       &timing)
               .ok()) {
        Die("apply");
      }
      simd::Convert(pixels, flip, *table_, Slot(id));
    }
  }

  void Plain(uint32_t epoch) {
    for (uint64_t id = 0; id < files_.size(); ++id) {
      const loader::SampleKey key{.epoch = epoch, .id = id, .label = dataset_->Label(id)};
      loader::ProcessTiming timing;
      const std::span bytes(reinterpret_cast<const std::byte*>(files_[id].data()),
                            files_[id].size());
      const Status status = processor_->Process(
          bytes, key, &timing, [&](const ConstImageView& pixels, simd::FlipColumns flip) {
            simd::Convert(pixels, flip, *table_, Slot(id));
          });
      if (!status.ok()) Die(std::string(dataset_->Locate(id).path) + ": " + status.text());
    }
  }

 private:
  void* Slot(uint64_t id) { return out_.data() + (id % kBatch) * size_t{kSize} * kSize * 3 * 4; }

  ConstImageView DecodeWhole(const std::string& file) {
    jpeg_mem_src(&jpeg_, reinterpret_cast<const unsigned char*>(file.data()), file.size());
    jpeg_read_header(&jpeg_, TRUE);
    jpeg_.out_color_space = JCS_RGB;
    jpeg_start_decompress(&jpeg_);
    const size_t stride = size_t{jpeg_.output_width} * 3;
    if (pixels_.size() < stride * jpeg_.output_height) pixels_.resize(stride * jpeg_.output_height);
    while (jpeg_.output_scanline < jpeg_.output_height) {
      JSAMPROW rows[16];
      for (uint32_t i = 0; i < 16; ++i) {
        rows[i] =
            pixels_.data() + stride * std::min(jpeg_.output_scanline + i, jpeg_.output_height - 1);
      }
      jpeg_read_scanlines(&jpeg_, rows, 16);
    }
    const ConstImageView view{pixels_.data(), jpeg_.output_width, jpeg_.output_height, 3, stride};
    jpeg_finish_decompress(&jpeg_);
    return view;
  }

  loader::Config config_;
  std::unique_ptr<loader::Dataset> dataset_;
  std::unique_ptr<loader::AugmentProgram> program_;
  std::unique_ptr<simd::ConvertTable> table_;
  std::vector<std::string> files_;
  loader::Recipe recipe_;
  std::unique_ptr<loader::BigImageArea> area_;
  std::unique_ptr<loader::SampleProcessor> processor_;
  loader::HostMemory out_;
  loader::HostMemory scratch_;
  std::vector<uint8_t> pixels_;
  jpeg_decompress_struct jpeg_;
  jpeg_error_mgr errors_;
};

struct LoaderRun {
  double images_per_second = 0;
  double cpu_seconds_per_image = 0;  // less the reads
};

LoaderRun RunLoader(const Arguments& arguments) {
  const std::string toml = ConfigFor(arguments);
  HR_INIT(hr_error, error);
  hr_loader* loader = nullptr;
  if (hr_loader_open_toml(toml.data(), toml.size(), nullptr, &loader, &error) != HR_OK) {
    Die(error.text);
  }
  int64_t first = 0;
  int64_t last = 0;
  double cpu_first = 0;
  HR_INIT(hr_stats, before);
  uint64_t images = 0;
  for (uint32_t epoch = 0; epoch < arguments.epochs;) {
    hr_batch* batch = nullptr;
    const hr_status status = hr_loader_next(loader, -1, &batch, &error);
    if (status == HR_END_OF_EPOCH) {
      ++epoch;
      continue;
    }
    if (status != HR_OK) Die(error.text);
    last = NowNs();
    if (first == 0) {
      first = last;
      cpu_first = CpuSeconds();
      hr_loader_stats(loader, &before, &error);
    } else {
      images += kBatch;
    }
    hr_batch_release(batch);
  }
  const double cpu = CpuSeconds() - cpu_first;
  HR_INIT(hr_stats, after);
  hr_loader_stats(loader, &after, &error);
  hr_loader_close(loader);
  const double samples = static_cast<double>(after.samples - before.samples);
  const double reads = 1e-9 * static_cast<double>(after.read_ns - before.read_ns);
  return {static_cast<double>(images) / (1e-9 * static_cast<double>(last - first)),
          (cpu - reads) / samples};
}

// images/s and CPU seconds an image of `epochs` epochs of one of the loops.
template <class Body>
LoaderRun Time(size_t images, uint32_t epochs, Body body) {
  const int64_t begin = NowNs();
  const double cpu = CpuSeconds();
  for (uint32_t epoch = 0; epoch < epochs; ++epoch) body(epoch);
  const double n = static_cast<double>(images) * epochs;
  return {n / (1e-9 * static_cast<double>(NowNs() - begin)), (CpuSeconds() - cpu) / n};
}

double Median(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  const size_t n = values.size();
  return n % 2 == 1 ? values[n / 2] : 0.5 * (values[n / 2 - 1] + values[n / 2]);
}

Arguments Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const auto value = [&]() -> const char* {
      if (i + 1 == argc) Die(word + " needs a value");
      return argv[++i];
    };
    if (word == "--rounds")
      arguments.rounds = static_cast<uint32_t>(atoi(value()));
    else if (word == "--epochs")
      arguments.epochs = static_cast<uint32_t>(atoi(value()));
    else if (word == "--workers")
      arguments.workers = static_cast<uint32_t>(atoi(value()));
    else if (word == "--json")
      arguments.json = value();
    else
      arguments.folder = word;
  }
  if (arguments.folder.empty() || arguments.rounds == 0 || arguments.epochs == 0) {
    Die("usage: bench_loader FOLDER [--rounds N] [--epochs N] [--workers W] [--json FILE|-]");
  }
  return arguments;
}

void WriteJson(const Arguments& arguments, const std::map<std::string, double>& values) {
  if (arguments.json.empty()) return;
  FILE* file = arguments.json == "-" ? stdout : fopen(arguments.json.c_str(), "w");
  if (file == nullptr) Die("cannot write " + arguments.json);
  const char* comma = "{";
  for (const auto& [name, value] : values) {
    fprintf(file, "%s\"%s\": %.6g", comma, name.c_str(), value);
    comma = ", ";
  }
  fprintf(file, "}\n");
  if (file != stdout) fclose(file);
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = Parse(argc, argv);
  Loops loops(arguments);
  loops.Reference(0);  // warm: code, tables, page cache
  loops.Plain(0);
  FILE* report = arguments.json == "-" ? stderr : stdout;
  std::vector<double> reference, plain, loader, ratio, overhead;
  for (uint32_t round = 0; round < arguments.rounds; ++round) {
    const LoaderRun a =
        Time(loops.size(), arguments.epochs / 2 + 1, [&](uint32_t e) { loops.Reference(e); });
    const LoaderRun b =
        Time(loops.size(), arguments.epochs / 2 + 1, [&](uint32_t e) { loops.Plain(e); });
    const LoaderRun c = RunLoader(arguments);
    reference.push_back(a.images_per_second);
    plain.push_back(b.images_per_second);
    loader.push_back(c.images_per_second);
    ratio.push_back(c.images_per_second / (arguments.workers * a.images_per_second));
    overhead.push_back(c.cpu_seconds_per_image / b.cpu_seconds_per_image - 1.0);
    fprintf(report,
            "round %u: reference %.0f/s, plain loop %.0f/s, loader %.0f/s: ratio %.3f, overhead "
            "%.1f %%\n",
            round + 1, reference.back(), plain.back(), loader.back(), ratio.back(),
            100 * overhead.back());
  }
  const auto [low, high] = std::minmax_element(ratio.begin(), ratio.end());
  fprintf(report,
          "median: ratio %.3f (%.3f to %.3f), plain loop %.3f of the reference, overhead %.1f %%\n",
          Median(ratio), *low, *high, Median(plain) / Median(reference), 100 * Median(overhead));
  WriteJson(arguments, {{"ratio", Median(ratio)},
                        {"ratio_min", *low},
                        {"ratio_max", *high},
                        {"reference_images_per_second", Median(reference)},
                        {"plain_images_per_second", Median(plain)},
                        {"loader_images_per_second", Median(loader)},
                        {"overhead", Median(overhead)},
                        {"workers", static_cast<double>(arguments.workers)}});
  return 0;
}
