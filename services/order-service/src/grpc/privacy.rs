//! What orders remember of somebody.

use std::pin::Pin;

use futures::{Stream, StreamExt as _};
use order_domain::Reader;
use runtime::AppError;
use tonic::Status;
use wire::order::v1 as pb;

use super::Handlers;
use crate::convert::{self, request};

/// The orders that somebody is told of.
pub(super) type Told = Pin<Box<dyn Stream<Item = Result<pb::Order, Status>> + Send>>;

impl Handlers {
    /// One query for each hundred orders.
    pub(super) fn tell(&self, reader: Reader, request: pb::TellOrdersRequest) -> Told {
        let pb::TellOrdersRequest {} = request;
        let (app, member) = (self.app.clone(), reader.member);
        let shown = move |order: Result<order_domain::Order, AppError>| {
            let order = order.map_err(Status::from)?;
            Ok(convert::order::order(&order, Some(&reader), app.now(), None))
        };
        Box::pin(self.app.about(member).map(shown))
    }

    /// See [`crate::app::App::forget`].
    pub(super) async fn forget(
        &self,
        request: pb::ForgetMemberRequest,
    ) -> Result<pb::ForgetMemberResponse, AppError> {
        let pb::ForgetMemberRequest { member_id } = request;
        let member = request::id("member_id", &member_id)?;
        Ok(pb::ForgetMemberResponse { forgotten: self.app.forget(member).await? })
    }
}
