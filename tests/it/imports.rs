//! Many files at once: each has its own result, and together they are charged to the byte (S3, S4, I4).

use futures_util::stream;
use spazio::demo::invoices::{GeneratedInvoice, receipt};
use spazio::fatturapa::ReceiptKind;
use tonic::Code;

use crate::support::pb::import_invoices_response::Outcome;
use crate::support::pb::{ErrorReason, ImportKind, InvoiceState};
use crate::support::{Customer, TestApp, pb, refused, served};

on_both_databases!(
    each_file_has_its_own_result_in_the_files_order,
    the_same_files_again_are_the_same_documents_and_cost_nothing,
    the_files_that_fit_are_stored_to_the_last_byte_and_the_others_are_refused,
    what_was_delivered_is_taken_in_however_full_the_space_is,
    a_sent_invoice_keeps_the_state_that_it_had_elsewhere,
    what_was_sent_elsewhere_does_not_hide_behind_a_draft_of_the_same_bytes,
    what_came_before_bytes_that_are_no_file_is_stored,
    a_rejection_that_comes_before_its_invoice_in_one_stream_releases_its_number,
    of_a_file_that_was_stored_before_its_other_name_and_state_are_told,
    what_was_sent_in_an_old_format_is_kept_as_it_is_and_no_draft_is_made_of_it,
    a_caller_that_waits_for_each_result_gets_it,
    more_imports_at_once_than_there_is_memory_for_are_refused_until_one_ends,
);

fn file(kind: ImportKind, invoice: &GeneratedInvoice) -> pb::ImportInvoicesRequest {
    let (file_name, file) = (invoice.file_name.clone(), invoice.bytes.clone());
    pb::ImportInvoicesRequest { kind: kind.into(), file_name, file, state: 0 }
}

fn sent(invoice: &GeneratedInvoice) -> pb::ImportInvoicesRequest {
    file(ImportKind::Sent, invoice)
}

/// Takes the files in, and gives what became of each.
pub(super) async fn taken_in(ann: &Customer, files: Vec<pb::ImportInvoicesRequest>) -> Vec<Outcome> {
    let (count, mut results) = (files.len(), served(ann.service.invoices().import_invoices(stream::iter(files.clone())).await));
    let mut outcomes = Vec::new();
    while let Some(result) = results.message().await.unwrap_or_else(|status| panic!("{status}")) {
        assert_eq!((result.position, &result.file_name), (outcomes.len() as u64 + 1, &files[outcomes.len()].file_name));
        outcomes.push(result.outcome.expect("an outcome"));
    }
    assert_eq!(outcomes.len(), count, "a result for each file");
    outcomes
}

fn stored(outcome: &Outcome) -> &pb::ImportedFile {
    match outcome {
        Outcome::Stored(file) => file,
        Outcome::Refusal(refusal) => panic!("refused: {refusal:?}"),
    }
}

fn refusal(outcome: &Outcome) -> &pb::ImportRefusal {
    match outcome {
        Outcome::Refusal(refusal) => refusal,
        Outcome::Stored(file) => panic!("stored: {file:?}"),
    }
}

async fn each_file_has_its_own_result_in_the_files_order(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let (issued, received, same_name) = (ann.invoice(), ann.invoice(), ann.invoice());
    let rc = receipt(ReceiptKind::Delivered, &issued.file_name, app.now()).expect("the generator's names are the SdI's");
    let receipt_bytes = rc.bytes.len();
    let files = vec![
        pb::ImportInvoicesRequest { state: InvoiceState::Sent.into(), ..sent(&issued) },
        pb::ImportInvoicesRequest { file: b"no invoice at all".to_vec(), ..sent(&ann.invoice()) },
        pb::ImportInvoicesRequest { file_name: issued.file_name.clone(), state: InvoiceState::Sent.into(), ..sent(&same_name) },
        file(ImportKind::Received, &received),
        pb::ImportInvoicesRequest { kind: 0, state: 77, file_name: String::new(), file: Vec::new() },
        pb::ImportInvoicesRequest { kind: ImportKind::Receipt.into(), file_name: rc.file_name, file: rc.bytes, state: 0 },
        pb::ImportInvoicesRequest { state: InvoiceState::Sent.into(), ..file(ImportKind::Received, &received) },
        pb::ImportInvoicesRequest { state: InvoiceState::Queued.into(), ..sent(&ann.invoice()) },
        pb::ImportInvoicesRequest { state: 77, file_name: "fattura.xml".to_owned(), ..sent(&ann.invoice()) },
        pb::ImportInvoicesRequest { state: InvoiceState::Sent.into(), file_name: "a".repeat(101), ..file(ImportKind::Receipt, &received) },
    ];
    let outcomes = taken_in(&ann, files).await;

    assert_eq!(ann.gets(&stored(&outcomes[0]).invoice_id).await.state(), InvoiceState::Delivered, "its receipt came with it");
    assert_eq!(refusal(&outcomes[1]).reason(), ErrorReason::DocumentUnreadable);
    // Its name is not the caller's to choose here: a draft could have another.
    let (name, first) = (refusal(&outcomes[2]), &stored(&outcomes[0]).invoice_id);
    assert_eq!(name.reason(), ErrorReason::FileNameUsed);
    assert!(name.message.contains(&format!("({first}, which was sent, stored ")), "{}", name.message);
    assert!(name.message.contains("compare them") && !name.message.contains("next progressive"), "{}", name.message);
    assert!(ann.downloads(&stored(&outcomes[3]).invoice_id).await.1 == received.bytes);
    let told = refusal(&outcomes[4]);
    let fields: Vec<_> = told.violations.iter().map(|violation| violation.field.as_str()).collect();
    assert_eq!((told.reason(), fields), (ErrorReason::InvalidRequest, vec!["kind", "state", "file"]), "{told:?}");
    assert!(stored(&outcomes[5]).receipt_id.starts_with("rcp_"));
    assert_eq!(stored(&outcomes[5]).invoice_id, stored(&outcomes[0]).invoice_id, "what the receipt speaks of");
    for (outcome, value) in outcomes[6..].iter().zip(["INVOICE_STATE_SENT", "INVOICE_STATE_QUEUED", "77", "INVOICE_STATE_SENT"]) {
        let told = &refusal(outcome).violations[0];
        assert_eq!(told.field, "state");
        assert!(told.description.starts_with(&format!("is {value}")), "{told:?}");
    }
    for outcome in &outcomes[8..] {
        let fields: Vec<_> = refusal(outcome).violations.iter().map(|violation| violation.field.as_str()).collect();
        assert_eq!(fields, ["state", "file_name"], "{outcome:?}");
    }
    let bytes = (issued.bytes.len() + received.bytes.len() + receipt_bytes) as u64;
    assert_eq!(ann.space().await.usage_bytes, bytes, "nothing was charged for what was refused");
}

async fn the_same_files_again_are_the_same_documents_and_cost_nothing(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let mut files: Vec<_> = (0..100).map(|_| sent(&ann.invoice())).collect();
    // Within one stream, too.
    files.push(files[0].clone());
    let first = taken_in(&ann, files.clone()).await;
    let usage = ann.space().await.usage_bytes;
    assert_eq!(usage, files[..100].iter().map(|file| file.file.len() as u64).sum::<u64>());
    let again = taken_in(&ann, files).await;
    for (place, (first, again)) in first.iter().zip(&again).enumerate() {
        assert_eq!(stored(first).invoice_id, stored(again).invoice_id);
        assert_eq!((stored(first).already_stored, stored(again).already_stored), (place == 100, true));
    }
    assert_eq!(ann.space().await.usage_bytes, usage);
}

async fn the_files_that_fit_are_stored_to_the_last_byte_and_the_others_are_refused(app: &TestApp) {
    let ann = app.customer("ann").trial(1).create().await;
    let large: Vec<_> = (0..4).map(|_| ann.invoice_of(9_000)).collect();
    let small = ann.invoice_of(6_000);
    // Room for two large ones and the small one.
    ann.fill_but(2 * 9_000 + 6_000).await;
    let files = large.iter().chain([&small]).map(sent).collect();
    let outcomes = taken_in(&ann, files).await;
    let fits: Vec<_> = outcomes.iter().map(|outcome| matches!(outcome, Outcome::Stored(_))).collect();
    assert_eq!(fits, [true, true, false, false, true]);
    for outcome in &outcomes[2..4] {
        assert_eq!(refusal(outcome).reason(), ErrorReason::SpaceExhausted);
    }
    let space = ann.space().await;
    assert_eq!((space.usage_bytes, space.free_bytes), (space.capacity_bytes, 0));
}

async fn what_was_delivered_is_taken_in_however_full_the_space_is(app: &TestApp) {
    let ann = app.customer("ann").trial(1).filled_to(250).await;
    let (issued, received) = (ann.invoice(), ann.invoice());
    let outcomes = taken_in(&ann, vec![sent(&issued), file(ImportKind::Received, &received)]).await;
    assert_eq!(refusal(&outcomes[0]).reason(), ErrorReason::SpaceExhausted);
    stored(&outcomes[1]);
}

async fn a_sent_invoice_keeps_the_state_that_it_had_elsewhere(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let states = [InvoiceState::Draft, InvoiceState::Sent, InvoiceState::Delivered, InvoiceState::NotDelivered, InvoiceState::Rejected];
    let files = states.map(|state| pb::ImportInvoicesRequest { state: state.into(), ..sent(&ann.invoice()) });
    let outcomes = taken_in(&ann, files.to_vec()).await;
    for (outcome, state) in outcomes.iter().zip(states) {
        assert_eq!(ann.gets(&stored(outcome).invoice_id).await.state(), state);
    }
}

async fn what_was_sent_elsewhere_does_not_hide_behind_a_draft_of_the_same_bytes(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let draft = sent(&ann.invoice());
    let delivered = pb::ImportInvoicesRequest { state: InvoiceState::Delivered.into(), ..draft.clone() };
    for files in [vec![draft.clone(), delivered.clone()], vec![draft, delivered]] {
        let outcomes = taken_in(&ann, files).await;
        assert_eq!(ann.gets(&stored(&outcomes[0]).invoice_id).await.state(), InvoiceState::Draft);
        let told = refusal(&outcomes[1]);
        assert_eq!(told.reason(), ErrorReason::FileStored, "it would be sent twice");
        let which = format!("({}, which is a draft, ", stored(&outcomes[0]).invoice_id);
        assert!(told.message.contains(&which) && told.message.contains("delete that draft"), "{}", told.message);
    }
}

async fn what_came_before_bytes_that_are_no_file_is_stored(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let good = sent(&ann.invoice());
    let too_large = pb::ImportInvoicesRequest { file: vec![b' '; 5_400_000], ..good.clone() };
    let mut results = served(ann.service.invoices().import_invoices(stream::iter([good, too_large])).await);
    let first = results.message().await.unwrap_or_else(|status| panic!("{status}")).expect("a result");
    stored(&first.outcome.expect("an outcome"));
    let refusal = refused(results.message().await);
    assert_eq!((refusal.code, refusal.reason), (Code::ResourceExhausted, ErrorReason::RequestTooLarge));
    let message = &refusal.message;
    assert!(message.starts_with("the message of file 2 of this import has 54000"), "{message}");
    assert!(message.contains("5308416 bytes") && message.contains("at most 5242880 bytes") && !message.contains("a call of its own"));
    assert_eq!((refusal.number("position"), refusal.number("max_request_bytes")), (2, 5_308_416));
}

async fn a_rejection_that_comes_before_its_invoice_in_one_stream_releases_its_number(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let issued = ann.invoice();
    let ns = receipt(ReceiptKind::Rejected, &issued.file_name, app.now()).expect("the generator's names are the SdI's");
    let files = vec![
        pb::ImportInvoicesRequest { kind: ImportKind::Receipt.into(), file_name: ns.file_name, file: ns.bytes, state: 0 },
        pb::ImportInvoicesRequest { state: InvoiceState::Sent.into(), ..sent(&issued) },
    ];
    let outcomes = taken_in(&ann, files).await;
    assert_eq!(ann.gets(&stored(&outcomes[1]).invoice_id).await.state(), InvoiceState::Rejected);
    assert_eq!(app.database.number("SELECT COUNT(*) FROM issued WHERE released").await, 1);
}

async fn of_a_file_that_was_stored_before_its_other_name_and_state_are_told(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let (issued, received) = (ann.invoice(), ann.invoice());
    let rc = receipt(ReceiptKind::Delivered, &received.file_name, app.now()).expect("the generator's names are the SdI's");
    let files = |names: [&str; 3], state: InvoiceState| {
        let [sent_name, received_name, receipt_name] = names.map(str::to_owned);
        vec![
            pb::ImportInvoicesRequest { state: state.into(), file_name: sent_name, ..sent(&issued) },
            pb::ImportInvoicesRequest { file_name: received_name, ..file(ImportKind::Received, &received) },
            pb::ImportInvoicesRequest { kind: ImportKind::Receipt.into(), file_name: receipt_name, file: rc.bytes.clone(), state: 0 },
        ]
    };
    let told = |outcomes: &[Outcome]| outcomes.iter().map(|outcome| stored(outcome).clone()).collect::<Vec<_>>();
    let first = ["IT01234567897_00001.xml", "first.xml", "rc.xml"];
    for already_stored in [false, true] {
        for file in told(&taken_in(&ann, files(first, InvoiceState::Delivered)).await) {
            assert_eq!((file.already_stored, file.stored_file_name.as_str(), file.stored_state), (already_stored, "", 0));
        }
    }
    let other = ["IT01234567897_00002.xml", "second.xml", "rc2.xml"];
    let again = told(&taken_in(&ann, files(other, InvoiceState::Rejected)).await);
    for (file, name) in again.iter().zip(first) {
        assert_eq!((file.already_stored, file.stored_file_name.as_str()), (true, name));
    }
    assert_eq!(
        [&again[0], &again[1], &again[2]].map(|file| file.stored_state()),
        [InvoiceState::Delivered, InvoiceState::Unspecified, InvoiceState::Unspecified]
    );
    assert_eq!(ann.gets(&again[0].invoice_id).await.file_name, first[0], "it stays as it was");
}

async fn what_was_sent_in_an_old_format_is_kept_as_it_is_and_no_draft_is_made_of_it(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let old = include_bytes!("../samples/old-format.xml");
    let (name, rc) = ("IT01234567897_11001.xml", receipt(ReceiptKind::Delivered, "IT01234567897_11001.xml", app.now()).expect("a name"));
    let as_sent = |file: &[u8], state: InvoiceState| pb::ImportInvoicesRequest {
        kind: ImportKind::Sent.into(),
        file_name: name.to_owned(),
        file: file.to_vec(),
        state: state.into(),
    };
    let outcomes = taken_in(
        &ann,
        vec![
            as_sent(old, InvoiceState::Draft),
            as_sent(b"<a/>", InvoiceState::Sent),
            as_sent(old, InvoiceState::Sent),
            pb::ImportInvoicesRequest { kind: ImportKind::Receipt.into(), file_name: rc.file_name, file: rc.bytes, state: 0 },
            as_sent(old, InvoiceState::Sent),
        ],
    )
    .await;
    for outcome in &outcomes[..2] {
        assert_eq!(refusal(outcome).reason(), ErrorReason::DocumentUnreadable);
    }
    let kept = stored(&outcomes[2]);
    assert_eq!((&stored(&outcomes[3]).invoice_id, &stored(&outcomes[4]).invoice_id), (&kept.invoice_id, &kept.invoice_id));
    assert!(stored(&outcomes[4]).already_stored);
    let told = ann.reads(&ann.gets(&kept.invoice_id).await).await;
    let invoice = told.invoice.expect("the invoice");
    assert_eq!((invoice.state(), invoice.number.as_str(), invoice.refused_findings), (InvoiceState::Delivered, "", 1));
    assert!(invoice.reading_problems[0].contains("the old format 1.1"), "{:?}", invoice.reading_problems);
    assert_eq!(told.findings[0].code, "OLD_FORMAT");
    assert!(ann.downloads(&kept.invoice_id).await.1 == old);
}

async fn a_caller_that_waits_for_each_result_gets_it(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let (sender, receiver) = tokio::sync::mpsc::channel(1);
    let requests = tokio_stream::wrappers::ReceiverStream::new(receiver);
    let mut results = served(ann.service.invoices().import_invoices(requests).await);
    for _ in 0..3 {
        sender.send(sent(&ann.invoice())).await.expect("the server reads");
        let result = results.message().await.unwrap_or_else(|status| panic!("{status}")).expect("a result");
        stored(&result.outcome.expect("an outcome"));
    }
    drop(sender);
    assert!(results.message().await.unwrap_or_else(|status| panic!("{status}")).is_none());
}

async fn more_imports_at_once_than_there_is_memory_for_are_refused_until_one_ends(app: &TestApp) {
    let ann = app.customer("ann").one_gb().create().await;
    let begins = async || {
        let (sender, receiver) = tokio::sync::mpsc::channel(1);
        sender.send(file(ImportKind::Received, &ann.invoice())).await.expect("there is room");
        let requests = tokio_stream::wrappers::ReceiverStream::new(receiver);
        ann.service.invoices().import_invoices(requests).await.map(|results| (sender, results.into_inner()))
    };
    let mut under_way = Vec::new();
    for _ in 0..8 {
        under_way.push(begins().await.unwrap_or_else(|status| panic!("{status}")));
    }
    let refusal = refused(begins().await.map(|_| ()));
    assert_eq!((refusal.code, refusal.reason), (Code::Unavailable, ErrorReason::Overloaded));
    assert!(refusal.message.contains("takes 8 imports at once"), "{}", refusal.message);
    // Its results are read to their end.
    let (sender, mut results) = under_way.pop().expect("one of them");
    drop(sender);
    while results.message().await.unwrap_or_else(|status| panic!("{status}")).is_some() {}
    begins().await.unwrap_or_else(|status| panic!("{status}"));
}
