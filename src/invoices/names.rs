//! The names under which files are sent (I2): each once, whatever is queued at once, also after a rejection.
//!
//! A name begins with the fiscal identifier of the account's holder, not with that of the document's seller: in self-invoices the seller is
//! somebody else, whose name other accounts may use as well. The series of a sender is one row for all accounts, so that a holder's
//! identifier that moves to another account goes on where it was.

use std::collections::HashSet;

use sea_orm::sea_query::{Alias, Expr, Func, Iden};
use sea_orm::{ColumnTrait, ConnectionTrait, DbErr, ExprTrait, FromQueryResult, QueryFilter, QuerySelect, Select, Statement};

use super::error::InTheWay;
use super::state::Direction;
use super::{InvoiceError, receipts};
use crate::account;
use crate::db::entity::{invoice, receipt, tombstone};
use crate::db::{Fault, Tx, tenant};
use crate::fatturapa::{Finding, Judgement, Position, SdiFileName, Severity, Words};
use crate::ids::AccountId;

/// How many names are looked at in one statement, where some came with their files.
const AT_ONCE: u64 = 64;

#[derive(FromQueryResult)]
struct Series {
    last: i64,
}

/// The next name of the account, given to nobody else: its row is held until the commit.
pub(super) async fn next(tx: &Tx, account: AccountId, signed: bool) -> Result<String, InvoiceError> {
    let sender = account::sender(tx, account).await?;
    let mut serial = advance(tx, &sender, 1).await?;
    loop {
        let serials = serial..Ord::min(serial.saturating_add(AT_ONCE), SdiFileName::LAST_SERIAL + 1);
        if serials.is_empty() {
            return Err(InvoiceError::NamesUsedUp(sender));
        }
        let named: Result<Vec<_>, _> = serials.map(|serial| SdiFileName::numbered(&sender, serial, signed)).collect();
        let named = named.map_err(|error| Fault::Broken(format!("{sender} cannot name a file: {error}")))?;
        let used = used(tx, account, &named).await?;
        let free = named.iter().position(|name| !used.contains(&stem(&name.to_string())));
        let passed_over = free.unwrap_or(named.len()) as u64;
        if passed_over > 0 {
            serial = advance(tx, &sender, passed_over).await?;
        }
        if let Some(free) = free {
            return Ok(named[free].to_string());
        }
    }
}

/// 00001: what a name's end says of the file, and whether it is so. A draft without a name is given a right one.
pub(super) fn misnamed(name: &str, judgement: &Judgement) -> Option<Finding> {
    let says_signed = name.parse::<SdiFileName>().ok()?.is_signed();
    if says_signed == judgement.is_wrapped() {
        return None;
    }
    let message = if says_signed {
        Words::new(
            format!("il nome {name} è di un file firmato, ma il file non lo è: toglierne .p7m, o firmare il file"),
            format!("the name {name} is that of a signed file, but the file is not: take .p7m away from it, or sign the file"),
        )
    } else {
        Words::new(
            format!("il file è firmato, ma il nome {name} non lo dice: deve finire con .xml.p7m"),
            format!("the file is signed, but the name {name} does not say so: it must end in .xml.p7m"),
        )
    };
    Some(Finding { code: "00001", severity: Severity::Refused, path: String::new(), at: Position::START, message })
}

/// Moves a sender's series on; tells where it is then.
async fn advance(tx: &Tx, sender: &str, by: u64) -> Result<u64, DbErr> {
    const SQL: &str = "INSERT INTO file_name_series (sender, last) VALUES ($1, $2) \
                       ON CONFLICT (sender) DO UPDATE SET last = file_name_series.last + $2 RETURNING last";
    let by = i64::try_from(by).unwrap_or(i64::MAX);
    let statement = Statement::from_sql_and_values(tx.get_database_backend(), SQL, [sender.into(), by.into()]);
    let series = Series::find_by_statement(statement).one(tx).await?;
    let last = series.and_then(|series| u64::try_from(series.last).ok());
    last.ok_or_else(|| DbErr::RecordNotFound(format!("the series of {sender}")))
}

/// Which of these came with files that the account sent or received, signed or not, also those that were removed since, or are spoken of by
/// receipts, so that the SdI knows them: their stems.
async fn used(tx: &Tx, account: AccountId, names: &[SdiFileName]) -> Result<HashSet<String>, DbErr> {
    let spellings: Vec<_> = names.iter().flat_map(|name| spellings(&name.to_string())).collect();
    let filed = filed_as(account, spellings.clone()).select_only().column(invoice::Column::FileName);
    let buried = tenant::of::<tombstone::Entity>(account).filter(capitals(tombstone::Entity).is_in(spellings.clone()));
    let buried: Vec<String> = buried.select_only().column(tombstone::Column::FileName).into_tuple().all(tx).await?;
    let told = receipts::waiting(account).filter(receipts::speaks_of(spellings)).select_only().column(receipt::Column::InvoiceFileName);
    let (filed, told): (Vec<String>, Vec<String>) = (filed.into_tuple().all(tx).await?, told.into_tuple().all(tx).await?);
    Ok(filed.iter().chain(&buried).chain(&told).map(|name| stem(name)).collect())
}

/// The account's invoices, sent and received, under one of these names, given in capitals.
pub(super) fn filed_as(account: AccountId, names: impl IntoIterator<Item = String>) -> Select<invoice::Entity> {
    tenant::of::<invoice::Entity>(account).filter(capitals(invoice::Entity).is_in(names))
}

/// A table's names of files in capitals, as its index has them.
fn capitals(table: impl Iden) -> Expr {
    Expr::expr(Func::upper(Expr::col((table, Alias::new("file_name")))))
}

/// Adds to a refusal for a name that is taken which invoice has it. `other_was_sent` tells whether the file that came under it was sent
/// elsewhere. The refusal stands either way.
pub(super) async fn who_has_it(
    connection: &impl ConnectionTrait,
    account: AccountId,
    refusal: InvoiceError,
    other_was_sent: bool,
) -> InvoiceError {
    let InvoiceError::FileNameUsed { name, by: None } = refusal else { return refusal };
    let known = filed_as(account, spellings(&name)).filter(invoice::Column::FileName.eq(name.as_str()));
    let known = known.filter(invoice::Column::Direction.eq(Direction::Sent)).one(connection).await;
    let known = known.inspect_err(|error| tracing::warn!(%error, "who has the name {name} could not be looked up"));
    let by = known.ok().flatten().map(|row| InTheWay::of(&row, other_was_sent));
    InvoiceError::FileNameUsed { name, by }
}

/// The ways in which a file's name may be written, in capitals: signed and not. Databases differ in whether they know capitals of other letters
/// than those of ASCII, which received files may have.
pub(super) fn spellings(name: &str) -> Vec<String> {
    let (ascii, every) = (stem(name), stem(&name.to_uppercase()));
    let mut spellings = vec![format!("{ascii}.P7M"), ascii];
    if !spellings.contains(&every) {
        spellings.extend([format!("{every}.P7M"), every]);
    }
    spellings
}

/// A name in capitals, without what a signature adds.
pub(super) fn stem(name: &str) -> String {
    let capitals = name.to_ascii_uppercase();
    capitals.strip_suffix(".P7M").map_or_else(|| capitals.clone(), str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_the_same_in_any_case_and_signed_or_not() {
        let expected = ["IT01234567897_0000A.XML.P7M", "IT01234567897_0000A.XML"];
        assert_eq!(spellings("IT01234567897_0000a.xml"), expected);
        assert_eq!(spellings("it01234567897_0000A.XML.p7m"), expected);
    }
}
