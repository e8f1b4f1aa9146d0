//! The house's shared devices, for whoever runs the family: which there are,
//! which one asks, which to end.

use askama::Template;
use axum::response::{IntoResponse, Redirect, Response};
use http::StatusCode;
use runtime::Code;
use types::DeviceId;
use wire::customer::v1::{self as pb, decide_pairing_request::Decision};

use crate::{
    extract::{Path, Query},
    pages::{
        frame::Frame,
        mend::mendable,
        view::{
            Errors, Shell, Tab,
            shared::{AskingDevice, KINDS, Kind, SharedDevice},
        },
    },
    problem::Problem,
    web::{Page, PageError, PageForm, see_other},
};

#[derive(Template)]
#[template(path = "family/devices.html")]
pub(crate) struct DevicesPage {
    pub(crate) shell: Shell,
    pub(crate) devices: Vec<SharedDevice>,
    /// As it was typed.
    pub(crate) code: String,
    pub(crate) errors: Errors,
}

#[derive(Template)]
#[template(path = "family/pairing.html")]
pub(crate) struct PairingPage {
    pub(crate) shell: Shell,
    pub(crate) asking: AskingDevice,
    pub(crate) name: String,
    pub(crate) kinds: Vec<(Kind, bool)>,
    pub(crate) errors: Errors,
}

/// `GET /family/devices`
pub(crate) async fn page(frame: Frame) -> Result<Page<DevicesPage>, PageError> {
    Ok(Page(list(&frame, String::new(), Errors::default()).await?))
}

async fn list(frame: &Frame, code: String, errors: Errors) -> Result<DevicesPage, PageError> {
    let mut customers = frame.app.customers(&frame.viewer);
    let (devices, people) =
        tokio::join!(customers.list_devices(pb::ListDevicesRequest {}), frame.people());
    let pb::ListDevicesResponse { devices } = devices?.into_inner();
    let devices = devices.iter().map(|it| SharedDevice::new(it, &people, frame.clock())).collect();
    Ok(DevicesPage { shell: frame.shell(Tab::Me, &people), devices, code, errors })
}

/// What was typed.
#[derive(Debug, Default, serde::Deserialize)]
pub(crate) struct Typed {
    #[serde(default)]
    code: String,
}

/// `GET /family/devices/pair?code=`: what asks.
pub(crate) async fn asking(
    frame: Frame,
    typed: Result<Query<Typed>, Problem>,
) -> Result<Response, PageError> {
    let Query(Typed { code }) = typed?;
    let asking = match look_up(&frame, &code).await {
        Ok(asking) => asking,
        Err(problem) => return unknown(&frame, code, problem).await,
    };
    let kinds = KINDS.into_iter().map(|kind| (kind, kind.slug == "counter")).collect();
    let page = decide(&frame, asking, String::new(), kinds, Errors::default()).await;
    Ok(Page(page).into_response())
}

async fn look_up(frame: &Frame, code: &str) -> Result<AskingDevice, Problem> {
    let request = pb::GetPairingRequest { user_code: code.to_owned() };
    let found = frame.app.customers(&frame.viewer).get_pairing(request).await?.into_inner();
    Ok(AskingDevice::new(&found, frame.clock()))
}

/// The list again, with what is wrong beside the code.
async fn unknown(frame: &Frame, code: String, problem: Problem) -> Result<Response, PageError> {
    let (status, errors) = match problem.code() {
        Code::NotFound => {
            let says = problem.text().unwrap_or_default();
            (StatusCode::NOT_FOUND, Errors::general(crate::pages::order::place::sentence(says)))
        }
        _ => mendable(problem)?,
    };
    Ok((status, Page(list(frame, code, errors).await?)).into_response())
}

async fn decide(
    frame: &Frame,
    asking: AskingDevice,
    name: String,
    kinds: Vec<(Kind, bool)>,
    errors: Errors,
) -> PairingPage {
    let people = frame.people().await;
    PairingPage { shell: frame.shell(Tab::Me, &people), asking, name, kinds, errors }
}

/// What an admin says.
#[derive(Debug, serde::Deserialize)]
pub(crate) struct DecisionForm {
    code: String,
    #[serde(default)]
    name: String,
    #[serde(default)]
    kind: String,
    #[serde(default)]
    refuse: Option<String>,
}

/// `POST /family/devices/pair`
pub(crate) async fn pair(
    frame: Frame,
    PageForm(DecisionForm { code, name, kind, refuse }): PageForm<DecisionForm>,
) -> Result<Response, PageError> {
    let chosen = Kind::named(&kind);
    let decision = match (refuse, chosen) {
        (Some(_), _) => Decision::Refuse(pb::Refused {}),
        (None, Some(kind)) => {
            Decision::Approve(pb::ApprovedDevice { name: name.clone(), kind: kind.wire().into() })
        }
        (None, None) => {
            return Err(Problem::invalid("form:kind", "missing", "What is this device?").into());
        }
    };
    let request = pb::DecidePairingRequest { user_code: code.clone(), decision: Some(decision) };
    let decided = frame.app.customers(&frame.viewer).decide_pairing(request).await;
    let problem = match decided {
        Ok(_) => return Ok(see_other("/family/devices").into_response()),
        Err(status) => Problem::from(status),
    };
    if problem.code() != Code::InvalidRequest {
        return unknown(&frame, code, problem).await;
    }
    let (status, errors) = mendable(problem)?;
    match look_up(&frame, &code).await {
        Ok(asking) => {
            let kinds = KINDS.into_iter().map(|kind| (kind, Some(kind) == chosen)).collect();
            let page = decide(&frame, asking, name, kinds, errors).await;
            Ok((status, Page(page)).into_response())
        }
        Err(problem) => unknown(&frame, code, problem).await,
    }
}

/// `POST /family/devices/{id}/end`
pub(crate) async fn end(
    frame: Frame,
    id: Result<Path<DeviceId>, Problem>,
    PageForm(_): PageForm<Vec<(String, String)>>,
) -> Result<Redirect, PageError> {
    let Path(id) = id?;
    let request = pb::EndDeviceRequest { device_id: id.to_string() };
    frame.app.customers(&frame.viewer).end_device(request).await?;
    Ok(see_other("/family/devices"))
}
