//! The invoices that lists are asked about, and every filter beside what it means.

use crate::support::{Customer, TestApp, on, pb, served};

/// What an invoice says, where it differs from the sample.
pub(super) struct Says {
    number: &'static str,
    day: &'static str,
    document_type: &'static str,
    currency: &'static str,
    total: &'static str,
    party: &'static str,
    vat: &'static str,
    line: &'static str,
}

const NAMES: [(&str, &str); 5] = [
    ("Müller &amp; Söhne GmbH", "00743110157"),
    ("Società D'Angelo S.r.l.", "01234567897"),
    ("Rossi Mario", "09876543217"),
    ("Rossini 100% S.p.A.", "12345678903"),
    ("Grossisti Riuniti", "07643520567"),
];
const LINES: [&str; 3] = ["Caffè torrefatto in grani", "Manutenzione caldaia", "Grano_duro 50%"];
const DAYS: [&str; 6] = ["2026-01-31", "2026-02-28", "2026-02-28", "2026-03-15", "2026-03-16", "2025-12-31"];
const TYPES: [&str; 3] = ["TD01", "TD04", "TD01"];
const TOTALS: [&str; 7] = ["122.00", "0.01", "-50.00", "1000.00", "999.99", "122.00", "20000.00"];

/// The invoice with this number in a small world that has something of everything.
pub(super) fn says(index: usize) -> Says {
    let (party, vat) = NAMES[index % NAMES.len()];
    let numbers = ["1", "FT/2026-001", "12/A", "12/B", "FT/2026-002", "2026-001", "1"];
    Says {
        number: numbers[index % numbers.len()],
        day: DAYS[index % DAYS.len()],
        document_type: TYPES[index % TYPES.len()],
        currency: if index % 11 == 3 { "CHF" } else { "EUR" },
        total: TOTALS[index % TOTALS.len()],
        party,
        vat,
        line: LINES[index % LINES.len()],
    }
}

/// An invoice file; `sent` says whether the party is its buyer or its seller.
pub(super) fn file(says: &Says, sent: bool) -> Vec<u8> {
    const SAMPLE: &str = include_str!("../../samples/fpr12.xml");
    const SELLER: &str = "<Denominazione>Caffè &amp; Più S.r.l.</Denominazione>";
    const BUYER: &str = "<CodiceFiscale>RSSMRA80A01H501U</CodiceFiscale>
        <Anagrafica>
          <Nome>Maria</Nome>
          <Cognome>Rossi</Cognome>
        </Anagrafica>";
    let Says { number, day, document_type, currency, total, party, vat, line } = says;
    let own = "<IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>02313821007</IdCodice></IdFiscaleIVA>
        <Anagrafica><Denominazione>Ditta propria</Denominazione></Anagrafica>";
    let other = format!(
        "<IdFiscaleIVA><IdPaese>IT</IdPaese><IdCodice>{vat}</IdCodice></IdFiscaleIVA>
        <Anagrafica><Denominazione>{party}</Denominazione></Anagrafica>"
    );
    let with_parties = if sent {
        SAMPLE.replace(BUYER, &other)
    } else {
        SAMPLE.replace(BUYER, own).replace(SELLER, &format!("<Denominazione>{party}</Denominazione>")).replace("01234567897", vat)
    };
    let changes = [
        ("<TipoDocumento>TD01", format!("<TipoDocumento>{document_type}")),
        ("<Divisa>EUR", format!("<Divisa>{currency}")),
        ("<Data>2026-03-31", format!("<Data>{day}")),
        ("<Numero>12/2026", format!("<Numero>{number}")),
        ("<ImportoTotaleDocumento>122.00", format!("<ImportoTotaleDocumento>{total}")),
        ("<Descrizione>Caffè torrefatto in grani", format!("<Descrizione>{line}")),
    ];
    let written = changes.iter().fold(with_parties, |file, (from, to)| {
        assert!(file.contains(from), "the sample holds {from}");
        file.replace(from, to)
    });
    written.into_bytes()
}

/// Stores the invoice of this number: received, or sent as a draft; some received files are no invoices.
pub(super) async fn stores(customer: &Customer, index: usize) -> pb::Invoice {
    let mut file = file(&says(index), index.is_multiple_of(2));
    // No two are the same file.
    file.extend(vec![b'\n'; index]);
    match index % 2 {
        0 => drafts(customer, file, index).await,
        _ if index % 13 == 5 => customer.receives(format!("no invoice {index}").into_bytes(), "unreadable.bin").await,
        _ => customer.receives(file, &format!("IT{}_{index:05}.xml", says(index).vat)).await,
    }
}

pub(super) async fn drafts(customer: &Customer, file: Vec<u8>, index: usize) -> pb::Invoice {
    let request_id = crate::support::request_id();
    let request = pb::CreateSentInvoiceRequest { request_id, file, file_name: format!("IT01234567897_{index:05}.xml") };
    served(customer.panel.invoices().create_sent_invoice(request).await).invoice.expect("the invoice")
}

pub(super) const WORLD: usize = 40;

/// A customer with a small world of invoices, the earliest first; and another one's, which must never be shown.
pub(super) async fn world(app: &TestApp) -> (Customer, Vec<pb::Invoice>) {
    let ann = app.customer("ann").one_gb().create().await;
    let bob = app.customer("bob").one_gb().create().await;
    let mut invoices = Vec::new();
    for index in 0..WORLD {
        invoices.push(stores(&ann, index).await);
        if index % 5 == 0 {
            stores(&bob, index).await;
        }
    }
    // Past the server, which would have something to say about most of them.
    for invoice in invoices.iter_mut().skip(2).step_by(4) {
        invoice.set_state(pb::InvoiceState::Queued);
        let queue = format!("UPDATE invoice SET state = 'queued' WHERE file_name = '{}'", invoice.file_name);
        app.database.execute(&queue).await.expect("a draft can be queued");
    }
    (ann, invoices)
}

/// All pages of a list, one after the other.
pub(super) async fn pages(customer: &Customer, request: &pb::ListInvoicesRequest) -> Vec<pb::Invoice> {
    let mut request = request.clone();
    let mut shown = Vec::new();
    loop {
        let page = served(customer.panel.invoices().list_invoices(request.clone()).await);
        assert!(page.invoices.len() <= usize::try_from(request.page_size).expect("a size"));
        shown.extend(page.invoices);
        if page.next_page_token.is_empty() {
            return shown;
        }
        request.page_token = page.next_page_token;
    }
}

type Meets = Box<dyn Fn(&pb::Invoice) -> bool>;
type Asks = fn(&mut pb::ListInvoicesRequest);

fn day_of(invoice: &pb::Invoice) -> (i32, i32, i32) {
    // Every test begins, and every unreadable file arrives, on this day.
    let day = invoice.issue_day.or(on("2026-03-16")).expect("a day");
    (day.year, day.month, day.day)
}

fn counterpart(invoice: &pb::Invoice) -> String {
    let party = if invoice.direction() == pb::Direction::Sent { &invoice.buyer } else { &invoice.seller };
    party.as_ref().map(|party| format!("{} {}", party.name, party.vat_number)).unwrap_or_default()
}

pub(super) fn cents(invoice: &pb::Invoice) -> Option<i64> {
    invoice.total.replace('.', "").parse().ok()
}

/// Each filter, and by hand what meets it.
pub(super) fn filters() -> Vec<(&'static str, Asks, Meets)> {
    use pb::InvoiceState::{Draft, Queued, Received};
    vec![
        ("nothing", |_| {}, Box::new(|_| true)),
        ("sent", |r| r.set_direction(pb::Direction::Sent), Box::new(|i| i.direction() == pb::Direction::Sent)),
        ("received", |r| r.set_direction(pb::Direction::Received), Box::new(|i| i.direction() == pb::Direction::Received)),
        ("drafts", |r| r.set_state(Draft), Box::new(|i| i.state() == Draft)),
        ("rejected", |r| r.set_state(pb::InvoiceState::Rejected), Box::new(|_| false)),
        ("two states", |r| r.states = vec![Queued.into(), Received.into()], Box::new(|i| matches!(i.state(), Queued | Received))),
        ("from", |r| r.issued_from = on("2026-02-28"), Box::new(|i| day_of(i) >= (2026, 2, 28))),
        ("through", |r| r.issued_through = on("2026-02-28"), Box::new(|i| day_of(i) <= (2026, 2, 28))),
        ("a day", |r| (r.issued_from, r.issued_through) = (on("2026-03-16"), on("2026-03-16")), Box::new(|i| day_of(i) == (2026, 3, 16))),
        ("a number", |r| r.number = "1".to_owned(), Box::new(|i| i.number == "1")),
        ("a number with signs", |r| r.number = "FT/2026-001".to_owned(), Box::new(|i| i.number == "FT/2026-001")),
        ("TD04", |r| r.document_type = "TD04".to_owned(), Box::new(|i| i.document_type == "TD04")),
        (
            "two types",
            |r| r.document_types = vec!["TD04".to_owned(), "TD01".to_owned(), "TD16".to_owned()],
            Box::new(|i| matches!(i.document_type.as_str(), "TD04" | "TD01")),
        ),
        ("from an amount", |r| r.amount_from = "122".to_owned(), Box::new(|i| cents(i).is_some_and(|cents| cents >= 12_200))),
        ("through an amount", |r| r.amount_through = "122".to_owned(), Box::new(|i| cents(i).is_some_and(|cents| cents <= 12_200))),
        (
            "an amount",
            |r| (r.amount_from, r.amount_through) = ("999.99".to_owned(), "999.99".to_owned()),
            Box::new(|i| cents(i) == Some(99_999)),
        ),
        ("a counterpart", |r| r.counterpart = "ROSSI".to_owned(), Box::new(|i| counterpart(i).contains("Rossi"))),
        ("a counterpart of two words", |r| r.counterpart = "rossi mar".to_owned(), Box::new(|i| counterpart(i).contains("Rossi Mario"))),
        ("a VAT number", |r| r.counterpart = "00743110157".to_owned(), Box::new(|i| counterpart(i).contains("00743110157"))),
        ("a text in lines", |r| r.text = "caffe".to_owned(), Box::new(|i| !i.number.is_empty() && line_of(i) == LINES[0])),
        ("a text in names", |r| r.text = "muller".to_owned(), Box::new(|i| counterpart(i).contains("Müller"))),
        ("a text in numbers", |r| r.text = "2026-001".to_owned(), Box::new(|i| matches!(i.number.as_str(), "FT/2026-001" | "2026-001"))),
        ("a text in file names", |r| r.text = "unreadable".to_owned(), Box::new(|i| i.file_name == "unreadable.bin")),
        ("a text of nobody", |r| r.text = "zzz".to_owned(), Box::new(|_| false)),
    ]
}

/// Which line the invoice has: its file name tells which one of the world it is.
fn line_of(invoice: &pb::Invoice) -> &'static str {
    let index: usize = invoice.file_name[invoice.file_name.len() - 9..invoice.file_name.len() - 4].parse().expect("its number");
    LINES[index % LINES.len()]
}

/// Whether the second filter took back what the first had asked for, or can never be met with it.
pub(super) fn overwrites(before: &pb::ListInvoicesRequest, after: &pb::ListInvoicesRequest) -> bool {
    let fields = |r: &pb::ListInvoicesRequest| {
        let day = |day: Option<pb::CalendarDay>| day.map(|day| format!("{day:?}")).unwrap_or_default();
        let number = |number: i32| if number == 0 { String::new() } else { number.to_string() };
        [
            number(r.direction),
            number(r.state),
            r.states.iter().map(|state| format!("{state} ")).collect(),
            day(r.issued_from),
            day(r.issued_through),
            r.number.clone(),
            r.document_type.clone(),
            r.document_types.concat(),
            r.amount_from.clone(),
            r.amount_through.clone(),
            r.counterpart.clone(),
            r.text.clone(),
        ]
    };
    // `state` and `states` name states together, as do the types.
    let united = |r: &pb::ListInvoicesRequest| {
        (r.state != 0 && !r.states.is_empty()) || (!r.document_type.is_empty() && !r.document_types.is_empty())
    };
    // A received invoice is received, and nothing else: together with other states it is refused.
    let contradicts = after.direction() == pb::Direction::Received && after.state != 0;
    let pairs = fields(before).into_iter().zip(fields(after));
    united(after) || contradicts || pairs.into_iter().any(|(before, after)| !before.is_empty() && before != after)
}

pub(super) fn named(invoices: &[pb::Invoice]) -> Vec<&str> {
    invoices.iter().map(|invoice| invoice.invoice_id.as_str()).collect()
}

pub(super) fn sorted(mut invoices: Vec<pb::Invoice>, sort: i32) -> Vec<pb::Invoice> {
    use pb::InvoiceSort::{ArrivalEarliestFirst, ArrivalLatestFirst, DateEarliestFirst, DateLatestFirst, Unspecified};
    // Ids sort as they were given out.
    invoices.sort_by_key(|invoice| invoice.invoice_id.clone());
    match pb::InvoiceSort::try_from(sort).expect("an order") {
        ArrivalEarliestFirst => {}
        Unspecified | ArrivalLatestFirst => invoices.reverse(),
        DateEarliestFirst => invoices.sort_by_key(day_of),
        DateLatestFirst => {
            invoices.sort_by_key(day_of);
            invoices.reverse();
        }
    }
    invoices
}
