"""The server starts, says what it is, and is asked by the tools that everybody has."""

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

from contract import PACKAGE
from program import LISTENS, PATIENCE_SECONDS, Postgres, Sqlite, wait_for
from steps import contains, equal, refused, step, step_on, step_with

SERVICES = [f"{PACKAGE}.{name}Service" for name in ("Account", "Quota", "Invoices", "Cart", "Order")]
HEALTH = ["", *SERVICES]


@step_on(Postgres)
def serve_refuses_an_empty_database_and_names_the_command_that_fills_it(stage):
    done = stage.program.run("serve", "--set", "server.listen=127.0.0.1:0")
    equal(done.returncode, 3)
    contains(done.stderr, "spazio migrate")


@step_on(Postgres)
def migrate_brings_the_schema_up_to_date_and_may_be_repeated(stage):
    for _ in range(2):
        done = stage.program.run("migrate")
        equal((done.returncode, done.stderr), (0, ""))
        contains(done.stdout, "up to date")


@step
def serve_says_where_it_listens_and_on_which_database(stage):
    stage.start()
    assert LISTENS.search(stage.server.first_line)
    contains(stage.server.first_line, "database sqlite://" if isinstance(stage.program.database, Sqlite) else "database postgres://")


@step
def health_is_serving_overall_and_for_every_service(stage):
    health = health_pb2_grpc.HealthStub(stage.contract.channel)

    def serving(name):
        # Each entry is known from the first call on, and serves as soon as the database answered.
        answer = health.Check(health_pb2.HealthCheckRequest(service=name), timeout=PATIENCE_SECONDS)
        return answer.status == health_pb2.HealthCheckResponse.SERVING

    for name in HEALTH:
        wait_for(f"the health of {name or 'the whole server'}", lambda name=name: serving(name))


@step
def health_of_an_unknown_service_is_not_found(stage):
    health = health_pb2_grpc.HealthStub(stage.contract.channel)
    try:
        health.Check(health_pb2.HealthCheckRequest(service="spazio.v1.NoService"), timeout=PATIENCE_SECONDS)
    except grpc.RpcError as error:
        equal(error.code(), grpc.StatusCode.NOT_FOUND)
    else:
        raise AssertionError("it was answered")


@step
def reflection_lists_the_five_services(stage):
    listed = stage.contract.services()
    equal([name for name in SERVICES if name not in listed], [])


@step
def reflection_tells_each_method_its_policy(stage):
    method = stage.contract.pool.FindMethodByName(f"{PACKAGE}.InvoicesService.CreateSentInvoice")
    extension = stage.contract.pool.FindExtensionByName(f"{PACKAGE}.policy")
    # The options arrive as bytes of the default pool's class; the extension is known in ours alone.
    options = stage.contract.message_class("google.protobuf.MethodOptions").FromString(method.GetOptions().SerializeToString())
    policy = options.Extensions[extension]
    equal(policy.effect, stage.contract.pool.FindEnumTypeByName(f"{PACKAGE}.Effect").values_by_name["EFFECT_SENT_WRITE"].number)
    assert policy.account and policy.repeatable


@step
def grpcurl_lists_the_services(stage):
    done = stage.grpcurl("list")
    equal(done.returncode, 0)
    contains(done.stdout.splitlines(), *SERVICES, "grpc.health.v1.Health")


@step
def grpcurl_describes_a_method_with_its_comments_and_policy(stage):
    done = stage.grpcurl("describe", f"{PACKAGE}.QuotaService.GetSpace")
    equal(done.returncode, 0)
    contains(done.stdout, "// Tells usage, capacity, level", "Never refused for space", "effect:EFFECT_READ", "rpc GetSpace")


@step
def grpcurl_describes_a_message_with_the_units_of_its_fields(stage):
    done = stage.grpcurl("describe", f"{PACKAGE}.Space")
    equal(done.returncode, 0)
    contains(done.stdout, "1 GB = 1,073,741,824 bytes", "uint64 usage_bytes = 1;")


@step
def grpcurl_is_told_readably_that_a_token_is_missing(stage):
    done = stage.grpcurl(f"{PACKAGE}.QuotaService/GetSpace", request={})
    assert done.returncode != 0
    contains(done.stderr, "Code: Unauthenticated", "TOKEN_MISSING")


@step
def grpcurl_lists_no_accounts_with_an_operators_token(stage):
    done = stage.grpcurl(f"{PACKAGE}.AccountService/ListAccounts", request={}, token=stage.program.token("operator"))
    equal((done.returncode, done.stdout.split()), (0, ["{", "}"]))


@step_with("BUF")
def buf_calls_a_method_through_the_newer_reflection(stage):
    done = stage.buf_curl(f"{PACKAGE}.AccountService/ListAccounts", token=stage.program.token("operator"))
    equal((done.returncode, done.stdout.split()), (0, ["{}"]))


@step_with("BUF")
def buf_asks_for_health(stage):
    done = stage.buf_curl("grpc.health.v1.Health/Check")
    equal(done.returncode, 0)
    contains(done.stdout, "SERVING")


@step
def a_method_that_is_not_in_the_contract_is_refused(stage):
    call = stage.contract.channel.unary_unary(f"/{PACKAGE}.QuotaService/GiveSpaceAway")
    try:
        call(b"", metadata=[("authorization", f"Bearer {stage.program.token('operator')}")], timeout=PATIENCE_SECONDS)
    except grpc.RpcError as error:
        equal(error.code(), grpc.StatusCode.UNIMPLEMENTED)
    else:
        raise AssertionError("it was answered")


@step
def a_call_without_a_token_is_refused(stage):
    refusal = refused(stage.contract.call, "AccountService.ListAccounts")
    equal((refusal.code, refusal.reason), ("UNAUTHENTICATED", "TOKEN_MISSING"))


@step
def a_call_with_somebody_elses_token_is_refused(stage):
    header, claims, signature = stage.program.token("operator").split(".")
    forged = ".".join([header, claims, signature[::-1]])
    refusal = refused(stage.contract.call, "AccountService.ListAccounts", token=forged)
    equal((refusal.code, refusal.reason), ("UNAUTHENTICATED", "TOKEN_INVALID"))
