// The C API from C++: versions agree, and an error comes back as a value with a text.
#include <headrace.h>

#include <cstdio>
#include <cstring>

int main() {
  char built[32];
  std::snprintf(built, sizeof built, "%d.%d.%d", HR_VERSION_MAJOR, HR_VERSION_MINOR,
                HR_VERSION_PATCH);
  if (std::strcmp(built, hr_version()) != 0) {
    std::printf("header %s, library %s\n", built, hr_version());
    return 1;
  }
  HR_INIT(hr_error, error);
  hr_loader* loader = nullptr;
  const hr_status status =
      hr_loader_open_file("no-such-configuration.toml", nullptr, &loader, &error);
  std::printf("%s: %s\n", hr_status_name(status), error.text);
  return status == HR_NOT_FOUND && loader == nullptr && error.code == HR_NOT_FOUND ? 0 : 1;
}
