//! Space to the contract's messages.

use super::QuotaError;
use super::forecast::Recommendation;
use super::level::{Level, Thresholds};
use crate::account::standing::Standing;
use crate::account::state::{Action, permitted};
use crate::account::state_message;
use crate::check::{Check, Invalid};
use crate::clock::CalendarDay;
use crate::notify::language::Language;
use crate::pb::spazio::v1 as pb;
use crate::refusal::{Refusal, reason_name};
use crate::space::Percentage;
use crate::wire;

pub(super) fn space(standing: &Standing, thresholds: Thresholds, today: CalendarDay) -> pb::Space {
    let level = thresholds.level(standing.used, standing.capacity);
    let by_kind = [
        (pb::DocumentKind::Sent, standing.sent),
        (pb::DocumentKind::Received, standing.received),
        (pb::DocumentKind::Receipt, standing.receipts),
    ];
    pb::Space {
        usage_bytes: standing.used.get(),
        capacity_bytes: standing.capacity.get(),
        free_bytes: standing.capacity.saturating_sub(standing.used).get(),
        used_percent: Percentage::of(standing.used, standing.capacity).to_string(),
        level: self::level(level).into(),
        usage_by_kind: by_kind.map(|(kind, bytes)| pb::KindUsage { kind: kind.into(), bytes: bytes.get() }).to_vec(),
        account_state: state_message(standing.state(today)).into(),
        suspended_time: standing.suspended_since().map(wire::timestamp),
        actions: actions(standing, today),
    }
}

fn level(level: Level) -> pb::SpaceLevel {
    match level {
        Level::Ok => pb::SpaceLevel::Ok,
        Level::Warning => pb::SpaceLevel::Warning,
        Level::Critical => pb::SpaceLevel::Critical,
        Level::Exhausted => pb::SpaceLevel::Exhausted,
    }
}

fn actions(standing: &Standing, today: CalendarDay) -> Vec<pb::ActionPermission> {
    let actions = [
        (Action::WriteSentInvoices, pb::Action::WriteSentInvoices),
        (Action::ReadSentInvoices, pb::Action::ReadSentInvoices),
        (Action::ReceiveInvoices, pb::Action::ReceiveInvoices),
        (Action::ReadReceivedInvoices, pb::Action::ReadReceivedInvoices),
        (Action::Purchase, pb::Action::Purchase),
    ];
    let state = standing.state(today);
    actions
        .into_iter()
        .map(|(action, message)| match permitted(state, action) {
            Ok(()) => pb::ActionPermission { action: message.into(), permitted: true, ..Default::default() },
            Err(denial) => denied(message, &QuotaError::denied(denial, standing), standing.language),
        })
        .collect()
}

/// The same reason and words that a call would be refused with.
fn denied(action: pb::Action, error: &QuotaError, language: Language) -> pb::ActionPermission {
    let refused = error.refused();
    let (italian, english) = refused.people().unwrap_or_default();
    let message = match language {
        Language::It => italian,
        Language::En => english,
    };
    pb::ActionPermission {
        action: action.into(),
        permitted: false,
        reason: reason_name(refused.reason()).to_owned(),
        message: message.to_owned(),
    }
}

/// The term of the purchase to forecast with extension; none without.
pub(super) fn years(request: pb::RecommendQuantityRequest) -> Result<Option<u32>, Invalid> {
    let mut check = Check::default();
    let years = match request.term_years {
        0 => Some(1),
        years => check.number::<u32>("term_years", years, 1..=10),
    };
    if !request.extension && request.term_years != 0 {
        check.refuse("term_years", "goes with extension only");
    }
    check.finish(|| Some(request.extension.then_some(years?)))
}

pub(super) fn recommendation(found: &Recommendation, language: Language) -> pb::Recommendation {
    let disclaimer = match language {
        Language::It => "Stima basata sul consumo medio dalla data di acquisto: il consumo può cambiare.",
        Language::En => "An estimate from average consumption since purchase: consumption may change.",
    };
    pb::Recommendation {
        recommended_gb: found.recommended.get(),
        usage_bytes: found.usage.get(),
        days_since_purchase: found.days_since_purchase,
        average_bytes_per_day: found.average_bytes_per_day_floored(),
        expiry_day: Some(wire::day(found.expiry)),
        days_until_expiry: found.days_until_expiry,
        projected_bytes: found.projected.get(),
        capacity_at_expiry_bytes: found.capacity_at_expiry.get(),
        missing_bytes: found.missing.get(),
        suspended: found.suspended,
        disclaimer: disclaimer.to_owned(),
    }
}
