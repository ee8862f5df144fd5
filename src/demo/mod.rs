//! The guide's story, played against a real server.

pub mod invoices;

use std::path::PathBuf;

/// What `spazio demo` takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Stop after the story instead of serving until Ctrl-C.
    #[arg(long)]
    pub exit: bool,
    /// Keep the database and the mails in this folder.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Play with the files of this folder instead of generated invoices.
    #[arg(long, value_name = "DIR")]
    pub invoices: Option<PathBuf>,
}

/// Plays the story.
pub async fn run(_: Arguments) -> Result<(), String> {
    Ok(())
}
