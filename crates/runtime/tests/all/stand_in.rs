//! Stand-ins for the generated servers: any method, answered by a closure.

use std::{convert::Infallible, sync::Arc, task};

use bytes::{BufMut, Bytes, BytesMut};
use futures::{FutureExt, Stream, StreamExt, future::BoxFuture};
use http_body_util::{BodyExt, Full, StreamBody};
use prost::Message;
use tonic::{Status, body::Body, server::NamedService};

pub(crate) type Request = http::Request<Body>;
pub(crate) type Response = http::Response<Body>;
type Handler = Arc<dyn Fn(String, Request) -> BoxFuture<'static, Response> + Send + Sync>;

macro_rules! stand_ins {
    ($($name:ident = $service:literal;)*) => {$(
        #[derive(Clone)]
        pub(crate) struct $name(Handler);

        impl $name {
            /// The closure gets the method's name and the request.
            pub(crate) fn new<F>(handler: impl Fn(String, Request) -> F + Send + Sync + 'static) -> Self
            where
                F: Future<Output = Response> + Send + 'static,
            {
                Self(Arc::new(move |method, request| handler(method, request).boxed()))
            }
        }

        impl NamedService for $name {
            const NAME: &'static str = $service;
        }

        impl tower::Service<Request> for $name {
            type Response = Response;
            type Error = Infallible;
            type Future = BoxFuture<'static, Result<Response, Infallible>>;

            fn poll_ready(&mut self, _: &mut task::Context<'_>) -> task::Poll<Result<(), Infallible>> {
                task::Poll::Ready(Ok(()))
            }

            fn call(&mut self, request: Request) -> Self::Future {
                let method = request.uri().path().rsplit('/').next().unwrap().to_owned();
                self.0(method, request).map(Ok).boxed()
            }
        }
    )*};
}

stand_ins! {
    Orders = "everything.order.v1.OrderService";
    Customers = "everything.customer.v1.CustomerService";
    Strangers = "everything.stranger.v1.StrangerService";
}

fn frame(message: &impl Message) -> Bytes {
    let message = message.encode_to_vec();
    let mut frame = BytesMut::new();
    frame.put_u8(0);
    frame.put_u32(u32::try_from(message.len()).unwrap());
    frame.put_slice(&message);
    frame.freeze()
}

fn head(body: Body) -> Response {
    let mut response = http::Response::new(body);
    response.headers_mut().insert("content-type", "application/grpc".parse().unwrap());
    response
}

/// One message and "OK".
pub(crate) fn answer(message: &impl Message) -> Response {
    let status =
        http::HeaderMap::from_iter([("grpc-status".parse().unwrap(), "0".parse().unwrap())]);
    let body = Full::new(frame(message)).with_trailers(futures::future::ready(Some(Ok(status))));
    head(Body::new(body))
}

/// A stream that never ends by itself.
pub(crate) fn stream<M: Message>(messages: impl Stream<Item = M> + Send + 'static) -> Response {
    let frames = messages
        .map(|message| Ok::<_, Status>(http_body::Frame::data(frame(&message))))
        .chain(futures::stream::pending());
    head(Body::new(StreamBody::new(frames)))
}

pub(crate) async fn whole(request: Request) -> Result<Bytes, Status> {
    Ok(request.into_body().collect().await?.to_bytes())
}
