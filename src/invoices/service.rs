//! The gRPC face of invoices.

use chrono::NaiveDate;
use tonic::{Request, Response, Status, Streaming};

use super::convert::{self, Delivery};
use super::download::{Download, Form};
use super::list::{self, Bounds};
use super::received::{self, Delivered, Recorded};
use super::sent::{self, Draft, SentFile};
use super::{Intake, InvoiceError, archive, export, import, judged, store};
use crate::call::Call;
use crate::clock::CalendarDay;
use crate::db::{Db, Tx};
use crate::fatturapa::{Invoice, Receipt};
use crate::ids::AccountId;
use crate::paging::Seal;
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::invoices_service_server::InvoicesService;
use crate::quota::DocumentKind;
use crate::quota::level::Thresholds;
use crate::respond;
use crate::streams::{self, Outgoing};

/// Serves InvoicesService.
#[derive(Clone)]
pub struct InvoicesApi {
    /// Where invoices rest.
    pub db: Db,
    /// What reads and compresses their files.
    pub intake: Intake,
    /// From which percentage on each level begins.
    pub thresholds: Thresholds,
    /// Seals page tokens.
    pub seal: Seal,
    /// How far a list looks in one call.
    pub bounds: Bounds,
}

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
        let (file, read) = self.intake.invoice(std::mem::take(&mut request.file)).await?;
        let new = SentFile { file_name: given.file_name, file, read: read.map_err(InvoiceError::from)? };
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
        let (file, read) = self.intake.invoice(std::mem::take(&mut request.file)).await?;
        let read = read.map_err(InvoiceError::from)?;
        let input = (self.draft(&call, &given), file_name, file, read);
        let answer = self.db.once(
            once,
            input,
            async |tx: &Tx, (draft, name, file, read): &(Draft, Option<String>, super::intake::File, Invoice)| {
                let row = sent::update(tx, *draft, name.as_deref(), file, read).await?;
                Ok::<_, InvoiceError>(pb::UpdateSentInvoiceResponse { invoice: Some(convert::invoice(&row)) })
            },
        );
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
        let (file, read) = self.intake.invoice(std::mem::take(&mut request.file)).await?;
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
        let (file, read) = self.intake.receipt(std::mem::take(&mut request.file)).await?;
        let input = (call.account(), self.thresholds, Delivered { file_name: given.file_name, file, read });
        let answer =
            self.db.once(once, input, async |tx: &Tx, (account, thresholds, new): &(AccountId, Thresholds, Delivered<Receipt>)| {
                let (Recorded { receipt, invoice }, already_stored) = received::record(tx, *account, *thresholds, new).await?;
                Ok::<_, InvoiceError>(pb::RecordReceiptResponse {
                    receipt: Some(convert::receipt(&receipt)),
                    invoice: invoice.as_ref().map(convert::invoice),
                    already_stored,
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
        let answer = list::listed(self.db.reader(), &self.seal, self.bounds, call.account(), request.get_ref()).await?;
        Ok(Response::new(answer))
    }

    async fn validate_invoice(
        &self,
        request: Request<pb::ValidateInvoiceRequest>,
    ) -> Result<Response<pb::ValidateInvoiceResponse>, Status> {
        let file = judged::file(request.into_inner())?;
        Ok(Response::new(judged::judgement(&self.intake.judge(file, self.today()).await?)))
    }

    type ExportInvoicesStream = Outgoing<pb::ExportInvoicesResponse>;

    async fn export_invoices(&self, request: Request<pb::ExportInvoicesRequest>) -> Result<Response<Self::ExportInvoicesStream>, Status> {
        let call = Call::of(&request);
        let asked = export::asked(request.get_ref(), call.account(), &self.seal)?;
        let part = export::find(self, &asked).await?;
        let api = self.clone();
        Ok(Response::new(streams::answer(call, |outlet| export::send(api, asked, part, outlet))))
    }

    type ImportInvoicesStream = Outgoing<pb::ImportInvoicesResponse>;

    async fn import_invoices(
        &self,
        request: Request<Streaming<pb::ImportInvoicesRequest>>,
    ) -> Result<Response<Self::ImportInvoicesStream>, Status> {
        let call = Call::of(&request);
        let (api, asked) = (self.clone(), call.clone());
        let results = streams::answer(call, |outlet| import::import(api, asked, request.into_inner(), outlet));
        Ok(Response::new(results))
    }

    type DownloadInvoiceStream = Outgoing<pb::DownloadInvoiceResponse>;

    async fn download_invoice(
        &self,
        request: Request<pb::DownloadInvoiceRequest>,
    ) -> Result<Response<Self::DownloadInvoiceStream>, Status> {
        let call = Call::of(&request);
        let (id, form) = convert::download(request.get_ref())?;
        let invoices = [DocumentKind::Sent, DocumentKind::Received];
        let found = archive::original(self.db.reader(), call.account(), id.0, &invoices).await?;
        let (document, file) = found.ok_or(InvoiceError::NotFound)?;
        let download = match form {
            Form::Original => Download::stored(document.file_name, &document.sha256, file),
            Form::Made(made) => self.intake.made(document.file_name, file, made, self.today()).await?,
        };
        Ok(Response::new(download.answer(call)))
    }

    type DownloadReceiptStream = Outgoing<pb::DownloadReceiptResponse>;

    async fn download_receipt(
        &self,
        request: Request<pb::DownloadReceiptRequest>,
    ) -> Result<Response<Self::DownloadReceiptStream>, Status> {
        let call = Call::of(&request);
        let id = convert::receipt_id(&request.get_ref().receipt_id)?;
        let found = archive::original(self.db.reader(), call.account(), id.0, &[DocumentKind::Receipt]).await?;
        let (document, file) = found.ok_or(InvoiceError::ReceiptNotFound)?;
        let download = Download::stored(document.file_name, &document.sha256, file);
        Ok(Response::new(download.answer(call)))
    }
}

impl InvoicesApi {
    fn today(&self) -> NaiveDate {
        CalendarDay::of(self.db.clock().now()).date()
    }

    fn draft(&self, call: &Call, given: &convert::DraftRequest) -> Draft {
        Draft { account: call.account(), id: given.id, version: given.version, thresholds: self.thresholds }
    }
}
