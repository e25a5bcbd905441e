// Single parameters of an op's OpConfig as C++ values, beside the shapes of op_params.h. A
// parameter that is absent keeps what *out holds; one of another kind or outside of its bounds is
// an error that names the entry. Called at open; may allocate.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "loader/config.h"
#include "loader/config_toml.h"

namespace headrace::loader {

// The numbers of a value: a number is a list of one, a range one of two. False if it is no number.
bool NumbersOf(const ParamValue& value, std::vector<double>* numbers);
// The same of a parameter, all finite; absent gives an empty list.
bool ReadNumbers(const OpConfig& config, std::string_view name, std::vector<double>* values,
                 ConfigError* error);
bool ReadBool(const OpConfig& config, std::string_view name, bool* out, ConfigError* error);
// A number from `low` to `high`.
bool ReadReal(const OpConfig& config, std::string_view name, double low, double high, double* out,
              ConfigError* error);
// A number or [low, high], both from `low` to `high`.
bool ReadRealRange(const OpConfig& config, std::string_view name, double low, double high,
                   Range* out, ConfigError* error);
// As ReadRealRange, of whole numbers.
bool ReadWholeRange(const OpConfig& config, std::string_view name, double low, double high,
                    Range* out, ConfigError* error);
// An integer from `low` to `high`.
bool ReadCount(const OpConfig& config, std::string_view name, uint32_t low, uint32_t high,
               uint32_t* out, ConfigError* error);
// Any integer from `low` to `high`; absent leaves it without a value.
bool ReadInteger(const OpConfig& config, std::string_view name, int64_t low, int64_t high,
                 std::optional<int64_t>* out, ConfigError* error);
// The index of one of `words`.
bool ReadWordOf(const OpConfig& config, std::string_view name,
                std::span<const std::string_view> words, size_t* index, ConfigError* error);
// One number, or three, for the three channels.
bool ReadChannels(const OpConfig& config, std::string_view name, std::array<double, 3>* out,
                  ConfigError* error);
// The number of a colour as a pixel's value: rounded half to even, cut to 0 to 255.
std::array<uint8_t, 3> ColourOf(const std::array<double, 3>& channels);

}  // namespace headrace::loader
