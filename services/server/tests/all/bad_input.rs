//! Every invalid request gets a 4xx problem that names what is wrong, and
//! nothing reaches the services that should not.

use runtime::{AppError, Code};
use serde_json::json;
use types::{OrderId, Role};
use wire::order::v1 as pb;

use crate::{http_client::raw, samples, world::World};

const MEMBER: &[Role] = &[Role::Member];
const BARISTA: &[Role] = &[Role::Member, Role::Barista];
const KEY: &str = "a-key-of-mine";

fn coffee() -> serde_json::Value {
    json!({"items": [{"menu_item": "flat-white"}]})
}

#[tokio::test]
async fn a_body_that_is_not_what_it_should_be_is_refused_by_its_field() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let place = || world.post("/v1/orders").by(&me).header("idempotency-key", KEY);
    let wrong = [
        (json!({}), "", "missing"),
        (json!({"items": "x"}), "/items", "wrong-type"),
        (json!({"items": [{"menu_item": 7}]}), "/items/0/menu_item", "wrong-type"),
        (json!({"items": [{"menu_item": "a"}, {"size": "s"}]}), "/items/1", "missing"),
        (json!({"items": [{"menu_item": "a", "sugar": 3}]}), "/items/0/sugar", "unknown-field"),
        (json!({"items": [], "not_before": "soon"}), "/not_before", "invalid"),
        (
            json!({"items": [{"menu_item": "a", "for": {"member": "ord_x"}}]}),
            "/items/0/for/member",
            "invalid",
        ),
        (
            json!({"items": [{"menu_item": "a", "for": {"cat": "Mia"}}]}),
            "/items/0/for",
            "unknown-value",
        ),
        (json!({"items": [], "price": 0}), "/price", "unknown-field"),
    ];
    for (body, path, code) in wrong {
        let problem = place().json(&body).refused(400, "invalid-request").await;
        assert_eq!(problem["errors"][0]["path"], path, "{body} {problem}");
        assert_eq!(problem["errors"][0]["code"], code, "{body} {problem}");
    }
    for body in ["", "{", "[]]", "nonsense", "{\"items\": [}", "\u{0}"] {
        place().body("application/json", body.to_owned()).refused(400, "invalid-request").await;
    }
    let not_text = vec![b'"', 0xff, 0xfe, b'"'];
    place().body("application/json", not_text).refused(400, "invalid-request").await;
    let deep = "[".repeat(50_000);
    place().body("application/json", deep).refused(400, "invalid-request").await;
    assert!(world.orders.desk.asked("place_order").is_empty());
}

#[tokio::test]
async fn bodies_of_another_kind_or_too_large_are_refused() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let place = || world.post("/v1/orders").by(&me).header("idempotency-key", KEY);
    place().body("text/plain", coffee().to_string()).refused(415, "unsupported-media-type").await;
    place().form("items=1").refused(415, "unsupported-media-type").await;
    let note = "x".repeat(70 * 1024);
    let large = json!({"items": [{"menu_item": "flat-white", "note": note}]});
    place().json(&large).refused(413, "payload-too-large").await;
    let almost = json!({"items": [{"menu_item": "flat-white", "note": "x".repeat(60 * 1024)}]});
    world.orders.desk.on("place_order", |_: pb::PlaceOrderRequest, _| {
        Err::<pb::PlaceOrderResponse, _>(
            AppError::invalid("items[0].note", "too-long", "at most 200 characters").into(),
        )
    });
    let problem = place().json(&almost).refused(400, "invalid-request").await;
    assert_eq!(problem["errors"][0]["path"], "/items/0/note");
    assert_eq!(problem["errors"][0]["code"], "too-long");
}

#[tokio::test]
async fn placing_needs_one_good_idempotency_key() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    let place = || world.post("/v1/orders").by(&me).json(&coffee());
    place().refused(400, "idempotency-key-missing").await;
    let twice = place().header("idempotency-key", KEY).header("idempotency-key", "another-key");
    twice.refused(400, "idempotency-key-missing").await;
    for key in ["short", "with space", &"k".repeat(65), "k\u{e4}ffchen-1"] {
        let problem = place().header("idempotency-key", key).refused(400, "invalid-request").await;
        assert_eq!(problem["errors"][0]["path"], "header:Idempotency-Key");
    }
    world.orders.desk.on("place_order", |_: pb::PlaceOrderRequest, _| {
        Err::<pb::PlaceOrderResponse, _>(
            AppError::new(Code::IdempotencyKeyReused, "This key was used for another order.")
                .into(),
        )
    });
    place().header("idempotency-key", KEY).refused(422, "idempotency-key-reused").await;
}

#[tokio::test]
async fn paths_queries_and_methods_that_are_not_ours_are_refused() {
    let world = World::new().await;
    let me = world.someone(BARISTA);
    let get = |path: &str| world.get(path).by(&me);
    get("/v1/nothing").refused(404, "unknown-path").await;
    get("/nowhere").refused(404, "unknown-path").await;
    get("/%ff%fe").refused(404, "unknown-path").await;
    let problem = get("/v1/orders/%ff%fe").refused(400, "invalid-request").await;
    assert_eq!(problem["errors"][0]["path"], "path:id");
    assert_eq!(problem["errors"][0]["code"], "not-utf-8");
    for id in
        ["7", "ord_x", "mem_01h455vb4pex5vsknk084sn02q", "%00", "ord_01H455VB4PEX5VSKNK084SN02Q"]
    {
        let problem = get(&format!("/v1/orders/{id}")).refused(400, "invalid-request").await;
        assert_eq!(problem["errors"][0]["path"], "path:id", "{problem}");
    }
    let order = OrderId::new();
    for line in ["x", "-1", "99999999999", "1.5"] {
        let path = format!("/v1/orders/{order}/items/{line}/tick");
        let problem = world.post(&path).by(&me).refused(400, "invalid-request").await;
        assert_eq!(problem["errors"][0]["path"], "path:line", "{problem}");
    }
    let problem = world.post("/v1/orders/ord_x/items/1/tick").by(&me);
    let problem = problem.refused(400, "invalid-request").await;
    assert_eq!(problem["errors"][0]["path"], "path:id", "{problem}");
    world.call("PATCH", "/v1/orders").by(&me).refused(405, "method-not-allowed").await;
    world.call("DELETE", "/v1/menu").by(&me).refused(405, "method-not-allowed").await;
    world.call("BREW", "/v1/menu").by(&me).refused(405, "method-not-allowed").await;

    for (query, path) in [
        ("limit=0", "query:limit"),
        ("limit=101", "query:limit"),
        ("limit=-1", "query:limit"),
        ("limit=many", "query:limit"),
        ("limit=99999999999999", "query:limit"),
        ("colour=red", "query:colour"),
        ("open=perhaps", "query:open"),
    ] {
        let problem = get(&format!("/v1/orders?{query}")).refused(400, "invalid-request").await;
        assert_eq!(problem["errors"][0]["path"], path, "{query}: {problem}");
    }
    let problem = get("/v1/menu/search").refused(400, "invalid-request").await;
    assert_eq!(problem["errors"][0]["path"], "query:q");
    get("/v1/menu/search?q=").refused(400, "invalid-request").await;
    get(&format!("/v1/menu/search?q={}", "x".repeat(101))).refused(400, "invalid-request").await;
    get(&format!("/v1/orders?cursor={}", "x".repeat(600))).refused(400, "invalid-cursor").await;
    assert!(world.orders.desk.asked("list_orders").is_empty());

    world.orders.desk.on("list_orders", |_: pb::ListOrdersRequest, _| {
        Err::<pb::ListOrdersResponse, _>(
            AppError::new(Code::InvalidCursor, "That is none of our cursors.").into(),
        )
    });
    get("/v1/orders?cursor=broken").refused(400, "invalid-cursor").await;
}

#[tokio::test]
async fn what_the_services_refuse_keeps_its_code_fields_and_facts() {
    let world = World::new().await;
    let me = world.someone(BARISTA);
    let id = OrderId::new();
    let path = format!("/v1/orders/{id}/accept");
    let refusals = [
        (Code::Stale, 409),
        (Code::OrderClosed, 409),
        (Code::TakenByAnother, 409),
        (Code::NotYours, 403),
        (Code::NotFound, 404),
        (Code::BarClosed, 409),
        (Code::TooMany, 422),
        (Code::NotEnoughBeans, 409),
    ];
    for (code, status) in refusals {
        world.orders.desk.on("accept_order", move |_: pb::CommandRequest, _| {
            Err::<pb::CommandResponse, _>(
                AppError::new(code, "Not so.").detail("current", 7).into(),
            )
        });
        let problem = world.post(&path).by(&me).refused(status, code.name()).await;
        assert_eq!(problem["detail"], "Not so.");
        assert_eq!(problem["details"]["current"], "7");
    }
    // A defect there tells nothing to the outside.
    world.orders.desk.on("accept_order", |_: pb::CommandRequest, _| {
        Err::<pb::CommandResponse, _>(tonic::Status::unknown("secret table name"))
    });
    let problem = world.post(&path).by(&me).refused(500, "internal").await;
    assert!(!problem.to_string().contains("secret"), "{problem}");
}

#[tokio::test]
async fn a_version_may_come_as_if_match_or_in_the_body_but_not_two_of_them() {
    let world = World::new().await;
    let me = world.someone(BARISTA);
    let id = OrderId::new();
    let path = format!("/v1/orders/{id}/accept");
    world
        .orders
        .desk
        .on("accept_order", |request: pb::CommandRequest, _| Ok(samples::done(&request.id)));
    let accept = || world.post(&path).by(&me);
    assert_eq!(accept().send().await.status, 200);
    assert_eq!(accept().header("if-match", "\"4\"").send().await.status, 200);
    assert_eq!(accept().json(&json!({"version": 5})).send().await.status, 200);
    let both = accept().header("if-match", "\"6\"").json(&json!({"version": 6}));
    assert_eq!(both.send().await.status, 200);
    let asked = world.orders.desk.asked("accept_order");
    let versions: Vec<bool> = [0, 4, 5, 6]
        .iter()
        .zip(&asked)
        .map(|(version, asked)| asked.message.contains(&format!("version: {version}")))
        .collect();
    assert_eq!(versions, [true; 4]);

    let both = accept().header("if-match", "\"6\"").json(&json!({"version": 7}));
    let problem = both.refused(400, "invalid-request").await;
    assert_eq!(problem["errors"][0]["path"], "/version");
    for wrong in ["7", "\"x\"", "W/\"7\"", "\"-1\""] {
        accept().header("if-match", wrong).refused(400, "invalid-request").await;
    }
    for wrong in [json!({"version": -1}), json!({"version": "7"}), json!({"versoin": 7})] {
        accept().json(&wrong).refused(400, "invalid-request").await;
    }
    let path = format!("/v1/orders/{id}/hand-over");
    let problem = world
        .post(&path)
        .by(&me)
        .json(&json!({"barista": "somebody"}))
        .refused(400, "invalid-request")
        .await;
    assert_eq!(problem["errors"][0]["path"], "/barista");
}

#[tokio::test]
async fn only_our_own_host_names_are_answered() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    for ours in [
        "localhost",
        "localhost:8080",
        "127.0.0.1:1",
        "[::1]:8080",
        "coffee.home",
        "COFFEE.HOME:99",
    ] {
        assert_eq!(
            world.get("/v1/menu").by(&me).header("host", ours).send().await.status,
            200,
            "{ours}"
        );
    }
    for theirs in ["evil.example", "localhost.evil.example", "10.0.0.1", "x@localhost"] {
        world.get("/v1/menu").by(&me).header("host", theirs).refused(421, "unknown-host").await;
        world.get("/docs").header("host", theirs).refused(421, "unknown-host").await;
    }
    let none = raw(world.address, b"GET /v1/menu HTTP/1.0\r\n\r\n").await;
    assert!(
        none.starts_with("HTTP/1.0 400") && none.contains("application/problem+json"),
        "{none}"
    );
    let two = b"GET /v1/menu HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\nConnection: close\r\n\r\n";
    assert!(raw(world.address, two).await.starts_with("HTTP/1.1 400"));
}

#[tokio::test]
async fn what_is_not_http_is_a_400_and_the_connection_ends() {
    let world = World::new().await;
    for bytes in [
        &b"GET / HTTP/9.9\r\n\r\n"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01",
        b"GET /\xff HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"POST /v1/orders HTTP/1.1\r\nHost: localhost\r\nContent-Length: -1\r\n\r\n",
        b"GET /v1/menu HTTP/1.1\r\nHost: localhost\r\nBad Header\r\n\r\n",
    ] {
        let answer = raw(world.address, bytes).await;
        assert!(answer.starts_with("HTTP/1.1 400 Bad Request\r\n"), "{answer}");
    }
}

#[tokio::test]
async fn a_service_that_is_away_is_a_503_and_a_slow_one_a_504() {
    let world = World::with(|config| {
        config.order_service_url = "http://127.0.0.1:1".to_owned();
        config.request_deadline = std::time::Duration::from_secs(1);
    })
    .await;
    let me = world.someone(MEMBER);
    world.get("/v1/menu").by(&me).refused(503, "unavailable").await;

    world.customers.desk.delay("get_me", std::time::Duration::from_secs(5));
    world.get("/v1/me").by(&me).refused(504, "deadline-exceeded").await;
    let asked = &world.customers.desk.asked("get_me")[0];
    let budget: u64 = asked.timeout.as_ref().unwrap().trim_end_matches('u').parse().unwrap();
    assert!(budget <= 1_000_000, "what is left of the second is passed on: {budget}");
}

#[tokio::test]
async fn every_answer_has_the_security_headers() {
    let world = World::new().await;
    let me = world.someone(MEMBER);
    for answer in [
        world.get("/v1/menu").by(&me).send().await,
        world.get("/v1/menu").send().await,
        world.get("/docs").send().await,
        world.get("/nowhere").header("accept", "text/html").send().await,
        world.get("/v1/menu").header("host", "evil.example").send().await,
    ] {
        let policy = answer.header("content-security-policy");
        assert!(policy.contains("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
        assert!(policy.contains("frame-ancestors 'none'"));
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert!(!answer.header("referrer-policy").is_empty());
        assert!(!answer.header("cache-control").is_empty());
    }
}
