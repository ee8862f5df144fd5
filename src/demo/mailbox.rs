//! The mails that the server wrote to its folder, as a person would open them.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::path::PathBuf;
use std::{fs, io};

/// A mail as it is read.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Letter {
    pub(super) to: String,
    pub(super) subject: String,
    pub(super) text: String,
    /// The names of what comes along.
    pub(super) attachments: Vec<String>,
}

/// A folder of mails.
#[derive(Debug)]
pub(super) struct Mailbox {
    folder: PathBuf,
    read: BTreeSet<OsString>,
}

impl Mailbox {
    /// The folder, nothing read yet.
    pub(super) fn new(folder: PathBuf) -> Self {
        Self { folder, read: BTreeSet::new() }
    }

    /// The mails that came since the last look, oldest first: their names begin with their time.
    pub(super) fn new_letters(&mut self) -> io::Result<Vec<Letter>> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries?,
        };
        let names = entries.map(|entry| Ok(entry?.file_name())).collect::<io::Result<BTreeSet<_>>>()?;
        let unread: Vec<_> =
            names.into_iter().filter(|name| name.to_string_lossy().ends_with(".eml") && !self.read.contains(name)).collect();
        unread
            .into_iter()
            .map(|name| {
                let file = fs::read_to_string(self.folder.join(&name))?;
                self.read.insert(name);
                Ok(letter(&file.replace("\r\n", "\n")))
            })
            .collect()
    }
}

/// Takes a mail of ours apart. They are written for reading: headers in ASCII, text as it is.
fn letter(file: &str) -> Letter {
    let (headers, body) = file.split_once("\n\n").unwrap_or((file, ""));
    // A long header goes on in the next line, which begins with a blank.
    let headers = &headers.replace("\n ", " ");
    let text = match header(headers, "Content-Type").and_then(|kind| kind.split_once("boundary=")) {
        Some((_, boundary)) => first_part(body, boundary.trim_matches('"')),
        None => body,
    };
    let attachments = file.lines().filter_map(|line| line.split_once("filename=\"")?.1.split('"').next());
    Letter {
        to: header(headers, "To").unwrap_or_default().to_owned(),
        subject: header(headers, "Subject").unwrap_or_default().to_owned(),
        text: text.trim_end().to_owned(),
        attachments: attachments.map(str::to_owned).collect(),
    }
}

/// The text between the first part's own headers and the next part.
fn first_part<'a>(body: &'a str, boundary: &str) -> &'a str {
    let delimiter = format!("--{boundary}");
    let part = body.split(delimiter.as_str()).nth(1).unwrap_or(body);
    part.split_once("\n\n").map_or(part, |(_, text)| text)
}

/// A header's value.
fn header<'a>(headers: &'a str, name: &str) -> Option<&'a str> {
    let named = |line: &'a str| line.split_once(": ").filter(|(found, _)| found.eq_ignore_ascii_case(name));
    headers.lines().find_map(named).map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_mail_is_read() {
        let read =
            letter("From: a@b.example\nTo: ann@c.example\nSubject: Space used: 70.10%\nContent-Type: text/plain\n\nDear Ann,\n\nbye\n");
        assert_eq!((read.to.as_str(), read.subject.as_str()), ("ann@c.example", "Space used: 70.10%"));
        assert_eq!(read.text, "Dear Ann,\n\nbye");
        assert_eq!(read.attachments, Vec::<String>::new());
    }

    #[test]
    fn of_a_mail_with_an_attachment_the_text_is_shown_and_the_rest_is_named() {
        let file = "To: ann@c.example\nSubject: Order\nContent-Type: multipart/mixed;\n boundary=\"p_1\"\n\n--p_1\nContent-Type: text/plain\n\n\
                    Pay please\n\n--p_1\nContent-Disposition: attachment; filename=\"qr.svg\"\n\n<svg/>\n--p_1--\n";
        let read = letter(file);
        assert_eq!(read.text, "Pay please");
        assert_eq!(read.attachments, ["qr.svg"]);
    }
}
