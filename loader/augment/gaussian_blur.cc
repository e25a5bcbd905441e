#include "loader/augment/gaussian_blur.h"

#include <limits>
#include <string>
#include <vector>

#include "loader/augment/drawn_range.h"
#include "loader/augment/op_params.h"
#include "loader/augment/param_values.h"
#include "simd/blur.h"

namespace headrace::loader {
namespace {

class GaussianBlurOp final : public Op {
 public:
  GaussianBlurOp(uint32_t width, uint32_t height, Range sigma)
      : width_(width), height_(height), sigma_(sigma) {}

  std::string_view name() const override { return "gaussian_blur"; }

  Status Draw(RandomStream* stream, OpDraw* draw) const override {
    draw->values[0] = DrawFrom(sigma_, stream);
    return {};
  }

  OpForm FormOf(const OpDraw&) const override { return OpForm::kPixels; }
  bool SeesColumns() const override { return false; }  // the kernel is its own mirror image
  bool WorksInPlace() const override { return true; }

  uint64_t ScratchBytes(const OpDraw& draw) const override {
    return simd::BlurScratchBytes(draw.in, kPictureChannels, Kernel(draw));
  }

  Status Run(const OpDraw& draw, const OpMemory& memory, Picture* picture) const override {
    const ImageView target = picture->TargetIn(memory.output);
    simd::GaussianBlur(picture->pixels, Kernel(draw), target, memory.scratch);
    picture->pixels = target;
    return {};
  }

  void Explain(const OpDraw& draw, std::string* toml) const override {
    AppendNumbers("kernel_size", {width_, height_}, toml);
    AppendFixed("sigma", draw.values[0], toml);
  }

 private:
  simd::GaussianKernel Kernel(const OpDraw& draw) const {
    return {width_, height_, draw.values[0]};
  }

  uint32_t width_;
  uint32_t height_;
  Range sigma_;
};

}  // namespace

std::unique_ptr<Op> MakeGaussianBlur(const OpConfig& config, ConfigError* error) {
  std::vector<uint32_t> size;
  Range sigma{0.1, 2.0};
  if (!ReadWholeNumbers(config, "kernel_size", 1, simd::kBlurKernelMax, &size, error) ||
      !ReadRealRange(config, "sigma", std::numeric_limits<double>::min(), 100, &sigma, error)) {
    return nullptr;
  }
  if (size.empty()) size = {5};
  if (size.size() > 2 || size.front() % 2 == 0 || size.back() % 2 == 0) {
    OpError(config, Code::kConfigValue, "kernel_size: expected an odd number or [x, y]", error);
    return nullptr;
  }
  return std::make_unique<GaussianBlurOp>(size.front(), size.back(), sigma);
}

}  // namespace headrace::loader
