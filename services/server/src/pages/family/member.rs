//! One member, for whoever runs the family.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use runtime::Code;
use types::MemberId;
use wire::customer::v1 as pb;

use super::everybody;
use crate::{
    extract::Path,
    pages::{
        account::{
            me::{SignOut, Withdraw},
            passkeys::{self, Which},
        },
        frame::Frame,
        mend::mendable,
        view::{
            Errors, Person, Shell, Tab,
            device::Devices,
            invitation::Invitations,
            passkey::Passkeys,
            pin::PinForm,
            relative::{CardForm, KinForm, Relative, RoleTick},
        },
    },
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "family/member.html")]
pub(crate) struct MemberPage {
    pub(crate) shell: Shell,
    pub(crate) person: Person,
    pub(crate) card: CardForm,
    pub(crate) roles: Vec<RoleTick>,
    /// Why other roles were refused.
    pub(crate) refused: Errors,
    pub(crate) passkeys: Passkeys,
    pub(crate) kin: KinForm,
    pub(crate) devices: Devices,
    pub(crate) invitations: Invitations,
    /// Why they were not removed.
    pub(crate) stays: Errors,
    /// For the kitchen's tablet.
    pub(crate) pin: PinForm,
}

/// What was typed and refused; nothing: as it is.
#[derive(Default)]
pub(super) struct Typed {
    pub(super) card: Option<CardForm>,
    pub(super) roles: Option<(Vec<RoleTick>, Errors)>,
    pub(super) stays: Errors,
    pub(super) kin: Option<(pb::Kin, Errors)>,
    pub(super) pin: Option<Errors>,
}

/// The member of an id, as they are now.
pub(super) async fn find(frame: &Frame, id: MemberId) -> Result<Relative, PageError> {
    one_of(&everybody(frame).await?, id)
}

fn one_of(family: &[Relative], id: MemberId) -> Result<Relative, PageError> {
    let id = id.to_string();
    let found = family.iter().find(|relative| relative.person.id == id).cloned();
    Ok(found.ok_or_else(|| Problem::new(Code::NotFound).detail("There is no such member."))?)
}

/// `GET /family/{id}`
pub(crate) async fn page(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
) -> Result<Page<MemberPage>, PageError> {
    let Path(id) = id?;
    Ok(Page(show(&frame, id, Typed::default()).await?))
}

pub(super) async fn show(
    frame: &Frame,
    id: MemberId,
    typed: Typed,
) -> Result<MemberPage, PageError> {
    let sessions = pb::ListSessionsRequest { member_id: id.to_string() };
    let passkeys = pb::ListPasskeysRequest { member_id: id.to_string() };
    let invitations = pb::ListInvitationsRequest { member_id: id.to_string() };
    let pins = pb::ListPinsRequest { member_id: id.to_string() };
    let [mut first, mut second, mut third, mut fourth] =
        [(); 4].map(|()| frame.app.customers(&frame.viewer));
    let (family, sessions, passkeys, invitations, pins, people) = tokio::join!(
        everybody(frame),
        first.list_sessions(sessions),
        second.list_passkeys(passkeys),
        third.list_invitations(invitations),
        fourth.list_pins(pins),
        frame.people(),
    );
    let pb::ListPinsResponse { pins } = pins?.into_inner();
    let pin =
        PinForm::new(&pins, pb::PinKind::Pictures, format!("/family/{id}/pin"), frame.clock());
    let family = family?;
    let relative = one_of(&family, id)?;
    let kin = match typed.kin {
        Some((typed, errors)) => KinForm::refused(&relative.person.id, &family, &typed, errors),
        None => KinForm::of(&relative, &family),
    };
    let Relative { person, roles, child: _, guardians: _ } = relative;
    let pb::ListSessionsResponse { sessions } = sessions?.into_inner();
    let pb::ListPasskeysResponse { passkeys } = passkeys?.into_inner();
    let pb::ListInvitationsResponse { invitations } = invitations?.into_inner();
    let (roles, refused) = typed.roles.unwrap_or((roles, Errors::default()));
    Ok(MemberPage {
        shell: frame.shell(Tab::Me, &people),
        card: typed.card.unwrap_or_else(|| CardForm::of(&person)),
        person,
        roles,
        refused,
        passkeys: Passkeys::new(passkeys, frame.clock(), format!("/family/{id}/passkeys/remove")),
        invitations: Invitations::new(
            &invitations,
            frame.clock(),
            format!("/family/{id}/withdraw"),
        ),
        kin,
        devices: Devices::new(&sessions, frame.clock(), format!("/family/{id}/sign-out")),
        stays: typed.stays,
        pin: pin.with(typed.pin.unwrap_or_default()),
    })
}

/// `POST /family/{id}`: another name, face or colour.
pub(crate) async fn change(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    let card = CardForm::typed(&fields);
    let changes = card.changes(id.to_string());
    match frame.app.customers(&frame.viewer).update_member(changes).await {
        Ok(_) => {
            frame.app.forget_names();
            Ok(see_other(&format!("/family/{id}")).into_response())
        }
        Err(refused) => {
            let (status, errors) = mendable(Problem::from(refused))?;
            let typed = Typed { card: Some(CardForm { errors, ..card }), ..Typed::default() };
            Ok((status, Page(show(&frame, id, typed).await?)).into_response())
        }
    }
}

/// `POST /family/{id}/roles`: the roles that are ticked, and no others.
pub(crate) async fn set_roles(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    let roles = RoleTick::ticked(&fields);
    let request = pb::UpdateMemberRequest {
        member_id: id.to_string(),
        roles: Some(pb::RoleSet { roles: RoleTick::wire(&roles) }),
        ..pb::UpdateMemberRequest::default()
    };
    match frame.app.customers(&frame.viewer).update_member(request).await {
        // Who is no admin any more has no business on that page.
        Ok(_) if id == frame.viewer.member => Ok(see_other("/me").into_response()),
        Ok(_) => Ok(see_other(&format!("/family/{id}")).into_response()),
        Err(refused) => {
            let (status, errors) = mendable(Problem::from(refused))?;
            let typed = Typed { roles: Some((roles, errors)), ..Typed::default() };
            Ok((status, Page(show(&frame, id, typed).await?)).into_response())
        }
    }
}

/// Who is meant to go.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Goes {
    #[serde(default)]
    pub(crate) name: String,
}

/// `POST /family/{id}/remove`: for good, once their name was typed.
pub(crate) async fn remove(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(Goes { name }): PageForm<Goes>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    let request = pb::RemoveMemberRequest { member_id: id.to_string(), name };
    match frame.app.customers(&frame.viewer).remove_member(request).await {
        Ok(_) => {
            frame.app.forget_names();
            Ok(see_other("/family").into_response())
        }
        Err(refused) => {
            let (status, stays) = mendable(Problem::from(refused))?;
            let page = show(&frame, id, Typed { stays, ..Typed::default() }).await?;
            Ok((status, Page(page)).into_response())
        }
    }
}

/// `POST /family/{id}/kin`: an adult, or a child with its guardians.
pub(crate) async fn set_kin(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    let kin = KinForm::typed(&fields);
    let request = pb::UpdateMemberRequest {
        member_id: id.to_string(),
        kin: Some(kin.clone()),
        ..pb::UpdateMemberRequest::default()
    };
    match frame.app.customers(&frame.viewer).update_member(request).await {
        Ok(_) => {
            // Who looks after whom is known by the names, too.
            frame.app.forget_names();
            Ok(see_other(&format!("/family/{id}")).into_response())
        }
        Err(refused) => {
            let (status, errors) = mendable(Problem::from(refused))?;
            let typed = Typed { kin: Some((kin, errors)), ..Typed::default() };
            Ok((status, Page(show(&frame, id, typed).await?)).into_response())
        }
    }
}

/// `POST /family/{id}/sign-out`: one of their devices.
pub(crate) async fn sign_out(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(SignOut { session }): PageForm<SignOut>,
) -> Result<Redirect, PageError> {
    let Path(id) = id?;
    let request = pb::EndSessionRequest { session_id: session.to_string() };
    frame.app.customers(&frame.viewer).end_session(request).await?;
    Ok(see_other(&format!("/family/{id}")))
}

/// `POST /family/{id}/passkeys/remove`: one of theirs, as when a phone is lost.
pub(crate) async fn remove_passkey(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(Which { passkey }): PageForm<Which>,
) -> Result<Redirect, PageError> {
    let Path(id) = id?;
    passkeys::forget(&frame, passkey).await?;
    Ok(see_other(&format!("/family/{id}")))
}

/// `POST /family/{id}/withdraw`: one of their links and codes.
pub(crate) async fn withdraw(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(Withdraw { invitation }): PageForm<Withdraw>,
) -> Result<Redirect, PageError> {
    let Path(id) = id?;
    let request = pb::WithdrawInvitationRequest { id: invitation.to_string() };
    frame.app.customers(&frame.viewer).withdraw_invitation(request).await?;
    Ok(see_other(&format!("/family/{id}")))
}
