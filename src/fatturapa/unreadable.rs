//! Why a file could not be read: told so that the person who made the file can put it right.

use std::fmt;

use super::encoding::MAX_FILE_BYTES;
use super::finding::{Phrase, Words};
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
    fn in_italian(&self) -> String {
        match self {
            Self::Missing { path, at } => format!("{path} manca: aggiungerlo all'elemento {}", at.in_italian()),
            Self::Invalid { path, found, allowed, at } => {
                format!("{path} {} è \"{found}\": deve essere {}", at.in_italian(), allowed.italian)
            }
        }
    }
}

/// Why a file could not be read (I2). A received file is stored all the same, and this is told beside it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unreadable {
    /// There is not one byte in it, or nothing but blanks.
    #[error("the file is empty: send the invoice's XML")]
    Empty,
    /// It is larger than the SdI takes (SdI 00003).
    #[error("the file has more than {MAX_FILE_BYTES} bytes (5 MB), which are the most allowed; make its attachments smaller")]
    TooLarge {
        /// Its size.
        bytes: usize,
    },
    /// It is a signed container (.p7m), plain or in base64, that cannot be opened.
    #[error("the file is signed (.p7m) and cannot be opened: {why}")]
    Signed {
        /// Why not.
        why: Unopenable,
    },
    /// It is a ZIP archive in the place of a document.
    #[error("the file is a ZIP archive: {why}")]
    Archive {
        /// Why it is not read.
        why: UnreadableArchive,
    },
    /// Its encoding is not one that can be read.
    #[error("the file's encoding is {encoding}: save it as UTF-8 (ISO-8859-1, windows-1252 and UTF-16 are read too)")]
    UnsupportedEncoding {
        /// The encoding as declared or recognised.
        encoding: String,
    },
    /// It is not well-formed XML.
    #[error("the file is not well-formed XML at {at}: {}", problem.english)]
    NotXml {
        /// Where reading stopped.
        at: Position,
        /// What is wrong there.
        problem: Words,
    },
    /// It has a DOCTYPE, which no invoice needs and which attacks are made of.
    #[error("the file has a DOCTYPE at {at}: it is not allowed, take it out")]
    DoctypeForbidden {
        /// Where it begins.
        at: Position,
    },
    /// It refers to an entity that XML itself does not define.
    #[error(
        "the file refers to the entity &{name}; at {at}: only &amp; &lt; &gt; &apos; &quot; and &#...; are allowed, \
         write the character itself"
    )]
    UndefinedEntity {
        /// The entity's name, shortened to its beginning when it is long.
        name: String,
        /// Where the reference, or the tag that holds it, begins.
        at: Position,
    },
    /// Its elements are nested deeper than any invoice's.
    #[error("the file's elements are nested more than {MAX_DEPTH} deep at {at}: no invoice needs that")]
    TooDeep {
        /// The first element that is too deep.
        at: Position,
    },
    /// It has more elements (attributes, comments and references counted too) than a file of 5 MB can need.
    #[error(
        "the file has more than {MAX_PIECES} elements, attributes, comments and references, the one at {at} is too many: \
         split it into several files"
    )]
    TooManyElements {
        /// The first element too many.
        at: Position,
    },
    /// An element has more attributes than any invoice's.
    #[error("the element at {at} has more than {MAX_ATTRIBUTES} attributes: no invoice needs that")]
    TooManyAttributes {
        /// The element.
        at: Position,
    },
    /// It is XML, but not of the wanted kind.
    #[error("the file's root element is {found} at {at}: it must be {}", allowed.english)]
    WrongRoot {
        /// The root element, with its namespace in braces.
        found: String,
        /// Which ones are read.
        allowed: Phrase,
        /// Where the root begins.
        at: Position,
    },
    /// It is an invoice in a format that the SdI has not taken since 2017.
    #[error("the file is in the old format {version}: the SdI takes FPR12, FPA12 and FSM10 only, export it in one of those")]
    OldFormat {
        /// The old format's version, 1.0 or 1.1.
        version: &'static str,
    },
    /// Elements are missing or wrong: all of those looked at, at most [`MAX_PROBLEMS`](Self::MAX_PROBLEMS).
    #[error("{}", list(problems))]
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
    pub const fn code(&self) -> &'static str {
        match self {
            Self::Empty => "EMPTY",
            Self::TooLarge { .. } => "TOO_LARGE",
            Self::Signed { .. } => "SIGNED",
            Self::Archive { .. } => "ARCHIVE",
            Self::UnsupportedEncoding { .. } => "UNSUPPORTED_ENCODING",
            Self::NotXml { .. } => "NOT_XML",
            Self::DoctypeForbidden { .. } => "DOCTYPE_FORBIDDEN",
            Self::UndefinedEntity { .. } => "UNDEFINED_ENTITY",
            Self::TooDeep { .. } => "TOO_DEEP",
            Self::TooManyElements { .. } => "TOO_MANY_ELEMENTS",
            Self::TooManyAttributes { .. } => "TOO_MANY_ATTRIBUTES",
            Self::WrongRoot { .. } => "WRONG_ROOT",
            Self::OldFormat { .. } => "OLD_FORMAT",
            Self::Content { .. } => "CONTENT",
        }
    }

    /// Where reading stopped; the beginning, where it is the file as a whole.
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
            Self::Empty
            | Self::TooLarge { .. }
            | Self::Signed { .. }
            | Self::Archive { .. }
            | Self::UnsupportedEncoding { .. }
            | Self::OldFormat { .. }
            | Self::Content { .. } => Position::START,
        }
    }

    /// The same in both languages.
    #[must_use]
    pub fn words(&self) -> Words {
        let italian = match self {
            Self::Empty => "il file è vuoto: inviare l'XML della fattura".to_owned(),
            Self::TooLarge { .. } => format!("il file ha più di {MAX_FILE_BYTES} byte (5 MB), il massimo ammesso; ridurre gli allegati"),
            Self::Signed { why } => format!("il file è firmato (.p7m) e non si apre: {}", why.in_italian()),
            Self::Archive { why } => format!("il file è un archivio ZIP: {}", why.in_italian()),
            Self::UnsupportedEncoding { encoding } => {
                format!("la codifica del file è {encoding}: salvarlo in UTF-8 (si leggono anche ISO-8859-1, windows-1252 e UTF-16)")
            }
            Self::NotXml { at, problem } => format!("il file non è XML ben formato {}: {}", at.in_italian(), problem.italian),
            Self::DoctypeForbidden { .. } => "il file ha un DOCTYPE, non ammesso: toglierlo".to_owned(),
            Self::UndefinedEntity { name, .. } => format!("il file usa l'entità &{name};, non definita: scrivere il carattere"),
            Self::TooDeep { .. } => format!("gli elementi del file sono annidati oltre {MAX_DEPTH} livelli: nessuna fattura ne ha bisogno"),
            Self::TooManyElements { .. } => {
                format!("il file ha più di {MAX_PIECES} tra elementi, attributi, commenti e riferimenti: dividerlo in più file")
            }
            Self::TooManyAttributes { .. } => {
                format!("l'elemento ha più di {MAX_ATTRIBUTES} attributi: nessuna fattura ne ha bisogno")
            }
            Self::WrongRoot { found, allowed, .. } => format!("l'elemento radice è {found}: deve essere {}", allowed.italian),
            Self::OldFormat { version } => {
                format!("il file è nel vecchio formato {version}: lo SdI accetta solo FPR12, FPA12 e FSM10, esportarlo in uno di questi")
            }
            Self::Content { problems } => problems.iter().map(Problem::in_italian).collect::<Vec<_>>().join("; "),
        };
        Words::new(italian, self.to_string())
    }

    /// What is to be told, one sentence for each thing to put right. Never empty.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        if let Self::Content { problems } = self { problems.iter().map(Problem::to_string).collect() } else { vec![self.to_string()] }
    }
}

fn list(problems: &[Problem]) -> String {
    problems.iter().map(Problem::to_string).collect::<Vec<_>>().join("; ")
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
