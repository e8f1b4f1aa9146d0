//! Who may do what: one table for everything that can be called. [`METHODS`] is
//! enforced at the services' doors (`runtime::grpc`), [`ENDPOINTS`] and [`PAGES`]
//! at the gateway's; what is not in the table is not served. The OpenAPI
//! document's security entries and `docs/access.md` are made from it, and tests
//! call everything in it as everybody.
//!
//! Whether a *thing* is the caller's ([`Whose`]) is seen only with the thing in
//! hand: that is checked where it is read, and walked by the same tests.

mod endpoints;
mod methods;
mod pages;

use types::Scope;

pub use endpoints::ENDPOINTS;
pub use methods::METHODS;
pub use pages::PAGES;

/// A service that proves itself with its own Ed25519 key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Peer {
    Server,
    OrderService,
    CustomerService,
    /// The operator's own program: sets up, seeds, prints the first links.
    Launcher,
}

impl Peer {
    pub const ALL: [Self; 4] =
        [Self::Server, Self::OrderService, Self::CustomerService, Self::Launcher];

    /// The name in tokens, configuration and telemetry.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Server => "server",
            Self::OrderService => "order-service",
            Self::CustomerService => "customer-service",
            Self::Launcher => "launcher",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|peer| peer.name() == name)
    }
}

/// Who somebody must be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Needs {
    /// Nothing but what a service is; at the gateway: what it shows is for anybody.
    Nothing,
    /// Whoever holds the secret that the request itself carries: a link, a refresh token.
    Secret,
    /// A paired device at which nobody acts.
    Device,
    Member,
    /// A barista, or an admin.
    Barista,
    /// An admin, while it is known whose sign-in was ended.
    Admin,
}

impl Needs {
    /// As the documentation prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Nothing => "anybody",
            Self::Secret => "whoever holds the secret",
            Self::Device => "paired device",
            Self::Member => "member",
            Self::Barista => "barista or admin",
            Self::Admin => "admin",
        }
    }
}

/// Whose the thing must be that is touched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// Nobody's in particular: the menu, the bar, the counter's work.
    House,
    /// One's own alone.
    Own,
    /// One's own; anybody's for an admin.
    OwnOrAdmin,
    /// One's own; a child's for its guardian; anybody's for an admin.
    Guarded,
    /// A child's for its guardian; anybody's for an admin.
    Guardians,
    /// An order: of who placed it or for whom an item is, and of the counter.
    Order,
}

impl Whose {
    /// As the documentation prints it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::House => "the house's",
            Self::Own => "one's own",
            Self::OwnOrAdmin => "one's own; anybody's for an admin",
            Self::Guarded => "one's own; a child's for its guardian; anybody's for an admin",
            Self::Guardians => "a child's for its guardian; anybody's for an admin",
            Self::Order => "an order of one's own or for oneself; every order at the counter",
        }
    }
}

/// How sure it must be that the sign-in was not ended meanwhile.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// As far as is known: coffee goes on while customer-service is away.
    AsKnown,
    /// It must be known: an admin's doing, or a change of who may what.
    MustBeKnown,
}

/// What one call asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    pub needs: Needs,
    pub ended: Ended,
    /// Services that may call it for themselves, without a person.
    pub services: &'static [Peer],
    /// What a sign-in must be for; [`Needs::Nothing`] asks for none.
    pub scopes: &'static [Scope],
    /// What a paired device must be for that may while nobody acts at it.
    pub devices: &'static [Scope],
    pub whose: Whose,
}

impl Rule {
    const fn person(needs: Needs) -> Self {
        let ended = match needs {
            Needs::Admin => Ended::MustBeKnown,
            Needs::Nothing | Needs::Secret | Needs::Device | Needs::Member | Needs::Barista => {
                Ended::AsKnown
            }
        };
        let scopes = &[Scope::Full];
        Self { needs, ended, services: &[], scopes, devices: &[], whose: Whose::House }
    }

    const fn services(services: &'static [Peer]) -> Self {
        let (needs, ended) = (Needs::Nothing, Ended::AsKnown);
        Self { needs, ended, services, scopes: &[], devices: &[], whose: Whose::House }
    }

    /// A paired device for one of these, and nobody else.
    const fn device(devices: &'static [Scope]) -> Self {
        Self { needs: Needs::Device, devices, ..Self::services(&[]) }
    }

    /// Or one of these services for itself.
    const fn or(self, services: &'static [Peer]) -> Self {
        Self { services, ..self }
    }

    /// Sign-ins for these suffice.
    const fn by(self, scopes: &'static [Scope]) -> Self {
        Self { scopes, ..self }
    }

    /// Or a paired device for one of these, while nobody acts at it.
    const fn or_at(self, devices: &'static [Scope]) -> Self {
        Self { devices, ..self }
    }

    const fn of(self, whose: Whose) -> Self {
        Self { whose, ..self }
    }

    /// Changes who may what.
    const fn about_identity(self) -> Self {
        Self { ended: Ended::MustBeKnown, ..self }
    }

    /// Whether a sign-in for this may be used.
    pub fn admits(&self, scope: Scope) -> bool {
        self.scopes.contains(&scope)
    }

    /// Whether a paired device for this may, while nobody acts at it.
    pub fn admits_device(&self, scope: Scope) -> bool {
        self.devices.contains(&scope)
    }
}

/// It shows nothing that is ours.
const OPEN: Rule = Rule::services(&[]);
/// The request carries its own secret.
const SECRET: Rule = Rule { needs: Needs::Secret, ..OPEN };
/// A member on their own device.
pub const MEMBER: Rule = Rule::person(Needs::Member);
const BARISTA: Rule = Rule::person(Needs::Barista);
const ADMIN: Rule = Rule::person(Needs::Admin);

/// A person who orders, wherever they stand, and whoever is their guest.
const ORDERING: &[Scope] = &[Scope::Full, Scope::Counter, Scope::Kiosk, Scope::Guest];
/// Somebody of the family, wherever they stand: beans, days and diets are no guest's business.
const FAMILY: &[Scope] = &[Scope::Full, Scope::Counter, Scope::Kiosk];
/// Who orders, and a token that reads its owner's orders.
const READING: &[Scope] =
    &[Scope::Full, Scope::Counter, Scope::Kiosk, Scope::ReadOrders, Scope::Guest];
/// Who has favourites at hand: on their own device, or as a child in the kitchen.
const FAVOURITES: &[Scope] = &[Scope::Full, Scope::Kiosk];
/// The same, and a token that is for the usual alone.
const USUAL: &[Scope] = &[Scope::Full, Scope::Kiosk, Scope::Usual];
/// An admin, or their token that reads reports.
const REPORTS: &[Scope] = &[Scope::Full, Scope::Reports];
/// A barista, on their own device or at the counter's.
const COUNTER: &[Scope] = &[Scope::Full, Scope::Counter];
/// The counter's tablet, before somebody says who they are.
const COUNTER_DEVICE: &[Scope] = &[Scope::Counter];
/// A screen that everybody looks at.
const DISPLAY_DEVICE: &[Scope] = &[Scope::Display];
/// The kitchen's tablet, before a child says who they are.
const KIOSK_DEVICE: &[Scope] = &[Scope::Kiosk];
/// Where people say who they are.
const SHARED: &[Scope] = &[Scope::Counter, Scope::Kiosk];
/// Screens that show what happens to orders.
const WATCHING: &[Scope] = &[Scope::Counter, Scope::Display];
const ANY_DEVICE: &[Scope] = &[Scope::Counter, Scope::Display, Scope::Kiosk];

/// The rule of a gRPC method by its path, `/package.Service/Method`.
pub fn of(path: &str) -> Option<Rule> {
    METHODS.iter().find(|(method, _)| *method == path).map(|(_, rule)| *rule)
}

/// The rule of a REST endpoint or page by its method and path template,
/// `/v1/orders/{id}`.
pub fn of_route(method: &str, path: &str) -> Option<Rule> {
    let mut all = ENDPOINTS.iter().chain(PAGES);
    all.find(|(its, template, _)| *its == method && *template == path).map(|(.., rule)| *rule)
}
