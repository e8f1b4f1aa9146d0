//! What children ask for beyond their limits: one tap says yes or no.

use askama::Template;
use wire::order::v1 as pb;

use crate::{
    pages::{
        frame::Frame,
        view::{Shell, Tab, order::OrderView},
    },
    problem::Problem,
    web::{Page, PageError},
};

#[derive(Template)]
#[template(path = "children/approvals.html")]
pub(crate) struct ApprovalsPage {
    pub(crate) shell: Shell,
    pub(crate) orders: Vec<OrderView>,
}

#[derive(Template)]
#[template(path = "children/asking.html")]
pub(crate) struct ApprovalsList {
    pub(crate) shell: Shell,
    pub(crate) orders: Vec<OrderView>,
}

/// The orders that wait for a yes of who looks, longest first.
pub(super) async fn waiting(frame: &Frame) -> Result<Vec<pb::Order>, Problem> {
    let mut orders = frame.app.orders(&frame.viewer);
    let listed = orders.list_approvals(pb::ListApprovalsRequest {}).await?.into_inner();
    Ok(listed.orders)
}

async fn told(frame: &Frame) -> Result<(Vec<OrderView>, crate::pages::view::People), PageError> {
    let (waiting, teller) = tokio::join!(waiting(frame), frame.teller());
    Ok((waiting?.iter().map(|order| teller.order(order)).collect(), teller.people))
}

/// `GET /approvals`
pub(crate) async fn page(frame: Frame) -> Result<Page<ApprovalsPage>, PageError> {
    let (orders, people) = told(&frame).await?;
    Ok(Page(ApprovalsPage { shell: frame.shell(Tab::Me, &people), orders }))
}

/// `GET /approvals/list`
pub(crate) async fn list(frame: Frame) -> Result<Page<ApprovalsList>, PageError> {
    let (orders, _) = told(&frame).await?;
    Ok(Page(ApprovalsList { shell: frame.part(), orders }))
}
