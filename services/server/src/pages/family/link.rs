//! A sign-in link and its code for somebody, shown once: only hashes are stored.

use askama::Template;
use customer::CreateSignInLinkResponse as Made;
use secrecy::{ExposeSecret, SecretString};
use types::MemberId;
use wire::customer::v1 as customer;

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
    /// Another device of whoever looks, and not somebody else's.
    pub(crate) mine: bool,
    pub(crate) link: SecretString,
    pub(crate) qr: Option<Qr>,
    /// "Sat 14:05"
    pub(crate) expires: String,
    pub(crate) code: SecretString,
    pub(crate) code_expires: String,
    /// Where a code is typed, "coffee.local/join".
    pub(crate) join: String,
}

impl LinkPage {
    /// The link in clear, for this page alone.
    pub(crate) fn address(&self) -> &str {
        self.link.expose_secret()
    }

    /// "012 345", for this page alone.
    pub(crate) fn said(&self) -> String {
        let digits = self.code.expose_secret();
        digits.split_at_checked(3).map(|(a, b)| format!("{a} {b}")).unwrap_or_default()
    }
}

/// What becomes of the other devices when the link is used.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct LinkForm {
    /// The old phone is lost: it is signed out then.
    #[serde(default)]
    lost: Option<String>,
}

/// `POST /family/{id}/links`
pub(crate) async fn make(
    frame: Frame,
    id: Result<Path<MemberId>, Problem>,
    PageForm(form): PageForm<LinkForm>,
) -> Result<Page<LinkPage>, PageError> {
    let Path(id) = id?;
    let member = find(&frame, id).await?;
    Ok(Page(made(&frame, member.person, &form).await?))
}

/// Makes a link with a code, and its page.
pub(crate) async fn made(
    frame: &Frame,
    person: Person,
    form: &LinkForm,
) -> Result<LinkPage, PageError> {
    let mine = person.id == frame.viewer.member.to_string();
    let request = customer::CreateSignInLinkRequest {
        member_id: person.id.clone(),
        label: if mine { "another device" } else { "made by an admin" }.to_owned(),
        with_code: true,
        ends_others: form.lost.is_some(),
        ..customer::CreateSignInLinkRequest::default()
    };
    let mut customers = frame.app.customers(&frame.viewer);
    let (made, people) = tokio::join!(customers.create_sign_in_link(request), frame.people());
    let Made { secret, expires_at, id: _, code, code_expires_at } = made?.into_inner();
    let link = frame.app.sign_in_address(&SecretString::from(secret));
    let say = |at: Option<prost_types::Timestamp>| {
        at.and_then(dto::time).map(|at| frame.clock().say(at)).unwrap_or_default()
    };
    let pages = frame.app.config().public_url.as_str();
    let pages = pages.split_once("://").map_or(pages, |(_, rest)| rest);
    Ok(LinkPage {
        shell: frame.shell(Tab::Me, &people),
        person,
        mine,
        qr: Qr::of(link.expose_secret()),
        link,
        expires: say(expires_at),
        code: SecretString::from(code),
        code_expires: say(code_expires_at),
        join: format!("{pages}/join"),
    })
}
