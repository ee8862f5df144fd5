//! An invoice with a wrong total: drafted, explained, put right, queued; its receipts come in the wrong order, and it ends delivered.

use std::fs;

use super::check::{Given as _, Stop};
use super::fill::grow;
use super::papers::Way;
use super::shown::bytes;
use super::{Folder, Story, invoices};
use crate::fatturapa::ReceiptKind;
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::ErrorReason;
use crate::pb::spazio::v1::download_invoice_response::Part;

/// The page's name in the demo's folder.
const PAGE: &str = "invoice.html";
/// What is added to the total of the first line.
const TOO_MUCH: i64 = 1_000;

/// Plays the act; the page of the invoice is left in the folder.
pub(super) async fn put_right(story: &mut Story, folder: &Folder) -> Result<(), Stop> {
    let day = story.stage.today();
    let right = story.papers.filler(Way::Sent, day).bytes;
    let wrong = with_a_wrong_total(&right)?;
    let draft = draft(story, wrong).await?;
    refuse_to_queue(story, &draft).await?;
    let queued = correct(story, &draft, right).await?;
    let delivered = deliver(story, &queued).await?;
    show(story, folder, &delivered).await
}

/// The invoice with another total of its first line: ten euro more than quantity and price make.
fn with_a_wrong_total(file: &[u8]) -> Result<Vec<u8>, Stop> {
    const OPEN: &str = "<PrezzoTotale>";
    let text = std::str::from_utf8(file).map_err(Stop::stage)?;
    let from = text.find(OPEN).given("the total of a line")? + OPEN.len();
    let to = from + text[from..].find('<').given("the end of the total")?;
    let total: rust_decimal::Decimal = text[from..to].parse().map_err(Stop::stage)?;
    let wrong = total + rust_decimal::Decimal::new(TOO_MUCH, 2);
    Ok(format!("{}{wrong}{}", &text[..from], &text[to..]).into_bytes())
}

async fn draft(story: &mut Story, file: Vec<u8>) -> Result<pb::Invoice, Stop> {
    story.tell.step("An invoice with a wrong total is kept as a draft, and told what is wrong with it");
    let size = u64::try_from(file.len()).map_err(Stop::stage)?;
    let request = pb::CreateSentInvoiceRequest { request_id: story.stage.request_id(), file, file_name: String::new() };
    let created = story.stage.invoices().create_sent_invoice(story.stage.as_customer(request)).await?.into_inner();
    let draft = created.invoice.given("the draft")?;
    grow(story, size);
    story.check.same("the state", "INVOICE_STATE_DRAFT", draft.state().as_str_name())?;
    story.check.same("the draft has no name yet", "", draft.file_name.as_str())?;
    let refused = created.findings.iter().filter(|finding| finding.severity() == pb::FindingSeverity::Refused).count();
    story.check.same("findings that the draft counts", refused, usize::try_from(draft.refused_findings).map_err(Stop::stage)?)?;
    story.check.holds("the line's total is found (SdI 00423)", created.findings.iter().any(|finding| finding.code == "00423"))?;
    story.tell.say(&format!("The file of {} is stored and charged, but the SdI would refuse it:", bytes(size)));
    story.tell.gap();
    let row =
        |finding: &pb::Finding| vec![finding.code.clone(), finding.line.to_string(), format!("{}: {}", finding.path, finding.message_en)];
    story.tell.table(&["code", "line>", "what, and what to do"], &created.findings.iter().map(row).collect::<Vec<_>>());
    Ok(draft)
}

async fn refuse_to_queue(story: &mut Story, draft: &pb::Invoice) -> Result<(), Stop> {
    story.tell.step("Queueing it is refused with everything that is wrong");
    let answer = story.stage.invoices().queue_sent_invoice(queueing(story, draft)).await;
    let refusal = story.check.refused("queueing what the SdI would refuse", ErrorReason::DocumentRefused, answer)?;
    story.check.holds("each finding is told", refusal.violations.len() >= usize::try_from(draft.refused_findings).map_err(Stop::stage)?)?;
    story.tell.refused(&refusal);
    Ok(())
}

fn queueing(story: &Story, draft: &pb::Invoice) -> tonic::Request<pb::QueueSentInvoiceRequest> {
    let request = pb::QueueSentInvoiceRequest {
        request_id: story.stage.request_id(),
        invoice_id: draft.invoice_id.clone(),
        etag: draft.etag.clone(),
    };
    story.stage.as_customer(request)
}

async fn correct(story: &mut Story, draft: &pb::Invoice, file: Vec<u8>) -> Result<pb::Invoice, Stop> {
    story.tell.step("It is put right, queued, and gets its name for the SdI");
    let size = u64::try_from(file.len()).map_err(Stop::stage)?;
    let request = pb::UpdateSentInvoiceRequest {
        request_id: story.stage.request_id(),
        invoice_id: draft.invoice_id.clone(),
        etag: draft.etag.clone(),
        file,
        file_name: String::new(),
    };
    let updated = story.stage.invoices().update_sent_invoice(story.stage.as_customer(request)).await?.into_inner();
    let corrected = updated.invoice.given("the draft")?;
    story.stored = story.stored - draft.size_bytes + size;
    story.check.same("findings that are left", 0, corrected.refused_findings)?;
    let queued = story.stage.invoices().queue_sent_invoice(queueing(story, &corrected)).await?.into_inner();
    let queued = queued.invoice.given("the queued invoice")?;
    story.check.same("the state", "INVOICE_STATE_QUEUED", queued.state().as_str_name())?;
    story.check.holds("the name is one that the SdI takes", queued.file_name.parse::<crate::fatturapa::SdiFileName>().is_ok())?;
    story.space().await?;
    story.tell.checked(&format!("{} is queued as {}; only the difference in bytes was charged", queued.number, queued.file_name));
    Ok(queued)
}

/// First that it was delivered, then that it could not be, which was the case before; then the first receipt again.
async fn deliver(story: &mut Story, queued: &pb::Invoice) -> Result<pb::Invoice, Stop> {
    story.tell.step("The SdI's receipts come out of order, and one twice");
    let mut last = None;
    for (kind, seen_before) in [(ReceiptKind::Delivered, false), (ReceiptKind::NotDelivered, false), (ReceiptKind::Delivered, true)] {
        let receipt = invoices::receipt(kind, &queued.file_name, story.stage.today().start()).map_err(Stop::stage)?;
        let size = u64::try_from(receipt.bytes.len()).map_err(Stop::stage)?;
        let name = receipt.file_name.clone();
        let request = pb::RecordReceiptRequest { request_id: story.stage.request_id(), file: receipt.bytes, file_name: receipt.file_name };
        let recorded = story.stage.invoices().record_receipt(story.stage.as_service(request)).await?.into_inner();
        story.check.same("the receipt was recorded before", seen_before, recorded.already_stored)?;
        if !seen_before {
            grow(story, size);
        }
        let invoice = recorded.invoice.given("the invoice that the receipt speaks of")?;
        story.check.same("the state after the receipt", "INVOICE_STATE_DELIVERED", invoice.state().as_str_name())?;
        let what = if seen_before { "again: recorded before, costs nothing" } else { "kept" };
        story.tell.checked(&format!("{name}: {what}; the invoice is delivered"));
        last = Some(invoice);
    }
    story.space().await?;
    last.given("a receipt")
}

async fn show(story: &mut Story, folder: &Folder, invoice: &pb::Invoice) -> Result<(), Stop> {
    story.tell.step("The invoice as a page to read and print");
    let request =
        pb::DownloadInvoiceRequest { invoice_id: invoice.invoice_id.clone(), form: pb::DownloadForm::Page.into(), ..Default::default() };
    let mut stream = story.stage.invoices().download_invoice(story.stage.as_customer(request)).await?.into_inner();
    let mut page = Vec::new();
    while let Some(message) = stream.message().await? {
        if let Part::Chunk(chunk) = message.part.given("a part of the download")? {
            page.extend(chunk);
        }
    }
    story.check.holds("the page shows the invoice's number", String::from_utf8_lossy(&page).contains(&invoice.number))?;
    let path = folder.path().join(PAGE);
    fs::write(&path, page).map_err(|error| Stop::stage(format!("{} cannot be written: {error}", path.display())))?;
    story.tell.say(&format!("Open it in a browser; it loads nothing: {}", path.display()));
    if !folder.is_kept() {
        story.tell.say("It is removed at the end; play with --data DIR to keep it.");
    }
    Ok(())
}
