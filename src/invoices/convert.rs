//! Invoices to and from the contract's messages, every violation at once.

use data_encoding::HEXLOWER;
use rust_decimal::Decimal;
use uuid::Uuid;

use super::download::{Form, Made};
use super::receipts;
use super::state::{Direction, InvoiceState, RecipientAnswer};
use super::store::{ReceiptRow, Row};
use crate::call::{etag, request_id};
use crate::check::{Check, Invalid};
use crate::fatturapa::{MAX_FILE_BYTES, ReceiptKind, SdiFileName};
use crate::ids::{InvoiceId, ReceiptId};
use crate::pb::spazio::v1 as pb;
use crate::wire;

/// What every request that stores a file begins with.
pub(super) struct NewFile {
    pub request_id: Uuid,
    pub file_name: String,
}

const LONGEST_NAME: usize = 100;

pub(super) fn sent_file(request: &pb::CreateSentInvoiceRequest) -> Result<NewFile, Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, &request.request_id);
    let file_name = own_name(&mut check, &request.file_name);
    size(&mut check, &request.file);
    check.finish(|| Some(NewFile { request_id: request_id?, file_name: file_name? }))
}

pub(super) fn delivered_file(id: &str, name: &str, file: &[u8]) -> Result<NewFile, Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, id);
    let file_name = delivered_name(&mut check, name);
    size(&mut check, file);
    check.finish(|| Some(NewFile { request_id: request_id?, file_name: file_name? }))
}

pub(super) fn delivered_name(check: &mut Check, name: &str) -> Option<String> {
    check.text("file_name", name, 1..=LONGEST_NAME)
}

/// The name that a sent file comes with, or none.
pub(super) fn own_name(check: &mut Check, name: &str) -> Option<String> {
    if name.is_empty() {
        return Some(String::new());
    }
    let quoted = |why| format!("is {:?}: {why}", name.chars().take(LONGEST_NAME).collect::<String>());
    check.take("file_name", name.parse::<SdiFileName>().map_err(quoted)).map(|name| name.to_string())
}

pub(super) fn size(check: &mut Check, file: &[u8]) {
    if file.is_empty() {
        check.refuse("file", "must be given");
    } else if file.len() > MAX_FILE_BYTES {
        check.refuse("file", format!("must have at most {MAX_FILE_BYTES} bytes, has {}", file.len()));
    }
}

/// A draft that is to be changed.
pub(super) struct DraftRequest {
    pub request_id: Uuid,
    pub id: InvoiceId,
    pub version: Option<i64>,
}

pub(super) fn draft(id: &str, invoice_id: &str, etag: &str) -> Result<DraftRequest, Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, id);
    let invoice = check.parse("invoice_id", invoice_id);
    let version = crate::call::etag(&mut check, etag);
    check.finish(|| Some(DraftRequest { request_id: request_id?, id: invoice?, version: version? }))
}

/// What CopyRejectedInvoice is asked for.
pub(super) fn copy(request: &pb::CopyRejectedInvoiceRequest) -> Result<(Uuid, InvoiceId), Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, &request.request_id);
    let invoice = check.parse("invoice_id", &request.invoice_id);
    check.finish(|| Some((request_id?, invoice?)))
}

pub(super) fn new_version(request: &pb::UpdateSentInvoiceRequest) -> Result<(DraftRequest, String), Invalid> {
    let mut check = Check::default();
    let request_id = request_id(&mut check, &request.request_id);
    let invoice = check.parse("invoice_id", &request.invoice_id);
    let version = etag(&mut check, &request.etag);
    size(&mut check, &request.file);
    let file_name = own_name(&mut check, &request.file_name);
    check.finish(|| Some((DraftRequest { request_id: request_id?, id: invoice?, version: version? }, file_name?)))
}

pub(super) fn id(invoice_id: &str) -> Result<InvoiceId, Invalid> {
    let mut check = Check::default();
    let id = check.parse("invoice_id", invoice_id);
    check.finish(|| id)
}

pub(super) fn receipt_id(receipt_id: &str) -> Result<ReceiptId, Invalid> {
    let mut check = Check::default();
    let id = check.parse("receipt_id", receipt_id);
    check.finish(|| id)
}

/// Which invoice is downloaded, and what of it.
pub(super) fn download(request: &pb::DownloadInvoiceRequest) -> Result<(InvoiceId, Form), Invalid> {
    let mut check = Check::default();
    let id = check.parse("invoice_id", &request.invoice_id);
    let number = request.attachment as usize;
    let form = match pb::DownloadForm::try_from(request.form) {
        Ok(pb::DownloadForm::Unspecified | pb::DownloadForm::Original) => Ok(Form::Original),
        Ok(pb::DownloadForm::Xml) => Ok(Form::Made(Made::Xml)),
        Ok(pb::DownloadForm::Page) => Ok(Form::Made(Made::Page)),
        Ok(pb::DownloadForm::Attachment) => Ok(Form::Made(Made::Attachment(number))),
        Err(_) => {
            use pb::DownloadForm::{Attachment, Original, Page, Xml};
            let forms = wire::names([Original, Xml, Page, Attachment].map(|known| known.as_str_name()));
            Err(format!("{} is no form of a download: {forms}", request.form))
        }
    };
    let asked = matches!(form, Ok(Form::Made(Made::Attachment(_))));
    if asked != (number > 0) {
        check.refuse("attachment", "goes with DOWNLOAD_FORM_ATTACHMENT and only then: the attachment's number, from 1 on");
    }
    let form = check.take("form", form);
    check.finish(|| Some((id?, form?)))
}

pub(super) fn state(state: InvoiceState) -> pb::InvoiceState {
    match state {
        InvoiceState::Draft => pb::InvoiceState::Draft,
        InvoiceState::Queued => pb::InvoiceState::Queued,
        InvoiceState::Sent => pb::InvoiceState::Sent,
        InvoiceState::Delivered => pb::InvoiceState::Delivered,
        InvoiceState::NotDelivered => pb::InvoiceState::NotDelivered,
        InvoiceState::Rejected => pb::InvoiceState::Rejected,
        InvoiceState::Received => pb::InvoiceState::Received,
    }
}

pub(super) fn invoice(row: &Row) -> pb::Invoice {
    let direction = match row.direction {
        Direction::Sent => pb::Direction::Sent,
        Direction::Received => pb::Direction::Received,
    };
    pb::Invoice {
        invoice_id: row.id.to_string(),
        direction: direction.into(),
        state: state(row.state).into(),
        file_name: row.file_name.clone(),
        size_bytes: row.size.get(),
        sha256: HEXLOWER.encode(&row.sha256),
        format: row.format.clone().unwrap_or_default(),
        document_type: row.document_type.clone().unwrap_or_default(),
        number: row.number.clone().unwrap_or_default(),
        issue_day: row.issue_day.map(wire::day),
        seller: party(row.seller_name.as_ref(), row.seller_vat.as_ref(), row.seller_fiscal_code.as_ref()),
        buyer: party(row.buyer_name.as_ref(), row.buyer_vat.as_ref(), row.buyer_fiscal_code.as_ref()),
        total: row.total_cents.map(|cents| Decimal::new(cents, 2).to_string()).unwrap_or_default(),
        currency: row.currency.clone().unwrap_or_default(),
        documents_in_file: u32::try_from(row.documents).unwrap_or(u32::MAX),
        reading_problems: row.problems.lines().map(str::to_owned).collect(),
        sdi_identifier: row.sdi_identifier.clone().unwrap_or_default(),
        create_time: Some(wire::timestamp(row.created_time)),
        update_time: Some(wire::timestamp(row.updated_time)),
        etag: row.version.to_string(),
        refused_findings: u32::try_from(row.refused).unwrap_or(u32::MAX),
        advice_findings: u32::try_from(row.advice).unwrap_or(u32::MAX),
        copied_from: row.copied_from.map(|id| id.to_string()).unwrap_or_default(),
        recipient_answer: recipient_answer(row.answer).into(),
        sdi_rejections: receipts::rejections(row.rejections.as_ref()),
    }
}

fn recipient_answer(answer: Option<RecipientAnswer>) -> pb::RecipientAnswer {
    match answer {
        None => pb::RecipientAnswer::Unspecified,
        Some(RecipientAnswer::Accepted) => pb::RecipientAnswer::Accepted,
        Some(RecipientAnswer::Refused) => pb::RecipientAnswer::Refused,
        Some(RecipientAnswer::TermPassed) => pb::RecipientAnswer::TermPassed,
    }
}

fn party(name: Option<&String>, vat: Option<&String>, fiscal_code: Option<&String>) -> Option<pb::Party> {
    name.map(|name| pb::Party {
        name: name.clone(),
        vat_number: vat.cloned().unwrap_or_default(),
        fiscal_code: fiscal_code.cloned().unwrap_or_default(),
    })
}

pub(super) fn receipt_kind(kind: ReceiptKind) -> pb::ReceiptKind {
    match kind {
        ReceiptKind::Delivered => pb::ReceiptKind::Delivered,
        ReceiptKind::Rejected => pb::ReceiptKind::Rejected,
        ReceiptKind::NotDelivered => pb::ReceiptKind::NotDelivered,
        ReceiptKind::Outcome => pb::ReceiptKind::Outcome,
        ReceiptKind::TermPassed => pb::ReceiptKind::TermPassed,
        ReceiptKind::Attestation => pb::ReceiptKind::Attestation,
        ReceiptKind::Metadata => pb::ReceiptKind::Metadata,
        ReceiptKind::BuyerOutcome => pb::ReceiptKind::BuyerOutcome,
        ReceiptKind::BuyerOutcomeRejected => pb::ReceiptKind::BuyerOutcomeRejected,
    }
}

pub(super) fn receipt(row: &ReceiptRow) -> pb::Receipt {
    let kind = ReceiptKind::ALL.into_iter().find(|kind| row.kind.as_deref() == Some(kind.code()));
    let kind = kind.map_or(pb::ReceiptKind::Unspecified, receipt_kind);
    pb::Receipt {
        receipt_id: row.id.to_string(),
        kind: kind.into(),
        file_name: row.file_name.clone(),
        invoice_file_name: row.invoice_file_name.clone().unwrap_or_default(),
        invoice_id: row.invoice_id.map(|id| id.to_string()).unwrap_or_default(),
        sdi_identifier: row.sdi_identifier.clone().unwrap_or_default(),
        size_bytes: row.size.get(),
        create_time: Some(wire::timestamp(row.created_time)),
        recipient_answer: recipient_answer(row.answer).into(),
        description: row.description.clone().unwrap_or_default(),
        sdi_rejections: receipts::rejections(row.rejections.as_ref()),
        reading_problems: receipts::reading_problems(row.reading_problems.as_ref()),
    }
}
