//! The relying party's side of Web Authentication (w3.org/TR/webauthn-3, 7.1 and
//! 7.2), as far as passkeys need it. Pure: who deals challenges and keeps
//! passkeys does so elsewhere; the signatures are verified by ring.
//!
//! No attestation is asked for, since any make of phone is welcome here. One that
//! comes all the same proves nothing to us and is not looked at.

mod authenticator_data;
mod client_data;
mod key;
#[cfg(test)]
mod tests;

use sha2::{Digest, Sha256};

use authenticator_data::{AttestationObject, AuthenticatorData};
use client_data::{ClientData, Kind};

pub use client_data::challenge;
pub use key::{ALGORITHMS, PublicKey};

/// The longest credential id that may be registered (7.1, step 25).
pub const LONGEST_CREDENTIAL_ID: usize = 1023;

/// Whether who holds the device must prove to it that they are its owner.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserVerification {
    Required,
    Preferred,
}

/// For whom passkeys are made: a name, and the pages that may use it.
#[derive(Debug, Clone)]
pub struct RelyingParty {
    id: String,
    /// What authenticators put the name down as.
    hash: [u8; 32],
    origins: Vec<String>,
    verification: UserVerification,
}

/// What a device answered to a request for a new passkey.
#[derive(Debug, Clone, Copy)]
pub struct Registration<'a> {
    pub client_data_json: &'a [u8],
    pub attestation_object: &'a [u8],
}

/// What a device answered to a request to sign in.
#[derive(Debug, Clone, Copy)]
pub struct Assertion<'a> {
    pub client_data_json: &'a [u8],
    pub authenticator_data: &'a [u8],
    pub signature: &'a [u8],
}

/// A passkey as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credential {
    pub id: Vec<u8>,
    /// The public key as the device gave it: a COSE key.
    pub public_key: Vec<u8>,
    pub sign_count: u32,
    pub backup: Backup,
}

/// Whether a passkey can be, and is, on more than one device.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Backup {
    /// It never leaves its device.
    Bound,
    /// It may be copied to its owner's other devices, and is not yet.
    Eligible,
    Done,
}

/// What is new about a passkey that was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Used {
    pub sign_count: u32,
    pub backup: Backup,
}

/// Why an answer does not count.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    #[error("the {0} cannot be read")]
    Malformed(&'static str),
    #[error("it was made for another kind of request")]
    WrongKind,
    #[error("it answers another challenge")]
    WrongChallenge,
    #[error("it was made at another address")]
    WrongOrigin,
    #[error("it was made in another site's frame")]
    Framed,
    #[error("it belongs to another name")]
    WrongParty,
    #[error("nobody touched the device")]
    NobodyPresent,
    #[error("the device did not check who holds it")]
    NotVerified,
    #[error("the key is of a kind that was not asked for")]
    UnknownAlgorithm,
    #[error("the signature is not right")]
    WrongSignature,
    #[error("a passkey that is bound to its device was copied")]
    BackupChanged,
    /// There may be a copy of the passkey (6.1.1).
    #[error("the device counted fewer uses than before")]
    CounterWentBack,
}

impl RelyingParty {
    /// `origins` as browsers print them: `https://coffee.local:8443`.
    pub fn new(id: &str, origins: Vec<String>, verification: UserVerification) -> Self {
        Self { id: id.to_owned(), hash: Sha256::digest(id).into(), origins, verification }
    }

    /// The name.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// Checks a new passkey (7.1). That nobody has it yet, its keeper sees to.
    pub fn register(
        &self,
        challenge: &[u8],
        answer: Registration<'_>,
    ) -> Result<Credential, Refused> {
        let Registration { client_data_json, attestation_object } = answer;
        self.check_client(Kind::Create, challenge, client_data_json)?;
        let object = AttestationObject::read(attestation_object)?;
        let data = AuthenticatorData::read(object.authenticator_data)?;
        self.check_device(&data)?;
        let backup = data.backup()?;
        let attested = data.attested.ok_or(Refused::Malformed("attested credential"))?;
        PublicKey::read(attested.public_key)?;
        Ok(Credential {
            id: attested.credential_id.to_owned(),
            public_key: attested.public_key.to_owned(),
            sign_count: data.sign_count,
            backup,
        })
    }

    /// Checks that whoever answered has this passkey (7.2).
    pub fn authenticate(
        &self,
        challenge: &[u8],
        answer: Assertion<'_>,
        known: &Credential,
    ) -> Result<Used, Refused> {
        let Assertion { client_data_json, authenticator_data, signature } = answer;
        self.check_client(Kind::Get, challenge, client_data_json)?;
        let data = AuthenticatorData::read(authenticator_data)?;
        self.check_device(&data)?;
        let backup = data.backup()?;
        if (backup == Backup::Bound) != (known.backup == Backup::Bound) {
            return Err(Refused::BackupChanged);
        }
        let mut signed = authenticator_data.to_owned();
        signed.extend(Sha256::digest(client_data_json));
        PublicKey::read(&known.public_key)?.verify(&signed, signature)?;
        let counts = data.sign_count != 0 || known.sign_count != 0;
        if counts && data.sign_count <= known.sign_count {
            return Err(Refused::CounterWentBack);
        }
        Ok(Used { sign_count: data.sign_count, backup })
    }

    fn check_client(&self, kind: Kind, challenge: &[u8], json: &[u8]) -> Result<(), Refused> {
        let data = ClientData::read(json)?;
        if data.kind != kind {
            return Err(Refused::WrongKind);
        }
        if data.challenge != challenge {
            return Err(Refused::WrongChallenge);
        }
        if !self.origins.contains(&data.origin) {
            return Err(Refused::WrongOrigin);
        }
        if data.framed { Err(Refused::Framed) } else { Ok(()) }
    }

    fn check_device(&self, data: &AuthenticatorData<'_>) -> Result<(), Refused> {
        if data.party != self.hash {
            return Err(Refused::WrongParty);
        }
        if !data.user_present() {
            return Err(Refused::NobodyPresent);
        }
        match self.verification {
            UserVerification::Required if !data.user_verified() => Err(Refused::NotVerified),
            UserVerification::Required | UserVerification::Preferred => Ok(()),
        }
    }
}
