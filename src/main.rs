//! The command line: each command calls the library and says how it ended.

use std::process::ExitCode;

use clap::Parser as _;
use spazio::command::Cli;

fn main() -> ExitCode {
    match Cli::parse().run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => {
            eprintln!("spazio: {failure}");
            failure.exit_code()
        }
    }
}
