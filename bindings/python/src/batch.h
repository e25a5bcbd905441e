// A leased batch as Python sees it.
#pragma once

#include <headrace.h>
#include <nanobind/nanobind.h>

#include <memory>

#include "bindings/python/src/call.h"

namespace headrace::python {

// One lease. Every array that is made of it keeps it, so the buffer goes back when the last of them
// and the Batch object are gone, also after close.
// Owner: Python's references. Thread: any, with the GIL. Cost: none on the pixels.
class Lease {
 public:
  Lease(hr_batch* batch, std::weak_ptr<LoaderHandle> loader);
  ~Lease();
  Lease(Lease&& other) noexcept;
  Lease& operator=(Lease&&) = delete;

  hr_batch* batch() const { return batch_; }
  const hr_batch_info& info() const { return info_; }
  const std::weak_ptr<LoaderHandle>& loader() const { return loader_; }
  // After the batch was changed in place.
  void Refresh();
  // Raises in a child of the process that took the lease.
  void CheckProcess() const;

 private:
  hr_batch* batch_;
  std::weak_ptr<LoaderHandle> loader_;
  int owner_;  // process
  hr_batch_info info_ = {};
};

void BindBatch(nanobind::module_& module);
// Adds what a model does to a batch; batch_model.cc.
void BindBatchModel(nanobind::class_<Lease>& lease);

}  // namespace headrace::python
