"""inside_root.py ROOT COMMAND: runs a command of the shell in a root folder, as stages.py runs a RUN."""
import subprocess
import sys

import stages

words = ["/usr/bin/env", "-i", "PATH=" + stages.PATH, "DEBIAN_FRONTEND=noninteractive", "sh", "-c", sys.argv[2]]
sys.exit(subprocess.run(stages.inside(sys.argv[1], words), stdin=subprocess.DEVNULL, check=False).returncode)
