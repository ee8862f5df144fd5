//! Bad input: every request that is wrong is answered with the exact code, reason and fields, and never with INTERNAL.

mod files;
mod rows;

use spazio::demo::invoices::GeneratedInvoice;
use tonic::Code;

use crate::support::pb::ErrorReason;
use crate::support::{Customer, Method, Refusal, TestApp, method, methods, pb, refused, request_id};

on_both_databases!(
    each_row_of_the_table_is_refused_for_its_own_reason,
    bytes_that_are_no_message_are_refused_by_every_method,
    a_message_larger_than_its_method_allows_is_refused,
    a_request_id_that_is_no_uuid_is_refused_by_every_method,
    an_id_that_is_none_is_refused_by_every_method,
    what_is_allowed_is_told_in_words,
    an_unknown_field_of_a_newer_client_is_passed_over,
);

/// A request that is wrong, and how it is answered.
pub struct Row {
    /// What is wrong with it.
    pub what: &'static str,
    pub method: &'static str,
    pub request: Vec<u8>,
    pub code: Code,
    pub reason: ErrorReason,
    pub fields: &'static [&'static str],
}

async fn each_row_of_the_table_is_refused_for_its_own_reason(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let mut table = rows::rows(app, &ann).await;
    table.extend(files::rows(&ann).await);
    assert!(table.len() >= 100, "{} rows", table.len());
    let mut wrong = Vec::new();
    for row in table {
        let method = method(row.method);
        let caller = method.callers(app, &ann).remove(0);
        let answer = caller.raw(method.policy.path, row.request).await;
        let answer = match answer {
            Ok(_) => "served".to_owned(),
            Err(status) => {
                let refusal = Refusal::of(&status);
                if refusal.reason == ErrorReason::EtagMismatch {
                    let current = &refusal.metadata["etag"];
                    assert!(refusal.message.contains(&format!("its etag is {current} now")), "{}: {}", row.method, refusal.message);
                }
                format!("{:?} {:?} {:?}", refusal.code, refusal.reason, refusal.fields())
            }
        };
        let expected = format!("{:?} {:?} {:?}", row.code, row.reason, row.fields);
        if answer != expected {
            wrong.push(format!("{} with {}: {answer} instead of {expected}", row.method, row.what));
        }
    }
    assert!(wrong.is_empty(), "{} rows:\n{}", wrong.len(), wrong.join("\n"));
}

/// A length-delimited field in protobuf's encoding.
fn field(number: u32, content: &[u8]) -> Vec<u8> {
    let tag = u8::try_from(number << 3 | 2).expect("a tag of one byte");
    let length = u8::try_from(content.len()).expect("a length of one byte");
    [&[tag, length], content].concat()
}

async fn malformed(app: &TestApp, ann: &Customer, method: &Method, what: &str, request: Vec<u8>) {
    let refusal = refused(method.callers(app, ann).remove(0).raw(method.policy.path, request).await);
    let expected = (Code::InvalidArgument, ErrorReason::MalformedRequest);
    assert_eq!((refusal.code, refusal.reason), expected, "{} with {what}: {}", method.name(), refusal.message);
}

async fn bytes_that_are_no_message_are_refused_by_every_method(app: &TestApp) {
    let ann = app.customer("ann").trial(2).create().await;
    for method in methods() {
        malformed(app, &ann, &method, "a tag and nothing behind it", vec![0x0a]).await;
        malformed(app, &ann, &method, "a length beyond the end", vec![0x0a, 0xff, 0xff, 0xff, 0x7f]).await;
        malformed(app, &ann, &method, "a number without end", [&[0x08][..], &[0xff; 11]].concat()).await;
        malformed(app, &ann, &method, "the field number 0", vec![0x02, 0x00]).await;
        malformed(app, &ann, &method, "the end of a group that never began", vec![0x0c]).await;
        if let Some(text) = method.text_field() {
            malformed(app, &ann, &method, "wrong UTF-8", field(text, b"\xff\xfe")).await;
            malformed(app, &ann, &method, "UTF-8 that is cut off", field(text, b"caff\xc3")).await;
            malformed(app, &ann, &method, "a number where a text belongs", vec![u8::try_from(text << 3).expect("one byte"), 1]).await;
        }
        let mut cut = method.example(app, &ann).await;
        if cut.pop().is_some() {
            malformed(app, &ann, &method, "its last byte cut off", cut).await;
        }
    }
}

async fn a_message_larger_than_its_method_allows_is_refused(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    for method in methods() {
        let caller = method.callers(app, &ann).remove(0);
        let refusal = refused(caller.raw(method.policy.path, vec![0; method.policy.max_request_bytes + 1]).await);
        let expected = (Code::ResourceExhausted, ErrorReason::RequestTooLarge);
        assert_eq!((refusal.code, refusal.reason), expected, "{}: {}", method.name(), refusal.message);
        let limit = method.policy.max_request_bytes;
        assert_eq!(refusal.number("max_request_bytes"), limit as u64, "{}", method.name());
        // Whoever notices first: the edge while the message comes in, or tonic, which holds its own limit for a service.
        let told = match method.name() {
            "ImportInvoices" => format!(
                "the message of file 1 of this import has {} bytes and is larger than the {limit} bytes that one may have: a file has at most \
                 5242880 bytes. It and what came after it was not taken in: leave this file out and import the rest",
                limit + 1
            ),
            _ => format!("the request is larger than the {limit} bytes that this method allows: send less, each file in a call of its own"),
        };
        assert_eq!(refusal.message, told, "{}", method.name());
    }
}

async fn what_is_allowed_is_told_in_words(app: &TestApp) {
    let ann = app.customer("ann").create().await;
    let list = pb::ListInvoicesRequest { direction: 9, state: 77, document_type: "TD1".to_owned(), ..Default::default() };
    let refusal = refused(ann.panel.invoices().list_invoices(list).await);
    let told: Vec<_> = refusal.violations.iter().map(|(field, told)| format!("{field}: {told}")).collect();
    let allowed = [
        "direction: 9 is not a direction: DIRECTION_SENT or DIRECTION_RECEIVED",
        "state: 77 is not a state of an invoice: INVOICE_STATE_DRAFT, INVOICE_STATE_QUEUED, INVOICE_STATE_SENT, INVOICE_STATE_DELIVERED, \
         INVOICE_STATE_NOT_DELIVERED, INVOICE_STATE_REJECTED or INVOICE_STATE_RECEIVED",
        "document_type: must be TD01 to TD09 or TD16 to TD29, is \"TD1\"",
    ];
    assert_eq!(told, allowed);
    let list = pb::ListInvoicesRequest { direction: 2, state: 1, counterpart: "a".to_owned(), ..Default::default() };
    let refusal = refused(ann.panel.invoices().list_invoices(list).await);
    let told: Vec<_> = refusal.violations.iter().map(|(field, told)| format!("{field}: {told}")).collect();
    let allowed = [
        "direction: a received invoice is never INVOICE_STATE_DRAFT: only INVOICE_STATE_RECEIVED; leave one of the two filters out",
        "counterpart: must have 1 to 8 words, each of at least two letters, or with a digit: \"a\" has no such word",
    ];
    assert_eq!(told, allowed);
    let named = GeneratedInvoice { file_name: "invoice 7.pdf".to_owned(), ..ann.invoice() };
    let [(_, told)] = &refused(ann.try_create(&named).await).violations[..] else { panic!("one violation") };
    assert_eq!(told, "is \"invoice 7.pdf\": the file name must end in .xml, or in .xml.p7m if the file is signed (SdI 00001)");
    for number in 0..100 {
        let code = format!("TD{number:02}");
        let list = pb::ListInvoicesRequest { document_type: code.clone(), ..Default::default() };
        let known = matches!(number, 1..=9 | 16..=29);
        assert_eq!(ann.panel.invoices().list_invoices(list).await.is_ok(), known, "{code}");
    }

    let amount = pb::Money { currency_code: "eur".to_owned(), units: -1, cents: 640 };
    let payment = pb::RecordPaymentRequest {
        request_id: request_id(),
        order_number: "471108152342".to_owned(),
        amount: Some(amount),
        payment_method: 9,
        reference: "CRO 1".to_owned(),
    };
    let refusal = refused(app.operator().orders().record_payment(payment).await);
    let told: Vec<_> = refusal.violations.iter().map(|(field, told)| format!("{field}: {told}")).collect();
    let allowed = [
        "amount: currency_code must be three capital letters such as EUR, is \"eur\"; units must not be negative, is -1; cents must be 0 to \
         99, is 640",
        "payment_method: 9 is not a payment method: PAYMENT_METHOD_CARD, PAYMENT_METHOD_PAYPAL, PAYMENT_METHOD_BANK_TRANSFER or \
         PAYMENT_METHOD_POSTAL_SLIP",
    ];
    assert_eq!(told, allowed);
}

async fn a_request_id_that_is_no_uuid_is_refused_by_every_method(app: &TestApp) {
    const BAD: [&str; 6] = [
        "",
        "nonsense",
        "00000000-0000-0000-0000-000000000000",
        "123e4567e89b42d3a456426614174000",
        "{123e4567-e89b-42d3-a456-426614174000}",
        "123e4567-e89b-42d3-a456-42661417400g",
    ];
    let ann = app.customer("ann").trial(2).create().await;
    for method in methods().filter(|method| method.policy.repeatable) {
        let request_id = method.field("request_id").expect("a repeatable request has one");
        let example = method.example(app, &ann).await;
        for bad in BAD {
            invalid(app, &ann, &method, method.with(&example, &request_id, bad), "request_id", bad).await;
        }
    }
}

async fn an_id_that_is_none_is_refused_by_every_method(app: &TestApp) {
    const BAD: [&str; 5] =
        ["", "nonsense", "acc_0198f2a0b1c27000800000000000000a", "inv_0198F2A0B1C27000800000000000000A", "inv_0198f2a0b1c2700080000000"];
    let ann = app.customer("ann").trial(2).create().await;
    for method in methods() {
        let Some(id) = method.id_field() else { continue };
        let example = method.example(app, &ann).await;
        for bad in BAD {
            invalid(app, &ann, &method, method.with(&example, &id, bad), id.name(), bad).await;
        }
    }
}

async fn invalid(app: &TestApp, ann: &Customer, method: &Method, request: Vec<u8>, field: &str, bad: &str) {
    let refusal = refused(method.callers(app, ann).remove(0).raw(method.policy.path, request).await);
    let expected = (Code::InvalidArgument, ErrorReason::InvalidRequest, vec![field]);
    assert_eq!((refusal.code, refusal.reason, refusal.fields()), expected, "{} with {bad:?}", method.name());
}

async fn an_unknown_field_of_a_newer_client_is_passed_over(app: &TestApp) {
    let ann = app.customer("ann").trial(2).create().await;
    for method in methods() {
        // Field 1000.
        let newer = [method.example(app, &ann).await, b"\xc2\x3e\x0ffrom the future".to_vec()].concat();
        let answer = method.callers(app, &ann).remove(0).raw(method.policy.path, newer).await;
        answer.unwrap_or_else(|status| panic!("{}: {status}", method.name()));
    }
}
