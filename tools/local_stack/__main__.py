"""`python -m tools.local_stack`: run the local stack until a signal stops it."""

import sys

from tools.local_stack.interruption import Interruption

# The signal handlers come before the slow imports: a signal during the imports must also stop the
# start without leaving anything behind.
interruption = Interruption()
interruption.listen()

from tools.local_stack.foreground import main  # noqa: E402

sys.exit(main(sys.argv[1:], interruption))
