//! Why a file could not be read: told so that the person who made the file can put it right.

mod root;
mod sentences;

use std::fmt;

pub use self::root::WrongRoot;
use super::finding::{Phrase, Words};
use super::looks::Looks;
use super::receipt::UnreadableArchive;
use super::signed::Unopenable;

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
        /// What it is instead.
        why: WrongRoot,
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

    /// What is to be told, one sentence for each thing to put right. Never empty.
    #[must_use]
    pub fn messages(&self) -> Vec<String> {
        if let Self::Content { problems } = self { problems.iter().map(Problem::to_string).collect() } else { vec![self.to_string()] }
    }
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
