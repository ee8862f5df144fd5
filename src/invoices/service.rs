//! The gRPC face of invoices.

use std::pin::Pin;

use chrono::NaiveDate;
use data_encoding::HEXLOWER;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::timeout_at;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::convert::{self, Delivery};
use super::findings::{self, Found};
use super::queue::{self, Looked};
use super::receipts::{self, NewReceipt};
use super::sent::{self, Draft, NewInvoice};
use super::{Intake, InvoiceError, MAX_CHUNK, archive, copies, issued, judged, list_receipts, received, store};
use crate::call::Call;
use crate::clock::CalendarDay;
use crate::db::{Db, Fault, Tx};
use crate::ids::{AccountId, InvoiceId};
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::ErrorReason;
use crate::pb::spazio::v1::download_invoice_response::Part;
use crate::pb::spazio::v1::invoices_service_server::InvoicesService;
use crate::quota::level::Thresholds;
use crate::refusal::Refused;
use crate::respond;

/// Serves InvoicesService.
#[derive(Clone)]
pub struct InvoicesApi {
    /// Where invoices rest.
    pub db: Db,
    /// What reads and compresses their files.
    pub intake: Intake,
    /// From which percentage on each level begins.
    pub thresholds: Thresholds,
}

type Download = Pin<Box<dyn Stream<Item = Result<pb::DownloadInvoiceResponse, Status>> + Send>>;

#[tonic::async_trait]
impl InvoicesService for InvoicesApi {
    async fn create_sent_invoice(
        &self,
        request: Request<pb::CreateSentInvoiceRequest>,
    ) -> Result<Response<pb::CreateSentInvoiceResponse>, Status> {
        let call = Call::of(&request);
        let mut request = request.into_inner();
        let given = convert::sent_file(&request)?;
        let once = call.once(given.request_id, &request);
        let new = self.sent(&call, None, given.file_name, std::mem::take(&mut request.file)).await?;
        let input = (call.account(), self.thresholds, new);
        let answer = self.db.once(once, input, async |tx: &Tx, (account, thresholds, new): &(AccountId, Thresholds, NewInvoice)| {
            let (row, already_stored) = sent::create(tx, *account, *thresholds, new).await?;
            let found = if already_stored { findings::read(tx, *account, row.id).await? } else { new.found.clone() };
            let (invoice, findings) = (Some(convert::invoice(&row)), found.findings().to_vec());
            Ok::<_, InvoiceError>(pb::CreateSentInvoiceResponse { invoice, already_stored, findings })
        });
        Ok(respond::answer(answer.await?))
    }

    async fn update_sent_invoice(
        &self,
        request: Request<pb::UpdateSentInvoiceRequest>,
    ) -> Result<Response<pb::UpdateSentInvoiceResponse>, Status> {
        let call = Call::of(&request);
        let mut request = request.into_inner();
        let (given, file_name) = convert::new_version(&request)?;
        let once = call.once(given.request_id, &request);
        let new = self.sent(&call, Some(given.id), file_name, std::mem::take(&mut request.file)).await?;
        let answer = self.db.once(once, (self.draft(&call, &given), new), async |tx: &Tx, (draft, new): &(Draft, NewInvoice)| {
            let invoice = Some(convert::invoice(&sent::update(tx, *draft, new).await?));
            Ok::<_, InvoiceError>(pb::UpdateSentInvoiceResponse { invoice, findings: new.found.findings().to_vec() })
        });
        Ok(respond::answer(answer.await?))
    }

    async fn delete_sent_invoice(
        &self,
        request: Request<pb::DeleteSentInvoiceRequest>,
    ) -> Result<Response<pb::DeleteSentInvoiceResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let given = convert::draft(&request.request_id, &request.invoice_id, &request.etag)?;
        let once = call.once(given.request_id, &request);
        let answer = self.db.once(once, self.draft(&call, &given), async |tx: &Tx, draft: &Draft| {
            let freed_bytes = sent::delete(tx, *draft).await?;
            Ok::<_, InvoiceError>(pb::DeleteSentInvoiceResponse { freed_bytes })
        });
        Ok(respond::answer(answer.await?))
    }

    async fn queue_sent_invoice(
        &self,
        request: Request<pb::QueueSentInvoiceRequest>,
    ) -> Result<Response<pb::QueueSentInvoiceResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let given = convert::draft(&request.request_id, &request.invoice_id, &request.etag)?;
        let once = call.once(given.request_id, &request);
        let draft = self.draft(&call, &given);
        for _ in 0..JUDGED_AT_MOST {
            let looked = self.looked(draft).await?;
            let sha256 = looked.as_ref().map(|looked| looked.sha256.clone());
            let input = (draft, looked);
            let answer = self.db.once(once.clone(), input, async |tx: &Tx, (draft, looked): &(Draft, Option<Looked>)| {
                let row = queue::queue(tx, *draft, looked.as_ref()).await?;
                Ok::<_, InvoiceError>(pb::QueueSentInvoiceResponse { invoice: Some(convert::invoice(&row)) })
            });
            match answer.await {
                Ok(answer) => return Ok(respond::answer(answer)),
                Err(InvoiceError::Superseded) => {}
                Err(error) => {
                    self.note(draft, sha256, &error).await;
                    return Err(error.into());
                }
            }
        }
        Err(InvoiceError::Superseded.into())
    }

    async fn copy_rejected_invoice(
        &self,
        request: Request<pb::CopyRejectedInvoiceRequest>,
    ) -> Result<Response<pb::CopyRejectedInvoiceResponse>, Status> {
        let call = Call::of(&request);
        let request = request.into_inner();
        let (request_id, source) = convert::copy(&request)?;
        let once = call.once(request_id, &request);
        store::get_sent(self.db.reader(), call.account(), source).await?;
        let (_, file) = archive::original(self.db.reader(), call.account(), source.0).await?;
        let new = self.sent(&call, Some(source), String::new(), file).await?;
        let input = (call.account(), self.thresholds, source, new);
        let answer = self.db.once(
            once,
            input,
            async |tx: &Tx, (account, thresholds, source, new): &(AccountId, Thresholds, InvoiceId, NewInvoice)| {
                let (row, already_copied) = copies::copy(tx, *account, *thresholds, *source, new).await?;
                let found = if already_copied { findings::read(tx, *account, row.id).await? } else { new.found.clone() };
                let (invoice, findings) = (Some(convert::invoice(&row)), found.findings().to_vec());
                Ok::<_, InvoiceError>(pb::CopyRejectedInvoiceResponse { invoice, already_copied, findings })
            },
        );
        Ok(respond::answer(answer.await?))
    }

    async fn receive_invoice(&self, request: Request<pb::ReceiveInvoiceRequest>) -> Result<Response<pb::ReceiveInvoiceResponse>, Status> {
        let call = Call::of(&request);
        let mut request = request.into_inner();
        let given = convert::delivered_file(&request.request_id, &request.file_name, &request.file, Delivery::Invoice)?;
        let once = call.once(given.request_id, &request);
        let (file, look) = self.intake.invoice(std::mem::take(&mut request.file), self.today()).await?;
        let new = NewInvoice { file_name: given.file_name, file, found: Found::new(&look.judgement, &[]), read: look.invoice };
        let input = (call.account(), self.thresholds, new);
        let answer = self.db.once(once, input, async |tx: &Tx, (account, thresholds, new): &(AccountId, Thresholds, NewInvoice)| {
            let (row, already_stored) = received::receive(tx, *account, *thresholds, new).await?;
            Ok::<_, InvoiceError>(pb::ReceiveInvoiceResponse { invoice: Some(convert::invoice(&row)), already_stored })
        });
        Ok(respond::answer(answer.await?))
    }

    async fn record_receipt(&self, request: Request<pb::RecordReceiptRequest>) -> Result<Response<pb::RecordReceiptResponse>, Status> {
        let call = Call::of(&request);
        let mut request = request.into_inner();
        let given = convert::delivered_file(&request.request_id, &request.file_name, &request.file, Delivery::Receipt)?;
        let once = call.once(given.request_id, &request);
        let (file, read) = self.intake.receipt(std::mem::take(&mut request.file)).await?;
        let input = (call.account(), self.thresholds, NewReceipt { file_name: given.file_name, file, read });
        let answer = self.db.once(once, input, async |tx: &Tx, (account, thresholds, new): &(AccountId, Thresholds, NewReceipt)| {
            let recorded = receipts::record(tx, *account, *thresholds, new).await?;
            Ok::<_, InvoiceError>(pb::RecordReceiptResponse {
                identifier_differs: recorded.invoice.as_ref().is_some_and(|invoice| receipts::differs(invoice, &recorded.receipt)),
                receipt: Some(convert::receipt(&recorded.receipt)),
                invoice: recorded.invoice.as_ref().map(convert::invoice),
                already_stored: recorded.already_stored,
            })
        });
        Ok(respond::answer(answer.await?))
    }

    async fn get_invoice(&self, request: Request<pb::GetInvoiceRequest>) -> Result<Response<pb::GetInvoiceResponse>, Status> {
        let call = Call::of(&request);
        let id = convert::id(&request.get_ref().invoice_id)?;
        let row = store::get(self.db.reader(), call.account(), id).await?;
        let found = findings::read(self.db.reader(), call.account(), id).await?;
        let pb::ValidateInvoiceResponse { findings, signatures, .. } = found.message().clone();
        Ok(Response::new(pb::GetInvoiceResponse { invoice: Some(convert::invoice(&row)), findings, signatures }))
    }

    async fn list_receipts(&self, request: Request<pb::ListReceiptsRequest>) -> Result<Response<pb::ListReceiptsResponse>, Status> {
        let call = Call::of(&request);
        let (filter, page, question) = list_receipts::request(request.get_ref(), call.account())?;
        let mut rows = list_receipts::list(self.db.reader(), call.account(), &filter, &page).await.map_err(Fault::from)?;
        let next_page_token = page.cut(&mut rows, &question, |row| row.id.0);
        Ok(Response::new(pb::ListReceiptsResponse { receipts: rows.iter().map(convert::receipt).collect(), next_page_token }))
    }

    async fn list_invoices(&self, request: Request<pb::ListInvoicesRequest>) -> Result<Response<pb::ListInvoicesResponse>, Status> {
        let call = Call::of(&request);
        let (filter, page, question) = convert::list(request.get_ref(), call.account())?;
        let mut rows = store::list(self.db.reader(), call.account(), &filter, &page).await.map_err(Fault::from)?;
        let next_page_token = page.cut(&mut rows, &question, |row| row.id.0);
        Ok(Response::new(pb::ListInvoicesResponse { invoices: rows.iter().map(convert::invoice).collect(), next_page_token }))
    }

    async fn validate_invoice(
        &self,
        request: Request<pb::ValidateInvoiceRequest>,
    ) -> Result<Response<pb::ValidateInvoiceResponse>, Status> {
        let call = Call::of(&request);
        let file = judged::file(request.into_inner())?;
        let look = self.intake.look(file, self.today()).await?;
        let archive = issued::compare(self.db.reader(), call.account(), None, &look.identities).await.map_err(Fault::from)?;
        Ok(Response::new(judged::judgement(&look.judgement, &archive)))
    }

    type DownloadInvoiceStream = Download;

    async fn download_invoice(&self, request: Request<pb::DownloadInvoiceRequest>) -> Result<Response<Download>, Status> {
        let call = Call::of(&request);
        let id = convert::id(&request.get_ref().invoice_id)?;
        let (document, file) = archive::original(self.db.reader(), call.account(), id.0).await?;
        let description = pb::FileDescription {
            file_name: document.file_name,
            size_bytes: document.size.get(),
            sha256: HEXLOWER.encode(&document.sha256),
        };
        let (sender, receiver) = mpsc::channel(CHUNKS_AHEAD);
        tokio::spawn(send(call, sender, description, file));
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }
}

/// How many chunks wait for a slow reader.
const CHUNKS_AHEAD: usize = 4;

type Sending = Sender<Result<pb::DownloadInvoiceResponse, Status>>;

/// Sends a file until its reader is gone or the call's time is over. The call keeps its place so long, which bounds the files in memory.
async fn send(call: Call, sender: Sending, description: pb::FileDescription, file: Vec<u8>) {
    let in_time = timeout_at(call.deadline, deliver(&sender, description, file)).await.is_ok();
    drop(call);
    if !in_time {
        // Dropping the sender alone would look like the file's end.
        let overdue = Refused::new(ErrorReason::DeadlineExceeded, "the download took longer than it may; begin it again");
        let _ = sender.send(Err(overdue.into())).await;
    }
}

async fn deliver(sender: &Sending, description: pb::FileDescription, file: Vec<u8>) {
    let chunks = file.chunks(MAX_CHUNK).map(|chunk| Part::Chunk(chunk.to_vec()));
    for part in std::iter::once(Part::Description(description)).chain(chunks) {
        if sender.send(Ok(pb::DownloadInvoiceResponse { part: Some(part) })).await.is_err() {
            return;
        }
    }
}

/// How often a draft is judged that is changed meanwhile, before the call gives up.
const JUDGED_AT_MOST: usize = 5;

impl InvoicesApi {
    fn today(&self) -> NaiveDate {
        CalendarDay::of(self.db.clock().now()).date()
    }

    /// Reads, judges and compresses the file of a sent invoice; refused is what is no invoice at all. `own` is the invoice that it is about.
    async fn sent(&self, call: &Call, own: Option<InvoiceId>, file_name: String, file: Vec<u8>) -> Result<NewInvoice, InvoiceError> {
        let (file, look) = self.intake.invoice(file, self.today()).await?;
        if let Some(unreadable) = look.no_invoice() {
            return Err(unreadable.clone().into());
        }
        let archive = issued::compare(self.db.reader(), call.account(), own, &look.identities).await?;
        Ok(NewInvoice { file_name, file, found: Found::new(&look.judgement, &archive), read: look.invoice })
    }

    /// The file of a draft as it is now, looked at as the SdI would today; none when it is not there or no draft, which the write tells.
    async fn looked(&self, draft: Draft) -> Result<Option<Looked>, InvoiceError> {
        match archive::original(self.db.reader(), draft.account, draft.id.0).await {
            Ok((document, file)) => Ok(Some(Looked { look: self.intake.look(file, self.today()).await?, sha256: document.sha256 })),
            Err(InvoiceError::NotFound) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Notes what a draft was refused for. The refusal stands either way.
    async fn note(&self, draft: Draft, sha256: Option<Vec<u8>>, refused: &InvoiceError) {
        let (InvoiceError::Refused(found), Some(sha256)) = (refused, sha256) else { return };
        let note = findings::Note { account: draft.account, id: draft.id, sha256, found: (**found).clone() };
        if let Err(error) = self.db.write("NoteFindings", note, async |tx: &Tx, note: &findings::Note| findings::note(tx, note).await).await
        {
            tracing::warn!(invoice = %draft.id, %error, "what it was refused for could not be noted");
        }
    }

    fn draft(&self, call: &Call, given: &convert::DraftRequest) -> Draft {
        Draft { account: call.account(), id: given.id, version: given.version, thresholds: self.thresholds }
    }
}
