#include "bindings/python/src/model.h"

#include <nanobind/ndarray.h>

#include <algorithm>
#include <cstddef>
#include <string>
#include <utility>

namespace nb = nanobind;
using namespace nb::literals;

namespace headrace::python {
namespace {

using Shape = std::initializer_list<size_t>;

// A copy as a NumPy array.
template <class T>
nb::object Copied(const T* data, Shape shape) {
  const nb::ndarray<nb::numpy, const T> view(data, shape.size(), shape.begin());
  return nb::cast(view, nb::rv_policy::copy);
}

nb::object SoftLabels(const hr_model_in& in) {
  if (in.soft_label == nullptr) return nb::none();
  return Copied(in.soft_label, {in.rows, static_cast<size_t>(in.classes)});
}

std::string ShapeText(const nb::object& array) { return nb::repr(array.attr("shape")).c_str(); }

[[noreturn]] void Refuse(const std::string& text) {
  PyErr_SetString(PyExc_ValueError, text.c_str());
  throw nb::python_error();
}

// `value` as a float32 array of NumPy's: whatever has the array protocol.
nb::object FloatArray(nb::handle value, const char* what) {
  const nb::module_ numpy = nb::module_::import_("numpy");
  try {
    return numpy.attr("asarray")(value, "dtype"_a = numpy.attr("float32"));
  } catch (nb::python_error& error) {
    nb::raise_from(error, PyExc_TypeError, "%s: found no numbers that NumPy can take", what);
  }
}

// Copies one number a row.
void CopyRows(nb::handle value, uint32_t rows, const char* what, float* out) {
  const nb::object array =
      nb::module_::import_("numpy").attr("ascontiguousarray")(FloatArray(value, what));
  const auto numbers = nb::cast<nb::ndarray<const float, nb::device::cpu>>(array);
  if (numbers.ndim() != 1 || numbers.shape(0) != rows) {
    Refuse(std::string(what) + ": found shape " + ShapeText(array) + ", expected (" +
           std::to_string(rows) + ",): one number a row");
  }
  std::copy_n(numbers.data(), rows, out);
}

}  // namespace

Callback::Callback(nb::object function) : function_(std::move(function)) {}

int Callback::Model(void* callback, const hr_model_in* in, hr_model_out* out) {
  return Guarded(callback, in, out);
}

int Callback::Saliency(void* callback, const hr_model_in* in, hr_saliency_out* out) {
  return Guarded(callback, in, out);
}

template <class Out>
int Callback::Guarded(void* callback, const hr_model_in* in, Out* out) {
  if (!MayTakeGil()) return 1;
  const nb::gil_scoped_acquire gil;
  TookGil();
  auto& self = *static_cast<Callback*>(callback);
  try {
    self.Answer(*in, out);
    return 0;
  } catch (...) {
    // The first one tells most; the library may go on to call once more.
    if (self.pending_ == nullptr) self.pending_ = std::current_exception();
    return 1;
  }
}

void Callback::RaisePending() {
  if (pending_ == nullptr) return;
  const std::exception_ptr raised = std::exchange(pending_, nullptr);
  std::rethrow_exception(raised);
}

nb::object Callback::Images(const hr_model_in& in) const {
  const size_t shape[4] = {in.rows, in.channels, in.height, in.width};
  const std::shared_ptr<LoaderHandle> handle = handle_.lock();
  nb::object owner = nb::none();
  if (handle != nullptr) {
    // An array that outlives the call shows other pixels then, but never memory that is gone.
    auto pin = std::make_unique<std::shared_ptr<LoaderHandle>>(handle);
    handle->Pin();
    owner = nb::capsule(pin.release(), [](void* pinned) noexcept {
      const std::unique_ptr<std::shared_ptr<LoaderHandle>> freed_here(
          static_cast<std::shared_ptr<LoaderHandle>*>(pinned));
      (*freed_here)->Unpin();
    });
  }
  // Not read-only, because torch.from_dlpack and torch.from_numpy take no array that is.
  const nb::ndarray<nb::numpy, float> view(const_cast<float*>(in.data), 4, shape, owner, in.stride);
  if (owner.is_none()) return nb::cast(view, nb::rv_policy::copy);
  return nb::cast(view, nb::rv_policy::reference);
}

void Callback::Answer(const hr_model_in& in, hr_model_out* out) {
  const nb::object answer =
      function_(Images(in), Copied(in.label, {in.rows}), SoftLabels(in), in.step);
  const bool sequence = nb::isinstance<nb::tuple>(answer) || nb::isinstance<nb::list>(answer);
  const size_t count = sequence ? nb::len(answer) : 0;
  if (count != 2 && count != 3) {
    Refuse("the model callback has to give (loss, gradient) or (loss, gradient, margin)");
  }
  CopyRows(answer[0], in.rows, "the model's loss", out->loss);
  if (count == 3 && !nb::object(answer[2]).is_none()) {
    CopyRows(answer[2], in.rows, "the model's margin", out->margin);
  }
  nb::object gradient = FloatArray(answer[1], "the model's gradient");
  auto view = nb::cast<nb::ndarray<const float, nb::device::cpu>>(gradient);
  const size_t expected[4] = {in.rows, in.channels, in.height, in.width};
  bool same = view.ndim() == 4;
  for (size_t i = 0; i < 4 && same; ++i) same = view.shape(i) == expected[i];
  if (!same) {
    Refuse("the model's gradient: found shape " + ShapeText(gradient) +
           ", expected that of the images");
  }
  out->grad = view.data();
  for (size_t i = 0; i < 4; ++i) out->stride[i] = view.stride(i);
  held_ = std::move(gradient);
}

void Callback::Answer(const hr_model_in& in, hr_saliency_out* out) {
  const nb::object answer = function_(Images(in), Copied(in.label, {in.rows}), SoftLabels(in));
  nb::object maps = nb::module_::import_("numpy").attr("array")(
      FloatArray(answer, "the saliency maps"), "order"_a = "C");
  const auto view = nb::cast<nb::ndarray<float, nb::device::cpu>>(maps);
  if (view.ndim() != 3 || view.shape(0) != in.rows || view.shape(1) == 0 || view.shape(2) == 0) {
    Refuse("the saliency maps: found shape " + ShapeText(maps) + ", expected (" +
           std::to_string(in.rows) + ", height, width)");
  }
  out->grid_height = static_cast<uint32_t>(view.shape(1));
  out->grid_width = static_cast<uint32_t>(view.shape(2));
  out->maps = view.data();
  held_ = std::move(maps);
}

}  // namespace headrace::python
