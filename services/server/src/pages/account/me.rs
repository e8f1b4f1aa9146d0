//! Oneself: the card, one's passkeys, where one is signed in, and the ways to what
//! is one's own.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use types::{InvitationId, Role, SessionId};
use wire::customer::v1 as pb;

use super::passkeys::{Browser, Refused};
use crate::{
    pages::{
        family::link::{self, LinkForm, LinkPage},
        frame::Frame,
        mend::mendable,
        view::{
            Errors, Shell, Tab, Wallet,
            device::Devices,
            invitation::Invitations,
            passkey::{Offer, Passkeys},
            pin::PinForm,
            relative::{CardForm, Relative},
        },
    },
    problem::Problem,
    secure_context::Withheld,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "account/me.html")]
pub(crate) struct MePage {
    pub(crate) shell: Shell,
    pub(crate) withheld: bool,
    pub(crate) me: Relative,
    pub(crate) card: CardForm,
    pub(crate) passkeys: Passkeys,
    pub(crate) offer: Offer,
    /// What a new passkey would be called.
    pub(crate) new_passkey: String,
    /// Why one was not kept.
    pub(crate) refused: Errors,
    pub(crate) devices: Devices,
    pub(crate) invitations: Invitations,
    pub(crate) wallet: Option<Wallet>,
    /// For the counter's tablet; none for who does not work there.
    pub(crate) pin: Option<PinForm>,
    /// The family is theirs to run.
    pub(crate) admin: bool,
    /// There are children to look after.
    pub(crate) guardian: bool,
}

/// What the request says of its page and browser.
#[derive(Debug)]
pub(crate) struct Around {
    pub(crate) withheld: bool,
    pub(crate) offer: Offer,
    pub(crate) browser: Browser,
}

/// What was typed and refused; nothing: as it is.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    pub(crate) card: Option<CardForm>,
    pub(crate) passkey: Option<Refused>,
    pub(crate) pin: Option<Errors>,
}

/// `GET /me`
pub(crate) async fn page(
    Withheld(withheld): Withheld,
    offer: Offer,
    browser: Browser,
    frame: Frame,
) -> Result<Page<MePage>, PageError> {
    let around = Around { withheld, offer, browser };
    Ok(Page(show(&frame, around, Typed::default()).await?))
}

pub(super) async fn show(frame: &Frame, around: Around, typed: Typed) -> Result<MePage, PageError> {
    let sessions = pb::ListSessionsRequest { member_id: String::new() };
    let invitations = pb::ListInvitationsRequest { member_id: String::new() };
    let passkeys = pb::ListPasskeysRequest { member_id: String::new() };
    let [mut first, mut second, mut third, mut fourth] =
        [(); 4].map(|()| frame.app.customers(&frame.viewer));
    let (me, sessions, passkeys, invitations, pin, wallet, people, wards) = tokio::join!(
        first.get_me(pb::GetMeRequest {}),
        second.list_sessions(sessions),
        third.list_passkeys(passkeys),
        fourth.list_invitations(invitations),
        pin_form(frame),
        frame.wallet(),
        frame.people(),
        frame.wards(),
    );
    let me = Relative::new(&me?.into_inner());
    let pb::ListSessionsResponse { sessions } = sessions?.into_inner();
    let pb::ListPasskeysResponse { passkeys } = passkeys?.into_inner();
    let Around { withheld, offer, browser: Browser(browser) } = around;
    let (new_passkey, refused) = typed.passkey.unwrap_or((browser, Errors::default()));
    let pb::ListInvitationsResponse { invitations } = invitations?.into_inner();
    Ok(MePage {
        shell: frame.shell(Tab::Me, &people),
        withheld,
        card: typed.card.unwrap_or_else(|| CardForm::of(&me.person)),
        me,
        passkeys: Passkeys::new(passkeys, frame.clock(), "/me/passkeys/remove".to_owned()),
        offer,
        new_passkey,
        refused,
        devices: Devices::new(&sessions, frame.clock(), "/me/sign-out".to_owned()),
        invitations: Invitations::new(&invitations, frame.clock(), "/me/withdraw".to_owned()),
        wallet,
        pin: pin?.map(|form| form.with(typed.pin.unwrap_or_default())),
        admin: frame.viewer.may(Role::Admin),
        guardian: !wards.is_empty(),
    })
}

/// The PIN of who works at the counter.
async fn pin_form(frame: &Frame) -> Result<Option<PinForm>, PageError> {
    if !frame.viewer.may(Role::Barista) {
        return Ok(None);
    }
    let request = pb::ListPinsRequest { member_id: String::new() };
    let pins = frame.app.customers(&frame.viewer).list_pins(request).await?.into_inner().pins;
    let action = "/me/pin".to_owned();
    Ok(Some(PinForm::new(&pins, pb::PinKind::Digits, action, frame.clock())))
}

/// `POST /me`: another name, face or colour.
pub(crate) async fn change(
    Withheld(withheld): Withheld,
    offer: Offer,
    browser: Browser,
    frame: Frame,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let card = CardForm::typed(&fields);
    let changes = card.changes(frame.viewer.member.to_string());
    match frame.app.customers(&frame.viewer).update_member(changes).await {
        Ok(_) => {
            frame.app.forget_names();
            Ok(see_other("/me").into_response())
        }
        Err(refused) => {
            let (status, errors) = mendable(Problem::from(refused))?;
            let typed = Typed { card: Some(CardForm { errors, ..card }), ..Typed::default() };
            let page = show(&frame, Around { withheld, offer, browser }, typed).await?;
            Ok((status, Page(page)).into_response())
        }
    }
}

/// Which device.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct SignOut {
    pub(crate) session: SessionId,
}

/// `POST /me/sign-out`: one of one's own devices.
pub(crate) async fn sign_out(
    frame: Frame,
    PageForm(SignOut { session }): PageForm<SignOut>,
) -> Result<Redirect, PageError> {
    let request = pb::EndSessionRequest { session_id: session.to_string() };
    frame.app.customers(&frame.viewer).end_session(request).await?;
    Ok(see_other("/me"))
}

/// `POST /me/devices`: a link and a code for another of one's own.
pub(crate) async fn add_device(
    frame: Frame,
    PageForm(form): PageForm<LinkForm>,
) -> Result<Page<LinkPage>, PageError> {
    let me = frame.app.customers(&frame.viewer).get_me(pb::GetMeRequest {}).await?;
    let me = Relative::new(&me.into_inner());
    Ok(Page(link::made(&frame, me.person, &form).await?))
}

/// Which link or code.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Withdraw {
    pub(crate) invitation: InvitationId,
}

/// `POST /me/withdraw`: one of one's own links and codes.
pub(crate) async fn withdraw(
    frame: Frame,
    PageForm(Withdraw { invitation }): PageForm<Withdraw>,
) -> Result<Redirect, PageError> {
    let request = pb::WithdrawInvitationRequest { id: invitation.to_string() };
    frame.app.customers(&frame.viewer).withdraw_invitation(request).await?;
    Ok(see_other("/me"))
}
