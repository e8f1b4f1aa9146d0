//! What the contracts say of each method: its static name, its rule, and
//! whether it streams (a stream has no deadline).

use std::{collections::HashMap, sync::LazyLock};

use prost::Message;
use wire::access::{self, Rule};

/// One method of ours.
#[derive(Debug, Clone, Copy)]
pub(super) struct Method {
    /// "everything.order.v1.OrderService/PlaceOrder", for telemetry.
    pub(super) name: &'static str,
    pub(super) rule: Rule,
    pub(super) streams: bool,
}

static STREAMING: LazyLock<HashMap<String, bool>> = LazyLock::new(|| {
    let files = prost_types::FileDescriptorSet::decode(wire::DESCRIPTORS).unwrap_or_default().file;
    files
        .iter()
        .flat_map(|file| file.service.iter().map(move |service| (file.package(), service)))
        .flat_map(|(package, service)| {
            service.method.iter().map(move |method| {
                let path = format!("/{package}.{}/{}", service.name(), method.name());
                (path, method.server_streaming() || method.client_streaming())
            })
        })
        .collect()
});

static METHODS: LazyLock<HashMap<&'static str, Method>> = LazyLock::new(|| {
    access::METHODS
        .iter()
        .map(|(path, rule)| {
            let streams = STREAMING.get(*path).copied().unwrap_or(false);
            let name = path.trim_start_matches('/');
            (*path, Method { name, rule: *rule, streams })
        })
        .collect()
});

/// The method of a path, "/package.Service/Method".
pub(super) fn of(path: &str) -> Option<Method> {
    METHODS.get(path).copied()
}

/// Paths of a service's methods; `None`: no contract of ours has the service.
pub(super) fn of_service(service: &str) -> Option<Vec<&'static str>> {
    let prefix = format!("/{service}/");
    let paths: Vec<_> =
        STREAMING.keys().map(String::as_str).filter(|path| path.starts_with(&prefix)).collect();
    (!paths.is_empty()).then_some(paths)
}

/// Health and reflection, which need no credential.
pub(super) fn is_open(path: &str) -> bool {
    path.starts_with("/grpc.health.v1.Health/") || path.starts_with("/grpc.reflection.")
}
