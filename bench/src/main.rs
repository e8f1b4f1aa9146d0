//! The load of `cargo xtask bench`: people who order over HTTP from a running
//! `everything`. Each run prints one line of JSON; starting the system, looking
//! at its processes and printing the table are xtask's.

mod api;
mod closed;
mod live;
mod members;
mod open;
mod summary;
mod verify;

use std::{path::PathBuf, time::Duration};

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

use crate::api::Api;

#[derive(Debug, Parser)]
#[command(about = "The load of `cargo xtask bench`")]
struct Cli {
    #[command(subcommand)]
    run: Run,
}

#[derive(Debug, Subcommand)]
enum Run {
    /// Make members where they are missing, sign each in, and keep their access tokens in a file
    SignIn {
        #[command(flatten)]
        at: At,
        /// The data folder of the running system
        #[arg(long)]
        data: PathBuf,
        #[arg(long, default_value_t = 64)]
        members: u16,
    },
    /// Each of so many clients orders again as soon as its last order is queued
    Closed {
        #[command(flatten)]
        at: At,
        #[arg(long)]
        clients: usize,
        /// Of all clients together
        #[arg(long)]
        orders: usize,
    },
    /// Orders come at their times, whether the ones before are queued or not
    Open {
        #[command(flatten)]
        at: At,
        #[arg(long)]
        per_second: f64,
        #[arg(long)]
        seconds: f64,
    },
    /// Try again and again until one order is queued
    First {
        #[command(flatten)]
        at: At,
        #[arg(long, default_value_t = 120.0)]
        patience_seconds: f64,
    },
    /// Verify access tokens as the gateway and the services do, without either
    Verify,
}

#[derive(Debug, Args)]
struct At {
    /// Of the gateway, `http://127.0.0.1:8080`
    #[arg(long)]
    url: String,
    /// The file of access tokens
    #[arg(long)]
    tokens: PathBuf,
}

// One thread: the machine is the system's.
#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let outcome = match Cli::parse().run {
        Run::SignIn { at, data, members } => {
            let people = members::sign_in(&Api::new(&at.url), &data, members).await?;
            members::keep(&at.tokens, &people)?;
            return Ok(());
        }
        Run::Closed { at, clients, orders } => {
            closed::run(&Api::new(&at.url), &members::kept(&at.tokens)?, clients, orders).await?
        }
        Run::Open { at, per_second, seconds } => {
            let people = members::kept(&at.tokens)?;
            open::run(&Api::new(&at.url), &people, per_second, seconds).await?
        }
        Run::First { at, patience_seconds } => {
            let patience = Duration::try_from_secs_f64(patience_seconds)?;
            closed::first(&Api::new(&at.url), &members::kept(&at.tokens)?, patience).await?
        }
        Run::Verify => {
            println!("{}", serde_json::to_string(&verify::run()?)?);
            return Ok(());
        }
    };
    println!("{}", serde_json::to_string(&outcome)?);
    Ok(())
}
