//! The family, for whoever runs it: who is in it, who may what, who joins.

pub(crate) mod devices;
pub(crate) mod link;
pub(crate) mod member;
pub(crate) mod pin;

use askama::Template;
use axum::response::{IntoResponse, Response};
use types::MemberId;
use wire::customer::v1 as pb;

use self::link::LinkForm;
use super::{
    frame::Frame,
    mend::mendable,
    view::{
        Errors, Shell, Tab,
        invitation::Expected,
        relative::{CardForm, KinForm, Relative, RoleTick},
    },
};
use crate::{
    problem::Problem,
    web::{Page, PageError, PageForm},
};

#[derive(Template)]
#[template(path = "family/page.html")]
pub(crate) struct FamilyPage {
    pub(crate) shell: Shell,
    pub(crate) family: Vec<Relative>,
    /// Who of them has not come yet.
    pub(crate) expected: Vec<Expected>,
    /// Of whom the form would make: sent twice, it makes one member.
    pub(crate) id: String,
    pub(crate) card: CardForm,
    pub(crate) roles: Vec<RoleTick>,
    pub(crate) kin: KinForm,
}

/// What was typed and refused; nothing: an empty form.
#[derive(Default)]
struct Typed {
    card: Option<CardForm>,
    roles: Option<Vec<RoleTick>>,
    kin: Option<(pb::Kin, Errors)>,
}

/// The family as it is now, without its guests: who changes somebody sees the change.
async fn everybody(frame: &Frame) -> Result<Vec<Relative>, PageError> {
    let mut customers = frame.app.customers(&frame.viewer);
    let family = customers.list_members(pb::ListMembersRequest {}).await?;
    let pb::ListMembersResponse { members, left_member_ids: _ } = family.into_inner();
    let family = members.iter().filter(|member| member.kind() != pb::MemberKind::Guest);
    Ok(family.map(Relative::new).collect())
}

/// `GET /family`
pub(crate) async fn page(frame: Frame) -> Result<Page<FamilyPage>, PageError> {
    Ok(Page(show(&frame, MemberId::new().to_string(), Typed::default()).await?))
}

async fn show(frame: &Frame, id: String, typed: Typed) -> Result<FamilyPage, PageError> {
    let mut customers = frame.app.customers(&frame.viewer);
    let (family, invited, people) = tokio::join!(
        everybody(frame),
        customers.list_invited(pb::ListInvitedRequest {}),
        frame.people(),
    );
    let family = family?;
    let pb::ListInvitedResponse { invited } = invited?.into_inner();
    let clock = frame.clock();
    let expected = invited.into_iter().filter_map(|one| Expected::new(one, clock)).collect();
    let Typed { card, roles, kin } = typed;
    let card = card.unwrap_or_else(|| CardForm::empty(family.len()));
    let roles = roles.unwrap_or_else(|| RoleTick::ticked(&[]));
    let kin = match kin {
        Some((typed, errors)) => KinForm::refused(&id, &family, &typed, errors),
        None => KinForm::empty(&family),
    };
    let shell = frame.shell(Tab::Me, &people);
    Ok(FamilyPage { shell, family, expected, id, card, roles, kin })
}

/// `POST /family`: somebody joins, an adult or a child, and gets a link.
pub(crate) async fn invite(
    frame: Frame,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let id = fields.iter().find(|(name, _)| name == "id").map(|(_, id)| id.clone());
    let id: MemberId = id.unwrap_or_default().parse().map_err(|_| {
        Problem::invalid("form:id", "malformed", "This form is not one of ours. Load it again.")
    })?;
    let (card, roles) = (CardForm::typed(&fields), RoleTick::ticked(&fields));
    let kin = KinForm::typed(&fields);
    let request = pb::CreateMemberRequest {
        id: id.to_string(),
        name: card.name.clone(),
        emoji: card.emoji.clone(),
        colour: card.colour.clone(),
        roles: RoleTick::wire(&roles),
        opening_beans: 0,
        kind: kin.kind,
        guardian_ids: kin.guardian_ids.clone(),
    };
    match frame.app.customers(&frame.viewer).create_member(request).await {
        Ok(member) => {
            frame.app.forget_names();
            let member = Relative::new(&member.into_inner());
            Ok(Page(link::made(&frame, member.person, &LinkForm::default()).await?).into_response())
        }
        Err(refused) => {
            let (status, errors) = mendable(Problem::from(refused))?;
            let of_kin = errors.among(&KinForm::FIELDS);
            let typed = Typed {
                card: Some(CardForm { errors, ..card }),
                roles: Some(roles),
                kin: Some((kin, of_kin)),
            };
            Ok((status, Page(show(&frame, id.to_string(), typed).await?)).into_response())
        }
    }
}
