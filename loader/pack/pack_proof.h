// Whose a tar file is that has the name of a shard.
#pragma once

#include <cstdint>
#include <string>

namespace headrace::loader {

// Whether the tar begins as headrace pack writes it: a picture, its label and its text, named by
// the id that the text says. Pack replaces and removes no other without being told to.
bool BeginsAsPack(const std::string& path);

}  // namespace headrace::loader
