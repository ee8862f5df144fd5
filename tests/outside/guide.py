"""The guide's story: an account fills up, is suspended, buys space, and renews."""

import hashlib
from datetime import datetime, timedelta, timezone

from contract import name_of
from invoices import invoice, vat_number
from program import wait_for
from steps import contains, equal, refused, step

MIB = 1_048_576
GB = 1_073_741_824
# As many equal files as fill the trial plan of 1 MiB to the last byte.
PIECES = 16
PIECE = MIB // PIECES
MONTHS_OLD = timedelta(days=120)


@step
def an_account_some_months_old_is_created_with_a_trial_plan(stage):
    purchased = datetime.fromtimestamp(stage.program.now(), timezone.utc) - MONTHS_OLD
    holder = {"company": "Officine Ann S.r.l.", "vat_number": f"IT{stage.seller}", "email": "ann@officine.example", "language": "LANGUAGE_EN"}
    request = {"holder": holder, "base_plan": "trial-1m", "purchase_time": purchased.strftime("%Y-%m-%dT%H:%M:%SZ")}
    answer = stage.contract.call("AccountService.CreateAccount", request, token=stage.program.token("service"))
    stage.account = answer.account.account_id
    equal(name_of(answer.account, "state"), "ACTIVE")
    equal((stage.space().usage_bytes, stage.space().capacity_bytes), (0, MIB))


@step
def the_same_vat_number_again_is_refused(stage):
    holder = {"company": "Officine Bob S.r.l.", "vat_number": f"IT{stage.seller}", "email": "bob@officine.example"}
    request = {"holder": holder, "base_plan": "trial-1m"}
    refusal = refused(stage.contract.call, "AccountService.CreateAccount", request, token=stage.program.token("service"))
    equal((refusal.code, refusal.reason), ("ALREADY_EXISTS", "ACCOUNT_EXISTS"))


@step
def a_sent_invoice_is_stored_and_read_as_it_is(stage):
    stage.first = stage.new_invoice(PIECE)
    answer = stage.customer("InvoicesService.CreateSentInvoice", file=stage.first.base64, file_name=stage.first.name)
    shown = answer.invoice
    equal((shown.number, shown.total, shown.seller.vat_number), (stage.first.number, stage.first.total, f"IT{stage.seller}"))
    equal((name_of(shown, "state"), shown.size_bytes), ("DRAFT", PIECE))
    stage.first_id = shown.invoice_id


@step
def the_same_file_again_is_the_same_invoice_and_costs_nothing(stage):
    answer = stage.customer("InvoicesService.CreateSentInvoice", file=stage.first.base64, file_name=stage.first.name)
    equal((answer.already_stored, answer.invoice.invoice_id), (True, stage.first_id))
    equal(stage.space().usage_bytes, PIECE)


@step
def at_seventy_per_cent_a_mail_warns(stage):
    while stage.space().usage_bytes * 100 < 70 * MIB:
        stage.customer("InvoicesService.CreateSentInvoice", **_file(stage.new_invoice(PIECE)))
    equal(name_of(stage.space(), "level"), "WARNING")
    mail = stage.mail("the warning", lambda mail: mail["Subject"].startswith("Space used: 75"))
    equal(mail["To"], "ann@officine.example")


@step
def the_space_is_filled_to_the_last_byte(stage):
    while stage.serial < PIECES:
        stage.customer("InvoicesService.CreateSentInvoice", **_file(stage.new_invoice(PIECE)))
    space = stage.space()
    equal((space.usage_bytes, space.free_bytes, space.used_percent), (MIB, 0, "100.00"))
    equal((name_of(space, "level"), name_of(space, "account_state")), ("EXHAUSTED", "SUSPENDED"))
    stage.mail("the suspension", lambda mail: "panel is suspended" in mail["Subject"])


@step
def the_next_sent_invoice_is_refused_with_what_is_missing(stage):
    stage.refused_request = {"request_id": "4f0c6c1e-8d2b-4f5e-9a53-0c8f1d2e3b4a", **_file(stage.new_invoice(PIECE))}
    refusal = refused(stage.customer, "InvoicesService.CreateSentInvoice", **stage.refused_request)
    equal((refusal.code, refusal.reason), ("RESOURCE_EXHAUSTED", "SPACE_EXHAUSTED"))
    told = {key: refusal.metadata.get(key) for key in ("used_bytes", "capacity_bytes", "free_bytes", "gb_to_buy")}
    equal(told, {"used_bytes": str(MIB), "capacity_bytes": str(MIB), "free_bytes": "0", "gb_to_buy": "1"})
    contains(refusal.kinds, "QuotaFailure", "LocalizedMessage")


@step
def grpcurl_shows_the_refusal_readably(stage):
    token = stage.program.token("customer", stage.account)
    done = stage.grpcurl("spazio.v1.InvoicesService/CreateSentInvoice", token=token, request=stage.refused_request)
    assert done.returncode != 0
    contains(done.stderr, "Code: ResourceExhausted", "SPACE_EXHAUSTED", "gb_to_buy", "Spazio esaurito")


@step
def the_status_says_which_actions_are_left_and_why_one_is_not(stage):
    permissions = {name_of(each, "action"): each for each in stage.space().actions}
    left = [name for name, each in permissions.items() if each.permitted]
    equal(sorted(left), ["PURCHASE", "READ_RECEIVED_INVOICES", "READ_SENT_INVOICES", "RECEIVE_INVOICES"])
    equal(permissions["WRITE_SENT_INVOICES"].reason, "SPACE_EXHAUSTED")


@step
def receiving_goes_on_beyond_one_hundred_per_cent(stage):
    received = invoice(vat_number(), stage.seller, 1, PIECE)
    answer = stage.service("InvoicesService.ReceiveInvoice", **_file(received))
    equal(name_of(answer.invoice, "state"), "RECEIVED")
    equal(stage.space().usage_bytes, MIB + PIECE)


@step
def what_cannot_be_read_is_received_all_the_same(stage):
    answer = stage.service("InvoicesService.ReceiveInvoice", file="bm8gWE1M", file_name="strano.xml")
    assert answer.invoice.reading_problems


@step
def listing_reading_and_downloading_go_on(stage):
    listed = stage.customer("InvoicesService.ListInvoices", direction="DIRECTION_SENT").invoices
    equal(len(listed), PIECES)
    equal(stage.customer("InvoicesService.GetInvoice", invoice_id=stage.first_id).invoice.number, stage.first.number)
    description, content = _download(stage, stage.first_id)
    equal((content, description.sha256), (stage.first.content, hashlib.sha256(stage.first.content).hexdigest()))


@step
def another_customer_sees_nothing_of_it(stage):
    token = stage.program.token("customer", "acc_" + "0" * 32)
    refusal = refused(stage.contract.call, "InvoicesService.GetInvoice", {"invoice_id": stage.first_id}, token=token)
    equal((refusal.code, refusal.reason), ("NOT_FOUND", "ACCOUNT_NOT_FOUND"))


@step
def the_recommendation_carries_its_arithmetic(stage):
    told = stage.customer("QuotaService.RecommendQuantity", extension=True).recommendation
    equal((told.days_since_purchase, told.suspended), (MONTHS_OLD.days, True))
    equal(told.average_bytes_per_day, told.usage_bytes // told.days_since_purchase)
    # Rounded up, by the exact fraction.
    grown = -(-told.usage_bytes * told.days_until_expiry // told.days_since_purchase)
    equal(told.projected_bytes, told.usage_bytes + grown)
    equal(told.missing_bytes, max(0, told.projected_bytes - told.capacity_at_expiry_bytes))
    equal(told.recommended_gb, max(1, -(-told.missing_bytes // GB)))
    contains(told.disclaimer, "estimate")


@step
def a_cart_opens_with_one_gigabyte_and_extension_on(stage):
    cart = stage.customer("CartService.OpenCart").cart
    equal((cart.quantity_gb, cart.term_years, cart.extension), (1, 1, True))
    kinds = [name_of(line, "kind") for line in cart.quote.lines]
    equal(sorted(kinds), ["EXTENSION", "NEW_PACK"])
    assert {each.module for each in cart.suggestions} >= {"documents", "collections"}
    stage.cart = cart


@step
def with_extension_off_only_the_pack_is_paid(stage):
    cart = stage.customer("CartService.SetExtension", cart_id=stage.cart.cart_id, extension=False).cart
    equal([name_of(line, "kind") for line in cart.quote.lines], ["NEW_PACK"])
    assert _cents(cart.quote.total) <= _cents(stage.cart.quote.total)
    stage.cart = stage.customer("CartService.SetExtension", cart_id=cart.cart_id, extension=True).cart


@step
def a_module_is_added_once(stage):
    cart = stage.customer("CartService.AddModule", cart_id=stage.cart.cart_id, module="documents").cart
    equal(list(cart.modules), ["documents"])
    refusal = refused(stage.customer, "CartService.AddModule", cart_id=cart.cart_id, module="documents")
    equal(refusal.reason, "MODULE_PRESENT")
    net = sum(_cents(line.net) for line in cart.quote.lines)
    equal(_cents(cart.quote.net), net)
    equal(_cents(cart.quote.total), net + sum(_cents(each.vat) for each in cart.quote.vat))
    stage.cart = cart


@step
def the_order_form_tells_the_methods_with_their_times_and_the_terms(stage):
    order = stage.customer("OrderService.PlaceOrder", cart_id=stage.cart.cart_id, cart_etag=stage.cart.etag).order
    form = stage.customer("OrderService.GetOrderForm", order_id=order.order_id)
    equal([name_of(each, "payment_method") for each in form.payment_options], ["CARD", "PAYPAL", "BANK_TRANSFER", "POSTAL_SLIP"])
    assert all(each.recorded_within for each in form.payment_options)
    equal(len(form.terms), 3)
    stage.order, stage.terms = order, [{"code": each.code, "version": each.version} for each in form.terms]


@step
def without_the_terms_the_order_is_not_confirmed(stage):
    refusal = refused(_confirm, stage, terms=stage.terms[:1])
    equal(refusal.reason, "TERMS_NOT_ACCEPTED")
    missing = [each["code"] for each in stage.terms[1:]]
    contains(refusal.message, *missing)


@step
def confirmed_by_bank_transfer_is_not_yet_active(stage):
    stage.order = _confirm(stage, terms=stage.terms)
    equal(name_of(stage.order, "state"), "AWAITING_PAYMENT")
    equal((stage.space().capacity_bytes, name_of(stage.space(), "account_state")), (MIB, "SUSPENDED"))


@step
def a_mail_tells_everything_needed_to_pay(stage):
    mail = stage.mail("how to pay", lambda mail: stage.order.number in mail["Subject"])
    text = mail.get_body(("plain",)).get_content()
    transfer = stage.order.bank_transfer
    compact = text.replace(" ", "")
    contains(compact, transfer.iban.replace(" ", ""), transfer.creditor_reference.replace(" ", ""))
    contains(text, stage.order.number, transfer.beneficiary, transfer.bic)
    equal([part.get_content_type() for part in mail.iter_attachments()], ["image/svg+xml"])


@step
def a_payment_that_does_not_match_is_kept_for_review_and_grants_nothing(stage):
    payment = _pay(stage, "CRO 1", {**_money(stage.order.total), "units": 1}).payment
    equal((name_of(payment, "outcome"), name_of(payment, "review_reason")), ("UNDER_REVIEW", "AMOUNT_DIFFERS"))
    equal(stage.space().capacity_bytes, MIB)


@step
def the_recorded_payment_completes_the_order_and_space_grows_at_once(stage):
    answer = _pay(stage, "CRO 2", _money(stage.order.total))
    equal((name_of(answer.payment, "outcome"), name_of(answer.order, "state")), ("APPLIED", "COMPLETED"))
    space = stage.space()
    equal((space.capacity_bytes, name_of(space, "account_state")), (MIB + GB, "ACTIVE"))


@step
def the_very_same_request_is_now_accepted(stage):
    answer = stage.customer("InvoicesService.CreateSentInvoice", **stage.refused_request)
    assert not answer.already_stored
    stage.accepted_id = answer.invoice.invoice_id


@step
def and_repeated_it_is_answered_as_before_and_marked(stage):
    trailers = {}
    token = stage.program.token("customer", stage.account)
    answer = stage.contract.call("InvoicesService.CreateSentInvoice", stage.refused_request, token=token, trailers=trailers)
    equal((answer.invoice.invoice_id, trailers.get("idempotent-replay")), (stage.accepted_id, "true"))


@step
def the_same_payment_recorded_again_grants_nothing_twice(stage):
    equal(name_of(_pay(stage, "CRO 2", _money(stage.order.total)).payment, "outcome"), "APPLIED")
    equal(name_of(_pay(stage, "CRO 3", _money(stage.order.total)).payment, "review_reason"), "PAID_TWICE")
    equal(stage.space().capacity_bytes, MIB + GB)


@step
def a_second_purchase_by_card_is_completed_at_once(stage):
    cart = stage.customer("CartService.OpenCart").cart
    order = stage.customer("OrderService.PlaceOrder", cart_id=cart.cart_id, cart_etag=cart.etag).order
    stage.order = order
    _confirm(stage, terms=stage.terms, payment_method="PAYMENT_METHOD_CARD", payment_token="sim-ok")
    completed = wait_for("the charge of the card", lambda: _order_if(stage, order.order_id, "COMPLETED"))
    equal(name_of(completed, "charge_state"), "SUCCEEDED")
    equal(stage.space().capacity_bytes, MIB + 2 * GB)


@step
def the_card_turned_automatic_renewal_on(stage):
    services = stage.customer("AccountService.ListServices").services
    renewing = [each for each in services if each.automatic_renewal]
    assert renewing, "no service renews itself"
    equal({name_of(each, "renewal_method") for each in renewing}, {"CARD"})
    stage.renewing = {each.service_id: each.expiry_day for each in renewing}


@step
def a_third_order_awaits_a_postal_slip_that_nobody_pays(stage):
    cart = stage.customer("CartService.OpenCart").cart
    stage.order = stage.customer("OrderService.PlaceOrder", cart_id=cart.cart_id, cart_etag=cart.etag).order
    stage.order = _confirm(stage, terms=stage.terms, payment_method="PAYMENT_METHOD_POSTAL_SLIP")
    equal(len(stage.order.postal_slip.code), 18)
    mail = stage.mail("the slip", lambda mail: stage.order.number in mail["Subject"])
    contains(mail.get_content().replace(" ", ""), stage.order.postal_slip.code)


@step
def eight_days_before_the_expiry_it_has_lapsed_and_nothing_is_renewed(stage):
    stage.program.set_clock(_noon_before(stage, days=8))
    # Lapses are looked for after renewals: once the order has lapsed, renewals were looked for on that day.
    wait_for("the order to lapse", lambda: _order_if(stage, stage.order.order_id, "LAPSED"))
    equal(_renewals(stage), [])


@step
def seven_days_before_the_expiry_the_renewal_runs_and_is_paid(stage):
    stage.program.set_clock(_noon_before(stage, days=7))
    renewal = wait_for("the renewal", lambda: _paid_renewal(stage))
    equal((name_of(renewal, "payment_method"), name_of(renewal, "charge_state")), ("CARD", "SUCCEEDED"))
    for each in stage.customer("AccountService.ListServices").services:
        if each.service_id in stage.renewing:
            before = stage.renewing[each.service_id]
            equal((each.expiry_day.year, each.expiry_day.month), (before.year + 1, before.month))


@step
def and_runs_once(stage):
    equal(len(_renewals(stage)), 1)


def _file(document):
    return {"file": document.base64, "file_name": document.name}


def _cents(money):
    return money.units * 100 + money.cents


def _money(money):
    return {"currency_code": money.currency_code, "units": money.units, "cents": money.cents}


def _download(stage, invoice_id):
    token = stage.program.token("customer", stage.account)
    first, *chunks = stage.contract.stream("InvoicesService.DownloadInvoice", {"invoice_id": invoice_id}, token=token)
    return first.description, b"".join(part.chunk for part in chunks)


def _confirm(stage, terms, payment_method="PAYMENT_METHOD_BANK_TRANSFER", **more):
    request = {"order_id": stage.order.order_id, "payment_method": payment_method, "accepted_terms": terms, **more}
    return stage.customer("OrderService.ConfirmOrder", **request).order


def _pay(stage, reference, amount):
    method = "PAYMENT_METHOD_BANK_TRANSFER"
    reference = f"{reference} {stage.order.number}"
    return stage.operator(
        "OrderService.RecordPayment", order_number=stage.order.number, amount=amount, payment_method=method, reference=reference
    )


def _order_if(stage, order_id, state):
    order = stage.customer("OrderService.GetOrder", order_id=order_id).order
    return order if name_of(order, "state") == state else None


def _renewals(stage):
    return [order for order in stage.customer("OrderService.ListOrders").orders if name_of(order, "kind") == "RENEWAL"]


def _paid_renewal(stage):
    return next((order for order in _renewals(stage) if name_of(order, "state") == "COMPLETED"), None)


def _noon_before(stage, days):
    """Noon so many days before the services that renew themselves expire, in seconds since 1970."""
    first = min((day.year, day.month, day.day) for day in stage.renewing.values())
    return (datetime(*first, 12, tzinfo=timezone.utc) - timedelta(days=days)).timestamp()
