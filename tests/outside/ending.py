"""The server is left under load, refuses a second one where it must, and its books agree."""

import threading
import uuid

from contract import Contract, Refused
from invoices import invoice, vat_number
from program import PATIENCE_SECONDS, Postgres, Server, Sqlite, wait_for
from steps import contains, equal, step, step_on

CALLERS = 4
# So that the signal arrives in the middle of writing.
WRITES_BEFORE_THE_SIGNAL = 20


@step_on(Sqlite)
def a_second_serve_on_the_same_file_exits_with_three_and_says_why(stage):
    done = stage.program.run("serve", "--set", "server.listen=127.0.0.1:0")
    equal(done.returncode, 3)
    contains(done.stderr, "in use by another spazio process")


@step_on(Postgres)
def a_second_serve_on_the_same_database_gives_the_same_answers(stage):
    second = Server(stage.program)
    contract = Contract(second.address)
    try:
        space = contract.call("QuotaService.GetSpace", token=stage.program.token("customer", stage.account)).space
        equal(space, _as_seen_by(contract, stage.space()))
        contract.close()
        equal(second.terminate()[0], 0)
    finally:
        contract.close()
        second.kill()


@step
def sigterm_while_writing_drains_and_exits_with_zero(stage):
    stored = []
    callers = [threading.Thread(target=_receive_until_the_end, args=(stage, stored)) for _ in range(CALLERS)]
    for caller in callers:
        caller.start()
    wait_for("the first writes", lambda: len(stored) >= WRITES_BEFORE_THE_SIGNAL)
    code, printed = stage.server.terminate()
    for caller in callers:
        caller.join(PATIENCE_SECONDS)
    stage.contract.close()
    equal(code, 0)
    contains(printed, "SIGTERM: draining", "every call and every write was finished")
    stage.stored = stored


@step
def audit_finds_that_usage_ledger_and_documents_agree(stage):
    done = stage.program.run("audit")
    equal((done.returncode, done.stderr), (0, ""))
    contains(done.stdout, "usage, ledger and documents agree")


@step
def after_the_restart_every_acknowledged_write_is_there(stage):
    stage.start()
    for invoice_id in stage.stored:
        equal(stage.customer("InvoicesService.GetInvoice", invoice_id=invoice_id).invoice.invoice_id, invoice_id)
    equal(stage.stop()[0], 0)


def _receive_until_the_end(stage, stored):
    """Receives invoices until the server is gone; keeps the id of each that was acknowledged."""
    token, supplier, serial = stage.program.token("service"), vat_number(), 0
    contract = Contract(stage.server.address)
    try:
        while True:
            serial += 1
            received = invoice(supplier, stage.seller, serial)
            request = {"request_id": str(uuid.uuid4()), "file": received.base64, "file_name": received.name}
            answer = contract.call("InvoicesService.ReceiveInvoice", request, token=token, account=stage.account)
            stored.append(answer.invoice.invoice_id)
    except Refused as refusal:
        assert refusal.code in ("UNAVAILABLE", "CANCELLED"), refusal
    finally:
        contract.close()


def _as_seen_by(contract, message):
    """The message in the classes of another connection's contract."""
    return contract.message_class(message.DESCRIPTOR.full_name).FromString(message.SerializeToString())
