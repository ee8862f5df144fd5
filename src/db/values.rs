//! How the shared values rest in a column: words as text, amounts of money and space as bigint, days as dates.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;
use sea_orm::sea_query::{ArrayType, ColumnType, Nullable, Value, ValueType, ValueTypeErr};
use sea_orm::{ColIdx, DbErr, QueryResult, TryGetError, TryGetable};

use crate::account::state::AccountState;
use crate::archive::{BlobState, Place};
use crate::cart::pricing::LineKind;
use crate::catalogue::ServiceKind;
use crate::clock::CalendarDay;
use crate::invoices::state::{Direction, InvoiceState, RecipientAnswer};
use crate::money::Euro;
use crate::notify::MailState;
use crate::notify::language::Language;
use crate::order::state::{OrderKind, OrderState};
use crate::payment::{ChargeState, PaymentMethod, PaymentOutcome, ReviewReason};
use crate::quota::DocumentKind;
use crate::quota::level::Level;
use crate::space::Bytes;

/// A value that rests as another type: how it is written, and how it is read back.
macro_rules! rests_as {
    ($($name:ty as $inner:ty, $write:expr, $read:expr;)+) => {$(
        impl From<$name> for Value {
            fn from(value: $name) -> Self {
                let write: fn($name) -> $inner = $write;
                write(value).into()
            }
        }

        impl TryGetable for $name {
            fn try_get_by<I: ColIdx>(row: &QueryResult, index: I) -> Result<Self, TryGetError> {
                let inner = <$inner>::try_get_by(row, index)?;
                let read: fn($inner) -> Option<$name> = $read;
                read(inner).ok_or_else(|| TryGetError::DbErr(DbErr::Type(concat!("not a ", stringify!($name)).to_owned())))
            }
        }

        impl ValueType for $name {
            fn try_from(value: Value) -> Result<Self, ValueTypeErr> {
                let inner = <$inner as ValueType>::try_from(value)?;
                let read: fn($inner) -> Option<$name> = $read;
                read(inner).ok_or(ValueTypeErr)
            }

            fn type_name() -> String {
                stringify!($name).to_owned()
            }

            fn array_type() -> ArrayType {
                <$inner as ValueType>::array_type()
            }

            fn column_type() -> ColumnType {
                <$inner as ValueType>::column_type()
            }
        }

        impl Nullable for $name {
            fn null() -> Value {
                <$inner as Nullable>::null()
            }
        }

        impl sea_orm::IntoActiveValue<$name> for $name {
            fn into_active_value(self) -> sea_orm::ActiveValue<$name> {
                sea_orm::ActiveValue::Set(self)
            }
        }
    )+};
}

macro_rules! rests_as_word {
    ($($name:ty),+ $(,)?) => {
        rests_as! {$($name as String, |value| value.as_str().to_owned(), |word| word.parse().ok();)+}
    };
}

rests_as_word!(
    AccountState,
    BlobState,
    ChargeState,
    Direction,
    DocumentKind,
    InvoiceState,
    Language,
    Level,
    LineKind,
    MailState,
    OrderKind,
    OrderState,
    PaymentMethod,
    PaymentOutcome,
    Place,
    RecipientAnswer,
    ReviewReason,
    ServiceKind,
);

rests_as! {
    Bytes as i64, Bytes::as_i64, |bytes| <Bytes as TryFrom<i64>>::try_from(bytes).ok();
    Euro as i64, Euro::cents, |cents| Euro::from_cents(cents).ok();
    CalendarDay as chrono::NaiveDate, CalendarDay::date, |date| <CalendarDay as TryFrom<chrono::NaiveDate>>::try_from(date).ok();
}

/// A document's total in cents, half up; none when it is larger than a column holds.
#[must_use]
pub fn cents(total: Decimal) -> Option<i64> {
    let cents = total.checked_mul(Decimal::ONE_HUNDRED)?;
    cents.round_dp_with_strategy(0, rust_decimal::RoundingStrategy::MidpointAwayFromZero).to_i64()
}
