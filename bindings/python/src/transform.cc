#include "bindings/python/src/transform.h"

#include <headrace.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdlib>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "bindings/python/src/c_strings.h"
#include "bindings/python/src/call.h"
#include "bindings/python/src/errors.h"

namespace nb = nanobind;

namespace headrace::python {
namespace {

using Pixels = nb::ndarray<const uint8_t, nb::c_contig, nb::device::cpu, nb::ro>;

// [H, W] or [H, W, C]; the library looks at the sizes.
hr_image ImageOf(const Pixels& pixels) {
  HR_INIT(hr_image, image);
  if (pixels.ndim() < 2 || pixels.ndim() > 3) return image;
  const auto side = [&](size_t axis) {
    return pixels.shape(axis) > UINT32_MAX ? UINT32_MAX : static_cast<uint32_t>(pixels.shape(axis));
  };
  image.height = side(0);
  image.width = side(1);
  image.channels = pixels.ndim() == 2 ? 1 : side(2);
  image.stride_bytes = uint64_t{image.width} * image.channels;
  image.pixels = pixels.data();
  return image;
}

struct FreeMemory {
  void operator()(void* memory) const { std::free(memory); }
};
using Memory = std::unique_ptr<void, FreeMemory>;

// Bytes of a result on their way to Python.
struct Result {
  Memory memory;
  hr_image image = {};  // its size; the pixels are in `memory`
};

// What: one hr_transform, and its configuration's output. Owner: the Python object. Thread: any; a
// lock lets one at a time in. Cost: the scratch of a transform; a result is copied once.
class Transform {
 public:
  Transform(const std::vector<std::string>& ops, const std::vector<std::string>& overrides,
            int dtype, bool channels_last, uint32_t channels)
      : dtype_(dtype), channels_last_(channels_last), channels_(channels) {
    const std::vector<const char*> texts = Pointers(ops);
    const std::vector<const char*> pointers = Pointers(overrides);
    HR_INIT(hr_options, options);
    options.overrides = pointers.data();
    options.override_count = static_cast<uint32_t>(pointers.size());
    HR_INIT(hr_error, error);
    hr_transform* opened = nullptr;
    hr_status status = HR_OK;
    {
      const WithoutGil released;
      status = hr_transform_open(texts.data(), texts.size(), &options, &opened, &error);
    }
    transform_.reset(opened);
    Check(status, error);
  }

  nb::object ApplyFile(const nb::bytes& file, const nb::dict& draw, bool convert) {
    return Apply(draw, convert, [&](const hr_draw& known, hr_image* out, hr_error* error) {
      return hr_transform_apply(transform_.get(), file.c_str(), file.size(), &known, out, error);
    });
  }

  nb::object ApplyPixels(const Pixels& pixels, const nb::dict& draw, bool convert) {
    const hr_image image = ImageOf(pixels);
    return Apply(draw, convert, [&](const hr_draw& known, hr_image* out, hr_error* error) {
      return hr_transform_apply_image(transform_.get(), &image, &known, out, error);
    });
  }

  // Pixels as [output] says, without ops.
  nb::object Convert(const Pixels& pixels) {
    const hr_image image = ImageOf(pixels);
    HR_INIT(hr_error, error);
    Result result;
    hr_status status = HR_OK;
    {
      const WithoutGil released;
      const std::lock_guard lock(mutex_);
      status = Take(image, true, &result, &error);
    }
    Check(status, error);
    return ToArray(&result, true);
  }

  nb::list Crops(uint32_t height, uint32_t width, uint32_t count, bool convert) {
    std::vector<hr_image> crops(count, hr_image{sizeof(hr_image)});
    std::vector<Result> results(count);
    HR_INIT(hr_error, error);
    hr_status status = HR_OK;
    {
      const WithoutGil released;
      const std::lock_guard lock(mutex_);
      status = hr_transform_crops(transform_.get(), height, width, count, crops.data(), &error);
      for (uint32_t i = 0; i < count && status == HR_OK; ++i) {
        status = Take(crops[i], convert, &results[i], &error);
      }
    }
    Check(status, error);
    nb::list out;
    for (Result& result : results) out.append(ToArray(&result, convert));
    return out;
  }

  std::string Explain() {
    const std::lock_guard lock(mutex_);
    return TextOf([&](char* text, size_t capacity, size_t* needed, hr_error* error) {
      return hr_transform_explain(transform_.get(), text, capacity, needed, error);
    });
  }

 private:
  struct Closer {
    void operator()(hr_transform* transform) const { hr_transform_close(transform); }
  };

  // run(draw, out, error) -> hr_status, without the GIL.
  template <class Run>
  nb::object Apply(const nb::dict& draw, bool convert, const Run& run) {
    HR_INIT(hr_draw, known);
    known.seed = nb::cast<uint64_t>(draw["seed"]);
    known.epoch = nb::cast<uint32_t>(draw["epoch"]);
    known.sample_id = nb::cast<uint64_t>(draw["sample"]);
    known.view = nb::cast<uint32_t>(draw["view"]);
    known.label = -1;
    HR_INIT(hr_error, error);
    Result result;
    hr_status status = HR_OK;
    {
      const WithoutGil released;
      const std::lock_guard lock(mutex_);
      HR_INIT(hr_image, out);
      status = run(known, &out, &error);
      if (status == HR_OK) status = Take(out, convert, &result, &error);
    }
    Check(status, error);
    return ToArray(&result, convert);
  }

  hr_status Take(const hr_image& image, bool convert, Result* result, hr_error* error) const {
    const size_t row = size_t{image.width} * image.channels;
    size_t bytes = row * image.height;
    if (convert) {
      const hr_status status =
          hr_transform_convert(transform_.get(), &image, nullptr, 0, &bytes, error);
      if (status != HR_OK) return status;
    }
    result->memory.reset(std::malloc(bytes > 0 ? bytes : 1));
    result->image = image;
    if (result->memory == nullptr) return HR_OUT_OF_MEMORY;
    if (convert) {
      return hr_transform_convert(transform_.get(), &image, result->memory.get(), bytes, nullptr,
                                  error);
    }
    for (size_t y = 0; y < image.height; ++y) {
      std::memcpy(static_cast<uint8_t*>(result->memory.get()) + y * row,
                  image.pixels + y * image.stride_bytes, row);
    }
    return HR_OK;
  }

  // Gives the memory to an array of Python's.
  nb::object ToArray(Result* result, bool convert) const {
    const size_t height = result->image.height;
    const size_t width = result->image.width;
    const size_t channels = convert ? channels_ : result->image.channels;
    nb::dlpack::dtype type = nb::dtype<uint8_t>();
    if (convert && dtype_ == HR_F32) type = nb::dtype<float>();
    if (convert && dtype_ == HR_F16)
      type = {static_cast<uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};
    if (convert && dtype_ == HR_BF16) type = nb::dtype<uint16_t>();  // NumPy has no name for it
    size_t shape[3] = {height, width, channels};
    if (convert && !channels_last_) {
      shape[0] = channels;
      shape[1] = height;
      shape[2] = width;
    }
    const size_t dimensions = !convert && channels == 1 ? 2 : 3;
    void* const memory = result->memory.release();
    const nb::capsule owner(memory, [](void* held) noexcept { std::free(held); });
    const nb::ndarray<nb::numpy> array(memory, dimensions, shape, owner, nullptr, type);
    return nb::cast(array, nb::rv_policy::reference);
  }

  std::unique_ptr<hr_transform, Closer> transform_;
  std::mutex mutex_;
  const int dtype_;
  const bool channels_last_;
  const uint32_t channels_;
};

std::string Schema() { return TextOf(hr_schema); }

void WriteImage(const std::string& path, const Pixels& pixels, int quality) {
  const hr_image image = ImageOf(pixels);
  HR_INIT(hr_error, error);
  hr_status status = HR_OK;
  {
    const WithoutGil released;
    status = hr_image_write(path.c_str(), &image, quality, &error);
  }
  Check(status, error);
}

}  // namespace

void BindTransform(nb::module_& module) {
  module.def("schema", &Schema, "What a configuration can say, as JSON.");
  module.def("write_image", &WriteImage, nb::arg("path"), nb::arg("pixels"), nb::arg("quality"),
             "Writes u8 pixels [H, W] or [H, W, 3] as PNG or JPEG.");
  nb::class_<Transform>(module, "Transform")
      .def(nb::init<const std::vector<std::string>&, const std::vector<std::string>&, int, bool,
                    uint32_t>(),
           nb::arg("ops"), nb::arg("overrides"), nb::arg("dtype"), nb::arg("channels_last"),
           nb::arg("channels"))
      .def("apply_file", &Transform::ApplyFile, nb::arg("file"), nb::arg("draw"),
           nb::arg("convert"), "Decodes a file's bytes and applies the ops.")
      .def("apply_pixels", &Transform::ApplyPixels, nb::arg("pixels"), nb::arg("draw"),
           nb::arg("convert"), "Applies the ops to u8 pixels [H, W] or [H, W, C].")
      .def("convert", &Transform::Convert, nb::arg("pixels"), "Pixels as [output] says.")
      .def("crops", &Transform::Crops, nb::arg("height"), nb::arg("width"), nb::arg("count"),
           nb::arg("convert"), "Crops of the last result.")
      .def("explain", &Transform::Explain, "What the last apply drew.");
}

}  // namespace headrace::python
