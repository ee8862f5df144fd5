//! A mail as the outbox keeps it: written once, sent later, perhaps more than once.

use serde::{Deserialize, Serialize};

/// A mail ready to be sent.
///
/// Plain text only: it is read everywhere, a terminal included. What is no text comes along as an attachment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mail {
    /// The recipient's address.
    pub to: String,
    /// The subject, on one line.
    pub subject: String,
    /// The text, its lines at most 72 characters wide, apart from numbers that must not be broken.
    pub text: String,
    /// What comes along.
    pub attachments: Vec<Attachment>,
}

/// A file that comes along with a mail. All of ours are text (SVG is).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attachment {
    /// The file's name.
    pub name: String,
    /// Its media type, for example `image/svg+xml`.
    pub media_type: String,
    /// Its content.
    pub content: String,
}
