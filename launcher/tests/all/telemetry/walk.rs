//! People who do everything that there is to do.

use std::time::Duration;

use serde_json::{Value, json};
use test_kit::authenticator::Authenticator;
use ureq::http;

use super::{eventually_nothing_is_missing, missing_steps, secrets::Secrets};
use crate::support::{App, Person, otlp::Collector, passkeys};

/// Of whoever signs in at a device.
const PIN: &str = "7310";

/// Who walks.
pub(super) struct Walk<'a> {
    pub(super) app: &'a App,
    /// Barista and admin.
    pub(super) ada: Person,
    pub(super) cleo: Person,
    /// The other barista's id.
    pub(super) ben: String,
    pub(super) secrets: Secrets,
}

impl Walk<'_> {
    /// Calls one endpoint as people do, with success.
    pub(super) fn visit(&self, method: &str, path: &str) {
        let Self { app, ada, cleo, ben, secrets } = self;
        match (method, path) {
            ("GET", "/v1/events") => {
                let position = ada.get("/v1/queue").ok()["position"].as_str().unwrap().to_owned();
                let mut live = cleo.listen(&position);
                live.until(&cleo.order("espresso"), "queued");
            }
            ("GET", "/v1/menu/search") => drop(cleo.get("/v1/menu/search?q=latte").ok()),
            ("GET", "/v1/orders/{id}") => drop(cleo.look(&cleo.order("espresso"))),
            ("GET", "/v1/queue") => drop(ada.get(path).ok()),
            (
                "GET",
                "/v1/members/{id}/sessions"
                | "/v1/members/{id}/passkeys"
                | "/v1/members/{id}/diner"
                | "/v1/members/{id}/day",
            ) => {
                ada.get(&path.replace("{id}", ben)).ok();
            }
            ("PUT", "/v1/members/{id}/limits") => self.limit_dan(&json!({})),
            ("PUT", "/v1/members/{id}/diet") => self.let_dan_avoid(&[]),
            ("PATCH", "/v1/members/{id}") => {
                let card = json!({"emoji": "🦉"});
                ada.write("PATCH", &path.replace("{id}", ben), &card).ok();
            }
            ("DELETE", "/v1/members/{id}") => {
                let name = "Quinn";
                let quinn = ada.post("/v1/members", &json!({"name": name})).ok()["id"].take();
                let path = path.replace("{id}", quinn.as_str().unwrap());
                ada.write("DELETE", &path, &json!({"name": name})).ok();
            }
            ("DELETE", "/v1/sessions/{id}") => {
                // An admin ends one of Dan's; nobody needs it.
                drop(self.sign_in());
                let sessions = format!("/v1/members/{}/sessions", self.dan());
                let session = ada.get(&sessions).ok()["sessions"][0]["id"].take();
                ada.write("DELETE", &path.replace("{id}", session.as_str().unwrap()), &json!({}))
                    .ok();
            }
            ("GET", "/v1/invitations") => drop(ada.get(path).ok()),
            ("GET", "/v1/members/{id}/invitations") => {
                drop(ada.get(&path.replace("{id}", ben)).ok());
            }
            ("DELETE", "/v1/invitations/{id}") => {
                let link = ada.post(&format!("/v1/members/{ben}/links"), &json!({})).ok();
                ada.write(
                    "DELETE",
                    &path.replace("{id}", link["id"].as_str().unwrap()),
                    &json!({}),
                )
                .ok();
            }
            ("POST", "/v1/session/code") => {
                let wanted = json!({"with_code": true});
                let link = ada.post(&format!("/v1/members/{ben}/links"), &wanted).ok();
                let code = secrets.hold(&link["code"]);
                let guess = format!("{:06}", (code.parse::<u32>().unwrap() + 1) % 1_000_000);
                let guess = json!({"code": secrets.hold(&guess.into())});
                assert_eq!(app.stranger().post(path, &guess).status, 401);
                let pair = app.stranger().post(path, &json!({"code": code})).ok();
                secrets.hold(&pair["access_token"]);
            }
            ("GET", "/v1/reports") => drop(ada.get("/v1/reports?period=2026-W01").ok()),
            ("GET", "/v1/family/week") => {
                // The schedule may not have summed one up yet.
                let answer = cleo.get(path);
                assert!(matches!(answer.status, 200 | 404), "{answer:?}");
            }
            (_, path) if path.contains("/pairings") || path.contains("/device") => {
                self.at_a_device(method, path);
            }
            ("GET", "/v1/display") => drop(self.device("display").get(path).ok()),
            ("GET", "/v1/members/{id}/pins") => drop(ada.get(&path.replace("{id}", ben)).ok()),
            ("PUT" | "DELETE", "/v1/members/{id}/pins/{kind}") => {
                let path = path.replace("{id}", ben).replace("{kind}", "digits");
                let pin = if method == "PUT" { json!({"pin": PIN}) } else { json!({}) };
                ada.write(method, &path, &pin).ok();
            }
            (_, path) if path.contains("/guest-") => self.with_guests(method, path),
            ("GET", _) => drop(cleo.get(path).ok()),
            ("PUT", "/v1/me/boards") => drop(cleo.put(path, &json!({"on_boards": true})).ok()),
            ("PUT", "/v1/bar") => drop(ada.put(path, &json!({"state": "open"})).ok()),
            ("PUT", "/v1/menu/availability/{slug}") => {
                ada.put("/v1/menu/availability/oat", &json!({"available": true})).ok();
            }
            ("PUT", "/v1/house") => {
                // As it is: the walk costs more than anybody has.
                let mut house = ada.get(path).ok();
                let house = house.as_object_mut().unwrap();
                house.retain(|name, _| !name.starts_with("changed_") && name != "version");
                ada.put(path, &json!(house)).ok();
            }
            ("POST", "/v1/me/gifts") => {
                cleo.post_once(path, &json!({"member_id": ben, "beans": 1})).ok();
            }
            ("POST", "/v1/members/{id}/corrections") => {
                let correction = json!({"beans": 1, "reason": "Only a try."});
                ada.post_once(&path.replace("{id}", ben), &correction).ok();
            }
            ("POST", "/v1/me/favourites") => drop(self.keep()),
            ("DELETE", "/v1/me/favourites/{id}") => {
                cleo.write("DELETE", &path.replace("{id}", &self.keep()), &json!({})).ok();
            }
            ("POST", "/v1/me/favourites/{id}/order") => {
                cleo.post_once(&path.replace("{id}", &self.keep()), &json!({})).ok();
            }
            ("PUT", "/v1/me/usual") => {
                cleo.put(path, &json!({"favourite": self.keep()})).ok();
            }
            ("POST", "/v1/me/usual/order") => {
                self.keep();
                cleo.post_once(path, &json!({})).ok();
            }
            ("POST", "/v1/me/tokens") => drop(self.token()),
            ("DELETE", "/v1/me/tokens/{id}") => {
                let made = self.token();
                let id = made["token"]["id"].as_str().unwrap();
                app.stranger().with(made["secret"].as_str().unwrap()).get("/v1/orders").ok();
                cleo.write(method, &path.replace("{id}", id), &json!({})).ok();
            }
            ("POST", "/v1/orders/{id}/again") => {
                let order = cleo.order("espresso");
                let path = path.replace("{id}", order["id"].as_str().unwrap());
                cleo.post_once(&path, &json!({})).ok();
            }
            ("POST", "/v1/session") => drop(self.sign_in()),
            ("POST", "/v1/me/passkeys" | "/v1/me/passkeys/options") => {
                passkeys::register(app, cleo, &mut Authenticator::new());
            }
            ("POST", "/v1/session/passkey" | "/v1/session/passkey/options") => {
                let mut device = Authenticator::new();
                let user = passkeys::register(app, cleo, &mut device).user;
                passkeys::sign_in(app, &mut device, &user);
            }
            ("DELETE", "/v1/passkeys/{id}") => {
                let id = passkeys::register(app, cleo, &mut Authenticator::new()).id;
                cleo.write("DELETE", &path.replace("{id}", &id), &json!({})).ok();
            }
            ("POST", "/v1/session/refresh") => {
                app.stranger().post(path, &json!({"refresh_token": self.sign_in()})).ok();
            }
            ("DELETE", "/v1/session") => {
                let body = json!({"refresh_token": self.sign_in()}).to_string();
                let request = http::Request::delete(format!("{}{path}", app.url))
                    .header("content-type", "application/json")
                    .body(body.into_bytes());
                app.stranger().send(request.unwrap()).ok();
            }
            ("POST", "/v1/orders") => drop(cleo.order("espresso")),
            ("POST", "/v1/members") => drop(ada.post(path, &json!({"name": "Zoe"})).ok()),
            ("POST", "/v1/members/{id}/links") => {
                ada.post(&path.replace("{id}", ben), &json!({"valid_seconds": 60})).ok();
            }
            ("POST", "/v1/orders/{id}/approve" | "/v1/orders/{id}/refuse") => {
                self.limit_dan(&json!({"drinks": 0}));
                let order = self.order_for_dan("held");
                self.limit_dan(&json!({}));
                let command = path.rsplit('/').next().unwrap();
                ada.command(&order, command, &json!({})).ok();
            }
            ("POST", "/v1/orders/{id}/acknowledge") => {
                self.let_dan_avoid(&["nuts"]);
                let order = self.order_for_dan("queued");
                self.let_dan_avoid(&[]);
                ada.command(&order, "acknowledge", &json!({})).ok();
            }
            ("POST", _) => {
                let command = path.strip_prefix("/v1/orders/{id}/");
                let command = command.unwrap_or_else(|| panic!("how is {method} {path} called?"));
                self.command(&command.replace("{line}", "1"), ben);
            }
            _ => panic!("how is {method} {path} called?"),
        }
    }

    /// A token that reads Cleo's orders.
    fn token(&self) -> Value {
        let new = json!({"name": "A script", "scope": "read-orders"});
        let made = self.cleo.post("/v1/me/tokens", &new).ok();
        self.secrets.hold(&made["secret"]);
        made
    }

    /// Signs Dan in by a fresh link, which is looked at before: his refresh token.
    fn sign_in(&self) -> Value {
        let Self { app, secrets, .. } = self;
        let (links, _) = app.command(&["links"]);
        let line =
            links.lines().find(|line| line.contains(" Dan ")).unwrap_or_else(|| panic!("{links}"));
        let (_, secret) = line.rsplit_once('/').unwrap();
        let secret = secrets.hold(&secret.into());
        app.stranger().get(&format!("/sign-in/{secret}"));
        let mut pair = app.stranger().post("/v1/session", &json!({"secret": secret})).ok();
        secrets.hold(&pair["access_token"]);
        secrets.hold(&pair["refresh_token"]);
        pair["refresh_token"].take()
    }

    /// The child of the family.
    fn dan(&self) -> String {
        let members = self.ada.get("/v1/members").ok();
        let mut members = members["members"].as_array().unwrap().iter();
        let dan = members.find(|member| member["name"] == "Dan").unwrap();
        dan["id"].as_str().unwrap().to_owned()
    }

    fn limit_dan(&self, limits: &Value) {
        let path = format!("/v1/members/{}/limits", self.dan());
        self.ada.put(&path, &json!({"limits": limits})).ok();
    }

    fn let_dan_avoid(&self, allergens: &[&str]) {
        let path = format!("/v1/members/{}/diet", self.dan());
        self.ada.put(&path, &json!({"diet": {"avoids": allergens}})).ok();
    }

    /// Something for Dan, whatever his limits say.
    fn order_for_dan(&self, state: &str) -> Value {
        let item = json!({"menu_item": "espresso", "for": {"member": self.dan()}});
        let body = json!({"items": [item], "ask_guardian": true});
        let order = self.cleo.place_with(&uuid::Uuid::now_v7().to_string(), &body).ok();
        assert_eq!(order["state"], state, "{order}");
        order
    }

    /// Guests and their passes.
    fn with_guests(&self, method: &str, path: &str) {
        let passes = "/v1/me/guest-passes";
        let pass = || {
            let pass = self.ada.post(passes, &json!({})).ok();
            self.secrets.hold(&pass["secret"]);
            pass
        };
        match (method, path) {
            ("GET", _) => drop(self.ada.get(path).ok()),
            ("POST", "/v1/guest-sessions") => {
                let secret = self.secrets.hold(&pass()["secret"]);
                self.app.stranger().get(&format!("/guest/{secret}"));
                let guest = json!({"secret": secret, "name": "Gil"});
                let pair = self.app.stranger().post(path, &guest).ok();
                self.secrets.hold(&pair["access_token"]);
                self.secrets.hold(&pair["refresh_token"]);
            }
            ("POST", _) => drop(pass()),
            ("DELETE", _) => {
                let id = pass()["pass"]["id"].as_str().unwrap().to_owned();
                self.ada.write("DELETE", &path.replace("{id}", &id), &json!({})).ok();
            }
            _ => panic!("how is {method} {path} called?"),
        }
    }

    /// What is asked by and about shared devices.
    fn at_a_device(&self, method: &str, path: &str) {
        let Self { app, ada, ben, .. } = self;
        let start = || app.stranger().post("/v1/pairings", &json!({"device": "A walk"})).ok();
        let of_code = |path: &str| path.replace("{code}", start()["user_code"].as_str().unwrap());
        match (method, path) {
            ("POST", "/v1/pairings") => drop(start()),
            ("POST", "/v1/pairings/tokens") => drop(self.device("kiosk")),
            ("GET", "/v1/pairings/{code}") => drop(ada.get(&of_code(path)).ok()),
            ("POST", "/v1/pairings/{code}/approve") => {
                ada.post(&of_code(path), &json!({"name": "Walk", "kind": "display"})).ok();
            }
            ("POST", "/v1/pairings/{code}/refuse") => {
                drop(ada.post(&of_code(path), &json!({})).ok())
            }
            ("GET", "/v1/devices") => drop(ada.get(path).ok()),
            ("DELETE", "/v1/devices/{id}") => {
                self.device("display");
                let devices = ada.get("/v1/devices").ok();
                let id = devices["devices"].as_array().unwrap().last().unwrap()["id"].clone();
                ada.write("DELETE", &path.replace("{id}", id.as_str().unwrap()), &json!({})).ok();
            }
            ("GET", "/v1/device") => drop(self.device("counter").get(path).ok()),
            ("POST", "/v1/device/session") => {
                let pin = format!("/v1/members/{ben}/pins/digits");
                ada.put(&pin, &json!({"pin": PIN})).ok();
                self.device("counter").post(path, &json!({"member": ben, "pin": PIN})).ok();
            }
            _ => panic!("how is {method} {path} called?"),
        }
    }

    /// A device of this kind, which Ada has approved.
    fn device(&self, kind: &str) -> Person {
        let stranger = self.app.stranger();
        let started = stranger.post("/v1/pairings", &json!({})).ok();
        let path = format!("/v1/pairings/{}/approve", started["user_code"].as_str().unwrap());
        self.ada.post(&path, &json!({"name": "Walk", "kind": kind})).ok();
        let secret = json!({"device_code": started["device_code"]});
        let paired = stranger.post("/v1/pairings/tokens", &secret).ok();
        for secret in [&started["device_code"], &paired["tokens"]["refresh_token"]] {
            self.secrets.hold(secret);
        }
        stranger.holding(&paired["tokens"])
    }

    /// Keeps a drink as the usual, the same each time: its id.
    fn keep(&self) -> String {
        let body = json!({"menu_item": "espresso", "name": "Walk", "usual": true});
        let kept = self.cleo.post("/v1/me/favourites", &body).ok();
        kept["id"].as_str().unwrap().to_owned()
    }

    /// Gives a command about a new order, which is brought to where it may be given.
    fn command(&self, command: &str, ben: &str) {
        let Self { ada, cleo, .. } = self;
        let reason = "Only a try.";
        let (who, before, body): (_, &[&str], _) = match command {
            "accept" | "ready" => (ada, &[], json!({})),
            "decline" => (ada, &[], json!({"reason": reason})),
            "amend" => (cleo, &[], json!({"items": [{"menu_item": "latte"}]})),
            "cancel" => (cleo, &[], json!({})),
            "release" | "items/1/tick" => (ada, &["accept"], json!({})),
            "hand-over" => (ada, &["accept"], json!({"barista": ben})),
            "items/1/strike" => (ada, &["accept"], json!({"reason": reason})),
            "items/1/replace" => {
                let item = json!({"menu_item": "latte"});
                (ada, &["accept"], json!({"item": item, "reason": reason}))
            }
            "recall" => (ada, &["ready"], json!({})),
            "pick-up" => (cleo, &["ready"], json!({})),
            "forgive" => (ada, &["ready", "pick-up"], json!({})),
            _ => panic!("how is {command} given?"),
        };
        let key = uuid::Uuid::now_v7().to_string();
        let two = json!({"items": [{"menu_item": "espresso"}, {"menu_item": "espresso"}]});
        let order = cleo.place_with(&key, &two).ok();
        assert_eq!(order["state"], "queued", "{order}");
        for command in before {
            ada.command(&order, command, &json!({})).ok();
        }
        who.command(&order, command, &body).ok();
    }

    /// Opens each page, and sends each form empty: refused is seen, too.
    pub(super) fn look_at(&self, pages: &[(String, String)]) {
        let order = self.cleo.order("espresso");
        for (method, path) in pages {
            let path = path.replace("/menu/{slug}", "/menu/latte");
            let path = path.replace("{id}", order["id"].as_str().unwrap());
            let path = path.replace(['{', '}'], ""); // no such version, secret, command, …
            let answer = match &**method {
                "GET" => self.ada.get(&path),
                "POST" => self.ada.post_form(&path),
                _ => panic!("how is {method} {path} called?"),
            };
            assert!(answer.status < 500, "{method} {path}: {answer:?}");
        }
    }

    /// One that is held, and ones that nobody says yes to, accepts, finishes or fetches.
    pub(super) fn let_the_clock_move_orders_on(&self) {
        let Self { ada, cleo, .. } = self;
        let [forgotten, left, made] = [(); 3].map(|()| cleo.order("espresso"));
        ada.command(&left, "accept", &json!({})).ok();
        ada.command(&made, "ready", &json!({})).ok();
        // By the clock of the service.
        let now: types::Timestamp = serde_json::from_value(left["placed_at"].clone()).unwrap();
        let body = json!({
            "items": [{"menu_item": "espresso"}],
            "not_before": now + Duration::from_secs(4),
        });
        let held = cleo.place_with(&uuid::Uuid::now_v7().to_string(), &body).ok();
        assert_eq!(held["state"], "held", "{held}");
        self.limit_dan(&json!({"drinks": 0}));
        let asked = self.order_for_dan("held");
        self.limit_dan(&json!({}));
        for (order, state) in [
            (held, "queued"),
            (asked, "declined"),
            (left, "cancelled"),
            (forgotten, "expired"),
            (made, "uncollected"),
        ] {
            let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
            cleo.eventually(&path, |order| order["state"] == state);
        }
    }

    /// The fast path is nearly always first: here nobody can settle, and nobody can
    /// reject before both want to.
    pub(super) fn let_the_workflow_settle_and_reject(&self, collector: &Collector) {
        self.app.freeze("customer-service");
        let order = self.cleo.order("espresso");
        assert_eq!(order["state"], "placed", "{order}");
        let id: types::OrderId = order["id"].as_str().unwrap().parse().unwrap();
        let mut holder = self.app.session("order_db");
        let hold = format!("begin; select from orders where id = '{}' for update", id.uuid());
        holder.run(&hold).unwrap();
        eventually_nothing_is_missing(|| missing_steps(&collector.spans(), &["settle"]));
        eventually_nothing_is_missing(|| {
            let waiting = "select count(*) from pg_stat_activity where wait_event_type = 'Lock'";
            let waiting = holder.number(waiting);
            (waiting < 2).then(|| format!("{waiting} want to reject it")).into_iter().collect()
        });
        drop(holder);
        self.app.thaw("customer-service");
        let path = format!("/v1/orders/{}", order["id"].as_str().unwrap());
        self.cleo.eventually(&path, |order| order["state"] == "rejected");
    }
}
