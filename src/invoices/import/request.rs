//! Files of an import from the contract's messages, and what became of them as the contract's messages.

use super::super::convert;
use super::super::state::InvoiceState;
use crate::check::{Check, Invalid};
use crate::pb::spazio::v1 as pb;
use crate::pb::spazio::v1::import_invoices_response::Outcome;
use crate::refusal::Refused;
use crate::wire;

/// A file that is to be taken in, or what is wrong with the message that brought it.
pub(super) struct Asked {
    pub place: Place,
    pub file: Result<(What, Vec<u8>), Invalid>,
}

/// Which file of the stream, and its name as it was given.
#[derive(Clone, Debug)]
pub(super) struct Place {
    position: u64,
    file_name: String,
}

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum What {
    /// An invoice that the account issued, and where it is in its life.
    Sent(InvoiceState),
    /// An invoice that was delivered to it.
    Received,
    /// A receipt of the SdI.
    Receipt,
}

pub(super) fn asked(position: u64, request: pb::ImportInvoicesRequest) -> Asked {
    let pb::ImportInvoicesRequest { kind, file_name, file, state } = request;
    let mut check = Check::default();
    let kind = self::kind(&mut check, kind);
    let given = if state == 0 { Some(None) } else { check.take("state", past(state)).map(Some) };
    let what = what(&mut check, kind, given);
    let name = name(&mut check, kind, given, &file_name);
    convert::size(&mut check, &file);
    let place = Place { position, file_name: name.unwrap_or(file_name) };
    Asked { place, file: check.finish(|| Some((what?, file))) }
}

/// The kinds of files that there are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Sent,
    Received,
    Receipt,
}

fn kind(check: &mut Check, number: i32) -> Option<Kind> {
    use pb::ImportKind::{Receipt, Received, Sent, Unspecified};
    let kinds = || wire::names([Sent, Received, Receipt].map(|known| known.as_str_name()));
    let kind = match pb::ImportKind::try_from(number) {
        Ok(Unspecified) => Err(format!("must be given: {}", kinds())),
        Ok(Sent) => Ok(Kind::Sent),
        Ok(Received) => Ok(Kind::Received),
        Ok(Receipt) => Ok(Kind::Receipt),
        Err(_) => Err(format!("{number} is no kind of file: {}", kinds())),
    };
    check.take("kind", kind)
}

/// `given` is the state, if one was given and it is one.
fn what(check: &mut Check, kind: Option<Kind>, given: Option<Option<InvoiceState>>) -> Option<What> {
    match (kind?, given) {
        (Kind::Sent, state) => Some(What::Sent(state?.unwrap_or(InvoiceState::Draft))),
        (Kind::Received, Some(None)) => Some(What::Received),
        (Kind::Receipt, Some(None)) => Some(What::Receipt),
        (Kind::Received | Kind::Receipt, Some(Some(state))) => {
            let state = convert::state(state).as_str_name();
            check.refuse("state", format!("is {state}, but goes with sent invoices only: leave it out"));
            None
        }
        (Kind::Received | Kind::Receipt, None) => None,
    }
}

/// The file's name, checked as far as its kind and state can be known. A draft gets its name when it is queued; what was sent has one.
fn name(check: &mut Check, kind: Option<Kind>, given: Option<Option<InvoiceState>>, name: &str) -> Option<String> {
    match kind? {
        Kind::Sent => {
            let was_sent = given.flatten().is_some_and(|state| state != InvoiceState::Draft);
            if name.is_empty() && was_sent {
                check.refuse("file_name", "must be given: the name under which it was sent");
                return None;
            }
            convert::own_name(check, name)
        }
        Kind::Received | Kind::Receipt => convert::delivered_name(check, name),
    }
}

/// A state in which a sent invoice can come from elsewhere. One that waits to be sent would be sent by two.
fn past(number: i32) -> Result<InvoiceState, String> {
    const ALLOWED: [InvoiceState; 5] =
        [InvoiceState::Draft, InvoiceState::Sent, InvoiceState::Delivered, InvoiceState::NotDelivered, InvoiceState::Rejected];
    let given = pb::InvoiceState::try_from(number).ok();
    let found = ALLOWED.into_iter().find(|state| Some(convert::state(*state)) == given);
    found.ok_or_else(|| {
        let given = given.map_or_else(|| number.to_string(), |state| state.as_str_name().to_owned());
        format!("is {given}: must be one of {}", wire::names(ALLOWED.map(|state| convert::state(state).as_str_name())))
    })
}

impl Place {
    pub(super) fn file_name(&self) -> &str {
        &self.file_name
    }

    pub(super) fn stored(self, file: pb::ImportedFile) -> pb::ImportInvoicesResponse {
        self.with(Outcome::Stored(file))
    }

    pub(super) fn refused(self, refused: &Refused) -> pb::ImportInvoicesResponse {
        let violation =
            |(field, description): (&str, &str)| pb::ImportViolation { field: field.to_owned(), description: description.to_owned() };
        let refusal = pb::ImportRefusal {
            reason: refused.reason().into(),
            message: refused.message().to_owned(),
            violations: refused.violated().map(violation).collect(),
        };
        self.with(Outcome::Refusal(refusal))
    }

    fn with(self, outcome: Outcome) -> pb::ImportInvoicesResponse {
        pb::ImportInvoicesResponse { position: self.position, file_name: self.file_name, outcome: Some(outcome) }
    }
}
