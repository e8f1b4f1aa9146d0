//! Ordering again: a favourite, the usual, an earlier order.

use order_domain::Reader;
use runtime::{AppError, Code};
use sha2::{Digest as _, Sha256};
use types::{Beans, Scope};
use wire::order::v1 as pb;

use super::{
    Handlers,
    orders::{check_orders, key, wait, where_limited},
};
use crate::{
    app::{Again, AskAgain, Key, Placed},
    convert::request,
};

impl Handlers {
    /// See [`crate::app::App::order_again`].
    pub(super) async fn favourite(
        &self,
        reader: Reader,
        scope: Scope,
        request: pb::OrderFavouriteRequest,
    ) -> Result<pb::PlaceOrderResponse, AppError> {
        let same = pb::OrderFavouriteRequest {
            idempotency_key: String::new(),
            wait_ms: 0,
            ..request.clone()
        };
        let hash = hash_of("favourite", &same);
        let pb::OrderFavouriteRequest {
            idempotency_key,
            favourite_id,
            price_beans,
            wait_ms,
            ask_guardian,
        } = request;
        let what = match favourite_id.as_str() {
            "" => Again::Usual,
            id => Again::Favourite(id.parse().map_err(|_| AppError::not_found("favourite"))?),
        };
        if scope == Scope::Usual && what != Again::Usual {
            return Err(AppError::new(Code::Forbidden, "This sign-in orders the usual alone."));
        }
        let key = match what {
            Again::Usual if idempotency_key.is_empty() => Key::Minute,
            _ => Key::Given(key(idempotency_key)?),
        };
        let ask = AskAgain {
            member: reader.member,
            what,
            key,
            hash,
            agreed: price_beans.map(Beans::new),
            wait: wait(wait_ms)?,
            where_limited: where_limited(ask_guardian),
        };
        self.order_again(reader, ask).await
    }

    /// The same for what was in an order.
    pub(super) async fn once_more(
        &self,
        reader: Reader,
        request: pb::OrderAgainRequest,
    ) -> Result<pb::PlaceOrderResponse, AppError> {
        let same =
            pb::OrderAgainRequest { idempotency_key: String::new(), wait_ms: 0, ..request.clone() };
        let hash = hash_of("again", &same);
        let pb::OrderAgainRequest { idempotency_key, order_id, price_beans, wait_ms, ask_guardian } =
            request;
        let what = Again::Order(request::order_id(&order_id)?);
        let key = Key::Given(key(idempotency_key)?);
        let ask = AskAgain {
            member: reader.member,
            what,
            key,
            hash,
            agreed: price_beans.map(Beans::new),
            wait: wait(wait_ms)?,
            where_limited: where_limited(ask_guardian),
        };
        self.order_again(reader, ask).await
    }

    async fn order_again(
        &self,
        reader: Reader,
        ask: AskAgain,
    ) -> Result<pb::PlaceOrderResponse, AppError> {
        check_orders(&reader)?;
        let Placed { order, repeated } = self.app.order_again(ask).await?;
        let order = self.shown(&order, &reader).await;
        Ok(pb::PlaceOrderResponse { order: Some(order), repeated_request: repeated })
    }
}

/// What makes two requests of a kind the same.
fn hash_of(kind: &str, same: &impl prost::Message) -> Vec<u8> {
    let mut bytes = kind.as_bytes().to_vec();
    bytes.push(0);
    bytes.extend(same.encode_to_vec());
    Sha256::digest(bytes).to_vec()
}
