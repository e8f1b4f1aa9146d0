//! `everything serve …`: this process becomes one service.

use std::process::ExitCode;

use anyhow::Result;
use wire::access::Peer;

use crate::cli::{Cli, Serve, Service};

/// Runs the service until it is told to stop; the exit code says how it went.
pub(crate) async fn run(Serve { print_config, service }: Serve) -> Result<ExitCode> {
    if print_config {
        print!("{}", runtime::config::describe::<Cli>());
        return Ok(ExitCode::SUCCESS);
    }
    Ok(match service {
        Service::Order(config) => {
            let runtime = runtime::start(Peer::OrderService, &config.runtime)?;
            let result = order_service::run(*config, runtime.clone()).await;
            runtime.finish_with(result).await
        }
        Service::Customer(config) => {
            let runtime = runtime::start(Peer::CustomerService, &config.runtime)?;
            let result = customer_service::run(*config, runtime.clone()).await;
            runtime.finish_with(result).await
        }
        Service::Server(config) => {
            let runtime = runtime::start(Peer::Server, &config.runtime)?;
            let result = server::run(*config, runtime.clone()).await;
            runtime.finish_with(result).await
        }
    })
}
