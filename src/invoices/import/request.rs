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
    let what = what(&mut check, kind, state);
    let name = match what {
        Some(What::Sent(state)) => sent_name(&mut check, state, &file_name),
        Some(What::Received | What::Receipt) => convert::delivered_name(&mut check, &file_name),
        None => None,
    };
    convert::size(&mut check, &file);
    let place = Place { position, file_name: name.unwrap_or(file_name) };
    Asked { place, file: check.finish(|| Some((what?, file))) }
}

/// A draft gets its name when it is queued; what was sent has one.
fn sent_name(check: &mut Check, state: InvoiceState, name: &str) -> Option<String> {
    if name.is_empty() && state != InvoiceState::Draft {
        check.refuse("file_name", "must be the name under which it was sent");
        return None;
    }
    convert::own_name(check, name)
}

fn what(check: &mut Check, kind: i32, state: i32) -> Option<What> {
    use pb::ImportKind::{Receipt, Received, Sent, Unspecified};
    let kinds = || wire::names([Sent, Received, Receipt].map(|known| known.as_str_name()));
    let kind = match pb::ImportKind::try_from(kind) {
        Ok(Unspecified) => Err(format!("must be given: {}", kinds())),
        Ok(known) => Ok(known),
        Err(_) => Err(format!("{kind} is no kind of file: {}", kinds())),
    };
    let kind = check.take("kind", kind);
    let given = if state == 0 { Some(None) } else { check.take("state", past(state)).map(Some) };
    match (kind?, given?) {
        (Sent, state) => Some(What::Sent(state.unwrap_or(InvoiceState::Draft))),
        (Received, None) => Some(What::Received),
        (Receipt, None) => Some(What::Receipt),
        (Received | Receipt, Some(_)) => {
            check.refuse("state", "goes with sent invoices only; leave it out");
            None
        }
        (Unspecified, _) => None,
    }
}

/// A state in which a sent invoice can come from elsewhere. One that waits to be sent would be sent by two.
fn past(number: i32) -> Result<InvoiceState, String> {
    const ALLOWED: [InvoiceState; 5] =
        [InvoiceState::Draft, InvoiceState::Sent, InvoiceState::Delivered, InvoiceState::NotDelivered, InvoiceState::Rejected];
    let given = pb::InvoiceState::try_from(number).ok();
    let found = ALLOWED.into_iter().find(|state| Some(convert::state(*state)) == given);
    found.ok_or_else(|| format!("must be one of {}", wire::names(ALLOWED.map(|state| convert::state(state).as_str_name()))))
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
