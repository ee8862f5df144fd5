//! Customers: an account, and those who act for it.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use chrono::{DateTime, NaiveDate, TimeDelta};
use spazio::call::ActsAs;
use spazio::demo::invoices::{Company, GeneratedInvoice, Generator, Wishes, receipt};
use spazio::fatturapa::ReceiptKind;
use spazio::ids::AccountId;
use spazio::wire;
use tonic::Status;

use super::{Caller, Front, MIB, pb, request_id, served};

/// Received files are at most this large; filling up takes as many as are needed.
const LARGEST_FILLER: u64 = 5_000_000;

/// An invoice in other words.
pub trait Reworded {
    /// With other text in its file.
    fn with(self, from: &str, to: &str) -> Self;
    /// Without a name of its own.
    fn unnamed(self) -> Self;
}

impl Reworded for GeneratedInvoice {
    fn with(self, from: &str, to: &str) -> Self {
        let text = String::from_utf8(self.bytes).expect("generated files are UTF-8");
        assert!(text.contains(from), "the file has {from}");
        Self { bytes: text.replacen(from, to, 1).into_bytes(), ..self }
    }

    fn unnamed(self) -> Self {
        Self { file_name: String::new(), ..self }
    }
}

/// An account, with those who act for it.
pub struct Customer {
    pub account: AccountId,
    /// The reference e-mail address.
    pub email: String,
    /// The customer's own panel.
    pub panel: Caller,
    /// A service of the provider that acts for the account.
    pub service: Caller,
    /// A person of the provider's staff who looks at the account.
    pub operator: Caller,
    /// Who its invoices are issued by: the holder, where that is known here.
    issuer: Option<Company>,
    invoices: Mutex<Generator>,
    fillers: AtomicU64,
}

/// A customer to be: what is not said is a trial of 1 MiB, bought today, written to in Italian.
pub struct NewCustomer<'a> {
    front: &'a Front,
    name: &'a str,
    plan: String,
    days_old: u32,
    language: pb::Language,
}

impl Front {
    /// A new customer; `.create().await` ends the sentence.
    pub fn customer<'a>(&'a self, name: &'a str) -> NewCustomer<'a> {
        NewCustomer { front: self, name, plan: "trial-1m".to_owned(), days_old: 0, language: pb::Language::It }
    }

    /// A customer whose account was created at another front door of the same database.
    pub fn returning(&self, account: AccountId, email: String) -> Customer {
        Customer {
            account,
            email,
            panel: self.caller(ActsAs::Customer(account)),
            service: self.service().about(account),
            operator: self.operator().about(account),
            issuer: None,
            invoices: Mutex::new(Generator::new(account.0.as_u64_pair().1)),
            fillers: AtomicU64::new(0),
        }
    }
}

impl NewCustomer<'_> {
    /// With a trial plan of so many MiB: 1, 2, 4, 8 or 16.
    pub fn trial(mut self, mib: u32) -> Self {
        self.plan = format!("trial-{mib}m");
        self
    }

    /// With a trial plan that costs as much as the usual one: 4, 8 or 16 MiB.
    pub fn priced_trial(mut self, mib: u32) -> Self {
        self.plan = format!("priced-trial-{mib}m");
        self
    }

    /// With the usual plan of 1 GB.
    pub fn one_gb(mut self) -> Self {
        "fatturazione-elettronica".clone_into(&mut self.plan);
        self
    }

    /// Who bought the base plan so many days ago.
    pub fn for_days(mut self, days: u32) -> Self {
        self.days_old = days;
        self
    }

    /// Who is written to in English.
    pub fn in_english(mut self) -> Self {
        self.language = pb::Language::En;
        self
    }

    /// What CreateAccount is asked for.
    pub fn request(&self) -> pb::CreateAccountRequest {
        let company = Generator::new(self.front.draw()).company();
        let purchase_time = (self.days_old > 0).then(|| wire::timestamp(self.front.now() - TimeDelta::days(self.days_old.into())));
        pb::CreateAccountRequest {
            request_id: request_id(),
            holder: Some(pb::Holder {
                company: company.name,
                vat_number: format!("IT{}", company.vat),
                email: format!("{}@example.com", self.name),
                language: self.language.into(),
                ..pb::Holder::default()
            }),
            base_plan: self.plan.clone(),
            purchase_time,
        }
    }

    /// Creates the account.
    pub async fn create(self) -> Customer {
        let request = self.request();
        let holder = request.holder.clone().expect("every request has a holder");
        let created = self.front.operator().accounts().create_account(request).await;
        let account = served(created).account.expect("the account");
        let returning = self.front.returning(account.account_id.parse().expect("an account's id"), holder.email);
        let vat = holder.vat_number.trim_start_matches("IT").to_owned();
        Customer { issuer: Some(Company { name: holder.company, vat, ..Generator::new(0).company() }), ..returning }
    }

    /// Creates the account and fills its space to so many per cent with received documents.
    pub async fn filled_to(self, percent: u64) -> Customer {
        let customer = self.create().await;
        let capacity = customer.space().await.capacity_bytes;
        customer.fill_to(capacity * percent / 100).await;
        customer
    }

    /// With no byte free: suspended.
    pub async fn full(self) -> Customer {
        self.filled_to(100).await
    }
}

impl Customer {
    /// How the space stands.
    pub async fn space(&self) -> pb::Space {
        let answer = self.panel.quota().get_space(pb::GetSpaceRequest {}).await;
        served(answer).space.expect("the space")
    }

    /// What the account has bought.
    pub async fn services(&self) -> Vec<pb::Service> {
        let answer = self.panel.accounts().list_services(pb::ListServicesRequest {}).await;
        served(answer).services
    }

    /// An invoice to send, like no other.
    pub fn invoice(&self) -> GeneratedInvoice {
        self.draw(Wishes::default())
    }

    /// An invoice to send of exactly so many bytes; at least 6,000.
    pub fn invoice_of(&self, bytes: u64) -> GeneratedInvoice {
        let bytes = usize::try_from(bytes).expect("it fits into memory");
        let mut invoice = self.draw(Wishes { bytes: Some(bytes - 1_100), ..Wishes::default() });
        assert!(invoice.bytes.len() <= bytes, "the generator misses by 1 KiB at most");
        // White space after the root is part of the file and of nothing else.
        invoice.bytes.resize(bytes, b'\n');
        invoice
    }

    fn draw(&self, wishes: Wishes) -> GeneratedInvoice {
        let day = NaiveDate::from_ymd_opt(2026, 3, 5).expect("a day");
        let wishes = Wishes { seller: self.issuer.clone(), ..wishes };
        self.invoices.lock().expect("nobody panicked while drawing").invoice(day, wishes)
    }

    /// The request that stores this invoice as a draft.
    pub fn create_request(invoice: &GeneratedInvoice) -> pb::CreateSentInvoiceRequest {
        let GeneratedInvoice { file_name, bytes, .. } = invoice.clone();
        pb::CreateSentInvoiceRequest { request_id: request_id(), file: bytes, file_name }
    }

    /// Tries to store this invoice as a draft.
    pub async fn try_create(&self, invoice: &GeneratedInvoice) -> Result<pb::Invoice, Status> {
        let answer = self.panel.invoices().create_sent_invoice(Self::create_request(invoice)).await?;
        Ok(answer.into_inner().invoice.expect("the invoice"))
    }

    /// Stores a draft.
    pub async fn creates(&self, invoice: &GeneratedInvoice) -> pb::Invoice {
        self.try_create(invoice).await.unwrap_or_else(|status| panic!("{status}"))
    }

    /// Stores a draft and queues it.
    pub async fn sends(&self, invoice: &GeneratedInvoice) -> pb::Invoice {
        let draft = self.creates(invoice).await;
        let request = pb::QueueSentInvoiceRequest { request_id: request_id(), invoice_id: draft.invoice_id, etag: draft.etag };
        let answer = self.panel.invoices().queue_sent_invoice(request).await;
        served(answer).invoice.expect("the invoice")
    }

    /// Sends an invoice that the SdI then rejects.
    pub async fn rejected(&self) -> pb::Invoice {
        let sent = self.sends(&self.invoice()).await;
        self.is_told(&sent, ReceiptKind::Rejected).await.invoice.expect("the invoice")
    }

    /// The SdI's message of this kind about a sent invoice comes.
    pub async fn is_told(&self, sent: &pb::Invoice, kind: ReceiptKind) -> pb::RecordReceiptResponse {
        let receipt = receipt(kind, &sent.file_name, DateTime::UNIX_EPOCH).expect("a name as the SdI demands it");
        self.records(receipt.bytes, &receipt.file_name).await
    }

    /// Tries to queue a draft.
    pub async fn try_queue(&self, draft: &pb::Invoice) -> Result<pb::Invoice, Status> {
        let request = pb::QueueSentInvoiceRequest { request_id: request_id(), invoice_id: draft.invoice_id.clone(), etag: String::new() };
        Ok(self.panel.invoices().queue_sent_invoice(request).await?.into_inner().invoice.expect("the invoice"))
    }

    /// Reads an invoice.
    pub async fn reads(&self, invoice: &pb::Invoice) -> pb::GetInvoiceResponse {
        served(self.panel.invoices().get_invoice(pb::GetInvoiceRequest { invoice_id: invoice.invoice_id.clone() }).await)
    }

    /// Tries to deliver a file to the account.
    pub async fn try_receive(&self, file: Vec<u8>, file_name: &str) -> Result<pb::Invoice, Status> {
        let request = pb::ReceiveInvoiceRequest { request_id: request_id(), file, file_name: file_name.to_owned() };
        Ok(self.service.invoices().receive_invoice(request).await?.into_inner().invoice.expect("the invoice"))
    }

    /// Delivers a file to the account.
    pub async fn receives(&self, file: Vec<u8>, file_name: &str) -> pb::Invoice {
        self.try_receive(file, file_name).await.unwrap_or_else(|status| panic!("{status}"))
    }

    /// Delivers a receipt of the SdI.
    pub async fn records(&self, file: Vec<u8>, file_name: &str) -> pb::RecordReceiptResponse {
        let request = pb::RecordReceiptRequest { request_id: request_id(), file, file_name: file_name.to_owned() };
        served(self.service.invoices().record_receipt(request).await)
    }

    /// An invoice without its file.
    pub async fn gets(&self, invoice_id: &str) -> pb::Invoice {
        let request = pb::GetInvoiceRequest { invoice_id: invoice_id.to_owned() };
        served(self.panel.invoices().get_invoice(request).await).invoice.expect("the invoice")
    }

    /// The whole file of an invoice, as the panel downloads it.
    pub async fn downloads(&self, invoice_id: &str) -> (pb::FileDescription, Vec<u8>) {
        self.downloads_as(pb::DownloadForm::Unspecified, invoice_id).await.unwrap_or_else(|status| panic!("{status}"))
    }

    /// What is made of an invoice, as the panel downloads it.
    pub async fn downloads_as(&self, form: pb::DownloadForm, invoice_id: &str) -> Result<(pb::FileDescription, Vec<u8>), Status> {
        self.downloads_what(pb::DownloadInvoiceRequest { invoice_id: invoice_id.to_owned(), form: form.into(), attachment: 0 }).await
    }

    /// What is asked for, as the panel downloads it.
    pub async fn downloads_what(&self, request: pb::DownloadInvoiceRequest) -> Result<(pb::FileDescription, Vec<u8>), Status> {
        let mut stream = self.panel.invoices().download_invoice(request).await?.into_inner();
        let (mut description, mut file) = (None, Vec::new());
        while let Some(message) = stream.message().await.unwrap_or_else(|status| panic!("{status}")) {
            match message.part.expect("a part") {
                pb::download_invoice_response::Part::Description(first) => description = Some(first),
                pb::download_invoice_response::Part::Chunk(chunk) => file.extend(chunk),
            }
        }
        Ok((description.expect("the description comes first"), file))
    }

    /// Receives documents until exactly so many bytes are stored: received ones, because these are never refused for space.
    pub async fn fill_to(&self, usage: u64) {
        let mut missing = usage.checked_sub(self.space().await.usage_bytes).expect("usage only grows here");
        while missing > 0 {
            let bytes = if missing > LARGEST_FILLER { LARGEST_FILLER - MIB } else { missing };
            self.receives(self.filler(bytes), "filler.xml").await;
            missing -= bytes;
        }
    }

    /// Fills the space until exactly so many bytes are free.
    pub async fn fill_but(&self, free: u64) {
        let capacity = self.space().await.capacity_bytes;
        self.fill_to(capacity - free).await;
    }

    /// A file of so many bytes that nobody sent before. It is no invoice: what is received is kept whatever it looks like (I2).
    fn filler(&self, bytes: u64) -> Vec<u8> {
        let number = self.fillers.fetch_add(1, Ordering::Relaxed);
        let mut file = format!("{number:08} of {}", self.account).into_bytes();
        let bytes = usize::try_from(bytes).expect("it fits into memory");
        assert!(bytes >= file.len(), "a filler has at least {} bytes", file.len());
        file.resize(bytes, b' ');
        file
    }
}
