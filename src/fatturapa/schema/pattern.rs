//! Patterns of XML Schema, which match a whole value.

use std::ops::RangeInclusive;

use regex::Regex;

/// A pattern of a simple type.
#[derive(Clone, Debug)]
pub(super) struct Pattern {
    /// As the schema writes it.
    pub(super) text: String,
    matcher: Matcher,
}

#[derive(Clone, Debug)]
enum Matcher {
    /// So many characters of a set: most patterns are this, and counting them is much cheaper than an automaton with a thousand states.
    Characters {
        highest: char,
        count: RangeInclusive<usize>,
    },
    Expression(Regex),
}

const BASIC_LATIN: &str = r"\p{IsBasicLatin}";
const LATIN: &str = r"[\p{IsBasicLatin}\p{IsLatin-1Supplement}]";
const LAST_OF_BASIC_LATIN: char = '\u{7f}';
const LAST_OF_LATIN_1: char = '\u{ff}';

impl Pattern {
    pub(super) fn new(text: &str) -> Result<Self, regex::Error> {
        let matcher = match characters(text) {
            Some((highest, count)) => Matcher::Characters { highest, count },
            None => Matcher::Expression(Regex::new(&format!("^(?:{})$", translated(text)))?),
        };
        Ok(Self { text: text.to_owned(), matcher })
    }

    pub(super) fn matches(&self, value: &str) -> bool {
        match &self.matcher {
            Matcher::Characters { highest, count } => {
                count.contains(&value.chars().count()) && value.chars().all(|character| character <= *highest)
            }
            Matcher::Expression(expression) => expression.is_match(value),
        }
    }

    /// Whether a character is one of the set, where the pattern is one of those that say no more than a set and a number.
    pub(super) fn has(&self, character: char) -> bool {
        match &self.matcher {
            Matcher::Characters { highest, .. } => character <= *highest,
            Matcher::Expression(_) => true,
        }
    }

    /// The set and number of characters, where that is all that the pattern says.
    pub(super) fn characters(&self) -> Option<(bool, &RangeInclusive<usize>)> {
        match &self.matcher {
            Matcher::Characters { highest, count } => Some((*highest == LAST_OF_BASIC_LATIN, count)),
            Matcher::Expression(_) => None,
        }
    }
}

fn characters(text: &str) -> Option<(char, RangeInclusive<usize>)> {
    let inside = text.strip_prefix('(').and_then(|text| text.strip_suffix(')')).unwrap_or(text);
    let basic = inside.strip_prefix(BASIC_LATIN).map(|count| (LAST_OF_BASIC_LATIN, count));
    let (highest, count) = basic.or_else(|| inside.strip_prefix(LATIN).map(|count| (LAST_OF_LATIN_1, count)))?;
    let (least, most) = count.strip_prefix('{')?.strip_suffix('}')?.split_once(',')?;
    Some((highest, least.parse().ok()?..=most.parse().ok()?))
}

/// The same in the notation of [`regex`], whose dot matches a carriage return and whose sets can be intersected.
fn translated(text: &str) -> String {
    let mut translated = String::new();
    let mut in_set = false;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        match character {
            '\\' => translated.extend(['\\'].into_iter().chain(characters.next())),
            '[' if in_set => translated.push_str(r"\["),
            '[' => {
                in_set = true;
                translated.push('[');
            }
            ']' => {
                in_set = false;
                translated.push(']');
            }
            '.' if !in_set => translated.push_str(r"[^\n\r]"),
            '^' if in_set && !translated.ends_with('[') => translated.push_str(r"\^"),
            '&' | '~' => translated.extend(['\\', character]),
            '^' | '$' if !in_set => translated.extend(['\\', character]),
            _ => translated.push(character),
        }
    }
    translated
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(pattern: &str, value: &str) -> bool {
        Pattern::new(pattern).unwrap().matches(value)
    }

    #[test]
    fn a_pattern_matches_the_whole_value() {
        assert!(matches("[A-Z]{2}", "IT"));
        assert!(!matches("[A-Z]{2}", "ITA") && !matches("[A-Z]{2}", "IT\n"));
        assert!(matches(r"[\-]?[0-9]{1,11}\.[0-9]{2}", "-1.00") && !matches(r"[\-]?[0-9]{1,11}\.[0-9]{2}", "1,00"));
    }

    #[test]
    fn sets_of_characters_are_counted() {
        let basic = r"(\p{IsBasicLatin}{1,3})";
        assert!(matches(basic, "a\nb") && !matches(basic, "") && !matches(basic, "abcd") && !matches(basic, "è"));
        let latin = r"[\p{IsBasicLatin}\p{IsLatin-1Supplement}]{1,3}";
        assert!(matches(latin, "èÿé") && !matches(latin, "€"));
    }

    #[test]
    fn a_dot_matches_no_line_end_and_signs_of_regex_are_plain() {
        assert!(matches(".+@.+[.]+.+", "a@b.c") && !matches(".+@.+[.]+.+", "a@b\r.c"));
        assert!(matches("[!#-'*+/-9=?A-Z^-~-]+", "a^&~-Z") && !matches("[!#-'*+/-9=?A-Z^-~-]+", "a b"));
    }
}
