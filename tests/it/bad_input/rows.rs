//! Accounts, carts, orders, payments and lists.

use prost::Message;
use prost_types::{FieldMask, Timestamp};
use tonic::Code;

use super::Row;
use crate::support::pb::{ErrorReason, PaymentMethod};
use crate::support::{Customer, TestApp, accepted, euro, pb, request_id, served};

/// A row that is refused for its fields.
fn invalid(what: &'static str, method: &'static str, request: &impl Message, fields: &'static [&'static str]) -> Row {
    refused(what, method, request, Code::InvalidArgument, ErrorReason::InvalidRequest, fields)
}

fn refused(
    what: &'static str,
    method: &'static str,
    request: &impl Message,
    code: Code,
    reason: ErrorReason,
    fields: &'static [&'static str],
) -> Row {
    Row { what, method, request: request.encode_to_vec(), code, reason, fields }
}

pub async fn rows(app: &TestApp, ann: &Customer) -> Vec<Row> {
    let mut rows = accounts(app);
    rows.extend(changes_of_accounts());
    rows.extend(lists(ann).await);
    rows.extend(carts(ann).await);
    rows.extend(orders(ann).await);
    rows.extend(payments());
    rows
}

fn accounts(app: &TestApp) -> Vec<Row> {
    let good = || app.customer("new").request();
    let create = |what, change: &dyn Fn(&mut pb::CreateAccountRequest, &mut pb::Holder), fields| {
        let mut request = good();
        let mut holder = request.holder.take().expect("the example has a holder");
        change(&mut request, &mut holder);
        request.holder = Some(holder);
        invalid(what, "CreateAccount", &request, fields)
    };
    let bought = |what, seconds: i64, nanos| {
        let purchase_time = Some(Timestamp { seconds, nanos });
        invalid(what, "CreateAccount", &pb::CreateAccountRequest { purchase_time, ..good() }, &["purchase_time"])
    };
    let now = app.now().timestamp();
    vec![
        invalid("nothing", "CreateAccount", &pb::CreateAccountRequest::default(), &EVERYTHING),
        create("no company", &|_, holder| holder.company.clear(), &["holder.company"]),
        create("a blank company", &|_, holder| holder.company = "  \u{a0} ".to_owned(), &["holder.company"]),
        create("a company of 201 characters", &|_, holder| holder.company = "è".repeat(201), &["holder.company"]),
        create("a NUL in the company", &|_, holder| holder.company = "Rossi\0S.r.l.".to_owned(), &["holder.company"]),
        create("a line break in the company", &|_, holder| holder.company = "Rossi\r\nBcc: all".to_owned(), &["holder.company"]),
        create("neither VAT number nor fiscal code", &|_, holder| holder.vat_number.clear(), &["holder.vat_number"]),
        create("a VAT number without country", &|_, holder| holder.vat_number = "01234567897".to_owned(), &["holder.vat_number"]),
        create("a wrong control digit", &|_, holder| holder.vat_number = "IT01234567890".to_owned(), &["holder.vat_number"]),
        create("a short VAT number", &|_, holder| holder.vat_number = "IT0123456789".to_owned(), &["holder.vat_number"]),
        create("a small country", &|_, holder| holder.vat_number = "it01234567897".to_owned(), &["holder.vat_number"]),
        create("half a character", &|_, holder| holder.vat_number = "Iß".to_owned(), &["holder.vat_number"]),
        create(
            "a foreign VAT number without end",
            &|_, holder| holder.vat_number = format!("DE{}", "1".repeat(29)),
            &["holder.vat_number"],
        ),
        create("a fiscal code of 12 digits", &|_, holder| holder.fiscal_code = "012345678901".to_owned(), &["holder.fiscal_code"]),
        create("a small fiscal code", &|_, holder| holder.fiscal_code = "rssmra80a01h501u".to_owned(), &["holder.fiscal_code"]),
        create("no e-mail address", &|_, holder| holder.email.clear(), &["holder.email"]),
        create("an e-mail address without a domain", &|_, holder| holder.email = "ann@".to_owned(), &["holder.email"]),
        create("two e-mail addresses", &|_, holder| holder.email = "a@example.com,b@example.com".to_owned(), &["holder.email"]),
        create("a header in the e-mail address", &|_, holder| holder.email = "a@example.com\r\nBcc: b".to_owned(), &["holder.email"]),
        create("a long e-mail address", &|_, holder| holder.email = format!("{}@example.com", "a".repeat(250)), &["holder.email"]),
        create("an unknown language", &|_, holder| holder.language = 99, &["holder.language"]),
        create("a negative language", &|_, holder| holder.language = i32::MIN, &["holder.language"]),
        create("no base plan", &|request, _| request.base_plan.clear(), &["base_plan"]),
        create("a module as base plan", &|request, _| request.base_plan = "documents".to_owned(), &["base_plan"]),
        create("an unknown base plan", &|request, _| request.base_plan = "gold'; DROP TABLE account; --".to_owned(), &["base_plan"]),
        bought("a purchase in a second", now + 1, 0),
        bought("a purchase a year and a day ago", now - 366 * 86_400, 0),
        bought("a purchase before all time", i64::MIN, 0),
        bought("a purchase after all time", i64::MAX, 0),
        bought("negative nanoseconds", now - 86_400, -1),
        bought("too many nanoseconds", now - 86_400, 2_000_000_000),
    ]
}

const EVERYTHING: [&str; 5] = ["request_id", "holder.company", "holder.vat_number", "holder.email", "base_plan"];

fn changes_of_accounts() -> Vec<Row> {
    let update = |what, paths: &[&str], change: &dyn Fn(&mut pb::Holder), fields| {
        let mut holder = pb::Holder::default();
        change(&mut holder);
        let update_mask = Some(FieldMask { paths: paths.iter().map(|path| (*path).to_owned()).collect() });
        let request = pb::UpdateAccountRequest { request_id: request_id(), holder: Some(holder), update_mask, etag: String::new() };
        invalid(what, "UpdateAccount", &request, fields)
    };
    let etag = |what, etag: &str, code, reason, fields| {
        let holder = Some(pb::Holder { company: "Rossi".to_owned(), ..Default::default() });
        let update_mask = Some(FieldMask { paths: vec!["company".to_owned()] });
        let request = pb::UpdateAccountRequest { request_id: request_id(), holder, update_mask, etag: etag.to_owned() };
        refused(what, "UpdateAccount", &request, code, reason, fields)
    };
    vec![
        update("an empty mask", &[], &|_| {}, &["update_mask"]),
        update("a field that cannot change", &["account_id"], &|_| {}, &["update_mask"]),
        update("a star", &["*"], &|_| {}, &["update_mask"]),
        update("a masked field that is empty", &["email"], &|_| {}, &["holder.email"]),
        update("two wrong fields", &["email", "company"], &|_| {}, &["holder.email", "holder.company"]),
        update("an unknown language", &["language"], &|holder| holder.language = 7, &["holder.language"]),
        update("both numbers removed", &["vat_number", "fiscal_code"], &|_| {}, &["update_mask"]),
        update("the only number removed", &["vat_number"], &|_| {}, &["update_mask"]),
        etag("an etag that is none", "W/\"1\"", Code::InvalidArgument, ErrorReason::InvalidRequest, &["etag"]),
        etag("an etag too large", "99999999999999999999", Code::InvalidArgument, ErrorReason::InvalidRequest, &["etag"]),
        etag("an old etag", "0", Code::Aborted, ErrorReason::EtagMismatch, &[]),
        etag("a negative etag", "-1", Code::Aborted, ErrorReason::EtagMismatch, &[]),
    ]
}

async fn lists(ann: &Customer) -> Vec<Row> {
    for _ in 0..2 {
        let invoice = ann.invoice();
        ann.receives(invoice.bytes, &invoice.file_name).await;
    }
    let first = pb::ListInvoicesRequest { page_size: 1, direction: pb::Direction::Received.into(), ..Default::default() };
    let page_token = served(ann.panel.invoices().list_invoices(first).await).next_page_token;
    assert_ne!(page_token, "");

    let list = |what, change: &dyn Fn(&mut pb::ListInvoicesRequest), fields| {
        let mut request = pb::ListInvoicesRequest::default();
        change(&mut request);
        invalid(what, "ListInvoices", &request, fields)
    };
    let day = |year, month, day| Some(pb::CalendarDay { year, month, day });
    let mut rows = vec![
        list("a negative page", &|request| request.page_size = -1, &["page_size"]),
        list("a page of 201", &|request| request.page_size = 201, &["page_size"]),
        list("a page without end", &|request| request.page_size = i32::MAX, &["page_size"]),
        list("a token that is none", &|request| request.page_token = "nonsense".to_owned(), &["page_token"]),
        list("a token that is too long", &|request| request.page_token = "A".repeat(3_000), &["page_token"]),
        list("the token of other filters", &|request| request.page_token.clone_from(&page_token), &["page_token"]),
        list("an unknown direction", &|request| request.direction = 3, &["direction"]),
        list("an unknown state", &|request| request.state = -1, &["state"]),
        list("30 February", &|request| request.issued_from = day(2026, 2, 30), &["issued_from"]),
        list("the month 0", &|request| request.issued_through = day(2026, 0, 1), &["issued_through"]),
        list("a negative day", &|request| request.issued_through = day(2026, 1, -1), &["issued_through"]),
        list("the year 0", &|request| request.issued_from = day(0, 1, 1), &["issued_from"]),
        list("the largest year", &|request| request.issued_from = day(i32::MAX, 1, 1), &["issued_from"]),
        list(
            "an end before the beginning",
            &|request| (request.issued_from, request.issued_through) = (day(2026, 2, 2), day(2026, 2, 1)),
            &["issued_through"],
        ),
        list("a long number", &|request| request.number = "1".repeat(21), &["number"]),
        list("a NUL in the number", &|request| request.number = "1\0".to_owned(), &["number"]),
        list("a counterpart of one letter", &|request| request.counterpart = "r".to_owned(), &["counterpart"]),
        list("a long counterpart", &|request| request.counterpart = "r".repeat(101), &["counterpart"]),
        list("a counterpart of signs", &|request| request.counterpart = "%_'--".to_owned(), &["counterpart"]),
        list("a text without a word", &|request| request.text = "a & o".to_owned(), &["text"]),
        list("a text of nine words", &|request| request.text = "11 12 13 14 15 16 17 18 19".to_owned(), &["text"]),
        list("a NUL in the text", &|request| request.text = "rossi\0".to_owned(), &["text"]),
        list("an amount with a comma", &|request| request.amount_from = "1,00".to_owned(), &["amount_from"]),
        list("an amount of three decimals", &|request| request.amount_through = "1.000".to_owned(), &["amount_through"]),
        list("an amount without end", &|request| request.amount_from = "9".repeat(400), &["amount_from"]),
        list(
            "amounts the wrong way round",
            &|request| (request.amount_from, request.amount_through) = ("1".to_owned(), "0.99".to_owned()),
            &["amount_through"],
        ),
        list("states that are none", &|request| request.states = vec![1, 0, 8], &["states[1]", "states[2]"]),
        list("too many states", &|request| request.states = vec![1; 8], &["states"]),
        list(
            "types that are none",
            &|request| request.document_types = vec!["TD01".to_owned(), String::new(), "TD10".to_owned()],
            &["document_types[1]", "document_types[2]"],
        ),
        list("too many types", &|request| request.document_types = vec!["TD01".to_owned(); 31], &["document_types"]),
        list("received drafts", &|request| (request.direction, request.state) = (2, 1), &["direction"]),
        list("sent invoices that are received", &|request| (request.direction, request.states) = (1, vec![7]), &["direction"]),
        list("an unknown order", &|request| request.sort = 5, &["sort"]),
        list("a long document type", &|request| request.document_type = "TD001".to_owned(), &["document_type"]),
        list("a document type that is none", &|request| request.document_type = "TD10".to_owned(), &["document_type"]),
        list(
            "everything wrong at once",
            &|request| {
                (request.page_size, request.direction, request.state) = (-1, 9, 99);
                request.counterpart = "r".to_owned();
                (request.text, request.amount_from, request.sort) = ("-".to_owned(), "a lot".to_owned(), -1);
            },
            &["direction", "state", "counterpart", "text", "amount_from", "sort", "page_size"],
        ),
    ];
    for (what, page_size, page_token, fields) in [
        ("a negative page", -5, String::new(), &["page_size"]),
        ("a page too large", 1_000, String::new(), &["page_size"]),
        ("the token of another list", 0, page_token.clone(), &["page_token"]),
    ] {
        rows.push(invalid(what, "ListAccounts", &pb::ListAccountsRequest { page_size, page_token: page_token.clone() }, fields));
        rows.push(invalid(what, "ListOrders", &pb::ListOrdersRequest { page_size, page_token }, fields));
    }
    for (what, term_years) in [("a negative term", -1), ("a term of 11 years", 11), ("a term without end", i32::MAX)] {
        let request = pb::RecommendQuantityRequest { extension: true, term_years };
        rows.push(invalid(what, "RecommendQuantity", &request, &["term_years"]));
    }
    rows
}

async fn carts(ann: &Customer) -> Vec<Row> {
    let cart = ann.adds_module(&ann.opens_cart().await, "documents").await;
    let cart_id = || cart.cart_id.clone();
    let quantity = |what, quantity_gb, term_years, fields| {
        let request = pb::SetQuantityRequest { request_id: request_id(), cart_id: cart_id(), etag: String::new(), quantity_gb, term_years };
        invalid(what, "SetQuantity", &request, fields)
    };
    let users = |what, quantity| {
        let request = pb::SetAdditionalUsersRequest { request_id: request_id(), cart_id: cart_id(), etag: String::new(), quantity };
        invalid(what, "SetAdditionalUsers", &request, &["quantity"])
    };
    let etag = |what, etag: &str, code, reason, fields| {
        let request = pb::SetExtensionRequest { request_id: request_id(), cart_id: cart_id(), etag: etag.to_owned(), extension: false };
        refused(what, "SetExtension", &request, code, reason, fields)
    };
    let add = |what, module: &str, code, reason, fields| {
        let request = pb::AddModuleRequest { request_id: request_id(), cart_id: cart_id(), etag: String::new(), module: module.to_owned() };
        refused(what, "AddModule", &request, code, reason, fields)
    };
    let remove = |what, module: &str, code, reason, fields| {
        let request =
            pb::RemoveModuleRequest { request_id: request_id(), cart_id: cart_id(), etag: String::new(), module: module.to_owned() };
        refused(what, "RemoveModule", &request, code, reason, fields)
    };
    let place = |what, cart_etag: &str, code, reason, fields| {
        let request = pb::PlaceOrderRequest { request_id: request_id(), cart_id: cart_id(), cart_etag: cart_etag.to_owned() };
        refused(what, "PlaceOrder", &request, code, reason, fields)
    };
    let (argument, bad) = (Code::InvalidArgument, ErrorReason::InvalidRequest);
    vec![
        quantity("0 GB", 0, 0, &["quantity_gb"]),
        quantity("a negative quantity", -1, 0, &["quantity_gb"]),
        quantity("1001 GB", 1_001, 0, &["quantity_gb"]),
        quantity("a quantity without end", i32::MAX, 0, &["quantity_gb"]),
        quantity("a negative term", 1, -1, &["term_years"]),
        quantity("a term of 11 years", 1, 11, &["term_years"]),
        quantity("both wrong", 0, 11, &["quantity_gb", "term_years"]),
        users("negative users", -1),
        users("1001 users", 1_001),
        users("the least number", i32::MIN),
        etag("an etag that is none", "nonsense", argument, bad, &["etag"]),
        etag("an etag of something else", "1", argument, bad, &["etag"]),
        etag("an old etag", "1-0000000000000000", Code::Aborted, ErrorReason::EtagMismatch, &[]),
        add("no module", "", argument, bad, &["module"]),
        add("a module that is no word", "' OR 1=1", argument, bad, &["module"]),
        add("an unknown module", "teleportation", Code::NotFound, ErrorReason::ModuleUnknown, &[]),
        add("a base plan as module", "fatturazione-elettronica", Code::NotFound, ErrorReason::ModuleUnknown, &[]),
        add("a module that is there", "documents", Code::AlreadyExists, ErrorReason::ModulePresent, &[]),
        remove("no module", "", argument, bad, &["module"]),
        remove("an unknown module", "teleportation", Code::NotFound, ErrorReason::ModuleUnknown, &[]),
        place("no etag", "", argument, bad, &["cart_etag"]),
        place("an etag that is too long", &"1".repeat(65), argument, bad, &["cart_etag"]),
        place("an etag that is none", "nonsense", Code::Aborted, ErrorReason::EtagMismatch, &[]),
        place("an old etag", "1-0000000000000000", Code::Aborted, ErrorReason::EtagMismatch, &[]),
        place("the etag of another price", "2-0000000000000000", Code::Aborted, ErrorReason::PricesChanged, &[]),
    ]
}

async fn orders(ann: &Customer) -> Vec<Row> {
    let cart = ann.opens_cart().await;
    let order = ann.places(&cart).await;
    let all = accepted(&ann.form(&order).await);
    let confirm = |what, change: &dyn Fn(&mut pb::ConfirmOrderRequest), code, reason, fields| {
        let mut request = pb::ConfirmOrderRequest {
            request_id: request_id(),
            order_id: order.order_id.clone(),
            payment_method: PaymentMethod::BankTransfer.into(),
            accepted_terms: all.clone(),
            ..Default::default()
        };
        change(&mut request);
        refused(what, "ConfirmOrder", &request, code, reason, fields)
    };
    let (argument, bad) = (Code::InvalidArgument, ErrorReason::InvalidRequest);
    let by_card = |token: &str| {
        let payment_token = token.to_owned();
        move |request: &mut pb::ConfirmOrderRequest| {
            request.payment_method = PaymentMethod::Card.into();
            request.payment_token.clone_from(&payment_token);
        }
    };
    let terms = |code: &str, version: &str| pb::AcceptedTerms { code: code.to_owned(), version: version.to_owned() };
    let ordered = pb::SetExtensionRequest { request_id: request_id(), cart_id: cart.cart_id.clone(), ..Default::default() };
    vec![
        confirm("no method", &|request| request.payment_method = 0, argument, bad, &["payment_method"]),
        confirm("an unknown method", &|request| request.payment_method = 5, argument, bad, &["payment_method"]),
        confirm("a negative method", &|request| request.payment_method = -7, argument, bad, &["payment_method"]),
        confirm("a card without token", &by_card(""), argument, bad, &["payment_token"]),
        confirm("a long token", &by_card(&"x".repeat(201)), argument, bad, &["payment_token"]),
        confirm("a NUL in the token", &by_card("sim\0ok"), argument, bad, &["payment_token"]),
        confirm("a bank transfer with token", &|request| request.payment_token = "sim-ok".to_owned(), argument, bad, &["payment_token"]),
        confirm("an etag that is none", &|request| request.etag = "x".to_owned(), argument, bad, &["etag"]),
        confirm("another etag", &|request| request.etag = "77".to_owned(), Code::Aborted, ErrorReason::EtagMismatch, &[]),
        confirm(
            "terms that are no words",
            &|request| request.accepted_terms.push(terms("general terms\n", "")),
            argument,
            bad,
            &["accepted_terms[3]"],
        ),
        confirm("too many terms", &|request| request.accepted_terms = vec![terms("a", "1"); 21], argument, bad, &["accepted_terms"]),
        confirm(
            "no terms",
            &|request| request.accepted_terms.clear(),
            Code::FailedPrecondition,
            ErrorReason::TermsNotAccepted,
            &["accepted_terms[general-terms]", "accepted_terms[separately-approved-clauses]", "accepted_terms[privacy-notice]"],
        ),
        confirm(
            "terms of another version",
            &|request| request.accepted_terms[0].version = "2025-01".to_owned(),
            Code::FailedPrecondition,
            ErrorReason::TermsNotAccepted,
            &["accepted_terms[general-terms]"],
        ),
        confirm(
            "terms twice",
            &|request| request.accepted_terms.push(request.accepted_terms[1].clone()),
            Code::FailedPrecondition,
            ErrorReason::TermsNotAccepted,
            &["accepted_terms[separately-approved-clauses]"],
        ),
        confirm(
            "unknown terms",
            &|request| request.accepted_terms.push(terms("first-born-child", "1")),
            Code::FailedPrecondition,
            ErrorReason::TermsNotAccepted,
            &["accepted_terms"],
        ),
        refused("a cart that was ordered", "SetExtension", &ordered, Code::FailedPrecondition, ErrorReason::CartOrdered, &[]),
    ]
}

fn payments() -> Vec<Row> {
    let record = |what, change: &dyn Fn(&mut pb::RecordPaymentRequest), fields| {
        let mut request = pb::RecordPaymentRequest {
            request_id: request_id(),
            order_number: "471108152342".to_owned(),
            amount: Some(euro("14.64")),
            payment_method: PaymentMethod::BankTransfer.into(),
            reference: "CRO 1".to_owned(),
        };
        change(&mut request);
        invalid(what, "RecordPayment", &request, fields)
    };
    let amount = |what, currency_code: &str, units, cents| {
        let money = pb::Money { currency_code: currency_code.to_owned(), units, cents };
        record(what, &|request| request.amount = Some(money.clone()), &["amount"])
    };
    vec![
        record("no order number", &|request| request.order_number.clear(), &["order_number"]),
        record("a long order number", &|request| request.order_number = "1".repeat(41), &["order_number"]),
        record("no amount", &|request| request.amount = None, &["amount"]),
        amount("nothing", "EUR", 0, 0),
        amount("a negative amount", "EUR", -1, 0),
        amount("negative cents", "EUR", 1, -1),
        amount("a hundred cents", "EUR", 1, 100),
        amount("an amount too large for a number", "EUR", i64::MAX, 99),
        amount("the least number", "EUR", i64::MIN, 0),
        amount("more than a thousand million", "EUR", 1_000_000_000, 1),
        amount("no currency", "", 14, 64),
        amount("a small currency", "eur", 14, 64),
        amount("a currency of four letters", "EURO", 14, 64),
        record("a card", &|request| request.payment_method = PaymentMethod::Card.into(), &["payment_method"]),
        record("no method", &|request| request.payment_method = 0, &["payment_method"]),
        record("no reference", &|request| request.reference.clear(), &["reference"]),
        record("a long reference", &|request| request.reference = "r".repeat(101), &["reference"]),
        record("a NUL in the reference", &|request| request.reference = "CRO\0".to_owned(), &["reference"]),
    ]
}
