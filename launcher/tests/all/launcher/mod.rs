//! The launcher as people use it: the program itself, in a data folder of its
//! own, with the engines from the user's cache.

mod first_admin;
mod folder;
mod https;
mod install;
mod kit;

use std::{
    io::Write,
    net::{Ipv4Addr, TcpListener},
    time::Duration,
};

use kit::{Everything, Folder, run, wait_until};
use serde_json::json;
use test_kit::free_port;

use crate::support::App;

#[tokio::test]
async fn it_starts_answers_other_terminals_and_stops_in_order() {
    let _alone = kit::alone().await;
    let folder = Folder::new("whole");
    let port = free_port();
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

    let second = folder.run(&["up", "--port", &free_port().to_string()]).await;
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

#[test]
fn killed_it_leaves_nothing_and_started_again_it_goes_on() {
    let mut app = App::start(&[]);
    let (ada, cleo) = (app.sign_in("Ada"), app.sign_in("Cleo"));
    let before = cleo.beans();
    let order = cleo.order("espresso");
    ada.command(&order, "accept", &json!({})).ok();
    let ports = app.read("ports.json");
    let parts = ["postgres", "valkey", "kafka", "temporal", "customer-service", "order-service"];
    let parts: Vec<u32> =
        parts.into_iter().chain(["server"]).map(|part| app.process_of(part)).collect();
    let guards: Vec<u32> = parts.iter().map(|pid| kit::parent(*pid).unwrap()).collect();
    assert!(guards.iter().all(|pid| kit::runs(*pid)));
    app.kill_launcher();
    app.until("nothing is left", || !parts.iter().chain(&guards).any(|pid| kit::runs(*pid)));

    app.start_again(&[]);
    assert_eq!(app.read("ports.json"), ports, "the ports stay");
    let (links, _) = app.command(&["links"]);
    assert_eq!(links.matches("/sign-in/").count(), 5, "the family is there once: {links}");
    assert_eq!(ada.look(&order)["state"], "preparing", "the order is where it was");
    for command in ["ready", "pick-up"] {
        ada.command(&order, command, &json!({})).ok();
    }
    assert_eq!(cleo.look(&order)["state"], "completed");
    assert_eq!(cleo.beans(), before - order["price_beans"].as_i64().unwrap());
}

#[tokio::test]
async fn a_terminal_that_takes_nothing_holds_up_nobody() {
    let _alone = kit::alone().await;
    let folder = Folder::new("stuck");
    let (nobody_reads, mut full) = std::io::pipe().unwrap();
    let mut command = folder.command(&["up", "--port", &free_port().to_string()]);
    command.stdout(full.try_clone().unwrap());
    // Ends when the reading end is closed.
    let filler = std::thread::spawn(move || while full.write_all(&[b'.'; 4096]).is_ok() {});
    let mut everything = command.spawn().unwrap();
    wait_until("all are up", async || folder.run(&["status"]).await.success).await;
    let down = folder.run(&["down"]).await;
    assert!(down.success && down.took < Duration::from_secs(10), "{} {:?}", down.text, down.took);
    assert!(everything.wait().await.unwrap().success());
    drop((nobody_reads, command));
    filler.join().unwrap();
}

#[tokio::test]
async fn whatever_crashes_is_started_again() {
    let _alone = kit::alone().await;
    let folder = Folder::new("crashes");
    let mut everything = Everything::up(&folder, free_port());
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
async fn port_0_is_refused() {
    let refused = Folder::new("zero").run(&["up", "--port", "0"]).await;
    assert!(!refused.success && refused.text.contains("1..=65535"), "{}", refused.text);
}

#[tokio::test]
async fn an_unknown_variable_is_refused() {
    let folder = Folder::new("unknown");
    let mut command = folder.command(&["status"]);
    command.env("EVERYTHING_PROT", "8081");
    let refused = run(command).await;
    assert!(!refused.success && refused.text.contains("EVERYTHING_PROT"), "{}", refused.text);
}
