//! Somebody's beans, for an admin, who may put them right.

use askama::Template;
use axum::response::{IntoResponse, Response};
use http::StatusCode;
use types::MemberId;
use wire::customer::v1 as pb;

use super::{Account, From, account, refusal, told, whole};
use crate::{
    extract::{Path, Query},
    pages::{
        frame::{Frame, new_key},
        view::{Entry, Errors, Person, Shell, Tab, Wallet},
    },
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "beans/member.html")]
pub(crate) struct MemberBeansPage {
    pub(crate) shell: Shell,
    pub(crate) person: Person,
    pub(crate) wallet: Wallet,
    pub(crate) form: CorrectionView,
    pub(crate) entries: Vec<Entry>,
    pub(crate) next: String,
}

/// The form, as it is shown.
pub(crate) struct CorrectionView {
    pub(crate) key: String,
    pub(crate) takes: bool,
    pub(crate) beans: String,
    pub(crate) words: String,
    pub(crate) errors: Errors,
}

impl CorrectionView {
    /// Folded away until something is wrong with it.
    pub(crate) fn open(&self) -> bool {
        !self.errors.is_empty()
    }
}

/// The form, as browsers send it.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct CorrectionForm {
    key: String,
    #[serde(default)]
    direction: Direction,
    #[serde(default)]
    beans: String,
    #[serde(default)]
    reason: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq, Eq, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Direction {
    #[default]
    Add,
    Take,
}

/// `GET /beans/{id}?cursor=`
pub(crate) async fn page(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    from: Result<Query<From>, Problem>,
) -> Result<Page<MemberBeansPage>, PageError> {
    let (Path(id), Query(From { cursor })) = (id?, from?);
    let form = CorrectionForm { key: new_key(), ..CorrectionForm::default() };
    Ok(Page(show(&frame, id, cursor, form, Errors::default()).await?))
}

/// `POST /beans/{id}`
pub(crate) async fn correct(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(form): PageForm<CorrectionForm>,
) -> Result<Response, PageError> {
    let Path(id) = id?;
    let mut errors = Errors::default();
    let beans = whole(&form.beans, &mut errors);
    if form.reason.trim().is_empty() {
        errors.add("reason", "Why? They will want to know.");
    }
    if !errors.is_empty() {
        let page = show(&frame, id, String::new(), form, errors).await?;
        return Ok((StatusCode::UNPROCESSABLE_ENTITY, Page(page)).into_response());
    }
    let request = pb::CorrectBeansRequest {
        idempotency_key: form.key.clone(),
        member_id: id.to_string(),
        beans: if form.direction == Direction::Take { -beans } else { beans },
        reason: form.reason.clone(),
    };
    match frame.app.customers(&frame.viewer).correct_beans(request).await {
        Ok(_) => Ok(see_other(&format!("/beans/{id}")).into_response()),
        Err(status) => {
            let (status, errors, key) = refusal(status.into(), form.key.clone())?;
            let form = CorrectionForm { key, ..form };
            let page = show(&frame, id, String::new(), form, errors).await?;
            Ok((status, Page(page)).into_response())
        }
    }
}

async fn show(
    frame: &Frame,
    id: MemberId,
    cursor: String,
    form: CorrectionForm,
    errors: Errors,
) -> Result<MemberBeansPage, PageError> {
    let (account, people) = tokio::join!(account(frame, id.to_string(), cursor), frame.people());
    let Account { wallet, card: _, entries, next } = account?;
    let CorrectionForm { key, direction, beans, reason } = form;
    let takes = direction == Direction::Take;
    Ok(MemberBeansPage {
        shell: frame.shell(Tab::Menu, &people),
        person: people.get(&id.to_string()),
        wallet,
        form: CorrectionView { key, takes, beans, words: reason, errors },
        entries: told(frame, &people, &entries),
        next,
    })
}
