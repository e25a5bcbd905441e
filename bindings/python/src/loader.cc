#include "bindings/python/src/loader.h"

#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "bindings/python/src/c_strings.h"
#include "bindings/python/src/errors.h"
#include "bindings/python/src/report.h"
#include "bindings/python/src/state_place.h"

namespace nb = nanobind;

namespace headrace::python {
namespace {

// How long Ctrl-C may have to wait.
constexpr int64_t kPollNs = 50'000'000;

int64_t NowNs() {
  return std::chrono::steady_clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

// For calls before there is an open loader, and after.
template <class Function>
auto OutsideOfPython(Function function) {
  const WithoutGil given_up;
  return function();
}

// Runs the handlers of signals, such as Ctrl-C, while an opening has given up the GIL.
class OpenSignals {
 public:
  // With the GIL.
  OpenSignals() {
    const nb::module_ threading = nb::module_::import_("threading");
    main_ = threading.attr("get_ident")().equal(threading.attr("main_thread")().attr("ident"));
  }
  // hr_progress_fn; comes on the thread that opens, about twenty times a second. Python runs
  // handlers on the main thread alone, which is also the one that may take the GIL however the end
  // is near.
  static int Mind(void* self, const hr_job_progress* /*progress*/) {
    if (!static_cast<OpenSignals*>(self)->main_) return 0;
    auto& raised = static_cast<OpenSignals*>(self)->raised_;
    const nb::gil_scoped_acquire acquired;
    if (PyErr_CheckSignals() != 0) raised.emplace();  // takes what is to be raised
    return raised ? 1 : 0;
  }
  // With the GIL.
  void Raise() {
    if (raised_) throw nb::python_error(std::move(*raised_));
  }

 private:
  bool main_ = false;
  std::optional<nb::python_error> raised_;
};

// Text of the library's as str: bytes of paths that are no UTF-8 as os.fsdecode has them.
nb::object Decoded(const char* text) {
  if (text == nullptr) return nb::none();
  PyObject* decoded = PyUnicode_DecodeFSDefault(text);
  if (decoded == nullptr) throw nb::python_error();
  return nb::steal(decoded);
}

}  // namespace

Loader::Loader(nb::object path, const std::string& text, const std::vector<std::string>& overrides,
               int32_t world_size, int32_t rank, nb::object log, nb::object model,
               nb::object saliency, std::optional<Weights> weights, std::optional<Ids> ids)
    : log_(std::move(log)), model_(std::move(model)), saliency_(std::move(saliency)) {
  const std::vector<const char*> pointers = Pointers(overrides);
  HR_INIT(hr_options, options);
  options.overrides = pointers.data();
  options.override_count = static_cast<uint32_t>(pointers.size());
  options.log = LogQueue::Add;
  options.log_context = log_queue_.get();
  options.world_size = world_size;
  options.rank = rank;
  if (!model_.function().is_none()) {
    options.model = Callback::Model;
    options.model_context = &model_;
  }
  if (!saliency_.function().is_none()) {
    options.saliency = Callback::Saliency;
    options.saliency_context = &saliency_;
  }
  if (weights) {
    options.sample_weights = weights->data();
    options.sample_weight_count = weights->shape(0);
  }
  if (ids) {
    options.sample_ids = ids->data();
    options.sample_id_count = ids->shape(0);
  }
  OpenSignals signals;
  options.progress = &OpenSignals::Mind;
  options.progress_context = &signals;
  const char* name = path.is_none() ? nullptr : nb::cast<nb::bytes>(path).c_str();
  HR_INIT(hr_error, error);
  hr_loader* loader = nullptr;
  const hr_status status = OutsideOfPython([&] {
    return name != nullptr
               ? hr_loader_open_file(name, &options, &loader, &error)
               : hr_loader_open_toml(text.data(), text.size(), &options, &loader, &error);
  });
  if (loader != nullptr) {
    HR_INIT(hr_length, length);
    static_cast<void>(hr_loader_length(loader, &length, nullptr));
    batch_positions_ = uint64_t{length.batch_size} * length.world_size;
    handle_ = std::make_shared<LoaderHandle>(loader, log_queue_);
    model_.set_handle(handle_);
    saliency_.set_handle(handle_);
  }
  try {
    log_queue_->Deliver(log_);
    signals.Raise();
  } catch (...) {
    // There will be no object to close it. Closing joins threads: others run meanwhile.
    if (handle_ != nullptr) static_cast<void>(OutsideOfPython([this] { return handle_->Close(); }));
    throw;
  }
  Check(status, error);
}

Loader::~Loader() {
  held_back_.reset();
  if (handle_ == nullptr || handle_->forked()) return;
  // Closing joins threads: others run meanwhile.
  if (Py_IsInitialized()) {
    static_cast<void>(OutsideOfPython([this] { return handle_->Close(); }));
  } else {
    static_cast<void>(handle_->Close());
  }
}

nb::object Loader::Next(double timeout, uint64_t ticket) {
  Call call(handle_);
  call.Consume();
  // What a callback raised, when something else was raised instead.
  model_.RaisePending();
  saliency_.RaisePending();
  if (held_back_.is_valid()) return Give(ticket);
  const int64_t deadline =
      timeout < 0 || timeout > 1e9 ? INT64_MAX : NowNs() + static_cast<int64_t>(timeout * 1e9);
  for (;;) {
    const int64_t wait = std::clamp<int64_t>(deadline - NowNs(), 0, kPollNs);
    hr_batch* batch = nullptr;
    HR_INIT(hr_error, error);
    const hr_status status = call.WithoutGil(
        [&](hr_loader* loader) { return hr_loader_next(loader, wait, &batch, &error); });
    if (status == HR_OK || status == HR_END_OF_EPOCH) {
      position_before_ = position_;
      position_ = status == HR_OK ? position_ + batch_positions_ : 0;
      // An interrupted call has taken nothing: the batch, or the epoch's end, comes with the next.
      held_back_ = status == HR_OK ? nb::cast(Lease(batch, handle_)) : nb::none();
    }
    log_queue_->Deliver(log_);
    model_.RaisePending();
    saliency_.RaisePending();
    if (status != HR_OK && status != HR_END_OF_EPOCH && status != HR_TIMEOUT) {
      if (status == HR_STOPPED && handle_->closed()) RaiseClosed("the loader was closed");
      Raise(status, error);
    }
    // With a batch, too: what a signal raises that came during the wait for it would come as soon
    // as this returns, before the caller has the batch.
    if (held_back_.is_valid()) {
      call.LeaveForSignals();
      if (held_back_.is_valid()) return Give(ticket);
    }
    call.MindSignals();
    if (NowNs() >= deadline) {
      PyErr_SetString(PyExc_TimeoutError, "no batch within the time-out");
      throw nb::python_error();
    }
    call.Consume();
    if (held_back_.is_valid()) return Give(ticket);
  }
}

nb::object Loader::Give(uint64_t ticket) {
  last_ticket_ = ticket;
  gave_end_ = held_back_.is_none();
  return std::exchange(held_back_, nb::object());
}

bool Loader::IsLast(uint64_t ticket) const {
  return ticket != 0 && ticket == last_ticket_ && !held_back_.is_valid();
}

bool Loader::TakeBack(uint64_t ticket) {
  if (!IsLast(ticket)) return false;  // before it waits for other threads
  Call call(handle_);
  call.Consume();
  if (!IsLast(ticket)) return false;
  State state = Save(call);
  PutPlaceBefore(gave_end_, &state);
  Load(call, state.span());
  return true;
}

void Loader::SetEpoch(uint32_t epoch) {
  Call call(handle_);
  call.Consume();
  HR_INIT(hr_error, error);
  const hr_status status = call.WithoutGil(
      [&](hr_loader* loader) { return hr_loader_set_epoch(loader, epoch, &error); });
  Check(status, error);
  held_back_.reset();
  last_ticket_ = 0;
  position_ = 0;
}

Loader::State Loader::Save(Call& call) const {
  State state;
  HR_INIT(hr_error, error);
  const hr_status status = call.WithoutGil([&](hr_loader* loader) {
    return hr_loader_state_save(loader, state.bytes, sizeof state.bytes, &state.size, &error);
  });
  Check(status, error);
  return state;
}

void Loader::PutPlaceBefore(bool end, State* state) const {
  Place place = PlaceOf(state->span());
  if (end) --place.epoch;  // the library is in the next one already
  place.position = position_before_;
  PutPlace(state->span(), place);
}

void Loader::Load(Call& call, std::span<const char> state) {
  HR_INIT(hr_error, error);
  const hr_status status = call.WithoutGil([&](hr_loader* loader) {
    return hr_loader_state_load(loader, state.data(), state.size(), &error);
  });
  Check(status, error);
  held_back_.reset();
  last_ticket_ = 0;
  position_ = PlaceOf(state).position;
}

nb::bytes Loader::SaveState(uint64_t but) {
  Call call(handle_);
  call.Consume();
  State state = Save(call);
  // The library has given it, and the caller has not got it: a run that goes on begins with it.
  if (held_back_.is_valid()) PutPlaceBefore(held_back_.is_none(), &state);
  if (IsLast(but)) PutPlaceBefore(gave_end_, &state);
  return nb::bytes(state.bytes, state.size);
}

void Loader::LoadState(nb::bytes state) {
  Call call(handle_);
  call.Consume();
  Load(call, {state.c_str(), state.size()});
}

void Loader::Tell() { log_queue_->Deliver(log_); }

void Loader::Stop() {
  Call::RefuseForked(*handle_);
  handle_->Stop();
}

void Loader::Close() {
  if (handle_->forked()) return;
  held_back_.reset();
  if (!OutsideOfPython([this] { return handle_->Close(); })) {
    Raise(HR_REENTERED, "close was called from inside a callback of this loader");
  }
  log_queue_->Deliver(log_);
}

nb::dict Loader::Length() const {
  const Call call(handle_);
  return DictOf<hr_length>(hr_loader_length, call.loader());
}

nb::dict Loader::Memory() const {
  const Call call(handle_);
  return DictOf<hr_memory>(hr_loader_memory, call.loader());
}

nb::dict Loader::Stats() const {
  const Call call(handle_);
  return DictOf<hr_stats>(hr_loader_stats, call.loader());
}

nb::object Loader::ClassName(int64_t label) const {
  const Call call(handle_);
  return Decoded(hr_loader_class_name(call.loader(), label));
}

nb::object Loader::SamplePath(int64_t id) const {
  Call call(handle_);
  // May read the index of a shard.
  return Decoded(
      call.WithoutGil([id](hr_loader* loader) { return hr_loader_sample_path(loader, id); }));
}

nb::bytes Loader::ReadSample(int64_t id) const {
  Call call(handle_);
  const auto bytes = BytesOf([&](char* out, size_t capacity, size_t* needed, hr_error* error) {
    return call.WithoutGil([&](hr_loader* loader) {
      return hr_loader_sample_read(loader, id, out, capacity, needed, error);
    });
  });
  return nb::bytes(bytes.data(), bytes.size());
}

std::string Loader::Replay(int64_t id, uint32_t epoch, uint32_t view) const {
  Call call(handle_);
  const auto replay = [&](char* text, size_t capacity, size_t* needed, hr_error* error) {
    return call.WithoutGil([&](hr_loader* loader) {
      return hr_loader_replay(loader, id, epoch, view, text, capacity, needed, error);
    });
  };
  return TextOf(replay, 4096);  // mostly enough: each call reads the sample's file
}

int Loader::Traverse(PyObject* self, visitproc visit, void* arg) noexcept {
#if PY_VERSION_HEX >= 0x03090000
  Py_VISIT(Py_TYPE(self));
#endif
  if (!nb::inst_ready(self)) return 0;
  Loader* loader = nb::inst_ptr<Loader>(self);
  Py_VISIT(loader->log_.ptr());
  Py_VISIT(loader->model_.function().ptr());
  Py_VISIT(loader->saliency_.function().ptr());
  return 0;
}

int Loader::Clear(PyObject* self) noexcept {
  Loader* loader = nb::inst_ptr<Loader>(self);
  loader->log_.reset();
  loader->model_.function().reset();
  loader->saliency_.function().reset();
  return 0;
}

void BindLoader(nb::module_& module) {
  static PyType_Slot slots[] = {
      {Py_tp_traverse, reinterpret_cast<void*>(Loader::Traverse)},
      {Py_tp_clear, reinterpret_cast<void*>(Loader::Clear)},
      {0, nullptr},
  };
  nb::class_<Loader>(module, "Loader", nb::type_slots(slots), "An open loader.")
      .def(nb::init<nb::object, const std::string&, const std::vector<std::string>&, int32_t,
                    int32_t, nb::object, nb::object, nb::object, std::optional<Loader::Weights>,
                    std::optional<Loader::Ids>>(),
           nb::arg("path").none(), nb::arg("text"), nb::arg("overrides"), nb::arg("world_size"),
           nb::arg("rank"), nb::arg("log").none(), nb::arg("model").none(),
           nb::arg("saliency").none(), nb::arg("weights").none(), nb::arg("ids").none())
      .def("next", &Loader::Next,
           nb::sig("def next(self, timeout: float, ticket: int) -> Lease | None"),
           nb::arg("timeout"), nb::arg("ticket"))
      .def("set_epoch", &Loader::SetEpoch, nb::arg("epoch"))
      .def("take_back", &Loader::TakeBack, nb::arg("ticket"))
      .def("save_state", &Loader::SaveState, nb::arg("but") = 0)
      .def("load_state", &Loader::LoadState, nb::arg("state"))
      .def("tell", &Loader::Tell)
      .def("stop", &Loader::Stop)
      .def("close", &Loader::Close)
      .def_prop_ro("closed", &Loader::closed)
      .def("length", &Loader::Length, nb::sig("def length(self) -> dict[str, int]"))
      .def("memory", &Loader::Memory, nb::sig("def memory(self) -> dict[str, int]"))
      .def("stats", &Loader::Stats, nb::sig("def stats(self) -> dict[str, typing.Any]"))
      .def("class_name", &Loader::ClassName,
           nb::sig("def class_name(self, label: int) -> str | None"), nb::arg("label"))
      .def("sample_path", &Loader::SamplePath,
           nb::sig("def sample_path(self, id: int) -> str | None"), nb::arg("id"))
      .def("read_sample", &Loader::ReadSample, nb::arg("id"))
      .def("replay", &Loader::Replay, nb::arg("id"), nb::arg("epoch"), nb::arg("view"));
}

}  // namespace headrace::python
