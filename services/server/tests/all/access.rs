//! Each page and each form lets in whom its table says, and nobody else.

use http::Method;
use server::access::Endpoint;
use types::{DeviceId, GuestPassId, MemberId, OrderId, Role, Scope};
use wire::access::{Needs, PAGES};

use crate::{
    http_client::{Answer, HTML},
    world::{Someone, World},
};

const MEMBER: &[Role] = &[Role::Member];
const BARISTA: &[Role] = &[Role::Member, Role::Barista];
const ADMIN: &[Role] = &[Role::Member, Role::Admin];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Outcome {
    Entered,
    SignInFirst,
    Forbidden,
}

use Outcome::{Entered, Forbidden, SignInFirst};

fn outcome(answer: &Answer) -> Outcome {
    match answer.status.as_u16() {
        403 => Forbidden,
        // Who has just signed out is led there too, without the cookies.
        303 if answer.header("location") == "/sign-in" && answer.cookies().is_empty() => {
            SignInFirst
        }
        _ => Entered,
    }
}

/// A path with something in place of its parameters.
fn filled(path: &str) -> String {
    let order = OrderId::new().to_string();
    let order = match path {
        _ if path.starts_with("/family/devices/") => DeviceId::new().to_string(),
        _ if path.starts_with("/guests/") => GuestPassId::new().to_string(),
        _ if path.starts_with("/who/") || path.starts_with("/kiosk/") => {
            MemberId::new().to_string()
        }
        _ => order,
    };
    let path = path.replace("{id}", &order).replace("{act}", "cancel").replace("{slug}", "oat");
    let path = path.replace("{version}", "v").replace("{name}", "app.css");
    path.replace("{secret}", "a-secret").replace("{code}", "not-found")
}

async fn knock(world: &World, endpoint: &Endpoint, by: Option<&Someone>) -> Outcome {
    let call = world.call(endpoint.method.as_str(), &filled(&endpoint.path));
    let call = match by {
        Some(by) if endpoint.method == Method::POST => call.send_form(by, &[("key", "a-key-1")]),
        Some(by) => call.browsing(by),
        None => call.header("accept", HTML),
    };
    outcome(&call.send().await)
}

#[tokio::test]
async fn each_page_lets_in_whom_its_table_says_and_nobody_else() {
    let world = World::new().await;
    let pages = server::pages::pages().and(server::docs::pages());
    assert_eq!(pages.table().len(), PAGES.len(), "each line of the table is a page");
    for endpoint in pages.table() {
        let mut seen = vec![knock(&world, endpoint, None).await];
        for roles in [MEMBER, BARISTA, ADMIN] {
            seen.push(knock(&world, endpoint, Some(&world.someone(roles))).await);
        }
        let expected = match endpoint.rule.needs {
            Needs::Nothing | Needs::Secret => [Entered; 4],
            // Who is there is not a device.
            Needs::Device => [SignInFirst, Forbidden, Forbidden, Forbidden],
            // At a shared device alone, whatever the roles.
            Needs::Member if !endpoint.rule.admits(Scope::Full) => {
                [SignInFirst, Forbidden, Forbidden, Forbidden]
            }
            Needs::Member => [SignInFirst, Entered, Entered, Entered],
            Needs::Barista => [SignInFirst, Forbidden, Entered, Entered],
            Needs::Admin => [SignInFirst, Forbidden, Forbidden, Entered],
        };
        assert_eq!(seen, expected, "{endpoint:?}");
        // A sign-in for something narrow opens what it is for, whatever the roles.
        let asks = !matches!(endpoint.rule.needs, Needs::Nothing | Needs::Secret | Needs::Device);
        for scope in Scope::ALL.into_iter().filter(|_| asks) {
            let seen = knock(&world, endpoint, Some(&world.someone_within(ADMIN, scope))).await;
            let expected = if endpoint.rule.admits(scope) { Entered } else { Forbidden };
            assert_eq!(seen, expected, "{scope} {endpoint:?}");
        }
        let over = knock(&world, endpoint, Some(&world.someone_for(ADMIN, -90))).await;
        assert!(!asks || over == SignInFirst, "expired {endpoint:?}: {over:?}");
    }
}

#[tokio::test]
async fn a_device_alone_sees_what_its_table_says_and_else_who_may_sign_in() {
    let world = World::new().await;
    let pages = server::pages::pages().and(server::docs::pages());
    for scope in [Scope::Counter, Scope::Display, Scope::Kiosk] {
        let device = world.device(scope);
        let home = match scope {
            Scope::Counter => "/who",
            Scope::Display => "/display",
            _ => "/kiosk",
        };
        for endpoint in pages.table() {
            let rule = endpoint.rule;
            if matches!(rule.needs, Needs::Nothing | Needs::Secret) {
                continue;
            }
            let call = world.call(endpoint.method.as_str(), &filled(&endpoint.path));
            let call = if endpoint.method == Method::POST {
                call.send_form_at(&device, &[("key", "1")])
            } else {
                call.showing(&device)
            };
            let answer = call.send().await;
            let led_home = answer.status == 303 && answer.header("location") == home;
            let name = format!("{scope} {} {}", endpoint.method, endpoint.path);
            if rule.admits_device(scope) {
                assert!(answer.status != 403 && !led_home, "{name}: {answer:?}");
            } else if rule.needs == Needs::Device {
                assert_eq!(answer.status, 403, "{name}");
            } else {
                assert!(led_home, "{name}: {answer:?}");
            }
        }
    }
}

#[test]
fn only_what_shows_nothing_of_ours_is_for_anybody() {
    const OPEN: [&str; 10] = [
        "/sign-in",
        "/guest/",
        "/join",
        "/pair",
        "/trust",
        "/assets/",
        "/favicon.ico",
        "/openapi.json",
        "/docs",
        "/problems/",
    ];
    let pages = server::pages::pages().and(server::docs::pages());
    for Endpoint { method, path, rule } in pages.table() {
        let open = OPEN.iter().any(|open| path.starts_with(open));
        let asks_nobody = matches!(rule.needs, Needs::Nothing | Needs::Secret);
        assert_eq!(asks_nobody, open, "{method} {path}");
        assert_eq!(rule.needs == Needs::Barista, path.starts_with("/counter"), "{method} {path}");
    }
}

#[tokio::test]
async fn an_admin_finds_the_counter_like_a_barista() {
    let world = World::new().await;
    for (roles, shown) in [(MEMBER, false), (BARISTA, true), (ADMIN, true)] {
        let menu = world.get("/").browsing(&world.someone(roles)).send().await;
        assert_eq!(menu.status, 200);
        assert_eq!(menu.text().contains("href=\"/counter\""), shown, "{roles:?}");
    }
}
