// The schema of the [[augment]] ops: what each op is called, which parameters it takes, of which
// kind, between which bounds and with which defaults. docs/ops.md is the same in prose.
//
// Read by the parser (config_toml_ops.cc) to check an entry, and by whoever prints entries back.
// Static tables: any thread, no allocation.
#pragma once

#include <cstdint>
#include <limits>
#include <span>
#include <string_view>

#include "loader/config.h"

namespace headrace::loader {

// What a parameter looks like in TOML, and which alternative of ParamValue it becomes.
enum class ParamKind : uint8_t {
  kBool,        // true | false                        -> bool
  kInt,         // 3                                   -> int64_t
  kNumber,      // 0.5                                 -> double
  kRange,       // v or [low, high]; v is [v, v]       -> Range
  kIntRange,    // as kRange, whole numbers            -> Range
  kSpread,      // d or [low, high]; d is [-d, d]      -> Range
  kFactor,      // x or [low, high]; x is [max(0, 1 - x), 1 + x]  -> Range
  kSizeSquare,  // s or [height, width]; s is [s, s]   -> std::vector<double>{height, width}
  kSizeShort,   // s or [height, width]; s is the short side
                //                                     -> std::vector<double>{s} or {height, width}
  kOddPair,     // k or [x, y], odd                    -> std::vector<double>{x, y}
  kPadding,     // a, [x, y] or [left, top, right, bottom]
                //                                     -> std::vector<double>{l, t, r, b}
  kPair,        // [a, b]                              -> std::vector<double>{a, b}
  kBox,         // [top, left, height, width]          -> std::vector<double>, as written
  kOneTwoFour,  // a, [a, b] or [a, b, c, d], as written -> std::vector<double>
  kSix,         // a list of 6                         -> std::vector<double>
  kEight,       // a list of 8                         -> std::vector<double>
  kFill,        // v or a list of one value a channel  -> std::vector<double>{v} or {r, g, b}
  kFillOrWord,  // as kFill, or one of the words       -> std::vector<double> or std::string
  kWord,        // one of the words                    -> std::string
  kText,        // any text that is not empty          -> std::string
  kWeights,     // { word = weight, ... }              -> std::vector<double>, one a word, in order
};

// One of the values that a parameter of kind kWord takes.
struct ParamWord {
  std::string_view name;
  bool built = true;  // false: accepted by the contract, not in this version
};

// The numbers a parameter may hold.
struct ParamBounds {
  double low = -std::numeric_limits<double>::max();
  double high = std::numeric_limits<double>::max();
  bool low_open = false;   // `low` itself is not allowed
  bool high_open = false;  // nor is `high`
};

enum class ParamNeed : uint8_t { kDefault, kRequired, kOptional };

struct ParamSpec {
  std::string_view name;
  ParamKind kind = ParamKind::kNumber;
  // The default as TOML; read by the same code as the user's value. Empty when the parameter is
  // required, or optional: then it is absent from OpConfig::params unless given.
  std::string_view default_toml;
  ParamBounds bounds;
  ParamNeed need = ParamNeed::kDefault;
  std::span<const ParamWord> words;
  bool false_built = true;  // of a kBool: whether the value `false` is in this version
};

struct OpSpec {
  std::string_view name;
  double p = 1.0;        // default of `p`
  bool is_flip = false;  // takes `remap`
  bool built = false;    // false: fully checked, then "not in this version"
  std::span<const ParamSpec> params;
};

// All ops of the contract, in the order of docs/ops.md.
std::span<const OpSpec> AllOps();

// Null when there is no op of that name.
const OpSpec* FindOp(std::string_view name);

// Keys that every [[augment]] entry may have beside the op's parameters ("remap" for flips only).
std::span<const std::string_view> CommonOpKeys();

}  // namespace headrace::loader
