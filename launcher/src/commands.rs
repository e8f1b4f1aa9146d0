//! What another terminal can ask of a data folder: through the running launcher,
//! or by itself when none runs.

use std::{
    io::{IsTerminal, Write},
    path::Path,
    process::ExitCode,
    time::Duration,
};

use anyhow::{Context, Result, bail};
use tokio::{task::JoinSet, time::timeout};

use crate::{
    child::pid_file,
    cli,
    control::{Answer, PARTS, Request, ask},
    data::Data,
    engines::cluster,
    process,
    supervise::{State, Status},
};

fn say(text: &str) {
    let _ = writeln!(std::io::stdout(), "{}", text.trim_end());
}

pub(crate) async fn status(folder: &Path) -> Result<ExitCode> {
    let data = Data::existing(folder)?;
    match ask(&data, Request::Status).await? {
        Some(Answer::Status { parts, .. }) if parts.is_empty() => {
            say("starting: the engines are being checked and, where missing, installed");
            Ok(ExitCode::FAILURE)
        }
        Some(Answer::Status { parts, addresses }) => {
            let mut all_up = true;
            for name in PARTS {
                let Some(status) = parts.get(name) else { continue };
                all_up &= status.state == State::Up;
                say(&line_of(&data, name, status));
            }
            say(&format!("\n{addresses}"));
            Ok(if all_up { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Some(Answer::Failed(error)) => bail!(error),
        Some(Answer::Text(_)) => bail!("the launcher is of another version"),
        None => {
            say(&format!("nothing runs in {}", data.root().display()));
            Ok(ExitCode::FAILURE)
        }
    }
}

fn line_of(data: &Data, name: &str, status: &Status) -> String {
    let Status { state, address, restarts, note } = status;
    let process = process::running(&pid_file(data, name));
    let process = process.map_or_else(String::new, |pid| format!("process {pid}"));
    let again = match restarts {
        0 => String::new(),
        1 => "restarted once".to_owned(),
        count => format!("restarted {count} times"),
    };
    let state = state.name();
    format!("{name:>16}  {state:<8}  {address:<22}  {process:<16}  {again}  {note}")
}

pub(crate) async fn links(folder: &Path) -> Result<ExitCode> {
    say_answer(folder, Request::Links).await
}

pub(crate) async fn admin_link(folder: &Path) -> Result<ExitCode> {
    say_answer(folder, Request::AdminLink).await
}

pub(crate) async fn rebuild(folder: &Path) -> Result<ExitCode> {
    say_answer(folder, Request::Rebuild).await
}

/// Asks for what only the running launcher can do.
async fn say_answer(folder: &Path, request: Request) -> Result<ExitCode> {
    let data = Data::existing(folder)?;
    match ask(&data, request).await? {
        Some(Answer::Text(text)) => say(&text),
        Some(Answer::Failed(error)) => bail!(error),
        Some(Answer::Status { .. }) => bail!("the launcher is of another version"),
        None => bail!("nothing runs in {}; start it with `everything`", data.root().display()),
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn down(folder: &Path) -> Result<ExitCode> {
    let data = Data::existing(folder)?;
    if ask(&data, Request::Stop).await?.is_some() {
        let gone = async {
            while data.try_hold()?.is_none() {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            anyhow::Ok(())
        };
        timeout(Duration::from_secs(20), gone).await.context("it does not stop")??;
        say("stopped");
        return Ok(ExitCode::SUCCESS);
    }
    let _held = data.hold()?;
    let strays = stop_strays(&data).await?;
    say(&match strays {
        0 => format!("nothing runs in {}", data.root().display()),
        count => format!("the launcher was gone; stopped {count} parts that it had left"),
    });
    Ok(ExitCode::SUCCESS)
}

/// Stops what a killed launcher and killed guards have left; says how many.
pub(crate) async fn stop_strays(data: &Data) -> Result<usize> {
    let mut stops = JoinSet::new();
    for part in PARTS {
        let file = pid_file(data, part);
        stops.spawn(async move { process::stop_stale(&file).await });
    }
    let mut stopped = 0;
    while let Some(one) = stops.join_next().await {
        stopped += usize::from(one??);
    }
    Ok(stopped)
}

/// For the benchmark, which knows no service: one line for each check.
pub(crate) fn pin_cost() -> Result<ExitCode> {
    const CHECKS: usize = 50;
    for _ in 0..CHECKS {
        let took = customer_service::identity::hashing::measure()
            .map_err(|error| anyhow::anyhow!("hash a PIN: {error}"))?;
        say(&format!("{:.3}", took.as_secs_f64() * 1e3));
    }
    Ok(ExitCode::SUCCESS)
}

pub(crate) async fn reset(args: &cli::Reset) -> Result<ExitCode> {
    let data = Data::existing(&args.place.data)?;
    let _held = data.hold()?;
    if !args.yes {
        if !std::io::stdin().is_terminal() {
            bail!("this deletes every order, bean and member: say --yes");
        }
        print!("Delete {} with every order, bean and member? [y/N] ", data.root().display());
        std::io::stdout().flush()?;
        let mut answer = String::new();
        std::io::stdin().read_line(&mut answer)?;
        if !matches!(answer.trim(), "y" | "Y" | "yes") {
            say("nothing is deleted");
            return Ok(ExitCode::FAILURE);
        }
    }
    stop_strays(&data).await?;
    let left = cluster::delete(&data)?;
    let folder = data.root().display();
    say(&match &left[..] {
        [] => format!("deleted {folder}"),
        left => format!("deleted what was ours in {folder}; left there: {}", left.join(", ")),
    });
    Ok(ExitCode::SUCCESS)
}
