#include "bindings/python/src/search.h"

#include <headrace.h>
#include <nanobind/stl/optional.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bindings/python/src/c_strings.h"
#include "bindings/python/src/errors.h"
#include "bindings/python/src/report.h"

namespace nb = nanobind;

namespace headrace::python {
namespace {

// What: one hr_search. Owner: the Python object. Thread: one at a time, which the GIL sees to; no
// call of it blocks. Cost: as the C API's.
class Search {
 public:
  Search(std::optional<std::string> space, bool is_file, const std::vector<std::string>& overrides,
         int32_t strategy, uint64_t seed, uint32_t parallel, uint32_t trials, uint32_t rescore_top,
         uint32_t rescore_seeds, bool baselines) {
    const std::vector<const char*> pointers = Pointers(overrides);
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
  nb::dict Trial(uint64_t id) { return DictOf<hr_trial>(hr_search_trial, search_.get(), id); }
  nb::dict Best(uint32_t rank) {
    return DictOf<hr_search_result>(hr_search_best, search_.get(), rank);
  }
  nb::dict Baseline(uint32_t index) {
    return DictOf<hr_search_result>(hr_search_baseline, search_.get(), index);
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
  nb::dict Progress() { return DictOf<hr_search_counts>(hr_search_progress, search_.get()); }
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
    return DictOf<hr_policy>(hr_search_policy_of_genes, search_.get(), genes.data(), genes.size());
  }
  nb::dict PolicyOfText(const std::string& text) {
    return DictOf<hr_policy>(hr_search_policy_of_text, search_.get(), text.data(), text.size());
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
