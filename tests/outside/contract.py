"""A client that knows nothing but an address: services and messages come from the server's reflection."""

import uuid

import grpc
from google.protobuf import descriptor_pool, json_format, message_factory
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase

PACKAGE = "spazio.v1"
STATUS_DETAILS = "grpc-status-details-bin"
# Long enough for a slow machine, short enough that a hanging server is a failure and not a hanging test.
PATIENCE_SECONDS = 30
MAX_MESSAGE = [("grpc.max_send_message_length", 8 << 20), ("grpc.max_receive_message_length", 8 << 20)]


class Refused(Exception):
    """A call was refused: the gRPC code, and what google.rpc's details say."""

    def __init__(self, error, contract):
        self.code = error.code().name
        self.message = error.details()
        details = list(contract.details_of(error))
        infos = [detail for detail in details if detail.DESCRIPTOR.full_name == "google.rpc.ErrorInfo"]
        self.reason = infos[0].reason if infos else ""
        self.metadata = dict(infos[0].metadata) if infos else {}
        self.kinds = {detail.DESCRIPTOR.name for detail in details}
        self.localized = {detail.locale: detail.message for detail in details if detail.DESCRIPTOR.name == "LocalizedMessage"}
        super().__init__(f"{self.code} {self.reason}: {self.message}")


class Contract:
    """The server's contract, and calls by it: requests are dictionaries, answers are messages."""

    def __init__(self, address):
        self.channel = grpc.insecure_channel(address, options=MAX_MESSAGE)
        self.database = ProtoReflectionDescriptorDatabase(self.channel)
        self.pool = descriptor_pool.DescriptorPool(self.database)

    def services(self):
        """The names of all services."""
        return list(self.database.get_services())

    def call(self, name, request=None, token=None, account=None, trailers=None):
        """Calls `Service.Method`; a mutating request without a request_id gets one. Raises Refused."""
        stub, message = self._prepare(name, request)
        try:
            answer, ended = stub.with_call(message, metadata=_metadata(token, account), timeout=PATIENCE_SECONDS)
        except grpc.RpcError as error:
            raise Refused(error, self) from None
        if trailers is not None:
            trailers.update({key: value for key, value in (*ended.initial_metadata(), *ended.trailing_metadata())})
        return answer

    def stream(self, name, request, token=None, account=None):
        """Calls a method that streams its answer; the whole stream."""
        stub, message = self._prepare(name, request)
        try:
            return list(stub(message, metadata=_metadata(token, account), timeout=PATIENCE_SECONDS))
        except grpc.RpcError as error:
            raise Refused(error, self) from None

    def details_of(self, error):
        """The messages of google.rpc.Status.details."""
        packed = dict(error.trailing_metadata() or ()).get(STATUS_DETAILS)
        if not packed:
            return
        status = self.message_class("google.rpc.Status").FromString(packed)
        for detail in status.details:
            yield self.message_class(detail.type_url.rsplit("/", 1)[1]).FromString(detail.value)

    def close(self):
        """Ends the connection."""
        self.channel.close()

    def message_class(self, name):
        """The class of a message, by its full name."""
        return message_factory.GetMessageClass(self.pool.FindMessageTypeByName(name))

    def _prepare(self, name, request):
        service, method = name.split(".")
        found = self.pool.FindServiceByName(f"{PACKAGE}.{service}").methods_by_name[method]
        sent, answered = map(message_factory.GetMessageClass, (found.input_type, found.output_type))
        request = dict(request or {})
        if "request_id" in found.input_type.fields_by_name:
            request.setdefault("request_id", str(uuid.uuid4()))
        kind = self.channel.unary_stream if found.server_streaming else self.channel.unary_unary
        stub = kind(
            f"/{PACKAGE}.{service}/{method}", request_serializer=sent.SerializeToString, response_deserializer=answered.FromString
        )
        return stub, json_format.ParseDict(request, sent(), descriptor_pool=self.pool)


def name_of(message, field):
    """The name of an enum field's value, without its type's prefix: OrderState ORDER_STATE_PLACED is PLACED."""
    kind = message.DESCRIPTOR.fields_by_name[field].enum_type
    prefix = "".join("_" + letter if letter.isupper() else letter.upper() for letter in kind.name).lstrip("_") + "_"
    return kind.values_by_number[getattr(message, field)].name.removeprefix(prefix)


def _metadata(token, account):
    pairs = {"authorization": token and f"Bearer {token}", "account-id": account}
    return [(key, value) for key, value in pairs.items() if value]
