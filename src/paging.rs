//! Keyset pages: a token says where the last page ended and for which question, so that a page costs the same wherever it is.

use data_encoding::BASE64URL_NOPAD;
use ring::digest::{SHA256, digest};
use uuid::Uuid;

use crate::check::Check;

/// The page that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page {
    /// At most so many rows.
    pub size: u32,
    /// The id the page before ended with.
    pub after: Option<Uuid>,
}

const LARGEST: i32 = 200;
const USUAL: u32 = 50;
const FINGERPRINT: usize = 8;

/// Reads page_size and page_token; `question` is what the rows are chosen by: a token is good for the same question only.
pub fn page(check: &mut Check, size: i32, token: &str, question: &str) -> Option<Page> {
    let size = match size {
        0 => Some(USUAL),
        size => check.number("page_size", size, 1..=LARGEST),
    };
    let after = match token {
        "" => Some(None),
        token => {
            let wrong = "must be the next_page_token of a page with the same filters";
            check.take("page_token", parse(token, question).ok_or(wrong)).map(Some)
        }
    };
    Some(Page { size: size?, after: after? })
}

fn parse(token: &str, question: &str) -> Option<Uuid> {
    let bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
    let (mark, id) = bytes.split_at_checked(FINGERPRINT)?;
    if mark != fingerprint(question) {
        return None;
    }
    Uuid::from_slice(id).ok()
}

fn fingerprint(question: &str) -> [u8; FINGERPRINT] {
    let mut mark = [0; FINGERPRINT];
    mark.copy_from_slice(&digest(&SHA256, question.as_bytes()).as_ref()[..FINGERPRINT]);
    mark
}

impl Page {
    /// How many rows to ask for: one more than the page holds, to know whether there is another.
    #[must_use]
    pub fn rows(&self) -> u64 {
        u64::from(self.size) + 1
    }

    /// Cuts the rows to the page and gives the token of the next one, empty if there is none.
    pub fn cut<T>(&self, rows: &mut Vec<T>, question: &str, id: impl Fn(&T) -> Uuid) -> String {
        let size = self.size as usize;
        if rows.len() <= size {
            return String::new();
        }
        rows.truncate(size);
        rows.last()
            .map_or_else(String::new, |last| BASE64URL_NOPAD.encode(&[fingerprint(question).as_slice(), id(last).as_bytes()].concat()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_good_for_its_own_question_only() {
        let page = Page { size: 2, after: None };
        let mut rows: Vec<_> = (1..=3).map(Uuid::from_u128).collect();
        let token = page.cut(&mut rows, "acc_1 sent", |id| *id);
        assert_eq!(rows.len(), 2);
        assert_eq!(parse(&token, "acc_1 sent"), Some(Uuid::from_u128(2)));
        assert_eq!(parse(&token, "acc_1 received"), None);
        assert_eq!(parse("AAAA", "acc_1 sent"), None);
    }

    #[test]
    fn the_last_page_has_no_token() {
        let page = Page { size: 3, after: None };
        let mut rows: Vec<_> = (1..=3).map(Uuid::from_u128).collect();
        assert_eq!(page.cut(&mut rows, "", |id| *id), "");
    }
}
