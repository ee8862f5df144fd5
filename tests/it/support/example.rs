//! A request that succeeds, for every method of the contract. A method without one is found by walking the descriptor.

use std::sync::LazyLock;

use prost::Message;
use prost_reflect::{DescriptorPool, DynamicMessage, FieldDescriptor, Kind, MethodDescriptor, Value};
use spazio::call::ActsAs;
use spazio::demo::invoices::receipt;
use spazio::fatturapa::ReceiptKind;
use spazio::policy::{self, Effect, Role};

use super::{Caller, Customer, Front, accepted, pb, request_id};

/// A method of the contract, as the descriptor tells it.
pub struct Method {
    descriptor: MethodDescriptor,
    /// What the server enforces of it.
    pub policy: &'static policy::Method,
}

/// Every method of the contract.
pub fn methods() -> impl Iterator<Item = Method> {
    static POOL: LazyLock<DescriptorPool> =
        LazyLock::new(|| DescriptorPool::decode(spazio::DESCRIPTORS).expect("the build encoded the descriptors"));
    let services = POOL.services().filter(|service| service.package_name() == "spazio.v1");
    services.flat_map(|service| service.methods().collect::<Vec<_>>()).map(|descriptor| {
        let path = format!("/{}/{}", descriptor.parent_service().full_name(), descriptor.name());
        let policy = policy::method(&path).unwrap_or_else(|| panic!("{path} has no policy"));
        Method { descriptor, policy }
    })
}

/// The method of this name.
pub fn method(name: &str) -> Method {
    methods().find(|method| method.name() == name).unwrap_or_else(|| panic!("the contract has no method {name}"))
}

impl Method {
    /// Its name without package and service.
    pub fn name(&self) -> &str {
        self.descriptor.name()
    }

    /// Whether it does one of these.
    pub fn does(&self, effects: &[Effect]) -> bool {
        effects.contains(&self.policy.effect)
    }

    /// Those who may call it for this customer, one for each role.
    pub fn callers(&self, front: &Front, customer: &Customer) -> Vec<Caller> {
        self.policy.roles.iter().map(|role| caller(front, *role, customer)).collect()
    }

    /// Those who may not, one for each other role.
    pub fn strangers(&self, front: &Front, customer: &Customer) -> Vec<Caller> {
        let others = [Role::Customer, Role::Service, Role::Operator].into_iter().filter(|role| !self.policy.roles.contains(role));
        others.map(|role| caller(front, role, customer)).collect()
    }

    /// The request with another text in one of its fields.
    pub fn with(&self, request: &[u8], field: &FieldDescriptor, text: &str) -> Vec<u8> {
        let mut message = self.decoded(request);
        message.set_field(field, Value::String(text.to_owned()));
        message.encode_to_vec()
    }

    /// The text in a field of the request.
    pub fn text(&self, request: &[u8], field: &FieldDescriptor) -> String {
        self.decoded(request).get_field(field).as_str().expect("a text").to_owned()
    }

    fn decoded(&self, request: &[u8]) -> DynamicMessage {
        DynamicMessage::decode(self.descriptor.input(), request).expect("a request of this method")
    }

    /// The request's field of this name.
    pub fn field(&self, name: &str) -> Option<FieldDescriptor> {
        self.descriptor.input().get_field_by_name(name)
    }

    /// The field that names something of an account: an invoice, a cart, an order.
    pub fn id_field(&self) -> Option<FieldDescriptor> {
        ["invoice_id", "receipt_id", "cart_id", "order_id"].into_iter().find_map(|name| self.field(name))
    }

    /// The number of its request's first field that holds a text.
    pub fn text_field(&self) -> Option<u32> {
        let input = self.descriptor.input();
        input.fields().find(|field| field.kind() == Kind::String).map(|field| field.number())
    }

    /// How many fields its request has.
    pub fn fields(&self) -> usize {
        self.descriptor.input().fields().len()
    }

    /// A new request that succeeds when a role that may call the method makes it for this customer.
    pub async fn example(&self, front: &Front, customer: &Customer) -> Vec<u8> {
        let given = Given { front, customer };
        match self.name() {
            "CreateAccount" => given.front.customer("new").request().encode_to_vec(),
            "UpdateAccount" => given.new_address(),
            "ListAccounts" => pb::ListAccountsRequest::default().encode_to_vec(),
            "RecommendQuantity" => pb::RecommendQuantityRequest { extension: true, term_years: 1 }.encode_to_vec(),
            "GetAccount" | "ListServices" | "GetSpace" => Vec::new(),
            "CreateSentInvoice" => Customer::create_request(&customer.invoice()).encode_to_vec(),
            "UpdateSentInvoice" => given.new_version().await,
            "DeleteSentInvoice" => {
                let invoice_id = given.draft().await;
                pb::DeleteSentInvoiceRequest { request_id: request_id(), invoice_id, ..Default::default() }.encode_to_vec()
            }
            "QueueSentInvoice" => {
                let invoice_id = given.draft().await;
                pb::QueueSentInvoiceRequest { request_id: request_id(), invoice_id, ..Default::default() }.encode_to_vec()
            }
            "CopyRejectedInvoice" => {
                let invoice_id = customer.rejected().await.invoice_id;
                pb::CopyRejectedInvoiceRequest { request_id: request_id(), invoice_id }.encode_to_vec()
            }
            "ReceiveInvoice" => given.delivery(),
            "ListReceipts" => pb::ListReceiptsRequest::default().encode_to_vec(),
            "RecordReceipt" => given.receipt(),
            "GetInvoice" => pb::GetInvoiceRequest { invoice_id: given.received().await }.encode_to_vec(),
            "ValidateInvoice" => pb::ValidateInvoiceRequest { file: customer.invoice().bytes }.encode_to_vec(),
            "DownloadInvoice" => pb::DownloadInvoiceRequest { invoice_id: given.received().await, ..Default::default() }.encode_to_vec(),
            "DownloadReceipt" => pb::DownloadReceiptRequest { receipt_id: given.recorded().await }.encode_to_vec(),
            "ImportInvoices" => given.import(),
            "ExportInvoices" => pb::ExportInvoicesRequest::default().encode_to_vec(),
            "ListInvoices" => pb::ListInvoicesRequest::default().encode_to_vec(),
            name if name.contains("Order") || name == "RecordPayment" => given.about_an_order(name).await,
            name => given.about_a_cart(name).await,
        }
    }
}

fn caller(front: &Front, role: Role, customer: &Customer) -> Caller {
    match role {
        Role::Customer => front.caller(ActsAs::Customer(customer.account)),
        Role::Service => front.service().about(customer.account),
        Role::Operator => front.operator().about(customer.account),
    }
}

/// What an example is made from.
struct Given<'a> {
    front: &'a Front,
    customer: &'a Customer,
}

impl Given<'_> {
    fn new_address(&self) -> Vec<u8> {
        let holder = pb::Holder { email: format!("moved-{}@example.com", self.front.draw()), ..Default::default() };
        let update_mask = Some(prost_types::FieldMask { paths: vec!["email".to_owned()] });
        pb::UpdateAccountRequest { request_id: request_id(), holder: Some(holder), update_mask, etag: String::new() }.encode_to_vec()
    }

    async fn draft(&self) -> String {
        self.customer.creates(&self.customer.invoice()).await.invoice_id
    }

    async fn new_version(&self) -> Vec<u8> {
        let invoice_id = self.draft().await;
        let file = self.customer.invoice().bytes;
        pb::UpdateSentInvoiceRequest { request_id: request_id(), invoice_id, file, ..Default::default() }.encode_to_vec()
    }

    fn delivery(&self) -> Vec<u8> {
        let invoice = self.customer.invoice();
        pb::ReceiveInvoiceRequest { request_id: request_id(), file: invoice.bytes, file_name: invoice.file_name }.encode_to_vec()
    }

    fn receipt(&self) -> Vec<u8> {
        let sent = self.customer.invoice().file_name;
        let receipt = receipt(ReceiptKind::Delivered, &sent, self.front.now()).expect("the generator's names are the SdI's");
        pb::RecordReceiptRequest { request_id: request_id(), file: receipt.bytes, file_name: receipt.file_name }.encode_to_vec()
    }

    async fn received(&self) -> String {
        let invoice = self.customer.invoice();
        self.customer.receives(invoice.bytes, &invoice.file_name).await.invoice_id
    }

    async fn recorded(&self) -> String {
        let sent = self.customer.invoice().file_name;
        let receipt = receipt(ReceiptKind::Delivered, &sent, self.front.now()).expect("the generator's names are the SdI's");
        self.customer.records(receipt.bytes, &receipt.file_name).await.receipt.expect("the receipt").receipt_id
    }

    fn import(&self) -> Vec<u8> {
        let invoice = self.customer.invoice();
        let kind = pb::ImportKind::Received.into();
        pb::ImportInvoicesRequest { kind, file_name: invoice.file_name, file: invoice.bytes, ..Default::default() }.encode_to_vec()
    }

    async fn about_a_cart(&self, method: &str) -> Vec<u8> {
        let request_id = request_id();
        if method == "OpenCart" {
            return pb::OpenCartRequest { request_id }.encode_to_vec();
        }
        let (cart_id, etag) = (self.customer.opens_cart().await.cart_id, String::new());
        let module = "documents".to_owned();
        match method {
            "GetCart" => pb::GetCartRequest { cart_id }.encode_to_vec(),
            "SetQuantity" => pb::SetQuantityRequest { request_id, cart_id, etag, quantity_gb: 3, term_years: 0 }.encode_to_vec(),
            "SetExtension" => pb::SetExtensionRequest { request_id, cart_id, etag, extension: false }.encode_to_vec(),
            "AddModule" => pb::AddModuleRequest { request_id, cart_id, etag, module }.encode_to_vec(),
            "RemoveModule" => pb::RemoveModuleRequest { request_id, cart_id, etag, module }.encode_to_vec(),
            "SetAdditionalUsers" => pb::SetAdditionalUsersRequest { request_id, cart_id, etag, quantity: 2 }.encode_to_vec(),
            other => panic!("{other} has no example: write one, and the tests of every method will take it"),
        }
    }

    async fn about_an_order(&self, method: &str) -> Vec<u8> {
        let request_id = request_id();
        match method {
            "ListOrders" => return pb::ListOrdersRequest::default().encode_to_vec(),
            "PlaceOrder" => {
                let cart = self.customer.opens_cart().await;
                return pb::PlaceOrderRequest { request_id, cart_id: cart.cart_id, cart_etag: cart.etag }.encode_to_vec();
            }
            _ => {}
        }
        let order = self.customer.places(&self.customer.opens_cart().await).await;
        let order_id = order.order_id.clone();
        match method {
            "GetOrder" => pb::GetOrderRequest { order_id }.encode_to_vec(),
            "GetOrderForm" => pb::GetOrderFormRequest { order_id }.encode_to_vec(),
            "CancelOrder" => pb::CancelOrderRequest { request_id, order_id, etag: String::new() }.encode_to_vec(),
            "ConfirmOrder" => pb::ConfirmOrderRequest {
                request_id,
                order_id,
                payment_method: pb::PaymentMethod::BankTransfer.into(),
                accepted_terms: accepted(&self.customer.form(&order).await),
                ..Default::default()
            }
            .encode_to_vec(),
            "RecordPayment" => {
                let order = self.customer.confirms(&order, pb::PaymentMethod::BankTransfer).await;
                Customer::payment_of(&order, &format!("CRO {}", order.number)).encode_to_vec()
            }
            other => panic!("{other} has no example: write one, and the tests of every method will take it"),
        }
    }
}
