//! What an export is asked for, from the contract's message.

use super::super::list;
use super::Asked;
use super::part::{Known, Period, Start};
use crate::call::Call;
use crate::check::{Check, Invalid};
use crate::paging::Seal;
use crate::pb::spazio::v1 as pb;
use crate::refusal::Violation;
use crate::wire;

/// The part of an export that is asked for; its tokens are good for the same period, direction and account.
pub(in crate::invoices) fn asked(request: &pb::ExportInvoicesRequest, call: &Call, seal: &Seal) -> Result<Asked, Invalid> {
    let (account, deadline) = (call.account(), call.deadline);
    let mut check = Check::default();
    let from = check.take_optional("issued_from", request.issued_from.as_ref().map(wire::calendar_day));
    let through = check.take_optional("issued_through", request.issued_through.as_ref().map(wire::calendar_day));
    list::in_order(&mut check, "issued_from", "issued_through", from, through);
    let direction = list::given_direction(&mut check, request.direction);
    let period = || Some(Period { from: from?, through: through?, direction: direction? });
    let period = period();
    let question = format!("export of {account} {period:?}");
    let known = match request.part_token.as_str() {
        "" => Some(Known { start: Start::Beginning, fingerprint: None }),
        token => {
            let wrong = "must be a token of a part with the same days and direction";
            check.take("part_token", seal.open(token, &question).ok_or(wrong))
        }
    };
    if request.from_byte > 0 && known.as_ref().is_some_and(|known| known.fingerprint.is_none()) {
        check.refuse("from_byte", "goes with the part_token of the part that broke off");
    }
    check.finish(|| Some(Asked { account, period: period?, known: known?, from_byte: request.from_byte, deadline, question }))
}

/// More bytes came than the part has.
pub(super) fn beyond(from_byte: u64, size: u64) -> Invalid {
    let description = format!("must be at most {size}, the size of the part, is {from_byte}");
    Invalid(vec![Violation { field: "from_byte".to_owned(), description }])
}
