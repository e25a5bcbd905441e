#include "base/status.h"

#include <cerrno>

namespace headrace {

const char* CodeName(Code code) {
  switch (code) {
    case Code::kOk: return "OK";
    case Code::kEndOfEpoch: return "END_OF_EPOCH";
    case Code::kTimeout: return "TIMEOUT";
    case Code::kStopped: return "STOPPED";
    case Code::kNoBuffer: return "NO_BUFFER";
    case Code::kInvalidArgument: return "INVALID_ARGUMENT";
    case Code::kReentered: return "REENTERED";
    case Code::kForked: return "FORKED";
    case Code::kConfigSyntax: return "CONFIG_SYNTAX";
    case Code::kConfigUnknownKey: return "CONFIG_UNKNOWN_KEY";
    case Code::kConfigType: return "CONFIG_TYPE";
    case Code::kConfigValue: return "CONFIG_VALUE";
    case Code::kConfigMissing: return "CONFIG_MISSING";
    case Code::kNotInThisVersion: return "NOT_IN_THIS_VERSION";
    case Code::kNotFound: return "NOT_FOUND";
    case Code::kPermission: return "PERMISSION";
    case Code::kIoError: return "IO_ERROR";
    case Code::kEmptyDataset: return "EMPTY_DATASET";
    case Code::kNotRegularFile: return "NOT_REGULAR_FILE";
    case Code::kFileChanged: return "FILE_CHANGED";
    case Code::kUnsupportedFormat: return "UNSUPPORTED_FORMAT";
    case Code::kCorrupt: return "CORRUPT";
    case Code::kTruncated: return "TRUNCATED";
    case Code::kEmptyFile: return "EMPTY_FILE";
    case Code::kLimitPixels: return "LIMIT_PIXELS";
    case Code::kLimitBytes: return "LIMIT_BYTES";
    case Code::kLimitScans: return "LIMIT_SCANS";
    case Code::kLimitMemory: return "LIMIT_MEMORY";
    case Code::kOutOfMemory: return "OUT_OF_MEMORY";
    case Code::kOverBudget: return "OVER_BUDGET";
    case Code::kSystem: return "SYSTEM";
    case Code::kCorruptBudget: return "CORRUPT_BUDGET";
    case Code::kCallbackFailed: return "CALLBACK_FAILED";
    case Code::kInternal: return "INTERNAL";
  }
  return "UNKNOWN";
}

Code CodeOfErrno(int error_number) {
  switch (error_number) {
    case ENOENT:
    case ENOTDIR: return Code::kNotFound;
    case EACCES:
    case EPERM: return Code::kPermission;
    case EISDIR:
    case ELOOP:
    case ENXIO: return Code::kNotRegularFile;
    case ENOMEM: return Code::kOutOfMemory;
    default: return Code::kIoError;
  }
}

}  // namespace headrace
