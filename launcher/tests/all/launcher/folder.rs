//! Data folders: whose they are, where their database is, who may use them.

use std::{os::unix::fs::PermissionsExt, path::Path, process::Stdio};

use nix::unistd::{Uid, User};
use sqlx::{Connection, PgConnection};
use tokio::process::Command;

use super::kit::{self, Engines, Folder, run};

#[tokio::test]
async fn another_folder_is_refused_and_reset_deletes_only_what_is_ours() {
    let folder = Folder::new("another");
    std::fs::create_dir_all(folder.path().join("logs")).unwrap();
    for words in [&["up"][..], &["status"], &["down"], &["reset", "--yes"]] {
        let refused = folder.run(words).await;
        let why = "is not a data folder of ours";
        assert!(!refused.success && refused.text.contains(why), "{words:?}: {}", refused.text);
    }
    assert_eq!(names(folder.path()), ["logs"]);
    std::fs::remove_dir(folder.path().join("logs")).unwrap();

    // It gets as far as to make it its own.
    let taken = std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port().to_string();
    let refused = folder.run(&["up", "--port", &port]).await;
    assert!(refused.text.contains("is taken"), "{}", refused.text);
    std::fs::write(folder.path().join("notes.txt"), "not ours").unwrap();
    let reset = folder.run(&["reset", "--yes"]).await;
    assert!(reset.success && reset.text.contains("notes.txt"), "{}", reset.text);
    assert_eq!(names(folder.path()), ["notes.txt"]);
}

fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap().flatten();
    let mut names: Vec<_> = entries.map(|entry| entry.file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// In a folder that is closed to others, where root's database lies outside.
#[tokio::test]
async fn a_database_goes_with_its_folder_and_with_no_other() {
    let _alone = kit::alone().await;
    let closed = Folder::new("closed");
    std::fs::create_dir(closed.path()).unwrap();
    std::fs::set_permissions(closed.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    let [first, moved, copy] = ["first", "moved", "copy"].map(|name| closed.path().join(name));
    let engines = Engines::start(&first).await;
    ask(&engines, "CREATE TABLE coffee AS SELECT 'flat white' AS name").await.unwrap();
    engines.stop().await;

    std::fs::rename(&first, &moved).unwrap();
    let engines = Engines::start(&moved).await;
    ask(&engines, "SELECT name FROM coffee").await.expect("the moved folder has its database");
    engines.stop().await;

    let secrets = std::fs::read(moved.join("secrets.json")).unwrap();
    std::fs::remove_file(moved.join("secrets.json")).unwrap();
    refuses(&moved, "secrets.json is missing").await;
    std::fs::write(moved.join("secrets.json"), secrets).unwrap();

    let database = database_of(&moved).await;
    let aside = database.with_extension("aside");
    std::fs::rename(&database, &aside).unwrap();
    refuses(&moved, "is missing").await;
    std::fs::rename(&aside, &database).unwrap();

    if !database.starts_with(&moved) {
        let done = std::process::Command::new("cp").arg("-a").args([&moved, &copy]).status();
        assert!(done.unwrap().success());
        refuses(&copy, "is a copy of").await;
        reset(&copy).await;
        assert!(database.exists(), "a copy's reset leaves the original's");
    }

    std::fs::remove_dir_all(&moved).unwrap();
    let engines = Engines::start(&moved).await;
    ask(&engines, "SELECT name FROM coffee").await.expect_err("a new folder begins anew");
    engines.stop().await;
    if database.exists() {
        let mut doctor = kit::program();
        doctor.arg("doctor").arg("--data").arg(&moved);
        let said = run(doctor).await.text;
        let home = database.parent().unwrap();
        assert!(said.contains(&format!("{} has the database of", home.display())), "{said}");
        std::fs::remove_dir_all(home).unwrap();
    }
    let database = database_of(&moved).await;
    assert!(database.exists());
    reset(&moved).await;
    assert!(!database.exists() && !moved.exists());
}

async fn ask(engines: &Engines, statement: &'static str) -> sqlx::Result<()> {
    let mut connection = PgConnection::connect(&engines.postgres_url).await?;
    sqlx::raw_sql(statement).execute(&mut connection).await?;
    connection.close().await
}

async fn refuses(data: &Path, why: &str) {
    let mut command = kit::program();
    command.arg("with-engines").arg("--data").arg(data).args(["--", "true"]);
    let refused = run(command).await;
    assert!(!refused.success && refused.text.contains(why), "{why}: {}", refused.text);
}

async fn reset(data: &Path) {
    let mut command = kit::program();
    command.args(["reset", "--yes"]).arg("--data").arg(data);
    let done = run(command).await;
    assert!(done.success, "{}", done.text);
}

/// Where a folder's database is, as `doctor` says.
async fn database_of(data: &Path) -> std::path::PathBuf {
    let mut doctor = kit::program();
    doctor.arg("doctor").arg("--data").arg(data);
    let said = run(doctor).await.text;
    let place = said.lines().find_map(|line| line.split("its database is in ").nth(1));
    place.unwrap_or_else(|| panic!("no database: {said}")).into()
}

#[tokio::test]
async fn it_runs_for_root_with_a_strict_umask_and_for_an_ordinary_user() {
    let _alone = kit::alone().await;
    let folder = Folder::new("users");
    let cache = folder.path().join("cache");
    kit::link_cache(&kit::users_cache().await, &cache.join("everything"));
    let engines = cache.join("everything/engines");
    std::fs::set_permissions(&engines, std::fs::Permissions::from_mode(0o700)).unwrap();
    let program = folder.path().join("everything");
    // Where everybody can go.
    if std::fs::hard_link(env!("CARGO_BIN_EXE_everything"), &program).is_err() {
        std::fs::copy(env!("CARGO_BIN_EXE_everything"), &program).unwrap();
    }
    let with_engines = |mut command: Command, data: &str| {
        command.arg(&program).arg("with-engines").arg("--data").arg(folder.path().join(data));
        command.args(["--", "true"]).env("XDG_CACHE_HOME", &cache).env("HOME", folder.path());
        command.current_dir("/").stdin(Stdio::null()).kill_on_drop(true);
        run(command)
    };
    let mut strict = Command::new("sh");
    strict.args(["-c", "umask 077; exec \"$0\" \"$@\""]);
    let done = with_engines(strict, "strict").await;
    assert!(done.success, "{}", done.text);

    if Uid::effective().is_root() {
        let nobody = User::from_name("nobody").unwrap().unwrap();
        let own = [cache.join("everything"), engines.clone(), folder.path().join("ordinary")];
        std::fs::create_dir(&own[2]).unwrap();
        std::fs::remove_file(engines.join("lock")).unwrap();
        for path in own {
            nix::unistd::chown(&path, Some(nobody.uid), Some(nobody.gid)).unwrap();
        }
        let mut ordinary = Command::new("setpriv");
        ordinary.args(["--reuid", "nobody", "--clear-groups", "--regid"]);
        ordinary.arg(nobody.gid.to_string()).arg("--");
        let done = with_engines(ordinary, "ordinary").await;
        assert!(done.success, "{}", done.text);
    }
}
