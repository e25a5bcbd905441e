// hr_loader for Python.
#pragma once

#include <headrace.h>
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "bindings/python/src/batch.h"
#include "bindings/python/src/call.h"
#include "bindings/python/src/log_queue.h"
#include "bindings/python/src/model.h"

namespace headrace::python {

// An open loader with its callbacks; headrace.Loader is made of one.
// Owner: Python. Thread: any, with the GIL, which is given up while the library works. Cost: a call
// costs two locks beside the C API's.
class Loader {
 public:
  using Weights =
      nanobind::ndarray<const double, nanobind::ndim<1>, nanobind::c_contig, nanobind::device::cpu>;
  using Ids = nanobind::ndarray<const int64_t, nanobind::ndim<1>, nanobind::c_contig,
                                nanobind::device::cpu>;

  // Opens `path` (bytes of a file name), or `text` where it is None. `log`(level, text), `model`
  // and `saliency` may be None, and so may `weights` and `ids`.
  Loader(nanobind::object path, const std::string& text, const std::vector<std::string>& overrides,
         int32_t world_size, int32_t rank, nanobind::object log, nanobind::object model,
         nanobind::object saliency, std::optional<Weights> weights, std::optional<Ids> ids);
  ~Loader();
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  // A Lease, or None at the end of an epoch. Raises TimeoutError after `timeout` seconds (below 0:
  // never), and what a callback raised: the batch, unmixed, comes with the next call; so it does
  // when a signal's handler raised.
  // `ticket`: a number of this call's own, or 0.
  nanobind::object Next(double timeout, uint64_t ticket);
  // Makes what Next gave for `ticket` come with its next call again: made anew, for the lease may
  // be gone. False, and nothing happens, when it gave none, or more since, or when the run has gone
  // elsewhere.
  bool TakeBack(uint64_t ticket);
  void SetEpoch(uint32_t epoch);
  // Where the run stands for who calls: what is held back counts as not given, and so does what was
  // given last if that was for the ticket `but`.
  nanobind::bytes SaveState(uint64_t but);
  // The log lines come with a call of Tell: whoever calls has something to note before.
  void LoadState(nanobind::bytes state);
  // Hands on the log lines that there are.
  void Tell();
  void Stop();
  void Close();
  bool closed() const { return handle_ == nullptr || handle_->closed(); }

  nanobind::dict Length() const;
  nanobind::dict Memory() const;
  nanobind::dict Stats() const;
  nanobind::object ClassName(int64_t label) const;
  nanobind::object SamplePath(int64_t id) const;
  nanobind::bytes ReadSample(int64_t id) const;
  std::string Replay(int64_t id, uint32_t epoch, uint32_t view) const;

  // For Python's collector of cycles: callbacks that refer to the loader.
  static int Traverse(PyObject* self, visitproc visit, void* arg) noexcept;
  static int Clear(PyObject* self) noexcept;

 private:
  struct State {
    char bytes[HR_STATE_BYTES_MAX] = {};
    size_t size = 0;
    std::span<char> span() { return {bytes, size}; }
  };
  nanobind::object Give(uint64_t ticket);  // what is held back
  bool IsLast(uint64_t ticket) const;      // whether what was given last was for it
  // By the consumer.
  State Save(Call& call) const;
  void Load(Call& call, std::span<const char> state);
  // Puts the place into `state` that the library stood at before it gave its last batch, or `end`
  // of an epoch.
  void PutPlaceBefore(bool end, State* state) const;

  const std::shared_ptr<LogQueue> log_queue_ = std::make_shared<LogQueue>();
  nanobind::object log_;
  Callback model_;
  Callback saliency_;
  std::shared_ptr<LoaderHandle> handle_;
  // What the call gives that was interrupted, by a callback, in a log line or by a signal: a batch,
  // or None at an epoch's end.
  nanobind::object held_back_;
  // Of what was given last: for which ticket (0: none, or the run is elsewhere by now), and whether
  // it was an end.
  uint64_t last_ticket_ = 0;
  bool gave_end_ = false;
  // Positions of its epoch that are done where the library stands, and that were before the last
  // batch, or end of an epoch, was taken.
  uint64_t position_ = 0;
  uint64_t position_before_ = 0;
  uint64_t batch_positions_ = 0;  // of a batch, over all ranks
};

void BindLoader(nanobind::module_& module);

}  // namespace headrace::python
