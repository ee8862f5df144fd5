//! The documents of a period as ZIP files: every one once, with its receipts, and a part that broke off goes on.

use std::collections::BTreeMap;

use ring::digest::{SHA256, digest};
use spazio::demo::invoices::receipt;
use spazio::fatturapa::ReceiptKind;
use tonic::{Code, Status};

use crate::support::pb::export_invoices_response::Part;
use crate::support::pb::{Direction, ErrorReason};
use crate::support::{Customer, TestApp, pb, refused, unpacked};

on_both_databases!(
    every_document_is_handed_out_once_with_its_receipts_and_an_index,
    an_export_of_more_than_a_part_holds_goes_on_with_the_next,
    a_part_that_broke_off_goes_on_from_any_byte,
    a_part_that_changed_since_it_was_begun_is_begun_again,
    only_the_days_and_the_direction_that_were_asked_for_are_handed_out,
    receipts_of_no_known_invoice_go_with_the_side_that_they_are_about,
    a_damaged_document_is_told_and_keeps_no_other_back,
    a_token_is_good_for_its_own_export_only,
);

/// A part as it came.
#[derive(Debug)]
pub struct Came {
    description: pb::ExportDescription,
    pub zip: Vec<u8>,
    end: pb::ExportEnd,
}

async fn try_export(ann: &Customer, request: pb::ExportInvoicesRequest) -> Result<Came, Status> {
    let mut stream = ann.panel.invoices().export_invoices(request).await?.into_inner();
    let (mut description, mut zip, mut end) = (None, Vec::new(), None);
    while let Some(message) = stream.message().await? {
        assert!(end.is_none(), "the end comes last");
        match message.part.expect("a part") {
            Part::Description(first) => description = Some(first),
            Part::Chunk(chunk) => zip.extend(chunk),
            Part::End(last) => end = Some(last),
        }
    }
    Ok(Came { description: description.expect("the description comes first"), zip, end: end.expect("the end comes last") })
}

/// The part that is asked for.
pub async fn exported(ann: &Customer, request: pb::ExportInvoicesRequest) -> Came {
    try_export(ann, request).await.unwrap_or_else(|status| panic!("{status}"))
}

/// All parts of an export, one after the other.
async fn all_parts(ann: &Customer, request: pb::ExportInvoicesRequest) -> (Vec<Came>, BTreeMap<String, Vec<u8>>) {
    let (mut parts, mut files, mut token) = (Vec::new(), BTreeMap::new(), String::new());
    loop {
        let part = exported(ann, pb::ExportInvoicesRequest { part_token: token, ..request.clone() }).await;
        for (path, content) in unpacked(&part.zip) {
            let path = if path == "index.csv" { format!("{}/index.csv", parts.len()) } else { path };
            assert!(files.insert(path, content).is_none(), "nothing twice");
        }
        token = part.description.next_part_token.clone();
        parts.push(part);
        if token.is_empty() {
            return (parts, files);
        }
    }
}

async fn every_document_is_handed_out_once_with_its_receipts_and_an_index(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let bob = app.customer("bob").one_gb().create().await;
    bob.receives(b"of bob".to_vec(), "bob.xml").await;
    let sent = ann.invoice();
    let issued = ann.sends(&sent).await;
    let receipt_of = |name: &str| receipt(ReceiptKind::Delivered, name, app.now()).expect("the generator's names are the SdI's");
    let (known, unknown) = (receipt_of(&sent.file_name), receipt_of("IT01234567897_0ZZZZ.xml"));
    let matched = ann.records(known.bytes.clone(), &known.file_name).await.receipt.expect("the receipt");
    let unmatched = ann.records(unknown.bytes.clone(), &unknown.file_name).await.receipt.expect("the receipt");
    let odd = ann.receives(b"=what is this".to_vec(), "../../odd name").await;
    // 300 bytes: more than a file system takes.
    let long = ann.receives(b"by a long name".to_vec(), &"漢".repeat(100)).await;

    let part = exported(&ann, pb::ExportInvoicesRequest::default()).await;
    assert_eq!((part.description.invoices, part.description.receipts), (3, 2));
    assert_eq!(part.description.next_part_token, "");
    assert_eq!(part.end.size_bytes, part.zip.len() as u64);
    assert_eq!(part.end.sha256, data_encoding::HEXLOWER.encode(digest(&SHA256, &part.zip).as_ref()));
    let files = unpacked(&part.zip);
    let today = "2026-03-16";
    let folder = format!("sent/2026-03-05_{}", issued.invoice_id);
    let expected = [
        (format!("{folder}/{}", sent.file_name), sent.bytes.clone()),
        (format!("{folder}/receipts/{}_{}", matched.receipt_id, known.file_name), known.bytes.clone()),
        (format!("received/{today}_{}/_._.._odd name", odd.invoice_id), b"=what is this".to_vec()),
        (format!("received/{today}_{}/{}", long.invoice_id, "漢".repeat(33)), b"by a long name".to_vec()),
        (format!("receipts/{}_{}", unmatched.receipt_id, unknown.file_name), unknown.bytes.clone()),
    ];
    let index = String::from_utf8(files["index.csv"].clone()).expect("an index is UTF-8");
    for (path, content) in &expected {
        assert!(files[path] == *content, "{path}");
        let sha256 = data_encoding::HEXLOWER.encode(digest(&SHA256, content).as_ref());
        assert!(index.contains(&format!("\"{path}\",\"\",\"{sha256}\"")), "{path} in {index}");
    }
    assert_eq!(files.len(), expected.len() + 1);
    let line_of = |id: &str| index.lines().find(|line| line.contains(&format!(",\"{id}\","))).expect("a line for each");
    assert!(line_of(&matched.receipt_id).contains(&format!("\"{}\"", issued.invoice_id)), "a receipt names its invoice");
    assert!(!line_of(&unmatched.receipt_id).contains("\"inv_"));
    let columns = |line: &str| line.split("\",\"").count();
    assert!(index.starts_with("\"path\",\"problem\",\"sha256\",\"id\",\"kind\""), "{index}");
    assert!(index.lines().all(|line| columns(line) == columns(line_of(&issued.invoice_id))), "{index}");
}

async fn an_export_of_more_than_a_part_holds_goes_on_with_the_next(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    // Fifteen files of 4.75 MiB are more than 64 MiB.
    let mut ids = Vec::new();
    for number in 0..15_u8 {
        let file = vec![number; 4_980_736];
        ids.push(ann.receives(file, "large.xml").await.invoice_id);
    }
    let (parts, files) = all_parts(&ann, pb::ExportInvoicesRequest::default()).await;
    assert_eq!(parts.iter().map(|part| part.description.invoices).collect::<Vec<_>>(), [14, 1]);
    for (number, id) in ids.iter().enumerate() {
        let content = files.iter().find(|(path, _)| path.contains(id)).expect("it is handed out").1;
        assert!(content.len() == 4_980_736 && content.iter().all(|byte| usize::from(*byte) == number));
    }
}

async fn a_part_that_broke_off_goes_on_from_any_byte(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    for _ in 0..5 {
        ann.creates(&ann.invoice()).await;
    }
    let whole = exported(&ann, pb::ExportInvoicesRequest::default()).await;
    for from_byte in [1, whole.end.size_bytes / 2, whole.end.size_bytes] {
        let part_token = whole.description.part_token.clone();
        let rest = exported(&ann, pb::ExportInvoicesRequest { part_token, from_byte, ..Default::default() }).await;
        assert!(rest.zip == whole.zip[usize::try_from(from_byte).expect("small")..], "from {from_byte}");
        assert_eq!(rest.end, whole.end);
    }
    let (part_token, from_byte) = (whole.description.part_token.clone(), whole.end.size_bytes + 1);
    let beyond = pb::ExportInvoicesRequest { part_token, from_byte, ..Default::default() };
    assert_eq!(refused(try_export(&ann, beyond).await).fields(), ["from_byte"]);
}

async fn a_part_that_changed_since_it_was_begun_is_begun_again(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    ann.creates(&ann.invoice()).await;
    let begun = exported(&ann, pb::ExportInvoicesRequest::default()).await;
    ann.creates(&ann.invoice()).await;
    let part_token = begun.description.part_token;
    let refusal = refused(try_export(&ann, pb::ExportInvoicesRequest { part_token, from_byte: 10, ..Default::default() }).await);
    assert_eq!((refusal.code, refusal.reason), (Code::Aborted, ErrorReason::PartChanged));
    assert_eq!(exported(&ann, pb::ExportInvoicesRequest::default()).await.description.invoices, 2);
}

async fn only_the_days_and_the_direction_that_were_asked_for_are_handed_out(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    // Generated invoices are of 2 March; what cannot be read counts by the day it came, 16 March.
    ann.creates(&ann.invoice()).await;
    ann.receives(ann.invoice().bytes, "IT01234567897_00001.xml").await;
    ann.receives(b"odd".to_vec(), "odd.xml").await;
    let count = async |from: Option<u32>, through: Option<u32>, direction: Direction| {
        let day = |day: u32| pb::CalendarDay { year: 2026, month: 3, day: i32::try_from(day).expect("a day") };
        let request = pb::ExportInvoicesRequest {
            issued_from: from.map(day),
            issued_through: through.map(day),
            direction: direction.into(),
            ..Default::default()
        };
        exported(&ann, request).await.description.invoices
    };
    assert_eq!(count(None, None, Direction::Unspecified).await, 3);
    assert_eq!(count(Some(5), Some(5), Direction::Unspecified).await, 2);
    assert_eq!(count(Some(5), Some(5), Direction::Sent).await, 1);
    assert_eq!(count(Some(6), None, Direction::Unspecified).await, 1);
    assert_eq!(count(Some(16), Some(16), Direction::Received).await, 1);
    assert_eq!(count(None, Some(1), Direction::Unspecified).await, 0);
}

async fn receipts_of_no_known_invoice_go_with_the_side_that_they_are_about(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    for kind in [ReceiptKind::Delivered, ReceiptKind::Metadata, ReceiptKind::TermPassed, ReceiptKind::BuyerOutcome] {
        let receipt = receipt(kind, "IT01234567897_0ZZZZ.xml", app.now()).expect("a name of the SdI");
        ann.records(receipt.bytes, &receipt.file_name).await;
    }
    ann.records(b"odd".to_vec(), "odd.xml").await;
    let count = async |direction: Direction| {
        exported(&ann, pb::ExportInvoicesRequest { direction: direction.into(), ..Default::default() }).await.description.receipts
    };
    let counts = [count(Direction::Unspecified).await, count(Direction::Sent).await, count(Direction::Received).await];
    assert_eq!(counts, [5, 3, 2]);
}

async fn a_damaged_document_is_told_and_keeps_no_other_back(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let (good, bad) = (ann.invoice(), ann.invoice());
    ann.creates(&good).await;
    let damaged = ann.creates(&bad).await;
    let name = &bad.file_name;
    app.database
        .execute(&format!(
            "UPDATE document SET content = (SELECT content FROM document WHERE file_name = '{}') WHERE file_name = '{name}'",
            good.file_name
        ))
        .await
        .expect("a row is changed");
    let part = exported(&ann, pb::ExportInvoicesRequest::default()).await;
    assert_eq!(part.end.damaged, std::slice::from_ref(&damaged.invoice_id));
    let files = unpacked(&part.zip);
    assert!(files.values().any(|file| *file == good.bytes));
    let index = String::from_utf8_lossy(&files["index.csv"]);
    assert!(index.contains(&format!("\"\",\"damaged\",\"\",\"{}\"", damaged.invoice_id)), "{index}");
}

async fn a_token_is_good_for_its_own_export_only(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let bob = app.customer("bob").one_gb().create().await;
    ann.creates(&ann.invoice()).await;
    let part_token = exported(&ann, pb::ExportInvoicesRequest::default()).await.description.part_token;
    let asked = |part_token: &str, direction: Direction| pb::ExportInvoicesRequest {
        part_token: part_token.to_owned(),
        direction: direction.into(),
        ..Default::default()
    };
    assert_eq!(refused(try_export(&bob, asked(&part_token, Direction::Unspecified)).await).fields(), ["part_token"]);
    assert_eq!(refused(try_export(&ann, asked(&part_token, Direction::Sent)).await).fields(), ["part_token"]);
    assert_eq!(refused(try_export(&ann, asked("nonsense", Direction::Unspecified)).await).fields(), ["part_token"]);
    let without = pb::ExportInvoicesRequest { from_byte: 5, ..Default::default() };
    assert_eq!(refused(try_export(&ann, without).await).fields(), ["from_byte"]);
}
