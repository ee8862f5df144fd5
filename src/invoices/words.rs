//! The words an invoice is found by: text without accents, capitals and signs, so that what people type meets what documents say.
//!
//! Text falls into chunks at blanks, chunks into parts at signs. `D'Angelo` is found as `dangelo` and as `angelo`, `FT/2026-001` as
//! `ft2026001`, `ft`, `2026` and `001`, `S.r.l.` as `srl`. Single letters are no words.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// A longer word is cut here, wherever it stands.
const LONGEST: usize = 32;

/// Different words, in the order in which they were met, at most a given number.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Words {
    most: usize,
    words: Vec<String>,
}

impl Words {
    /// The words of these texts, the first ones if there are more than `most`.
    pub fn of<'t>(most: usize, texts: impl IntoIterator<Item = &'t str>) -> Self {
        let mut words = Self { most, words: Vec::new() };
        for chunk in texts.into_iter().flat_map(str::split_whitespace) {
            if words.words.len() == most {
                break;
            }
            let parts = parts(chunk);
            words.add(&parts.concat());
            for part in &parts {
                words.add(part);
            }
        }
        words
    }

    fn add(&mut self, word: &str) {
        let word = cut(word);
        if is_word(&word) && self.words.len() < self.most && !self.words.contains(&word) {
            self.words.push(word);
        }
    }

    /// As they rest in a column: a blank before each, so that a word's beginning is told from its middle.
    pub fn column(&self) -> String {
        self.words.iter().flat_map(|word| [" ", word]).collect()
    }
}

/// The words of a column that [`Words::column`] wrote.
pub(super) fn in_column(column: &str) -> impl Iterator<Item = &str> {
    column.split(' ').filter(|word| !word.is_empty())
}

/// What a question looks for: each must be the beginning of one of an invoice's words.
///
/// A chunk asks for its parts, or for itself without signs when one of them is a single character: `12/A` is not any invoice 12.
pub(super) fn asked(text: &str) -> Vec<String> {
    let mut words = Vec::new();
    for chunk in text.split_whitespace() {
        let parts = parts(chunk);
        let whole = parts.iter().any(|part| part.chars().nth(1).is_none());
        let asked = if whole { vec![parts.concat()] } else { parts };
        words.extend(asked.iter().map(|word| cut(word)).filter(|word| is_word(word)));
    }
    words.sort_unstable();
    words.dedup();
    words
}

/// A single letter says nothing; a single digit may be an invoice's number.
fn is_word(word: &str) -> bool {
    let mut characters = word.chars();
    match (characters.next(), characters.next()) {
        (None, _) => false,
        (Some(only), None) => only.is_numeric(),
        (Some(_), Some(_)) => true,
    }
}

fn cut(word: &str) -> String {
    word.chars().take(LONGEST).collect()
}

/// The runs of letters and digits of a chunk, without accents and in lower case.
fn parts(chunk: &str) -> Vec<String> {
    let mut parts = vec![String::new()];
    for character in chunk.nfkd().filter(|character| !is_combining_mark(*character)).flat_map(char::to_lowercase).nfkd() {
        if let Some(plain) = plain(character) {
            parts.last_mut().expect("there is always a last part").push_str(plain);
        } else if character.is_alphanumeric() {
            parts.last_mut().expect("there is always a last part").push(character);
        } else if !is_combining_mark(character) {
            parts.push(String::new());
        }
    }
    parts.retain(|part| !part.is_empty());
    parts
}

/// Letters that people write otherwise, and Unicode does not take apart.
fn plain(character: char) -> Option<&'static str> {
    Some(match character {
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'ø' => "o",
        'đ' => "d",
        'ł' => "l",
        'ı' => "i",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn of(text: &str) -> Vec<String> {
        Words::of(100, [text]).words
    }

    /// Whether an invoice that says `text` is found by `question`.
    fn finds(text: &str, question: &str) -> bool {
        let column = Words::of(1_000, [text]).column();
        asked(question).iter().all(|word| column.contains(&format!(" {word}")))
    }

    #[test]
    fn accents_capitals_and_signs_make_no_difference() {
        assert_eq!(of("Müller & Söhne GmbH"), ["muller", "sohne", "gmbh"]);
        assert_eq!(of("Società D'Angelo S.r.l."), ["societa", "dangelo", "angelo", "srl"]);
        assert_eq!(of("STRASSE Straße Ærø İzmir ﬁne"), ["strasse", "aero", "izmir", "fine"]);
        assert_eq!(of("FT/2026-001"), ["ft2026001", "ft", "2026", "001"]);
        assert_eq!(of("a è 7 & -"), ["7"]);
    }

    #[test]
    fn what_people_type_is_found() {
        for (text, question) in [
            ("Müller & Söhne GmbH", "muller"),
            ("Muller GmbH", "MÜLL"),
            ("Rossi S.r.l.", "rossi srl"),
            ("Rossi SRL", "s.r.l. Rossi"),
            ("D'Angelo", "d’ang"),
            ("D’Angelo", "angelo"),
            ("FT/2026-001", "2026-001"),
            ("FT/2026-001", "ft/2026-0"),
            ("Caffe\u{301} Bianchi", "caffè b"),
        ] {
            assert!(finds(text, question), "{question} in {text}");
        }
        for (text, question) in [("Grossi", "rossi"), ("12/B", "12/A"), ("Rossi", "rossi verdi"), ("FT/2026-001", "2027")] {
            assert!(!finds(text, question), "{question} in {text}");
        }
    }

    #[test]
    fn like_has_no_signs_to_find_in_a_question() {
        assert_eq!(asked("100%_\\ %% ros_si '; --"), ["100", "ros", "si"]);
    }

    #[test]
    fn no_more_words_are_kept_than_were_asked_for() {
        assert_eq!(Words::of(2, ["eins/zwei", "drei"]).column(), " einszwei eins");
        assert_eq!(in_column(" b a").collect::<Vec<_>>(), ["b", "a"]);
        assert_eq!(in_column("").count(), 0);
    }

    proptest! {
        #[test]
        fn every_chunk_of_a_text_finds_it(text in "\\PC{0,60}") {
            for chunk in text.split_whitespace() {
                prop_assert!(finds(&text, chunk), "{chunk:?} in {text:?}");
            }
        }

        #[test]
        fn every_chunk_of_a_text_finds_it_in_capitals(text in "[a-zA-Z0-9À-ÖØ-öø-ÿ '’./&-]{0,60}") {
            for chunk in text.split_whitespace() {
                prop_assert!(finds(&text, &chunk.to_uppercase()), "{chunk:?} in capitals in {text:?}");
            }
        }

        #[test]
        fn words_are_short_and_plain_and_read_back(text in "\\PC{0,200}") {
            let words = Words::of(20, [text.as_str()]);
            prop_assert!(words.words.len() <= 20);
            for word in &words.words {
                prop_assert!(word.chars().count() <= LONGEST && word.chars().all(char::is_alphanumeric), "{word:?}");
            }
            let column = words.column();
            prop_assert_eq!(in_column(&column).collect::<Vec<_>>(), words.words);
        }
    }
}
