"""What the chapters of the story share: the running server, a client for each role, the tools, the mails."""

import email
import email.policy
import json
import os
import shutil
import subprocess
import tempfile

from contract import Contract
from invoices import invoice, vat_number
from program import PATIENCE_SECONDS, Server, wait_for


class Stage:
    """One story: what it has learned so far is kept in its attributes."""

    def __init__(self, program):
        self.program = program
        self.seller, self.buyer = vat_number(), vat_number()
        self.serial = 0
        self.server = None
        self.contract = None
        self.account = None

    # -- The server ---------------------------------------------------------------------------------------------

    def start(self):
        """Starts the server and connects to it."""
        self.server = Server(self.program)
        self.contract = Contract(self.server.address)

    def stop(self):
        """Ends it by SIGTERM; the exit code and what it printed."""
        self.contract.close()
        return self.server.terminate()

    def close(self):
        """Leaves nothing running, however the story ended."""
        if self.contract:
            self.contract.close()
        if self.server:
            self.server.kill()

    # -- Calls, each in its role --------------------------------------------------------------------------------

    def customer(self, name, **request):
        """Calls as the customer's panel."""
        return self.contract.call(name, request, token=self.program.token("customer", self.account))

    def service(self, name, **request):
        """Calls as another service of the provider, for the account."""
        return self.contract.call(name, request, token=self.program.token("service"), account=self.account)

    def operator(self, name, **request):
        """Calls as a person of the provider's staff."""
        return self.contract.call(name, request, token=self.program.token("operator"))

    # -- Things ---------------------------------------------------------------------------------------------------

    def new_invoice(self, size=4096):
        """A file that the account issues, different from all before."""
        self.serial += 1
        return invoice(self.seller, self.buyer, self.serial, size)

    def space(self):
        """The account's space now."""
        return self.customer("QuotaService.GetSpace").space

    def mail(self, what, is_it):
        """The mail for which `is_it` holds, as soon as it was sent."""
        return wait_for(f"the mail with {what}", lambda: next(filter(is_it, self.mails()), None))

    def mails(self):
        """All mails sent so far."""
        return [_read(path) for path in sorted(self.program.mails.glob("*.eml"))]

    # -- Tools ----------------------------------------------------------------------------------------------------

    def grpcurl(self, *arguments, token=None, request=None):
        """Runs grpcurl against the server; a request goes through standard input."""
        tool = os.environ.get("GRPCURL") or shutil.which("grpcurl")
        assert tool, "no grpcurl; set GRPCURL, or call ./run-tests, which installs it"
        flags = ["-plaintext", *(["-H", f"authorization: Bearer {token}"] if token else [])]
        body = [] if request is None else ["-d", "@"]
        # Flags stand before the address, what is asked for after it.
        command = [tool, *flags, *body, self.server.address, *arguments]
        return _run(command, json.dumps(request) if request is not None else None)

    def buf_curl(self, method, token=None, request=None):
        """Calls a method with buf, which asks for reflection in its newer version."""
        headers = ["-H", f"authorization: Bearer {token}"] if token else []
        url = f"http://{self.server.address}/{method}"
        command = [os.environ["BUF"], "curl", "--protocol", "grpc", "--http2-prior-knowledge", *headers]
        # Outside the repository: inside it buf would take the contract from the files and not from the server.
        with tempfile.TemporaryDirectory() as elsewhere:
            return _run([*command, "--data", json.dumps(request or {}), url], None, elsewhere)


def _run(command, text, folder=None):
    return subprocess.run(command, input=text, capture_output=True, text=True, check=False, timeout=PATIENCE_SECONDS, cwd=folder)


def _read(path):
    return email.message_from_bytes(path.read_bytes(), policy=email.policy.default)
