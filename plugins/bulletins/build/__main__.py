"""``python -m bulletins.build``."""

import sys

from bulletins.build import main

sys.exit(main())
