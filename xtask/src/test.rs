//! `cargo xtask test`: what must pass before a change lands.

use std::{
    path::{Path, PathBuf},
    process::Command,
};

use anyhow::Context;

use crate::{
    Mode, arrows, codegen, contracts, dependencies, documents,
    steps::{build, step, words},
    tools::Browser,
};

pub(crate) fn run(install: bool) -> anyhow::Result<()> {
    let browser = Browser::find(install)?;
    checks()?;
    let programs = build("build every test", "cargo test --workspace --locked --no-run")?;
    let everything = programs.get("everything").context("cargo built no `everything`")?;
    step(
        "tests on the real engines",
        Command::new(everything).args(["with-engines", "--time-skipping", "--"]).args([
            "cargo",
            "test",
            "--workspace",
            "--locked",
            "--no-fail-fast",
        ]),
    )?;
    browser_tests(&browser, everything)
}

/// Everything that needs no engine.
pub(crate) fn checks() -> anyhow::Result<()> {
    run_step("formatting", "cargo fmt --all --check")?;
    codegen::run(Mode::Check)?;
    arrows::check()?;
    dependencies::check()?;
    run_step("lints", "cargo clippy --workspace --all-targets --locked -- -D warnings")?;
    contracts::check()?;
    documents::generate(Mode::Check)?;
    documents::check()
}

/// The kill tests with far more orders: `SOAK_ORDERS_PER_KILL` of them for each process.
pub(crate) fn soak(orders_per_kill: u32) -> anyhow::Result<()> {
    let line = "cargo test --locked --package everything --test all -- --nocapture kills::";
    step("soak", words(line).env("SOAK_ORDERS_PER_KILL", orders_per_kill.to_string()))
}

fn browser_tests(browser: &Browser, everything: &PathBuf) -> anyhow::Result<()> {
    if !Path::new("e2e/node_modules").exists() {
        step(
            "fetch the browser tests' tools",
            &mut browser.command("npm ci --no-audit --no-fund"),
        )?;
    }
    step("types of the pages' scripts", &mut browser.command("npm run --silent types"))?;
    step(
        "browser tests",
        browser.command("npm test --silent").env("EVERYTHING_E2E_PROGRAM", everything),
    )
}

fn run_step(title: &str, line: &str) -> anyhow::Result<()> {
    step(title, &mut words(line))
}
