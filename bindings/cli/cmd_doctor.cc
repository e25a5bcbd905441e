// headrace doctor: what this machine offers and what headrace will use of it.
#include <algorithm>
#include <string>
#include <vector>

#include "bindings/cli/command.h"
#include "bindings/cli/json_rows.h"
#include "bindings/cli/output_file.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {kJsonOption};

hr_status Ask(std::string* json, hr_error* error) {
  size_t needed = 0;
  json->resize(16384);
  hr_status status = hr_doctor(json->data(), json->size(), &needed, error);
  if (needed > json->size()) {
    json->resize(needed);
    status = hr_doctor(json->data(), json->size(), &needed, error);
  }
  json->resize(std::min(json->size(), needed == 0 ? 0 : needed - 1));  // without the NUL
  return status;
}

std::string Table(const std::vector<JsonRow>& rows) {
  size_t width = 0;
  for (const JsonRow& row : rows) width = std::max(width, row.path.size());
  std::string text;
  std::string group;
  for (const JsonRow& row : rows) {
    const std::string head = row.path.substr(0, row.path.find('.'));
    const bool is_group = head != row.path;
    if (!text.empty() && head != group && is_group) text += "\n";
    group = head;
    std::string name = row.path;
    std::replace(name.begin(), name.end(), '_', ' ');
    std::replace(name.begin(), name.end(), '.', ' ');
    name.resize(width + 2, ' ');
    text += name + row.value + "\n";
  }
  return text;
}

int Run(const ParsedArgs& args, Console& console) {
  HR_INIT(hr_error, error);
  std::string json;
  if (const hr_status status = Ask(&json, &error); status != HR_OK) {
    return console.Fail(status, error);
  }
  if (args.Has("json")) return EmitJson(args, json + "\n", console);
  std::vector<JsonRow> rows;
  if (!ReadJsonRows(json, &rows)) return console.Fail("the library's answer is not JSON");
  PrintResult(Table(rows));
  return kExitGood;
}

}  // namespace

constinit const Command kDoctorCommand = {
    {
        .name = "doctor",
        .summary = "says what this machine offers and what will be used",
        .operands_text = "",
        .operand_min = 0,
        .operand_max = 0,
        .options = kOptions,
        .details =
            "Kernel, io_uring, SIMD targets, locked memory, CPUs allowed, CUDA: what will be\n"
            "used, and why not the rest.\n",
        .example = "  headrace doctor\n",
    },
    Run,
};

}  // namespace headrace::cli
