// headrace: the command line. Finds the command, parses its line, runs it.
#include <algorithm>
#include <array>
#include <cstdio>
#include <exception>
#include <new>
#include <string>
#include <vector>

#include <headrace.h>

#include "bindings/cli/args.h"
#include "bindings/cli/command.h"
#include "bindings/cli/console.h"
#include "bindings/cli/interrupt.h"
#include "bindings/cli/output_file.h"

namespace headrace::cli {
namespace {

constexpr std::array<const Command*, 12> kCommands = {
    &kBenchCommand, &kDigestCommand, &kDumpCommand,  &kPreviewCommand,
    &kApplyCommand, &kScanCommand,   &kPackCommand,  &kUnpackCommand,
    &kIndexCommand, &kSearchCommand, &kSynthCommand, &kDoctorCommand};

std::string Overview() {
  std::string text = "headrace " + std::string(hr_version()) +
                     ": image files to training batches\n\n"
                     "Usage: headrace COMMAND [operands and options in any order]\n\nCommands:\n";
  for (const Command* command : kCommands) {
    std::string name(command->spec.name);
    name.resize(10, ' ');
    text += "  " + name + std::string(command->spec.summary) + "\n";
  }
  text +=
      "\nheadrace COMMAND --help says more; headrace --version prints the version.\n"
      "Start with: headrace synth demo && headrace bench demo/train.toml\n";
  return text;
}

int UnknownCommand(std::string_view name, Console& console) {
  std::vector<std::string_view> known;
  for (const Command* command : kCommands) known.push_back(command->spec.name);
  const std::string_view nearest = Nearest(name, known);
  const std::string text = "unknown command \"" + std::string(name) + "\"";
  if (nearest.empty()) return console.Usage(text + "; see headrace --help");
  return console.Usage(text + "; did you mean \"" + std::string(nearest) + "\"?");
}

// Prints a result and reports what stdout could not take (a full disk).
int Finish(int exit_status, Console& console) {
  std::string error;
  if (!FinishStdout(&error) && exit_status == kExitGood) return console.Fail(error);
  return exit_status;
}

int RunCommand(const Command& command, std::span<const char* const> tokens) {
  Console console(command.spec.name);
  ParsedArgs args;
  std::string error;
  if (!ParseArgs(command.spec, tokens, &args, &error)) return console.Usage(error);
  if (args.help()) {
    PrintResult(HelpText(command.spec));
    return Finish(kExitGood, console);
  }
  console.set_verbose(args.Has("verbose"));
  CatchInterrupts();
  try {
    return Finish(command.run(args, console), console);
  } catch (const std::bad_alloc&) {
    return console.Fail("out of memory");
  } catch (const std::exception& exception) {
    return console.Fail(exception.what());
  }
}

int Main(std::span<const char* const> tokens) {
  Console console("");
  if (tokens.empty()) {
    std::fputs(Overview().c_str(), stderr);
    return kExitUsage;
  }
  std::string_view name = tokens[0];
  std::vector<const char*> rest(tokens.begin() + 1, tokens.end());
  if (name == "--version") {
    PrintResult("headrace " + std::string(hr_version()) + "\n");
    return Finish(kExitGood, console);
  }
  if (name == "--help" || name == "-h" || (name == "help" && rest.empty())) {
    PrintResult(Overview());
    return Finish(kExitGood, console);
  }
  if (name == "help") {
    name = rest[0];
    rest = {"--help"};
  }
  for (const Command* command : kCommands) {
    if (command->spec.name == name) return RunCommand(*command, rest);
  }
  return UnknownCommand(name, console);
}

}  // namespace
}  // namespace headrace::cli

int main(int argc, char** argv) {
  const std::vector<const char*> tokens(argv + (argc > 0 ? 1 : 0), argv + argc);
  return headrace::cli::Main(tokens);
}
