//! Passkeys over REST, with a device in software.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde_json::{Value, json};
use test_kit::authenticator::{Authenticator, Challenged};

use super::{App, Person};

/// A passkey that is kept.
pub(crate) struct Registered {
    pub(crate) id: String,
    /// Whose it is, as their device knows them.
    pub(crate) user: Vec<u8>,
}

fn bytes(text: &Value) -> Vec<u8> {
    BASE64_URL_SAFE_NO_PAD.decode(text.as_str().unwrap()).unwrap()
}

fn text(bytes: &[u8]) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// Makes a passkey for somebody on a device of theirs.
pub(crate) fn register(app: &App, who: &Person, device: &mut Authenticator) -> Registered {
    let asked = who.post("/v1/me/passkeys/options", &json!({})).ok();
    let (user, challenge) = (bytes(&asked["user"]["id"]), bytes(&asked["challenge"]));
    let rp_id = asked["rp"]["id"].as_str().unwrap();
    let made = device.create(Challenged { origin: &app.url, rp_id, challenge: &challenge }, &user);
    let credential = json!({"response": {
        "clientDataJSON": text(&made.client_data_json),
        "attestationObject": text(&made.attestation_object),
    }});
    let body = json!({"name": "device", "credential": credential});
    let kept = who.post("/v1/me/passkeys", &body).ok();
    Registered { id: kept["id"].as_str().unwrap().to_owned(), user }
}

/// Signs in with the passkey that a device has for a user: their tokens.
pub(crate) fn sign_in(app: &App, device: &mut Authenticator, user: &[u8]) -> Value {
    let asked = app.stranger().post("/v1/session/passkey/options", &json!({})).ok();
    let (rp_id, challenge) = (asked["rpId"].as_str().unwrap(), bytes(&asked["challenge"]));
    let got = device.get(Challenged { origin: &app.url, rp_id, challenge: &challenge }, user);
    let credential = json!({"id": text(&got.credential_id), "response": {
        "clientDataJSON": text(&got.client_data_json),
        "authenticatorData": text(&got.authenticator_data),
        "signature": text(&got.signature),
        "userHandle": text(&got.user_handle),
    }});
    app.stranger().post("/v1/session/passkey", &json!({"credential": credential})).ok()
}
