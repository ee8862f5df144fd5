//! A cart as it is shown: its selection, and what that costs and does today. And the way from a cart to an order (B6).

use data_encoding::HEXLOWER;
use ring::digest::{SHA256, digest};
use sea_orm::{ConnectionTrait, DbErr};

use super::pricing::{OwnedService, Quote, Selection, quote, suggestions};
use super::{CartError, store};
use crate::account;
use crate::account::standing::standing;
use crate::account::state::AccountState;
use crate::catalogue::{Catalogue, Product};
use crate::clock::CalendarDay;
use crate::db::{Fault, Tx};
use crate::ids::{AccountId, CartId, OrderId};

/// A cart with its price.
pub(super) struct Priced<'a> {
    pub row: store::Row,
    pub selection: Selection,
    pub quote: Quote,
    pub suggestions: Vec<&'a Product>,
}

impl Priced<'_> {
    /// Changes with the cart and with its price: an order wants to know which price was shown.
    pub fn etag(&self) -> String {
        format!("{}-{}", self.row.version, fingerprint(&self.quote))
    }
}

const FINGERPRINT_BYTES: usize = 8;

/// What the customer agreed to: every line with its months, price and dates, and the total.
fn fingerprint(quote: &Quote) -> String {
    let shown = format!("{:?} {:?}", quote.lines, quote.amounts);
    HEXLOWER.encode(&digest(&SHA256, shown.as_bytes()).as_ref()[..FINGERPRINT_BYTES])
}

/// What the account has bought, as pricing wants it.
pub async fn owned(connection: &impl ConnectionTrait, account: AccountId) -> Result<Vec<OwnedService>, Fault> {
    let services = account::services(connection, account).await?;
    services.iter().map(priceable).collect()
}

fn priceable(service: &account::Owned) -> Result<OwnedService, Fault> {
    let broken = |what: &str| Fault::Broken(format!("{} has a {what} that cannot be read", service.id));
    Ok(OwnedService {
        id: service.id,
        kind: service.kind,
        product: service.product.parse().map_err(|_| broken("product"))?,
        quantity: u32::try_from(service.quantity).map_err(|_| broken("quantity"))?,
        expiry: service.expiry_day,
    })
}

/// Prices a cart for `today`.
pub(super) async fn price<'a>(
    connection: &impl ConnectionTrait,
    catalogue: &'a Catalogue,
    today: CalendarDay,
    row: store::Row,
) -> Result<Priced<'a>, CartError> {
    let services = owned(connection, row.account_id).await?;
    let mut selection = store::selection(&row);
    // A module that was bought by another order meanwhile needs not be bought again.
    selection.modules.retain(|module| !services.iter().any(|service| service.product == *module && service.expiry >= today));
    let quote = quote(catalogue, today, &selection, &services).map_err(CartError::Unpriced)?;
    let suggestions = suggestions(catalogue, today, &selection, &services);
    Ok(Priced { row, selection, quote, suggestions })
}

/// What a cart becomes an order with.
#[derive(Debug)]
pub struct Checkout {
    /// What was shown, and is now frozen.
    pub quote: Quote,
    /// The term in years.
    pub term_years: u32,
}

/// Makes the cart an order's, if its etag is the present one: the price that was shown is the price that is charged (B6).
pub async fn check_out(
    tx: &Tx,
    account: AccountId,
    id: CartId,
    etag: &str,
    catalogue: &Catalogue,
    order: OrderId,
) -> Result<Checkout, CartError> {
    let row = store::hold_open(tx, account, id).await?;
    let priced = price(tx, catalogue, tx.today(), row).await?;
    let current = priced.etag();
    if current != etag {
        let same_cart = version_of(etag) == Some(priced.row.version);
        return Err(if same_cart {
            CartError::PricesChanged { total: priced.quote.amounts.total }
        } else {
            CartError::EtagMismatch { current }
        });
    }
    if !priced.selection.extension && is_deleted(tx, account).await? {
        return Err(CartError::NoBasePlan);
    }
    store::set_order(tx, account, id, Some(order)).await?;
    Ok(Checkout { quote: priced.quote, term_years: priced.selection.term_years })
}

async fn is_deleted(tx: &Tx, account: AccountId) -> Result<bool, DbErr> {
    let found = standing(tx, account, tx.today()).await?;
    Ok(found.is_some_and(|found| found.state(tx.today()) == AccountState::Deleted))
}

/// The cart's version in an etag.
pub(super) fn version_of(etag: &str) -> Option<i64> {
    etag.split_once('-')?.0.parse().ok()
}

/// Opens the cart of a cancelled order again.
pub async fn reopen(tx: &Tx, account: AccountId, id: CartId) -> Result<(), DbErr> {
    store::set_order(tx, account, id, None).await
}
