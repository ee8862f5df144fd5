//! What the SdI would find wrong with the signatures of a file (SdI 00100 to 00107).
//!
//! Two of its checks need data from outside and are not made here, as [`Trust`](super::Trust) says: 00101 (certificate revoked) and 00104
//! (issuer not trusted).

use chrono::NaiveDate;

use super::signature::{Form, Integrity, Signature, Tampering, Unverified};
use crate::fatturapa::finding::{Finding, Severity, Words, italian_day};
use crate::fatturapa::reception::Reception;
use crate::fatturapa::unreadable::Position;

/// What is wrong with signatures if the SdI receives their file then: 00102 (it does not hold), 00107 (no usable certificate), 00100
/// (certificate expired), 00103 and 00105 (signing time missing, or later than that day). A signature that could not be verified is told as
/// `SIGNATURE_NOT_VERIFIED`, one that rests on SHA-1 as `SIGNATURE_SHA1`; neither refuses anything. Days are those of UTC. Findings on a `.p7m` file's signatures have no element: their path
/// is empty, and they stand at the file's beginning.
///
/// Of a file that the SdI received long ago, a certificate that expired is held against the signing alone: whether it still was valid on the
/// day of receipt is not known, and the SdI looked.
#[must_use]
pub fn findings(signatures: &[Signature], received: Reception) -> Vec<Finding> {
    let told = |signature: &Signature| {
        let told = [
            integrity(&signature.integrity),
            validity(signature, received),
            signing_time(signature, received.last_day()),
            digest(signature),
        ];
        told.into_iter().flatten()
    };
    told_of_each(signatures, told)
}

/// What is wrong with signatures on whatever day the SdI receives their file: that they do not hold (00102), or cannot (00107).
#[must_use]
pub fn broken(signatures: &[Signature]) -> Vec<Finding> {
    let told = |signature: &Signature| integrity(&signature.integrity).filter(|(_, severity, _)| *severity == Severity::Refused);
    told_of_each(signatures, told)
}

/// Each signature's findings, which say which signature it is and whose.
fn told_of_each<T: IntoIterator<Item = Told>>(signatures: &[Signature], told: impl Fn(&Signature) -> T) -> Vec<Finding> {
    (1..).zip(signatures).flat_map(|(number, signature)| of_one(number, signature, told(signature))).collect()
}

fn of_one(number: usize, signature: &Signature, told: impl IntoIterator<Item = Told>) -> Vec<Finding> {
    let (path, at) = match &signature.form {
        Form::Cades => (String::new(), Position::START),
        Form::Xades { path, at } => (path.clone(), *at),
    };
    let signer = signature.signer.common_name.as_deref().or(signature.signer.organization.as_deref());
    let signer = signer.map_or_else(String::new, |signer| format!(" ({signer})"));
    let found = told.into_iter().map(|(code, severity, words)| Finding {
        code,
        severity,
        path: path.clone(),
        at,
        message: Words::new(format!("firma {number}{signer}: {}", words.italian), format!("signature {number}{signer}: {}", words.english)),
    });
    found.collect()
}

type Told = (&'static str, Severity, Words);

fn integrity(integrity: &Integrity) -> Option<Told> {
    match integrity {
        Integrity::Verified => None,
        Integrity::Tampered { what: Tampering::Document } => Some((
            "00102",
            Severity::Refused,
            Words::new(
                "il documento è stato modificato dopo la firma; firmare di nuovo il documento",
                "the document was changed after it was signed; sign it again",
            ),
        )),
        Integrity::Tampered { what: Tampering::Signature } => Some((
            "00102",
            Severity::Refused,
            Words::new(
                "la firma non è stata fatta con la chiave del certificato su questo documento; firmare di nuovo il documento",
                "the signature was not made with the certificate's key on this document; sign the document again",
            ),
        )),
        Integrity::NotVerified { why } => Some(not_verified(why)),
    }
}

fn not_verified(why: &Unverified) -> Told {
    let Words { italian, english } = why.words();
    match why {
        Unverified::NoSigner | Unverified::Malformed => (
            "00102",
            Severity::Refused,
            Words::new(
                format!("la firma non è valida: {italian}; firmare di nuovo il documento"),
                format!("the signature is not valid: {english}; sign the document again"),
            ),
        ),
        Unverified::NoCertificate | Unverified::UnreadableCertificate => (
            "00107",
            Severity::Refused,
            Words::new(
                format!("il certificato non è valido: {italian}; firmare di nuovo includendo il certificato"),
                format!("the certificate is not valid: {english}; sign again with the certificate inside"),
            ),
        ),
        Unverified::UnknownAlgorithm { .. } | Unverified::KeyLength { .. } | Unverified::TooMuchWork | Unverified::Xades => (
            "SIGNATURE_NOT_VERIFIED",
            Severity::Advice,
            Words::new(
                format!("la firma non è stata verificata: {italian}; verificarla con il programma di firma"),
                format!("the signature was not verified: {english}; verify it with the signing program"),
            ),
        ),
    }
}

fn validity(signature: &Signature, received: Reception) -> Option<Told> {
    let (first, last) = (signature.not_before?.date_naive(), signature.not_after?.date_naive());
    let on = received.last_day();
    if let Reception::By(_) = received {
        let signed = signature.signing_time.map(|time| time.date_naive()).filter(|signed| last < *signed);
        return signed.map(|signed| ("00100", Severity::Refused, expired_when_signed(last, signed))).or_else(|| not_yet_valid(first, on));
    }
    if last < on {
        let words = Words::new(
            format!(
                "il certificato è scaduto in data {}, prima della data di ricezione {}; firmare di nuovo con un certificato in \
                 corso di validità",
                italian_day(last),
                italian_day(on)
            ),
            format!("the certificate expired on {last}, before {on}; sign again with one that is still valid"),
        );
        return Some(("00100", Severity::Refused, words));
    }
    not_yet_valid(first, on)
}

fn expired_when_signed(last: NaiveDate, signed: NaiveDate) -> Words {
    Words::new(
        format!("il certificato era scaduto in data {}, prima della firma, che porta la data {}", italian_day(last), italian_day(signed)),
        format!("the certificate had expired on {last}, before the signature, which is dated {signed}"),
    )
}

fn not_yet_valid(first: NaiveDate, on: NaiveDate) -> Option<Told> {
    (on < first).then(|| {
        let words = Words::new(
            format!(
                "il certificato non è ancora valido: lo è dalla data {}, successiva alla data di ricezione {}; firmare di nuovo con \
                 un certificato già valido",
                italian_day(first),
                italian_day(on)
            ),
            format!("the certificate is valid from {first} only, after {on}; sign again with one that is valid already"),
        );
        ("00107", Severity::Refused, words)
    })
}

fn signing_time(signature: &Signature, on: NaiveDate) -> Option<Told> {
    match signature.signing_time.map(|time| time.date_naive()) {
        Some(signed) if signed <= on => None,
        Some(signed) => Some((
            "00105",
            Severity::Refused,
            Words::new(
                format!(
                    "la firma porta la data {}, successiva alla data di ricezione {}; correggere la data del computer e firmare di nuovo",
                    italian_day(signed),
                    italian_day(on)
                ),
                format!("the signature is dated {signed}, after {on}; set the computer's clock right and sign again"),
            ),
        )),
        None => Some((
            "00103",
            Severity::Refused,
            Words::new(
                "mancano la data e l'ora della firma (signingTime); firmare di nuovo con un programma che le indichi",
                "the time of signing (signingTime) is missing; sign again with a program that states it",
            ),
        )),
    }
}

/// CNIPA's deliberation 45/2009 allows SHA-256 and longer; what the SdI does with the rest, its specification does not say.
fn digest(signature: &Signature) -> Option<Told> {
    signature.on_sha1.then(|| {
        let words = Words::new(
            "la firma usa SHA-1, non più ammesso dal 2011; firmare di nuovo con SHA-256",
            "the signature uses SHA-1, which has not been allowed since 2011; sign again with SHA-256",
        );
        ("SIGNATURE_SHA1", Severity::Advice, words)
    })
}

#[cfg(test)]
mod tests {
    use chrono::{DateTime, Utc};

    use super::*;
    use crate::fatturapa::signed::signature::{Signer, Trust};

    fn time(text: &str) -> DateTime<Utc> {
        text.parse().expect("a time")
    }

    fn good() -> Signature {
        Signature {
            form: Form::Cades,
            signer: Signer { common_name: Some("Maria Rossi".to_owned()), ..Signer::default() },
            issuer: Some("Firme S.p.A.".to_owned()),
            not_before: Some(time("2025-01-10T00:00:00Z")),
            not_after: Some(time("2028-01-10T23:59:59Z")),
            signing_time: Some(time("2026-03-31T09:00:00Z")),
            algorithm: "RSA with SHA-256".to_owned(),
            on_sha1: false,
            integrity: Integrity::Verified,
            trust: Trust::NotChecked,
        }
    }

    fn codes(signature: Signature, on: &str) -> Vec<(&'static str, Severity)> {
        let on = on.parse().expect("a day");
        let found = findings(&[signature], Reception::On(on));
        for Finding { message, .. } in &found {
            message.assert_each_in_its_language();
        }
        found.into_iter().map(|finding| (finding.code, finding.severity)).collect()
    }

    #[test]
    fn a_good_signature_is_good_from_its_day_to_the_last_day_of_its_certificate() {
        for day in ["2026-03-31", "2028-01-10"] {
            assert_eq!(codes(good(), day), [], "{day}");
        }
        assert_eq!(codes(good(), "2028-01-11"), [("00100", Severity::Refused)]);
        let told = findings(&[good()], Reception::On("2028-01-11".parse().expect("a day"))).remove(0).message;
        assert!(told.italian.contains("è scaduto in data 10/01/2028, prima della data di ricezione 11/01/2028;"), "{}", told.italian);
        assert!(told.english.contains("expired on 2028-01-10, before 2028-01-11;"), "{}", told.english);
        assert_eq!(codes(good(), "2026-03-30"), [("00105", Severity::Refused)]);
        assert_eq!(codes(good(), "2025-01-09"), [("00107", Severity::Refused), ("00105", Severity::Refused)]);
    }

    #[test]
    fn a_certificate_that_expired_since_is_not_held_against_what_the_sdi_received() {
        let by = |signature: Signature, day: &str| {
            let found = findings(&[signature], Reception::By(day.parse().expect("a day")));
            for finding in &found {
                finding.message.assert_each_in_its_language();
            }
            found.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(by(good(), "2036-01-01"), [""; 0]);
        assert_eq!(by(Signature { signing_time: Some(time("2028-01-11T00:00:00Z")), ..good() }, "2036-01-01"), ["00100"]);
        assert_eq!(by(Signature { signing_time: None, ..good() }, "2036-01-01"), ["00103"]);
        assert_eq!(by(good(), "2026-03-30"), ["00105"], "no day is both after its signing and before this one");
        assert_eq!(by(good(), "2025-01-09"), ["00107", "00105"]);
    }

    #[test]
    fn a_signature_without_its_time_is_refused() {
        assert_eq!(codes(Signature { signing_time: None, ..good() }, "2026-04-01"), [("00103", Severity::Refused)]);
    }

    #[test]
    fn what_does_not_hold_is_refused_and_what_could_not_be_verified_is_advice() {
        let of = |integrity| codes(Signature { integrity, ..good() }, "2026-04-01");
        let why = |why| of(Integrity::NotVerified { why });
        assert_eq!(of(Integrity::Tampered { what: Tampering::Document }), [("00102", Severity::Refused)]);
        assert_eq!(of(Integrity::Tampered { what: Tampering::Signature }), [("00102", Severity::Refused)]);
        assert_eq!(why(Unverified::NoSigner), [("00102", Severity::Refused)]);
        assert_eq!(why(Unverified::Malformed), [("00102", Severity::Refused)]);
        assert_eq!(why(Unverified::NoCertificate), [("00107", Severity::Refused)]);
        assert_eq!(why(Unverified::UnreadableCertificate), [("00107", Severity::Refused)]);
        assert_eq!(why(Unverified::KeyLength { bits: 1024 }), [("SIGNATURE_NOT_VERIFIED", Severity::Advice)]);
        assert_eq!(why(Unverified::TooMuchWork), [("SIGNATURE_NOT_VERIFIED", Severity::Advice)]);
        assert_eq!(why(Unverified::Xades), [("SIGNATURE_NOT_VERIFIED", Severity::Advice)]);
        let algorithm = Words::new("1.2.3", "1.2.3");
        assert_eq!(why(Unverified::UnknownAlgorithm { algorithm }), [("SIGNATURE_NOT_VERIFIED", Severity::Advice)]);
    }

    #[test]
    fn a_signature_on_sha1_is_advised_against() {
        assert_eq!(codes(Signature { on_sha1: true, ..good() }, "2026-04-01"), [("SIGNATURE_SHA1", Severity::Advice)]);
    }

    #[test]
    fn that_a_signature_does_not_hold_is_told_without_a_day_and_nothing_else_is() {
        let of = |integrity| {
            let found = broken(&[Signature { integrity, on_sha1: true, not_after: Some(time("2020-01-01T00:00:00Z")), ..good() }]);
            found.into_iter().map(|finding| finding.code).collect::<Vec<_>>()
        };
        assert_eq!(of(Integrity::Verified), [""; 0]);
        assert_eq!(of(Integrity::Tampered { what: Tampering::Document }), ["00102"]);
        assert_eq!(of(Integrity::NotVerified { why: Unverified::NoCertificate }), ["00107"]);
        assert_eq!(of(Integrity::NotVerified { why: Unverified::Xades }), [""; 0]);
    }

    #[test]
    fn a_finding_says_which_signature_it_is_and_whose() {
        let second = Signature { integrity: Integrity::Tampered { what: Tampering::Document }, ..good() };
        let found = findings(&[good(), second], Reception::On("2026-04-01".parse().expect("a day")));
        let messages: Vec<_> = found.iter().map(|finding| (finding.message.italian.as_str(), finding.message.english.as_str())).collect();
        assert_eq!(
            messages,
            [(
                "firma 2 (Maria Rossi): il documento è stato modificato dopo la firma; firmare di nuovo il documento",
                "signature 2 (Maria Rossi): the document was changed after it was signed; sign it again",
            )]
        );
    }
}
