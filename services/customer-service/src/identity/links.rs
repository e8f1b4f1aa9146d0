//! Invitations: a link that is opened, and perhaps a code that is typed instead.
//! Made by an admin, the operator or, for another device, oneself; used once.

use chrono::TimeDelta;
use customer_domain::{
    codes::{self, Code},
    links::{self, LinkRefused},
};
use runtime::{AppError, Person, postgres::timed};
use secrecy::SecretString;
use types::{InvitationId, MemberId, Role, Scope, Timestamp};

use super::{
    Identity,
    codes::hash,
    refused,
    secret::Secret,
    sessions::{self, Issued},
};
use crate::{
    metrics,
    store::{self, links::Open, members::Member},
};

/// What is to be made for a member.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub member: MemberId,
    pub label: &'a str,
    /// `None`: good until it is used.
    pub validity: Option<TimeDelta>,
    pub code: WithCode,
    pub others: Others,
    /// Nobody: the operator's own program.
    pub by: Option<MemberId>,
}

/// Whether six digits come with the link.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithCode {
    Yes,
    No,
}

/// What becomes of the member's other sign-ins when this one begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Others {
    GoOn,
    /// The old phone is lost.
    End,
}

/// A new link's secret and code, which exist only here and in their holder's hands.
#[derive(Debug)]
pub struct NewLink {
    pub id: InvitationId,
    pub secret: SecretString,
    pub expires_at: Option<Timestamp>,
    pub code: Option<(SecretString, Timestamp)>,
}

/// Makes a link, and a code where one is wanted.
pub async fn create(
    identity: &Identity,
    wanted: Wanted<'_>,
    now: Timestamp,
) -> Result<NewLink, AppError> {
    let made = timed("links.create", make(identity, wanted, now)).await?;
    let made = made.ok_or_else(|| AppError::not_found("member"))?;
    tracing::info!(member.id = %wanted.member, invitation.id = %made.id, "made a sign-in link");
    Ok(made)
}

/// One statement and a commit, with a code two statements more; one without an end
/// takes the place of the one before it. `None`: no such member.
async fn make(
    identity: &Identity,
    wanted: Wanted<'_>,
    now: Timestamp,
) -> sqlx::Result<Option<NewLink>> {
    let Wanted { member, label, validity, code, others, by } = wanted;
    let (id, secret) = (InvitationId::new(), Secret::random());
    let expires_at = validity.map(|validity| now + validity);
    let mut tx = identity.pool.begin().await?;
    let code = match code {
        WithCode::Yes => Some(unlike_the_others(&mut tx, now).await?),
        WithCode::No => None,
    };
    let code_ends = expires_at.map_or(now + codes::VALIDITY, |end| end.min(now + codes::VALIDITY));
    let code_hash = code.map(|code| hash(id, code));
    let link = store::links::NewLink {
        id,
        hash: &secret.hash(),
        member,
        label,
        at: now,
        expires_at,
        code: code_hash.as_ref().map(|hash| (&hash[..], code_ends)),
        created_by: by,
        ends_others: others == Others::End,
    };
    if expires_at.is_none() {
        store::links::withdraw_endless(&mut tx, member, now).await?;
    }
    if !store::links::insert(&mut *tx, &link).await? {
        return Ok(None);
    }
    tx.commit().await?;
    let code = code.map(|code| (SecretString::from(code.digits()), code_ends));
    Ok(Some(NewLink { id, secret: secret.text(), expires_at, code }))
}

/// A code that opens nothing else: of two makers at once the second waits.
async fn unlike_the_others(
    connection: &mut sqlx::PgConnection,
    now: Timestamp,
) -> sqlx::Result<Code> {
    store::codes::lock_making(connection).await?;
    let live = store::codes::lock_live(connection, now).await?;
    loop {
        let code = Code::of(rand::random());
        let taken = |other: &store::codes::Kept| other.code_hash == hash(other.invitation, code);
        if !live.iter().any(taken) {
            return Ok(code);
        }
    }
}

/// A member's links and codes that may still be used, newest first.
pub async fn open(
    identity: &Identity,
    member: MemberId,
    now: Timestamp,
) -> Result<Vec<Open>, AppError> {
    Ok(timed("links.open", store::links::open(&identity.pool, &[member], now)).await?)
}

/// Who was invited and has never signed in, by name, with what they may still
/// use: two statements.
pub async fn invited(
    identity: &Identity,
    now: Timestamp,
) -> Result<Vec<(Member, Vec<Open>)>, AppError> {
    let (members, mut open) = timed("links.invited", async {
        let members = store::members::not_here_yet(&identity.pool).await?;
        let ids: Vec<MemberId> = members.iter().map(|member| member.id).collect();
        let open = store::links::open(&identity.pool, &ids, now).await?;
        Ok::<_, sqlx::Error>((members, open))
    })
    .await?;
    let with_theirs = |member: Member| {
        let theirs = |link: &mut Open| link.member_id == member.id.uuid();
        let theirs = open.extract_if(.., theirs).collect();
        (member, theirs)
    };
    Ok(members.into_iter().map(with_theirs).collect())
}

/// Takes back an invitation of one's own, or for an admin anybody's; `false`: it
/// was over already. Somebody else's is not told from one that there is not.
pub async fn withdraw(
    identity: &Identity,
    id: InvitationId,
    by: &Person,
    now: Timestamp,
) -> Result<bool, AppError> {
    let unknown = || AppError::not_found("invitation");
    let withdrawn = timed("links.withdraw", async {
        let mut tx = identity.pool.begin().await?;
        let found = store::links::lock_by_id(&mut tx, id).await?.ok_or_else(unknown)?;
        if found.member != by.member && !by.is(Role::Admin) {
            return Err(unknown());
        }
        if links::redeem(Some(found.link), now).is_err() {
            return Ok(false);
        }
        store::links::withdraw(&mut tx, id, now).await?;
        tx.commit().await?;
        Ok(true)
    })
    .await?;
    if withdrawn {
        tracing::info!(invitation.id = %id, by = %by.member, "withdrew an invitation");
    }
    Ok(withdrawn)
}

/// Exchanges a link's secret for a session's first tokens: of two at once, one wins.
pub async fn exchange(
    identity: &Identity,
    secret: &str,
    device: &str,
    now: Timestamp,
) -> Result<Issued, AppError> {
    let attempt = identity.attempts.take(device, now).await?;
    let redeemed = timed("links.exchange", redeem(identity, secret, device, now)).await;
    if !matches!(redeemed, Ok(Err(_))) {
        identity.attempts.give_back(attempt).await;
    }
    match redeemed? {
        Ok(issued) => {
            metrics::SIGN_INS.add(1, &metrics::outcome("signed-in"));
            tracing::info!(subject = ?issued.subject, session.id = %issued.session, "signed in");
            Ok(issued)
        }
        Err(reason) => {
            metrics::SIGN_INS.add(1, &metrics::outcome("refused"));
            Err(refused(match reason {
                LinkRefused::Unknown => "This is not a sign-in link of ours.",
                LinkRefused::Used => "This sign-in link was used already. Ask for a new one.",
                LinkRefused::Withdrawn => "This sign-in link was taken back. Ask for a new one.",
                LinkRefused::Expired => "This sign-in link has expired. Ask for a new one.",
            }))
        }
    }
}

async fn redeem(
    identity: &Identity,
    secret: &str,
    device: &str,
    now: Timestamp,
) -> Result<Result<Issued, LinkRefused>, AppError> {
    let Some(secret) = Secret::parse(secret) else { return Ok(Err(LinkRefused::Unknown)) };
    let hash = secret.hash();
    let mut tx = identity.pool.begin().await?;
    let found = store::links::lock(&mut tx, &hash).await?;
    let found = match (links::redeem(found.map(|found| found.link), now), found) {
        (Ok(()), Some(found)) => found,
        (Ok(()), None) => return Ok(Err(LinkRefused::Unknown)),
        (Err(reason), _) => return Ok(Err(reason)),
    };
    store::links::mark_used(&mut tx, &hash, now).await?;
    let issued = sessions::begin(identity, &mut tx, found.member, Scope::Full, device, now).await?;
    if found.ends_others {
        sessions::end_others(&mut tx, &issued, now).await?;
    }
    tx.commit().await?;
    if found.ends_others {
        identity.revocations.look_again();
    }
    Ok(Ok(issued))
}
