//! What a simple type allows, in words that follow "must be" and "deve essere".

use super::pattern::Pattern;
use super::simple::{Base, Simple};
use crate::fatturapa::finding::{Words, italian_day, words};

/// So many values of a code list are told one by one.
const VALUES_TOLD: usize = 30;

/// Patterns that are not just a number of characters.
const PATTERNS: &[(&str, &str, &str)] = &[
    ("[A-Z]{2}", "di 2 lettere maiuscole", "2 capital letters"),
    ("[A-Z]{3}", "di 3 lettere maiuscole", "3 capital letters"),
    ("[A-Z0-9]{6,7}", "di 6 o 7 lettere maiuscole e cifre", "6 or 7 capital letters and digits"),
    ("[A-Z0-9]{7}", "di 7 lettere maiuscole e cifre", "7 capital letters and digits"),
    ("[A-Z0-9]{11,16}", "da 11 a 16 lettere maiuscole e cifre", "11 to 16 capital letters and digits"),
    ("[A-Z0-9]{16}", "di 16 lettere maiuscole e cifre", "16 capital letters and digits"),
    ("[0-9][0-9][0-9][0-9][0-9]", "di 5 cifre", "5 digits"),
    (
        "[0-9]{1,3}\\.[0-9]{2}",
        "una percentuale con il punto e 2 decimali, come 22.00",
        "a percentage with a point and 2 decimals, such as 22.00",
    ),
    (
        "[\\-]?[0-9]{1,11}\\.[0-9]{2}",
        "un importo con il punto e 2 decimali e al più 11 cifre prima, come 1234.50",
        "an amount with a point, 2 decimals and at most 11 digits before, such as 1234.50",
    ),
    (
        "[\\-]?[0-9]{1,11}\\.[0-9]{2,8}",
        "un importo con il punto, da 2 a 8 decimali e al più 11 cifre prima, come 1234.50",
        "an amount with a point, 2 to 8 decimals and at most 11 digits before, such as 1234.50",
    ),
    (
        "[0-9]{1,12}\\.[0-9]{2,8}",
        "una quantità con il punto, da 2 a 8 decimali e al più 12 cifre prima, come 1.00",
        "a quantity with a point, 2 to 8 decimals and at most 12 digits before, such as 1.00",
    ),
    (
        "[0-9]{1,4}\\.[0-9]{1,2}",
        "un numero con il punto, 1 o 2 decimali e al più 4 cifre prima, come 12.5",
        "a number with a point, 1 or 2 decimals and at most 4 digits before, such as 12.5",
    ),
    (
        "[a-zA-Z]{2}[0-9]{2}[a-zA-Z0-9]{11,30}",
        "un IBAN: 2 lettere, 2 cifre e da 11 a 30 lettere e cifre, senza spazi",
        "an IBAN: 2 letters, 2 digits and 11 to 30 letters and digits, without blanks",
    ),
    (
        "[A-Z]{6}[A-Z2-9][A-NP-Z0-9]([A-Z0-9]{3}){0,1}",
        "un BIC di 8 o 11 lettere maiuscole e cifre",
        "a BIC of 8 or 11 capital letters and digits",
    ),
    (".+@.+[.]+.+", "un indirizzo e-mail", "an e-mail address"),
];

/// What word processors make of signs that are allowed, and the euro sign, which old character sets do not have.
const INSTEAD: &[(&str, &str)] = &[("‘’‚‛′", "'"), ("“”„‟″", "\""), ("‐‑‒–—―−", "-"), ("…", "..."), ("€", "EUR"), ("•", "-"), ("™", "TM")];

/// What an e-mail address of the transmission data begins its pattern with; it is too long to be listed.
const ADDRESS: &str = "([!#-'*+/-9=?A-Z^-~-]+";

/// What the type allows.
pub(super) fn allowed(simple: &Simple) -> Words {
    if !simple.values.is_empty() {
        let mut values: Vec<_> = simple.values.iter().map(String::as_str).collect();
        values.sort_unstable();
        let told = values.into_iter().take(VALUES_TOLD).collect::<Vec<_>>().join(", ");
        let more = simple.values.len().saturating_sub(VALUES_TOLD);
        return if more > 0 {
            Words::new(format!("uno di {told} e altri {more}"), format!("one of {told} and {more} more"))
        } else {
            Words::new(format!("uno di {told}"), format!("one of {told}"))
        };
    }
    if let Some(words) =
        simple.patterns.last().and_then(|group| group.first()).map(|pattern| pattern_words(&pattern.text, pattern.characters()))
    {
        return words;
    }
    match simple.base {
        Base::Date => date(simple),
        Base::DateTime => Words::new("una data con ora, come 2026-03-16T09:00:00", "a date with a time, such as 2026-03-16T09:00:00"),
        Base::Integer | Base::Decimal => number(simple),
        Base::Base64 => Words::new("in base64", "base64"),
        Base::Uri => Words::new("un URI", "a URI"),
        Base::Id => Words::new("un nome non usato altrove nel file", "a name that is used nowhere else in the file"),
        Base::String | Base::NormalizedString | Base::Token => length(simple.length),
    }
}

/// Where it is not plain what of a text is wrong: the first character that is none of those allowed, or how many there are. Follows what is
/// allowed.
pub(super) fn fault(simple: &Simple, value: &str) -> Words {
    let pattern = simple.patterns.last().and_then(|group| group.first());
    let (Some((_, count)), Some(pattern)) = (pattern.and_then(Pattern::characters), pattern) else { return Words::new("", "") };
    if let Some(strange) = value.chars().find(|character| !pattern.has(*character)) {
        return match INSTEAD.iter().find(|(signs, _)| signs.contains(strange)) {
            Some((_, sign)) => {
                words!("; il carattere {strange} non è ammesso, scrivere {sign}", "; the character {strange} is not allowed, write {sign}")
            }
            None => words!("; il carattere {strange} non è ammesso", "; the character {strange} is not allowed"),
        };
    }
    let length = value.chars().count();
    if length > *count.end() { words!("; ne ha {length}", "; it has {length}") } else { Words::new("", "") }
}

fn pattern_words(text: &str, characters: Option<(bool, &std::ops::RangeInclusive<usize>)>) -> Words {
    if let Some((basic, count)) = characters {
        let (italian, english) = if basic { ("ASCII", "ASCII") } else { ("latini (fino a ÿ)", "Latin (up to ÿ)") };
        let (least, most) = (count.start(), count.end());
        return Words::new(format!("da {least} a {most} caratteri {italian}"), format!("{least} to {most} {english} characters"));
    }
    if text.starts_with(ADDRESS) {
        return Words::new("un indirizzo e-mail", "an e-mail address");
    }
    match PATTERNS.iter().find(|(pattern, ..)| *pattern == text) {
        Some((_, italian, english)) => Words::new(*italian, *english),
        None => Words::new(format!("conforme a {text}"), format!("something that matches {text}")),
    }
}

fn date(simple: &Simple) -> Words {
    match &simple.least {
        Some(least) => {
            let italian = least.parse().map_or_else(|_| least.clone(), |day| italian_day(day).to_string());
            Words::new(
                format!("una data dal {italian} in poi, nella forma AAAA-MM-GG, come 2026-03-16"),
                format!("a date from {least} on, such as 2026-03-16"),
            )
        }
        None => Words::new("una data nella forma AAAA-MM-GG, come 2026-03-16", "a date, such as 2026-03-16"),
    }
}

fn number(simple: &Simple) -> Words {
    let (italian, english) = if simple.base == Base::Integer {
        ("un numero intero", "a whole number")
    } else {
        ("un numero con il punto decimale", "a number with a decimal point")
    };
    match (&simple.least, &simple.greatest) {
        (Some(least), Some(greatest)) => {
            Words::new(format!("{italian} da {least} a {greatest}"), format!("{english} from {least} to {greatest}"))
        }
        _ => Words::new(italian, english),
    }
}

fn length((least, most): (usize, usize)) -> Words {
    if least == most {
        Words::new(format!("di {least} caratteri"), format!("{least} characters"))
    } else if most == usize::MAX {
        Words::new("un testo", "text")
    } else {
        Words::new(format!("da {least} a {most} caratteri"), format!("{least} to {most} characters"))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Content, Schema, Type};
    use super::*;
    use crate::fatturapa::format::Kind;

    #[test]
    fn every_pattern_of_the_schemas_is_told_in_words() {
        let mut told = 0;
        for kind in [Kind::Ordinary, Kind::Simplified] {
            for of in &Schema::of(kind).types {
                let simple = match of {
                    Type::Simple(simple) => simple,
                    Type::Complex(complex) => match &complex.content {
                        Content::Text(simple) => simple,
                        Content::Elements { .. } => continue,
                    },
                };
                assert!(simple.patterns.iter().all(|group| group.len() == 1), "{simple:?}");
                let words = allowed(simple);
                assert!(!words.english.contains("matches"), "{}", words.english);
                told += 1;
            }
        }
        assert!(told > 80, "{told}");
    }
}
