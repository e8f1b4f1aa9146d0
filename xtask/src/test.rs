//! `cargo xtask test`: what must pass before a change lands.

use std::{path::Path, process::Command};

use anyhow::bail;

use crate::{
    Mode, arrows, codegen, documents,
    steps::{present, step, words},
};

const PROGRAM: &str = "target/debug/everything";

pub(crate) fn run(install: bool) -> anyhow::Result<()> {
    browser_tools(install)?;
    checks()?;
    run_step("build every test", "cargo test --workspace --locked --no-run")?;
    step(
        "tests on the real engines",
        words(PROGRAM).args(["with-engines", "--time-skipping", "--"]).args([
            "cargo",
            "test",
            "--workspace",
            "--locked",
            "--no-fail-fast",
        ]),
    )?;
    browser_tests()
}

/// Everything that needs no engine.
pub(crate) fn checks() -> anyhow::Result<()> {
    run_step("formatting", "cargo fmt --all --check")?;
    codegen::run(Mode::Check)?;
    arrows::check()?;
    run_step("lints", "cargo clippy --workspace --all-targets --locked -- -D warnings")?;
    contracts()?;
    documents::generate(Mode::Check)?;
    documents::check_paths()
}

/// The protobuf linter, from its Python wheel, in a folder of its own.
fn contracts() -> anyhow::Result<()> {
    const BUF: &str = "target/tools/buf/bin/buf";
    if !Path::new(BUF).exists() {
        run_step(
            "fetch buf",
            "python3 -m pip install --quiet --disable-pip-version-check --root-user-action=ignore \
             --target target/tools/buf buf-bin==1.75.0",
        )?;
    }
    step(
        "lint the contracts",
        Command::new(Path::new(BUF).canonicalize()?).arg("lint").current_dir("proto"),
    )
}

/// The kill tests with far more orders: `SOAK_ORDERS_PER_KILL` of them for each process.
pub(crate) fn soak(orders_per_kill: u32) -> anyhow::Result<()> {
    let line = "cargo test --locked --package everything --test all -- --nocapture kills::";
    step("soak", words(line).env("SOAK_ORDERS_PER_KILL", orders_per_kill.to_string()))
}

fn browser_tests() -> anyhow::Result<()> {
    if !Path::new("e2e/node_modules").exists() {
        step(
            "fetch the browser tests' tools",
            words("npm ci --no-audit --no-fund").current_dir("e2e"),
        )?;
    }
    step("types of the pages' scripts", words("npm run --silent types").current_dir("e2e"))?;
    step("browser tests", words("npm test --silent").current_dir("e2e"))
}

/// The browser tests want Chromium and Node.js: both or a sentence that says how.
fn browser_tools(install: bool) -> anyhow::Result<()> {
    let missing: Vec<_> = [("node", "nodejs"), ("npm", "npm"), ("chromium", "chromium")]
        .into_iter()
        .filter(|(program, _)| !present(program))
        .map(|(_, package)| package)
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    if !install {
        bail!(
            "the browser tests need {packages}: run `cargo xtask test --install`, or install them \
             (Debian: apt-get install {packages})"
        );
    }
    let sudo = if present("sudo") { "sudo " } else { "" };
    run_step("update the package list", &format!("{sudo}apt-get update -qq"))?;
    run_step(
        "install the browser tests' tools",
        &format!("{sudo}apt-get install --yes --no-install-recommends -qq {packages}"),
    )
}

fn run_step(title: &str, line: &str) -> anyhow::Result<()> {
    step(title, &mut words(line))
}
