#include "loader/augment/class_rules.h"

#include <algorithm>
#include <string_view>

#include "loader/augment/op_params.h"

namespace headrace::loader {
namespace {

constexpr size_t kNamesShownMax = 10;

bool FindClass(const OpConfig& config, std::string_view key, const std::string& name,
               std::span<const std::string> classes, size_t* label, ConfigError* error) {
  const auto found = std::find(classes.begin(), classes.end(), name);
  if (found != classes.end()) {
    *label = static_cast<size_t>(found - classes.begin());
    return true;
  }
  std::string what = std::string(key) + ": there is no class \"" + name + "\"; ";
  if (classes.empty()) {
    what += "no classes are known here";
  } else {
    what += "the classes are ";
    for (size_t i = 0; i < std::min(classes.size(), kNamesShownMax); ++i) {
      what += (i == 0 ? "" : ", ") + classes[i];
    }
    if (classes.size() > kNamesShownMax) {
      what += " and " + std::to_string(classes.size() - kNamesShownMax) + " more";
    }
  }
  return OpError(config, Code::kConfigValue, what, error);
}

}  // namespace

bool ClassRules::Make(const OpConfig& config, std::span<const std::string> classes,
                      ConfigError* error) {
  size_t label = 0;
  if (!config.only_classes.empty() || !config.except_classes.empty()) {
    allows_unlabelled_ = config.only_classes.empty();
    allowed_.assign(classes.size(), config.only_classes.empty() ? 1 : 0);
    for (const std::string& name : config.only_classes) {
      if (!FindClass(config, "only_classes", name, classes, &label, error)) return false;
      allowed_[label] = 1;
    }
    // An exception wins over a permission.
    for (const std::string& name : config.except_classes) {
      if (!FindClass(config, "except_classes", name, classes, &label, error)) return false;
      allowed_[label] = 0;
    }
  }
  if (config.remap.empty()) return true;

  if (config.op != "random_horizontal_flip" && config.op != "random_vertical_flip") {
    return OpError(config, Code::kConfigValue, "remap: only flips take it", error);
  }
  remap_.assign(classes.size(), -1);
  for (const auto& [from_name, to_name] : config.remap) {
    size_t to = 0;
    if (!FindClass(config, "remap", from_name, classes, &label, error) ||
        !FindClass(config, "remap", to_name, classes, &to, error)) {
      return false;
    }
    // Each label has one mirror image, and is the mirror image of that one.
    const auto clashes = [this](size_t a, size_t b) {
      return remap_[a] >= 0 && remap_[a] != static_cast<int64_t>(b);
    };
    if (clashes(label, to) || clashes(to, label)) {
      return OpError(config, Code::kConfigValue,
                     "remap: \"" + from_name + "\" = \"" + to_name +
                         "\" contradicts another entry; flipping twice has to give the first class",
                     error);
    }
    remap_[label] = static_cast<int64_t>(to);
    remap_[to] = static_cast<int64_t>(label);
  }
  for (size_t i = 0; i < remap_.size(); ++i) {
    if (remap_[i] < 0) remap_[i] = static_cast<int64_t>(i);
  }
  return true;
}

bool ClassRules::Allows(int64_t label) const {
  if (allowed_.empty()) return true;
  if (label < 0 || static_cast<size_t>(label) >= allowed_.size()) return allows_unlabelled_;
  return allowed_[static_cast<size_t>(label)] != 0;
}

int64_t ClassRules::Remap(int64_t label) const {
  if (label < 0 || static_cast<size_t>(label) >= remap_.size()) return label;
  return remap_[static_cast<size_t>(label)];
}

}  // namespace headrace::loader
