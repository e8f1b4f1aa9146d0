//! A sign-in link for somebody, shown once: only its hash is stored.

use askama::Template;
use secrecy::{ExposeSecret, SecretString};
use types::MemberId;
use wire::customer::v1 as pb;

use super::member::find;
use crate::{
    api::dto,
    extract::Path,
    pages::{
        frame::Frame,
        trust::qr::Qr,
        view::{Person, Shell, Tab},
    },
    problem::Problem,
    web::{Page, PageError, PageForm},
};

#[derive(Template)]
#[template(path = "family/link.html")]
pub(crate) struct LinkPage {
    pub(crate) shell: Shell,
    pub(crate) person: Person,
    pub(crate) link: SecretString,
    pub(crate) qr: Option<Qr>,
    /// "Sat 14:05"
    pub(crate) expires: String,
}

impl LinkPage {
    /// The link in clear, for this page alone.
    pub(crate) fn address(&self) -> &str {
        self.link.expose_secret()
    }
}

/// `POST /family/{id}/links`
pub(crate) async fn make(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(_): PageForm<Vec<(String, String)>>,
) -> Result<Page<LinkPage>, PageError> {
    let Path(id) = id?;
    let member = find(&frame, id).await?;
    Ok(Page(made(&frame, member.person).await?))
}

/// Makes a link, and its page.
pub(super) async fn made(frame: &Frame, person: Person) -> Result<LinkPage, PageError> {
    let request = pb::CreateSignInLinkRequest {
        member_id: person.id.clone(),
        label: "made by an admin".to_owned(),
        valid_seconds: 0,
    };
    let mut customers = frame.app.customers(&frame.viewer);
    let (link, people) = tokio::join!(customers.create_sign_in_link(request), frame.people());
    let pb::CreateSignInLinkResponse { secret, expires_at } = link?.into_inner();
    let link = frame.app.sign_in_address(&SecretString::from(secret));
    let expires = expires_at.and_then(dto::time).map(|at| frame.clock().say(at));
    Ok(LinkPage {
        shell: frame.shell(Tab::Me, &people),
        person,
        qr: Qr::of(link.expose_secret()),
        link,
        expires: expires.unwrap_or_default(),
    })
}
