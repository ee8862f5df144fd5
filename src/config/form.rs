//! The forms that values take: how one is read, what is allowed, how it is written and shown.

use std::fmt::Display;
use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use lettre::{AsyncSmtpTransport, Tokio1Executor};
use secrecy::SecretString;
use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::LevelFilter;

type Parse<T> = dyn Fn(&str) -> Option<T>;

/// How a value is read and shown.
pub(super) struct Form<T> {
    /// What is allowed, in words.
    pub(super) allowed: String,
    /// Whether TOML writes it between quotes.
    pub(super) quoted: bool,
    /// The value as it may be shown to people and logs.
    pub(super) shown: fn(&str) -> String,
    parse: Box<Parse<T>>,
}

impl<T> Form<T> {
    fn new(allowed: impl Into<String>, parse: impl Fn(&str) -> Option<T> + 'static) -> Self {
        Self { allowed: allowed.into(), quoted: true, shown: str::to_owned, parse: Box::new(parse) }
    }

    fn bare(self) -> Self {
        Self { quoted: false, ..self }
    }

    /// A form whose values are shown through `shown`, because they hold a secret.
    pub(super) fn shown_as(self, shown: fn(&str) -> String) -> Self {
        Self { shown, ..self }
    }

    pub(super) fn parse(&self, text: &str) -> Option<T> {
        (self.parse)(text)
    }
}

/// Whatever the type itself reads.
pub(super) fn parsed<T: FromStr>(allowed: &str) -> Form<T> {
    Form::new(allowed, |text| text.parse().ok())
}

/// A whole number.
pub(super) fn whole<T>(range: RangeInclusive<T>) -> Form<T>
where
    T: FromStr + PartialOrd + Display + 'static,
{
    let allowed = format!("a whole number from {} to {}", range.start(), range.end());
    Form::new(allowed, move |text| text.parse().ok().filter(|number| range.contains(number))).bare()
}

/// A length of time in whole seconds.
pub(super) fn seconds(range: RangeInclusive<u64>) -> Form<Duration> {
    let Form { allowed, parse, .. } = whole(range);
    Form::new(allowed.replace("number", "number of seconds"), move |text| parse(text).map(Duration::from_secs)).bare()
}

/// On or off.
pub(super) fn switch() -> Form<bool> {
    parsed("true or false").bare()
}

/// One of an enumeration's words.
pub(super) fn word<T: FromStr + Display>(all: &[T]) -> Form<T> {
    let words: Vec<String> = all.iter().map(ToString::to_string).collect();
    parsed(&words.join(" or "))
}

/// Text on one line.
pub(super) fn text(longest: usize) -> Form<String> {
    Form::new(format!("1 to {longest} characters on one line"), move |text| {
        let fits = (1..=longest).contains(&text.chars().count()) && !text.chars().any(char::is_control) && !text.trim().is_empty();
        fits.then(|| text.to_owned())
    })
}

/// So many digits.
pub(super) fn digits(count: RangeInclusive<usize>) -> Form<String> {
    let allowed = format!("{} to {} digits", count.start(), count.end());
    Form::new(allowed, move |text| {
        let fits = count.contains(&text.len()) && text.bytes().all(|b| b.is_ascii_digit());
        fits.then(|| text.to_owned())
    })
}

/// A name that becomes part of a path: no slash begins, ends or follows another.
pub(super) fn prefix() -> Form<String> {
    Form::new("letters, digits, hyphens, dots, underscores and single slashes within", |text| {
        let fits = text.len() <= 200 && text.split('/').all(|part| !part.is_empty() && part != "." && part != "..");
        let plain = text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._/".contains(&byte));
        (fits && plain).then(|| text.to_owned())
    })
}

/// The URL of a server that speaks HTTP. The parser of URLs puts right what browsers do, such as blanks and missing slashes: whoever uses
/// the text later does not.
pub(super) fn http_url() -> Form<String> {
    Form::new("https://HOST:PORT; plain http:// is for a network that nobody listens to", |text| {
        let rest = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"))?;
        let begins_with_host = rest.starts_with(|first: char| first.is_alphanumeric() || first == '[');
        let signs = text.chars().all(|sign| !sign.is_control() && !sign.is_whitespace() && !"@\\".contains(sign));
        let url = reqwest::Url::parse(text).ok()?;
        let fits =
            begins_with_host && signs && url.has_host() && url.port() != Some(0) && url.query().is_none() && url.fragment().is_none();
        fits.then(|| text.trim_end_matches('/').to_owned())
    })
}

/// The name of a bucket, as object stores that speak S3 allow it.
pub(super) fn bucket() -> Form<String> {
    let allowed = "3 to 63 lower-case letters, digits, hyphens and single dots, a letter or digit first and last";
    Form::new(allowed, |text| {
        let plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
        let ends = text.bytes().next().is_some_and(plain) && text.bytes().last().is_some_and(plain);
        let fits = (3..=63).contains(&text.len()) && text.bytes().all(|byte| plain(byte) || b".-".contains(&byte));
        (fits && ends && !text.contains("..")).then(|| text.to_owned())
    })
}

/// A text that is never shown.
pub(super) fn secret() -> Form<SecretString> {
    let Form { parse, .. } = text(1_000);
    Form::new("1 to 1000 characters on one line", move |text| parse(text).map(SecretString::from)).shown_as(|_| HIDDEN.to_owned())
}

/// A version of terms, as orders keep it beside their code.
pub(super) fn version() -> Form<String> {
    Form::new("1 to 64 letters, digits, hyphens, dots and underscores", |text| {
        let fits = (1..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b));
        fits.then(|| text.to_owned())
    })
}

/// A file or folder. That it is there is not looked at here: whoever opens it says more.
pub(super) fn path() -> Form<PathBuf> {
    Form::new("a path", |text| (!text.is_empty() && !text.contains('\0')).then(|| PathBuf::from(text)))
}

/// An address to listen on.
pub(super) fn address() -> Form<SocketAddr> {
    parsed("IP:PORT, for example 127.0.0.1:50051 or [::]:50051")
}

/// A bank's code (ISO 9362).
pub(super) fn bic() -> Form<String> {
    Form::new("a BIC: 8 or 11 letters and digits", |text| {
        let (bank, _) = text.split_at_checked(6)?;
        let fits = matches!(text.len(), 8 | 11)
            && bank.bytes().all(|b| b.is_ascii_uppercase())
            && text.bytes().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit());
        fits.then(|| text.to_owned())
    })
}

/// Which events are logged, in the notation of tracing's EnvFilter.
///
/// EnvFilter takes any word that is no level for the name of a target, and then logs that target and nothing else: `wran` would silence
/// the whole log. So every part must name its level.
pub(super) fn log_filter() -> Form<String> {
    Form::new("a level (off, error, warn, info, debug, trace), or more finely info,spazio::edge=debug", |text| {
        let is_level = |word: &str| !word.is_empty() && word.parse::<LevelFilter>().is_ok();
        let tells_level = |part: &str| is_level(part) || part.rsplit_once('=').is_some_and(|(_, level)| is_level(level));
        let fits = text.split(',').all(tells_level) && EnvFilter::builder().parse(text).is_ok();
        fits.then(|| text.to_owned())
    })
}

/// The URL of a mail server, with credentials.
pub(super) fn smtp_url() -> Form<SecretString> {
    Form::new("smtps://USER:PASSWORD@HOST:PORT, or smtp:// with ?tls=required; plain smtp:// is not encrypted", |text| {
        AsyncSmtpTransport::<Tokio1Executor>::from_url(text).is_ok().then(|| text.to_owned().into())
    })
    .shown_as(scheme_alone)
}

/// What stands where a secret would be.
pub(super) const HIDDEN: &str = "(hidden)";

/// A URL's scheme, if it has one, and nothing of what follows it: in a wrong URL the password may stand anywhere.
pub(super) fn scheme_alone(url: &str) -> String {
    let is_scheme = |text: &str| {
        text.starts_with(|first: char| first.is_ascii_alphabetic())
            && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"+-.".contains(&byte))
    };
    match url.split_once("://") {
        Some((scheme, _)) if is_scheme(scheme) => format!("{scheme}://{HIDDEN}"),
        Some(_) | None => HIDDEN.to_owned(),
    }
}
