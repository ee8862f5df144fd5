//! A simple type: what the text of an element may be.

use std::borrow::Cow;

use super::lexical;
use super::pattern::Pattern;

/// A built-in type that others are made of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Base {
    String,
    NormalizedString,
    Token,
    Date,
    DateTime,
    Decimal,
    Integer,
    Base64,
    Uri,
    Id,
}

impl Base {
    /// The built-in with this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        Some(match name {
            "string" => Self::String,
            "normalizedString" => Self::NormalizedString,
            "token" => Self::Token,
            "date" => Self::Date,
            "dateTime" => Self::DateTime,
            "decimal" => Self::Decimal,
            "integer" => Self::Integer,
            "base64Binary" => Self::Base64,
            "anyURI" => Self::Uri,
            "ID" => Self::Id,
            _ => return None,
        })
    }

    fn whitespace(self) -> Whitespace {
        match self {
            Self::NormalizedString => Whitespace::Replaced,
            Self::Token | Self::Decimal | Self::Integer | Self::Base64 | Self::Uri | Self::Id => Whitespace::Collapsed,
            // XML Schema would take blanks around a date away; libxml2, by which others judge, refuses them, and so does whoever trusts it.
            Self::String | Self::Date | Self::DateTime => Whitespace::Preserved,
        }
    }

    fn takes(self, value: &str) -> bool {
        match self {
            Self::String | Self::NormalizedString | Self::Token | Self::Uri => true,
            Self::Date => lexical::is_date(value),
            Self::DateTime => lexical::is_date_time(value),
            Self::Decimal => lexical::is_decimal(value),
            Self::Integer => lexical::is_integer(value),
            Self::Base64 => lexical::is_base64(value),
            Self::Id => lexical::is_name(value),
        }
    }
}

/// What becomes of blanks before a value is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Whitespace {
    Preserved,
    /// Each tab and line end is a blank.
    Replaced,
    /// Several blanks are one, and none is at the ends.
    Collapsed,
}

/// A simple type.
#[derive(Clone, Debug)]
pub(super) struct Simple {
    pub(super) base: Base,
    whitespace: Whitespace,
    /// Of each group one must match: a group for each step by which the type was made.
    pub(super) patterns: Vec<Vec<Pattern>>,
    /// The values of a code list; empty when there is none.
    pub(super) values: Vec<String>,
    /// The least and the most characters.
    pub(super) length: (usize, usize),
    /// The least and the greatest value of a number or date, as the schema writes them.
    pub(super) least: Option<String>,
    pub(super) greatest: Option<String>,
}

impl Simple {
    pub(super) fn of(base: Base) -> Self {
        let whitespace = base.whitespace();
        Self { base, whitespace, patterns: Vec::new(), values: Vec::new(), length: (0, usize::MAX), least: None, greatest: None }
    }

    /// Adds a facet that has one value; false if it is not known.
    pub(super) fn restrict(&mut self, facet: &str, value: &str) -> bool {
        let number = value.parse().unwrap_or(0);
        match (facet, value) {
            ("length", _) => self.length = (number, number),
            ("minLength", _) => self.length.0 = number,
            ("maxLength", _) => self.length.1 = number,
            ("minInclusive", _) => self.least = Some(value.to_owned()),
            ("maxInclusive", _) => self.greatest = Some(value.to_owned()),
            ("whiteSpace", "collapse") => self.whitespace = Whitespace::Collapsed,
            _ => return false,
        }
        true
    }

    /// Adds patterns of which one must match.
    pub(super) fn add_patterns(&mut self, patterns: &[&str]) -> Result<(), regex::Error> {
        self.patterns.push(patterns.iter().map(|pattern| Pattern::new(pattern)).collect::<Result<_, _>>()?);
        Ok(())
    }

    /// Whether the text is one that the type allows.
    pub(super) fn takes(&self, text: &str) -> bool {
        let value = self.normalized(text);
        self.base.takes(&value)
            && self.patterns.iter().all(|group| group.iter().any(|pattern| pattern.matches(&value)))
            && (self.values.is_empty() || self.values.iter().any(|allowed| *allowed == *value))
            && (self.length == (0, usize::MAX) || (self.length.0..=self.length.1).contains(&value.chars().count()))
            && self.least.as_ref().is_none_or(|least| self.in_order(least, &value))
            && self.greatest.as_ref().is_none_or(|greatest| self.in_order(&value, greatest))
    }

    /// The value that the text stands for.
    pub(super) fn normalized<'v>(&self, text: &'v str) -> Cow<'v, str> {
        let is_blank = |character: char| matches!(character, ' ' | '\t' | '\n' | '\r');
        match self.whitespace {
            Whitespace::Preserved => Cow::Borrowed(text),
            Whitespace::Replaced if !text.contains(['\t', '\n', '\r']) => Cow::Borrowed(text),
            Whitespace::Replaced => Cow::Owned(text.replace(['\t', '\n', '\r'], " ")),
            // Where only signs without blanks count, those at the ends are all there is to take away.
            Whitespace::Collapsed if self.base != Base::Token && self.base != Base::NormalizedString => {
                Cow::Borrowed(text.trim_matches(is_blank))
            }
            Whitespace::Collapsed => {
                let text = text.trim_matches(is_blank);
                if !text.contains(['\t', '\n', '\r']) && !text.contains("  ") {
                    return Cow::Borrowed(text);
                }
                Cow::Owned(text.split(is_blank).filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" "))
            }
        }
    }

    fn in_order(&self, lower: &str, upper: &str) -> bool {
        match self.base {
            Base::Date | Base::DateTime => lexical::in_order(lower, upper),
            Base::Decimal | Base::Integer => lexical::compare_decimals(lower, upper).is_le(),
            Base::String | Base::NormalizedString | Base::Token | Base::Base64 | Base::Uri | Base::Id => true,
        }
    }
}
