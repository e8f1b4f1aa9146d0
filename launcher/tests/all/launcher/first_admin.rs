//! A family that begins with nobody: from one printed link to a grandmother who
//! typed six digits.

use serde_json::json;
use test_kit::free_port;

use super::kit::{self, Everything, Folder};
use crate::support::Person;

/// The one address in what was printed.
fn link_in(text: &str) -> &str {
    let mut links = text.split_whitespace().filter(|word| word.contains("/sign-in/"));
    let (link, more) = (links.next(), links.next());
    assert!(more.is_none(), "{text}");
    link.unwrap_or_else(|| panic!("no link in {text}"))
}

#[tokio::test]
async fn the_first_admin_gets_in_by_the_printed_link_and_invites_a_grandmother_by_code() {
    let _alone = kit::alone().await;
    let folder = Folder::new("first-admin");
    let port = free_port();
    let mut first =
        Everything::start(folder.command(&["up", "--no-demo", "--port", &port.to_string()]));
    let greeting = first.until("the first admin's link").await;
    assert!(greeting.contains("everything admin-link") && greeting.contains('▄'), "{greeting}");
    let printed = link_in(&greeting);
    let another = folder.run(&["admin-link"]).await;
    assert!(another.success, "{}", another.text);
    let link = link_in(&another.text);

    // There is one such link at a time.
    let url = format!("http://localhost:{port}");
    let (_, secret) = printed.rsplit_once('/').unwrap();
    let refused = Person::stranger(&url).post("/v1/session", &json!({"secret": secret}));
    assert_eq!(refused.problem(), (401, "invalid-credential"));
    let admin = Person::sign_in(&url, "Admin", link);

    let oma = admin.post("/v1/members", &json!({"name": "Oma", "emoji": "👵"})).ok();
    let links = format!("/v1/members/{}/links", oma["id"].as_str().unwrap());
    let invitation = admin.post(&links, &json!({"with_code": true})).ok();
    let expected = admin.get("/v1/invitations").ok();
    assert_eq!(expected["invited"][0]["member"]["name"], "Oma");
    assert_eq!(expected["invited"][0]["invitations"][0]["id"], invitation["id"]);
    let code = json!({"code": invitation["code"], "device": "Oma's phone"});
    let pair = Person::stranger(&url).post("/v1/session/code", &code).ok();
    assert_eq!(pair["member"], oma["id"]);
    assert_eq!(admin.get("/v1/invitations").ok()["invited"], json!([]));

    first.terminate();
    assert!(first.ended().await);
}
