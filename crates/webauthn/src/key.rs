//! Public keys as devices give them (RFC 9053), in the kinds that we ask for.

use minicbor::{Decoder, data::Type};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents,
    UnparsedPublicKey,
};

use crate::Refused;

const ES256: i64 = -7;
const EDDSA: i64 = -8;
const RS256: i64 = -257;

/// What we ask for, by COSE's numbers, dearest first: phones and keys have ES256,
/// Windows may have only RS256.
pub const ALGORITHMS: [i64; 3] = [ES256, EDDSA, RS256];

const MALFORMED: Refused = Refused::Malformed("public key");

/// A key that verifies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PublicKey {
    /// An uncompressed point of P-256.
    Es256([u8; 65]),
    Ed25519([u8; 32]),
    Rs256 {
        modulus: Vec<u8>,
        exponent: Vec<u8>,
    },
}

/// A COSE key's entries, as far as our kinds have them.
#[derive(Debug, Default)]
struct Entries<'a> {
    kind: Option<i64>,
    algorithm: Option<i64>,
    curve: Option<i64>,
    /// -1 of an RSA key.
    modulus: Option<&'a [u8]>,
    /// -2: x, or an RSA key's exponent.
    second: Option<&'a [u8]>,
    /// -3: y.
    third: Option<&'a [u8]>,
}

impl PublicKey {
    /// Reads a COSE key.
    pub fn read(bytes: &[u8]) -> Result<Self, Refused> {
        let Entries { kind, algorithm, curve, modulus, second, third } =
            entries(bytes).ok().flatten().ok_or(MALFORMED)?;
        let coordinate = |bytes: Option<&[u8]>| <[u8; 32]>::try_from(bytes?).ok();
        match (algorithm.ok_or(MALFORMED)?, kind, curve) {
            (ES256, Some(2), Some(1)) => {
                let x = coordinate(second).ok_or(MALFORMED)?;
                let y = coordinate(third).ok_or(MALFORMED)?;
                let mut point = [4; 65];
                point[1..33].copy_from_slice(&x);
                point[33..].copy_from_slice(&y);
                Ok(Self::Es256(point))
            }
            (EDDSA, Some(1), Some(6)) => Ok(Self::Ed25519(coordinate(second).ok_or(MALFORMED)?)),
            (RS256, Some(3), None) => Ok(Self::Rs256 {
                modulus: modulus.ok_or(MALFORMED)?.to_owned(),
                exponent: second.ok_or(MALFORMED)?.to_owned(),
            }),
            (ES256 | EDDSA | RS256, _, _) => Err(MALFORMED),
            _ => Err(Refused::UnknownAlgorithm),
        }
    }

    /// Whether this key signed that.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), Refused> {
        let verified = match self {
            Self::Es256(point) => {
                UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature)
            }
            Self::Ed25519(key) => UnparsedPublicKey::new(&ED25519, key).verify(message, signature),
            Self::Rs256 { modulus: n, exponent: e } => RsaPublicKeyComponents { n, e }.verify(
                &RSA_PKCS1_2048_8192_SHA256,
                message,
                signature,
            ),
        };
        verified.map_err(|_| Refused::WrongSignature)
    }
}

fn entries(bytes: &[u8]) -> Result<Option<Entries<'_>>, minicbor::decode::Error> {
    let mut decoder = Decoder::new(bytes);
    let mut found = Entries::default();
    let Some(count) = decoder.map()? else { return Ok(None) };
    for _ in 0..count {
        match decoder.i64()? {
            1 => found.kind = Some(decoder.i64()?),
            3 => found.algorithm = Some(decoder.i64()?),
            -1 if decoder.datatype()? == Type::Bytes => found.modulus = Some(decoder.bytes()?),
            -1 => found.curve = Some(decoder.i64()?),
            -2 => found.second = Some(decoder.bytes()?),
            -3 => found.third = Some(decoder.bytes()?),
            _ => decoder.skip()?,
        }
    }
    Ok((decoder.position() == bytes.len()).then_some(found))
}
