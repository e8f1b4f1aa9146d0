//! Passkeys in JSON. What goes to a browser or native client, and what comes
//! from it, has the form that Web Authentication gives it (w3.org/TR/webauthn-3,
//! 5.1.8 to 5.1.10), so that a client hands it on as it is.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use chrono::{DateTime, Utc};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;
use wire::customer::v1 as pb;

use super::{nonsense, time};
use crate::problem::Problem;

/// What the family calls the house in a device's list of passkeys.
const HOUSE: &str = "Everything";

/// Bytes in base64url, without padding.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Base64Url(pub Bytes);

impl Serialize for Base64Url {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&BASE64_URL_SAFE_NO_PAD.encode(&self.0))
    }
}

impl<'de> Deserialize<'de> for Base64Url {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        // Decoded while the deserializer knows which field it reads.
        struct Text;
        impl serde::de::Visitor<'_> for Text {
            type Value = Base64Url;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("base64url without padding")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Base64Url, E> {
                let bytes = BASE64_URL_SAFE_NO_PAD.decode(text);
                let bytes = bytes.map_err(|_| E::custom("must be base64url without padding"))?;
                Ok(Base64Url(bytes.into()))
            }
        }
        deserializer.deserialize_str(Text)
    }
}

/// `PublicKeyCredentialCreationOptionsJSON`: for `navigator.credentials.create()`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyCreation {
    pub rp: PasskeyHouse,
    pub user: PasskeyUser,
    #[schema(value_type = String)]
    pub challenge: Base64Url,
    pub pub_key_cred_params: Vec<PasskeyAlgorithm>,
    /// In milliseconds.
    #[schema(example = 300_000)]
    pub timeout: i64,
    pub exclude_credentials: Vec<PasskeyDescriptor>,
    pub authenticator_selection: PasskeySelection,
    #[schema(example = "none")]
    pub attestation: &'static str,
}

/// The house.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyHouse {
    #[schema(example = "coffee.local")]
    pub id: String,
    pub name: &'static str,
}

/// For whom it is.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyUser {
    #[schema(value_type = String)]
    pub id: Base64Url,
    pub name: String,
    pub display_name: String,
}

/// A kind of key.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyAlgorithm {
    #[schema(example = "public-key")]
    pub r#type: &'static str,
    /// By COSE's numbers.
    #[schema(example = -7)]
    pub alg: i64,
}

/// A passkey that there is already.
#[derive(Debug, Serialize, ToSchema)]
pub struct PasskeyDescriptor {
    #[schema(example = "public-key")]
    pub r#type: &'static str,
    #[schema(value_type = String)]
    pub id: Base64Url,
    pub transports: Vec<String>,
}

/// What a device must be able to do.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeySelection {
    /// It finds the passkey without being told whose.
    #[schema(example = "required")]
    pub resident_key: &'static str,
    pub require_resident_key: bool,
    /// It checks who holds it.
    #[schema(example = "required")]
    pub user_verification: &'static str,
}

const PUBLIC_KEY: &str = "public-key";
const REQUIRED: &str = "required";

impl From<pb::PasskeyCreation> for PasskeyCreation {
    fn from(asked: pb::PasskeyCreation) -> Self {
        let pb::PasskeyCreation {
            rp_id,
            challenge,
            user_handle,
            user_name,
            algorithms,
            exclude,
            timeout_seconds,
        } = asked;
        let algorithms = algorithms.into_iter();
        let exclude = exclude.into_iter().map(|had| {
            let pb::PasskeyDescriptor { credential_id, transports } = had;
            PasskeyDescriptor { r#type: PUBLIC_KEY, id: Base64Url(credential_id), transports }
        });
        Self {
            rp: PasskeyHouse { id: rp_id, name: HOUSE },
            user: PasskeyUser {
                id: Base64Url(user_handle),
                name: user_name.clone(),
                display_name: user_name,
            },
            challenge: Base64Url(challenge),
            pub_key_cred_params: algorithms
                .map(|alg| PasskeyAlgorithm { r#type: PUBLIC_KEY, alg })
                .collect(),
            timeout: i64::from(timeout_seconds) * 1000,
            exclude_credentials: exclude.collect(),
            authenticator_selection: PasskeySelection {
                resident_key: REQUIRED,
                require_resident_key: true,
                user_verification: REQUIRED,
            },
            attestation: "none",
        }
    }
}

/// `PublicKeyCredentialRequestOptionsJSON`: for `navigator.credentials.get()`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct PasskeyChallenge {
    #[schema(value_type = String)]
    pub challenge: Base64Url,
    /// In milliseconds.
    #[schema(example = 300_000)]
    pub timeout: i64,
    #[schema(example = "coffee.local")]
    pub rp_id: String,
    #[schema(example = "required")]
    pub user_verification: &'static str,
}

impl From<pb::PasskeyChallenge> for PasskeyChallenge {
    fn from(asked: pb::PasskeyChallenge) -> Self {
        let pb::PasskeyChallenge { rp_id, challenge, timeout_seconds } = asked;
        Self {
            challenge: Base64Url(challenge),
            timeout: i64::from(timeout_seconds) * 1000,
            rp_id,
            user_verification: REQUIRED,
        }
    }
}

/// A new passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewPasskey {
    /// What its owner calls it.
    #[serde(default)]
    #[schema(max_length = 40, example = "My phone")]
    pub name: Option<String>,
    pub credential: CreatedPasskey,
}

/// `RegistrationResponseJSON`, as far as it is looked at.
#[derive(Debug, Deserialize, ToSchema)]
pub struct CreatedPasskey {
    pub response: CreatedPasskeyResponse,
}

/// What the device answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreatedPasskeyResponse {
    #[serde(rename = "clientDataJSON")]
    #[schema(value_type = String)]
    pub client_data_json: Base64Url,
    #[schema(value_type = String)]
    pub attestation_object: Base64Url,
    #[serde(default)]
    #[schema(max_items = 10)]
    pub transports: Vec<String>,
}

impl From<NewPasskey> for pb::FinishPasskeyRegistrationRequest {
    fn from(new: NewPasskey) -> Self {
        let NewPasskey { name, credential: CreatedPasskey { response } } = new;
        let CreatedPasskeyResponse { client_data_json, attestation_object, transports } = response;
        Self {
            name: name.unwrap_or_default(),
            client_data_json: client_data_json.0,
            attestation_object: attestation_object.0,
            transports,
        }
    }
}

/// A sign-in by a passkey.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PasskeySignIn {
    pub credential: UsedPasskey,
    /// What the list of one's devices calls this one.
    #[serde(default)]
    pub device: Option<String>,
}

/// `AuthenticationResponseJSON`, as far as it is looked at.
#[derive(Debug, Deserialize, ToSchema)]
pub struct UsedPasskey {
    #[schema(value_type = String)]
    pub id: Base64Url,
    pub response: UsedPasskeyResponse,
}

/// What the device answered.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct UsedPasskeyResponse {
    #[serde(rename = "clientDataJSON")]
    #[schema(value_type = String)]
    pub client_data_json: Base64Url,
    #[schema(value_type = String)]
    pub authenticator_data: Base64Url,
    #[schema(value_type = String)]
    pub signature: Base64Url,
    /// Whose passkey it is.
    #[schema(value_type = String)]
    pub user_handle: Base64Url,
}

impl UsedPasskey {
    /// For customer-service; `device` is what the device says it is.
    pub(crate) fn into_wire(self, device: String) -> pb::FinishPasskeySignInRequest {
        let Self { id, response } = self;
        let UsedPasskeyResponse { client_data_json, authenticator_data, signature, user_handle } =
            response;
        pb::FinishPasskeySignInRequest {
            credential_id: id.0,
            client_data_json: client_data_json.0,
            authenticator_data: authenticator_data.0,
            signature: signature.0,
            user_handle: user_handle.0,
            device,
        }
    }
}

/// Somebody's passkeys.
#[derive(Debug, Serialize, ToSchema)]
pub struct Passkeys {
    /// Oldest first.
    pub passkeys: Vec<Passkey>,
}

/// One passkey.
#[derive(Debug, Serialize, ToSchema)]
pub struct Passkey {
    #[schema(example = "psk_01h455vb4pex5vsknk084sn02q")]
    pub id: String,
    #[schema(example = "My phone")]
    pub name: String,
    pub created_at: DateTime<Utc>,
    /// Null: never.
    pub last_used_at: Option<DateTime<Utc>>,
    /// It is on its owner's other devices, too.
    pub synced: bool,
}

impl TryFrom<pb::Passkey> for Passkey {
    type Error = Problem;

    fn try_from(passkey: pb::Passkey) -> Result<Self, Problem> {
        let pb::Passkey { id, name, created_at, last_used_at, synced } = passkey;
        let created_at = created_at.and_then(time);
        let created_at = created_at.ok_or_else(|| nonsense("a passkey without beginning"))?;
        Ok(Self { id, name, created_at, last_used_at: last_used_at.and_then(time), synced })
    }
}

impl TryFrom<pb::ListPasskeysResponse> for Passkeys {
    type Error = Problem;

    fn try_from(list: pb::ListPasskeysResponse) -> Result<Self, Problem> {
        let pb::ListPasskeysResponse { passkeys } = list;
        let passkeys = passkeys.into_iter().map(TryInto::try_into).collect::<Result<_, _>>()?;
        Ok(Self { passkeys })
    }
}
