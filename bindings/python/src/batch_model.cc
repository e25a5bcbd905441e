// What a model or maps of saliency do to a leased batch: hr_batch_ace, hr_batch_rmix and
// hr_batch_rmix_model.
#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>
#include <nanobind/stl/vector.h>

#include <utility>
#include <vector>

#include "bindings/python/src/batch.h"
#include "bindings/python/src/errors.h"
#include "bindings/python/src/model.h"
#include "bindings/python/src/report.h"

namespace nb = nanobind;
using namespace nb::literals;

namespace headrace::python {
namespace {

// The open loader of a batch.
std::shared_ptr<LoaderHandle> LoaderOf(const Lease& lease) {
  lease.CheckProcess();
  std::shared_ptr<LoaderHandle> handle = lease.loader().lock();
  if (handle == nullptr) RaiseClosed("the batch's loader was closed");
  return handle;
}

// function(callback, &report, &error) as the loader's consumer, without the GIL. What the callback
// raised comes first.
template <class Report, class Function>
nb::dict WithModel(Lease& lease, nb::object model, Function function) {
  Call call(LoaderOf(lease));
  call.Consume();
  Callback callback(std::move(model));
  callback.set_handle(lease.loader());
  HR_INIT(Report, report);
  HR_INIT(hr_error, error);
  const hr_status status =
      call.WithoutGil([&](hr_loader*) { return function(&callback, &report, &error); });
  callback.RaisePending();
  Check(status, error);
  lease.Refresh();
  return ToDict(report);
}

nb::dict Ace(Lease& lease, nb::object model, uint32_t pieces, double bound, double alpha,
             double kappa, double p, uint32_t steps, uint32_t chunk, int32_t step, int32_t keep,
             bool freeze_on_success, bool random_start, bool final_eval) {
  HR_INIT(hr_ace_config, config);
  config.pieces = pieces;
  config.bound = bound;
  config.alpha = alpha;
  config.kappa = kappa;
  config.p = p;
  config.steps = steps;
  config.chunk = chunk;
  config.step = step;
  config.keep = keep;
  config.no_freeze = freeze_on_success ? 0 : 1;
  config.random_start = random_start ? 1 : 0;
  config.final_eval = final_eval ? 1 : 0;
  return WithModel<hr_ace_report>(
      lease, std::move(model), [&](Callback* callback, hr_ace_report* report, hr_error* error) {
        return hr_batch_ace(lease.batch(), &config, Callback::Model, callback, report, error);
      });
}

using Maps = nb::ndarray<const float, nb::ndim<3>, nb::c_contig, nb::device::cpu>;
using Indices = nb::ndarray<const uint8_t, nb::ndim<1>, nb::c_contig, nb::device::cpu>;

// By `maps`, or where they are None by the gradients of `model`.
nb::dict Rmix(Lease& lease, nb::object maps, nb::object model, nb::object q_index,
              const std::vector<uint32_t>& patches, const std::vector<double>& quantiles,
              int32_t pairing, double alpha, double label_smoothing, bool lam_per_pair,
              uint32_t occurrence) {
  HR_INIT(hr_rmix_config, config);
  config.patch_count = static_cast<uint32_t>(patches.size());
  config.patches = patches.data();
  config.quantile_count = static_cast<uint32_t>(quantiles.size());
  config.quantiles = quantiles.data();
  config.pairing = pairing;
  config.alpha = alpha;
  config.label_smoothing = label_smoothing;
  config.lam_per_pair = lam_per_pair ? 1 : 0;
  config.occurrence = occurrence;
  if (maps.is_none()) {
    return WithModel<hr_rmix_report>(
        lease, std::move(model), [&](Callback* callback, hr_rmix_report* report, hr_error* error) {
          return hr_batch_rmix_model(lease.batch(), &config, Callback::Model, callback, report,
                                     error);
        });
  }
  lease.CheckProcess();
  const Maps grid = nb::cast<Maps>(maps);
  Indices indices;
  if (!q_index.is_none()) indices = nb::cast<Indices>(q_index);
  const size_t rows = lease.info().count;
  if (grid.shape(0) != rows || (indices.is_valid() && indices.shape(0) != rows)) {
    Raise(HR_INVALID_ARGUMENT, "maps and q_index need an entry for each sample of the batch");
  }
  HR_INIT(hr_rmix_report, report);
  HR_INIT(hr_error, error);
  hr_status status = HR_OK;
  {
    // Nothing of the loader's is needed, and no thread of it can keep Python's from going on.
    const WithoutGil released;
    status =
        hr_batch_rmix(lease.batch(), &config, grid.data(), static_cast<uint32_t>(grid.shape(1)),
                      static_cast<uint32_t>(grid.shape(2)), grid.shape(1) * grid.shape(2),
                      indices.is_valid() ? indices.data() : nullptr, &report, &error);
  }
  Check(status, error);
  lease.Refresh();
  return ToDict(report);
}

}  // namespace

void BindBatchModel(nb::class_<Lease>& lease) {
  lease.def("ace", &Ace, "model"_a, "pieces"_a, "bound"_a, "alpha"_a, "kappa"_a, "p"_a, "steps"_a,
            "chunk"_a, "step"_a, "keep"_a, "freeze_on_success"_a, "random_start"_a, "final_eval"_a);
  lease.def("rmix", &Rmix, "maps"_a.none(), "model"_a.none(), "q_index"_a.none(), "patches"_a,
            "quantiles"_a, "pairing"_a, "alpha"_a, "label_smoothing"_a, "lam_per_pair"_a,
            "occurrence"_a);
}

}  // namespace headrace::python
