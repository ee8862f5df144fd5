#!/usr/bin/env python3
"""The guide's story from outside: the built program, reflection, grpcurl and buf, and nothing of our own code.

Run by ./run-tests, which provides grpcio (with reflection and health checking) and, in variables:
SPAZIO_TEST_PROGRAM   the program; without it target/debug/spazio
SPAZIO_TEST_POSTGRES  a throw-away cluster; the story is played on SQLite and there
GRPCURL, BUF          the tools; without BUF the checks with buf are left out, and that is said

One line for each check; the last line is the count.
"""

import os
import sys
import tempfile
import time
import traceback
from pathlib import Path

# Nothing is left in the source tree.
sys.dont_write_bytecode = True

# The chapters register their checks by being imported: this is the order of the story.
import opening  # noqa: E402, F401
import guide  # noqa: E402, F401  isort:skip
import ending  # noqa: E402, F401  isort:skip
from program import POSTGRES, Postgres, Program, Sqlite  # noqa: E402
from stage import Stage  # noqa: E402
from steps import steps_for  # noqa: E402


def play(kind, counts):
    """Plays every chapter on one database; a chapter builds on the ones before, so the first failure ends the story."""
    began = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="spazio-story-") as folder:
        database = kind(Path(folder))
        stage = Stage(Program(Path(folder), database))
        try:
            steps = list(steps_for(database))
            for place, (sentence, step) in enumerate(steps):
                try:
                    step(stage)
                except Exception:
                    traceback.print_exc(file=sys.stdout)
                    print(f"not ok  {kind.name}: {sentence}")
                    not_reached = len(steps) - place - 1
                    print(f"        {not_reached} later checks were not reached and count as failed")
                    counts["failed"] += 1 + not_reached
                    return
                print(f"ok      {kind.name}: {sentence}", flush=True)
                counts["passed"] += 1
        finally:
            stage.close()
            database.drop()
    print(f"        {kind.name}: {time.monotonic() - began:.1f} s", flush=True)


def main():
    counts = {"passed": 0, "failed": 0}
    play(Sqlite, counts)
    if POSTGRES:
        play(Postgres, counts)
    else:
        print("not ok  SPAZIO_TEST_POSTGRES is not set: name a PostgreSQL that databases may be made in, or call ./run-tests")
        counts["failed"] += 1
    if not os.environ.get("BUF"):
        print("        BUF is not set: the calls with buf curl were left out")
    print(f"{counts['passed']} passed, {counts['failed']} failed")
    return 1 if counts["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
