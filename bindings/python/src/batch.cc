#include "bindings/python/src/batch.h"

#include <nanobind/ndarray.h>
#include <unistd.h>

#include <initializer_list>
#include <utility>
#include <vector>

#include "bindings/python/src/errors.h"

namespace nb = nanobind;

namespace headrace::python {
namespace {

constexpr auto kUInt8 = nb::dtype<uint8_t>();
constexpr auto kUInt16 = nb::dtype<uint16_t>();
constexpr auto kInt32 = nb::dtype<int32_t>();
constexpr auto kInt64 = nb::dtype<int64_t>();
constexpr auto kFloat = nb::dtype<float>();
constexpr nb::dlpack::dtype kHalf = {static_cast<uint8_t>(nb::dlpack::dtype_code::Float), 16, 1};

// A NumPy array over the lease's memory, which keeps `lease`; None without memory.
nb::object ArrayOf(nb::handle lease, const void* data, nb::dlpack::dtype type,
                   std::initializer_list<size_t> shape) {
  if (data == nullptr) return nb::none();
  const nb::ndarray<nb::numpy> view(const_cast<void*>(data), shape.size(), shape.begin(), lease,
                                    nullptr, type);
  return nb::cast(view, nb::rv_policy::reference);
}

const Lease& Of(nb::handle lease) {
  const Lease& self = nb::cast<const Lease&>(lease);
  self.CheckProcess();
  return self;
}

nb::dlpack::dtype TypeOf(int32_t dtype) {
  switch (dtype) {
    case HR_U8: return kUInt8;
    case HR_F16: return kHalf;
    case HR_BF16: return kUInt16;  // NumPy has no name for it
    default: return kFloat;
  }
}

nb::object Images(nb::handle lease) {
  const hr_batch_info& info = Of(lease).info();
  const bool planes = info.layout == HR_NCHW;
  const size_t a = planes ? info.channels : info.height;
  const size_t b = planes ? info.height : info.width;
  const size_t c = planes ? info.width : info.channels;
  const nb::dlpack::dtype type = TypeOf(info.dtype);
  if (info.views > 1) return ArrayOf(lease, info.images, type, {info.views, info.count, a, b, c});
  return ArrayOf(lease, info.images, type, {info.count, a, b, c});
}

nb::object Labels(nb::handle lease) {
  const hr_batch_info& info = Of(lease).info();
  if (info.soft_labels != nullptr) {
    return ArrayOf(lease, info.soft_labels, kFloat, {info.count, info.classes});
  }
  return ArrayOf(lease, info.labels, kInt64, {info.count});
}

nb::object Pixels(nb::handle lease) {
  const hr_batch_info& info = Of(lease).info();
  return ArrayOf(lease, info.pixels, kUInt8, {info.count, info.channels, info.height, info.width});
}

nb::object Ids(nb::handle lease) {
  const hr_batch_info& info = Of(lease).info();
  return ArrayOf(lease, info.ids, kInt64, {info.count});
}

nb::object Valid(nb::handle lease) {
  const hr_batch_info& info = Of(lease).info();
  return ArrayOf(lease, info.valid, kUInt8, {info.count});
}

nb::object Lam(nb::handle lease) {
  const hr_batch_info& info = Of(lease).info();
  return ArrayOf(lease, info.lambda, kFloat, {info.count});
}

nb::object Partner(nb::handle lease) {
  const hr_batch_info& info = Of(lease).info();
  return ArrayOf(lease, info.partner, kInt32, {info.count});
}

nb::object Targets(nb::handle lease) {
  const hr_batch_info& info = Of(lease).info();
  if (info.targets == nullptr) return nb::none();
  const hr_targets& targets = *info.targets;
  const size_t n = targets.count;
  const size_t mask_bytes = static_cast<size_t>(targets.mask_offsets[n]);
  nb::dict out;
  out["offsets"] = ArrayOf(lease, targets.offsets, kInt64, {size_t{info.count} + 1});
  out["boxes"] = ArrayOf(lease, targets.boxes, kFloat, {n, 4});
  out["classes"] = ArrayOf(lease, targets.classes, kInt64, {n});
  out["ids"] = ArrayOf(lease, targets.ids, kInt64, {n});
  out["area"] = ArrayOf(lease, targets.area, kFloat, {n});
  out["crowd"] = ArrayOf(lease, targets.crowd, kUInt8, {n});
  out["flags"] = ArrayOf(lease, targets.flags, kUInt8, {n});
  out["weights"] = ArrayOf(lease, targets.weights, kFloat, {n});
  out["mask_offsets"] = ArrayOf(lease, targets.mask_offsets, kInt64, {n + 1});
  out["masks"] = ArrayOf(lease, targets.masks, kUInt8, {mask_bytes});
  return out;
}

// As the Python array API wants it: a capsule that whoever consumes it renames.
nb::object DlpackCapsule(DLManagedTensor* tensor, void (*free_unused)(PyObject*)) {
  PyObject* capsule = PyCapsule_New(tensor, "dltensor", free_unused);
  if (capsule == nullptr) throw nb::python_error();
  return nb::steal(capsule);
}

}  // namespace
}  // namespace headrace::python

// dlpack.h's, as far as it is needed here: the deleter comes last, behind a tensor of 48 bytes and
// the manager's context.
struct DLManagedTensor {
  struct {
    void* data;
    int32_t device[2];
    int32_t ndim;
    uint8_t code;
    uint8_t bits;
    uint16_t lanes;
    int64_t* shape;
    int64_t* strides;
    uint64_t byte_offset;
  } tensor;
  void* context;
  void (*deleter)(DLManagedTensor* self);
};

namespace headrace::python {
namespace {

nb::object Dlpack(nb::handle lease) {
  const Lease& self = Of(lease);
  DLManagedTensor* tensor = nullptr;
  HR_INIT(hr_error, error);
  Check(hr_batch_dlpack(self.batch(), &tensor, &error), error);
  return DlpackCapsule(tensor, [](PyObject* capsule) {
    if (PyCapsule_IsValid(capsule, "dltensor") == 0) return;  // somebody has it now
    auto* unused = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
    unused->deleter(unused);
  });
}

// A tensor over the memory of an array of two-byte numbers, as bfloat16.
struct Bfloat16View {
  DLManagedTensor managed;
  std::vector<int64_t> shape;
  std::vector<int64_t> strides;
  PyObject* array;
};

void DeleteView(DLManagedTensor* self) {
  const std::unique_ptr<Bfloat16View> view(static_cast<Bfloat16View*>(self->context));
  if (!Py_IsInitialized() || !MayTakeGil()) return;
  const PyGILState_STATE state = PyGILState_Ensure();
  TookGil();
  Py_DECREF(view->array);
  PyGILState_Release(state);
}

nb::object Bfloat16Dlpack(nb::ndarray<uint16_t, nb::device::cpu> array, nb::object owner) {
  auto view = std::make_unique<Bfloat16View>();
  for (size_t i = 0; i < array.ndim(); ++i) {
    view->shape.push_back(static_cast<int64_t>(array.shape(i)));
    view->strides.push_back(array.stride(i));
  }
  view->managed.tensor = {.data = array.data(),
                          .device = {1, 0},
                          .ndim = static_cast<int32_t>(array.ndim()),
                          .code = static_cast<uint8_t>(nb::dlpack::dtype_code::Bfloat),
                          .bits = 16,
                          .lanes = 1,
                          .shape = view->shape.data(),
                          .strides = view->strides.data(),
                          .byte_offset = 0};
  view->managed.context = view.get();
  view->managed.deleter = DeleteView;
  view->array = owner.release().ptr();
  return DlpackCapsule(&view.release()->managed, [](PyObject* capsule) {
    if (PyCapsule_IsValid(capsule, "dltensor") == 0) return;
    auto* unused = static_cast<DLManagedTensor*>(PyCapsule_GetPointer(capsule, "dltensor"));
    unused->deleter(unused);
  });
}

}  // namespace

Lease::Lease(hr_batch* batch, std::weak_ptr<LoaderHandle> loader)
    : batch_(batch), loader_(std::move(loader)), owner_(getpid()) {
  try {
    Refresh();
  } catch (...) {
    hr_batch_release(batch);
    throw;
  }
}

void Lease::Refresh() {
  info_.struct_size = sizeof info_;
  HR_INIT(hr_error, error);
  Check(hr_batch_view(batch_, &info_, &error), error);
}

Lease::~Lease() {
  // In a child of fork the buffers are the parent's.
  if (batch_ != nullptr && getpid() == owner_) hr_batch_release(batch_);
}

Lease::Lease(Lease&& other) noexcept
    : batch_(std::exchange(other.batch_, nullptr)),
      loader_(std::move(other.loader_)),
      owner_(other.owner_),
      info_(other.info_) {}

void Lease::CheckProcess() const {
  if (getpid() != owner_) {
    Raise(HR_FORKED, "the batch was leased before fork; its buffer belongs to the parent process");
  }
}

void BindBatch(nb::module_& module) {
  nb::class_<Lease> lease(module, "Lease", "A leased batch; headrace.Batch is made of one.");
  lease.def_prop_ro("epoch", [](const Lease& self) { return self.info().epoch; })
      .def_prop_ro("batch", [](const Lease& self) { return self.info().batch; })
      .def_prop_ro("global_batch", [](const Lease& self) { return self.info().global_batch; })
      .def_prop_ro("count", [](const Lease& self) { return self.info().count; })
      .def_prop_ro("classes", [](const Lease& self) { return self.info().classes; })
      .def_prop_ro("dtype", [](const Lease& self) { return self.info().dtype; })
      .def_prop_ro("layout", [](const Lease& self) { return self.info().layout; })
      .def_prop_ro("views", [](const Lease& self) { return self.info().views; })
      .def_prop_ro("height", [](const Lease& self) { return self.info().height; })
      .def_prop_ro("width", [](const Lease& self) { return self.info().width; })
      .def_prop_ro("mix_status", [](const Lease& self) { return self.info().mix_status; })
      .def_prop_ro("mix_entry", [](const Lease& self) { return self.info().mix_entry; })
      .def("images", &Images, nb::sig("def images(self) -> numpy.ndarray"))
      .def("labels", &Labels, nb::sig("def labels(self) -> numpy.ndarray"))
      .def("pixels", &Pixels, nb::sig("def pixels(self) -> numpy.ndarray | None"))
      .def("targets", &Targets, nb::sig("def targets(self) -> dict[str, numpy.ndarray] | None"))
      .def("ids", &Ids, nb::sig("def ids(self) -> numpy.ndarray"))
      .def("valid", &Valid, nb::sig("def valid(self) -> numpy.ndarray"))
      .def("lam", &Lam, nb::sig("def lam(self) -> numpy.ndarray"))
      .def("partner", &Partner, nb::sig("def partner(self) -> numpy.ndarray"))
      .def("dlpack", &Dlpack, nb::sig("def dlpack(self) -> typing.Any"),
           "The images as a DLPack capsule with a lease of its own.");
  BindBatchModel(lease);
  module.def("bfloat16_dlpack", &Bfloat16Dlpack, nb::arg("array"), nb::arg("owner"),
             "A DLPack capsule of bfloat16 over an array of uint16.");
}

}  // namespace headrace::python
