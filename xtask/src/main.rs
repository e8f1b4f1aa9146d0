//! The project's checks and generators: `cargo xtask --help`.

mod access;
mod arrows;
mod bench;
mod codegen;
mod contracts;
mod dependencies;
mod documents;
mod steps;
mod test;
mod tools;

use anyhow::Context;
use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(name = "cargo xtask", about = "Checks and generators of the project")]
struct Cli {
    #[command(subcommand)]
    task: Task,
}

#[derive(Subcommand)]
enum Task {
    /// Everything that must pass before a change lands: formatting, lints, checks, all tests
    Test {
        /// Install what the browser tests need where it is missing: Debian's Chromium, and
        /// Node.js below target/
        #[arg(long)]
        install: bool,
    },
    /// Kill each of the seven processes in the middle of many orders, and count what is left
    Soak {
        /// Orders for each kill
        #[arg(long, default_value_t = 1_000)]
        orders: u32,
    },
    /// Measure the whole system in a release build, beside pgbench, and print tables
    Bench(bench::Options),
    /// The quick checks alone: formatting, lints, arrows, dependencies, contracts, documents
    Check,
    /// Generate the Rust code of the protobuf contracts into crates/wire
    Codegen,
    /// Generate the documents that come from code: docs/order-states.md
    Docs,
}

/// Whether a generator writes what it makes or only compares.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Mode {
    Write,
    Check,
}

fn main() -> anyhow::Result<()> {
    // Called in whatever folder: all paths here begin at the project's root.
    let here = std::env::var_os("CARGO_MANIFEST_DIR").context("run it as `cargo xtask`")?;
    std::env::set_current_dir(std::path::Path::new(&here).join(".."))?;
    match Cli::parse().task {
        Task::Test { install } => test::run(install),
        Task::Soak { orders } => test::soak(orders),
        Task::Bench(options) => bench::run(&options),
        Task::Check => test::checks(),
        Task::Codegen => codegen::run(Mode::Write),
        Task::Docs => documents::generate(Mode::Write),
    }
}
