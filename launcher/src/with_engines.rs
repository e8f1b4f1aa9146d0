//! `everything with-engines -- COMMAND`: the four engines for as long as one
//! command runs; what `cargo xtask test` runs the tests in.

use std::{
    process::{ExitCode, ExitStatus},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use nix::{
    sys::signal::{Signal, kill},
    unistd::Pid,
};
use tokio::{
    process::Command,
    signal::unix::{SignalKind, signal},
    task::JoinSet,
};
use tokio_util::sync::CancellationToken;

use crate::{
    cli::WithEngines,
    commands,
    data::{self, Data},
    engines::{self, Plan, cluster, kafka, postgres, temporal, valkey},
    install::Want,
    screen::Screen,
    supervise::{Board, Supervisor},
};

/// All four together; on a cold machine Kafka takes longest.
const START_LIMIT: Duration = Duration::from_secs(120);

pub(crate) async fn run(args: WithEngines, screen: &Screen) -> Result<ExitCode> {
    let temporary = std::env::temp_dir().join(format!("everything-engines-{}", std::process::id()));
    let (data, held) = data::take(args.data.as_deref().unwrap_or(&temporary))?;
    let result = run_in(&args, &data, screen).await;
    drop(held);
    if args.data.is_none() {
        cluster::delete(&data)?;
    }
    result
}

async fn run_in(args: &WithEngines, data: &Data, screen: &Screen) -> Result<ExitCode> {
    commands::stop_strays(data).await?;
    let plan = Plan::make(data, Want::of(args.time_skipping), &[], screen).await?;
    let board = Board::new();
    let supervisor =
        Supervisor { data: data.clone(), screen: screen.clone(), board: board.clone() };
    let (stop, mut tasks) = (CancellationToken::new(), JoinSet::new());
    let mut names = Vec::new();
    for part in engines::parts(&plan) {
        board.add(&part);
        names.push(part.name);
        tasks.spawn(supervisor.clone().keep(part, stop.clone()));
    }
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    let up = tokio::select! {
        up = tokio::time::timeout(START_LIMIT, board.wait_up(&names)) => {
            up.context("the engines do not become ready")
        }
        _ = interrupt.recv() => Err(anyhow::anyhow!("interrupted")),
        _ = terminate.recv() => Err(anyhow::anyhow!("terminated")),
    };
    let status = match up {
        Ok(()) => command(args, &plan).await,
        Err(error) => Err(error),
    };
    stop.cancel();
    while tasks.join_next().await.is_some() {}
    let status = status?;
    Ok(ExitCode::from(u8::try_from(status.code().unwrap_or(1)).unwrap_or(1)))
}

/// Runs the command in the foreground. Ctrl-C reaches it by itself; SIGTERM is handed on.
async fn command(args: &WithEngines, plan: &Plan) -> Result<ExitStatus> {
    let Some((program, rest)) = args.command.split_first() else { bail!("no command") };
    let mut command = Command::new(program);
    command.args(rest).kill_on_drop(true);
    command.env("EVERYTHING_TEST_POSTGRES_URL", postgres::admin_url(plan));
    command.env("EVERYTHING_TEST_VALKEY_URL", valkey::admin_url(plan));
    command.env("EVERYTHING_TEST_KAFKA_BROKERS", kafka::brokers(plan));
    command.env("EVERYTHING_TEST_TEMPORAL_URL", temporal::url(plan));
    if let Some(server) = &plan.installed.temporal_test_server {
        command.env("EVERYTHING_TEST_TEMPORAL_SERVER", server);
    }
    let mut child = command.spawn().with_context(|| format!("start {}", program.display()))?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            status = child.wait() => return Ok(status?),
            _ = interrupt.recv() => {}
            _ = terminate.recv() => {
                if let Some(pid) = child.id() {
                    let _ = kill(Pid::from_raw(pid.cast_signed()), Signal::SIGTERM);
                }
            }
        }
    }
}
