//! Which message of the SdI it is.

use super::super::finding::Phrase;
use super::super::format::{INVOICE, SIMPLIFIED_INVOICE};
use super::super::tree::Element;
use super::super::unreadable::{Unreadable, WrongRoot, excerpt};

/// The root of an NS about an invoice to a private party.
pub(in crate::fatturapa) const PRIVATE_REJECTED: &str = "RicevutaScarto";
/// The root of an MC about an invoice to a private party.
pub(in crate::fatturapa) const PRIVATE_NOT_DELIVERED: &str = "RicevutaImpossibilitaRecapito";

/// What a message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReceiptKind {
    /// RC: delivered.
    Delivered,
    /// NS: refused by the SdI; the invoice counts as not issued, and five days are left to send it again.
    Rejected,
    /// MC: could not be delivered; kept for the buyer in the tax agency's area.
    NotDelivered,
    /// NE: the administration accepted or refused it.
    Outcome,
    /// DT: fifteen days have passed without an answer of the administration.
    TermPassed,
    /// AT: could not be delivered to the administration, and this attests that it was sent.
    Attestation,
    /// MT: metadata that come with a received invoice.
    Metadata,
    /// EC: the buyer, an administration, accepts or refuses an invoice that it received: what it tells the SdI.
    BuyerOutcome,
    /// SE: the SdI refused the buyer's EC.
    BuyerOutcomeRejected,
}

impl ReceiptKind {
    /// Every kind.
    pub const ALL: [Self; 9] = [
        Self::Delivered,
        Self::Rejected,
        Self::NotDelivered,
        Self::Outcome,
        Self::TermPassed,
        Self::Attestation,
        Self::Metadata,
        Self::BuyerOutcome,
        Self::BuyerOutcomeRejected,
    ];

    /// The SdI's code, as it stands in the message's file name: `RC`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Delivered => "RC",
            Self::Rejected => "NS",
            Self::NotDelivered => "MC",
            Self::Outcome => "NE",
            Self::TermPassed => "DT",
            Self::Attestation => "AT",
            Self::Metadata => "MT",
            Self::BuyerOutcome => "EC",
            Self::BuyerOutcomeRejected => "SE",
        }
    }

    /// Whether messages of this kind name the invoice's file. Those between buyer and SdI give its identifier alone.
    #[must_use]
    pub const fn names_file(self) -> bool {
        match self {
            Self::Delivered
            | Self::Rejected
            | Self::NotDelivered
            | Self::Outcome
            | Self::TermPassed
            | Self::Attestation
            | Self::Metadata => true,
            Self::BuyerOutcome | Self::BuyerOutcomeRejected => false,
        }
    }

    pub(in crate::fatturapa) fn of(root: Element<'_, '_>) -> Result<Self, Unreadable> {
        match root.name() {
            "RicevutaConsegna" => Ok(Self::Delivered),
            "NotificaScarto" | PRIVATE_REJECTED => Ok(Self::Rejected),
            "NotificaMancataConsegna" | PRIVATE_NOT_DELIVERED => Ok(Self::NotDelivered),
            "NotificaEsito" => Ok(Self::Outcome),
            "NotificaDecorrenzaTermini" => Ok(Self::TermPassed),
            "AttestazioneTrasmissioneFattura" => Ok(Self::Attestation),
            "MetadatiInvioFile" | "FileMetadati" => Ok(Self::Metadata),
            "NotificaEsitoCommittente" => Ok(Self::BuyerOutcome),
            "ScartoEsitoCommittente" => Ok(Self::BuyerOutcomeRejected),
            name => Err(Unreadable::WrongRoot { why: Self::wrong(name), at: root.position() }),
        }
    }

    fn wrong(root: &str) -> WrongRoot {
        match root {
            INVOICE | SIMPLIFIED_INVOICE => WrongRoot::Invoice { name: root.to_owned() },
            _ => WrongRoot::Unknown {
                found: excerpt(root),
                allowed: Phrase::new(
                    "uno dei messaggi dello SdI: RC, NS, MC, NE, DT, AT, MT, EC, SE",
                    "one of the SdI's messages RC, NS, MC, NE, DT, AT, MT, EC, SE",
                ),
            },
        }
    }
}
