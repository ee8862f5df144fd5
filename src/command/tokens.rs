//! `spazio token`: a token signed with the development key.

use super::{Failure, RoleArgument, TokenArguments, ended};
use crate::app;
use crate::call::ActsAs;
use crate::edge::token::DevelopmentKey;
use crate::terminal::{Output, complain};

pub(super) fn print(arguments: &TokenArguments) -> Result<(), Failure> {
    let config = arguments.settings.load()?;
    if config.identity.jwks_file.is_some() {
        let message = "a production key set is configured (identity.jwks_file): tokens come from the provider's identity service";
        return Err(Failure::Settings(message.to_owned()));
    }
    let acts_as = match (arguments.role, arguments.account) {
        (RoleArgument::Customer, Some(account)) => ActsAs::Customer(account),
        (RoleArgument::Customer, None) => return Err(Failure::Settings("--account is needed for a customer".to_owned())),
        (RoleArgument::Service | RoleArgument::Operator, Some(_)) => {
            let message = "--account goes with a customer; services and operators name the account in the metadata account-id";
            return Err(Failure::Settings(message.to_owned()));
        }
        (RoleArgument::Service, None) => ActsAs::Service,
        (RoleArgument::Operator, None) => ActsAs::Operator,
    };
    let key = DevelopmentKey::load_or_create(&config.data.folder).map_err(|error| Failure::Failed(error.to_string()))?;
    if key.is_new {
        let path = config.data.folder.join(DevelopmentKey::FILE);
        complain(format_args!(
            "spazio: {} is new: only a server with this data.folder takes the token; for another one name its own: --set data.folder=PATH\n",
            path.display()
        ));
    }
    let now = app::clock(&config)?.now();
    let identity = &config.identity;
    let out = Output::default();
    out.line(key.mint(acts_as, &arguments.subject, now, arguments.lifetime(), &identity.issuer, &identity.audience));
    ended(out, Ok(()))
}
