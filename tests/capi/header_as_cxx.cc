#include <headrace.h>

int HeaderAsCxx();
int HeaderAsCxx() { return HR_OK; }
