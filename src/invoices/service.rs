//! The gRPC face of invoices.

use std::pin::Pin;

use data_encoding::HEXLOWER;
use tokio::sync::mpsc::{self, Sender};
use tokio::time::timeout_at;
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Request, Response, Status};

use super::convert::{self, Delivery};
use super::received::{self, Delivered};
use super::sent::{self, Draft, SentFile};
use super::{Intake, InvoiceError, judged, store};
use crate::archive::{Archive, File};
use crate::call::Call;
use crate::clock::CalendarDay;
use crate::db::{Db, Fault, Tx};
use crate::fatturapa::{Invoice, Receipt};
use crate::ids::AccountId;
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
    /// What reads and seals their files.
    pub intake: Intake,
    /// Where their bytes rest.
    pub archive: Archive,
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
        let (sealed, read) = self.intake.invoice(call.account(), std::mem::take(&mut request.file)).await?;
        let read = read.map_err(InvoiceError::from)?;
        let new = SentFile { file_name: given.file_name, file: self.archive.put(sealed, call.deadline).await?, read };
        let input = (call.account(), self.thresholds, new);
        let answer = self.db.once(once, input, async |tx: &Tx, (account, thresholds, new): &(AccountId, Thresholds, SentFile)| {
            let (row, already_stored) = sent::create(tx, *account, *thresholds, new).await?;
            Ok::<_, InvoiceError>(pb::CreateSentInvoiceResponse { invoice: Some(convert::invoice(&row)), already_stored })
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
        let (sealed, read) = self.intake.invoice(call.account(), std::mem::take(&mut request.file)).await?;
        let read = read.map_err(InvoiceError::from)?;
        let file = self.archive.put(sealed, call.deadline).await?;
        let input = (self.draft(&call, &given), file_name, file, read);
        let answer = self.db.once(once, input, async |tx: &Tx, (draft, name, file, read): &(Draft, Option<String>, File, Invoice)| {
            let row = sent::update(tx, *draft, name.as_deref(), file, read).await?;
            Ok::<_, InvoiceError>(pb::UpdateSentInvoiceResponse { invoice: Some(convert::invoice(&row)) })
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
        let answer = self.db.once(once, self.draft(&call, &given), async |tx: &Tx, draft: &Draft| {
            let row = sent::queue(tx, *draft).await?;
            Ok::<_, InvoiceError>(pb::QueueSentInvoiceResponse { invoice: Some(convert::invoice(&row)) })
        });
        Ok(respond::answer(answer.await?))
    }

    async fn receive_invoice(&self, request: Request<pb::ReceiveInvoiceRequest>) -> Result<Response<pb::ReceiveInvoiceResponse>, Status> {
        let call = Call::of(&request);
        let mut request = request.into_inner();
        let given = convert::delivered_file(&request.request_id, &request.file_name, &request.file, Delivery::Invoice)?;
        let once = call.once(given.request_id, &request);
        let (sealed, read) = self.intake.invoice(call.account(), std::mem::take(&mut request.file)).await?;
        let file = self.archive.put(sealed, call.deadline).await?;
        let input = (call.account(), self.thresholds, Delivered { file_name: given.file_name, file, read });
        let answer =
            self.db.once(once, input, async |tx: &Tx, (account, thresholds, new): &(AccountId, Thresholds, Delivered<Invoice>)| {
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
        let (sealed, read) = self.intake.receipt(call.account(), std::mem::take(&mut request.file)).await?;
        let file = self.archive.put(sealed, call.deadline).await?;
        let input = (call.account(), self.thresholds, Delivered { file_name: given.file_name, file, read });
        let answer =
            self.db.once(once, input, async |tx: &Tx, (account, thresholds, new): &(AccountId, Thresholds, Delivered<Receipt>)| {
                let recorded = received::record(tx, *account, *thresholds, new).await?;
                Ok::<_, InvoiceError>(pb::RecordReceiptResponse {
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
        Ok(Response::new(pb::GetInvoiceResponse { invoice: Some(convert::invoice(&row)) }))
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
        let file = judged::file(request.into_inner())?;
        let today = CalendarDay::of(self.db.clock().now()).date();
        Ok(Response::new(judged::judgement(&self.intake.judge(file, today).await?)))
    }

    type DownloadInvoiceStream = Download;

    async fn download_invoice(&self, request: Request<pb::DownloadInvoiceRequest>) -> Result<Response<Download>, Status> {
        let call = Call::of(&request);
        let id = convert::id(&request.get_ref().invoice_id)?;
        let (document, file) = self.archive.original(call.account(), id.0, call.deadline).await.map_err(InvoiceError::from)?;
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

/// The most bytes of a file in one message.
pub const MAX_CHUNK: usize = 64 * 1024;
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

impl InvoicesApi {
    fn draft(&self, call: &Call, given: &convert::DraftRequest) -> Draft {
        Draft { account: call.account(), id: given.id, version: given.version, thresholds: self.thresholds }
    }
}
