// headrace pack: a data set to tar shards.
#include <cstdio>
#include <string>
#include <vector>

#include "bindings/cli/command.h"
#include "bindings/cli/job_session.h"
#include "bindings/cli/json_writer.h"
#include "bindings/cli/output_file.h"

namespace headrace::cli {
namespace {

constexpr OptionSpec kOptions[] = {
    {"output", 'o', "DIR", "The folder of the pack; made if need be."},
    {"codec", 0, "jpeg|coef",
     "jpeg: JPEGs of which parts can be decoded, no larger than the source's. coef: faster to read "
     "and larger. jpeg by default."},
    {"max-side", 0, "N",
     "Makes pictures with a longer side smaller. Lossy; without it, and without "
     "--quality, nothing is lost."},
    {"quality", 0, "Q",
     "Encodes again with this JPEG quality, 1 to 100; 90 with --max-side. Lossy."},
    {"shard-size", 0, "SIZE", "Bytes of the source's files in a shard; 256MiB by default."},
    {"force", 0, "",
     "Replaces shards that were made with other settings. Checks the others, byte by byte as scan "
     "--verify does, and makes those again that are damaged."},
    {"rank", 0, "R",
     "With --world-size: this process makes every shard k with k mod N = R. By "
     "default as the launcher (mpirun, torchrun, srun) says."},
    {"world-size", 0, "N", "With --rank: how many processes share the work."},
    kWorkersOption,
    kSetOption,
    kJsonOption,
    kVerboseOption,
};

bool ReadRank(const ParsedArgs& args, hr_pack_options* options, std::string* error) {
  if (args.Has("rank") != args.Has("world-size")) {
    *error = "--rank and --world-size: give both, or neither";
    return false;
  }
  uint64_t world_size = 0;
  uint64_t rank = 0;
  if (!ReadUnsigned(args, "world-size", 1, 1u << 20, &world_size, error)) return false;
  if (world_size > 0 && !ReadUnsigned(args, "rank", 0, world_size - 1, &rank, error)) return false;
  options->world_size = static_cast<int32_t>(world_size);
  options->rank = static_cast<int32_t>(rank);
  return true;
}

bool ReadOptions(const ParsedArgs& args, hr_pack_options* options, std::string* error) {
  const std::string_view codec = args.Value("codec", "jpeg");
  if (codec != "jpeg" && codec != "coef") {
    *error = "--codec: found \"" + std::string(codec) + "\", expected jpeg or coef";
    return false;
  }
  options->codec = codec == "coef" ? HR_PACK_COEF : HR_PACK_JPEG;
  uint64_t max_side = 0;
  uint64_t quality = 0;
  if (!ReadUnsigned(args, "max-side", 1, 65535, &max_side, error) ||
      !ReadUnsigned(args, "quality", 1, 100, &quality, error) ||
      !ReadByteSize(args, "shard-size", &options->shard_bytes, error)) {
    return false;
  }
  options->max_side = static_cast<uint32_t>(max_side);
  options->quality = static_cast<uint32_t>(quality);
  return ReadRank(args, options, error);
}

struct Notes {
  std::vector<JobSession::Note> damaged;
  std::vector<JobSession::Note> too_large;  // with nothing known to be the matter
};

Notes Divide(const std::vector<JobSession::Note>& all) {
  Notes notes;
  for (const JobSession::Note& note : all) {
    (note.code == HR_OK ? notes.too_large : notes.damaged).push_back(note);
  }
  return notes;
}

std::string Json(const hr_pack_report& report, const Notes& notes) {
  JsonWriter json;
  json.BeginObject();
  json.Field("rank", report.rank);
  json.Field("world_size", report.world_size);
  json.Field("workers", report.workers);
  json.Field("shards", report.shards);
  json.Field("shards_kept", report.shards_kept);
  json.Field("samples", report.samples);
  json.Field("samples_kept", report.samples_kept);
  json.Field("encoded", report.encoded);
  json.Field("copied", report.copied);
  json.Field("damaged", report.damaged);
  json.Field("source_bytes", report.source_bytes);
  json.Field("record_bytes", report.record_bytes);
  json.Field("pack_bytes", report.pack_bytes);
  const double seconds = static_cast<double>(report.nanoseconds) * 1e-9;
  json.Field("seconds", seconds);
  json.Field("images_per_second",
             static_cast<double>(report.encoded + report.copied) / (seconds > 0 ? seconds : 1));
  AddNotes(notes.damaged, "damaged_files", &json);
  AddNotes(notes.too_large, "too_large_files", &json);
  json.EndObject();
  return json.Take();
}

void Print(const hr_pack_report& report, bool lossy, const std::string& out) {
  std::string text;
  if (report.world_size > 1) {
    text +=
        "rank " + std::to_string(report.rank) + " of " + std::to_string(report.world_size) + ": ";
  }
  text += std::to_string(report.samples) + " samples in " + std::to_string(report.shards) +
          " shards in " + out;
  if (report.shards_kept > 0) {
    text += " (" + std::to_string(report.shards_kept) + " shards were complete)";
  }
  text += "\n";
  const uint64_t made = report.encoded + report.copied;
  if (made > 0) {
    const double seconds = static_cast<double>(report.nanoseconds) * 1e-9;
    char figures[256];
    std::snprintf(figures, sizeof figures,
                  "%llu encoded%s, %llu copied; %.1f MB of files became %.1f MB of records; "
                  "%.1f s, %.0f images/s\n",
                  static_cast<unsigned long long>(report.encoded), lossy ? " (lossy)" : "",
                  static_cast<unsigned long long>(report.copied),
                  static_cast<double>(report.source_bytes) * 1e-6,
                  static_cast<double>(report.record_bytes) * 1e-6, seconds,
                  static_cast<double>(made) / (seconds > 0 ? seconds : 1));
    text += figures;
  }
  PrintResult(text);
}

int Run(const ParsedArgs& args, Console& console) {
  JobSession session(args, console);
  std::string text;
  if (!args.Has("output")) return console.Usage("-o DIR is missing: where the pack goes");
  if (!session.Read(&text) || !ReadOptions(args, &session.options(), &text)) {
    return console.Usage(text);
  }
  if (args.Has("force")) session.MayCheckFirst();
  const hr_pack_options& options = session.options();
  const bool lossy = options.max_side > 0 || options.quality > 0;
  if (lossy) console.Note("lossy: pictures are encoded again");
  const std::string out(args.Value("output"));
  HR_INIT(hr_pack_report, report);
  HR_INIT(hr_error, error);
  const hr_status status =
      hr_pack(args.operands()[0].c_str(), out.c_str(), &options, &report, &error);
  const int finished = session.Finish(status, error);
  const Notes notes = Divide(session.SortedNotes());
  PrintNotes(notes.damaged, args.Has("verbose"), console);
  if (!notes.damaged.empty()) {
    console.Warning(std::to_string(notes.damaged.size()) +
                    " files are not sound and were copied as they are");
  }
  PrintNotes(notes.too_large, args.Has("verbose"), console);
  if (!notes.too_large.empty()) {
    console.Warning(std::to_string(notes.too_large.size()) +
                    " files are too large to pack and were copied as they are");
  }
  if (finished != kExitGood) return finished;
  if (!args.Has("json")) {
    Print(report, lossy, out);
    return kExitGood;
  }
  return EmitJson(args, Json(report, notes), console, report.rank);
}

}  // namespace

constinit const Command kPackCommand = {
    {
        .name = "pack",
        .summary = "makes tar shards of a data set, made for random crops",
        .operands_text = "CONFIG|DIR",
        .operand_min = 1,
        .operand_max = 1,
        .options = kOptions,
        .details = "The shards are ordinary WebDataset tar files, each with an index beside it. "
                   "They keep\n"
                   "ids, paths, labels and pixels, so that `headrace digest` prints the same lines "
                   "for the\n"
                   "pack (source = \"tar\", path = the folder) as for its source. Stopped at any "
                   "moment it\n"
                   "leaves complete shards; the same command goes on from there. Under mpirun each "
                   "process\n"
                   "makes its share and reports it; rank R > 0 writes its --json to FILE.R.\n",
        .example = "  headrace pack train.toml -o packed\n"
                   "  headrace pack photos -o packed --codec coef --max-side 500 --quality 90\n"
                   "  mpirun -n 4 headrace pack train.toml -o packed --workers 8\n",
    },
    Run,
};

}  // namespace headrace::cli
