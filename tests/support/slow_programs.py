"""How much of a test is run where the program is many times slower than in a release, as with a sanitizer."""

import os

# One part of so many.
SHARE = int(os.environ.get("HEADRACE_TEST_SHARE", "1"))
