// ClassRules: for which labels an op may fire, and what a flip makes of a label.
//
// What: only_classes, except_classes and remap of one [[augment]] entry, by label number.
// Owner: AugmentProgram. Thread: any; const. Cost: a table look-up.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "loader/config.h"
#include "loader/config_toml.h"

namespace headrace::loader {

class ClassRules {
 public:
  // `classes`: names in label order. Errors: a name that is not there; a remap that is not its own
  // inverse (a flip done twice is no flip) or that is on an op that is not a flip.
  [[nodiscard]] bool Make(const OpConfig& config, std::span<const std::string> classes,
                          ConfigError* error);

  // Whether an op may fire on a sample of this label. A label outside the classes (-1: none) is in
  // no list.
  bool Allows(int64_t label) const;
  // True when Allows holds for every label.
  bool AllowsAll() const { return allowed_.empty(); }

  bool Remaps() const { return !remap_.empty(); }

  // The label after the op fired. One entry `a = "b"` also means `b = "a"`.
  int64_t Remap(int64_t label) const;

 private:
  std::vector<uint8_t> allowed_;  // by label; empty: all
  bool allows_unlabelled_ = true;
  std::vector<int64_t> remap_;  // by label; empty: none
};

}  // namespace headrace::loader
