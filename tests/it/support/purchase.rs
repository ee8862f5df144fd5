//! Buying, step by step.

use super::{Customer, TestApp, pb, request_id, served};
use tonic::Status;

/// How an order is paid: by card, with a token that the simulated gateway knows.
pub fn by_card(token: &str) -> (pb::PaymentMethod, String) {
    (pb::PaymentMethod::Card, token.to_owned())
}

/// An order of 1 GB with extension ON, as it stands when the gateway was asked once to charge it.
pub async fn charged(app: &TestApp, customer: &Customer, token: &str) -> pb::Order {
    let order = customer.places(&customer.opens_cart().await).await;
    let order = customer.confirms(&order, by_card(token)).await;
    app.settled().await;
    customer.order(&order).await
}

/// All the terms of a form, accepted as shown.
pub fn accepted(form: &pb::GetOrderFormResponse) -> Vec<pb::AcceptedTerms> {
    form.terms.iter().map(|terms| pb::AcceptedTerms { code: terms.code.clone(), version: terms.version.clone() }).collect()
}

impl From<pb::PaymentMethod> for Means {
    fn from(method: pb::PaymentMethod) -> Self {
        Self(method, String::new())
    }
}

impl From<(pb::PaymentMethod, String)> for Means {
    fn from((method, token): (pb::PaymentMethod, String)) -> Self {
        Self(method, token)
    }
}

/// A payment method, with its token if it is charged.
pub struct Means(pb::PaymentMethod, String);

impl Customer {
    /// Opens a cart: 1 GB, one year, extension ON.
    pub async fn opens_cart(&self) -> pb::Cart {
        let answer = self.panel.carts().open_cart(pb::OpenCartRequest { request_id: request_id() }).await;
        served(answer).cart.expect("the cart")
    }

    /// The cart with so many GB.
    pub async fn sets_quantity(&self, cart: &pb::Cart, quantity_gb: i32) -> pb::Cart {
        let request = pb::SetQuantityRequest { request_id: request_id(), cart_id: cart.cart_id.clone(), quantity_gb, ..Default::default() };
        let answer = self.panel.carts().set_quantity(request).await;
        served(answer).cart.expect("the cart")
    }

    /// The cart with so many years.
    pub async fn sets_term(&self, cart: &pb::Cart, term_years: i32) -> pb::Cart {
        let request = pb::SetQuantityRequest {
            request_id: request_id(),
            cart_id: cart.cart_id.clone(),
            quantity_gb: 1,
            term_years,
            ..Default::default()
        };
        let answer = self.panel.carts().set_quantity(request).await;
        served(answer).cart.expect("the cart")
    }

    /// The cart with extension ON or OFF.
    pub async fn sets_extension(&self, cart: &pb::Cart, extension: bool) -> pb::Cart {
        let request =
            pb::SetExtensionRequest { request_id: request_id(), cart_id: cart.cart_id.clone(), etag: cart.etag.clone(), extension };
        let answer = self.panel.carts().set_extension(request).await;
        served(answer).cart.expect("the cart")
    }

    /// The cart with a module more.
    pub async fn adds_module(&self, cart: &pb::Cart, module: &str) -> pb::Cart {
        let module = module.to_owned();
        let request = pb::AddModuleRequest { request_id: request_id(), cart_id: cart.cart_id.clone(), etag: cart.etag.clone(), module };
        let answer = self.panel.carts().add_module(request).await;
        served(answer).cart.expect("the cart")
    }

    /// Tries to make the cart as shown into an order.
    pub async fn try_place(&self, cart: &pb::Cart) -> Result<pb::Order, Status> {
        let request = pb::PlaceOrderRequest { request_id: request_id(), cart_id: cart.cart_id.clone(), cart_etag: cart.etag.clone() };
        Ok(self.panel.orders().place_order(request).await?.into_inner().order.expect("the order"))
    }

    /// Makes the cart as shown into an order.
    pub async fn places(&self, cart: &pb::Cart) -> pb::Order {
        self.try_place(cart).await.unwrap_or_else(|status| panic!("{status}"))
    }

    /// The order form.
    pub async fn form(&self, order: &pb::Order) -> pb::GetOrderFormResponse {
        let answer = self.panel.orders().get_order_form(pb::GetOrderFormRequest { order_id: order.order_id.clone() }).await;
        served(answer)
    }

    /// Tries to confirm the order with these terms.
    pub async fn try_confirm(
        &self,
        order: &pb::Order,
        means: impl Into<Means>,
        accepted_terms: Vec<pb::AcceptedTerms>,
    ) -> Result<pb::Order, Status> {
        let Means(method, payment_token) = means.into();
        let request = pb::ConfirmOrderRequest {
            request_id: request_id(),
            order_id: order.order_id.clone(),
            payment_method: method.into(),
            payment_token,
            accepted_terms,
            ..Default::default()
        };
        Ok(self.panel.orders().confirm_order(request).await?.into_inner().order.expect("the order"))
    }

    /// Accepts all terms and confirms the order.
    pub async fn confirms(&self, order: &pb::Order, means: impl Into<Means>) -> pb::Order {
        let terms = accepted(&self.form(order).await);
        self.try_confirm(order, means, terms).await.unwrap_or_else(|status| panic!("{status}"))
    }

    /// Tries to give the order up.
    pub async fn try_cancel(&self, order: &pb::Order) -> Result<pb::Order, Status> {
        let request = pb::CancelOrderRequest { request_id: request_id(), order_id: order.order_id.clone(), etag: String::new() };
        Ok(self.panel.orders().cancel_order(request).await?.into_inner().order.expect("the order"))
    }

    /// The order as it is now.
    pub async fn order(&self, order: &pb::Order) -> pb::Order {
        let answer = self.panel.orders().get_order(pb::GetOrderRequest { order_id: order.order_id.clone() }).await;
        served(answer).order.expect("the order")
    }

    /// The customer's orders, in no promised order: those of one moment share their place.
    pub async fn orders(&self) -> Vec<pb::Order> {
        let answer = self.panel.orders().list_orders(pb::ListOrdersRequest::default()).await;
        served(answer).orders
    }

    /// The request that records the payment of an order, to the cent, by bank transfer.
    pub fn payment_of(order: &pb::Order, reference: &str) -> pb::RecordPaymentRequest {
        pb::RecordPaymentRequest {
            request_id: request_id(),
            order_number: order.number.clone(),
            amount: order.total.clone(),
            payment_method: pb::PaymentMethod::BankTransfer.into(),
            reference: reference.to_owned(),
        }
    }

    /// Tries to record a payment.
    pub async fn try_record(&self, payment: pb::RecordPaymentRequest) -> Result<pb::RecordPaymentResponse, Status> {
        Ok(self.operator.orders().record_payment(payment).await?.into_inner())
    }

    /// The bank tells that the order was paid: it is completed.
    pub async fn pays(&self, order: &pb::Order) -> pb::Order {
        let payment = Self::payment_of(order, &format!("CRO {}", order.number));
        let recorded = self.try_record(payment).await.unwrap_or_else(|status| panic!("{status}"));
        let order = recorded.order.expect("the order");
        assert_eq!(order.state(), pb::OrderState::Completed, "{:?}", recorded.payment);
        order
    }

    /// Buys so many GB by bank transfer, from the cart to the recorded payment.
    pub async fn buys(&self, quantity_gb: i32) -> pb::Order {
        let cart = self.opens_cart().await;
        let cart = self.sets_quantity(&cart, quantity_gb).await;
        let order = self.places(&cart).await;
        let order = self.confirms(&order, pb::PaymentMethod::BankTransfer).await;
        self.pays(&order).await
    }
}
