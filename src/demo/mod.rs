//! The guide's story, played against a real server and held against the rules step by step.
//!
//! | file | what it holds |
//! |---|---|
//! | `stage.rs` | the server, its clients, tokens, the clock that is moved |
//! | `papers.rs` | the documents: generated (`invoices.rs`), or the files of a folder |
//! | `dates.rs` | the days on which the story happens |
//! | `tell.rs`, `shown.rs`, `mailbox.rs` | how it is told: steps, bars, tables, mails |
//! | `check.rs`, `prices.rs` | what each step is held against |
//! | `fill.rs`, `put_right.rs`, `suspended.rs`, `choose.rs`, `pay.rs`, `renew.rs`, `close.rs` | the acts |

mod check;
mod choose;
mod close;
mod dates;
mod fill;
pub mod invoices;
mod mailbox;
mod papers;
mod pay;
mod prices;
mod put_right;
mod renew;
mod shown;
mod stage;
mod suspended;
mod tell;

use std::path::PathBuf;

use self::check::{Checks, Given as _, Stop};
use self::dates::Dates;
use self::papers::Papers;
use self::stage::{Folder, Stage};
use self::tell::Tell;
use crate::clock::{CalendarDay, Clock};
use crate::pb::spazio::v1 as pb;
use crate::terminal::{EndSignals, counted, in_colour};

/// What `spazio demo` takes.
#[derive(Clone, Debug, clap::Args)]
pub struct Arguments {
    /// Stop after the story instead of serving until Ctrl-C or SIGTERM.
    #[arg(long)]
    pub exit: bool,
    /// Keep the database and the mails in this folder, to be looked at, served or audited afterwards.
    #[arg(long, value_name = "DIR")]
    pub data: Option<PathBuf>,
    /// Play with the files of this folder instead of generated invoices.
    #[arg(long, value_name = "DIR")]
    pub invoices: Option<PathBuf>,
}

/// So many files that were left out are told with the reason, the rest is counted.
const LEFT_OUT_SHOWN: usize = 20;

/// What the acts share.
struct Story {
    stage: Stage,
    tell: Tell,
    check: Checks,
    papers: Papers,
    dates: Dates,
    /// The bytes of every document that was accepted, added up here: what usage must be (S1).
    stored: u64,
    /// What they were when a level of the space was crossed last (S5).
    crossed_at: u64,
    /// The space of the trial plan.
    plan_bytes: u64,
}

/// Plays the story, and keeps the server running afterwards unless told otherwise.
///
/// Errors: the step that went otherwise than the rules say, with what was expected and what was found.
pub async fn run(arguments: Arguments) -> Result<(), String> {
    log_faults();
    let played = play(&arguments).await;
    played.map_err(|stop| stop.to_string())
}

/// A fault of the server is in its log under the id that the client gets, and the log of the demo is the terminal.
fn log_faults() {
    let log = tracing_subscriber::fmt().with_max_level(tracing::Level::ERROR).with_writer(std::io::stderr);
    let log = log.with_ansi(in_colour(&std::io::stderr()));
    // Somebody who embeds the demo may have a log already.
    let _ = log.try_init();
}

async fn play(arguments: &Arguments) -> Result<(), Stop> {
    let (papers, left_out) = match &arguments.invoices {
        Some(folder) => Papers::of_folder(folder)?,
        None => (Papers::generated(), Vec::new()),
    };
    let folder = match &arguments.data {
        Some(path) => Folder::kept(path)?,
        None => Folder::temporary()?,
    };
    let dates = Dates::before(CalendarDay::of(Clock::system().now()));
    let mut signals = EndSignals::listen().map_err(Stop::stage)?;
    let stage = Stage::set_up(folder.path(), dates.purchase).await?;
    let tell = Tell::to_standard_output();
    let mut story = Story { stage, tell, check: Checks::default(), papers, dates, stored: 0, crossed_at: 0, plan_bytes: 0 };
    story.introduce(&folder, &left_out);
    let played = tokio::select! {
        played = story.acts(&folder) => played,
        _ = signals.told() => Err(Stop::stage("interrupted")),
    };
    let ended = match played {
        Ok(()) => close::close(&mut story, &folder, arguments.exit, &mut signals).await,
        Err(stop) => Err(story.at_step(stop)),
    };
    let Story { stage, tell, .. } = story;
    let cleared = stage.clear().await;
    if ended.is_ok() && cleared.is_ok() {
        tell.gap();
        tell.say("Stopped: every call and every write was finished.");
    }
    ended.and(cleared)
}

impl Story {
    fn introduce(&self, folder: &Folder, left_out: &[String]) {
        let tell = &self.tell;
        tell.title("Spazio: an e-invoice archive that sells its space by the gigabyte");
        tell.gap();
        let place = folder.path().display();
        let kept = if folder.is_kept() { "which is kept" } else { "which is removed at the end" };
        tell.say(&format!(
            "A real server listens on {}. Everything below goes through its gRPC interface and is held against the rules of the product. \
             Database and mails are in {place}, {kept}.",
            self.stage.address()
        ));
        tell.say(
            "The clock is moved by hand, so that a year and a half pass in seconds. The account has a trial plan of a few MB instead of \
             1 GB, so that it can be filled in seconds; it costs what the ordinary plan costs, and everything else is as it is for every customer.",
        );
        match self.papers.files() {
            0 => tell.say("The invoices are generated: well-formed FatturaPA files, each different."),
            files => tell.say(&format!(
                "The invoices are made from {} of the folder, used again under another number where that does not suffice; each stands for \
                 sent and received ones alike.",
                counted(files, "file")
            )),
        }
        for line in left_out.iter().take(LEFT_OUT_SHOWN) {
            tell.say(&format!("Left out: {line}"));
        }
        if let Some(more @ 1..) = left_out.len().checked_sub(LEFT_OUT_SHOWN) {
            tell.say(&format!("Left out: {} more that cannot be read.", counted(more, "file")));
        }
    }

    async fn acts(&mut self, folder: &Folder) -> Result<(), Stop> {
        fill::open_account(self).await?;
        put_right::put_right(self, folder).await?;
        let refused = fill::fill(self).await?;
        let received = suspended::refuse(self, &refused).await?;
        suspended::go_on(self, &received).await?;
        suspended::permissions(self).await?;
        let cart = choose::choose(self).await?;
        pay::pay(self, &cart, &refused).await?;
        renew::buy_by_card(self).await?;
        renew::renew(self).await
    }

    /// The same stop, with the step it happened at.
    fn at_step(&self, stop: Stop) -> Stop {
        match stop {
            Stop::Difference { what, expected, found } => Stop::Difference {
                what: format!("{} went otherwise than the rules say: {what}", self.tell.present_step()),
                expected,
                found,
            },
            Stop::Stage(what) => Stop::Stage(format!("{}: {what}", self.tell.present_step())),
        }
    }

    /// The space as the customer's panel shows it, its usage held against what was stored.
    async fn space(&mut self) -> Result<pb::Space, Stop> {
        let answer = self.stage.quota().get_space(self.stage.as_customer(pb::GetSpaceRequest {})).await?.into_inner();
        let space = answer.space.given("the space")?;
        self.check.same("usage, in bytes: the sum of the documents", self.stored, space.usage_bytes)?;
        let percent = shown::percentage(self.stored, space.capacity_bytes);
        self.check.same("the percentage that is used", percent.as_str(), space.used_percent.as_str())?;
        self.check.same("free bytes", space.capacity_bytes.saturating_sub(space.usage_bytes), space.free_bytes)?;
        Ok(space)
    }

    /// What the account has bought.
    async fn services(&self) -> Result<Vec<pb::Service>, Stop> {
        let answer = self.stage.accounts().list_services(self.stage.as_customer(pb::ListServicesRequest {})).await?;
        Ok(answer.into_inner().services)
    }
}
