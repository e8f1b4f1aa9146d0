//! Shared devices: how one is paired, what the counter's tablet shows while it is
//! locked, the kitchen's kiosk, the display.

pub(crate) mod display;
pub(crate) mod kiosk;
pub(crate) mod pad;
pub(crate) mod pair;
pub(crate) mod who;

use axum::extract::FromRequestParts;
use http::request::Parts;
use wire::{customer::v1 as customer, order::v1 as pb};

use super::view::{Clock, Place, Shell, Tab, menu::BarView};
use crate::{
    App,
    auth::PairedDevice,
    problem::Problem,
    web::{Csrf, PageError},
};

/// A paired device's request for a page, while nobody acts at it.
#[derive(Debug)]
pub(crate) struct DeviceFrame {
    pub(crate) app: App,
    pub(crate) device: PairedDevice,
    csrf: Csrf,
    /// Read before anything is loaded.
    position: String,
    pub(crate) clock: Clock,
}

impl FromRequestParts<App> for DeviceFrame {
    type Rejection = PageError;

    async fn from_request_parts(parts: &mut Parts, app: &App) -> Result<Self, PageError> {
        Ok(Self {
            device: PairedDevice::from_request_parts(parts, app).await?,
            csrf: Csrf::from_request_parts(parts, app).await?,
            position: app.hub().head().map(|head| head.to_string()).unwrap_or_default(),
            clock: Clock { now: app.now(), zone: app.config().time_zone },
            app: app.clone(),
        })
    }
}

impl DeviceFrame {
    /// What surrounds a page that listens to what happens.
    pub(crate) fn live(&self) -> Shell {
        Shell {
            position: self.position.clone(),
            now: super::view::clock::machine(self.clock.now),
            ..self.still()
        }
    }

    /// The same for one that does not.
    pub(crate) fn still(&self) -> Shell {
        Shell {
            tab: Tab::Elsewhere,
            place: Place::Device,
            csrf: self.csrf.token(),
            ..Shell::bare()
        }
    }

    /// What it is, and whom it may show.
    pub(crate) async fn of_itself(
        &self,
    ) -> Result<(customer::Device, Vec<customer::Face>), Problem> {
        let mut customers = self.app.customers(&self.device);
        let shown = customers.get_device(customer::GetDeviceRequest {}).await?.into_inner();
        let customer::GetDeviceResponse { device, faces } = shown;
        Ok((device.unwrap_or_default(), faces))
    }

    /// The bar's state and estimate.
    pub(crate) async fn bar(&self) -> Result<BarView, Problem> {
        let bar = self.app.orders(&self.device).get_bar(pb::GetBarRequest {}).await?;
        Ok(BarView::new(&bar.into_inner(), &self.clock))
    }
}
