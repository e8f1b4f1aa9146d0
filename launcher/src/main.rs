//! `everything`: starts the whole system on one machine and looks after it.
//! The services are in this program too (`everything serve …`), so one build serves.

mod check;
mod child;
mod cli;
mod commands;
mod control;
mod data;
mod engines;
mod family;
mod guard;
mod https;
mod install;
mod log_file;
mod logs;
mod paths;
mod ports;
mod process;
mod python;
mod screen;
mod secrets;
mod serve;
mod services;
mod supervise;
mod up;
mod with_engines;

use std::process::ExitCode;

use crate::{
    cli::{Cli, Command},
    screen::Screen,
};

fn main() -> ExitCode {
    // Refuses unknown EVERYTHING_… variables; reads secrets from files where X_FILE says so.
    let cli: Cli = runtime::config::parse();
    if let Some(Command::Become(args)) = cli.command {
        return told(guard::become_program(args));
    }
    let mut builder = match cli.command {
        // One thread: Linux ties "my parent died" to the thread that started a child.
        Some(Command::Guard(_)) => tokio::runtime::Builder::new_current_thread(),
        _ => tokio::runtime::Builder::new_multi_thread(),
    };
    let tokio = match builder.enable_all().build() {
        Ok(tokio) => tokio,
        Err(error) => return told(Err(error.into())),
    };
    let code = told(tokio.block_on(run(cli)));
    // A blocking read of standard input must not hold up the end.
    tokio.shutdown_background();
    code
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    match cli.command.unwrap_or(Command::Up(cli.up)) {
        Command::Up(args) => {
            let screen = Screen::new();
            ended(&screen, up::run(args, &screen).await).await
        }
        Command::Install(args) => {
            let screen = Screen::new();
            let installed = install::ensure(install::Want::of(args.time_skipping), &screen).await;
            ended(&screen, installed.map(|_| ExitCode::SUCCESS)).await
        }
        Command::WithEngines(args) => {
            let screen = Screen::on_stderr();
            ended(&screen, with_engines::run(args, &screen).await).await
        }
        Command::Status(place) => commands::status(&place.data).await,
        Command::Logs(args) => logs::run(&args).await,
        Command::Links(place) => commands::links(&place.data).await,
        Command::AdminLink(place) => commands::admin_link(&place.data).await,
        Command::Rebuild(place) => commands::rebuild(&place.data).await,
        Command::Doctor(place) => check::doctor(&place.data).await,
        Command::Down(place) => commands::down(&place.data).await,
        Command::Reset(args) => commands::reset(&args).await,
        Command::Serve(args) => serve::run(args).await,
        Command::PinCost => commands::pin_cost(),
        Command::Guard(args) => guard::run(args).await,
        Command::Become(args) => guard::become_program(args),
    }
}

/// What was said is on the screen before an error is, or the program ends.
async fn ended(screen: &Screen, result: anyhow::Result<ExitCode>) -> anyhow::Result<ExitCode> {
    screen.end().await;
    result
}

/// Prints an error with its causes, in words.
fn told(result: anyhow::Result<ExitCode>) -> ExitCode {
    result.unwrap_or_else(|error| {
        eprintln!("everything: {error:#}");
        ExitCode::FAILURE
    })
}
