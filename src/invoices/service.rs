//! The gRPC face of invoices.

use chrono::NaiveDate;
use tonic::{Request, Response, Status, Streaming};

use super::convert;
use super::download::{Download, Form};
use super::findings::{self, Found};
use super::import::Imports;
use super::list::{self, Bounds};
use super::queue::{self, Looked};
use super::receipts::{self, NewReceipt, Recorded};
use super::sent::{self, Draft, Errand, NewInvoice};
use super::state::InvoiceState;
use super::{Intake, InvoiceError, advice, copies, export, import, issued, judged, list_receipts, names, received, store};
use crate::archive::Archive;
use crate::call::Call;
use crate::clock::CalendarDay;
use crate::db::{Answer, Db, Fault, Tx};
use crate::fatturapa::{Finding, Identity, Look, Reception};
use crate::ids::{AccountId, InvoiceId};
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
    /// What reads and seals their files.
    pub intake: Intake,
    /// Where their bytes rest.
    pub archive: Archive,
    /// From which percentage on each level begins.
    pub thresholds: Thresholds,
    /// Seals page tokens.
    pub seal: Seal,
    /// How far a list looks in one call.
    pub bounds: Bounds,
    /// Places for imports.
    pub imports: Imports,
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
        let (new, _) = self.sent(&call, None, Errand::ToBeSent, given.file_name, std::mem::take(&mut request.file)).await?;
        let input = (call.account(), self.thresholds, new);
        let answer = self.db.once(once, input, async |tx: &Tx, (account, thresholds, new): &(AccountId, Thresholds, NewInvoice)| {
            let (row, already_stored) = sent::create(tx, *account, *thresholds, new).await?;
            let found = if already_stored { findings::read(tx, *account, row.id).await? } else { new.found.clone() };
            let (invoice, findings) = (Some(convert::invoice(&row)), found.findings().to_vec());
            Ok::<_, InvoiceError>(pb::CreateSentInvoiceResponse { invoice, already_stored, findings })
        });
        self.answered(&call, answer.await).await
    }

    async fn update_sent_invoice(
        &self,
        request: Request<pb::UpdateSentInvoiceRequest>,
    ) -> Result<Response<pb::UpdateSentInvoiceResponse>, Status> {
        let call = Call::of(&request);
        let mut request = request.into_inner();
        let (given, file_name) = convert::new_version(&request)?;
        let once = call.once(given.request_id, &request);
        let (new, _) = self.sent(&call, Some(given.id), Errand::ToBeSent, file_name, std::mem::take(&mut request.file)).await?;
        let answer = self.db.once(once, (self.draft(&call, &given), new), async |tx: &Tx, (draft, new): &(Draft, NewInvoice)| {
            let invoice = Some(convert::invoice(&sent::update(tx, *draft, new).await?));
            Ok::<_, InvoiceError>(pb::UpdateSentInvoiceResponse { invoice, findings: new.found.findings().to_vec() })
        });
        self.answered(&call, answer.await).await
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
            let looked = self.looked(&call, draft).await?;
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
        let found = self.archive.original(call.account(), source.0, &[DocumentKind::Sent], call.deadline).await?;
        let Some((_, file)) = found else {
            let received = store::get(self.db.reader(), call.account(), source).await?;
            return Err(InvoiceError::NotRejected { current: received.state }.into());
        };
        let (new, _) = self.sent(&call, Some(source), Errand::ToBeSent, String::new(), file).await?;
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
        let given = convert::delivered_file(&request.request_id, &request.file_name, &request.file)?;
        let once = call.once(given.request_id, &request);
        let new = self.received(&call, given.file_name, std::mem::take(&mut request.file)).await?;
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
        let given = convert::delivered_file(&request.request_id, &request.file_name, &request.file)?;
        let once = call.once(given.request_id, &request);
        let new = self.receipt(&call, given.file_name, std::mem::take(&mut request.file)).await?;
        let input = (call.account(), self.thresholds, new);
        let answer = self.db.once(once, input, async |tx: &Tx, (account, thresholds, new): &(AccountId, Thresholds, NewReceipt)| {
            let (Recorded { receipt, invoice }, already_stored) = receipts::record(tx, *account, *thresholds, new).await?;
            Ok::<_, InvoiceError>(pb::RecordReceiptResponse {
                identifier_differs: receipts::identifier_differs(tx, &receipt).await?,
                file_differs: invoice.as_ref().is_some_and(|invoice| receipts::file_differs(&receipt, invoice)),
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
        let found = findings::read(self.db.reader(), call.account(), id).await?;
        let pb::ValidateInvoiceResponse { findings, signatures, attachments, attachments_in_file, .. } = found.message().clone();
        let invoice = Some(convert::invoice(&row));
        Ok(Response::new(pb::GetInvoiceResponse { invoice, findings, signatures, attachments, attachments_in_file }))
    }

    async fn list_receipts(&self, request: Request<pb::ListReceiptsRequest>) -> Result<Response<pb::ListReceiptsResponse>, Status> {
        let call = Call::of(&request);
        let (filter, page, question) = list_receipts::request(request.get_ref(), call.account(), &self.seal)?;
        let mut rows = list_receipts::list(self.db.reader(), call.account(), &filter, &page).await.map_err(Fault::from)?;
        let next_page_token = page.cut(&mut rows, |row| row.id.0).map(|end| self.seal.token(&question, &end)).unwrap_or_default();
        Ok(Response::new(pb::ListReceiptsResponse { receipts: rows.iter().map(convert::receipt).collect(), next_page_token }))
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
        let call = Call::of(&request);
        let file = judged::file(request.into_inner())?;
        let look = self.intake.look(file, self.today()).await?;
        let mut archive = issued::compare(self.db.reader(), call.account(), None, &look.identities).await.map_err(Fault::from)?;
        archive.extend(self.advice(&call, Errand::ToBeSent, &look));
        Ok(Response::new(judged::judgement(&look, &archive)))
    }

    type ExportInvoicesStream = Outgoing<pb::ExportInvoicesResponse>;

    async fn export_invoices(&self, request: Request<pb::ExportInvoicesRequest>) -> Result<Response<Self::ExportInvoicesStream>, Status> {
        let call = Call::of(&request);
        let asked = export::asked(request.get_ref(), &call, &self.seal)?;
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
        let place = self.imports.place()?;
        let (api, asked) = (self.clone(), call.clone());
        let results = streams::answer(call, |outlet| async move {
            let _place = place;
            import::import(api, asked, request.into_inner(), outlet).await
        });
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
        let found = self.archive.original(call.account(), id.0, &invoices, call.deadline).await?;
        let (document, file) = found.ok_or(InvoiceError::NotFound)?;
        // A draft has no name yet.
        let name = if document.file_name.is_empty() { format!("{id}.xml") } else { document.file_name.clone() };
        let download = match form {
            Form::Original => Download::stored(&name, document.digest(), file),
            Form::Made(made) => {
                let row = store::get(self.db.reader(), call.account(), id).await?;
                self.intake.made(name, file, made, self.reception(&row)).await?
            }
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
        let found = self.archive.original(call.account(), id.0, &[DocumentKind::Receipt], call.deadline).await?;
        let (document, file) = found.ok_or(InvoiceError::ReceiptNotFound)?;
        let download = Download::stored(&document.file_name, document.digest(), file);
        Ok(Response::new(download.answer(call)))
    }
}

/// How often a draft is judged that is changed meanwhile, before the call gives up.
const JUDGED_AT_MOST: usize = 5;

impl InvoicesApi {
    pub(super) fn today(&self) -> NaiveDate {
        CalendarDay::of(self.db.clock().now()).date()
    }

    /// When the SdI receives an invoice: what it decided already is judged as of then, at the latest as of when its decision was known here.
    fn reception(&self, row: &store::Row) -> Reception {
        let day = |moment| CalendarDay::of(moment).date();
        match row.state {
            InvoiceState::Draft | InvoiceState::Queued => Reception::On(self.today()),
            InvoiceState::Sent | InvoiceState::Delivered | InvoiceState::NotDelivered | InvoiceState::Rejected => {
                Reception::By(day(row.updated_time))
            }
            InvoiceState::Received => Reception::By(day(row.created_time)),
        }
    }

    /// Looks at the file of a sent invoice and brings it to where it is to rest; refused is what is no invoice for its errand. `own` is the
    /// invoice that it is about. Also tells what makes each of its invoices the one it is.
    pub(super) async fn sent(
        &self,
        call: &Call,
        own: Option<InvoiceId>,
        errand: Errand,
        file_name: String,
        file: Vec<u8>,
    ) -> Result<(NewInvoice, Vec<Identity>), InvoiceError> {
        let received = match errand {
            Errand::ToBeSent => Reception::On(self.today()),
            Errand::WasSent => Reception::By(self.today()),
        };
        let (sealed, look) = self.intake.invoice(call.account(), file, received).await?;
        if let Some(unreadable) = look.no_invoice().filter(|unreadable| errand.is_refused_for(unreadable)) {
            return Err(unreadable.clone().into());
        }
        let mut archive = issued::compare(self.db.reader(), call.account(), own, &look.identities).await?;
        archive.extend(names::misnamed(&file_name, &look.judgement));
        archive.extend(self.advice(call, errand, &look));
        let file = self.archive.put(sealed, call.deadline).await?;
        let new = NewInvoice { file_name, file, found: Found::new(&look, &archive), read: look.invoice };
        Ok((new, look.identities))
    }

    /// What is advised of a sent document beyond what its file shows. What was sent long ago cannot be late any more.
    fn advice(&self, call: &Call, errand: Errand, look: &Look) -> Vec<Finding> {
        let late = match errand {
            Errand::ToBeSent => advice::late(&look.identities, self.today()).collect(),
            Errand::WasSent => Vec::new(),
        };
        advice::of_another(look.issuers.as_ref(), &call.standing().holder).into_iter().chain(late).collect()
    }

    /// Looks at the file of a received invoice, whatever it is, and brings it to where it is to rest.
    pub(super) async fn received(&self, call: &Call, file_name: String, file: Vec<u8>) -> Result<NewInvoice, Fault> {
        let (sealed, look) = self.intake.invoice(call.account(), file, Reception::By(self.today())).await?;
        let file = self.archive.put(sealed, call.deadline).await?;
        Ok(NewInvoice { file_name, file, found: Found::new(&look, &[]), read: look.invoice })
    }

    /// Reads a receipt, whatever it is, and brings it to where it is to rest.
    pub(super) async fn receipt(&self, call: &Call, file_name: String, file: Vec<u8>) -> Result<NewReceipt, Fault> {
        let (sealed, read) = self.intake.receipt(call.account(), file).await?;
        Ok(NewReceipt { file_name, file: self.archive.put(sealed, call.deadline).await?, read })
    }

    /// The file of a draft as it is now, looked at as the SdI would today; none when it is not there or no draft, which the write tells.
    async fn looked(&self, call: &Call, draft: Draft) -> Result<Option<Looked>, InvoiceError> {
        let found = self.archive.original(draft.account, draft.id.0, &[DocumentKind::Sent], call.deadline).await?;
        let Some((document, file)) = found else { return Ok(None) };
        let look = self.intake.look(file, self.today()).await?;
        let advice = self.advice(call, Errand::ToBeSent, &look);
        Ok(Some(Looked { look, advice, sha256: document.digest().to_vec() }))
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

    /// The answer to a call that brought a draft's file.
    async fn answered<T>(&self, call: &Call, answer: Result<Answer<T>, InvoiceError>) -> Result<Response<T>, Status> {
        match answer {
            Ok(answer) => Ok(respond::answer(answer)),
            Err(refusal) => Err(names::who_has_it(self.db.reader(), call.account(), refusal, false).await.into()),
        }
    }

    fn draft(&self, call: &Call, given: &convert::DraftRequest) -> Draft {
        Draft { account: call.account(), id: given.id, version: given.version, thresholds: self.thresholds }
    }
}
