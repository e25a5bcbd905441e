#include "bindings/python/src/search.h"

#include <headrace.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/python/src/errors.h"

namespace nb = nanobind;

namespace headrace::python {
namespace {

nb::object Genes(const uint32_t* genes, uint32_t count) {
  if (genes == nullptr) return nb::none();
  nb::list out;
  for (uint32_t i = 0; i < count; ++i) out.append(genes[i]);
  return out;
}

nb::dict ToDict(const hr_trial& trial) {
  nb::dict out;
  out["kind"] = trial.kind;
  out["id"] = trial.id;
  out["of"] = trial.of;
  out["seed"] = trial.seed;
  out["policy"] = trial.policy;
  out["text"] = trial.text;
  out["name"] = trial.name;
  out["genes"] = Genes(trial.genes, trial.gene_count);
  out["state"] = trial.state;
  out["score"] = trial.score;
  out["failed"] = trial.failed;
  return out;
}

nb::dict ToDict(const hr_search_result& result) {
  nb::dict out;
  out["id"] = result.id;
  out["score"] = result.score;
  out["mean"] = result.mean;
  out["standard_error"] = result.standard_error;
  out["rescores"] = result.rescores;
  out["rescores_failed"] = result.rescores_failed;
  out["policy"] = result.policy;
  out["text"] = result.text;
  out["name"] = result.name;
  return out;
}

nb::dict ToDict(const hr_policy& policy) {
  nb::dict out;
  out["genes"] = Genes(policy.genes, policy.gene_count);
  out["toml"] = policy.toml;
  out["text"] = policy.text;
  out["hash"] = policy.hash;
  return out;
}

// write(buffer, capacity, needed, error) -> hr_status, by the size protocol of the C API.
template <class Write>
std::string TextOf(const Write& write) {
  size_t needed = 0;
  HR_INIT(hr_error, error);
  const hr_status asked = write(nullptr, 0, &needed, &error);
  if (needed == 0) Check(asked, error);
  std::string text(needed, '\0');
  Check(write(text.data(), text.size(), &needed, &error), error);
  text.resize(needed - 1);
  return text;
}

// What: one hr_search. Owner: the Python object. Thread: one at a time, which the GIL sees to; no
// call of it blocks. Cost: as the C API's.
class Search {
 public:
  Search(std::optional<std::string> space, bool is_file, const std::vector<std::string>& overrides,
         int32_t strategy, uint64_t seed, uint32_t parallel, uint32_t trials, uint32_t rescore_top,
         uint32_t rescore_seeds, bool baselines) {
    std::vector<const char*> pointers;
    for (const std::string& entry : overrides) pointers.push_back(entry.c_str());
    HR_INIT(hr_search_options, options);
    options.strategy = strategy;
    options.seed = seed;
    options.parallel = parallel;
    options.trials = trials;
    options.rescore_top = rescore_top;
    options.rescore_seeds = rescore_seeds;
    options.baselines = baselines ? 1 : 0;
    options.overrides = pointers.data();
    options.override_count = static_cast<uint32_t>(pointers.size());
    HR_INIT(hr_error, error);
    hr_search* opened = nullptr;
    const hr_status status =
        is_file ? hr_search_open_file(space->c_str(), &options, &opened, &error)
                : hr_search_open(space ? space->data() : nullptr, space ? space->size() : 0,
                                 &options, &opened, &error);
    search_.reset(opened);
    Check(status, error);
  }

  // A trial; None when all are out or done; or the text of what has to be told first.
  nb::object Ask() {
    HR_INIT(hr_trial, trial);
    HR_INIT(hr_error, error);
    const hr_status status = hr_search_ask(search_.get(), &trial, &error);
    if (status == HR_END_OF_EPOCH) return nb::none();
    if (status == HR_TIMEOUT) return nb::str(error.text);
    Check(status, error);
    return ToDict(trial);
  }
  void Tell(uint64_t id, double score, const std::optional<std::string>& failed) {
    HR_INIT(hr_error, error);
    Check(hr_search_tell(search_.get(), id, score, failed ? failed->c_str() : nullptr, &error),
          error);
  }
  nb::dict Trial(uint64_t id) {
    HR_INIT(hr_trial, trial);
    HR_INIT(hr_error, error);
    Check(hr_search_trial(search_.get(), id, &trial, &error), error);
    return ToDict(trial);
  }
  nb::dict Best(uint32_t rank) {
    HR_INIT(hr_search_result, result);
    HR_INIT(hr_error, error);
    Check(hr_search_best(search_.get(), rank, &result, &error), error);
    return ToDict(result);
  }
  nb::dict Baseline(uint32_t index) {
    HR_INIT(hr_search_result, result);
    HR_INIT(hr_error, error);
    Check(hr_search_baseline(search_.get(), index, &result, &error), error);
    return ToDict(result);
  }
  std::string Concat(uint32_t count) {
    return TextOf([&](char* text, size_t capacity, size_t* needed, hr_error* error) {
      return hr_search_concat(search_.get(), count, text, capacity, needed, error);
    });
  }
  std::string Save() {
    return TextOf([&](char* text, size_t capacity, size_t* needed, hr_error* error) {
      return hr_search_save(search_.get(), text, capacity, needed, error);
    });
  }
  void Load(const std::string& json) {
    HR_INIT(hr_error, error);
    Check(hr_search_load(search_.get(), json.data(), json.size(), &error), error);
  }
  nb::dict Progress() {
    HR_INIT(hr_search_counts, counts);
    HR_INIT(hr_error, error);
    Check(hr_search_progress(search_.get(), &counts, &error), error);
    nb::dict out;
    out["kind"] = counts.kind;
    out["trials"] = counts.trials;
    out["asked"] = counts.asked;
    out["out"] = counts.out;
    out["scored"] = counts.scored;
    out["failed"] = counts.failed;
    out["search_trials"] = counts.search_trials;
    out["search_failed"] = counts.search_failed;
    out["best_id"] = counts.best_id;
    out["best_score"] = counts.best_score;
    return out;
  }
  // Gene by gene: kind, values, sub_policy, place, names.
  nb::list GeneList() {
    nb::list out;
    for (uint32_t index = 0;; ++index) {
      HR_INIT(hr_gene, gene);
      if (hr_search_gene(search_.get(), index, &gene, nullptr) != HR_OK) return out;
      nb::list names;
      for (uint32_t i = 0; gene.names != nullptr && i < gene.values; ++i) {
        names.append(gene.names[i]);
      }
      nb::dict one;
      one["kind"] = gene.kind;
      one["values"] = gene.values;
      one["sub_policy"] = gene.sub_policy;
      one["place"] = gene.place;
      one["names"] = gene.names != nullptr ? nb::object(names) : nb::none();
      out.append(one);
    }
  }
  nb::dict PolicyOfGenes(const std::vector<uint32_t>& genes) {
    HR_INIT(hr_policy, policy);
    HR_INIT(hr_error, error);
    Check(hr_search_policy_of_genes(search_.get(), genes.data(), genes.size(), &policy, &error),
          error);
    return ToDict(policy);
  }
  nb::dict PolicyOfText(const std::string& text) {
    HR_INIT(hr_policy, policy);
    HR_INIT(hr_error, error);
    Check(hr_search_policy_of_text(search_.get(), text.data(), text.size(), &policy, &error),
          error);
    return ToDict(policy);
  }

 private:
  struct Closer {
    void operator()(hr_search* search) const { hr_search_close(search); }
  };
  std::unique_ptr<hr_search, Closer> search_;
};

}  // namespace

void BindSearch(nb::module_& module) {
  nb::class_<Search>(module, "Search")
      .def(nb::init<std::optional<std::string>, bool, const std::vector<std::string>&, int32_t,
                    uint64_t, uint32_t, uint32_t, uint32_t, uint32_t, bool>(),
           nb::arg("space").none(), nb::arg("is_file"), nb::arg("overrides"), nb::arg("strategy"),
           nb::arg("seed"), nb::arg("parallel"), nb::arg("trials"), nb::arg("rescore_top"),
           nb::arg("rescore_seeds"), nb::arg("baselines"))
      .def("ask", &Search::Ask)
      .def("tell", &Search::Tell, nb::arg("id"), nb::arg("score"), nb::arg("failed").none())
      .def("trial", &Search::Trial, nb::arg("id"))
      .def("best", &Search::Best, nb::arg("rank"))
      .def("baseline", &Search::Baseline, nb::arg("index"))
      .def("concat", &Search::Concat, nb::arg("count"))
      .def("save", &Search::Save)
      .def("load", &Search::Load, nb::arg("json"))
      .def("progress", &Search::Progress)
      .def("genes", &Search::GeneList)
      .def("policy_of_genes", &Search::PolicyOfGenes, nb::arg("genes"))
      .def("policy_of_text", &Search::PolicyOfText, nb::arg("text"));
}

}  // namespace headrace::python
