"""The built program as a stranger runs it: processes, a data folder, a database, a clock that can be moved."""

import os
import re
import shutil
import signal
import subprocess
import threading
import time
import uuid
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = os.environ.get("SPAZIO_TEST_PROGRAM", str(ROOT / "target" / "debug" / "spazio"))
POSTGRES = os.environ.get("SPAZIO_TEST_POSTGRES")
PATIENCE_SECONDS = 30
LISTENS = re.compile(r"spazio listens on ([0-9.]+:[0-9]+)")


def wait_for(what, look):
    """What `look` finds, as soon as it finds something."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        found = look()
        if found:
            return found
        time.sleep(0.02)
    raise AssertionError(f"waited {PATIENCE_SECONDS} seconds in vain for {what}")


class Sqlite:
    """A fresh SQLite file."""

    name = "SQLite"

    def __init__(self, folder):
        self.url = f"sqlite://{folder / 'spazio.db'}"

    def drop(self):
        """The file goes with its folder."""


class Postgres:
    """A fresh database in the cluster that SPAZIO_TEST_POSTGRES names."""

    name = "PostgreSQL"

    def __init__(self, _folder):
        self.database = f"story_{uuid.uuid4().hex}"
        self.url = re.sub(r"/[^/?]*(\?|$)", rf"/{self.database}\1", POSTGRES.removeprefix("postgres://"), count=1)
        self.url = f"postgres://{self.url}"
        self._psql(f"CREATE DATABASE {self.database}")

    def drop(self):
        """Drops it, whoever is still connected."""
        self._psql(f"DROP DATABASE {self.database} WITH (FORCE)")

    @staticmethod
    def _psql(statement):
        installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/psql"))
        psql = shutil.which("psql") or (installed and str(installed[-1]))
        assert psql, "no psql; install it: apt-get install postgresql-client"
        subprocess.run([psql, "--quiet", "--no-psqlrc", POSTGRES, "--command", statement], check=True)


class Program:
    """The program with the settings of one story."""

    def __init__(self, folder, database):
        self.folder = folder
        self.mails = folder / "mail"
        self.database = database
        self.clock = folder / "clock"
        self.clock.write_text("0")
        self.offset = 0
        self.tokens = {}
        self.settings = ["--database", database.url, "--set", f"data.folder={folder}", "--set", f"development.clock_file={self.clock}"]

    def run(self, *arguments):
        """Runs a command to its end."""
        command = [PROGRAM, *arguments, *self.settings]
        return subprocess.run(command, capture_output=True, text=True, check=False, timeout=2 * PATIENCE_SECONDS)

    def token(self, role, account=None):
        """A token that is good now, by the program's own clock."""
        key = (role, account, self.offset)
        if key not in self.tokens:
            done = self.run("token", role, *(["--account", account] if account else []))
            assert done.returncode == 0, done.stderr
            self.tokens[key] = done.stdout.strip()
        return self.tokens[key]

    def now(self):
        """The program's clock, in seconds since 1970."""
        return time.time() + self.offset

    def set_clock(self, seconds):
        """Moves the program's clock to a moment; a running one notices."""
        self.offset = int(seconds - time.time())
        unfinished = self.clock.with_suffix(".new")
        unfinished.write_text(str(self.offset))
        unfinished.rename(self.clock)


class Server:
    """`spazio serve` on a port that the system chose."""

    def __init__(self, program):
        command = [PROGRAM, "serve", *program.settings, "--set", "server.listen=127.0.0.1:0", "--set", "log.filter=warn"]
        # Both streams are read to the end: a server that blocks on a full pipe would look like one that hangs.
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.lines = []
        self.reader = threading.Thread(target=lambda: self.lines.extend(self.process.stdout), daemon=True)
        self.first_line = self._first_line()
        self.address = LISTENS.search(self.first_line).group(1)
        self.reader.start()

    def _first_line(self):
        for line in self.process.stdout:
            self.lines.append(line)
            if LISTENS.search(line):
                return line
        raise AssertionError(f"the server ended with {self.process.wait()} before it listened: {''.join(self.lines)}")

    def terminate(self):
        """SIGTERM; the exit code and everything it printed."""
        self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(PATIENCE_SECONDS)
        self.reader.join(PATIENCE_SECONDS)
        return code, "".join(self.lines)

    def kill(self):
        """Ends it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
