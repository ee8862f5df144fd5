//! Keyset pages: a token says where the last page ended, sealed and bound to its question, so that a page costs the same wherever it is.

use data_encoding::BASE64URL_NOPAD;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};
use sea_orm::DbErr;
use uuid::Uuid;

use crate::check::Check;
use crate::db::Db;

/// Where a page ended: what the next one begins behind.
pub trait Place: Sized {
    /// As it is sealed into a token; short.
    fn bytes(&self) -> Vec<u8>;

    /// As it was sealed.
    fn of_bytes(bytes: &[u8]) -> Option<Self>;
}

/// The id of the last row.
impl Place for Uuid {
    fn bytes(&self) -> Vec<u8> {
        self.as_bytes().to_vec()
    }

    fn of_bytes(bytes: &[u8]) -> Option<Self> {
        Self::from_slice(bytes).ok()
    }
}

/// The page that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<P = Uuid> {
    /// At most so many rows.
    pub size: u32,
    /// Where the page before ended.
    pub after: Option<P>,
}

const LARGEST: i32 = 200;
const USUAL: u32 = 50;
/// No token of ours is longer.
const LONGEST_TOKEN: usize = 120;

/// Seals page tokens, so that nobody can make one up: the same key for all replicas.
#[derive(Clone, Debug)]
pub struct Seal(LessSafeKey);

impl Seal {
    /// The seal of this database.
    pub async fn of(db: &Db) -> Result<Self, DbErr> {
        Self::with_key(&db.page_key().await?).ok_or_else(|| DbErr::Type("the page key has not 32 bytes".to_owned()))
    }

    fn with_key(key: &[u8]) -> Option<Self> {
        UnboundKey::new(&AES_256_GCM, key).ok().map(|key| Self(LessSafeKey::new(key)))
    }

    /// Reads page_size and page_token; `question` is what the rows are chosen and sorted by: a token is good for the same question only.
    pub fn page<P: Place>(&self, check: &mut Check, size: i32, token: &str, question: &str) -> Option<Page<P>> {
        let size = match size {
            0 => Some(USUAL),
            size => check.number("page_size", size, 1..=LARGEST),
        };
        let after = match token {
            "" => Some(None),
            token => {
                let wrong = "must be the next_page_token of a page with the same filters and the same order";
                check.take("page_token", self.open(token, question).ok_or(wrong)).map(Some)
            }
        };
        Some(Page { size: size?, after: after? })
    }

    /// The token for the page behind this place.
    ///
    /// # Panics
    /// When the operating system gives no random bytes.
    #[must_use]
    pub fn token(&self, question: &str, place: &impl Place) -> String {
        let mut nonce = [0; NONCE_LEN];
        SystemRandom::new().fill(&mut nonce).expect("the operating system's random source answers");
        let mut sealed = place.bytes();
        let (key, question) = (&self.0, Aad::from(question.as_bytes()));
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), question, &mut sealed).expect("a place is short");
        BASE64URL_NOPAD.encode(&[nonce.as_slice(), &sealed].concat())
    }

    /// The place that was sealed into a token for this question; none if it was not.
    #[must_use]
    pub fn open<P: Place>(&self, token: &str, question: &str) -> Option<P> {
        if token.len() > LONGEST_TOKEN {
            return None;
        }
        let mut bytes = BASE64URL_NOPAD.decode(token.as_bytes()).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let place = self.0.open_in_place(nonce, Aad::from(question.as_bytes()), sealed).ok()?;
        P::of_bytes(place)
    }
}

impl<P: Place> Page<P> {
    /// How many rows to ask for: one more than the page holds, to know whether there is another.
    #[must_use]
    pub fn rows(&self) -> u64 {
        u64::from(self.size) + 1
    }

    /// Cuts the rows to the page and tells where it ends, if there is another behind it.
    pub fn cut<T>(&self, rows: &mut Vec<T>, place: impl Fn(&T) -> P) -> Option<P> {
        let size = self.size as usize;
        if rows.len() <= size {
            return None;
        }
        rows.truncate(size);
        rows.last().map(place)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8; 32] = b"thirty-two bytes that nobody has";

    fn seal() -> Seal {
        Seal::with_key(KEY).expect("a key")
    }

    #[test]
    fn a_token_is_good_for_its_own_question_only() {
        let token = seal().token("acc_1 sent", &Uuid::from_u128(2));
        assert_eq!(seal().open(&token, "acc_1 sent"), Some(Uuid::from_u128(2)));
        assert_eq!(seal().open::<Uuid>(&token, "acc_1 received"), None);
        assert_eq!(Seal::with_key(&[0; 32]).expect("a key").open::<Uuid>(&token, "acc_1 sent"), None);
        assert_eq!(seal().open::<Uuid>("AAAA", "acc_1 sent"), None);
    }

    #[test]
    fn a_token_that_was_touched_is_none() {
        let token = seal().token("acc_1", &Uuid::from_u128(2));
        assert!(token.len() <= LONGEST_TOKEN / 2);
        for place in 0..token.len() {
            let mut touched = token.clone().into_bytes();
            touched[place] = if touched[place] == b'A' { b'B' } else { b'A' };
            let touched = String::from_utf8(touched).expect("still text");
            assert_eq!(seal().open::<Uuid>(&touched, "acc_1"), None, "{touched} for {token}");
        }
    }

    #[test]
    fn the_last_page_has_no_token() {
        let page = Page { size: 3, after: None };
        let mut rows: Vec<_> = (1..=4).map(Uuid::from_u128).collect();
        assert_eq!(page.cut(&mut rows, |id| *id), Some(Uuid::from_u128(3)));
        assert_eq!(rows.len(), 3);
        assert_eq!(page.cut(&mut rows, |id| *id), None);
    }
}
