//! The commands and options of `everything`.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::https::Name;

/// A family's coffee ordering system, with everything it runs on.
///
/// Without a command it starts: PostgreSQL, Valkey, Kafka and Temporal on
/// loopback, then the three services, and prints where to go. Ctrl-C stops it.
/// From a second terminal in the same folder `status`, `logs`, `links` and
/// `down` talk to it.
#[derive(Debug, Parser)]
#[command(name = "everything", version, args_conflicts_with_subcommands = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) up: Up,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Start everything and stay in the foreground (the default)
    Up(Up),
    /// Fetch the engines into the cache and start nothing
    Install(Install),
    /// Show each part's state, port and process
    Status(Place),
    /// Show what the parts have logged
    Logs(Logs),
    /// Print fresh sign-in links for the family
    Links(Place),
    /// Print a link that signs the first admin in, good until it is used
    AdminLink(Place),
    /// Count all statistics anew from what Kafka holds; the ledger is not touched
    Rebuild(Place),
    /// Check what this machine needs, the installed engines and the data folder
    Doctor(Place),
    /// Stop what runs in this data folder
    Down(Place),
    /// Delete what is in the data folder: every order, bean and member
    Reset(Reset),
    /// Start the engines alone, run a command with their addresses, stop them
    ///
    /// The command finds them in EVERYTHING_TEST_POSTGRES_URL,
    /// EVERYTHING_TEST_VALKEY_URL, EVERYTHING_TEST_KAFKA_BROKERS,
    /// EVERYTHING_TEST_TEMPORAL_URL and, with --time-skipping,
    /// EVERYTHING_TEST_TEMPORAL_SERVER (a program).
    WithEngines(WithEngines),
    /// Run one service; its settings are EVERYTHING_… variables
    Serve(Serve),
    /// Print how long each of some PIN checks takes here, in milliseconds
    #[command(hide = true)]
    PinCost,
    /// Run a program for as long as standard input stays open
    #[command(hide = true)]
    Guard(crate::guard::GuardArgs),
    /// Become a program that ends with its guard
    #[command(hide = true)]
    Become(crate::guard::BecomeArgs),
}

/// Which data folder a command is about.
#[derive(Debug, Clone, Args)]
pub(crate) struct Place {
    /// The data folder; several may run side by side in different ones
    #[arg(long, value_name = "DIR", env = "EVERYTHING_DATA", default_value = ".everything")]
    pub(crate) data: PathBuf,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Up {
    #[command(flatten)]
    pub(crate) place: Place,
    /// The port of the pages
    #[arg(long, env = "EVERYTHING_PORT", default_value_t = 8080, value_name = "PORT",
        value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) port: u16,
    /// Let the phones in the house in: HTTPS on every network of this machine; on the
    /// pages' port there is then only the way to it
    #[arg(long)]
    pub(crate) lan: bool,
    #[command(flatten)]
    pub(crate) https: Https,
    /// Seed no demo family: the first start prints a link for the first admin of yours
    #[arg(long)]
    pub(crate) no_demo: bool,
}

/// All of it counts with `--lan` only.
#[derive(Debug, Clone, Args)]
pub(crate) struct Https {
    /// With --lan: what the house is called, coffee.local at first; kept, as passkeys and
    /// notifications die with it
    #[arg(long, env = "EVERYTHING_NAME", value_name = "NAME")]
    pub(crate) name: Option<Name>,
    /// With --lan: the port of HTTPS
    #[arg(long, env = "EVERYTHING_HTTPS_PORT", default_value_t = 8443, value_name = "PORT",
        value_parser = clap::value_parser!(u16).range(1..))]
    pub(crate) https_port: u16,
    /// With --lan: a certificate (PEM, with its chain) that phones know, such as
    /// Tailscale's; without it the house makes its own
    #[arg(long, env = "EVERYTHING_TLS_CERT", value_name = "FILE")]
    pub(crate) cert: Option<PathBuf>,
    /// With --cert: its key (PEM)
    #[arg(long, env = "EVERYTHING_TLS_KEY", value_name = "FILE")]
    pub(crate) key: Option<PathBuf>,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Install {
    /// Also Temporal's time-skipping test server
    #[arg(long)]
    pub(crate) time_skipping: bool,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Logs {
    /// postgres, valkey, kafka, temporal, customer-service, order-service or server; all without it
    pub(crate) part: Option<String>,
    /// Go on as lines are written
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// How many lines of each part to begin with
    #[arg(short = 'n', long, default_value_t = 40, value_name = "COUNT")]
    pub(crate) lines: usize,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct Reset {
    /// Do not ask
    #[arg(long)]
    pub(crate) yes: bool,
    #[command(flatten)]
    pub(crate) place: Place,
}

#[derive(Debug, Clone, Args)]
pub(crate) struct WithEngines {
    /// Keep the engines' data here; without it a temporary folder is used and deleted
    #[arg(long, value_name = "DIR")]
    pub(crate) data: Option<PathBuf>,
    /// Also install Temporal's time-skipping test server
    #[arg(long)]
    pub(crate) time_skipping: bool,
    /// The command and its arguments
    #[arg(last = true, required = true, value_name = "COMMAND")]
    pub(crate) command: Vec<std::ffi::OsString>,
}

#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Print the service's settings, secrets hidden, and start nothing
    #[arg(long)]
    pub(crate) print_config: bool,
    #[command(subcommand)]
    pub(crate) service: Service,
}

/// Each service's settings are options or EVERYTHING_… variables.
#[derive(Debug, Subcommand)]
pub(crate) enum Service {
    /// Menu, orders, queue, the bar and the order workflow
    #[command(name = "order-service")]
    Order(Box<order_service::Config>),
    /// Members, sign-in, beans, statistics and notifications
    #[command(name = "customer-service")]
    Customer(Box<customer_service::Config>),
    /// The pages, REST and live updates
    Server(Box<server::Config>),
}
