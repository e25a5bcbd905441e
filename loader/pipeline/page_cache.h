// How much the page cache can hold, and how much of it a data set takes.
#pragma once

#include <cstdint>
#include <string>

#include "loader/dataset.h"

namespace headrace::loader {

// What the page cache can be expected to hold: the memory that is available to this process, within
// the limits of its control groups and of those above them (versions 1 and 2). `root` goes before
// the absolute paths that are looked at.
uint64_t PageCacheBytes(const std::string& root = "");

// What the samples of a set of shards take in the page cache, which holds whole pages: two samples
// that share one count it once. 0 when the opening was ended meanwhile (OpenWatch). Cost: a look at
// each sample.
uint64_t PagesOf(const Dataset& dataset, uint64_t page_bytes);

}  // namespace headrace::loader
