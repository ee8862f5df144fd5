//! How mail leaves: to a mail server, or to files that a person can read.
//!
//! Both take the outbox's id of the mail for its Message-ID, so that a mail sent twice (the process died before it
//! could note the first time) is recognised as one by the recipient's server, and is one file.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};
use std::{fmt, io};

use chrono::{DateTime, Utc};
use lettre::message::header::{ContentTransferEncoding, ContentType};
use lettre::message::{Body, Mailbox, Message, MultiPart, SinglePart};
use lettre::transport::smtp::{self, response};
use lettre::{AsyncSmtpTransport, AsyncTransport as _, Tokio1Executor};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::fs;

use super::mail::{Attachment, Mail};
use crate::ids::MailId;

/// The longest a mail server may take to answer a command.
const SERVER_TIMEOUT: Duration = Duration::from_secs(20);

/// A way for mail to leave, with the sender it leaves from.
#[derive(Clone, Debug)]
pub struct Transport {
    from: Mailbox,
    way: Way,
}

#[derive(Clone)]
enum Way {
    Smtp(AsyncSmtpTransport<Tokio1Executor>),
    Files(PathBuf),
}

impl fmt::Debug for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The server's URL holds a password.
            Self::Smtp(_) => f.write_str("Smtp"),
            Self::Files(folder) => f.debug_tuple("Files").field(folder).finish(),
        }
    }
}

/// A mail server's URL that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the mail server's URL cannot be used: {0}")]
pub struct BadServerUrl(smtp::Error);

/// Why a mail did not leave.
#[derive(Debug, thiserror::Error)]
pub enum SendError {
    /// It may leave later: the server is busy or unreachable, refuses our credentials, or a disk is full.
    #[error("the mail could not be sent now: {0}")]
    Temporary(String),
    /// It will never leave: the address is none, or the server refuses this mail.
    #[error("the mail cannot be sent: {0}")]
    Permanent(String),
}

impl Transport {
    /// Hands mail to the server at `url`: `smtps://`, or `smtp://` with `?tls=required`.
    pub fn smtp(from: Mailbox, url: &SecretString) -> Result<Self, BadServerUrl> {
        let server = AsyncSmtpTransport::<Tokio1Executor>::from_url(url.expose_secret()).map_err(BadServerUrl)?;
        Ok(Self { from, way: Way::Smtp(server.timeout(Some(SERVER_TIMEOUT)).build()) })
    }

    /// Writes each mail to a file `<id>.eml` in `folder`, which is made if it is not there.
    #[must_use]
    pub const fn files(from: Mailbox, folder: PathBuf) -> Self {
        Self { from, way: Way::Files(folder) }
    }

    /// Sends a mail. `written` becomes its Date, so that sending it again gives the same mail.
    pub async fn send(&self, mail: &Mail, id: MailId, written: DateTime<Utc>) -> Result<(), SendError> {
        match &self.way {
            Way::Smtp(server) => {
                let message = self.message(mail, id, written, |text| Body::new(text.to_owned()))?;
                server.send(message).await.map(|_| ()).map_err(|error| refused_by_server(&error))
            }
            Way::Files(folder) => {
                let message = self.message(mail, id, written, readable)?;
                let name = format!("{id}.eml");
                write(folder, &name, &message.formatted())
                    .await
                    .map_err(|error| SendError::Temporary(format!("{}: {error}", folder.join(name).display())))
            }
        }
    }

    fn message(&self, mail: &Mail, id: MailId, written: DateTime<Utc>, text: fn(&str) -> Body) -> Result<Message, SendError> {
        let to = mail.to.parse().map_err(|error| SendError::Permanent(format!("{:?} is no e-mail address: {error}", mail.to)))?;
        let message = Message::builder()
            .from(self.from.clone())
            .to(to)
            .date(SystemTime::from(written))
            .message_id(Some(format!("<{id}@{}>", self.from.email.domain())))
            .subject(mail.subject.clone());
        let text = SinglePart::builder().content_type(ContentType::TEXT_PLAIN).body(text(&mail.text));
        let built = if mail.attachments.is_empty() {
            message.singlepart(text)
        } else {
            let parts = MultiPart::mixed().boundary(format!("part_{id}")).singlepart(text);
            let parts = mail.attachments.iter().try_fold(parts, |parts, attachment| Ok(parts.singlepart(part(attachment)?)))?;
            message.multipart(parts)
        };
        built.map_err(|error| SendError::Permanent(error.to_string()))
    }
}

fn part(attachment: &Attachment) -> Result<SinglePart, SendError> {
    let media_type = ContentType::parse(&attachment.media_type)
        .map_err(|error| SendError::Permanent(format!("{:?} is no media type: {error}", attachment.media_type)))?;
    Ok(lettre::message::Attachment::new(attachment.name.clone()).body(attachment.content.clone(), media_type))
}

/// The text as it is, where its lines are short enough: a file is for people, and no server stands between that
/// would want seven bits.
fn readable(text: &str) -> Body {
    Body::new_with_encoding(text.to_owned(), ContentTransferEncoding::EightBit).unwrap_or_else(|_| Body::new(text.to_owned()))
}

/// 55x is about this mail: no such mailbox, refused content. Any other refusal (53x: our credentials, 50x: our way of
/// asking) is about us and would be the same for every mail: those must wait until it is put right, not be lost.
fn refused_by_server(error: &smtp::Error) -> SendError {
    let is_about_the_mail = error.is_permanent() && error.status().is_some_and(|code| code.category == response::Category::MailSystem);
    if is_about_the_mail { SendError::Permanent(error.to_string()) } else { SendError::Temporary(error.to_string()) }
}

/// Whoever reads the folder sees whole files only.
async fn write(folder: &Path, name: &str, content: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder).await?;
    let unfinished = folder.join(format!(".{name}.new"));
    fs::write(&unfinished, content).await?;
    fs::rename(&unfinished, folder.join(name)).await
}

#[cfg(test)]
mod tests {
    use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader};
    use tokio::net::TcpListener;
    use tokio::task::JoinHandle;
    use uuid::Uuid;

    use super::*;

    fn from() -> Mailbox {
        "Fatture <fatture@provider.example>".parse().unwrap()
    }

    fn id() -> MailId {
        MailId(Uuid::from_u128(0x17))
    }

    fn written() -> DateTime<Utc> {
        "2026-11-23T10:00:00Z".parse().unwrap()
    }

    fn mail() -> Mail {
        Mail {
            to: "ann@customer.example".to_owned(),
            subject: "Lo spazio è al 90%".to_owned(),
            text: "Lo spazio è quasi finito.\n.\nUna riga di un punto solo non finisce la mail.\n".to_owned(),
            attachments: Vec::new(),
        }
    }

    /// A mail server that answers `recipient` to the recipient, and gives back what it was told.
    async fn server(recipient: &'static str) -> (Transport, JoinHandle<String>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        let told = tokio::spawn(async move {
            let (stream, _) = listener.accept().await.unwrap();
            let (read, mut write) = stream.into_split();
            let mut lines = BufReader::new(read).lines();
            let (mut told, mut in_data) = (String::new(), false);
            write.write_all(b"220 test\r\n").await.unwrap();
            while let Ok(Some(line)) = lines.next_line().await {
                told.push_str(&line);
                told.push('\n');
                let answer = match (in_data, line.split([' ', ':']).next().unwrap()) {
                    (true, _) if line == "." => "250 taken",
                    (true, _) => continue,
                    (false, "RCPT") => recipient,
                    (false, "DATA") => "354 go on",
                    (false, "QUIT") => "221 bye",
                    (false, _) => "250 test",
                };
                in_data = answer.starts_with("354");
                if write.write_all(format!("{answer}\r\n").as_bytes()).await.is_err() {
                    break;
                }
            }
            told
        });
        (Transport::smtp(from(), &SecretString::from(url)).unwrap(), told)
    }

    #[tokio::test]
    async fn a_mail_reaches_the_server_with_its_own_message_id() {
        let (transport, told) = server("250 fine").await;
        transport.send(&mail(), id(), written()).await.unwrap();
        let told = told.await.unwrap();
        for expected in [
            "MAIL FROM:<fatture@provider.example>",
            "RCPT TO:<ann@customer.example>",
            "Message-ID: <eml_00000000000000000000000000000017@provider.example>",
            "Date: Mon, 23 Nov 2026 10:00:00 +0000",
            "Lo spazio =C3=A8 quasi finito.",
        ] {
            assert!(told.contains(expected), "{expected}\nnot in\n{told}");
        }
    }

    #[tokio::test]
    async fn a_mailbox_that_does_not_exist_is_permanent_and_a_busy_one_is_not() {
        let (transport, _told) = server("550 no such mailbox").await;
        assert!(matches!(transport.send(&mail(), id(), written()).await, Err(SendError::Permanent(_))));
        for about_us in ["450 busy", "530 authenticate first", "503 bad sequence"] {
            let (transport, _told) = server(about_us).await;
            assert!(matches!(transport.send(&mail(), id(), written()).await, Err(SendError::Temporary(_))), "{about_us}");
        }
    }

    #[tokio::test]
    async fn a_server_that_is_not_there_is_temporary() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("smtp://{}", listener.local_addr().unwrap());
        drop(listener);
        let transport = Transport::smtp(from(), &SecretString::from(url)).unwrap();
        assert!(matches!(transport.send(&mail(), id(), written()).await, Err(SendError::Temporary(_))));
    }

    #[tokio::test]
    async fn the_same_mail_sent_twice_is_one_file_that_a_person_can_read() {
        let folder = tempfile::tempdir().unwrap();
        let transport = Transport::files(from(), folder.path().join("mail"));
        let mut mail = mail();
        mail.attachments.push(Attachment {
            name: "code.svg".to_owned(),
            media_type: "image/svg+xml".to_owned(),
            content: "<svg/>".to_owned(),
        });
        transport.send(&mail, id(), written()).await.unwrap();
        let path = folder.path().join("mail/eml_00000000000000000000000000000017.eml");
        let first = std::fs::read_to_string(&path).unwrap();
        transport.send(&mail, id(), written()).await.unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), first);
        assert_eq!(std::fs::read_dir(folder.path().join("mail")).unwrap().count(), 1);
        assert!(first.contains("\r\nLo spazio è quasi finito.\r\n"), "{first}");
        assert!(first.contains("filename=\"code.svg\"") && first.contains("<svg/>"), "{first}");
    }

    #[tokio::test]
    async fn what_is_no_address_is_permanent() {
        let folder = tempfile::tempdir().unwrap();
        let transport = Transport::files(from(), folder.path().to_owned());
        let mail = Mail { to: "ann@customer.example\r\nBcc: all@customer.example".to_owned(), ..mail() };
        assert!(matches!(transport.send(&mail, id(), written()).await, Err(SendError::Permanent(_))));
    }

    #[tokio::test]
    async fn a_subject_cannot_smuggle_a_header_in() {
        let folder = tempfile::tempdir().unwrap();
        let transport = Transport::files(from(), folder.path().to_owned());
        let mail = Mail { subject: "a\r\nBcc: all@customer.example".to_owned(), ..mail() };
        transport.send(&mail, id(), written()).await.unwrap();
        let file = std::fs::read_to_string(folder.path().join(format!("{}.eml", id()))).unwrap();
        assert!(!file.lines().any(|line| line.starts_with("Bcc")), "{file}");
    }

    #[test]
    fn the_password_of_the_server_is_not_shown() {
        let transport = Transport::smtp(from(), &SecretString::from("smtps://user:hunter2@mail.example")).unwrap();
        assert!(!format!("{transport:?}").contains("hunter2"));
        assert!(Transport::smtp(from(), &SecretString::from("ftp://mail.example")).is_err());
    }
}
