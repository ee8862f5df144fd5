//! The numbers by which a payment finds its order (B10): the order number with its check digits, the
//! ISO 11649 creditor reference of a bank transfer, the 18-digit code of a postal slip, and the QR code
//! that fills a banking app in.
//!
//! All of them carry the order number, so that whichever one comes back on a statement leads to the order.

mod creditor_reference;
mod epc;
mod iban;
mod iso7064;
mod order_number;
mod slip_code;

pub use creditor_reference::{CreditorReference, InvalidCreditorReference};
pub use epc::{EpcTransfer, InvalidEpcTransfer};
pub use iban::{Iban, InvalidIban};
pub use order_number::{InvalidOrderNumber, OrderNumber};
pub use slip_code::{InvalidSlipCode, SlipCode, SlipPrefix};
