//! ListInvoices in an account of 1,000,000 invoices against one of 1,000: what a page costs must not depend on the account.

use std::time::Instant;

use spazio::call::ActsAs;

use crate::comparison::{headline, in_turn, rate};
use crate::support::{Bearer, Caller, Engine, TestApp, on, pb};

const FEW: u32 = 1_000;
const MANY: u32 = 1_000_000;
const CALLS: usize = 60;
/// How deep the deep page is, in pages of 200.
const DEEP: [usize; 2] = [2, 500];

type Asks = fn(&mut pb::ListInvoicesRequest);

/// What tests/it/support/crowd.rs calls rare is 20 invoices in both accounts; one in 200 is by quaglia; the rest is usual.
const LISTS: &[(&str, Asks)] = &[
    ("all", |_| {}),
    ("all by date", |r| r.set_sort(pb::InvoiceSort::DateLatestFirst)),
    ("received", |r| r.set_direction(pb::Direction::Received)),
    ("sent", |r| r.set_direction(pb::Direction::Sent)),
    ("sent, by date", |r| {
        r.set_direction(pb::Direction::Sent);
        r.set_sort(pb::InvoiceSort::DateLatestFirst);
    }),
    ("rejected (20)", |r| r.set_state(pb::InvoiceState::Rejected)),
    ("issued in two months", |r| (r.issued_from, r.issued_through) = (on("2024-05-01"), on("2024-06-30"))),
    ("issued in two months, by date", |r| {
        (r.issued_from, r.issued_through) = (on("2024-05-01"), on("2024-06-30"));
        r.set_sort(pb::InvoiceSort::DateLatestFirst);
    }),
    ("a number (1)", |r| r.number.push_str("FT/17")),
    ("a rare type (20)", |r| r.document_type.push_str("TD16")),
    ("a usual type", |r| r.document_type.push_str("TD01")),
    ("rare amounts (20)", |r| r.amount_from.push_str("100000")),
    ("usual amounts", |r| r.amount_from.push_str("10")),
    ("a rare counterpart (20)", |r| r.counterpart.push_str("zanzibar")),
    ("one in 200 counterparts", |r| r.counterpart.push_str("quaglia")),
    ("one in 200 counterparts, pages of 5", |r| (r.counterpart, r.page_size) = ("quaglia".to_owned(), 5)),
    ("one in 200 counterparts, by date", |r| {
        r.counterpart.push_str("quaglia");
        r.set_sort(pb::InvoiceSort::DateLatestFirst);
    }),
    ("one in 200 counterparts, by date, pages of 5", |r| {
        (r.counterpart, r.page_size) = ("quaglia".to_owned(), 5);
        r.set_sort(pb::InvoiceSort::DateLatestFirst);
    }),
    ("a text of one in 200, by date, pages of 5", |r| {
        (r.text, r.page_size) = ("quaglia".to_owned(), 5);
        r.set_sort(pb::InvoiceSort::DateLatestFirst);
    }),
    ("received from one in 200 counterparts, pages of 5", |r| {
        r.set_direction(pb::Direction::Received);
        (r.counterpart, r.page_size) = ("quaglia".to_owned(), 5);
    }),
    ("eight in 1,000 counterparts, pages of 8", |r| (r.counterpart, r.page_size) = ("cliente99".to_owned(), 8)),
    ("a number of one in 200, pages of 5", |r| (r.number, r.page_size) = ("12".to_owned(), 5)),
    ("issued on five days, pages of 5", |r| {
        (r.issued_from, r.issued_through, r.page_size) = (on("2024-05-02"), on("2024-05-06"), 5);
    }),
    ("a rare text (20)", |r| r.text.push_str("ornitorinco")),
    ("a usual text", |r| r.text.push_str("fornitura")),
    ("a text of nobody", |r| r.text.push_str("nobody")),
];

/// Compares the two accounts on this database.
pub async fn compare(engine: Engine) {
    let app = TestApp::start(engine).await;
    let mut accounts = Vec::new();
    for count in [FEW, MANY] {
        let customer = app.customer(&format!("customer{count}")).one_gb().create().await;
        let begin = Instant::now();
        app.database.crowd(customer.account, count).await;
        let took = begin.elapsed().as_secs();
        let token = app.token(ActsAs::Customer(customer.account), app.now(), "spazio");
        accounts.push((app.connect().bearing(Bearer::Token(token)), took));
    }
    let [(few, _), (many, took)] = &accounts[..] else { unreachable!("two accounts") };
    headline(&format!("ListInvoices, 50 of {MANY} against 50 of {FEW} on {engine:?} (ours: the larger account, filled in {took} s)"));
    for (what, ask) in LISTS {
        let mut request = pb::ListInvoicesRequest::default();
        ask(&mut request);
        lists(what, (many, request.clone()), (few, request)).await;
    }
    for sort in [pb::InvoiceSort::ArrivalLatestFirst, pb::InvoiceSort::DateLatestFirst] {
        let what = format!("{}, {} pages deep", sort.as_str_name(), DEEP[1]);
        lists(&what, (many, deep(many, sort, DEEP[1]).await), (few, deep(few, sort, DEEP[0]).await)).await;
    }
    let totals = pb::ListInvoicesRequest { text: "fornitura".to_owned(), with_totals: true, ..Default::default() };
    let begin = Instant::now();
    let answer = many.invoices().list_invoices(totals).await.expect("totals").into_inner().totals.expect("totals");
    println!("  the totals of {} invoices: {} ms", answer.invoices, begin.elapsed().as_millis());
    drop(accounts);
    app.finish().await;
}

async fn lists(what: &str, many: (&Caller, pb::ListInvoicesRequest), few: (&Caller, pb::ListInvoicesRequest)) {
    let calls = |(panel, request): &(&Caller, pb::ListInvoicesRequest)| list((*panel).clone(), request.clone());
    in_turn(what, async || rate(1, CALLS, |_| calls(&many)).await, async || rate(1, CALLS, |_| calls(&few)).await).await;
}

async fn list(panel: Caller, request: pb::ListInvoicesRequest) {
    let mut client = panel.invoices();
    for _ in 0..CALLS {
        client.list_invoices(request.clone()).await.expect("a list");
    }
}

/// What asks for the page behind so many of 200.
async fn deep(panel: &Caller, sort: pb::InvoiceSort, pages: usize) -> pb::ListInvoicesRequest {
    let mut request = pb::ListInvoicesRequest { page_size: 200, sort: sort.into(), ..Default::default() };
    for _ in 0..pages {
        request.page_token = panel.invoices().list_invoices(request.clone()).await.expect("a list").into_inner().next_page_token;
    }
    pb::ListInvoicesRequest { page_size: 0, ..request }
}
