//! The keys with which somebody says who they are, for the counter and the kiosk.

use askama::Template;
use axum::response::{AppendHeaders, IntoResponse, Response};
use http::header;
use runtime::Code;
use types::{MemberId, Scope};
use wire::customer::v1 as pb;

use super::DeviceFrame;
use crate::{
    auth::{cookies, device},
    pages::view::{
        Person, Shell,
        pad::{Key, Keys, Tapped, tap},
        shared::person,
    },
    problem::Problem,
    web::{Page, PageError, see_other},
};

#[derive(Template)]
#[template(path = "shared/pad.html")]
pub(crate) struct PadPage {
    pub(crate) shell: Shell,
    pub(crate) person: Person,
    /// Where the faces are.
    pub(crate) home: &'static str,
    pub(crate) keys: Keys,
    /// So far.
    pub(crate) typed: String,
    /// What is wrong; empty: nothing.
    pub(crate) says: String,
    /// Seconds until somebody may try again.
    pub(crate) wait: Option<u64>,
}

impl PadPage {
    pub(crate) fn all(&self) -> &'static [Key] {
        self.keys.all()
    }

    pub(crate) fn pictures(&self) -> bool {
        self.keys == Keys::Pictures
    }

    /// A dot for each that is typed; of pictures also those to come.
    pub(crate) fn dots(&self) -> Vec<bool> {
        let count = if self.pictures() { self.keys.most() } else { self.typed.len().max(4) };
        (0..count).map(|at| at < self.typed.len()).collect()
    }
}

/// What a page of keys shows beside them.
#[derive(Debug, Default)]
pub(crate) struct Typed {
    typed: String,
    says: String,
    wait: Option<u64>,
}

/// The fields of such a form.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct PadForm {
    #[serde(default)]
    typed: String,
    #[serde(default)]
    key: String,
}

pub(super) async fn show(
    frame: &DeviceFrame,
    id: MemberId,
    Typed { typed, says, wait }: Typed,
) -> Result<PadPage, PageError> {
    let (_, faces) = frame.of_itself().await?;
    let id = id.to_string();
    let face = faces.iter().find(|face| face.id == id && face.may_sign_in);
    let face = face.ok_or_else(|| {
        Problem::new(Code::NotFound).detail("Whoever this is has no PIN for this tablet.")
    })?;
    Ok(PadPage {
        shell: frame.still(),
        person: person(face),
        home: frame.device.home(),
        keys: Keys::of(frame.device.scope),
        typed,
        says,
        wait,
    })
}

/// One more key; when it was the last, the PIN is tried.
pub(super) async fn tapped(
    frame: &DeviceFrame,
    id: MemberId,
    PadForm { typed, key }: PadForm,
) -> Result<Response, PageError> {
    let pin = match tap(Keys::of(frame.device.scope), &typed, &key) {
        Tapped::Typed(typed) => {
            let so_far = Typed { typed, ..Typed::default() };
            return Ok(Page(show(frame, id, so_far).await?).into_response());
        }
        Tapped::Done(pin) => pin,
    };
    let request = pb::SignInAtDeviceRequest { member_id: id.to_string(), pin };
    match frame.app.customers(&frame.device).sign_in_at_device(request).await {
        Ok(pair) => {
            let idle = device::idle(frame.app.config(), frame.device.scope);
            let set = frame.app.cookies().keep(cookies::PERSON, &pair.into_inner(), idle);
            let next = if frame.device.scope == Scope::Kiosk { "/" } else { "/counter" };
            Ok((set, frame.app.cookies().cart(""), see_other(next)).into_response())
        }
        Err(status) => {
            let problem = Problem::from(status);
            let says = match problem.code() {
                Code::WrongPin | Code::PinLocked | Code::NoPin => {
                    problem.text().unwrap_or_default().to_owned()
                }
                Code::InvalidRequest => "A PIN has 4 to 6 digits.".to_owned(),
                _ => return Err(problem.into()),
            };
            let wait = problem.retry_after_seconds();
            let again = Typed { typed: String::new(), says, wait };
            let page = Page(show(frame, id, again).await?);
            let later = wait.map(|seconds| [(header::RETRY_AFTER, seconds.to_string())]);
            let later = AppendHeaders(later.into_iter().flatten());
            Ok((problem.status(), later, page).into_response())
        }
    }
}
