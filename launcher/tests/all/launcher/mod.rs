//! The launcher as people use it: the program itself, in a data folder of its
//! own, with the engines from the user's cache.

mod kit;

use std::{
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

use kit::{Everything, Folder, run, wait_until};

#[tokio::test]
async fn it_starts_answers_other_terminals_and_stops_in_order() {
    let _alone = kit::alone().await;
    let folder = Folder::new("whole");
    let port = kit::free_port();
    let mut first = Everything::up(&folder, port);
    let greeting = first.until("Edith's link is not the first, so the QR code follows").await;
    for name in ["Ada", "Ben", "Cleo", "Dan", "Edith"] {
        assert!(greeting.contains(name), "{name} is missing in {greeting}");
    }
    for address in ["/counter", "/docs", "/namespaces/everything/workflows", "▄"] {
        assert!(greeting.contains(address), "{address} is missing in {greeting}");
    }
    assert_eq!(greeting.matches("/sign-in/").count(), 5, "{greeting}");

    wait_until("all are up", async || folder.run(&["status"]).await.success).await;
    let status = folder.run(&["status"]).await;
    assert_eq!(status.text.matches(" up ").count(), 7, "{}", status.text);
    let links = folder.run(&["links"]).await;
    assert_eq!(links.text.matches("/sign-in/").count(), 5, "{}", links.text);
    assert!(!greeting.contains(links.text.lines().nth(2).unwrap()), "the links are not fresh");
    let logs = folder.run(&["logs", "postgres", "-n", "5"]).await;
    assert!(logs.text.contains("ready to accept connections"), "{}", logs.text);

    let second = folder.run(&["up", "--port", &kit::free_port().to_string()]).await;
    assert!(!second.success);
    assert!(second.text.contains(&format!("process {}", first.id())), "{}", second.text);

    let parts = folder.processes();
    assert_eq!(parts.len(), 7);
    let down = folder.run(&["down"]).await;
    assert!(down.success && down.took < Duration::from_secs(10), "{} {:?}", down.text, down.took);
    assert!(first.ended().await);
    assert!(parts.iter().all(|pid| !kit::runs(*pid)), "something is left");
    let again = folder.run(&["status"]).await;
    assert!(!again.success && again.text.contains("nothing runs"), "{}", again.text);
    let reset = folder.run(&["reset", "--yes"]).await;
    assert!(reset.success && !folder.path().exists(), "{}", reset.text);
}

#[tokio::test]
async fn killed_it_leaves_nothing_and_started_again_it_goes_on() {
    let _alone = kit::alone().await;
    let folder = Folder::new("killed");
    let port = kit::free_port();
    let mut first = Everything::up(&folder, port);
    first.until("the links").await;
    let (parts, ports) = (folder.processes(), folder.read("ports.json"));
    first.kill().await;
    wait_until("nothing is left", async || parts.iter().all(|pid| !kit::runs(*pid))).await;

    let mut second = Everything::up(&folder, port);
    let greeting = second.until("the links").await;
    assert_eq!(greeting.matches("/sign-in/").count(), 5, "the family is there once: {greeting}");
    assert_eq!(folder.read("ports.json"), ports, "the ports stay");
    second.terminate();
    assert!(second.ended().await);
}

#[tokio::test]
async fn whatever_crashes_is_started_again() {
    let _alone = kit::alone().await;
    let folder = Folder::new("crashes");
    let mut everything = Everything::up(&folder, kit::free_port());
    everything.until("the links").await;
    wait_until("all are up", async || folder.run(&["status"]).await.success).await;
    for (part, pid) in folder.parts() {
        // Of every other one its guard dies, not the part itself: then Linux ends the part.
        let victim = if part.len() % 2 == 0 { kit::parent(pid).unwrap_or(pid) } else { pid };
        kit::signal(victim, "KILL");
    }
    wait_until("all were started again", async || {
        let status = folder.run(&["status"]).await;
        status.success && status.text.matches("restarted").count() == 7
    })
    .await;
    everything.terminate();
    assert!(everything.ended().await);
}

#[tokio::test]
async fn a_taken_port_is_refused_by_name_with_another_to_choose() {
    let taken = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let folder = Folder::new("taken");
    let refused = folder.run(&["up", "--port", &port.to_string()]).await;
    assert!(!refused.success);
    let us = format!("process {}", std::process::id());
    assert!(refused.text.contains(&us) && refused.text.contains("--port"), "{}", refused.text);
}

#[tokio::test]
async fn an_altered_engine_is_named_and_not_started() {
    let folder = Folder::new("altered");
    let cache = folder.path().join("cache");
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

    let port = kit::free_port().to_string();
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
    let folder = Folder::new("offline");
    let tools = folder.path().join("tools");
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
    command.env("PATH", &tools).env("XDG_CACHE_HOME", folder.path().join("empty"));
    command.args(["--port", &kit::free_port().to_string()]);
    let refused = run(command).await;
    assert!(!refused.success);
    assert!(refused.text.contains("apt install python3"), "{}", refused.text);
}

#[tokio::test]
async fn an_unknown_variable_is_refused() {
    let folder = Folder::new("unknown");
    let mut command = folder.command(&["status"]);
    command.env("EVERYTHING_PROT", "8081");
    let refused = run(command).await;
    assert!(!refused.success && refused.text.contains("EVERYTHING_PROT"), "{}", refused.text);
}
