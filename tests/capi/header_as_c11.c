#include <headrace.h>

int header_as_c11(void);
int header_as_c11(void) { return HR_OK; }
