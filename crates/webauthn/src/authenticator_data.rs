//! What the device says (6.1), and what it is wrapped in at registration (6.5).

use minicbor::Decoder;

use crate::{Backup, LONGEST_CREDENTIAL_ID, Refused};

const PRESENT: u8 = 1;
const VERIFIED: u8 = 1 << 2;
const BACKUP_ELIGIBLE: u8 = 1 << 3;
const BACKED_UP: u8 = 1 << 4;
const HAS_CREDENTIAL: u8 = 1 << 6;
const HAS_EXTENSIONS: u8 = 1 << 7;

const MALFORMED: Refused = Refused::Malformed("authenticator data");

#[derive(Debug)]
pub(crate) struct AuthenticatorData<'a> {
    /// The SHA-256 of the name that the passkey is for.
    pub(crate) party: &'a [u8],
    flags: u8,
    pub(crate) sign_count: u32,
    pub(crate) attested: Option<Attested<'a>>,
}

/// A new passkey.
#[derive(Debug)]
pub(crate) struct Attested<'a> {
    pub(crate) credential_id: &'a [u8],
    /// A COSE key.
    pub(crate) public_key: &'a [u8],
}

impl<'a> AuthenticatorData<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Refused> {
        let (party, rest) = split(bytes, 32)?;
        let (&flags, rest) = rest.split_first().ok_or(MALFORMED)?;
        let (sign_count, mut rest) = rest.split_first_chunk().ok_or(MALFORMED)?;
        let mut attested = None;
        if flags & HAS_CREDENTIAL != 0 {
            let (_aaguid, after) = split(rest, 16)?;
            let (length, after) = after.split_first_chunk().ok_or(MALFORMED)?;
            let length = usize::from(u16::from_be_bytes(*length));
            if !(1..=LONGEST_CREDENTIAL_ID).contains(&length) {
                return Err(Refused::Malformed("credential id"));
            }
            let (credential_id, after) = split(after, length)?;
            let (public_key, after) = split(after, item(after)?)?;
            attested = Some(Attested { credential_id, public_key });
            rest = after;
        }
        if flags & HAS_EXTENSIONS != 0 {
            // None was asked for: whatever it says is skipped.
            (_, rest) = split(rest, item(rest)?)?;
        }
        if !rest.is_empty() {
            return Err(MALFORMED);
        }
        Ok(Self { party, flags, sign_count: u32::from_be_bytes(*sign_count), attested })
    }

    pub(crate) const fn user_present(&self) -> bool {
        self.flags & PRESENT != 0
    }

    pub(crate) const fn user_verified(&self) -> bool {
        self.flags & VERIFIED != 0
    }

    pub(crate) const fn backup(&self) -> Result<Backup, Refused> {
        match (self.flags & BACKUP_ELIGIBLE != 0, self.flags & BACKED_UP != 0) {
            (false, false) => Ok(Backup::Bound),
            (true, false) => Ok(Backup::Eligible),
            (true, true) => Ok(Backup::Done),
            (false, true) => Err(MALFORMED),
        }
    }
}

fn split(bytes: &[u8], at: usize) -> Result<(&[u8], &[u8]), Refused> {
    bytes.split_at_checked(at).ok_or(MALFORMED)
}

/// How long the CBOR item is that these bytes begin with.
fn item(bytes: &[u8]) -> Result<usize, Refused> {
    let mut decoder = Decoder::new(bytes);
    decoder.skip().map_err(|_| MALFORMED)?;
    Ok(decoder.position())
}

/// The device's data and a statement about its make, of which only the data counts.
#[derive(Debug)]
pub(crate) struct AttestationObject<'a> {
    pub(crate) authenticator_data: &'a [u8],
}

impl<'a> AttestationObject<'a> {
    pub(crate) fn read(bytes: &'a [u8]) -> Result<Self, Refused> {
        Self::decode(bytes).ok().flatten().ok_or(Refused::Malformed("attestation object"))
    }

    fn decode(bytes: &'a [u8]) -> Result<Option<Self>, minicbor::decode::Error> {
        let mut decoder = Decoder::new(bytes);
        let mut authenticator_data = None;
        let Some(entries) = decoder.map()? else { return Ok(None) };
        for _ in 0..entries {
            match decoder.str()? {
                "authData" if authenticator_data.is_none() => {
                    authenticator_data = Some(decoder.bytes()?);
                }
                "authData" => return Ok(None),
                _ => decoder.skip()?,
            }
        }
        let whole = decoder.position() == bytes.len();
        Ok(authenticator_data
            .filter(|_| whole)
            .map(|authenticator_data| Self { authenticator_data }))
    }
}
