"""`python -m tools.local_stack`: the stack in the foreground, until a signal ends it."""

import sys

from tools.local_stack.interruption import Interruption

# Before the slow imports, so that a signal during them ends the start as cleanly as a later one.
interruption = Interruption()
interruption.listen()

from tools.local_stack.foreground import main  # noqa: E402

sys.exit(main(sys.argv[1:], interruption))
