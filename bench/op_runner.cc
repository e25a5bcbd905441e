#include "bench/op_runner.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <iterator>

#include "bench/measure.h"
#include "loader/config_toml.h"
#include "loader/transform.h"
#include "simd/flip.h"

namespace headrace::bench {
namespace {

constexpr double kMean[3] = {0.485, 0.456, 0.406};
constexpr double kStd[3] = {0.229, 0.224, 0.225};

loader::HostMemory Touched(uint64_t bytes) {
  auto memory =
      loader::HostMemory::Map(std::max<size_t>(bytes, 64), loader::HostMemory::Pages::kHuge);
  if (!memory.ok()) Fail("cannot take memory for a picture");
  memset(memory->data(), 1, memory->bytes());
  return std::move(*memory);
}

// The picture that lies in `source`, dense and in order of columns.
void CopyDense(const ConstImageView& source, simd::FlipColumns flip, uint8_t* out) {
  const ImageView target{out, source.width, source.height, source.channels, source.row_bytes()};
  if (flip == simd::FlipColumns::kYes) {
    simd::FlipHorizontal(source, target);
  } else if (source.stride_bytes == source.row_bytes()) {
    memcpy(out, source.data, source.row_bytes() * source.height);
  } else {
    for (uint32_t y = 0; y < source.height; ++y) {
      memcpy(target.Row(y), source.Row(y), source.row_bytes());
    }
  }
}

}  // namespace

Pixels DrawnPixels(SizePx size) {
  Pixels pixels{size, {}};
  pixels.bytes.reserve(size_t{size.width} * size.height * 3);
  uint32_t noise = 1;
  for (uint32_t y = 0; y < size.height; ++y) {
    for (uint32_t x = 0; x < size.width; ++x) {
      const double u = static_cast<double>(x) / size.width;
      const double v = static_cast<double>(y) / size.height;
      const bool inside = std::hypot(u - 0.6, v - 0.4) < 0.25;
      for (uint32_t c = 0; c < 3; ++c) {
        noise = noise * 1664525 + 1013904223;
        const double wave = std::sin(7 * u + (2 + c) * v * 3) * 60 + 40 * c * v;
        const double value = 110 + wave + (inside ? 70.0 - 60 * c : 0) + (noise >> 28);
        pixels.bytes.push_back(static_cast<uint8_t>(std::clamp(value, 0.0, 255.0)));
      }
    }
  }
  return pixels;
}

Pixels PhotoPixels(const std::string& path, SizePx size) {
  std::ifstream file(path, std::ios::binary);
  if (!file) Fail("cannot read " + path);
  const std::string bytes{std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  const std::string op = "op = \"resize\", size = [" + std::to_string(size.height) + ", " +
                         std::to_string(size.width) + "]";
  loader::Config config;
  loader::ConfigError error;
  std::unique_ptr<loader::Transform> transform;
  if (!loader::ParseOps({&op, 1}, &config.augment, &error) ||
      !loader::Transform::Make(config, &transform, &error)) {
    Fail(error.text);
  }
  ConstImageView view;
  const Status status = transform->Apply(std::as_bytes(std::span(bytes)), {}, &view);
  if (!status.ok()) Fail(path + ": " + std::string(status.text()));
  Pixels pixels{size, std::vector<uint8_t>(view.row_bytes() * view.height)};
  CopyDense(view, simd::FlipColumns::kNo, pixels.bytes.data());
  return pixels;
}

std::unique_ptr<OpRunner> OpRunner::Make(const OpCase& which, const Pixels& pixels,
                                         std::string* why) {
  std::unique_ptr<OpRunner> runner(new OpRunner(which, pixels));
  std::vector<loader::OpConfig> ops;
  loader::ConfigError error;
  if (!loader::ParseOps(which.ops, &ops, &error) ||
      !loader::AugmentProgram::Make(ops, {}, false, &runner->program_, &error)) {
    if (error.code != Code::kNotInThisVersion) Fail(which.name + ": " + error.text);
    *why = error.text;
    return nullptr;
  }
  if (which.finish == Finish::kF32Nchw) {
    runner->table_ = std::make_unique<simd::ConvertTable>(
        simd::MakeConvertTable(simd::Dtype::kF32, simd::Layout::kNchw, 3, kMean, kStd));
  }
  runner->program_->Prepare(&runner->recipe_);
  runner->TakeMemory();
  return runner;
}

void OpRunner::TakeMemory() {
  uint64_t scratch = 0;
  uint64_t result = pixels_.bytes.size();
  for (uint32_t id = 0; id < which_.draws; ++id) {
    const Status status = program_->MakeRecipe({.id = id}, pixels_.size, &recipe_);
    if (!status.ok()) Fail(which_.name + ": " + std::string(status.text()));
    scratch = std::max(scratch, program_->ScratchBytes(recipe_));
    for (const loader::Recipe::Step& step : recipe_.steps) {
      result = std::max(result, uint64_t{step.out.width} * step.out.height * 3);
    }
  }
  scratch_ = Touched(scratch);
  result_ = Touched(table_ == nullptr ? result : result * sizeof(float));
}

ConstImageView OpRunner::RunOne() {
  Status status = program_->MakeRecipe({.id = next_}, pixels_.size, &recipe_);
  next_ = next_ + 1 == which_.draws ? 0 : next_ + 1;
  ConstImageView out;
  simd::FlipColumns flip = simd::FlipColumns::kNo;
  if (status.ok()) {
    status = program_->Apply(recipe_, pixels_.view().Crop(recipe_.region), scratch_.span(), &out,
                             &flip, nullptr);
  }
  if (!status.ok()) Fail(which_.name + ": " + std::string(status.text()));
  if (table_ != nullptr) {
    simd::Convert(out, flip, *table_, result_.data());
    return {};
  }
  const auto* at = reinterpret_cast<const std::byte*>(out.data);
  const bool made = at >= scratch_.data() && at < scratch_.data() + scratch_.bytes();
  if (!made || flip == simd::FlipColumns::kYes || out.stride_bytes != out.row_bytes()) {
    CopyDense(out, flip, reinterpret_cast<uint8_t*>(result_.data()));
    out.data = reinterpret_cast<const uint8_t*>(result_.data());
    out.stride_bytes = out.row_bytes();
  }
  return out;
}

std::optional<uint32_t> OpRunner::Checksum() {
  if (which_.draws > 1 || which_.finish != Finish::kDense) return std::nullopt;
  const ConstImageView out = RunOne();
  uint32_t crc = 0xFFFFFFFF;
  for (const uint8_t byte : std::span(out.data, out.row_bytes() * out.height)) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0xEDB88320u : 0);
  }
  return ~crc;
}

int64_t OpRunner::Run(uint32_t count) {
  const int64_t began = ThreadCpuNs();
  for (uint32_t i = 0; i < count; ++i) RunOne();
  return ThreadCpuNs() - began;
}

}  // namespace headrace::bench
