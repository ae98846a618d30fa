"""`python -m fargateclaims.api.reasons`: prints docs/reasons.md."""

import sys

from fargateclaims.api.reasons.table import reasons_table

sys.stdout.write(reasons_table())
