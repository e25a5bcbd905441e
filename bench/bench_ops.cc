// Each op on u8 RGB pixels in memory, one thread, through AugmentProgram: what a worker of the
// loader runs for a sample between decoding and mixing, the draws included. bench/README.md says
// how to read it, and bench/peers/ops_peers.py puts it beside other libraries.
//
// usage: bench_ops [--op NAME] [--size WxH] [--rounds N] [--repeat N] [--photo FILE]
//                  [--json FILE|-] [--write-pixels FILE] [--serve 1]
//   --op      only this case, or this op with all its variants
//   --size    of the picture; 224x224 and 500x375 without
//   --rounds  the table has medians of so many (9); all cases take turns in a round
//   --repeat  pictures a turn; without: as many as take 5 ms
//   --photo   a picture file, resized to the size; without: a drawn picture
//   --write-pixels  writes the RGB bytes of the last size and ends
//   --serve 1 reads "CASE COUNT" lines and answers with nanoseconds of CPU a picture, or "none";
//             for a COUNT of 0 with the CRC-32 of the result's pixels
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <fstream>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bench/measure.h"
#include "bench/op_cases.h"
#include "bench/op_runner.h"
#include "simd/target.h"

namespace {

using namespace headrace;         // NOLINT: a program, not a library
using namespace headrace::bench;  // NOLINT

constexpr int64_t kTurnNs = 5'000'000;
constexpr uint32_t kRounds = 9;

std::string NameOf(SizePx size) {
  return std::to_string(size.width) + "x" + std::to_string(size.height);
}

std::vector<SizePx> SizesOf(const Arguments& arguments) {
  const std::string text = arguments.Text("size");
  if (text.empty()) return {{224, 224}, {500, 375}};
  SizePx size;
  int end = 0;
  if (sscanf(text.c_str(), "%5ux%5u%n", &size.width, &size.height, &end) != 2 ||
      static_cast<size_t>(end) != text.size() || size.width < 32 || size.height < 32) {
    Fail("--size: WIDTHxHEIGHT was expected, sides from 32 on, not " + text);
  }
  return {size};
}

struct Row {
  std::string name;
  std::unique_ptr<OpRunner> runner;
  uint32_t count = 1;          // pictures a turn
  std::vector<double> micros;  // a picture, of each round
};

bool Wanted(const std::string& name, const std::string& op) {
  return op.empty() || name == op || name.substr(0, name.find('/')) == op;
}

// Runs the case until its memory is warm, and says how many pictures make a turn.
uint32_t WarmUp(OpRunner* runner, uint32_t repeat) {
  runner->Run(3);
  uint32_t count = 1;
  int64_t ns = runner->Run(count);
  while (ns < kTurnNs / 4 && count < (1u << 20)) {
    count *= 2;
    ns = runner->Run(count);
  }
  if (repeat > 0) return repeat;
  const double wanted =
      static_cast<double>(kTurnNs) * count / static_cast<double>(std::max<int64_t>(ns, 1));
  return std::max(1u, static_cast<uint32_t>(std::lround(wanted)));
}

std::vector<Row> MakeRows(const Arguments& arguments, const Pixels& pixels) {
  const std::string op = arguments.Text("op");
  std::vector<Row> rows;
  std::vector<std::string> missing;
  bool known = false;
  for (const OpCase& which : OpCases(pixels.size)) {
    if (!Wanted(which.name, op)) continue;
    known = true;
    std::string why;
    Row row{which.name, OpRunner::Make(which, pixels, &why)};
    if (row.runner == nullptr) {
      missing.push_back(which.name);
    } else {
      rows.push_back(std::move(row));
    }
  }
  if (!known) Fail("--op: there is no case " + op);
  if (!missing.empty()) {
    fprintf(stderr, "%s, not in this version, left out:", NameOf(pixels.size).c_str());
    for (const std::string& name : missing) fprintf(stderr, " %s", name.c_str());
    fprintf(stderr, "\n");
  }
  return rows;
}

void Time(const Arguments& arguments, const Pixels& pixels, JsonReport* report, FILE* table) {
  std::vector<Row> rows = MakeRows(arguments, pixels);
  const uint32_t rounds = arguments.Count("rounds", kRounds);
  const std::string repeat = arguments.Text("repeat");
  for (Row& row : rows) {
    row.count = WarmUp(row.runner.get(), repeat.empty() ? 0 : arguments.Count("repeat", 1));
  }
  for (uint32_t round = 0; round < rounds; ++round) {
    for (Row& row : rows) {
      row.micros.push_back(static_cast<double>(row.runner->Run(row.count)) / 1e3 / row.count);
    }
  }
  double copy = 0;
  fprintf(table, "\n%s\n%-28s %10s %10s %10s %8s\n", NameOf(pixels.size).c_str(), "op", "us",
          "lowest", "highest", "copies");
  for (const Row& row : rows) {
    const Spread spread = SpreadOf(row.micros);
    if (row.name == "memcpy") copy = spread.median;
    fprintf(table, "%-28s %10.2f %10.2f %10.2f", row.name.c_str(), spread.median, spread.low,
            spread.high);
    if (copy > 0) fprintf(table, " %8.2f", spread.median / copy);
    fprintf(table, "\n");
    report->Values(NameOf(pixels.size) + "/" + row.name + "_us", spread);
  }
}

// For a script that lets several programs take turns.
void Serve(const Pixels& pixels) {
  std::vector<OpCase> cases = OpCases(pixels.size);
  std::vector<std::unique_ptr<OpRunner>> runners(cases.size());
  std::string name;
  uint32_t count = 0;
  while (std::cin >> name >> count) {
    const auto found = std::find_if(cases.begin(), cases.end(),
                                    [&](const OpCase& which) { return which.name == name; });
    std::string why;
    OpRunner* runner = nullptr;
    if (found != cases.end()) {
      auto& slot = runners[static_cast<size_t>(found - cases.begin())];
      if (slot == nullptr) slot = OpRunner::Make(*found, pixels, &why);
      runner = slot.get();
    }
    const std::optional<uint32_t> checksum =
        runner == nullptr || count > 0 ? std::nullopt : runner->Checksum();
    if (checksum.has_value()) {
      printf("%u\n", *checksum);
    } else if (runner == nullptr || count == 0) {
      printf("none\n");
    } else {
      printf("%.1f\n", static_cast<double>(runner->Run(count)) / count);
    }
    fflush(stdout);
  }
}

int Run(int argc, char** argv) {
  const Arguments arguments(
      argc, argv, {"op", "size", "rounds", "repeat", "photo", "json", "write-pixels", "serve"});
  if (!arguments.words().empty()) Fail("no operand was expected");
  const std::string photo = arguments.Text("photo");
  const std::string json = arguments.Text("json");
  JsonReport report;
  report.Text("simd", simd::CurrentTarget());
  for (const SizePx size : SizesOf(arguments)) {
    const Pixels pixels = photo.empty() ? DrawnPixels(size) : PhotoPixels(photo, size);
    if (const std::string path = arguments.Text("write-pixels"); !path.empty()) {
      std::ofstream file(path, std::ios::binary);
      file.write(reinterpret_cast<const char*>(pixels.bytes.data()),
                 static_cast<std::streamsize>(pixels.bytes.size()));
      if (!file.flush()) Fail("cannot write " + path);
    } else if (!arguments.Text("serve").empty()) {
      Serve(pixels);
      return 0;
    } else {
      Time(arguments, pixels, &report, json == "-" ? stderr : stdout);
    }
  }
  if (arguments.Text("write-pixels").empty()) report.Write(json);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Run(argc, argv);
  } catch (const std::exception& failure) {
    fprintf(stderr, "bench_ops: %s\n", failure.what());
    return 1;
  }
}
