//! The command line: each command calls the library and says how it ended.

use std::process::ExitCode;

use clap::Parser as _;
use spazio::command::Cli;
use spazio::terminal::complain;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            complain(format_args!("spazio: {failure}\n"));
            failure.exit_code()
        }
    }
}
