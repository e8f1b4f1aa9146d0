//! What every handler can reach. Nothing here must survive a restart.

use std::{ops::Deref, sync::Arc};

use http::HeaderMap;
use runtime::tokens::AccessTokenVerifier;
use secrecy::{ExposeSecret, SecretString};
use tokio_util::sync::CancellationToken;
use types::Timestamp;
use wire::customer::v1::{
    EnterAsGuestRequest, ExchangeCodeRequest, ExchangeSignInLinkRequest, FinishPairingRequest,
    FinishPairingResponse, SignOutRequest, StartPairingRequest, StartPairingResponse, TokenPair,
};

use crate::{
    api::dto::passkey::UsedPasskey,
    auth::{
        Speaks, Viewer,
        api_tokens::ApiTokens,
        cookies::{self, Cookies},
        refresh::Refresher,
    },
    clients::{Clients, Customers, Orders},
    config::Config,
    host::Hosts,
    limits::{Household, Limits},
    live::Hub,
    names::{Names, NamesCache},
    problem::Problem,
};

/// The gateway's state. Cheap to clone.
#[derive(Clone, Debug)]
pub struct App(Arc<Inner>);

/// What [`App`] holds.
#[derive(Debug)]
pub struct Inner {
    config: Config,
    hosts: Hosts,
    cookies: Cookies,
    clients: Clients,
    verifier: AccessTokenVerifier,
    refresher: Refresher,
    api_tokens: ApiTokens,
    limits: Limits,
    hub: Arc<Hub>,
    names: NamesCache,
    draining: CancellationToken,
}

impl Deref for App {
    type Target = Inner;

    fn deref(&self) -> &Inner {
        &self.0
    }
}

impl App {
    /// Puts it together; `draining` ends the live streams.
    pub fn new(
        config: Config,
        clients: Clients,
        verifier: AccessTokenVerifier,
        limits: Limits,
        draining: CancellationToken,
    ) -> Self {
        let hub = Hub::new(config.live_ring);
        Self(Arc::new(Inner {
            hosts: Hosts::of(&config),
            cookies: Cookies::of(&config.public_url),
            clients,
            verifier,
            refresher: Refresher::default(),
            api_tokens: ApiTokens::default(),
            limits,
            hub,
            names: NamesCache::default(),
            draining,
            config,
        }))
    }

    /// The names and faces of the family; at most half a minute old.
    pub async fn names(&self, viewer: &Viewer) -> Result<Arc<Names>, Problem> {
        self.names.get(self, viewer).await
    }

    /// Lets everybody see at once what has changed about somebody.
    pub fn forget_names(&self) {
        self.names.forget();
    }

    /// Exchanges the secret of a one-time link. `device` is what the browser says
    /// it is; the part beyond 200 bytes is cut off.
    pub async fn sign_in(&self, secret: &SecretString, device: &str) -> Result<TokenPair, Problem> {
        let request = ExchangeSignInLinkRequest {
            secret: secret.expose_secret().to_owned(),
            device: shortened(device),
        };
        Ok(self.anybodys_customers().exchange_sign_in_link(request).await?.into_inner())
    }

    /// Exchanges what a passkey's device answered. `device` as for [`App::sign_in`].
    pub async fn sign_in_by_passkey(
        &self,
        used: UsedPasskey,
        device: &str,
    ) -> Result<TokenPair, Problem> {
        let request = used.into_wire(shortened(device));
        Ok(self.anybodys_customers().finish_passkey_sign_in(request).await?.into_inner())
    }

    /// Exchanges a code that was typed; wrong ones count against the household.
    pub async fn join(
        &self,
        code: &SecretString,
        device: &str,
        from: &Household,
    ) -> Result<TokenPair, Problem> {
        let request = ExchangeCodeRequest {
            code: code.expose_secret().to_owned(),
            device: shortened(device),
            address: from.0.to_string(),
        };
        Ok(self.anybodys_customers().exchange_code(request).await?.into_inner())
    }

    /// Lets a visitor in who holds a guest pass. `device` as for [`App::sign_in`].
    pub async fn enter_as_guest(
        &self,
        secret: &SecretString,
        name: &str,
        device: &str,
    ) -> Result<TokenPair, Problem> {
        let request = EnterAsGuestRequest {
            secret: secret.expose_secret().to_owned(),
            name: name.to_owned(),
            device: shortened(device),
        };
        let pair = self.anybodys_customers().enter_as_guest(request).await?.into_inner();
        self.forget_names();
        Ok(pair)
    }

    /// A device that says it is this asks to be paired.
    pub async fn start_pairing(&self, device: &str) -> Result<StartPairingResponse, Problem> {
        let device = device.chars().filter(|letter| !letter.is_control()).take(200).collect();
        let request = StartPairingRequest { device };
        Ok(self.anybodys_customers().start_pairing(request).await?.into_inner())
    }

    /// What became of a pairing, for the device that has its secret.
    pub async fn finish_pairing(&self, secret: &str) -> Result<FinishPairingResponse, Problem> {
        let request = FinishPairingRequest { device_code: secret.to_owned() };
        Ok(self.anybodys_customers().finish_pairing(request).await?.into_inner())
    }

    /// The whole address of one of our pages.
    pub fn address_of(&self, path: &str) -> String {
        format!("{}{path}", self.config.public_url.as_str())
    }

    /// The address at which an admin finds what asks under this code.
    pub fn pairing_address(&self, user_code: &str) -> String {
        self.address_of(&format!("/family/devices/pair?code={user_code}"))
    }

    /// The address at which a link's secret signs in.
    pub fn sign_in_address(&self, secret: &SecretString) -> SecretString {
        let pages = self.config.public_url.as_str();
        SecretString::from(format!("{pages}/sign-in/{}", secret.expose_secret()))
    }

    /// The address at which a guest pass's secret lets visitors in.
    pub fn guest_address(&self, secret: &SecretString) -> SecretString {
        SecretString::from(self.address_of(&format!("/guest/{}", secret.expose_secret())))
    }

    /// Ends the sign-in whose refresh token the request's cookies hold. Without
    /// one there is nothing to end.
    pub async fn sign_out(&self, headers: &HeaderMap) -> Result<(), Problem> {
        match self.cookies.read(headers, cookies::REFRESH) {
            Some(token) => self.end_session(token).await,
            None => Ok(()),
        }
    }

    /// Ends the sign-in that a refresh token belongs to.
    pub async fn end_session(&self, refresh_token: &str) -> Result<(), Problem> {
        let request = SignOutRequest { refresh_token: refresh_token.to_owned() };
        self.anybodys_customers().sign_out(request).await?;
        Ok(())
    }
}

fn shortened(device: &str) -> String {
    device.chars().filter(|letter| !letter.is_control()).take(200).collect()
}

impl Inner {
    /// The settings.
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// order-service, in the name of a person or a device.
    pub fn orders(&self, asker: &impl Speaks) -> Orders {
        self.clients.orders(Some(asker.token()))
    }

    /// customer-service, in the name of a person or a device.
    pub fn customers(&self, asker: &impl Speaks) -> Customers {
        self.clients.customers(Some(asker.token()))
    }

    /// customer-service, for requests that carry their own secret.
    pub fn anybodys_customers(&self) -> Customers {
        self.clients.customers(None)
    }

    pub(crate) const fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Whom we answer for.
    pub const fn hosts(&self) -> &Hosts {
        &self.hosts
    }

    /// How cookies are read and written.
    pub const fn cookies(&self) -> &Cookies {
        &self.cookies
    }

    /// The keys and revocations.
    pub const fn verifier(&self) -> &AccessTokenVerifier {
        &self.verifier
    }

    pub(crate) const fn refresher(&self) -> &Refresher {
        &self.refresher
    }

    pub(crate) const fn api_tokens(&self) -> &ApiTokens {
        &self.api_tokens
    }

    /// How much is allowed.
    pub const fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The live updates.
    pub const fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }

    /// Cancelled when the gateway leaves.
    pub const fn draining(&self) -> &CancellationToken {
        &self.draining
    }

    /// The clock.
    pub fn now(&self) -> Timestamp {
        chrono::Utc::now()
    }
}
