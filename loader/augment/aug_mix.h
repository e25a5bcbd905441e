// aug_mix: several chains of ops, mixed with each other and with the picture.
//
// A draw holds m, the share of the chains, in values[0]; its belongings are the chains. A chain is
// its head (values[0] = weight, [1] = number of notes, [2] = number of draws), then its notes (what
// was drawn, for Explain: values[0] = PolicyOp, [1] = amount), then its draws.
#pragma once

#include <memory>

#include "loader/augment/op.h"

namespace headrace::loader {

std::unique_ptr<Op> MakeAugMix(const OpConfig& config, ConfigError* error);

}  // namespace headrace::loader
