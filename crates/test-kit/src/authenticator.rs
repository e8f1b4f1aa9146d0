//! A device with passkeys, in software: what a phone does when a page asks it for
//! one (w3.org/TR/webauthn-3, 6.3), and what a bad one might do.

use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use ring::{
    digest::{SHA256, digest},
    rand::SystemRandom,
    signature::{ECDSA_P256_SHA256_ASN1_SIGNING, EcdsaKeyPair, KeyPair},
};

/// A phone with its passkeys. A clone of it has copies of them.
#[derive(Debug, Clone)]
pub struct Authenticator {
    passkeys: Vec<Passkey>,
    counts: bool,
    backed_up: bool,
    mischief: Option<Mischief>,
}

/// Each a thing that a relying party must notice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mischief {
    /// It does not check who holds it.
    Unverified,
    /// It answers though nobody touched it.
    Untouched,
    /// The page was in another site's frame.
    Framed,
    /// It answers for another name.
    OtherParty,
    /// It answers a registration as a sign-in, and the other way round.
    OtherKind,
}

#[derive(Debug, Clone)]
struct Passkey {
    id: Vec<u8>,
    user: Vec<u8>,
    pkcs8: Vec<u8>,
    uses: u32,
}

/// What a page asks, and where the page is.
#[derive(Debug, Clone, Copy)]
pub struct Challenged<'a> {
    pub origin: &'a str,
    pub rp_id: &'a str,
    pub challenge: &'a [u8],
}

/// The answer to a request for a new passkey.
#[derive(Debug, Clone)]
pub struct Created {
    pub credential_id: Vec<u8>,
    pub client_data_json: Vec<u8>,
    pub attestation_object: Vec<u8>,
}

/// The answer to a request to sign in.
#[derive(Debug, Clone)]
pub struct Got {
    pub credential_id: Vec<u8>,
    pub client_data_json: Vec<u8>,
    pub authenticator_data: Vec<u8>,
    pub signature: Vec<u8>,
    pub user_handle: Vec<u8>,
}

impl Default for Authenticator {
    fn default() -> Self {
        Self { passkeys: Vec::new(), counts: true, backed_up: false, mischief: None }
    }
}

impl Authenticator {
    /// One that counts, and whose passkeys stay in it.
    pub fn new() -> Self {
        Self::default()
    }

    /// Its passkeys are on its owner's other devices, too.
    #[must_use]
    pub fn backed_up(self) -> Self {
        Self { backed_up: true, ..self }
    }

    /// It does not count the uses of its passkeys.
    #[must_use]
    pub fn uncounted(self) -> Self {
        Self { counts: false, ..self }
    }

    /// It does this wrong.
    #[must_use]
    pub fn with(self, mischief: Mischief) -> Self {
        Self { mischief: Some(mischief), ..self }
    }

    /// Makes a passkey for a user, in the place of one that it has for them.
    pub fn create(&mut self, asked: Challenged<'_>, user: &[u8]) -> Created {
        let pkcs8 =
            EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, &SystemRandom::new());
        let pkcs8 = pkcs8.expect("make a key").as_ref().to_owned();
        let id = uuid::Uuid::new_v4().as_bytes().to_vec();
        let mut data = self.data(asked.rp_id, 1 << 6, 0);
        data.extend([0; 16]);
        data.extend(16_u16.to_be_bytes());
        data.extend(&id);
        data.extend(cose(key(&pkcs8).public_key().as_ref()));
        self.passkeys.retain(|passkey| passkey.user != user);
        self.passkeys.push(Passkey { id: id.clone(), user: user.to_owned(), pkcs8, uses: 0 });
        Created {
            credential_id: id,
            client_data_json: self.client_data(asked, "webauthn.create", "webauthn.get"),
            attestation_object: attestation(&data),
        }
    }

    /// Signs in with the passkey that it has for a user: where a phone has several,
    /// its owner chooses.
    pub fn get(&mut self, asked: Challenged<'_>, user: &[u8]) -> Got {
        let counts = self.counts;
        let found = self.passkeys.iter_mut().find(|passkey| passkey.user == user);
        let passkey = found.expect("the device has no passkey for this user");
        passkey.uses += u32::from(counts);
        let passkey = passkey.clone();
        let authenticator_data = self.data(asked.rp_id, 0, passkey.uses);
        let client_data_json = self.client_data(asked, "webauthn.get", "webauthn.create");
        let mut signed = authenticator_data.clone();
        signed.extend(digest(&SHA256, &client_data_json).as_ref());
        let signature = key(&passkey.pkcs8).sign(&SystemRandom::new(), &signed).expect("sign");
        Got {
            credential_id: passkey.id,
            client_data_json,
            authenticator_data,
            signature: signature.as_ref().to_owned(),
            user_handle: passkey.user,
        }
    }

    fn data(&self, rp_id: &str, mut flags: u8, uses: u32) -> Vec<u8> {
        let (present, verified, backed_up) = (1, 1 << 2, 1 << 3 | 1 << 4);
        flags |= if self.backed_up { backed_up } else { 0 };
        flags |= match self.mischief {
            Some(Mischief::Untouched) => verified,
            Some(Mischief::Unverified) => present,
            _ => present | verified,
        };
        let other = self.mischief == Some(Mischief::OtherParty);
        let party = if other { "another.example" } else { rp_id };
        let mut data = digest(&SHA256, party.as_bytes()).as_ref().to_owned();
        data.push(flags);
        data.extend(uses.to_be_bytes());
        data
    }

    fn client_data(&self, asked: Challenged<'_>, right: &str, wrong: &str) -> Vec<u8> {
        let other = self.mischief == Some(Mischief::OtherKind);
        let kind = if other { wrong } else { right };
        let challenge = BASE64_URL_SAFE_NO_PAD.encode(asked.challenge);
        let framed = self.mischief == Some(Mischief::Framed);
        format!(
            r#"{{"type":"{kind}","challenge":"{challenge}","origin":"{}","crossOrigin":{framed}}}"#,
            asked.origin
        )
        .into_bytes()
    }
}

fn key(pkcs8: &[u8]) -> EcdsaKeyPair {
    EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_ASN1_SIGNING, pkcs8, &SystemRandom::new())
        .expect("a key of ours")
}

/// An uncompressed point as a COSE key of ES256 (RFC 9053): {1: 2, 3: -7, -1: 1,
/// -2: x, -3: y}.
fn cose(point: &[u8]) -> Vec<u8> {
    let mut bytes = vec![0xa5, 0x01, 0x02, 0x03, 0x26, 0x20, 0x01, 0x21, 0x58, 32];
    bytes.extend(&point[1..33]);
    bytes.extend([0x22, 0x58, 32]);
    bytes.extend(&point[33..65]);
    bytes
}

/// {"fmt": "none", "attStmt": {}, "authData": data}, in CBOR.
fn attestation(data: &[u8]) -> Vec<u8> {
    let length = u8::try_from(data.len()).expect("authenticator data of at most 255 bytes");
    let mut bytes = b"\xa3\x63fmt\x64none\x67attStmt\xa0\x68authData\x58".to_vec();
    bytes.push(length);
    bytes.extend(data);
    bytes
}
