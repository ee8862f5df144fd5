//! A process and whoever runs it: being told to end, telling them something, whether colours are welcome, how numbers of things are said.

use std::borrow::Cow;
use std::env;
use std::ffi::OsStr;
use std::fmt::Display;
use std::io::{self, IsTerminal, Write as _};
use std::sync::{Mutex, PoisonError};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The signals that tell a process to end in an orderly way.
#[derive(Debug)]
pub struct EndSignals {
    terminate: Signal,
    interrupt: Signal,
}

impl EndSignals {
    /// From here on the signals no longer end the process: somebody must wait for them.
    pub fn listen() -> io::Result<Self> {
        Ok(Self { terminate: signal(SignalKind::terminate())?, interrupt: signal(SignalKind::interrupt())? })
    }

    /// Waits until the process is told to end, and says by what.
    pub async fn told(&mut self) -> &'static str {
        tokio::select! {
            _ = self.terminate.recv() => "SIGTERM",
            _ = self.interrupt.recv() => "Ctrl-C",
        }
    }
}

/// Standard output, as commands tell things on it. Nothing that happens to it stops a command: its work and its exit code stay what they are.
#[derive(Debug, Default)]
pub struct Output(Mutex<Option<io::Error>>);

impl Output {
    /// Tells something that ends its own lines. After a failure nothing more is told.
    pub fn tell(&self, text: impl Display) {
        let mut failed = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if failed.is_none() {
            *failed = io::stdout().lock().write_all(text.to_string().as_bytes()).err();
        }
    }

    /// Tells a line.
    pub fn line(&self, text: impl Display) {
        self.tell(format_args!("{text}\n"));
    }

    /// What kept something from being told. That a reader went away is nothing: it had read what it wanted.
    pub fn end(self) -> io::Result<()> {
        match self.0.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(failed) if failed.kind() != io::ErrorKind::BrokenPipe => Err(failed),
            Some(_) | None => Ok(()),
        }
    }
}

/// Tells something on standard error. Where nobody can be told, nobody is.
pub fn complain(text: impl Display) {
    let _ = io::stderr().lock().write_all(text.to_string().as_bytes());
}

/// A text that comes from a stranger, as it may be told to a terminal: what a terminal would obey, line ends, and what is not seen or turns the
/// order of letters round, are written as escapes.
#[must_use]
pub fn harmless(text: &str) -> Cow<'_, str> {
    let is_harmful = |character: char| character.is_control() || is_unseen(character);
    if !text.contains(is_harmful) {
        return Cow::Borrowed(text);
    }
    let shown = |character: char| if is_harmful(character) { character.escape_default().to_string() } else { character.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

/// Whether a character only steers how others are written: zero-width ones, and those for the direction of writing.
const fn is_unseen(character: char) -> bool {
    matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// Whether to write colours to a stream: to a terminal only, and never when `NO_COLOR` is set to anything (no-color.org).
#[must_use]
pub fn in_colour(stream: &impl IsTerminal) -> bool {
    wants_colour(stream.is_terminal(), env::var_os("NO_COLOR").as_deref())
}

fn wants_colour(is_terminal: bool, no_color: Option<&OsStr>) -> bool {
    is_terminal && no_color.is_none_or(OsStr::is_empty)
}

/// A number of things whose name takes an s: `1 migration`, `2 migrations`.
#[must_use]
pub fn counted<N: Display + PartialEq + From<u8> + Copy>(number: N, thing: &str) -> String {
    let s = if number == N::from(1) { "" } else { "s" };
    format!("{number} {thing}{s}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_are_for_terminals_whose_owner_did_not_refuse_them() {
        let refused = Some(OsStr::new("1"));
        for (is_terminal, no_color, expected) in
            [(true, None, true), (true, Some(OsStr::new("")), true), (true, refused, false), (false, None, false), (false, refused, false)]
        {
            assert_eq!(wants_colour(is_terminal, no_color), expected, "{is_terminal} {no_color:?}");
        }
    }

    #[test]
    fn a_terminal_obeys_nothing_that_a_stranger_wrote() {
        assert_eq!(harmless("è.xml"), "è.xml");
        assert_eq!(harmless("a\u{1b}[31m\n\u{9b}2J"), "a\\u{1b}[31m\\n\\u{9b}2J");
        assert_eq!(harmless("fattura\u{202e}lmx.exe"), "fattura\\u{202e}lmx.exe");
    }

    #[test]
    fn one_thing_has_no_s() {
        assert_eq!([0_usize, 1, 2].map(|number| counted(number, "file")), ["0 files", "1 file", "2 files"]);
    }
}
