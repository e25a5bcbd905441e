// Functions of Python's as the model and saliency callbacks of the C API.
#pragma once

#include <headrace.h>
#include <nanobind/nanobind.h>

#include <exception>
#include <memory>

#include "bindings/python/src/call.h"

namespace headrace::python {

// A callable and what its calls leave behind.
// Owner: the Loader object, or a call of batch.ace and its like. Thread: the consumer's; everything
// but the C functions with the GIL. Cost: a few Python objects a call; pixels are not copied.
class Callback {
 public:
  explicit Callback(nanobind::object function);

  // model(images, labels, soft_labels, step) -> (loss, gradient[, margin]): an hr_model_fn with a
  // Callback as its context.
  static int Model(void* callback, const hr_model_in* in, hr_model_out* out);
  // saliency(images, labels, soft_labels) -> maps: an hr_saliency_fn.
  static int Saliency(void* callback, const hr_model_in* in, hr_saliency_out* out);

  // Raises what the last calls have raised, once.
  void RaisePending();
  bool has_pending() const { return pending_ != nullptr; }

  nanobind::object& function() { return function_; }
  // Whose memory the images are, when that is known: arrays that outlive the call keep it.
  void set_handle(std::weak_ptr<LoaderHandle> handle) { handle_ = std::move(handle); }

 private:
  void Answer(const hr_model_in& in, hr_model_out* out);
  void Answer(const hr_model_in& in, hr_saliency_out* out);
  template <class Out>
  static int Guarded(void* callback, const hr_model_in* in, Out* out);
  nanobind::object Images(const hr_model_in& in) const;

  nanobind::object function_;
  nanobind::object held_;  // what `out` points into, until the next call
  std::exception_ptr pending_;
  std::weak_ptr<LoaderHandle> handle_;
};

}  // namespace headrace::python
