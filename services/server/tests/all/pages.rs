//! What all pages have in common: who may see them, how forms prove themselves,
//! and that errors are pages.

use runtime::{AppError, Code};
use types::Role;
use wire::customer::v1 as customer;

use crate::{
    http_client::{Answer, HTML},
    world::World,
};

const MEMBER: &[Role] = &[Role::Member];

fn csrf(page: &Answer) -> String {
    let text = page.text();
    let (_, rest) = text.split_once("name=\"csrf\" value=\"").expect("a form with a token");
    rest.split('"').next().unwrap().to_owned()
}

fn signing_in(world: &World) -> crate::world::Someone {
    let someone = world.someone(MEMBER);
    let pair = world.pair(&someone, "refresh-1");
    world.customers.desk.on(
        "exchange_sign_in_link",
        move |request: customer::ExchangeSignInLinkRequest, _| match request.secret.as_str() {
            "the-secret" => Ok(pair.clone()),
            _ => Err(AppError::new(Code::InvalidCredential, "That link was used.").into()),
        },
    );
    someone
}

#[tokio::test]
async fn a_link_shows_a_button_and_only_the_button_signs_in() {
    let world = World::new().await;
    let someone = signing_in(&world);
    let page = world.get("/sign-in/the-secret").header("accept", HTML).send().await;
    assert_eq!(page.status, 200);
    assert_eq!(page.header("referrer-policy"), "no-referrer");
    assert_eq!(page.header("cache-control"), "no-store");
    assert!(
        world.customers.desk.asked("exchange_sign_in_link").is_empty(),
        "looking uses nothing up"
    );
    let cookie = page.cookies()[0].to_owned();
    assert!(cookie.contains("HttpOnly") && cookie.contains("SameSite=Lax"), "{cookie}");

    let secret = format!("everything_forms={}", page.cookie("everything_forms").unwrap());
    let press = |path: &str| {
        let fields = format!("csrf={}", csrf(&page));
        world.post(path).header("accept", HTML).header("cookie", &secret).form(&fields)
    };
    // A page without referrer says `null`, and plain http has no fetch metadata.
    let answer = press("/sign-in/the-secret").header("origin", "null").send().await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"), "{answer:?}");
    assert_eq!(answer.cookie("everything_access"), Some(&*someone.token));
    assert_eq!(answer.cookie("everything_refresh"), Some("refresh-1"));

    let used = press("/sign-in/another").send().await;
    assert!(used.status.is_client_error() && used.cookie("everything_access").is_none());
    assert!(used.header("content-type").starts_with("text/html"));
    let asked = world.customers.desk.asked("exchange_sign_in_link").len();
    assert_eq!(asked, 2);
}

#[tokio::test]
async fn a_form_without_the_token_of_this_browser_is_refused() {
    let world = World::new().await;
    signing_in(&world);
    let page = world.get("/sign-in/the-secret").header("accept", HTML).send().await;
    let secret = format!("everything_forms={}", page.cookie("everything_forms").unwrap());
    let good = format!("csrf={}", csrf(&page));
    let press = || world.post("/sign-in/the-secret").header("accept", HTML);
    let refused = [
        press().form(&good),
        press().form(&good).header("cookie", "everything_forms=another-browsers-secret"),
        press().form("csrf=").header("cookie", &secret),
        press().form("").header("cookie", &secret),
        press().form("csrf=wrong").header("cookie", &secret),
        press().form(&good).header("cookie", &secret).header("sec-fetch-site", "cross-site"),
        press().form(&good).header("cookie", &secret).header("origin", "https://evil.example"),
    ];
    for (turn, call) in refused.into_iter().enumerate() {
        let answer = call.send().await;
        assert_eq!(answer.status, 403, "{turn}: {answer:?}");
        assert!(answer.header("content-type").starts_with("text/html"));
    }
    let json = press().header("cookie", &secret).body("application/json", "{}").send().await;
    assert_eq!(json.status, 415);
    let large = format!("{good}&x={}", "y".repeat(70_000));
    assert_eq!(press().header("cookie", &secret).form(&large).send().await.status, 413);
    assert!(world.customers.desk.asked("exchange_sign_in_link").is_empty());
}

#[tokio::test]
async fn an_address_that_holds_a_secret_never_travels_on() {
    let world = World::with(|config| config.sign_ins_per_minute = 4).await;
    world.customers.desk.on(
        "exchange_sign_in_link",
        |_: customer::ExchangeSignInLinkRequest, _| {
            Err::<customer::TokenPair, _>(tonic::Status::unavailable("away"))
        },
    );
    let page = world.get("/sign-in/the-secret").header("accept", HTML).send().await;
    let secret = format!("everything_forms={}", page.cookie("everything_forms").unwrap());
    let good = format!("csrf={}", csrf(&page));
    let press = || world.post("/sign-in/the-secret").header("accept", HTML);
    let mut seen = vec![page];
    seen.push(press().form("csrf=").send().await);
    seen.push(press().header("cookie", &secret).form(&good).send().await);
    seen.push(press().header("cookie", &secret).body("text/plain", "x").send().await);
    while seen.last().unwrap().status != 429 {
        seen.push(press().form("csrf=").send().await);
    }
    seen.push(world.call("PUT", "/sign-in/the-secret").header("accept", HTML).send().await);
    seen.push(world.get("/sign-in/the-secret").header("host", "evil.example").send().await);
    for answer in &seen {
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{answer:?}");
    }
    let statuses: std::collections::BTreeSet<u16> =
        seen.iter().map(|answer| answer.status.as_u16()).collect();
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), [200, 403, 405, 415, 421, 429, 503]);
}

#[tokio::test]
async fn another_instance_on_the_same_host_neither_signs_in_nor_out() {
    let world =
        World::with(|config| config.public_url = "http://localhost:8080".parse().unwrap()).await;
    let someone = signing_in(&world);
    let page = world.get("/sign-in/the-secret").header("accept", HTML).send().await;
    let theirs = "everything_forms=the-forms-of-another-port";
    let secret = format!("everything_forms_8080={}", page.cookie("everything_forms_8080").unwrap());
    let fields = format!("csrf={}", csrf(&page));
    let press = world.post("/sign-in/the-secret").header("accept", HTML).header("cookie", theirs);
    let answer = press.header("cookie", secret).form(&fields).send().await;
    assert_eq!(answer.cookie("everything_access_8080"), Some(&*someone.token), "{answer:?}");
    assert_eq!(answer.cookie("everything_access"), None);
    let menu = |cookie: &str| {
        let cookie = format!("{cookie}={}", someone.token);
        world.get("/").header("accept", HTML).header("cookie", cookie).send()
    };
    assert_eq!(menu("everything_access_8080").await.status, 200);
    assert_eq!(menu("everything_access").await.header("location"), "/sign-in");
    assert_eq!(menu("everything_access_18080").await.header("location"), "/sign-in");
}

#[tokio::test]
async fn who_is_not_signed_in_is_led_to_the_explanation() {
    let world = World::new().await;
    for path in ["/", "/counter", "/orders", "/cart"] {
        let answer = world.get(path).header("accept", HTML).send().await;
        assert_eq!(
            (answer.status.as_u16(), answer.header("location")),
            (303, "/sign-in"),
            "{path}"
        );
    }
    let old = world.someone_for(MEMBER, -100);
    let cookie = format!("everything_access={}", old.token);
    let answer = world.get("/").header("accept", HTML).header("cookie", cookie).send().await;
    assert_eq!(answer.header("location"), "/sign-in");
    let explanation = world.get("/sign-in").header("accept", HTML).send().await;
    assert_eq!(explanation.status, 200);
}

#[tokio::test]
async fn errors_of_pages_are_pages() {
    let world =
        World::with(|config| config.order_service_url = "http://127.0.0.1:1".to_owned()).await;
    let someone = world.someone(MEMBER);
    let cookie = format!("everything_access={}", someone.token);
    let get = async |path: &str| {
        world.get(path).header("accept", HTML).header("cookie", &cookie).send().await
    };
    for (path, status) in [("/nowhere", 404), ("/%ff", 404), ("/orders/ord_x", 404)] {
        let answer = get(path).await;
        assert!(answer.header("content-type").starts_with("text/html"), "{path} {answer:?}");
        assert_eq!(answer.status, status, "{path} {answer:?}");
    }
    let away = get("/").await;
    assert_eq!(away.status, 503, "{away:?}");
    assert!(away.header("content-type").starts_with("text/html"));
    assert_eq!(away.header("retry-after"), "1");
}
