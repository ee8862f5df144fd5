//! The stage: a real server on a loopback port, real clients over TCP, a clock that can be moved.

use std::fs::DirBuilder;
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{TimeDelta, Utc};
use tonic::Request;
use tonic::metadata::MetadataValue;
use tonic::transport::{Channel, Endpoint};
use uuid::Uuid;

use super::check::Stop;
use super::mailbox::{Letter, Mailbox};
use crate::app::{self, App, Ended};
use crate::audit;
use crate::call::ActsAs;
use crate::clock::{CalendarDay, Clock};
use crate::config::{Config, Delivery, Identity, Sources};
use crate::edge::token::DevelopmentKey;
use crate::ids::{AccountId, Ids};
use crate::pb::spazio::v1::account_service_client::AccountServiceClient;
use crate::pb::spazio::v1::cart_service_client::CartServiceClient;
use crate::pb::spazio::v1::invoices_service_client::InvoicesServiceClient;
use crate::pb::spazio::v1::order_service_client::OrderServiceClient;
use crate::pb::spazio::v1::quota_service_client::QuotaServiceClient;
use crate::terminal::EndSignals;

/// The database's file in the demo's folder.
const DATABASE: &str = "spazio.db";
/// For calls of the story; each has a token of its own, because the clock moves by months.
const TOKEN_LIFETIME: TimeDelta = TimeDelta::minutes(10);
/// For the lines to be pasted. The clock stands still while they are tried, so it never ends there.
const PASTED_TOKEN_LIFETIME: TimeDelta = TimeDelta::hours(12);
/// When things happen on a day of the story.
const TIME_OF_DAY: TimeDelta = TimeDelta::hours(10);

/// Where the demo keeps what it makes.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    /// Removed at the end, because nobody asked to keep it.
    temporary: bool,
}

impl Folder {
    /// A folder to be kept. Refused when it holds an earlier demo, or anything else under the database's name.
    pub(super) fn kept(path: &Path) -> Result<Self, Stop> {
        let database = path.join(DATABASE);
        if database.exists() {
            let (folder, database) = (path.display(), database.display());
            return Err(Stop::stage(format!(
                "{folder} holds a demo already, and nothing in it was touched. To look at it:\n  spazio serve --database \
                 sqlite://{database} --set data.folder={folder}\nTo play again, name another folder or delete this one."
            )));
        }
        std::fs::create_dir_all(path).map_err(|error| Stop::stage(format!("{}: {error}", path.display())))?;
        Ok(Self { path: path.to_owned(), temporary: false })
    }

    /// A folder of its own that nobody else can read.
    pub(super) fn temporary() -> Result<Self, Stop> {
        let name = Ids::new(Clock::system()).next::<Uuid>();
        let path = std::env::temp_dir().join(format!("spazio-demo-{}", name.simple()));
        DirBuilder::new().mode(0o700).create(&path).map_err(|error| Stop::stage(format!("{}: {error}", path.display())))?;
        Ok(Self { path, temporary: true })
    }

    /// Where it is.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Whether it stays.
    pub(super) fn is_kept(&self) -> bool {
        !self.temporary
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if self.temporary {
            // What cannot be removed is in the system's folder for such things.
            let _ = std::fs::remove_dir_all(&self.path);
        }
    }
}

/// A server that plays, and everything its clients need.
pub(super) struct Stage {
    app: App,
    clock: Clock,
    ids: Ids,
    key: DevelopmentKey,
    identity: Identity,
    channel: Channel,
    mailbox: Mailbox,
    account: Option<AccountId>,
}

impl Stage {
    /// Starts the server in this folder, on the morning of this day.
    pub(super) async fn set_up(folder: &Path, day: CalendarDay) -> Result<Self, Stop> {
        let path = folder.to_str().ok_or_else(|| Stop::stage(format!("{}: the path must be UTF-8", folder.display())))?;
        let flags =
            vec!["server.listen=127.0.0.1:0".to_owned(), format!("database.url=sqlite://{path}/{DATABASE}"), format!("data.folder={path}")];
        let config = Config::load(&Sources { flags, ..Sources::default() }).map_err(Stop::stage)?;
        let clock = Clock::manual(day.start() + TIME_OF_DAY);
        let key = DevelopmentKey::load_or_create(folder).map_err(Stop::stage)?;
        let identity = config.identity.clone();
        let Delivery::Files(mails) = config.mail.delivery.clone() else { return Err(Stop::stage("mails are to be written to files")) };
        let app = app::start(&config, clock.clone()).await.map_err(Stop::stage)?;
        let endpoint = Endpoint::from_shared(format!("http://{}", app.address)).map_err(Stop::stage)?;
        let channel = endpoint.connect().await.map_err(Stop::stage)?;
        let ids = Ids::new(clock.clone());
        Ok(Self { app, clock, ids, key, identity, channel, mailbox: Mailbox::new(mails), account: None })
    }

    /// Where the server listens.
    pub(super) fn address(&self) -> String {
        self.app.address.to_string()
    }

    /// Today, in the story.
    pub(super) fn today(&self) -> CalendarDay {
        CalendarDay::of(self.clock.now())
    }

    /// This moment, in the story.
    pub(super) fn now(&self) -> chrono::DateTime<Utc> {
        self.clock.now()
    }

    /// Moves the clock to the morning of a day; never back.
    pub(super) fn turn_to(&self, day: CalendarDay) {
        self.clock.set((day.start() + TIME_OF_DAY).max(self.clock.now()));
    }

    /// Lets a minute pass, so that what happens one after the other is told in that order.
    pub(super) fn a_minute_passes(&self) {
        self.clock.advance(Duration::from_mins(1));
    }

    /// Waits until every job that is due has been done: mails, charges, renewals.
    pub(super) async fn settle(&self) -> Result<(), Stop> {
        self.app.worker.until_idle().await.map_err(Stop::stage)
    }

    /// The mails that came since the last look.
    pub(super) async fn new_letters(&mut self) -> Result<Vec<Letter>, Stop> {
        self.settle().await?;
        self.mailbox.new_letters().map_err(Stop::stage)
    }

    /// Looks at the books.
    pub(super) async fn audit(&self) -> Result<audit::Report, Stop> {
        audit::audit(&self.app.db).await.map_err(Stop::stage)
    }

    /// A UUID for a request.
    pub(super) fn request_id(&self) -> String {
        self.ids.next::<Uuid>().to_string()
    }

    /// From here on calls are about this account.
    pub(super) fn act_for(&mut self, account: AccountId) {
        self.account = Some(account);
    }

    /// A call of the customer's panel.
    pub(super) fn as_customer<T>(&self, message: T) -> Request<T> {
        let acts_as = self.account.map_or(ActsAs::Service, ActsAs::Customer);
        self.signed(acts_as, message)
    }

    /// A call of another service of the provider, which names the account.
    pub(super) fn as_service<T>(&self, message: T) -> Request<T> {
        let mut request = self.signed(ActsAs::Service, message);
        if let Some(account) = self.account.and_then(|account| account.to_string().parse().ok()) {
            request.metadata_mut().insert("account-id", account);
        }
        request
    }

    /// A call of a person of the provider's staff.
    pub(super) fn as_operator<T>(&self, message: T) -> Request<T> {
        self.signed(ActsAs::Operator, message)
    }

    fn signed<T>(&self, acts_as: ActsAs, message: T) -> Request<T> {
        let token = self.token(acts_as, TOKEN_LIFETIME);
        let bearer = MetadataValue::try_from(format!("Bearer {token}")).expect("a token is made of letters, digits, dots, - and _");
        let mut request = Request::new(message);
        request.metadata_mut().insert("authorization", bearer);
        request
    }

    fn token(&self, acts_as: ActsAs, lifetime: TimeDelta) -> String {
        let Identity { issuer, audience, .. } = &self.identity;
        self.key.mint(acts_as, "demo", self.clock.now(), lifetime, issuer, audience)
    }

    /// A token of the customer, to be pasted.
    pub(super) fn customers_token(&self) -> Option<String> {
        self.account.map(|account| self.token(ActsAs::Customer(account), PASTED_TOKEN_LIFETIME))
    }

    pub(super) fn accounts(&self) -> AccountServiceClient<Channel> {
        AccountServiceClient::new(self.channel.clone())
    }

    pub(super) fn quota(&self) -> QuotaServiceClient<Channel> {
        QuotaServiceClient::new(self.channel.clone())
    }

    pub(super) fn invoices(&self) -> InvoicesServiceClient<Channel> {
        InvoicesServiceClient::new(self.channel.clone())
    }

    pub(super) fn carts(&self) -> CartServiceClient<Channel> {
        CartServiceClient::new(self.channel.clone())
    }

    pub(super) fn orders(&self) -> OrderServiceClient<Channel> {
        OrderServiceClient::new(self.channel.clone())
    }

    /// Serves until Ctrl-C or SIGTERM, or until the server ends by itself.
    pub(super) async fn serve(&mut self, signals: &mut EndSignals) -> Result<(), Stop> {
        tokio::select! {
            _ = signals.told() => Ok(()),
            failure = self.app.failed() => Err(Stop::stage(failure)),
        }
    }

    /// Ends the server; everything under way is finished.
    pub(super) async fn clear(self) -> Result<(), Stop> {
        // The client's connection would keep the server waiting.
        drop(self.channel);
        match self.app.stop().await {
            Ended::Clean => Ok(()),
            Ended::CutOff => Err(Stop::stage("the server did not stop cleanly")),
        }
    }
}
