//! A process and whoever runs it: being told to end, and whether colours are welcome.

use std::env;
use std::ffi::OsStr;
use std::io::{self, IsTerminal};

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

/// Whether to write colours to a stream: to a terminal only, and never when `NO_COLOR` is set to anything (no-color.org).
#[must_use]
pub fn in_colour(stream: &impl IsTerminal) -> bool {
    wants_colour(stream.is_terminal(), env::var_os("NO_COLOR").as_deref())
}

fn wants_colour(is_terminal: bool, no_color: Option<&OsStr>) -> bool {
    is_terminal && no_color.is_none_or(OsStr::is_empty)
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
}
