//! One's PIN for the counter's tablet.

use axum::response::{IntoResponse, Response};
use http::StatusCode;
use wire::customer::v1 as pb;

use super::{
    me::{self, Around},
    passkeys::Browser,
};
use crate::{
    pages::{
        frame::Frame,
        mend::mendable,
        view::{
            Errors,
            passkey::Offer,
            pin::{Wanted, wanted},
        },
    },
    problem::Problem,
    secure_context::Withheld,
    web::{Page, PageError, PageForm, see_other},
};

/// `POST /me/pin`
pub(crate) async fn change(
    Withheld(withheld): Withheld,
    offer: Offer,
    browser: Browser,
    frame: Frame,
    PageForm(fields): PageForm<Vec<(String, String)>>,
) -> Result<Response, PageError> {
    let member = frame.viewer.member.to_string();
    match set(&frame, member, pb::PinKind::Digits, &fields).await? {
        None => Ok(see_other("/me").into_response()),
        Some((status, errors)) => {
            let typed = me::Typed { pin: Some(errors), ..me::Typed::default() };
            Ok((status, Page(me::show(&frame, Around { withheld, offer, browser }, typed).await?))
                .into_response())
        }
    }
}

/// Sets or removes somebody's PIN; what they can mend comes back.
pub(crate) async fn set(
    frame: &Frame,
    member_id: String,
    kind: pb::PinKind,
    fields: &[(String, String)],
) -> Result<Option<(StatusCode, Errors)>, PageError> {
    let kind = kind.into();
    let mut customers = frame.app.customers(&frame.viewer);
    let refused = match wanted(fields) {
        Wanted::Set(pin) => {
            let request = pb::SetPinRequest { member_id, kind, pin };
            customers.set_pin(request).await.err()
        }
        Wanted::Remove => {
            let request = pb::RemovePinRequest { member_id, kind };
            customers.remove_pin(request).await.err()
        }
        Wanted::Unlike => {
            let mut errors = Errors::default();
            errors.add("pin", "The two are not the same. Type it once more.");
            return Ok(Some((StatusCode::UNPROCESSABLE_ENTITY, errors)));
        }
    };
    refused.map(|status| mendable(Problem::from(status))).transpose()
}
