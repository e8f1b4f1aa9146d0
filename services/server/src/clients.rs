//! The two services behind the gateway, by their generated clients.

use runtime::grpc::{Channel, USER_TOKEN};
use tonic::{
    Request, Status, Streaming,
    metadata::AsciiMetadataValue,
    service::{Interceptor, interceptor::InterceptedService},
};
use wire::{
    customer::v1::customer_service_client::CustomerServiceClient,
    order::v1::{LiveEvent, WatchEventsRequest, order_service_client::OrderServiceClient},
};

/// order-service, as some person or as ourselves.
pub type Orders = OrderServiceClient<InterceptedService<Channel, OnBehalfOf>>;
/// customer-service, as some person or as ourselves.
pub type Customers = CustomerServiceClient<InterceptedService<Channel, OnBehalfOf>>;

/// Makes clients. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Clients {
    orders: Channel,
    customers: Channel,
}

/// Adds a person's access token to each call.
#[derive(Clone)]
pub struct OnBehalfOf(Option<AsciiMetadataValue>);

impl OnBehalfOf {
    fn new(token: Option<&str>) -> Self {
        // A token that was verified is ASCII; without it the service refuses the call.
        Self(token.and_then(|token| {
            let mut value = AsciiMetadataValue::try_from(token).ok()?;
            value.set_sensitive(true);
            Some(value)
        }))
    }
}

impl Interceptor for OnBehalfOf {
    fn call(&mut self, mut request: Request<()>) -> Result<Request<()>, Status> {
        if let Some(token) = &self.0 {
            request.metadata_mut().insert(USER_TOKEN, token.clone());
        }
        Ok(request)
    }
}

impl Clients {
    /// Of two channels.
    pub const fn new(orders: Channel, customers: Channel) -> Self {
        Self { orders, customers }
    }

    /// order-service; with a token, in that person's name.
    pub fn orders(&self, token: Option<&str>) -> Orders {
        OrderServiceClient::with_interceptor(self.orders.clone(), OnBehalfOf::new(token))
    }

    /// customer-service; with a token, in that person's name.
    pub fn customers(&self, token: Option<&str>) -> Customers {
        CustomerServiceClient::with_interceptor(self.customers.clone(), OnBehalfOf::new(token))
    }

    /// The one stream of events, as ourselves.
    pub async fn watch_events(
        &self,
        request: WatchEventsRequest,
    ) -> Result<Streaming<LiveEvent>, Status> {
        Ok(self.orders(None).watch_events(request).await?.into_inner())
    }
}
