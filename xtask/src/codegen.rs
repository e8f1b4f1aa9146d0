//! Protobuf to Rust without protoc: protox parses, tonic-prost generates.

use std::{collections::BTreeMap, fs, path::Path};

use anyhow::{Context, bail};
use prost::Message;

use crate::Mode;

const PROTOS: [&str; 3] = [
    "everything/events/v1/events.proto",
    "everything/order/v1/order.proto",
    "everything/customer/v1/customer.proto",
];
const OUT: &str = "crates/wire/src/generated";

pub(crate) fn run(mode: Mode) -> anyhow::Result<()> {
    let fresh = Path::new("target/codegen");
    fs::create_dir_all(fresh)?;
    generate(fresh)?;
    let (new, old) = (read(fresh)?, read(Path::new(OUT)).unwrap_or_default());
    if new == old {
        println!("generated code is fresh");
        return Ok(());
    }
    if mode == Mode::Check {
        bail!("{OUT} is not what proto/ generates: run `cargo xtask codegen` and commit it");
    }
    fs::create_dir_all(OUT)?;
    for name in old.keys().filter(|name| !new.contains_key(*name)) {
        fs::remove_file(Path::new(OUT).join(name))?;
    }
    for (name, content) in new {
        fs::write(Path::new(OUT).join(name), content)?;
    }
    println!("wrote {OUT}");
    Ok(())
}

fn generate(into: &Path) -> anyhow::Result<()> {
    let descriptors = protox::compile(PROTOS, ["proto"]).context("read proto/")?;
    fs::write(into.join("descriptors.bin"), descriptors.encode_to_vec())?;
    tonic_prost_build::configure().out_dir(into).bytes(".").compile_fds(descriptors)?;
    Ok(())
}

fn read(folder: &Path) -> anyhow::Result<BTreeMap<String, Vec<u8>>> {
    fs::read_dir(folder)?
        .map(|entry| {
            let entry = entry?;
            let name = entry.file_name().into_string().map_err(|name| {
                anyhow::anyhow!("generated file with a name that is not UTF-8: {name:?}")
            })?;
            Ok((name, fs::read(entry.path())?))
        })
        .collect()
}
