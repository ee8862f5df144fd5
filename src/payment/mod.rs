//! How money comes in: means of payment, gateways that charge them, references for those that people pay themselves.

pub mod gateway;
pub mod reference;
pub mod simulator;
pub mod working_days;

use crate::words::words;

words! {
    /// A means of payment (B7).
    pub enum PaymentMethod {
        /// Card: charged at once, and again at each renewal.
        Card = "card",
        /// PayPal: charged at once, and again at each renewal.
        PayPal = "paypal",
        /// Bank transfer: the customer pays, an operator records it.
        BankTransfer = "bank_transfer",
        /// Postal slip: the customer pays, an operator records it.
        PostalSlip = "postal_slip",
    }
}

impl PaymentMethod {
    /// Whether a gateway charges it; the others are paid by the customer and recorded by an operator.
    #[must_use]
    pub fn is_charged(self) -> bool {
        match self {
            Self::Card | Self::PayPal => true,
            Self::BankTransfer | Self::PostalSlip => false,
        }
    }
}

words! {
    /// Where a charge stands.
    pub enum ChargeState {
        /// Asked for; the result is not known yet.
        Processing = "processing",
        /// Paid.
        Succeeded = "succeeded",
        /// Refused.
        Declined = "declined",
    }
}

words! {
    /// What became of a recorded payment.
    pub enum PaymentOutcome {
        /// It completed its order.
        Applied = "applied",
        /// A person has to look at it (B11).
        UnderReview = "under_review",
    }
}

words! {
    /// Why a payment is under review (B11).
    pub enum ReviewReason {
        /// No order has this number.
        OrderUnknown = "order_unknown",
        /// Not the order's total.
        AmountDiffers = "amount_differs",
        /// Not euro.
        CurrencyDiffers = "currency_differs",
        /// The order is paid already.
        PaidTwice = "paid_twice",
        /// The order lapsed, was cancelled, or was never confirmed.
        OrderNotAwaiting = "order_not_awaiting",
    }
}

/// Who is paid, and where.
#[derive(Clone, Debug)]
pub struct Payee {
    /// The beneficiary's name.
    pub beneficiary: String,
    /// The bank account.
    pub iban: reference::Iban,
    /// The bank.
    pub bic: String,
    /// The postal account.
    pub slip_account: String,
    /// What the 18-digit codes of our slips begin with.
    pub slip_code_prefix: reference::SlipPrefix,
}
