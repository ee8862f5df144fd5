//! The sentences about files that could not be read: what is wrong, and what to do.

use std::fmt;

use super::{Problem, Unreadable};
use crate::fatturapa::encoding::MAX_FILE_BYTES;
use crate::fatturapa::finding::{Phrase, Words, words};
use crate::fatturapa::xml::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_PIECES};

impl Unreadable {
    /// What is wrong and what to do, in both languages.
    #[must_use]
    pub fn words(&self) -> Words {
        let (what, remedy) = (self.what(), self.remedy());
        match remedy {
            None => what,
            Some(remedy) => Words::new(format!("{}; {}", what.italian, remedy.italian), format!("{}; {}", what.english, remedy.english)),
        }
    }

    /// What is wrong.
    fn what(&self) -> Words {
        match self {
            Self::Empty => Words::new("il file è vuoto", "the file is empty"),
            Self::TooLarge { .. } => {
                words!(
                    "il file ha più di {MAX_FILE_BYTES} byte (5 MB), il massimo ammesso",
                    "the file has more than {MAX_FILE_BYTES} bytes (5 MB), the most allowed"
                )
            }
            Self::Signed { why } => Words::new(
                format!("il file è firmato (.p7m) e non si apre: {}", why.in_italian()),
                format!("the file is signed (.p7m) and cannot be opened: {why}"),
            ),
            Self::Archive { why } => Words::new(
                format!("il file è un archivio ZIP{}", after_colon(&why.in_italian())),
                format!("the file is a ZIP archive{}", after_colon(&why.to_string())),
            ),
            Self::UnsupportedEncoding { encoding } => words!(
                "la codifica del file è {encoding}, che non si legge (si leggono UTF-8, ISO-8859-1, ISO-8859-15, windows-1252 e UTF-16)",
                "the file's encoding is {encoding}, which is not read (UTF-8, ISO-8859-1, ISO-8859-15, windows-1252 and UTF-16 are)",
            ),
            Self::NoXml { looks, signed } => {
                let Phrase { italian, english } = looks.phrase();
                if *signed {
                    words!("dentro la firma c'è {italian}, non un file XML", "inside the signature is {english}, not an XML file")
                } else {
                    words!("il file è {italian}, non un file XML", "the file is {english}, not an XML file")
                }
            }
            Self::NotXml { at, problem, .. } => Words::new(
                format!("il file non è XML ben formato {}: {}", at.in_italian(), problem.italian),
                format!("the file is not well-formed XML at {at}: {}", problem.english),
            ),
            Self::DoctypeForbidden { at } => Words::new(
                format!("il file contiene un DOCTYPE {}, che non è ammesso", at.in_italian()),
                format!("the file has a DOCTYPE at {at}, which is not allowed"),
            ),
            Self::UndefinedEntity { name, at } => Words::new(
                format!("il file usa l'entità &{name}; {}, che XML non definisce", at.in_italian()),
                format!("the file refers to the entity &{name}; at {at}, which XML does not define"),
            ),
            Self::TooDeep { at } => Words::new(
                format!("gli elementi del file sono annidati oltre {MAX_DEPTH} livelli {}: nessuna fattura ne ha bisogno", at.in_italian()),
                format!("the file's elements are nested more than {MAX_DEPTH} deep at {at}: no invoice needs that"),
            ),
            Self::TooManyElements { at } => Words::new(
                format!(
                    "il file ha più di {MAX_PIECES} tra elementi, attributi, commenti e riferimenti: quello {} è di troppo",
                    at.in_italian()
                ),
                format!("the file has more than {MAX_PIECES} elements, attributes, comments and references: the one at {at} is too many"),
            ),
            Self::TooManyAttributes { at } => Words::new(
                format!("l'elemento {} ha più di {MAX_ATTRIBUTES} attributi: nessuna fattura ne ha bisogno", at.in_italian()),
                format!("the element at {at} has more than {MAX_ATTRIBUTES} attributes: no invoice needs that"),
            ),
            Self::WrongRoot { why, at } => why.words(*at),
            Self::OldFormat { version } => words!(
                "il file è nel vecchio formato {version}: lo SdI accetta solo FPR12, FPA12 e FSM10",
                "the file is in the old format {version}: the SdI takes FPR12, FPA12 and FSM10 only",
            ),
            Self::Message { why } => {
                if let Self::Content { problems } = &**why {
                    told(problems, Problem::fact)
                } else {
                    why.what()
                }
            }
            Self::Content { problems } => told(problems, Problem::words),
        }
    }

    /// What whoever has the file does about it, where that is not plain from what is wrong.
    fn remedy(&self) -> Option<Phrase> {
        Some(match self {
            Self::Empty => Phrase::new("inviare l'XML della fattura", "send the invoice's XML"),
            Self::TooLarge { .. } => Phrase::new("ridurre gli allegati", "make its attachments smaller"),
            Self::Signed { why } => return why.remedy(),
            Self::Archive { why } => return why.remedy(),
            Self::WrongRoot { why, .. } => return why.remedy(),
            Self::UnsupportedEncoding { .. } => Phrase::new("salvarlo in UTF-8", "save it as UTF-8"),
            Self::NoXml { signed: false, .. } => {
                Phrase::new("inviare il file XML della fattura (.xml o .xml.p7m)", "send the invoice's XML file (.xml or .xml.p7m)")
            }
            Self::NoXml { signed: true, .. } => {
                Phrase::new("firmare il file XML della fattura e inviare quello", "sign the invoice's XML file and send that")
            }
            Self::NotXml { remedy, .. } => return *remedy,
            Self::DoctypeForbidden { .. } => Phrase::new("toglierlo", "take it out"),
            Self::UndefinedEntity { .. } => Phrase::new(
                "scrivere il carattere stesso (sono ammessi solo &amp; &lt; &gt; &apos; &quot; e &#...;)",
                "write the character itself (only &amp; &lt; &gt; &apos; &quot; and &#...; are allowed)",
            ),
            Self::TooManyElements { .. } => Phrase::new("dividerlo in più file", "split it into several files"),
            Self::OldFormat { .. } => Phrase::new("per inviarlo, esportarlo in uno di questi", "to send it, export it in one of those"),
            Self::Message { .. } => Phrase::new(
                "scaricare di nuovo la ricevuta dallo SdI, o dal canale da cui è arrivata, e usarla senza modificarla",
                "get the receipt anew from the SdI, or from the channel that it came through, and leave it unchanged",
            ),
            Self::TooDeep { .. } | Self::TooManyAttributes { .. } | Self::Content { .. } => return None,
        })
    }
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().english)
    }
}

impl std::error::Error for Unreadable {}

/// All problems one after the other.
fn told(problems: &[Problem], words: impl Fn(&Problem) -> Words) -> Words {
    let told: Vec<_> = problems.iter().map(words).collect();
    let joined = |of: fn(&Words) -> &str| told.iter().map(of).collect::<Vec<_>>().join("; ");
    Words::new(joined(|words| &words.italian), joined(|words| &words.english))
}

fn after_colon(why: &str) -> String {
    if why.is_empty() { String::new() } else { format!(": {why}") }
}
