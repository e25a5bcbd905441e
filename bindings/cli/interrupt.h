// Ctrl-C as a flag: commands end at the next batch, so temporary files go and the library closes.
#pragma once

namespace headrace::cli {

// SIGINT and SIGTERM set the flag; a second one ends the process at once.
void CatchInterrupts();
bool Interrupted();

}  // namespace headrace::cli
