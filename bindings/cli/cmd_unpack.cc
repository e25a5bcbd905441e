// headrace unpack: the files of a pack again.
#include <string>
#include <vector>

#include "bindings/cli/command.h"
#include "bindings/cli/job_session.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/output_file.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"output", 'o', "DIR", "The folder for the files; made if need be."},
    {"force", 0, "", "Replaces files that are there and differ."},
    kWorkersOption,
    kSetOption,
    kJsonOption,
    kVerboseOption,
};

std::string Json(const hr_pack_report& report, const std::vector<JobSession::Note>& notes) {
  JsonWriter json;
  json.BeginObject();
  json.Field("workers", report.workers);
  json.Field("shards", report.shards);
  json.Field("samples", report.samples);
  json.Field("samples_kept", report.samples_kept);
  json.Field("decoded", report.encoded);
  json.Field("as_stored", report.copied);
  json.Field("bad", report.damaged);
  json.Field("record_bytes", report.record_bytes);
  json.Field("file_bytes", report.source_bytes);
  json.Field("seconds", static_cast<double>(report.nanoseconds) * 1e-9);
  AddNotes(notes, "bad_samples", &json);
  json.EndObject();
  return json.Take();
}

int Run(const ParsedArgs& args, Console& console) {
  JobSession session(args, console);
  std::string text;
  if (!args.Has("output")) return console.Usage("-o DIR is missing: where the files go");
  if (!session.Read(&text)) return console.Usage(text);
  const std::string out(args.Value("output"));
  HR_INIT(hr_pack_report, report);
  HR_INIT(hr_error, error);
  const hr_status status =
      hr_unpack(args.operands()[0].c_str(), out.c_str(), &session.options(), &report, &error);
  const int finished = session.Finish(status, error);
  const auto notes = session.SortedNotes();
  PrintNotes(notes, args.Has("verbose"), console);
  // With bad samples it went to its end all the same.
  if (finished != kExitGood && report.damaged == 0) return finished;
  if (args.Has("json")) {
    const int emitted = EmitJson(args, Json(report, notes), console);
    return emitted == kExitGood ? finished : emitted;
  }
  if (finished != kExitGood) return finished;
  PrintResult(std::to_string(report.samples) + " files in " + out + " (" +
              std::to_string(report.samples_kept) +
              " were there): " + std::to_string(report.encoded) + " JPEGs made of coefficients, " +
              std::to_string(report.copied) + " as they were stored\n");
  return kExitGood;
}

}  // namespace

constinit const Command kUnpackCommand = {
    {
        .name = "unpack",
        .summary = "makes files of a pack again",
        .operands_text = "PACK",
        .operand_min = 1,
        .operand_max = 1,
        .options = kOptions,
        .details = "Paths and class folders are those of the pack's source. Records of --codec "
                   "coef become\n"
                   "JPEGs of the very same pixels; JPEG records are written as they are, with "
                   "their restart\n"
                   "markers, and files that were copied are the source's byte for byte. Files that "
                   "are there\n"
                   "and are the same stay, so that a stopped unpack goes on. A damaged record is "
                   "named and\n"
                   "left out; all others are written, and the exit status is 1. A record beyond a "
                   "limit is\n"
                   "damaged in this sense: -s limits.max_pixels=1000000000 raises one.\n",
        .example = "  headrace unpack packed -o photos\n",
    },
    Run,
};

}  // namespace headrace::cli
