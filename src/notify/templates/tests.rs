//! What holds for every letter, and what each must say.

use chrono::NaiveDate;

use super::letter::WIDTH;
use super::*;
use crate::notify::language::Language;
use crate::notify::mail::Mail;

const HOLDER: &str = "Società Esempio S.r.l.";

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn expiries() -> Vec<(String, NaiveDate)> {
    vec![("Spazio aggiuntivo 2 GB".to_owned(), day("2027-11-23")), ("Documenti".to_owned(), day("2027-11-23"))]
}

fn level_crossed(level: CrossedLevel) -> SpaceLevelCrossed {
    SpaceLevelCrossed {
        holder: HOLDER.to_owned(),
        level,
        used: "0.91 GB".to_owned(),
        capacity: "1 GB".to_owned(),
        percentage: "91.20".to_owned(),
    }
}

fn confirmed(how: HowToPay) -> OrderConfirmed {
    OrderConfirmed {
        holder: HOLDER.to_owned(),
        order_number: "123456789012".to_owned(),
        amount: "48.80".to_owned(),
        beneficiary: "Provider Esempio S.p.A.".to_owned(),
        how,
        lapses_after: day("2026-12-23"),
    }
}

fn by_bank_transfer() -> OrderConfirmed {
    confirmed(HowToPay::BankTransfer {
        iban: "IT60 X054 2811 1010 0000 0123 456".to_owned(),
        bic: "BLOPIT22".to_owned(),
        creditor_reference: "RF12 1234 5678 9012".to_owned(),
        qr_code: "<svg/>".to_owned(),
    })
}

fn by_postal_slip() -> OrderConfirmed {
    confirmed(HowToPay::PostalSlip { account: "000000123456".to_owned(), code: "896012345678901234".to_owned() })
}

fn completed(automatic_renewal: bool) -> OrderCompleted {
    OrderCompleted {
        holder: HOLDER.to_owned(),
        order_number: "123456789012".to_owned(),
        amount: "48.80".to_owned(),
        capacity: "3.50 GB".to_owned(),
        expiries: expiries(),
        automatic_renewal,
    }
}

fn failed(next_attempt: Option<NaiveDate>) -> RenewalFailed {
    RenewalFailed {
        holder: HOLDER.to_owned(),
        order_number: "123456789012".to_owned(),
        amount: "48.80".to_owned(),
        method: "Visa **** 4242".to_owned(),
        expiry: day("2026-11-30"),
        next_attempt,
    }
}

fn every_mail(language: Language) -> Vec<Mail> {
    let to = "ann@customer.example";
    let succeeded = RenewalSucceeded {
        holder: HOLDER.to_owned(),
        order_number: "123456789012".to_owned(),
        amount: "48.80".to_owned(),
        method: "PayPal".to_owned(),
        expiries: expiries(),
    };
    let reminder = ExpiryReminder { holder: HOLDER.to_owned(), expiries: expiries(), days_left: 30 };
    let review = PaymentUnderReview {
        payment: "pay_00000000000000000000000000000001".to_owned(),
        amount: "50.00 EUR".to_owned(),
        paid_on: day("2026-11-23"),
        reference: "ordine 123".to_owned(),
        order_number: None,
        reason: "ordine sconosciuto".to_owned(),
    };
    let levels = [CrossedLevel::Warning, CrossedLevel::Critical, CrossedLevel::Exhausted];
    let mut mails: Vec<Mail> = levels.map(|level| level_crossed(level).mail(to, language)).into();
    mails.extend([
        by_bank_transfer().mail(to, language),
        by_postal_slip().mail(to, language),
        completed(true).mail(to, language),
        completed(false).mail(to, language),
        succeeded.mail(to, language),
        failed(Some(day("2026-11-25"))).mail(to, language),
        failed(None).mail(to, language),
        reminder.mail(to, language),
        review.mail(to, language),
    ]);
    mails
}

#[test]
fn every_letter_fits_a_terminal_and_has_a_subject_on_one_line() {
    for mail in Language::ALL.iter().flat_map(|language| every_mail(*language)) {
        assert!(mail.text.lines().all(|line| line.chars().count() <= WIDTH), "{}", mail.text);
        assert!(mail.text.lines().all(|line| line == line.trim_end()), "{}", mail.text);
        assert!((1..=WIDTH).contains(&mail.subject.chars().count()) && !mail.subject.contains('\n'), "{}", mail.subject);
        assert_eq!(mail.to, "ann@customer.example");
    }
}

#[test]
fn no_letter_is_the_same_in_both_languages() {
    for (italian, english) in every_mail(Language::It).iter().zip(every_mail(Language::En)) {
        assert_ne!(italian.subject, english.subject);
        assert!(italian.text.starts_with("Gentile ") && english.text.starts_with("Dear "), "{}{}", italian.text, english.text);
    }
}

#[test]
fn who_is_addressed_as_gentile_is_nowhere_addressed_as_tu() {
    const FAMILIAR: [&str; 11] = ["tu", "ti", "Ti", "tuo", "tua", "tuoi", "tue", "puoi", "Puoi", "potrai", "vuoi"];
    for Mail { subject, text, .. } in every_mail(Language::It) {
        let familiar = |text: &str| text.split(|letter: char| !letter.is_alphabetic()).any(|word| FAMILIAR.contains(&word));
        assert!(!familiar(&subject) && !familiar(&text), "{subject}\n{text}");
    }
}

#[test]
fn italian_letters_write_decimals_with_a_comma_and_english_ones_with_a_point() {
    let decimal = |text: &str, mark: u8| {
        text.as_bytes().windows(3).any(|three| three[1] == mark && three[0].is_ascii_digit() && three[2].is_ascii_digit())
    };
    for (language, other) in [(Language::It, b'.'), (Language::En, b',')] {
        for mail in every_mail(language) {
            assert!(!decimal(&mail.subject, other) && !decimal(&mail.text, other), "{}\n{}", mail.subject, mail.text);
        }
    }
    let completed = |language| completed(true).mail("ann@customer.example", language).text;
    assert!(completed(Language::It).contains("3,50 GB\n") && completed(Language::En).contains("3.50 GB\n"));
}

#[test]
fn no_two_letters_say_the_same() {
    for language in Language::ALL {
        let mails = every_mail(*language);
        for (place, mail) in mails.iter().enumerate() {
            assert!(mails[place + 1..].iter().all(|other| other.text != mail.text), "{}", mail.text);
        }
    }
}

#[test]
fn the_letter_about_a_bank_transfer_has_everything_needed_to_pay() {
    let mail = by_bank_transfer().mail("ann@customer.example", Language::It);
    for needed in [
        "  Importo                 48,80 €\n",
        "  Beneficiario            Provider Esempio S.p.A.\n",
        "  IBAN                    IT60 X054 2811 1010 0000 0123 456\n",
        "  BIC                     BLOPIT22\n",
        "  Causale                 Ordine 123456789012\n",
        "  Riferimento creditore   RF12 1234 5678 9012\n",
        "entro il 23/12/2026.",
    ] {
        assert!(mail.text.contains(needed), "{needed:?} is not in\n{}", mail.text);
    }
    assert_eq!(mail.attachments[0].name, "qr-123456789012.svg");
    assert_eq!(mail.attachments[0].content, "<svg/>");
}

#[test]
fn the_letter_about_a_postal_slip_has_everything_needed_to_pay() {
    let mail = by_postal_slip().mail("ann@customer.example", Language::En);
    for needed in ["€48.80", "000000123456", "896012345678901234", "Ordine 123456789012", "5 to 7 working days", "23 December 2026"] {
        assert!(mail.text.contains(needed), "{needed:?} is not in\n{}", mail.text);
    }
    assert_eq!(mail.attachments, []);
}

#[test]
fn a_suspended_customer_is_told_what_still_works_and_what_lifts_it() {
    let mail = level_crossed(CrossedLevel::Exhausted).mail("ann@customer.example", Language::It);
    assert!(mail.subject.contains("sospeso"));
    let words = mail.text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("Resta possibile ricevere") && words.contains("almeno 1 GB"), "{words}");
    assert!(words.contains("Spazio occupato 0,91 GB"), "{words}");
}

#[test]
fn a_failed_renewal_tells_when_it_is_tried_again() {
    let text = |next| failed(next).mail("ann@customer.example", Language::En).text;
    assert!(text(Some(day("2026-11-25"))).contains("We will try again on 25 November 2026."));
    assert!(text(None).contains("It will not be tried again automatically."));
}

#[test]
fn a_completed_order_tells_the_new_expiries_and_whether_it_renews_itself() {
    let text = |renews| completed(renews).mail("ann@customer.example", Language::It).text;
    assert!(text(true).contains("  Documenti                23/11/2027\n"), "{}", text(true));
    assert!(text(true).contains("rinnovo automatico è attivo") && text(false).contains("non è attivo"));
}
