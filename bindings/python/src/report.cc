#include "bindings/python/src/report.h"

namespace nb = nanobind;

// A field of `in` under its own name.
#define HR_FIELD(name) out[#name] = in.name

namespace headrace::python {
namespace {

nb::object Genes(const uint32_t* genes, uint32_t count) {
  if (genes == nullptr) return nb::none();
  nb::list out;
  for (uint32_t i = 0; i < count; ++i) out.append(genes[i]);
  return out;
}

}  // namespace

nb::dict ToDict(const hr_length& in) {
  nb::dict out;
  HR_FIELD(classes);
  HR_FIELD(samples);
  HR_FIELD(batches_per_epoch);
  HR_FIELD(batch_size);
  HR_FIELD(rank);
  HR_FIELD(world_size);
  HR_FIELD(batches_this_epoch);
  HR_FIELD(epoch_samples);
  return out;
}

nb::dict ToDict(const hr_memory& in) {
  nb::dict out;
  HR_FIELD(batch_buffers);
  HR_FIELD(total_bytes);
  HR_FIELD(batch_bytes);
  HR_FIELD(lane_bytes);
  HR_FIELD(scratch_bytes);
  HR_FIELD(big_image_bytes);
  HR_FIELD(index_bytes);
  HR_FIELD(other_bytes);
  HR_FIELD(jpeg_bytes_max);
  HR_FIELD(cache_bytes);
  return out;
}

nb::dict ToDict(const hr_stats& in) {
  nb::dict out;
  HR_FIELD(workers);
  HR_FIELD(batches);
  HR_FIELD(samples);
  HR_FIELD(bytes_read);
  HR_FIELD(read_ns);
  HR_FIELD(decode_ns);
  HR_FIELD(entropy_ns);
  HR_FIELD(idct_ns);
  HR_FIELD(resize_ns);
  HR_FIELD(colour_ns);
  HR_FIELD(ops_ns);
  HR_FIELD(mix_ns);
  HR_FIELD(wait_ns);
  HR_FIELD(consumer_wait_ns);
  HR_FIELD(corrupt_samples);
  HR_FIELD(corrupt_ids);
  HR_FIELD(substituted);
  HR_FIELD(marked);
  HR_FIELD(extraneous);
  HR_FIELD(extra_buffers);
  HR_FIELD(reader);
  HR_FIELD(simd_target);
  HR_FIELD(pin);
  HR_FIELD(rank_source);
  HR_FIELD(checkpoints_read);
  HR_FIELD(checkpoints_written);
  HR_FIELD(checkpoints_rejected);
  HR_FIELD(jpeg);
  HR_FIELD(callback_failures);
  HR_FIELD(object_zoom_fallbacks);
  HR_FIELD(cache_hits);
  HR_FIELD(cache_bytes);
  HR_FIELD(partial_reads);
  HR_FIELD(partial_fallbacks);
  return out;
}

nb::dict ToDict(const hr_ace_report& in) {
  nb::dict out;
  HR_FIELD(rows);
  HR_FIELD(frozen);
  HR_FIELD(non_finite);
  HR_FIELD(calls);
  HR_FIELD(loss_before);
  HR_FIELD(loss_after);
  HR_FIELD(model_ns);
  HR_FIELD(library_ns);
  return out;
}

nb::dict ToDict(const hr_rmix_report& in) {
  nb::dict out;
  HR_FIELD(patches);
  HR_FIELD(mixed);
  HR_FIELD(uniform_maps);
  HR_FIELD(nanoseconds);
  HR_FIELD(model_ns);
  return out;
}

nb::dict ToDict(const hr_trial& in) {
  nb::dict out;
  HR_FIELD(kind);
  HR_FIELD(id);
  HR_FIELD(of);
  HR_FIELD(seed);
  HR_FIELD(policy);
  HR_FIELD(text);
  HR_FIELD(name);
  out["genes"] = Genes(in.genes, in.gene_count);
  HR_FIELD(state);
  HR_FIELD(score);
  HR_FIELD(failed);
  return out;
}

nb::dict ToDict(const hr_search_result& in) {
  nb::dict out;
  HR_FIELD(id);
  HR_FIELD(score);
  HR_FIELD(mean);
  HR_FIELD(standard_error);
  HR_FIELD(rescores);
  HR_FIELD(rescores_failed);
  HR_FIELD(policy);
  HR_FIELD(text);
  HR_FIELD(name);
  return out;
}

nb::dict ToDict(const hr_search_counts& in) {
  nb::dict out;
  HR_FIELD(kind);
  HR_FIELD(trials);
  HR_FIELD(asked);
  HR_FIELD(out);
  HR_FIELD(scored);
  HR_FIELD(failed);
  HR_FIELD(search_trials);
  HR_FIELD(search_failed);
  HR_FIELD(best_id);
  HR_FIELD(best_score);
  return out;
}

nb::dict ToDict(const hr_policy& in) {
  nb::dict out;
  out["genes"] = Genes(in.genes, in.gene_count);
  HR_FIELD(toml);
  HR_FIELD(text);
  HR_FIELD(hash);
  return out;
}

}  // namespace headrace::python
