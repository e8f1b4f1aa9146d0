//! One's passkeys: made and removed on `/me`, used on `/sign-in`. What the device
//! answers comes in a form, into which the page's script puts it.

use std::convert::Infallible;

use axum::{
    extract::FromRequestParts,
    response::{IntoResponse, Redirect, Response},
};
use http::{header, request::Parts};
use runtime::NoPasskeys;
use serde::de::DeserializeOwned;
use types::PasskeyId;
use wire::customer::v1 as pb;

use super::me::{self, Typed};
use crate::{
    App,
    api::dto::passkey::{CreatedPasskey, NewPasskey},
    pages::{
        frame::Frame,
        mend::mendable,
        view::{Errors, device, passkey::Offer},
    },
    problem::Problem,
    secure_context::Withheld,
    web::{Page, PageError, PageForm, see_other},
};

impl FromRequestParts<App> for Offer {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, Infallible> {
        let url = &app.config().public_url;
        let host = parts.headers.get(header::HOST).and_then(|host| host.to_str().ok());
        let here = host.is_some_and(|host| host.eq_ignore_ascii_case(&url.authority()));
        Ok(match url.passkeys() {
            Ok(_) if here => Self::Here,
            Ok(_) => Self::At(url.origin()),
            Err(NoPasskeys::PlainHttp) => Self::PlainHttp,
            Err(NoPasskeys::Number) => Self::Nameless,
        })
    }
}

/// What a browser is called, for a passkey made in it.
#[derive(Debug, Clone)]
pub(crate) struct Browser(pub(crate) String);

impl FromRequestParts<App> for Browser {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &App) -> Result<Self, Infallible> {
        let said = parts.headers.get(header::USER_AGENT).and_then(|said| said.to_str().ok());
        Ok(Self(device::name(said.unwrap_or_default())))
    }
}

/// What a device answered, as the page's script wrote it into the form.
pub(crate) fn answer<T: DeserializeOwned>(credential: &str) -> Result<T, Problem> {
    serde_json::from_str(credential).map_err(|_| {
        Problem::invalid("/credential", "malformed", "your browser sent no passkey; try again")
    })
}

/// A new passkey.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct New {
    name: String,
    credential: String,
}

/// `POST /me/passkeys`
pub(crate) async fn register(
    Withheld(withheld): Withheld,
    offer: Offer,
    browser: Browser,
    frame: Frame,
    PageForm(New { name, credential }): PageForm<New>,
) -> Result<Response, PageError> {
    let kept = match answer::<CreatedPasskey>(&credential) {
        Ok(credential) => {
            let new = NewPasskey { name: Some(name.clone()), credential };
            let request = pb::FinishPasskeyRegistrationRequest::from(new);
            let mut customers = frame.app.customers(&frame.viewer);
            customers.finish_passkey_registration(request).await.map_err(Problem::from)
        }
        Err(problem) => Err(problem),
    };
    match kept {
        Ok(_) => Ok(see_other("/me#passkeys").into_response()),
        Err(refused) => {
            let (status, errors) = mendable(refused)?;
            let typed = Typed { passkey: Some((name, errors)), ..Typed::default() };
            let page = me::show(&frame, me::Around { withheld, offer, browser }, typed).await?;
            Ok((status, Page(page)).into_response())
        }
    }
}

/// Which passkey.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct Which {
    pub(crate) passkey: PasskeyId,
}

/// `POST /me/passkeys/remove`
pub(crate) async fn remove(
    frame: Frame,
    PageForm(Which { passkey }): PageForm<Which>,
) -> Result<Redirect, PageError> {
    forget(&frame, passkey).await?;
    Ok(see_other("/me#passkeys"))
}

/// Removes one's own, or for an admin anybody's.
pub(crate) async fn forget(frame: &Frame, passkey: PasskeyId) -> Result<(), PageError> {
    let request = pb::RemovePasskeyRequest { passkey_id: passkey.to_string() };
    frame.app.customers(&frame.viewer).remove_passkey(request).await?;
    Ok(())
}

/// What was wrong with a new passkey's name or answer, and the name.
pub(crate) type Refused = (String, Errors);
