//! What the browser says of the request (5.8.1).

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use serde::Deserialize;

use crate::Refused;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    Get,
}

#[derive(Debug)]
pub(crate) struct ClientData {
    pub(crate) kind: Kind,
    pub(crate) challenge: Vec<u8>,
    pub(crate) origin: String,
    /// It was asked for in a frame of another site.
    pub(crate) framed: bool,
}

/// Browsers may say more than this one day.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Json {
    r#type: String,
    challenge: String,
    origin: String,
    #[serde(default)]
    cross_origin: bool,
    #[serde(default)]
    top_origin: Option<String>,
}

impl ClientData {
    pub(crate) fn read(bytes: &[u8]) -> Result<Self, Refused> {
        const MALFORMED: Refused = Refused::Malformed("client data");
        let json = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let Json { r#type, challenge, origin, cross_origin, top_origin } =
            serde_json::from_slice(json).map_err(|_| MALFORMED)?;
        let kind = match r#type.as_str() {
            "webauthn.create" => Kind::Create,
            "webauthn.get" => Kind::Get,
            _ => return Err(Refused::WrongKind),
        };
        let challenge = BASE64_URL_SAFE_NO_PAD.decode(challenge).map_err(|_| MALFORMED)?;
        Ok(Self { kind, challenge, origin, framed: cross_origin || top_origin.is_some() })
    }
}

/// The challenge that an answer says it answers: by it the request is found again.
pub fn challenge(client_data_json: &[u8]) -> Result<Vec<u8>, Refused> {
    ClientData::read(client_data_json).map(|data| data.challenge)
}
