"""`python -m clearway` is the command `clearway`."""

from __future__ import annotations

import sys

from clearway.cli.main import main

sys.exit(main())
