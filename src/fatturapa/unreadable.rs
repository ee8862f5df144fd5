//! Why a file could not be read: told so that the person who made the file can put it right.

use std::fmt;

use super::encoding::MAX_FILE_BYTES;
use super::finding::{Phrase, Words, words};
use super::looks::Looks;
use super::receipt::UnreadableArchive;
use super::signed::Unopenable;
use super::xml::{MAX_ATTRIBUTES, MAX_DEPTH, MAX_PIECES};

/// A place in a file, counted from 1 as editors do: lines, and characters within the line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The character within the line, from 1.
    pub column: usize,
}

impl Position {
    /// The first character of a file.
    pub const START: Self = Self { line: 1, column: 1 };

    /// The place reached from here by going through `passed`.
    #[must_use]
    pub(super) fn after(self, passed: &str) -> Self {
        match passed.rfind('\n') {
            None => Self { column: self.column + passed.chars().count(), ..self },
            Some(last) => Self {
                line: self.line + passed.bytes().filter(|&byte| byte == b'\n').count(),
                column: 1 + passed[last + 1..].chars().count(),
            },
        }
    }
}

impl Position {
    fn in_italian(self) -> String {
        format!("alla riga {}, colonna {}", self.line, self.column)
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// One element that should be there and is not, or whose value cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Problem {
    /// A mandatory element is absent.
    #[error("{path} is missing: add it to the element at {at}")]
    Missing {
        /// The element (or `@attribute`), from the root's children down, separated by `/`.
        path: String,
        /// Where the element that should hold it begins.
        at: Position,
    },
    /// An element is there, but its value is not one of those allowed.
    #[error("{path} at {at} is \"{found}\": it must be {}", allowed.english)]
    Invalid {
        /// The element (or `@attribute`), from the root's children down, separated by `/`.
        path: String,
        /// The value found, shortened to its beginning when it is long.
        found: String,
        /// Which values are allowed, in words that follow "must be" and "deve essere".
        allowed: Phrase,
        /// Where the element begins.
        at: Position,
    },
}

impl Problem {
    /// Where the element begins that is wrong, or that should hold what is missing.
    #[must_use]
    pub const fn position(&self) -> Position {
        match self {
            Self::Missing { at, .. } | Self::Invalid { at, .. } => *at,
        }
    }

    /// For those who can put it right.
    fn words(&self) -> Words {
        match self {
            Self::Missing { path, at } => {
                Words::new(format!("{path} manca: aggiungerlo all'elemento {}", at.in_italian()), self.to_string())
            }
            Self::Invalid { .. } => self.fact(),
        }
    }

    /// For those who cannot.
    fn fact(&self) -> Words {
        match self {
            Self::Missing { path, at } => {
                Words::new(format!("manca {path} nell'elemento {}", at.in_italian()), format!("{path} is missing from the element at {at}"))
            }
            Self::Invalid { path, found, allowed, at } => {
                Words::new(format!("{path} {} è \"{found}\": deve essere {}", at.in_italian(), allowed.italian), self.to_string())
            }
        }
    }
}

/// Why a file could not be read (I2). A received file is stored all the same, and this is told beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unreadable {
    /// There is not one byte in it, or nothing but blanks.
    Empty,
    /// It is larger than the SdI takes (SdI 00003).
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It is a signed container (.p7m), plain or in base64, that cannot be opened.
    Signed {
        /// Why not.
        why: Unopenable,
    },
    /// It is a ZIP archive in the place of a document.
    Archive {
        /// Why it is not read.
        why: UnreadableArchive,
    },
    /// Its encoding is not one that can be read.
    UnsupportedEncoding {
        /// The encoding as declared or recognised.
        encoding: String,
    },
    /// It is no XML at all.
    NoXml {
        /// What it looks like.
        looks: Looks,
        /// Whether it stands inside a signed file.
        signed: bool,
    },
    /// It is not well-formed XML.
    NotXml {
        /// Where reading stopped.
        at: Position,
        /// What is wrong there.
        problem: Words,
        /// What to do about it, where that is not plain from what is wrong.
        remedy: Option<Phrase>,
    },
    /// It has a DOCTYPE, which no invoice needs and which attacks are made of.
    DoctypeForbidden {
        /// Where it begins.
        at: Position,
    },
    /// It refers to an entity that XML itself does not define.
    UndefinedEntity {
        /// The entity's name, shortened to its beginning when it is long.
        name: String,
        /// Where the reference, or the tag that holds it, begins.
        at: Position,
    },
    /// Its elements are nested deeper than any invoice's.
    TooDeep {
        /// The first element that is too deep.
        at: Position,
    },
    /// It has more elements (attributes, comments and references counted too) than a file of 5 MB can need.
    TooManyElements {
        /// The first element too many.
        at: Position,
    },
    /// An element has more attributes than any invoice's.
    TooManyAttributes {
        /// The element.
        at: Position,
    },
    /// It is XML, but not of the wanted kind.
    WrongRoot {
        /// The root element, with its namespace in braces.
        found: String,
        /// Which ones are read.
        allowed: Phrase,
        /// Where the root begins.
        at: Position,
    },
    /// It is an invoice in a format that the SdI has not taken since 2017.
    OldFormat {
        /// The old format's version, 1.0 or 1.1.
        version: &'static str,
    },
    /// It is a message that its recipient can put nothing right in: it comes from the SdI.
    Message {
        /// Why it cannot be read. Never another of these.
        why: Box<Self>,
    },
    /// Elements are missing or wrong: all of those looked at, at most [`MAX_PROBLEMS`](Self::MAX_PROBLEMS).
    Content {
        /// What is missing or wrong, in the order met. Never empty.
        problems: Vec<Problem>,
    },
}

impl Unreadable {
    /// How many problems are told of one file: the SdI stops at as many (SdI 00201).
    pub const MAX_PROBLEMS: usize = 50;

    /// A name for the reason that never changes, for programs to decide by.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Empty => "EMPTY",
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::Signed { .. } => "SIGNED",
            Self::Archive { .. } => "ARCHIVE",
            Self::UnsupportedEncoding { .. } => "UNSUPPORTED_ENCODING",
            Self::NoXml { .. } | Self::NotXml { .. } => "NOT_XML",
            Self::DoctypeForbidden { .. } => "DOCTYPE_FORBIDDEN",
            Self::UndefinedEntity { .. } => "UNDEFINED_ENTITY",
            Self::TooDeep { .. } => "TOO_DEEP",
            Self::TooManyElements { .. } => "TOO_MANY_ELEMENTS",
            Self::TooManyAttributes { .. } => "TOO_MANY_ATTRIBUTES",
            Self::WrongRoot { .. } => "WRONG_ROOT",
            Self::OldFormat { .. } => "OLD_FORMAT",
            Self::Content { .. } => "CONTENT",
            Self::Message { why } => why.code(),
        }
    }

    /// Where reading stopped, or the first problem is; the beginning, where it is the file as a whole.
    #[must_use]
    pub fn position(&self) -> Position {
        match self {
            Self::NotXml { at, .. }
            | Self::DoctypeForbidden { at }
            | Self::UndefinedEntity { at, .. }
            | Self::TooDeep { at }
            | Self::TooManyElements { at }
            | Self::TooManyAttributes { at }
            | Self::WrongRoot { at, .. } => *at,
            Self::Content { problems } => problems.first().map_or(Position::START, Problem::position),
            Self::Message { why } => why.position(),
            Self::Empty
            | Self::TooLarge { .. }
            | Self::Signed { .. }
            | Self::Archive { .. }
            | Self::UnsupportedEncoding { .. }
            | Self::NoXml { .. }
            | Self::OldFormat { .. } => Position::START,
        }
    }

    /// The same of a message that the SdI wrote: its recipient can only get it anew. That it is none, or one of several, is told as it is.
    pub(super) fn of_message(self) -> Self {
        match self {
            Self::WrongRoot { .. } | Self::OldFormat { .. } | Self::Message { .. } => self,
            Self::Archive { ref why } if why.remedy().is_some() => self,
            Self::Empty
            | Self::TooLarge { .. }
            | Self::Signed { .. }
            | Self::Archive { .. }
            | Self::UnsupportedEncoding { .. }
            | Self::NoXml { .. }
            | Self::NotXml { .. }
            | Self::DoctypeForbidden { .. }
            | Self::UndefinedEntity { .. }
            | Self::TooDeep { .. }
            | Self::TooManyElements { .. }
            | Self::TooManyAttributes { .. }
            | Self::Content { .. } => Self::Message { why: Box::new(self) },
        }
    }

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
                "la codifica del file è {encoding}, che non si legge (si leggono UTF-8, ISO-8859-1, windows-1252 e UTF-16)",
                "the file's encoding is {encoding}, which is not read (UTF-8, ISO-8859-1, windows-1252 and UTF-16 are)",
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
            Self::WrongRoot { found, allowed, at } => Words::new(
                format!("l'elemento radice {} è {found}: deve essere {}", at.in_italian(), allowed.italian),
                format!("the file's root element at {at} is {found}: it must be {}", allowed.english),
            ),
            Self::OldFormat { version } => words!(
                "il file è nel vecchio formato {version}: lo SdI accetta solo FPR12, FPA12 e FSM10",
                "the file is in the old format {version}: the SdI takes FPR12, FPA12 and FSM10 only",
            ),
            Self::Message { why } => match &**why {
                Self::Content { problems } => told(problems, Problem::fact),
                why => why.what(),
            },
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
            Self::OldFormat { .. } => Phrase::new("esportarlo in uno di questi", "export it in one of those"),
            Self::Message { .. } => Phrase::new(
                "scaricare di nuovo la ricevuta dallo SdI, o dal canale da cui è arrivata, e usarla senza modificarla",
                "get the receipt anew from the SdI, or from the channel that it came through, and leave it unchanged",
            ),
            Self::TooDeep { .. } | Self::TooManyAttributes { .. } | Self::WrongRoot { .. } | Self::Content { .. } => return None,
        })
    }

    /// What is to be told, one sentence for each thing to put right. Never empty.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        if let Self::Content { problems } = self { problems.iter().map(Problem::to_string).collect() } else { vec![self.to_string()] }
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

/// The beginning of a text that comes from a file, so that a message stays short whatever the file holds.
pub(super) fn excerpt(text: &str) -> String {
    const CHARACTERS: usize = 100;
    match text.char_indices().nth(CHARACTERS) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_position_counts_lines_and_characters_from_one() {
        assert_eq!(Position::START.after(""), Position { line: 1, column: 1 });
        assert_eq!(Position::START.after("così"), Position { line: 1, column: 5 });
        assert_eq!(Position::START.after("a\r\nb\ncd"), Position { line: 3, column: 3 });
        assert_eq!(Position::START.after("a\nbc").after("d"), Position { line: 2, column: 4 });
    }

    #[test]
    fn each_problem_is_a_sentence_of_its_own() {
        let at = Position { line: 3, column: 5 };
        let unreadable = Unreadable::Content {
            problems: vec![
                Problem::Missing { path: "A/B".to_owned(), at },
                Problem::Invalid { path: "A/C".to_owned(), found: "x".to_owned(), allowed: Phrase::new("y o z", "y or z"), at },
            ],
        };
        assert_eq!(
            unreadable.messages(),
            ["A/B is missing: add it to the element at line 3, column 5", "A/C at line 3, column 5 is \"x\": it must be y or z",]
        );
        assert_eq!(unreadable.to_string(), unreadable.messages().join("; "));
        assert_eq!(
            unreadable.words().italian,
            "A/B manca: aggiungerlo all'elemento alla riga 3, colonna 5; A/C alla riga 3, colonna 5 è \"x\": deve essere y o z"
        );
    }

    #[test]
    fn a_long_text_is_shown_by_its_beginning() {
        assert_eq!(excerpt("short"), "short");
        assert_eq!(excerpt(&"è".repeat(5_000_000)), format!("{}...", "è".repeat(100)));
    }
}
