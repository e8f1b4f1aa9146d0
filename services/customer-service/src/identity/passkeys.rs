//! Passkeys: one is asked for, and the answer counts once and for some minutes.
//! What an answer must prove is `webauthn`'s to say.

use customer_domain::passkeys::{ANSWER_WITHIN, MOST, MOST_REQUESTS, TooLate, answer};
use runtime::{AppError, Code, Person, PublicUrl, postgres::timed};
use sqlx::PgConnection;
use types::{MemberId, PasskeyId, Role, Scope, Timestamp};
use webauthn::{Assertion, Credential, Refused, Registration, RelyingParty, UserVerification};

use super::{
    Identity,
    secret::Secret,
    sessions::{self, Issued},
};
use crate::{
    metrics,
    store::{
        members, passkey_requests as requests,
        passkeys::{self, Listed, NewPasskey, Owned},
    },
};

/// For whom passkeys are made, if browsers give any to the house's address.
#[derive(Debug)]
pub struct House {
    party: Option<RelyingParty>,
    address: String,
}

impl House {
    /// `further`: origins that are no pages of ours, such as a native client's. A
    /// passkey signs in by itself, as whoever it is: so its device must check who
    /// holds it.
    pub fn new(url: &PublicUrl, further: &[String]) -> Self {
        let origins = [url.origin()].into_iter().chain(further.iter().cloned()).collect();
        let party = url
            .passkeys()
            .ok()
            .map(|name| RelyingParty::new(name, origins, UserVerification::Required));
        Self { party, address: url.origin() }
    }

    /// The name that passkeys are made for.
    pub fn party(&self) -> Result<&RelyingParty, AppError> {
        self.party.as_ref().ok_or_else(|| {
            let message = format!(
                "Passkeys need HTTPS and a name; this house is at {}. Sign in by a link.",
                self.address
            );
            AppError::new(Code::PasskeysOff, message)
        })
    }
}

/// A request for a new passkey.
#[derive(Debug)]
pub struct Creation {
    pub challenge: [u8; 32],
    pub user_name: String,
    /// The ones that the member has.
    pub exclude: Vec<Listed>,
}

/// An answer to it.
#[derive(Debug, Clone, Copy)]
pub struct NewOne<'a> {
    pub name: &'a str,
    pub answer: Registration<'a>,
    pub transports: &'a [String],
}

/// An answer to a request to sign in.
#[derive(Debug, Clone, Copy)]
pub struct SignIn<'a> {
    pub credential_id: &'a [u8],
    pub user_handle: &'a [u8],
    pub answer: Assertion<'a>,
    /// What the device says it is.
    pub device: &'a str,
}

/// Why an answer does not count.
enum Wrong {
    TooLate(TooLate),
    /// No passkey of anybody.
    Unknown,
    /// Somebody has it already.
    Taken,
    Refused(Refused),
}

/// Asks for a new passkey of a member.
pub async fn begin_registration(
    identity: &Identity,
    member: MemberId,
    now: Timestamp,
) -> Result<Creation, AppError> {
    identity.passkeys.party()?;
    let found = timed("passkeys.member", members::get(&identity.pool, member)).await?;
    let user_name = found.ok_or_else(|| AppError::not_found("member"))?.card.name;
    let exclude = list(identity, member).await?;
    if exclude.len() >= MOST {
        let message = format!("You have {MOST} passkeys, which is the most. Remove one first.");
        return Err(AppError::new(Code::Conflict, message));
    }
    let challenge = ask(identity, Some(member), now).await?;
    Ok(Creation { challenge, user_name, exclude })
}

/// Keeps the passkey that a device made.
pub async fn finish_registration(
    identity: &Identity,
    member: MemberId,
    new: NewOne<'_>,
    now: Timestamp,
) -> Result<Listed, AppError> {
    let party = identity.passkeys.party()?;
    let made = timed("passkeys.register", async {
        let mut tx = identity.pool.begin().await?;
        let made = register(party, &mut tx, member, new, now).await?;
        tx.commit().await?;
        Ok::<_, AppError>(made)
    });
    let made = made.await?;
    metrics::PASSKEYS.add(1, &metrics::outcome(outcome("registered", made.as_ref().err())));
    let made = made.map_err(|wrong| wrong.told(identity))?;
    tracing::info!(member.id = %member, passkey.id = %made.id, "registered a passkey");
    Ok(made)
}

async fn register(
    party: &RelyingParty,
    tx: &mut PgConnection,
    member: MemberId,
    new: NewOne<'_>,
    now: Timestamp,
) -> Result<Result<Listed, Wrong>, AppError> {
    let NewOne { name, answer, transports } = new;
    let challenge = match answered(tx, answer.client_data_json, Some(member), now).await? {
        Ok(challenge) => challenge,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let credential = match party.register(&challenge, answer) {
        Ok(credential) => credential,
        Err(refused) => return Ok(Err(Wrong::Refused(refused))),
    };
    let id = PasskeyId::new();
    let row = NewPasskey { id, member, name, credential: &credential, transports, at: now };
    if !passkeys::insert(tx, &row).await? {
        return Ok(Err(Wrong::Taken));
    }
    let Credential { id: credential_id, backup, .. } = credential;
    let (name, transports) = (name.to_owned(), transports.to_owned());
    let (created_at, last_used_at) = (now, None);
    Ok(Ok(Listed { id, name, credential_id, transports, backup, created_at, last_used_at }))
}

/// Asks whoever has a passkey to use it.
pub async fn begin_sign_in(identity: &Identity, now: Timestamp) -> Result<[u8; 32], AppError> {
    identity.passkeys.party()?;
    ask(identity, None, now).await
}

/// Begins a session for whoever used a passkey.
pub async fn finish_sign_in(
    identity: &Identity,
    sign_in: SignIn<'_>,
    now: Timestamp,
) -> Result<Issued, AppError> {
    let party = identity.passkeys.party()?;
    let attempt = identity.attempts.take(sign_in.device, now).await?;
    let used = timed("passkeys.sign-in", async {
        let mut tx = identity.pool.begin().await?;
        let used = authenticate(party, identity, &mut tx, sign_in, now).await?;
        tx.commit().await?;
        Ok::<_, AppError>(used)
    })
    .await;
    if !matches!(used, Ok(Err(_))) {
        identity.attempts.give_back(attempt).await;
    }
    let issued = used?;
    metrics::PASSKEYS.add(1, &metrics::outcome(outcome("signed-in", issued.as_ref().err())));
    let issued = issued.map_err(|wrong| wrong.told(identity))?;
    tracing::info!(
        subject = ?issued.subject, session.id = %issued.session, "signed in by a passkey"
    );
    Ok(issued)
}

async fn authenticate(
    party: &RelyingParty,
    identity: &Identity,
    tx: &mut PgConnection,
    sign_in: SignIn<'_>,
    now: Timestamp,
) -> Result<Result<Issued, Wrong>, AppError> {
    let SignIn { credential_id, user_handle, answer, device } = sign_in;
    let challenge = match answered(tx, answer.client_data_json, None, now).await? {
        Ok(challenge) => challenge,
        Err(wrong) => return Ok(Err(wrong)),
    };
    let found = passkeys::lock(tx, credential_id).await?;
    let Some(Owned { id, member, credential }) =
        found.filter(|found| found.member.uuid().as_bytes() == user_handle)
    else {
        return Ok(Err(Wrong::Unknown));
    };
    let used = match party.authenticate(&challenge, answer, &credential) {
        Ok(used) => used,
        Err(refused) => {
            if refused == Refused::CounterWentBack {
                tracing::warn!(
                    member.id = %member, passkey.id = %id,
                    "a passkey counted fewer uses than before: there may be a copy of it"
                );
            }
            return Ok(Err(Wrong::Refused(refused)));
        }
    };
    passkeys::mark_used(tx, id, used, now).await?;
    sessions::begin(identity, tx, member, Scope::Full, device, now).await.map(Ok)
}

/// A member's passkeys, oldest first.
pub async fn list(identity: &Identity, member: MemberId) -> Result<Vec<Listed>, AppError> {
    Ok(timed("passkeys.list", passkeys::of_member(&identity.pool, member)).await?)
}

/// Forgets one's own passkey, or for an admin anybody's; `false`: there is none
/// such. The sign-ins that began with it go on.
pub async fn remove(identity: &Identity, id: PasskeyId, by: &Person) -> Result<bool, AppError> {
    let of = if by.is(Role::Admin) { None } else { Some(by.member) };
    let removed = timed("passkeys.remove", passkeys::delete(&identity.pool, id, of)).await?;
    let Some(member) = removed else { return Ok(false) };
    metrics::PASSKEYS.add(1, &metrics::outcome("removed"));
    tracing::info!(member.id = %member, passkey.id = %id, by = %by.member, "removed a passkey");
    Ok(true)
}

/// Notes a request: its challenge, which is known to whoever is asked.
async fn ask(
    identity: &Identity,
    member: Option<MemberId>,
    now: Timestamp,
) -> Result<[u8; 32], AppError> {
    let challenge = Secret::random();
    let (hash, until) = (challenge.hash(), now + ANSWER_WITHIN);
    let noted = requests::insert(&identity.pool, &hash, member, MOST_REQUESTS, now, until);
    if !timed("passkeys.ask", noted).await? {
        let message = "Too many passkeys are being asked for. Please wait a minute.";
        return Err(AppError::new(Code::TooManyRequests, message)
            .retry_after(std::time::Duration::from_secs(60)));
    }
    Ok(challenge.into_bytes())
}

/// Finds the request that an answer is to, and marks it answered, whatever the
/// answer is good for. One to somebody else counts as none.
async fn answered(
    tx: &mut PgConnection,
    client_data_json: &[u8],
    member: Option<MemberId>,
    now: Timestamp,
) -> Result<Result<Vec<u8>, Wrong>, AppError> {
    let challenge = match webauthn::challenge(client_data_json) {
        Ok(challenge) => challenge,
        Err(refused) => return Ok(Err(Wrong::Refused(refused))),
    };
    let hash = Secret::hash_of(&challenge);
    let found = requests::lock(tx, &hash).await?;
    let ours = found.filter(|(of, _)| *of == member).map(|(_, request)| request);
    if let Err(late) = answer(ours, now) {
        return Ok(Err(Wrong::TooLate(late)));
    }
    requests::mark_answered(tx, &hash, now).await?;
    Ok(Ok(challenge))
}

impl Wrong {
    /// What somebody is told, with what they can do about it.
    fn told(&self, identity: &Identity) -> AppError {
        match self {
            Self::TooLate(TooLate::Expired) => AppError::new(
                Code::PasskeyTooLate,
                "That took longer than five minutes. Please begin again.",
            ),
            Self::TooLate(TooLate::Answered | TooLate::NeverAsked) => AppError::new(
                Code::PasskeyTooLate,
                "A passkey's answer counts once, and this one was used. Please begin again.",
            ),
            Self::Unknown => AppError::new(
                Code::PasskeyUnknown,
                "This passkey is not known here, or not any more. Sign in by a link, and \
                 remove it from your device.",
            ),
            Self::Taken => {
                AppError::new(Code::AlreadyExists, "This passkey is registered already.")
            }
            Self::Refused(refused) => told(refused, &identity.passkeys.address),
        }
    }

    const fn name(&self) -> &'static str {
        match self {
            Self::TooLate(_) => "too-late",
            Self::Unknown => "unknown",
            Self::Taken => "taken",
            Self::Refused(Refused::CounterWentBack) => "counter-went-back",
            Self::Refused(_) => "refused",
        }
    }
}

fn told(refused: &Refused, address: &str) -> AppError {
    let no = |message: &str| AppError::new(Code::PasskeyRefused, message);
    match refused {
        Refused::Malformed("client data") => AppError::invalid(
            "credential.response.clientDataJSON",
            "malformed",
            "is no client data",
        ),
        Refused::Malformed(what) => AppError::invalid(
            "credential.response",
            "malformed",
            format!("its {what} cannot be read"),
        ),
        Refused::WrongOrigin | Refused::Framed | Refused::WrongParty => AppError::new(
            Code::PasskeyElsewhere,
            format!("Passkeys of this house work at {address} only. Please open it there."),
        ),
        Refused::NotVerified => {
            no("Your device did not check that it is you. Turn on its screen lock, or give the \
             security key a PIN, and try again.")
        }
        Refused::CounterWentBack => no(
            "This passkey was used elsewhere meanwhile: there may be a copy of it. Sign in by a \
             link, remove it, and make a new one.",
        ),
        Refused::UnknownAlgorithm => no("This device makes passkeys of a kind we do not know."),
        Refused::WrongKind
        | Refused::WrongChallenge
        | Refused::NobodyPresent
        | Refused::WrongSignature
        | Refused::BackupChanged => no("This passkey did not prove what it should."),
    }
}

fn outcome(good: &'static str, wrong: Option<&Wrong>) -> &'static str {
    wrong.map_or(good, Wrong::name)
}
