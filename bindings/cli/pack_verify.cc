#include "bindings/cli/pack_verify.h"

#include "bindings/cli/command.h"
#include "bindings/cli/console.h"
#include "bindings/cli/job_session.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/output_file.h"

namespace headrace::cli {
namespace {

std::string Json(const hr_verify_report& report, const std::vector<JobSession::Note>& notes) {
  JsonWriter json;
  json.BeginObject();
  json.Field("workers", report.workers);
  json.Field("shards", report.shards);
  json.Field("samples", report.samples);
  json.Field("bad", report.bad);
  json.Field("compared", report.compared);
  json.Field("bytes", report.record_bytes);
  json.Field("seconds", static_cast<double>(report.nanoseconds) * 1e-9);
  AddNotes(notes, "bad_samples", &json);
  json.EndObject();
  return json.Take();
}

}  // namespace

int VerifyPack(const std::string& pack, const std::string& source, const ParsedArgs& args,
               Console& console) {
  JobSession session(args, console);
  std::string text;
  if (!session.Read(&text)) return console.Usage(text);
  HR_INIT(hr_verify_report, report);
  HR_INIT(hr_error, error);
  const hr_status status = hr_pack_verify(pack.c_str(), source.empty() ? nullptr : source.c_str(),
                                          &session.options(), &report, &error);
  if (const int finished = session.Finish(status, error); finished != kExitGood) return finished;
  const auto notes = session.SortedNotes();
  const int verdict = report.bad == 0 ? kExitGood : kExitFailure;
  if (report.bad > 0) {
    console.Note(
        "headrace pack SOURCE -o " + pack +
        " --force, with the source and the options that the pack was made with, makes damaged "
        "shards again");
  }
  if (args.Has("json")) {
    const int emitted = EmitJson(args, Json(report, notes), console);
    return emitted == kExitGood ? verdict : emitted;
  }
  for (const JobSession::Note& note : notes) text += Printable(LineOf(note)) + "\n";
  text += std::to_string(report.samples) + " samples in " + std::to_string(report.shards) +
          " shards verified";
  if (!source.empty()) {
    text += ", " + std::to_string(report.compared) + " compared with " + source;
  }
  PrintResult(text + ": " + std::to_string(report.bad) + " bad\n");
  return verdict;
}

}  // namespace headrace::cli
