"""Every way assuage says no.

One enumeration. A member's value is (sentence, remedy); both are templates filled by the
keywords given to `Refused`. Members stand in order of precedence: when several hold at once,
the first in `codes.py` is the one that is shown. Docs and tests read it, so a refusal that isn't
there doesn't exist.
"""

from assuage.refusals.codes import Refusal as Refusal
from assuage.refusals.refused import PRECEDENCE as PRECEDENCE
from assuage.refusals.refused import AssuageError as AssuageError
from assuage.refusals.refused import Refused as Refused
from assuage.refusals.refused import first as first
