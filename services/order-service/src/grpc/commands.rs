//! Commands on an order.

use order_domain::{Actor, Command, Reader, limits};
use runtime::AppError;
use tonic::{Request, Response, Status};
use types::MemberId;
use wire::order::v1 as pb;

use super::{Answer, Handlers};
use crate::{
    app::{CommandError, Done},
    convert::request,
};

impl Handlers {
    /// A command that carries at most a reason.
    pub(super) async fn plain(
        &self,
        request: Request<pb::CommandRequest>,
        command: impl FnOnce(String) -> Command,
    ) -> Answer<pb::CommandResponse> {
        let reader = self.reader(&request)?;
        let pb::CommandRequest { id, version, reason } = request.into_inner();
        let id = request::order_id(&id)?;
        request::text("reason", &reason, limits::REASON)?;
        let actor = Actor::Person(reader.clone());
        let done = self.app.command(id, &command(reason), &actor, version).await;
        self.done(done, &reader).await.map(Response::new).map_err(Status::from)
    }

    pub(super) async fn hand_over(
        &self,
        reader: Reader,
        request: pb::HandOverOrderRequest,
    ) -> Result<pb::CommandResponse, AppError> {
        let pb::HandOverOrderRequest { id, version, barista } = request;
        let id = request::order_id(&id)?;
        let to = request::id::<MemberId>("barista", &barista)?;
        let done = self.app.hand_over(id, to, &Actor::Person(reader.clone()), version).await;
        self.done(done, &reader).await
    }

    pub(super) async fn amend(
        &self,
        reader: Reader,
        request: pb::AmendOrderRequest,
    ) -> Result<pb::CommandResponse, AppError> {
        let pb::AmendOrderRequest { id, version, items } = request;
        let id = request::order_id(&id)?;
        let items = request::items(items)?;
        let done = self.app.amend(id, &items, &Actor::Person(reader.clone()), version).await;
        self.done(done, &reader).await
    }

    pub(super) async fn tick(
        &self,
        reader: Reader,
        request: pb::TickItemRequest,
    ) -> Result<pb::CommandResponse, AppError> {
        let pb::TickItemRequest { id, version, line, ticked } = request;
        let id = request::order_id(&id)?;
        let command = Command::Tick { line: request::line(line)?, ticked };
        let done = self.app.command(id, &command, &Actor::Person(reader.clone()), version).await;
        self.done(done, &reader).await
    }

    pub(super) async fn strike(
        &self,
        reader: Reader,
        request: pb::StrikeItemRequest,
    ) -> Result<pb::CommandResponse, AppError> {
        let pb::StrikeItemRequest { id, version, line, reason } = request;
        let id = request::order_id(&id)?;
        request::text("reason", &reason, limits::REASON)?;
        let command = Command::Strike { line: request::line(line)?, reason };
        let done = self.app.command(id, &command, &Actor::Person(reader.clone()), version).await;
        self.done(done, &reader).await
    }

    pub(super) async fn replace(
        &self,
        reader: Reader,
        request: pb::ReplaceItemRequest,
    ) -> Result<pb::CommandResponse, AppError> {
        let pb::ReplaceItemRequest { id, version, line, item, reason } = request;
        let id = request::order_id(&id)?;
        request::text("reason", &reason, limits::REASON)?;
        let line = request::line(line)?;
        let item = item
            .ok_or_else(|| AppError::invalid("item", "required", "say what it shall be instead"))?;
        let item = request::item("item", item)?;
        let actor = Actor::Person(reader.clone());
        let done = self.app.replace(id, line, item, reason, &actor, version).await;
        self.done(done, &reader).await
    }

    pub(super) async fn done(
        &self,
        done: Result<Done, CommandError>,
        reader: &Reader,
    ) -> Result<pb::CommandResponse, AppError> {
        let Done { order, already_so } = done?;
        let order = self.shown(&order, reader).await;
        Ok(pb::CommandResponse { order: Some(order), already_so })
    }
}
